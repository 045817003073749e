/** Costs are bounded by it: no limit can be set so high, even to be measured only, and sums and products of it stay numbers. */
export const maxCost = Number.MAX_SAFE_INTEGER;

/** At most {@link maxCost}. */
export function times(one: number, other: number): number {
  return Math.min(one * other, maxCost);
}

/** At most {@link maxCost}. */
export function plus(one: number, other: number): number {
  return Math.min(one + other, maxCost);
}
