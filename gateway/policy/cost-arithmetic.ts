/** Costs are bounded by it: nothing that costs so much is ever let through, and sums of it stay numbers. */
export const maxCost = Number.MAX_SAFE_INTEGER;

/** At most {@link maxCost}. */
export function times(one: number, other: number): number {
  return Math.min(one * other, maxCost);
}

/** At most {@link maxCost}. */
export function plus(one: number, other: number): number {
  return Math.min(one + other, maxCost);
}
