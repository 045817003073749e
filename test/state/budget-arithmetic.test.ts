import { describe, expect, it } from "vitest";
import { settledState } from "../../gateway/state/budget-arithmetic.ts";
import type { BudgetRule, Reservation } from "../../gateway/state/budget-store.ts";
import { LocalStore } from "../../gateway/state/local-store.ts";

const bucket: BudgetRule = { id: "bucket", capacity: 100, refillPerMs: 0.01, window: null };
const daily: BudgetRule = { id: "daily", capacity: 100, refillPerMs: 0, window: "day" };

describe("what is left after settling", () => {
  it.each([
    ["nothing", 0],
    ["a part given back", 25],
    ["all given back", 60],
    ["more taken in addition", -30],
    ["more taken than there is", -90],
    ["more taken than a budget can be below zero", -1000],
  ])("is what the store says then: %s", (_what, amount) => {
    for (const rule of [bucket, daily]) {
      const store = new LocalStore({
        maxBudgets: 10,
        now: () => 1_000_000,
        monotonicNow: () => 1_000_000,
        onForgotten: () => {},
      });
      const take = (taken: number): Reservation => store.reserve([{ rule, consumer: "c", amount: taken }]);
      const [told] = take(60).states;
      if (told === undefined) throw new Error("expected a state");
      store.settle([{ rule, consumer: "c", amount }], { takenAtMs: 1_000_000 });
      expect(settledState(rule, told, amount)).toEqual(take(0).states[0]);
    }
  });
});
