import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { budgetsOption } from "../../gateway/config/demand-control.ts";
import { anonymousCaller, type Caller } from "../../gateway/core/caller.ts";
import { chargesFor, compileBudgets, settlementsFor, type Spending } from "../../gateway/policy/budgets.ts";
import { LocalStore } from "../../gateway/state/local-store.ts";

const burst = { name: "burst", of: "fieldCost", capacity: 50, refillPerSecond: 5 };
const monthly = { name: "monthly", of: "requests", capacity: 3, window: "month", by: "subject" };
const calls = { name: "calls", of: "upstreamCalls", capacity: 10, refillPerSecond: 1, by: "address" };
const settings = budgetsOption.parse([burst, monthly, calls]);
const budgets = compileBudgets("web", { budgets: settings, budgetsOf: null });
const ada: Caller = { ...anonymousCaller, kind: "jwt", issuer: "https://i", consumer: "app", subject: "ada" };
const consumer = { caller: ada, address: "192.0.2.1" };
const estimate: Spending = { requests: 1, typeCost: 4, fieldCost: 20, upstreamCalls: 3 };

describe("the budgets of a tier", () => {
  test("fill by the millisecond, or with their window", () => {
    expect(budgets.map(({ rule }) => rule)).toEqual([
      { id: "web:burst:fieldCost:bucket", capacity: 50, refillPerMs: 0.005, window: null },
      { id: "web:monthly:requests:month", capacity: 3, refillPerMs: 0, window: "month" },
      { id: "web:calls:upstreamCalls:bucket", capacity: 10, refillPerMs: 0.001, window: null },
    ]);
  });

  test("are the tier's own, the BFF's own, and others where they count something else", () => {
    const idsOf = (bff: string, budgetsOf: string | null, of: string): readonly string[] => {
      const changed = budgetsOption.parse([{ ...burst, of }]);
      return compileBudgets(bff, { budgets: changed, budgetsOf }).map(({ rule }) => rule.id);
    };
    const ids = [
      ...idsOf("web", null, "fieldCost"),
      ...idsOf("web", "gold", "fieldCost"),
      ...idsOf("web", "gold:vip", "fieldCost"),
      ...idsOf("web", "", "fieldCost"),
      ...idsOf("web", null, "typeCost"),
      ...idsOf("mobile", null, "fieldCost"),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("are charged what each counts, of whom each is", () => {
    const charges = chargesFor(budgets, consumer, estimate);
    expect(charges.map(({ amount, budget }) => [budget.name, amount])).toEqual([
      ["burst", 20],
      ["monthly", 1],
      ["calls", 3],
    ]);
    const [app, subject, address] = charges.map((charge) => charge.consumer);
    expect([app, subject, address]).toEqual([
      expect.stringContaining('"app"'),
      expect.stringContaining('"ada"'),
      "address 192.0.2.1",
    ]);
  });

  test("may be none", () => {
    expect(chargesFor([], consumer, estimate)).toEqual([]);
    expect(settlementsFor([], estimate)).toEqual([]);
  });
});

describe("what is settled", () => {
  const charges = chargesFor(budgets, consumer, estimate);
  const amounts = (actual: Partial<Spending>): readonly number[] =>
    settlementsFor(charges, { ...estimate, ...actual }).map(({ amount }) => amount);

  test("is the estimate less what it was, of the same consumer and budget", () => {
    expect(amounts({ fieldCost: 5, upstreamCalls: 7 })).toEqual([15, -4]);
    const [first] = settlementsFor(charges, { ...estimate, fieldCost: 5 });
    expect(first).toMatchObject({ rule: budgets[0]?.rule, consumer: charges[0]?.consumer });
  });

  test("is nothing where the estimate was right, or nobody knows what it was", () => {
    expect(amounts({})).toEqual([]);
    expect(amounts({ typeCost: 1000 })).toEqual([]);
    expect(amounts({ fieldCost: Number.NaN, upstreamCalls: Infinity })).toEqual([]);
  });

  test("is never more than was taken", () => {
    expect(amounts({ fieldCost: 0, upstreamCalls: -5 })).toEqual([20, 3]);
  });

  test("leaves budgets as if the cost had been known, within their bounds", () => {
    const cost = fc.nat({ max: 200 });
    fc.assert(
      fc.property(fc.array(fc.tuple(cost, cost), { maxLength: 20 }), (requests) => {
        const store = new LocalStore({
          maxBudgets: 10,
          now: () => 0,
          monotonicNow: () => 0,
          onForgotten: () => {},
        });
        const [only] = compileBudgets("web", { budgets: budgetsOption.parse([burst]), budgetsOf: null });
        if (only === undefined) throw new Error("expected a budget, found none");
        let left = 50;
        for (const [estimated, actual] of requests) {
          const spend = (fieldCost: number): Spending => ({ ...estimate, fieldCost });
          const taken = chargesFor([only], consumer, spend(estimated));
          const reserved = store.reserve(taken);
          expect(reserved.refused === null).toBe(estimated === 0 || estimated <= left);
          if (reserved.refused !== null) continue;
          store.settle(settlementsFor(taken, spend(actual)), reserved);
          left = Math.max(-50, left - actual);
          const [state] = store.reserve([
            { rule: only.rule, consumer: taken[0]?.consumer ?? "", amount: 0 },
          ]).states;
          expect(state?.remaining).toBeCloseTo(left, 9);
        }
      }),
    );
  });
});
