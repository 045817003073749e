import { beforeEach, describe, expect, it } from "vitest";
import type { RateLimit } from "../../gateway/language/rate-limits.ts";
import {
  openRateLimiter,
  type RatedReservation,
  type RateLimiter,
} from "../../gateway/pipeline/limit-rates.ts";
import type { RateUse } from "../../gateway/policy/operation-rates.ts";
import type { BudgetStore, Charge } from "../../gateway/state/budget-store.ts";
import { LocalStore } from "../../gateway/state/local-store.ts";
import { caught } from "../support/caught.ts";

// Where graphql-rate-limit by itself lets too much through, and what stands in for that.

let limiter: RateLimiter;
let nowMs = 0;
let store: LocalStore;
beforeEach(async () => {
  limiter = await openRateLimiter();
  nowMs = 1_000_000;
  store = new LocalStore({
    maxBudgets: 1000,
    now: () => nowMs,
    monotonicNow: () => nowMs,
    onForgotten: () => {},
  });
});

function use(
  id: string,
  max: number,
  changed: Partial<RateLimit> & { readonly count?: number } = {},
): RateUse {
  const { count = 1, ...limit } = changed;
  return {
    id,
    coordinate: `Query.${id}`,
    count,
    limit: {
      coordinate: `Query.${id}`,
      max,
      windowMs: 10_000,
      window: "10s",
      message: null,
      identityArguments: [],
      lengthArgument: null,
      ...limit,
    },
  };
}

function reserve(
  uses: readonly RateUse[],
  others: readonly Charge[] = [],
  consumer = "c",
): Promise<RatedReservation> {
  return limiter.reserve(store, { uses, consumer, others });
}

async function isAllowed(...uses: readonly RateUse[]): Promise<boolean> {
  return (await reserve(uses)).exceeded.length === 0;
}

const budget = (amount: number): Charge => ({
  rule: { id: "web:x", capacity: 10, refillPerMs: 0.001, window: null },
  consumer: "c",
  amount,
});

describe("a limit", () => {
  it("lets just so many uses through, and fills within its window", async () => {
    const answers: boolean[] = [];
    for (let count = 0; count < 4; count++) answers.push(await isAllowed(use("a", 3)));
    nowMs += 3333;
    answers.push(await isAllowed(use("a", 3)));
    nowMs += 1;
    answers.push(await isAllowed(use("a", 3)), await isAllowed(use("a", 3)));
    nowMs += 20_000;
    for (let count = 0; count < 4; count++) answers.push(await isAllowed(use("a", 3)));
    expect(answers).toEqual([
      true,
      true,
      true,
      false,
      // A third of the window later, but for a moment.
      false,
      true,
      false,
      // Full again, and no fuller.
      true,
      true,
      true,
      false,
    ]);
  });

  it("counts all uses of one operation: six aliases do not pass a max of three", async () => {
    expect(await isAllowed(use("a", 3, { count: 6 }))).toBe(false);
    expect(await isAllowed(use("a", 3, { count: 4 }))).toBe(false);
    expect(await isAllowed(use("a", 3, { count: 3 }))).toBe(true);
    expect(await isAllowed(use("a", 3))).toBe(false);
  });

  it("lets five of fifty calls beside each other through, where the max is five", async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => isAllowed(use("a", 5))));
    expect(answers.filter(Boolean)).toHaveLength(5);
  });

  it("of nothing lets nothing through", async () => {
    expect(await isAllowed(use("a", 0))).toBe(false);
    expect(await isAllowed(use("b", 5), use("a", 0))).toBe(false);
    for (let count = 0; count < 5; count++) expect(await isAllowed(use("b", 5))).toBe(true);
  });

  it("does not count what it refuses", async () => {
    for (let count = 0; count < 3; count++) await isAllowed(use("a", 3));
    for (let count = 0; count < 100; count++) {
      nowMs += 30;
      expect(await isAllowed(use("a", 3))).toBe(false);
    }
    nowMs += 334;
    expect(await isAllowed(use("a", 3))).toBe(true);
  });

  it("has nothing to do with those of other names, however these are written", async () => {
    const names = ["a", "a ", 'a ["x"]', 'a ["x","y"]', 'a ["x\\",\\"y"]', "a:x", "a:x:y"];
    for (const name of names) {
      expect(await isAllowed(use(name, 1))).toBe(true);
      expect(await isAllowed(use(name, 1))).toBe(false);
    }
    expect((await reserve([use("a", 1)], [], "other")).exceeded).toEqual([]);
  });

  it("that is large costs as little as a small one", async () => {
    for (let count = 0; count < 100; count++) await isAllowed(use("a", 100_000, { count: 1000 }));
    const startMs = performance.now();
    for (let count = 0; count < 1000; count++) expect(await isAllowed(use("a", 100_000))).toBe(false);
    expect(performance.now() - startMs).toBeLessThan(1000);
  });
});

describe("the limits of one operation", () => {
  it("are taken together or not at all", async () => {
    expect(await isAllowed(use("a", 5, { count: 2 }), use("b", 1))).toBe(true);
    for (let count = 0; count < 10; count++)
      expect(await isAllowed(use("a", 5, { count: 2 }), use("b", 1))).toBe(false);
    expect(await isAllowed(use("a", 5, { count: 3 }))).toBe(true);
    expect(await isAllowed(use("a", 5))).toBe(false);
  });

  it("are told all that are exceeded, and no others", async () => {
    await reserve([use("a", 2, { count: 2 }), use("c", 3, { count: 2 })]);
    const uses = [use("a", 2), use("b", 2), use("c", 3, { count: 2 })];
    const { reservation, exceeded } = await reserve(uses);
    expect(exceeded).toEqual([uses[0], uses[2]]);
    expect(reservation).toMatchObject({ refused: 0, retryAfterMs: 5000 });
  });

  it("are not asked for where one operation uses more than there ever is", async () => {
    const uses = [use("a", 3, { count: 4 }), use("b", 3), use("c", 0)];
    expect(await reserve(uses)).toEqual({ reservation: null, exceeded: [uses[0], uses[2]] });
  });

  it("go with what else is taken: a budget that is spent leaves them as they are", async () => {
    expect((await reserve([use("a", 1)], [budget(11)])).exceeded).toEqual([]);
    expect((await reserve([use("a", 1)], [budget(11)])).reservation).toMatchObject({ refused: 0 });
    const { reservation, exceeded } = await reserve([use("a", 1)], [budget(4)]);
    expect(reservation).toMatchObject({ refused: null, states: [{ remaining: 6 }, { remaining: 0 }] });
    expect(exceeded).toEqual([]);
    expect((await reserve([use("a", 1)], [budget(1)])).reservation).toMatchObject({
      refused: 1,
      states: [{ remaining: 6 }, { remaining: 0 }],
    });
    expect((await reserve([use("a", 1)], [budget(1)])).exceeded).toEqual([use("a", 1)]);
  });

  it("are asked for in one step, without what clients have written in its names", async () => {
    const asked: (readonly Charge[])[] = [];
    const recording: BudgetStore = {
      reserve(charges) {
        asked.push(charges);
        return store.reserve(charges);
      },
      settle() {},
      async dispose() {},
    };
    const uses = [use(`a ["${"secret".repeat(1000)}"]`, 2), use("b", 2, { count: 2 })];
    await limiter.reserve(recording, { uses, consumer: "c", others: [budget(1)] });
    expect(asked).toHaveLength(1);
    const [charges = []] = asked;
    expect(charges.map(({ consumer, amount }) => [consumer, amount])).toEqual([
      ["c", 1],
      ["c", 1],
      ["c", 2],
    ]);
    for (const { rule } of charges) {
      expect(rule.id.length).toBeLessThanOrEqual(200);
      expect(rule.id).not.toContain("secret");
    }
  });

  it("leave nobody waiting where the store fails", async () => {
    const failing: BudgetStore = {
      reserve: () => Promise.reject(new Error("away")),
      settle() {},
      async dispose() {},
    };
    const uses = [use("a", 2), use("b", 2)];
    const error = await caught(limiter.reserve(failing, { uses, consumer: "c", others: [] }));
    expect(error).toEqual(new Error("away"));
  });
});
