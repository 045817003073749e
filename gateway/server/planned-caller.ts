import { anonymousCaller, type Caller } from "../core/caller.ts";

/** For whom an operation is planned. */
export interface PlannedCaller {
  /** Without a credential. */
  readonly isAnonymous: boolean;
  readonly scopes: readonly string[];
  /** The policies that let it; all others do not. */
  readonly policies: readonly string[];
}

/** A caller of whom nothing but its scopes is known. */
export function callerWith({ isAnonymous, scopes }: PlannedCaller): Caller {
  if (isAnonymous) return anonymousCaller;
  return { ...anonymousCaller, kind: "opaqueToken", scopes: new Set(scopes) };
}
