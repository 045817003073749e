import type { BudgetRule, Charge } from "../../gateway/state/budget-store.ts";

/** A token bucket. Without a rate: one that gains nothing to speak of while a test runs. */
export function bucket(capacity: number, refillPerMs = 1e-9, id = "test:bucket"): BudgetRule {
  return { id, capacity, refillPerMs, window: null };
}

export function quota(capacity: number, window: "day" | "month" = "day"): BudgetRule {
  return { id: `test:${window}`, capacity, refillPerMs: 0, window };
}

export function charge(rule: BudgetRule, amount = 1, consumer = "ada"): Charge {
  return { rule, consumer, amount };
}
