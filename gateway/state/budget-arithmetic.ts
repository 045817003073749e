import type { BudgetRule, BudgetState } from "./budget-store.ts";

/**
 * What is kept of one consumer's budget: how much of it is spent, rather than how much is left, so that a new capacity
 * holds at once. A budget of which nothing is spent is as good as absent. The scripts for Redis (`redis-scripts.ts`) say
 * the same in Lua, and a test compares both.
 */
export interface Spending {
  /** 0 to twice the capacity. */
  spent: number;
  /** Of a token bucket, when it was so much; of a quota, when its window began, in milliseconds since 1970. */
  atMs: number;
}

/**
 * How much of a token bucket is spent now of what was spent then. Where the capacity is lower than it was then, it fills from
 * as little as it can have left.
 */
export function spentNow(rule: BudgetRule, { spent, atMs }: Spending, nowMs: number): number {
  return Math.max(0, boundedSpent(rule, spent) - rule.refillPerMs * Math.max(0, nowMs - atMs));
}

/** What can be spent: what overdraws a budget takes it down to minus its capacity. */
export function boundedSpent({ capacity }: BudgetRule, spent: number): number {
  return Math.min(Math.max(0, spent), 2 * capacity);
}

/**
 * In whole milliseconds: 0 where so much fits, Infinity where it never will. What is no number never fits. `windowLeftMs`: of
 * a quota, until its window ends.
 */
export function waitMs(rule: BudgetRule, spent: number, amount: number, windowLeftMs: number): number {
  if (amount === 0) return 0;
  const limit = rule.capacity * roundingAllowance;
  if (!(amount > 0 && amount <= limit)) return Infinity;
  const over = spent + amount - limit;
  if (over <= 0) return 0;
  if (rule.window !== null) return windowLeftMs;
  return Math.max(1, Math.ceil(over / rule.refillPerMs));
}

/** What a consumer is told of its budget. `windowLeftMs`: as of {@link waitMs}. */
export function stateOf(rule: BudgetRule, spent: number, windowLeftMs: number): BudgetState {
  const left = rule.capacity - spent;
  return {
    remaining: Math.abs(left) < rule.capacity * (roundingAllowance - 1) ? 0 : left,
    resetAfterMs:
      rule.window === null
        ? Math.min(Math.ceil(spent / rule.refillPerMs), Number.MAX_SAFE_INTEGER)
        : windowLeftMs,
  };
}

/** What was left when a charge was taken, once that is settled: more by `amount`, or less where that is below 0. */
export function settledState(
  rule: BudgetRule,
  { remaining, resetAfterMs }: BudgetState,
  amount: number,
): BudgetState {
  const spent = boundedSpent(rule, rule.capacity - remaining - amount);
  return {
    remaining: rule.capacity - spent,
    resetAfterMs:
      rule.window === null
        ? Math.min(Math.ceil(spent / rule.refillPerMs), Number.MAX_SAFE_INTEGER)
        : resetAfterMs,
  };
}

/** The beginning of the day or month, by UTC, in which a moment lies. */
export function windowStartMs(window: "day" | "month", ms: number): number {
  return window === "day" ? Math.floor(ms / dayMs) * dayMs : monthStartMs(ms);
}

export function windowEndMs(window: "day" | "month", ms: number): number {
  const startMs = windowStartMs(window, ms);
  return window === "day" ? startMs + dayMs : monthStartMs(startMs + moreThanMonthMs);
}

/** In whole milliseconds; 0 where there is no window. */
export function untilWindowEndsMs({ window }: BudgetRule, nowMs: number): number {
  return window === null ? 0 : Math.ceil(windowEndMs(window, nowMs) - nowMs);
}

function monthStartMs(ms: number): number {
  const date = new Date(ms);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
}

const dayMs = 86_400_000;
/** From the start of any month into the next one. */
const moreThanMonthMs = 32 * dayMs;

/** Sums of fractions miss their whole: three times 0.1 have to fit into 0.3. Far below 1 for every capacity. */
export const roundingAllowance = 1 + 1e-13;
