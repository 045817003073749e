import { OverlockError } from "../core/errors.ts";

/** What stands in place of a field, or of an object of a type, that the caller may not read. */
export function denied(coordinate: string): OverlockError {
  return new OverlockError("UNAUTHORIZED_FIELD_OR_TYPE", `The caller may not read ${coordinate}.`);
}
