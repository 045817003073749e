/** A median with an interval that holds the true one with at least 95 % confidence. */
export interface Estimate {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The median of samples and its interval by order statistics, which assumes nothing about how they are distributed: of n
 * samples the k-th smallest and the k-th largest, with the largest k for which fewer than 2.5 % of all draws would have
 * the true median outside on either side. Fewer than 6 samples have no such k; their interval is all of them.
 */
export function estimateMedian(samples: readonly number[]): Estimate {
  const sorted = samples.toSorted((left, right) => left - right);
  const { length } = sorted;
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  const median = length % 2 === 1 ? at(length >> 1) : (at(length / 2 - 1) + at(length / 2)) / 2;
  const rank = findRank(length);
  return { median, low: at(rank), high: at(length - 1 - rank) };
}

/** The value below which this part of the sorted samples lies. */
export function quantileOf(sorted: ArrayLike<number>, part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

/** How many samples lie outside the interval on either side. */
function findRank(count: number): number {
  // The chance that at most `rank` of `count` samples are below the median: Binomial(count, ½).
  let chance = 0.5 ** count;
  let cumulated = chance;
  let rank = 0;
  for (;;) {
    chance = (chance * (count - rank)) / (rank + 1);
    cumulated += chance;
    if (cumulated > 0.025) return rank;
    rank++;
  }
}
