import { OverlockError } from "../core/errors.ts";

/** What stands in place of a field that the caller may not read. */
export function denied(coordinate: string): OverlockError {
  return new OverlockError("UNAUTHORIZED_FIELD_OR_TYPE", `The caller may not read ${coordinate}.`);
}

/**
 * What stands in place of an object that the caller may not read, found by a field that may return objects of several
 * types. It does not say which type that is: the operation need not have named it.
 */
export function deniedObject(coordinate: string): OverlockError {
  return new OverlockError(
    "UNAUTHORIZED_FIELD_OR_TYPE",
    `The caller may not read this object of ${coordinate}.`,
  );
}
