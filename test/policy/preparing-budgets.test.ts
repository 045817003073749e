import { describe, expect, test } from "vitest";
import { RequestRefusal } from "../../gateway/core/request-refusal.ts";
import { PreparingBudgets } from "../../gateway/policy/preparing-budgets.ts";

/** Budgets with clocks that stand still until they are told to go on; work costs what it is said to. */
function createBudgets() {
  let nowMs = 0;
  let processorMs = 0;
  const budgets = new PreparingBudgets(
    { capacityMs: 100, refillMsPerSecond: 10 },
    { nowMs: () => nowMs, processorMs: () => processorMs },
  );
  return {
    budgets,
    wait: (ms: number) => void (nowMs += ms),
    /** "done", or after how many seconds to come again. */
    work: (consumer: string, costMs: number): string => {
      try {
        return budgets.spend(consumer, () => {
          processorMs += costMs;
          return "done";
        });
      } catch (error) {
        if (!(error instanceof RequestRefusal) || error.code !== "RATE_LIMITED") throw error;
        return error.headers["retry-after"] ?? "";
      }
    },
  };
}

describe("the budget for unseen documents", () => {
  test("lets work begin until it is below zero, and says when to come again", () => {
    const { work, wait } = createBudgets();
    expect([work("a", 99), work("a", 1), work("a", 35), work("a", 1)]).toEqual(["done", "done", "done", "4"]);
    wait(3499);
    expect(work("a", 1)).toBe("1");
    wait(1);
    expect(work("a", 1)).toBe("done");
    expect(work("a", 1)).toBe("1");
  });

  test("is not spent by what is refused", () => {
    const { work, wait } = createBudgets();
    work("a", 110);
    for (let time = 0; time < 100; time++) expect(work("a", 50)).toBe("1");
    wait(1000);
    expect(work("a", 0)).toBe("done");
  });

  test("is spent by work that fails", () => {
    const { budgets, work } = createBudgets();
    const fail = () =>
      budgets.spend("a", () => {
        work("b", 150);
        throw new Error("no such field");
      });
    expect(fail).toThrow("no such field");
    expect(work("a", 1)).toBe("5");
  });

  test("goes below zero by its capacity at most, so that nobody waits longer than it takes to fill", () => {
    const { work } = createBudgets();
    work("a", 100_000);
    expect(work("a", 1)).toBe("10");
  });

  test("is each consumer's own", () => {
    const { work } = createBudgets();
    work("a", 150);
    expect([work("a", 1), work("b", 1)]).toEqual(["5", "done"]);
  });

  test("is no more than its capacity, however long nothing was spent", () => {
    const { work, wait } = createBudgets();
    work("a", 50);
    wait(1_000_000);
    expect([work("a", 101), work("a", 1)]).toEqual(["done", "1"]);
  });

  test("is forgotten when it is full again", () => {
    const { budgets, work, wait } = createBudgets();
    for (let consumer = 0; consumer < 100; consumer++) work(`a${consumer}`, 10);
    expect(budgets.size).toBe(100);
    wait(1000);
    work("b", 1);
    expect(budgets.size).toBe(1);
  });

  test("is kept for 50,000 consumers at most: of those beyond, who spent longest ago begins anew", () => {
    const { budgets, work } = createBudgets();
    work("first", 150);
    for (let consumer = 0; consumer < 49_999; consumer++) work(`a${consumer}`, 10);
    expect([budgets.size, work("first", 1)]).toEqual([50_000, "5"]);
    work("last", 10);
    expect([budgets.size, work("first", 1)]).toEqual([50_000, "done"]);
  });

  test("takes the processor's time and not the clock's", async () => {
    const budgets = new PreparingBudgets({ capacityMs: 10, refillMsPerSecond: 1 });
    budgets.spend("waits", () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50));
    expect(budgets.spend("waits", () => "done")).toBe("done");
    const burn = () => {
      const { user, system } = process.threadCpuUsage();
      for (;;) {
        const spent = process.threadCpuUsage();
        if (spent.user + spent.system - user - system > 20_000) return;
      }
    };
    budgets.spend("works", burn);
    expect(() => budgets.spend("works", burn)).toThrow(RequestRefusal);
  });
});
