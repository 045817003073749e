import { limitCeilings, type LimitSettings } from "../config/demand-control.ts";
import { type RefusalReason, RequestRefusal } from "../core/request-refusal.ts";
import type { ListLength } from "./operation-cost.ts";
import type { OperationCost } from "./settle-cost.ts";

/** The limits of what an operation costs. */
export type CostLimit = keyof typeof costLimits;

/** What an operation is beyond. */
export interface CostExcess {
  readonly limit: CostLimit;
  readonly max: number;
  readonly found: number;
  /** False: it is only counted. */
  readonly isEnforced: boolean;
}

const costLimits = {
  maxTypeCost: { of: "typeCost", unit: "as type cost" },
  maxFieldCost: { of: "fieldCost", unit: "as field cost" },
  maxUpstreamCalls: { of: "upstreamCalls", unit: "calls of backends" },
} as const;

/**
 * Every limit that an operation of this estimate is beyond. What is beyond all that a limit may be set to is so however the
 * limit is meant.
 */
export function findCostExcess(limits: LimitSettings, estimate: OperationCost): readonly CostExcess[] {
  if (
    estimate.typeCost <= limits.maxTypeCost &&
    estimate.fieldCost <= limits.maxFieldCost &&
    estimate.upstreamCalls <= limits.maxUpstreamCalls
  )
    return none;
  return (Object.keys(costLimits) as CostLimit[]).flatMap((limit) => {
    const found = estimate[costLimits[limit].of];
    if (found <= limits[limit]) return [];
    const max = limits.measure.includes(limit) ? limitCeilings[limit] : limits[limit];
    return [
      found <= max
        ? { limit, max: limits[limit], found, isEnforced: false }
        : { limit, max, found, isEnforced: true },
    ];
  });
}

const none: readonly CostExcess[] = [];

/**
 * Refuses with COST_LIMIT_EXCEEDED what is beyond a limit that is enforced. `longestList`, where there is one, is told as the
 * first place to look at.
 */
export function refuseExcess(
  excess: readonly CostExcess[],
  estimate: OperationCost,
  longestList: ListLength | null,
): void {
  const hint =
    longestList === null
      ? ""
      : ` Its longest list, ${longestList.path}, may have ${longestList.length} elements.`;
  const reasons: RefusalReason[] = excess
    .filter(({ isEnforced }) => isEnforced)
    .map(({ limit, max, found }) => ({
      message: `The operation is estimated at ${found} ${costLimits[limit].unit}; at most ${max} are allowed.${hint}`,
      locations: [],
      extensions: {
        limit,
        max,
        found,
        cost: shownCost(estimate),
        ...(longestList !== null && { longestList }),
      },
    }));
  if (reasons.length > 0) throw new RequestRefusal("COST_LIMIT_EXCEEDED", reasons);
}

/** A cost as clients are told of it. */
export function shownCost({ typeCost, fieldCost, upstreamCalls }: OperationCost): OperationCost {
  return { typeCost, fieldCost, upstreamCalls };
}
