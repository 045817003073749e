/** Which requests are refused first where there is too much to do. */
export interface RequestRank {
  /** Of the caller's tier, 0 to 100. */
  readonly priority: number;
  readonly isMutation: boolean;
}

/**
 * Which share of the requests of one rank is refused, 0 to 1, at a load of 1 at the bound. Of the lowest rank the first are
 * refused at half the bound, of the highest at nine tenths of it; from there to all of them it is another tenth, so that not
 * everybody of a rank is turned away at once and let in again at once. At the bound everybody is refused.
 *
 * A mutation counts as a priority that is 30 higher: what a client wants to write is lost more dearly than what it reads, and
 * reads are what can be repeated.
 */
export function refusalShare(load: number, { priority, isMutation }: RequestRank): number {
  const rank = (priority + (isMutation ? mutationPriority : 0)) / (100 + mutationPriority);
  return clamp((load - lowestStart - rank * (highestStart - lowestStart)) / (1 - highestStart));
}

function clamp(share: number): number {
  return Math.min(Math.max(share, 0), 1);
}

const lowestStart = 0.5;
const highestStart = 0.9;
const mutationPriority = 30;
