/** Costs are bounded by it: nothing that costs so much is ever let through, and sums of it stay numbers. */
export const maxCost = Number.MAX_SAFE_INTEGER;

/** At most {@link maxCost}. */
export function product(factors: readonly number[]): number {
  let result = 1;
  for (const factor of factors) result = factor === 0 ? 0 : Math.min(result * factor, maxCost);
  return result;
}
