import { errorCodes } from "../core/error-codes.ts";
import { RequestRefusal } from "../core/request-refusal.ts";
import { chargesFor } from "../policy/budgets.ts";
import type { BffRuntime } from "./bff-runtime.ts";
import { refusalOf } from "./budget-refusal.ts";
import type { ChargedBudgets, GatedRequest } from "./gated-request.ts";
import { rateLimitHeaders } from "./rate-limit-headers.ts";

/** What counting requests needs of a BFF. */
export type CountingRuntime = Pick<BffRuntime, "budgets" | "budgetsOf">;

/** Whether anything counts its caller's requests. */
export function hasBudgetOfRequests({ tier }: GatedRequest): boolean {
  return tier.budgets.some(({ of }) => of === "requests");
}

/**
 * Takes one request of its caller's budgets, and of those of other units nothing, so that the state of all is known. Refuses
 * it with RATE_LIMITED where one is spent. Raises STATE_UNAVAILABLE where the budgets can't be had. Null where there is
 * nothing to wait for.
 */
export function countRequest(bff: CountingRuntime, gated: GatedRequest): Promise<void> | null {
  const charges = chargesFor(bff.budgetsOf(gated.tier), gated, oneRequest);
  const decide = (reservation: ChargedBudgets["reservation"]): void => {
    gated.counted = { charges, reservation };
    if (reservation.refused !== null) throw refusalOf(gated.counted, null);
  };
  const reserved = bff.budgets.reserve(charges);
  if (reserved instanceof Promise) return reserved.then(decide);
  decide(reserved);
  return null;
}

const oneRequest = { requests: 1, typeCost: 0, fieldCost: 0, upstreamCalls: 0 };

/** What an answer tells of budgets that nothing but the request was taken of; null: it is not counted. */
export function countedHeaders({ counted }: GatedRequest): Readonly<Record<string, string>> | null {
  if (counted === null) return null;
  const budgets = counted.charges.map(({ budget }) => budget);
  return rateLimitHeaders(budgets, counted.reservation);
}

/**
 * Counts a request of which nothing was taken, because not everything fitted that it is charged for; not one that had to wait
 * for its requests. The same charges, with what is left afterwards.
 */
export async function countBeside(
  bff: CountingRuntime,
  gated: GatedRequest,
  refused: ChargedBudgets,
): Promise<ChargedBudgets> {
  if (gated.counted !== null || !hasBudgetOfRequests(gated)) return refused;
  gated.counted = refused;
  const { charges, reservation } = refused;
  if (reservation.refused !== null && charges[reservation.refused]?.budget.of === "requests") return refused;
  try {
    await countRequest(bff, gated);
  } catch {
    // Who has to wait longer for something else is told so, and no more can be taken of what is spent.
    return refused;
  }
  const { states } = gated.counted.reservation;
  return {
    charges,
    reservation: { ...reservation, states: [...states, ...reservation.states.slice(states.length)] },
  };
}

/**
 * Counts a request that is refused before it was charged, so that whatever becomes of it, it is one. What it is refused for:
 * where no request is left, that.
 */
export function countRefused(
  bff: CountingRuntime,
  gated: GatedRequest,
  refusal: RequestRefusal,
): RequestRefusal | Promise<RequestRefusal> {
  // Whom the store has just failed would only wait for it once more.
  if (gated.counted !== null || !hasBudgetOfRequests(gated) || refusal.code === "STATE_UNAVAILABLE")
    return refusal;
  return countOr(bff, gated, refusal);
}

async function countOr(
  bff: CountingRuntime,
  gated: GatedRequest,
  refusal: RequestRefusal,
): Promise<RequestRefusal> {
  try {
    await countRequest(bff, gated);
  } catch (thrown) {
    // What is wrong inside has to be seen.
    if (errorCodes[refusal.code].family === "client") return RequestRefusal.from(thrown);
  }
  return refusal;
}
