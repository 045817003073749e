import type { OperationGuards } from "../policy/operation-guards.ts";
import type { ReadEpoch } from "../sources/caller-reads.ts";
import type { Plan, Step } from "./plan.ts";

/**
 * By what requests for one variant of an operation may differ, besides variables and locale. Those that differ in nothing
 * of it are answered alike.
 */
export interface SharingRule {
  /** Of the variant, among those that are compiled for the same client schema. */
  readonly number: number;
  /** The claims that calls read, of a nested one the outermost name. */
  readonly claims: readonly string[];
  /** The headers that calls read or forward, in lower case. */
  readonly headers: ReadonlySet<string>;
  /** The answer is for one caller only, and not for others who are alike in what is read of them. */
  readonly isOfCaller: boolean;
  /** Of the sources that are read. */
  readonly reads: readonly ReadEpoch[];
}

/**
 * The rule for a plan. Null where its runs must not be shared, because something may be changed, or a source or field is
 * never to be; where it can't be told what is read; and where there is nothing to wait for.
 */
export function findSharingRule(
  { kind, steps, resolvedFields }: Plan,
  { asksPolicies }: Pick<OperationGuards, "asksPolicies">,
  number: number,
): SharingRule | null {
  if (kind === "mutation" || resolvedFields > 0 || steps.length === 0) return null;
  const calls = steps.map(sharedPartOf);
  if (!calls.every(({ isShared }) => isShared)) return null;
  const claims = new Set(calls.flatMap(({ callerReads }) => callerReads.claims));
  const headers = new Set(calls.flatMap(({ callerReads }) => callerReads.headers));
  return {
    number,
    claims: [...claims],
    headers,
    isOfCaller: asksPolicies || claims.has("") || headers.has("authorization"),
    reads: [...new Set(calls.map(({ reads }) => reads))],
  };
}

/** What is true of each call of a step. */
function sharedPartOf(step: Step) {
  return step.kind === "call" ? step.call : step.call.subqueries;
}
