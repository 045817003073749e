import { type BudgetCharge, chargesFor, settlementsFor, type Spending } from "../policy/budgets.ts";
import { consumerKey } from "../policy/consumer-key.ts";
import { type CostExcess, findCostExcess, refuseExcess } from "../policy/cost-limits.ts";
import type { Spend } from "../policy/operation-cost.ts";
import type { RateUse } from "../policy/operation-rates.ts";
import { type EndedRun, type OperationCost, settleCost } from "../policy/settle-cost.ts";
import type { OperationRequest } from "../prepare/prepared-operation.ts";
import { settledState } from "../state/budget-arithmetic.ts";
import type { BudgetStore, Reservation } from "../state/budget-store.ts";
import type { BffRuntime } from "./bff-runtime.ts";
import { rateRefusalOf, refusalOf } from "./budget-refusal.ts";
import { countBeside } from "./count-request.ts";
import type { ChargedBudgets, GatedRequest } from "./gated-request.ts";
import { rateLimitHeaders } from "./rate-limit-headers.ts";

/** What charging needs of a BFF. */
export type ChargeRuntime = Pick<
  BffRuntime,
  "settings" | "budgets" | "budgetsOf" | "rateLimiter" | "executor" | "metrics"
>;

/** What was taken for a request, and what may be left of it. */
interface Taken extends Pick<Account, "estimate" | "charges" | "reservation"> {
  readonly uses: readonly RateUse[];
  /** Taken here, and not at the gate already. Nothing of it is ever given back. */
  readonly requests: number;
}

/** What a request may cost, and what was taken for it of its caller's budgets. */
export class Account {
  readonly estimate: OperationCost;
  readonly charges: readonly BudgetCharge[];
  readonly uses: readonly RateUse[];
  /** Null: there was nothing to take. After settling, its states are those that are left then. */
  reservation: Reservation | null;
  readonly #requests: number;
  readonly #store: BudgetStore;

  constructor(store: BudgetStore, { estimate, charges, uses, reservation, requests }: Taken) {
    this.estimate = estimate;
    this.charges = charges;
    this.reservation = reservation;
    this.uses = uses;
    this.#requests = requests;
    this.#store = store;
  }

  /** What the answer tells of the budgets and of fields' rate limits; null: it tells nothing. */
  get headers(): Readonly<Record<string, string>> | null {
    if (this.reservation === null) return null;
    const budgets = this.charges.map(({ budget }) => budget);
    return rateLimitHeaders(budgets, this.reservation, this.uses);
  }

  /** Gives back what was estimated too high, or takes what was estimated too low. What it cost in the end. */
  settle(run: Omit<EndedRun, "estimate">): OperationCost {
    const cost = settleCost({ estimate: this.estimate, ...run });
    if (this.reservation === null) return cost;
    const spending = { requests: this.#requests, ...cost };
    const settlements = settlementsFor(this.charges, spending);
    if (settlements.length === 0) return cost;
    this.#store.settle(settlements, this.reservation);
    this.reservation = { ...this.reservation, states: statesAfter(this.charges, this.reservation, spending) };
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
    const { prepared, coerced, denials } = operation;
    refuseExcess(excess, estimate, prepared.cost.estimate(coerced, denials).longestList());
  }
  const budgets = bff.budgetsOf(gated.tier);
  const uses = usesOf(bff, operation);
  if (budgets.length === 0 && uses.length === 0) return new Account(bff.budgets, nothingTaken(estimate));
  const requests = gated.counted === null ? 1 : 0;
  const charges = chargesFor(budgets, gated, { requests, ...estimate });
  // The gate was told the state of all budgets when it took what there is to take.
  if (gated.counted !== null && uses.length === 0 && charges.every(({ amount }) => amount === 0)) {
    const { reservation } = gated.counted;
    return new Account(bff.budgets, { estimate, charges, uses, reservation, requests });
  }
  const open = (reservation: Reservation): Account | Promise<Account> =>
    reservation.refused === null
      ? new Account(bff.budgets, { estimate, charges, uses, reservation, requests })
      : refuse(bff, gated, { charges, reservation, estimate, uses });
  if (bff.rateLimiter === null || uses.length === 0) {
    const reserved = bff.budgets.reserve(charges);
    return reserved instanceof Promise ? reserved.then(open) : open(reserved);
  }
  const rated = { uses, consumer: consumerKey(gated, null), others: charges };
  return bff.rateLimiter.reserve(bff.budgets, rated).then(({ reservation, exceeded }) => {
    if (reservation !== null && exceeded.length === 0) return open(reservation);
    return refuseRates(bff, gated, { charges, reservation: reservation ?? notAsked, uses, exceeded });
  });
}

async function refuse(
  bff: ChargeRuntime,
  gated: GatedRequest,
  { charges, reservation, estimate, uses }: ChargedBudgets & Pick<Taken, "estimate" | "uses">,
): Promise<never> {
  throw refusalOf(await countBeside(bff, gated, { charges, reservation }), estimate, uses);
}

async function refuseRates(
  bff: ChargeRuntime,
  gated: GatedRequest,
  { charges, reservation, uses, exceeded }: ChargedBudgets & Record<"uses" | "exceeded", readonly RateUse[]>,
): Promise<never> {
  throw rateRefusalOf(await countBeside(bff, gated, { charges, reservation }), uses, exceeded);
}

/** What an operation may cost with the variables of one request, for what its caller may read. */
export function estimateCost(
  { executor }: Pick<ChargeRuntime, "executor">,
  operation: OperationRequest,
  gated: Pick<GatedRequest, "spend">,
): OperationCost {
  const { prepared, coerced, denials } = operation;
  // What an operation needs that was not seen before, or not of such a caller, is at the expense of who sent it.
  const spend: Spend = (work) => gated.spend(work);
  const estimate = prepared.cost.estimate(coerced, denials, spend);
  const calls = executor.callFormula(operation, spend);
  const { typeCost, fieldCost } = estimate;
  return { typeCost, fieldCost, upstreamCalls: calls.upstreamCalls((list) => estimate.lengthOf(list)) };
}

/** How often it uses fields that have a rate limit. */
export function usesOf(
  { rateLimiter }: Pick<ChargeRuntime, "rateLimiter">,
  { prepared, coerced, denials }: OperationRequest,
): readonly RateUse[] {
  if (rateLimiter === null || prepared.rates === null) return noUses;
  return prepared.rates.usesFor(coerced, denials);
}

const noUses: readonly RateUse[] = [];
function nothingTaken(estimate: OperationCost): Taken {
  return { estimate, charges: noCharges, uses: noUses, reservation: null, requests: 0 };
}

const noCharges: readonly BudgetCharge[] = [];

function countExcess({ settings, metrics }: ChargeRuntime, excess: readonly CostExcess[]): void {
  for (const { limit, isEnforced } of excess)
    metrics.increment("overlock_limit_exceeded_total", {
      bff: settings.name,
      limit,
      mode: isEnforced ? "enforce" : "measure",
    });
}

/** What is left of budgets, and of limits behind them, when it is known what the request cost. */
function statesAfter(
  charges: readonly BudgetCharge[],
  { states }: Reservation,
  actual: Spending,
): Reservation["states"] {
  return states.map((state, index) => {
    const taken = charges[index];
    if (taken === undefined) return state;
    const amount = taken.amount - actual[taken.budget.of];
    return amount === 0 ? state : settledState(taken.rule, state, amount);
  });
}

/** Nothing is known of any state: no store was asked. */
const notAsked: Reservation = {
  refused: null,
  retryAfterMs: null,
  states: [],
  takenAtMs: 0,
  isLocalShare: false,
};
