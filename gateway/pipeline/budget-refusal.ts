import { RequestRefusal } from "../core/request-refusal.ts";
import type { OperationCost } from "../policy/settle-cost.ts";
import type { ChargedBudgets } from "./gated-request.ts";
import { rateLimitHeaders } from "./rate-limit-headers.ts";

/**
 * The refusal of what was not reserved. Names the budget that has to wait longest. `estimate` is what the operation may cost;
 * null: that is not known yet.
 */
export function refusalOf(
  { charges, reservation }: ChargedBudgets,
  estimate: OperationCost | null,
): RequestRefusal {
  const index = reservation.refused ?? 0;
  const { budget, amount } = charges[index] ?? {};
  const remaining = Math.max(0, Math.floor(reservation.states[index]?.remaining ?? 0));
  const neverFits = reservation.retryAfterMs === null;
  const what = budget?.of === "requests" ? "request" : "operation";
  const message = neverFits
    ? `The ${what} costs ${amount} of the budget ${budget?.name}, which never holds more than ${budget?.capacity}.`
    : `The ${what} costs ${amount} of the budget ${budget?.name}, of which ${remaining} are left.`;
  const extensions = {
    budget: budget?.name,
    of: budget?.of,
    capacity: budget?.capacity,
    remaining,
    ...(estimate !== null && { cost: estimate }),
    retryAfterSeconds: neverFits ? null : Math.max(1, Math.ceil((reservation.retryAfterMs ?? 0) / 1000)),
  };
  const budgets = charges.map((charge) => charge.budget);
  const headers = rateLimitHeaders(budgets, reservation);
  return new RequestRefusal("RATE_LIMITED", [{ message, locations: [], extensions }], headers);
}
