import type { BudgetSettings } from "../config/demand-control.ts";
import type { BudgetState, Reservation } from "../state/budget-store.ts";

/** A budget that a request was charged to, by the name that clients are told. */
export type NamedBudget = Pick<BudgetSettings, "name" | "of" | "capacity" | "refillPerSecond" | "window">;

/**
 * The headers that tell a client what its budgets are and what is left of them, `ratelimit-policy` and `ratelimit`
 * (https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/, as of draft 11), and `retry-after` where the request
 * was refused and would fit later. `budgets` are in the order of the reservation's states. Nothing where there are none.
 */
export function rateLimitHeaders(
  budgets: readonly NamedBudget[],
  { states, refused, retryAfterMs }: Pick<Reservation, "states" | "refused" | "retryAfterMs">,
): Readonly<Record<string, string>> {
  if (budgets.length === 0) return {};
  const retrySeconds = retryAfterMs === null ? null : Math.max(secondsOf(retryAfterMs), 1);
  const limits = budgets.flatMap((budget, index) => {
    const state = states[index];
    if (state === undefined) return [];
    // The draft wants no client to be asked back before the end of what is told as the window.
    const isRefused = index === refused && retrySeconds !== null;
    return [limitOf(budget, state, isRefused ? retrySeconds : Number.POSITIVE_INFINITY)];
  });
  return {
    "ratelimit-policy": budgets.map(policyOf).join(", "),
    ratelimit: limits.join(", "),
    ...(retrySeconds !== null && { "retry-after": String(retrySeconds) }),
  };
}

/** `q`: the most that is there at once; `w`: in how many seconds so much is given. Of a month that is not always the same. */
function policyOf({ name, of, capacity, refillPerSecond, window }: NamedBudget): string {
  const seconds = window === null ? Math.max(Math.ceil(capacity / refillPerSecond), 1) : daySeconds;
  const unit = of === "requests" ? "" : `;qu="${units[of]}"`;
  return `"${name}";q=${integer(capacity)}${unit}${window === "month" ? "" : `;w=${integer(seconds)}`}`;
}

/** `r`: what is left, whole and not below 0; `t`: for how many seconds no more than that can be used for sure. */
function limitOf(
  { name }: NamedBudget,
  { remaining, resetAfterMs }: BudgetState,
  maxSeconds: number,
): string {
  return `"${name}";r=${integer(remaining)};t=${integer(Math.min(secondsOf(resetAfterMs), maxSeconds))}`;
}

function secondsOf(ms: number): number {
  return Math.ceil(ms / 1000);
}

/** An integer of structured fields, at least 0: https://www.rfc-editor.org/rfc/rfc9651#section-3.3.1. */
function integer(value: number): string {
  return String(Math.min(Math.max(Math.floor(value), 0), maxInteger));
}

const maxInteger = 999_999_999_999_999;
const daySeconds = 86_400;

/** Where nothing is said, a client takes it for requests. */
const units = {
  typeCost: "type-cost",
  fieldCost: "field-cost",
  upstreamCalls: "upstream-calls",
} as const;
