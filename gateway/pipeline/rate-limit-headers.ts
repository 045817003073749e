import type { BudgetSettings } from "../config/demand-control.ts";
import type { RateUse } from "../policy/operation-rates.ts";
import type { BudgetState, Reservation } from "../state/budget-store.ts";

/** A budget that a request was charged to, by the name that clients are told. */
export type NamedBudget = Pick<BudgetSettings, "name" | "of" | "capacity" | "refillPerSecond" | "window">;

/**
 * The headers that tell a client what its budgets are and what is left of them, `ratelimit-policy` and `ratelimit`
 * (https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/, as of draft 11), and `retry-after` where the request
 * was refused and would fit later. The reservation's states are those of `budgets` and then of `uses`, as far as they are
 * known. Nothing where there are neither. A limit of fields is named by its field, never by the values that tell it apart from
 * others: of all that have one name, the one with the least left is told.
 */
export function rateLimitHeaders(
  budgets: readonly NamedBudget[],
  { states, refused, retryAfterMs }: Pick<Reservation, "states" | "refused" | "retryAfterMs">,
  uses: readonly RateUse[] = [],
): Readonly<Record<string, string>> {
  if (budgets.length === 0 && uses.length === 0) return {};
  const retrySeconds = retryAfterMs === null ? null : Math.max(secondsOf(retryAfterMs), 1);
  const policies = [
    ...budgets.map((budget, index) => ({ policy: budgetPolicy(budget), index })),
    ...scarcest(
      uses.map((use, index) => ({ policy: ratePolicy(use), index: budgets.length + index })),
      states,
    ),
  ];
  const limits = policies.flatMap(({ policy, index }) => {
    const state = states[index];
    if (state === undefined) return [];
    // The draft wants no client to be asked back before the end of what is told as the window.
    const isRefused = index === refused && retrySeconds !== null;
    return [limitOf(policy, state, isRefused ? retrySeconds : Number.POSITIVE_INFINITY)];
  });
  return {
    "ratelimit-policy": policies.map(({ policy }) => policyText(policy)).join(", "),
    ...(limits.length > 0 && { ratelimit: limits.join(", ") }),
    ...(retrySeconds !== null && { "retry-after": String(retrySeconds) }),
  };
}

/** What is told of a budget or a limit, whatever is left of it. */
interface Policy {
  /** Of letters, digits, `_`, `-` and `.`. */
  readonly name: string;
  /** Null: requests. */
  readonly unit: string | null;
  /** The most that is there at once. */
  readonly quota: number;
  /** In how many seconds so much is given; null: that is not always the same. */
  readonly windowSeconds: number | null;
}

/** One of the policies, and which of the reservation's states is its. */
interface IndexedPolicy {
  readonly policy: Policy;
  readonly index: number;
}

function budgetPolicy({ name, of, capacity, refillPerSecond, window }: NamedBudget): Policy {
  const seconds = window === null ? Math.max(Math.ceil(capacity / refillPerSecond), 1) : daySeconds;
  const unit = of === "requests" ? null : units[of];
  return { name, unit, quota: capacity, windowSeconds: window === "month" ? null : seconds };
}

/** No budget has the name of a field, which has a dot. */
function ratePolicy({ coordinate, limit: { max, windowMs } }: RateUse): Policy {
  return { name: coordinate, unit: "uses", quota: max, windowSeconds: secondsOf(windowMs) };
}

/** Each name once, and only so many that the headers stay short. */
function scarcest(
  policies: readonly IndexedPolicy[],
  states: readonly BudgetState[],
): readonly IndexedPolicy[] {
  const left = ({ index }: IndexedPolicy): number => states[index]?.remaining ?? 0;
  const sorted = policies.toSorted((one, other) => left(one) - left(other));
  const named = new Map<string, IndexedPolicy>();
  for (const one of sorted) if (!named.has(one.policy.name)) named.set(one.policy.name, one);
  return [...named.values()].slice(0, maxRatePolicies);
}

const maxRatePolicies = 10;

function policyText({ name, unit, quota, windowSeconds }: Policy): string {
  const of = unit === null ? "" : `;qu="${unit}"`;
  return `"${name}";q=${integer(quota)}${of}${windowSeconds === null ? "" : `;w=${integer(windowSeconds)}`}`;
}

/** `r`: what is left, whole and not below 0; `t`: for how many seconds no more than that can be used for sure. */
function limitOf({ name }: Policy, { remaining, resetAfterMs }: BudgetState, maxSeconds: number): string {
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
