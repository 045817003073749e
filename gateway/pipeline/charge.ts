import type { Caller } from "../core/caller.ts";
import { RequestRefusal } from "../core/request-refusal.ts";
import { type BudgetCharge, chargesFor, settlementsFor } from "../policy/budgets.ts";
import { consumerKey } from "../policy/consumer-key.ts";
import { type CostExcess, findCostExcess, refuseExcess } from "../policy/cost-limits.ts";
import type { RateUse } from "../policy/operation-rates.ts";
import { type EndedRun, type OperationCost, settleCost } from "../policy/settle-cost.ts";
import type { OperationRequest } from "../prepare/prepared-operation.ts";
import type { BudgetStore, Reservation } from "../state/budget-store.ts";
import type { BffRuntime } from "./bff-runtime.ts";
import type { GatedRequest } from "./gate.ts";
import { rateLimitHeaders } from "./rate-limit-headers.ts";

/** What charging needs of a BFF. */
export type ChargeRuntime = Pick<
  BffRuntime,
  "settings" | "budgets" | "budgetsOf" | "rateLimiter" | "executor" | "metrics"
>;

/** Who is charged. */
export interface Payer {
  readonly gated: GatedRequest;
  readonly caller: Caller;
  /** Null: it can't be told. */
  readonly address: string | null;
}

/** What a request may cost, and what was taken for it of its caller's budgets. */
export class Account {
  readonly estimate: OperationCost;
  readonly charges: readonly BudgetCharge[];
  /** Null: there was nothing to take. */
  readonly reservation: Reservation | null;
  readonly #store: BudgetStore;

  constructor(
    store: BudgetStore,
    { estimate, charges, reservation }: Pick<Account, "estimate" | "charges" | "reservation">,
  ) {
    this.estimate = estimate;
    this.charges = charges;
    this.reservation = reservation;
    this.#store = store;
  }

  /** What the answer tells of the budgets; null: it tells nothing. */
  get headers(): Readonly<Record<string, string>> | null {
    return this.reservation === null ? null : rateLimitHeaders(budgetsOf(this.charges), this.reservation);
  }

  /** Gives back what was estimated too high, or takes what was estimated too low. What it cost in the end. */
  settle(run: Omit<EndedRun, "estimate">): OperationCost {
    const cost = settleCost({ estimate: this.estimate, ...run });
    if (this.reservation === null) return cost;
    const settlements = settlementsFor(this.charges, { requests: 1, ...cost });
    if (settlements.length > 0) this.#store.settle(settlements, this.reservation);
    return cost;
  }
}

/**
 * Decides whether the request's caller may have the operation at what it may cost, and takes that of its budgets, before
 * anything is sent upstream. Refuses it with COST_LIMIT_EXCEEDED where no operation may cost as much, and with RATE_LIMITED
 * where it is more than is left, of a budget or of a field's rate limit; nothing is taken then. Raises STATE_UNAVAILABLE where the budgets can't be had.
 */
export function charge(
  bff: ChargeRuntime,
  operation: OperationRequest,
  payer: Payer,
): Account | Promise<Account> {
  const estimate = estimateCost(bff, operation, payer.gated);
  const excess = findCostExcess(payer.gated.limits, estimate);
  if (excess.length > 0) {
    countExcess(bff, excess);
    refuseExcess(excess, estimate);
  }
  const budgets = bff.budgetsOf(payer.gated.tier);
  const uses = usesOf(bff, operation);
  if (budgets.length === 0 && uses.length === 0)
    return new Account(bff.budgets, { estimate, charges: noCharges, reservation: null });
  const charges = chargesFor(budgets, payer, { requests: 1, ...estimate });
  const open = (reservation: Reservation): Account => {
    if (reservation.refused !== null) throw refusalOf(charges, reservation, estimate);
    return new Account(bff.budgets, { estimate, charges, reservation });
  };
  if (bff.rateLimiter === null || uses.length === 0) {
    const reserved = bff.budgets.reserve(charges);
    return reserved instanceof Promise ? reserved.then(open) : open(reserved);
  }
  const rated = { uses, consumer: consumerKey(payer, null), others: charges };
  return bff.rateLimiter.reserve(bff.budgets, rated).then(({ reservation, refusal }) => {
    if (refusal !== null) throw refusal;
    return open(reservation);
  });
}

/** What an operation may cost with the variables of one request, for what its caller may read. */
export function estimateCost(
  { executor }: Pick<ChargeRuntime, "executor">,
  operation: OperationRequest,
  gated: Pick<GatedRequest, "spend">,
): OperationCost {
  const { prepared, coerced, denials } = operation;
  const estimate = prepared.cost.estimate(coerced, denials);
  // To plan an unseen operation is at the expense of who sent it.
  const calls = executor.callFormula(operation, (work) => gated.spend(work));
  const { typeCost, fieldCost } = estimate;
  return { typeCost, fieldCost, upstreamCalls: calls.upstreamCalls((list) => estimate.lengthOf(list)) };
}

/** How often it uses fields that have a rate limit. */
function usesOf(
  { rateLimiter }: ChargeRuntime,
  { prepared, coerced, denials }: OperationRequest,
): readonly RateUse[] {
  if (rateLimiter === null || prepared.rates === null) return noUses;
  return prepared.rates.usesFor(coerced, denials);
}

const noUses: readonly RateUse[] = [];
const noCharges: readonly BudgetCharge[] = [];

function countExcess({ settings, metrics }: ChargeRuntime, excess: readonly CostExcess[]): void {
  for (const { limit, isEnforced } of excess)
    metrics.increment("overlock_limit_exceeded_total", {
      bff: settings.name,
      limit,
      mode: isEnforced ? "enforce" : "measure",
    });
}

function budgetsOf(charges: readonly BudgetCharge[]): readonly BudgetCharge["budget"][] {
  return charges.map(({ budget }) => budget);
}

/** The refusal of what was not reserved. Names the budget that has to wait longest. */
export function refusalOf(
  charges: readonly BudgetCharge[],
  reservation: Reservation,
  estimate: OperationCost,
): RequestRefusal {
  const index = reservation.refused ?? 0;
  const { budget, amount } = charges[index] ?? {};
  const remaining = Math.max(0, Math.floor(reservation.states[index]?.remaining ?? 0));
  const neverFits = reservation.retryAfterMs === null;
  const message = neverFits
    ? `The operation costs ${amount} of the budget ${budget?.name}, which never holds more than ${budget?.capacity}.`
    : `The operation costs ${amount} of the budget ${budget?.name}, of which ${remaining} are left.`;
  const extensions = {
    budget: budget?.name,
    of: budget?.of,
    capacity: budget?.capacity,
    remaining,
    cost: estimate,
    retryAfterSeconds: neverFits ? null : Math.max(1, Math.ceil((reservation.retryAfterMs ?? 0) / 1000)),
  };
  const headers = rateLimitHeaders(budgetsOf(charges), reservation);
  return new RequestRefusal("RATE_LIMITED", [{ message, locations: [], extensions }], headers);
}
