import { type BudgetCharge, chargesFor, settlementsFor } from "../policy/budgets.ts";
import { consumerKey } from "../policy/consumer-key.ts";
import { type CostExcess, findCostExcess, refuseExcess } from "../policy/cost-limits.ts";
import type { RateUse } from "../policy/operation-rates.ts";
import { type EndedRun, type OperationCost, settleCost } from "../policy/settle-cost.ts";
import type { OperationRequest } from "../prepare/prepared-operation.ts";
import type { BudgetStore, Reservation } from "../state/budget-store.ts";
import type { BffRuntime } from "./bff-runtime.ts";
import { refusalOf } from "./budget-refusal.ts";
import { countBeside } from "./count-request.ts";
import type { ChargedBudgets, GatedRequest } from "./gated-request.ts";
import { rateLimitHeaders } from "./rate-limit-headers.ts";

/** What charging needs of a BFF. */
export type ChargeRuntime = Pick<
  BffRuntime,
  "settings" | "budgets" | "budgetsOf" | "rateLimiter" | "executor" | "metrics"
>;

/** What a request may cost, and what was taken for it of its caller's budgets. */
export class Account {
  readonly estimate: OperationCost;
  readonly charges: readonly BudgetCharge[];
  /** Null: there was nothing to take. */
  readonly reservation: Reservation | null;
  /** Taken here, and not at the gate already. Nothing of it is ever given back. */
  readonly #requests: number;
  readonly #store: BudgetStore;

  constructor(
    store: BudgetStore,
    { estimate, charges, reservation }: Pick<Account, "estimate" | "charges" | "reservation">,
    requests = 1,
  ) {
    this.estimate = estimate;
    this.charges = charges;
    this.reservation = reservation;
    this.#requests = requests;
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
    const settlements = settlementsFor(this.charges, { requests: this.#requests, ...cost });
    if (settlements.length > 0) this.#store.settle(settlements, this.reservation);
    return cost;
  }
}

/**
 * Decides whether the request's caller may have the operation at what it may cost, and takes that of its budgets, before
 * anything is sent upstream; the request itself, too, where it was not counted at the gate. Refuses it with
 * COST_LIMIT_EXCEEDED where no operation may cost as much, and with RATE_LIMITED where it is more than is left, of a budget or
 * of a field's rate limit; nothing is taken then. Raises STATE_UNAVAILABLE where the budgets can't be had.
 */
export function charge(
  bff: ChargeRuntime,
  operation: OperationRequest,
  gated: GatedRequest,
): Account | Promise<Account> {
  const estimate = estimateCost(bff, operation, gated);
  const excess = findCostExcess(gated.limits, estimate);
  if (excess.length > 0) {
    countExcess(bff, excess);
    refuseExcess(excess, estimate);
  }
  const budgets = bff.budgetsOf(gated.tier);
  const uses = usesOf(bff, operation);
  if (budgets.length === 0 && uses.length === 0)
    return new Account(bff.budgets, { estimate, charges: noCharges, reservation: null });
  const requests = gated.counted === null ? 1 : 0;
  const charges = chargesFor(budgets, gated, { requests, ...estimate });
  // The gate was told the state of all budgets when it took what there is to take.
  if (gated.counted !== null && uses.length === 0 && charges.every(({ amount }) => amount === 0))
    return new Account(bff.budgets, { estimate, charges, reservation: gated.counted.reservation }, requests);
  const open = (reservation: Reservation): Account | Promise<Account> => {
    if (reservation.refused !== null) return refuse(bff, gated, { charges, reservation, estimate });
    return new Account(bff.budgets, { estimate, charges, reservation }, requests);
  };
  if (bff.rateLimiter === null || uses.length === 0) {
    const reserved = bff.budgets.reserve(charges);
    return reserved instanceof Promise ? reserved.then(open) : open(reserved);
  }
  const rated = { uses, consumer: consumerKey(gated, null), others: charges };
  return bff.rateLimiter.reserve(bff.budgets, rated).then(({ reservation, refusal }) => {
    if (refusal !== null) throw refusal;
    return open(reservation);
  });
}

async function refuse(
  bff: ChargeRuntime,
  gated: GatedRequest,
  { charges, reservation, estimate }: ChargedBudgets & { readonly estimate: OperationCost },
): Promise<never> {
  throw refusalOf(await countBeside(bff, gated, { charges, reservation }), estimate);
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
