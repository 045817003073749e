import type { Cost } from "./cost-rules.ts";

/** What an operation costs: what it may, before it runs, or what it did. */
export interface OperationCost extends Cost {
  /** Calls of backends, those that join one of another request included. */
  readonly upstreamCalls: number;
}

/** How a run ended that has been paid for in advance. */
export interface EndedRun {
  readonly estimate: OperationCost;
  /** What it has received, also where it did not come to an answer; null: nothing that anybody counted. */
  readonly actual: Cost | null;
  /** Every call that was begun for it, whatever became of it. */
  readonly startedCalls: number;
  /** Its answer has neither an error nor one that a default stands in for. */
  readonly isWhole: boolean;
}

/**
 * What a run is charged in the end. Only a whole answer shows all that was done for it: an error, a client that goes away,
 * a deadline or an answer that is too large leave work that nobody counts. Such a run is not given back anything of the
 * estimate but the calls that were never begun, and pays for what it has received beyond it.
 */
export function settleCost({ estimate, actual, startedCalls, isWhole }: EndedRun): OperationCost {
  if (actual !== null && isWhole)
    return { typeCost: actual.typeCost, fieldCost: actual.fieldCost, upstreamCalls: startedCalls };
  return {
    typeCost: Math.max(estimate.typeCost, actual?.typeCost ?? 0),
    fieldCost: Math.max(estimate.fieldCost, actual?.fieldCost ?? 0),
    upstreamCalls: startedCalls,
  };
}
