import type { PlanDescription } from "./describe-plan.ts";

/** How many upstream calls the steps of a plan make, at most: objects may share keys, and lists may be empty. */
export interface CallEstimate {
  /** How many elements each list has. */
  readonly listSize: number;
  /** In the order of the steps. What joins another step is counted there, and 0 here. */
  readonly steps: readonly number[];
  readonly total: number;
  /** For how many objects something is read object by object, whose calls are not counted. */
  readonly resolvedObjects: number;
}

/** Estimates the calls of a plan all of whose lists are of one size. */
export function estimateCalls(plan: PlanDescription, listSize: number): CallEstimate {
  const lengthOf = (): number => listSize;
  const steps = countCalls(plan, lengthOf);
  const total = steps.reduce((sum, calls) => sum + calls, 0);
  const resolvedObjects = plan.resolved.reduce((sum, { lists }) => sum + elementsOf(lists, lengthOf), 0);
  return { listSize, steps, total, resolvedObjects };
}

/** The most calls of each step. `lengthOf` has the length of a list by its response path. */
export function countCalls({ steps }: PlanDescription, lengthOf: LengthOf): number[] {
  return steps.map((step) => {
    const { id, batch, joins, lists } = step;
    if (joins !== null) return 0;
    if (batch === null) return elementsOf(lists, lengthOf);
    const { keyList, maxSize } = batch;
    if (batch.isPerObject) {
      const objects = lists.filter((list) => list !== keyList);
      return elementsOf(objects, lengthOf) * Math.ceil((keyList === null ? 1 : lengthOf(keyList)) / maxSize);
    }
    const keys = steps
      .filter((other) => other.id === id || other.joins === id)
      .reduce((sum, other) => sum + elementsOf(other.lists, lengthOf), 0);
    return Math.ceil(keys / maxSize);
  });
}

type LengthOf = (list: string) => number;

function elementsOf(lists: readonly string[], lengthOf: LengthOf): number {
  return lists.reduce((count, list) => count * lengthOf(list), 1);
}
