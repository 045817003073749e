import type { BudgetSettings } from "../config/demand-control.ts";
import { RequestRefusal } from "../core/request-refusal.ts";
import type { RateUse } from "../policy/operation-rates.ts";
import type { OperationCost } from "../policy/settle-cost.ts";
import type { Reservation } from "../state/budget-store.ts";
import type { ChargedBudgets } from "./gated-request.ts";
import { rateLimitHeaders } from "./rate-limit-headers.ts";

/**
 * The refusal of what was not reserved. Names the budget that has to wait longest. `estimate` is what the operation may cost;
 * null: that is not known yet.
 */
export function refusalOf(
  { charges, reservation }: ChargedBudgets,
  estimate: OperationCost | null,
  uses: readonly RateUse[] = [],
): RequestRefusal {
  const index = reservation.refused ?? 0;
  const { budget, amount } = charges[index] ?? {};
  const remaining = Math.max(0, Math.floor(reservation.states[index]?.remaining ?? 0));
  const retryAfterSeconds = secondsUntil(reservation);
  const what = budget?.of === "requests" ? "request" : "operation";
  const message =
    retryAfterSeconds === null
      ? `The ${what} costs ${amount} of the budget ${budget?.name}, which never holds more than ${budget?.capacity}.`
      : `The ${what} costs ${amount} of the budget ${budget?.name}, of which ${remaining} are left.`;
  const extensions = {
    budget: budget?.name,
    of: budget?.of,
    capacity: budget?.capacity,
    remaining,
    ...(estimate !== null && { cost: estimate }),
    retryAfterSeconds,
  };
  const headers = rateLimitHeaders(budgetsOf(charges), reservation, uses);
  return new RequestRefusal("RATE_LIMITED", [{ message, locations: [], extensions }], headers);
}

/** The refusal of an operation that uses limited fields more often than is left of `exceeded`, of all that it uses. */
export function rateRefusalOf(
  { charges, reservation }: ChargedBudgets,
  uses: readonly RateUse[],
  exceeded: readonly RateUse[],
): RequestRefusal {
  const retryAfterSeconds = secondsUntil(reservation);
  const reasons = exceeded.slice(0, maxReasons).map(({ coordinate, limit, count }) => {
    const { max, window, message } = limit;
    const times = count === 1 ? "once" : `${count} times`;
    const standard = `${coordinate} may be used ${max} times in ${window}; this operation uses it ${times}.`;
    const extensions = { coordinate, max, window, retryAfterSeconds };
    return { message: message ?? standard, locations: [], extensions };
  });
  return new RequestRefusal("RATE_LIMITED", reasons, rateLimitHeaders(budgetsOf(charges), reservation, uses));
}

const maxReasons = 20;

/** Null: it never fits. */
function secondsUntil({ retryAfterMs }: Reservation): number | null {
  return retryAfterMs === null ? null : Math.max(1, Math.ceil(retryAfterMs / 1000));
}

function budgetsOf(charges: ChargedBudgets["charges"]): readonly BudgetSettings[] {
  return charges.map(({ budget }) => budget);
}
