import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { Charge } from "../../gateway/state/budget-store.ts";
import { LocalStore } from "../../gateway/state/local-store.ts";
import { bucket, charge, quota } from "../support/budget-rules.ts";

const startMs = Date.parse("2026-11-22T10:00:00Z");
const dayMs = 86_400_000;
let nowMs: number;
/** By how much somebody has set the clock. */
let wallOffsetMs: number;
let forgotten: number;
let store: LocalStore;

function open(maxBudgets = 1000): LocalStore {
  return new LocalStore({
    maxBudgets,
    now: () => nowMs + wallOffsetMs,
    monotonicNow: () => nowMs,
    onForgotten: () => (forgotten += 1),
  });
}

beforeEach(() => {
  nowMs = startMs;
  wallOffsetMs = 0;
  forgotten = 0;
  store = open();
});

/** How many of so many equal reservations are let through. */
function granted(tries: number, ...charges: readonly Charge[]): number {
  return Array.from({ length: tries }, () => store.reserve(charges)).filter(({ refused }) => refused === null)
    .length;
}

function remaining(...charges: readonly Charge[]): readonly number[] {
  return store.reserve(charges.map((one) => ({ ...one, amount: 0 }))).states.map((state) => state.remaining);
}

describe("a token bucket", () => {
  it("lets through what it holds, and tells when there is more", () => {
    const rule = bucket(5, 0.002);
    expect(granted(7, charge(rule))).toBe(5);
    expect(store.reserve([charge(rule, 2)])).toEqual({
      refused: 0,
      retryAfterMs: 1000,
      states: [{ remaining: 0, resetAfterMs: 2500 }],
      takenAtMs: startMs,
      isLocalShare: false,
    });
    nowMs += 999;
    expect(granted(1, charge(rule, 2))).toBe(0);
    nowMs += 1;
    expect(granted(2, charge(rule, 2))).toBe(1);
  });

  it("gains with every millisecond, and never more than it holds", () => {
    const rule = bucket(10, 0.25);
    granted(1, charge(rule, 10));
    for (const [passedMs, left] of [
      [1, 0.25],
      [2, 0.75],
      [1, 1],
      [35, 9.75],
      [1, 10],
      [1_000_000, 10],
    ] as const) {
      nowMs += passedMs;
      expect(remaining(charge(rule))).toEqual([left]);
    }
  });

  it.each([
    ["back", -3_600_000],
    ["forward", 3_600_000],
  ])("is refilled as ever when somebody sets the clock %s", (_where, byMs) => {
    const rule = bucket(10, 1);
    granted(1, charge(rule, 10));
    wallOffsetMs = byMs;
    expect(remaining(charge(rule))).toEqual([0]);
    nowMs += 4;
    expect(remaining(charge(rule))).toEqual([4]);
    expect(store.reserve([charge(rule, 6)])).toMatchObject({ refused: 0, retryAfterMs: 2 });
  });

  it("lets fractions through up to the whole that they make", () => {
    expect(granted(4, charge(bucket(0.3), 0.1))).toBe(3);
    expect(granted(1001, charge(bucket(100, 1e-12, "hundred"), 0.1))).toBe(1000);
  });

  it.each<[why: string, amount: number]>([
    ["is above the capacity", 5.001],
    ["is infinite", Infinity],
    ["is no number", Number.NaN],
    ["is below 0", -1],
  ])("never lets a charge through that %s", (_why, amount) => {
    expect(store.reserve([charge(bucket(5), amount)])).toMatchObject({ refused: 0, retryAfterMs: null });
    expect(remaining(charge(bucket(5)))).toEqual([5]);
  });

  it("lets a charge of exactly its capacity through", () => {
    expect(granted(2, charge(bucket(5), 5))).toBe(1);
  });

  it("has each consumer's own contents, whatever it is called", () => {
    const names = ["", "a", "a\n=b", "\n", "#", "x".repeat(100), "x".repeat(101), `${"x".repeat(100)}y`, "ü"];
    for (const name of names) expect(granted(2, charge(bucket(1), 1, name))).toBe(1);
  });

  it("fills as it says from where a lower capacity leaves it, however much was spent before", () => {
    granted(1, charge(bucket(1_000_000, 0.001), 1_000_000));
    const rule = bucket(4, 0.001);
    const refused = store.reserve([charge(rule)]);
    expect(refused).toMatchObject({ retryAfterMs: 5000, states: [{ remaining: -4, resetAfterMs: 8000 }] });
    nowMs += 4999;
    expect(granted(1, charge(rule))).toBe(0);
    nowMs += 1;
    expect(granted(2, charge(rule))).toBe(1);
  });

  it("holds what a new capacity says at once", () => {
    granted(1, charge(bucket(10), 8));
    expect(remaining(charge(bucket(100)))).toEqual([92]);
    expect(remaining(charge(bucket(5)))).toEqual([-3]);
    expect(remaining(charge(bucket(1)))).toEqual([-1]);
  });
});

describe("a quota", () => {
  it.each([
    ["day", "2026-12-31T23:59:59.999Z", "2027-01-01T00:00:00Z"],
    ["month", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"],
    ["month", "2026-12-31T23:59:59.999Z", "2027-01-01T00:00:00Z"],
    ["month", "2026-01-31T12:00:00Z", "2026-02-01T00:00:00Z"],
  ] as const)("of a %s that is spent at %s begins anew at %s", (window, spentAt, begins) => {
    const rule = quota(3, window);
    nowMs = Date.parse(spentAt);
    expect(granted(4, charge(rule))).toBe(3);
    const waitMs = Date.parse(begins) - nowMs;
    expect(store.reserve([charge(rule)])).toMatchObject({
      refused: 0,
      retryAfterMs: waitMs,
      states: [{ remaining: 0, resetAfterMs: waitMs }],
    });
    nowMs += waitMs - 1;
    expect(granted(1, charge(rule))).toBe(0);
    nowMs += 1;
    expect(granted(4, charge(rule))).toBe(3);
  });

  it("is granted once for each window, however often the clock goes over its border", () => {
    nowMs = Date.parse("2026-11-22T23:59:59Z");
    expect(granted(3, charge(quota(2)))).toBe(2);
    for (let round = 0; round < 5; round++) {
      wallOffsetMs = 2000;
      expect(granted(3, charge(quota(2)))).toBe(round === 0 ? 2 : 0);
      wallOffsetMs = 0;
      expect(granted(3, charge(quota(2)))).toBe(0);
      // Others come meanwhile, for whom room is made.
      for (let other = 0; other < 5; other++)
        expect(granted(1, charge(quota(2), 1, `other ${round} ${other}`))).toBe(1);
    }
    nowMs += 2000;
    expect(granted(3, charge(quota(2)))).toBe(0);
    nowMs += dayMs;
    expect(granted(3, charge(quota(2)))).toBe(2);
  });

  it("of who does not ask while the clock is ahead is not granted again when it is back", () => {
    const late = charge(quota(2), 1, "late");
    expect(granted(3, late)).toBe(2);
    wallOffsetMs = dayMs;
    for (let other = 0; other < 50; other++) granted(1, charge(quota(2), 1, `other ${other}`));
    wallOffsetMs = 0;
    expect(granted(1, late)).toBe(0);
    expect(forgotten).toBe(0);
  });

  it.each([
    ["day", 1],
    ["day", 400],
    ["month", 400],
  ] as const)(
    "of a %s is there again after that time at most where the clock was %i days ahead",
    (window, days) => {
      const lengthMs = window === "day" ? dayMs : 31 * dayMs;
      const rule = quota(2, window);
      wallOffsetMs = days * dayMs;
      expect(granted(3, charge(rule))).toBe(2);
      wallOffsetMs = 0;
      let longestMs = 0;
      let sum = 0;
      for (let round = 0; round < 5; round++) {
        const { refused, retryAfterMs } = store.reserve([charge(rule)]);
        expect(refused).toBe(0);
        longestMs = Math.max(longestMs, retryAfterMs ?? Infinity);
        nowMs += (retryAfterMs ?? 0) - 1;
        expect(granted(1, charge(rule))).toBe(0);
        nowMs += 1;
        sum += granted(3, charge(rule));
      }
      expect(longestMs).toBeLessThanOrEqual(lengthMs);
      expect(sum).toBe(10);
    },
  );

  it("is granted for each day that the clock has shown, and one at most in advance, and nobody waits longer than a day", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            passedMs: fc.nat({ max: dayMs / 2 }),
            setMs: fc.constantFrom(0, 0, -dayMs, -1000, 1000, dayMs),
          }),
          { maxLength: 60 },
        ),
        (steps) => {
          nowMs = startMs;
          wallOffsetMs = 0;
          store = open();
          let sum = 0;
          const shown = new Set<number>();
          let grantedAtMs = nowMs;
          for (const { passedMs, setMs } of steps) {
            nowMs += passedMs;
            wallOffsetMs = setMs;
            shown.add(Math.floor((nowMs + wallOffsetMs) / dayMs));
            const got = granted(3, charge(quota(2)));
            sum += got;
            if (got > 0) grantedAtMs = nowMs;
            expect(nowMs - grantedAtMs).toBeLessThan(dayMs);
          }
          expect(sum).toBeLessThanOrEqual(2 * (shown.size + 1));
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe("several charges", () => {
  const [burst, monthly] = [bucket(10), quota(3, "month")];

  it("are taken all or none", () => {
    expect(granted(5, charge(burst), charge(monthly), charge(burst, 1, "address"))).toBe(3);
    expect(remaining(charge(burst), charge(monthly), charge(burst, 1, "address"))).toEqual([7, 0, 7]);
  });

  it("are refused for the one that has to wait longest", () => {
    const slow = bucket(10, 0.001, "slow");
    granted(1, charge(bucket(10, 0.01), 10), charge(slow, 10));
    expect(store.reserve([charge(bucket(10, 0.01)), charge(slow)])).toMatchObject({
      refused: 1,
      retryAfterMs: 1000,
    });
    expect(store.reserve([charge(slow), charge(slow, 11, "bob")])).toMatchObject({
      refused: 1,
      retryAfterMs: null,
    });
  });

  it("of one budget count together", () => {
    expect(store.reserve([charge(burst, 6), charge(burst, 6)])).toMatchObject({
      refused: 1,
      retryAfterMs: null,
    });
    expect(store.reserve([charge(burst, 6), charge(burst, 4)])).toMatchObject({
      refused: null,
      states: [{ remaining: 0 }, { remaining: 0 }],
    });
    expect(remaining(charge(burst))).toEqual([0]);
  });

  it("may be none", () => {
    expect(store.reserve([])).toMatchObject({ refused: null, retryAfterMs: null, states: [] });
  });

  it("of nothing fit where there is less than nothing", () => {
    const reserved = store.reserve([charge(burst, 10)]);
    store.settle([charge(burst, -10)], reserved);
    expect(store.reserve([charge(burst, 0)])).toMatchObject({ refused: null, states: [{ remaining: -10 }] });
    expect(store.size).toBe(1);
  });
});

describe("settling", () => {
  it("gives back up to the capacity, and takes down to minus the capacity", () => {
    const rule = bucket(10);
    const reserved = store.reserve([charge(rule, 6)]);
    store.settle([charge(rule, 2)], reserved);
    expect(remaining(charge(rule))).toEqual([6]);
    store.settle([charge(rule, 100)], reserved);
    expect(remaining(charge(rule))).toEqual([10]);
    expect(store.size).toBe(0);
    store.settle([charge(rule, -13)], reserved);
    expect(remaining(charge(rule))).toEqual([-3]);
    store.settle([charge(rule, -100)], reserved);
    expect(remaining(charge(rule))).toEqual([-10]);
    store.settle([charge(rule, Number.NaN)], reserved);
    expect(remaining(charge(rule))).toEqual([-10]);
    store.settle([charge(rule, -Infinity)], reserved);
    expect(remaining(charge(rule))).toEqual([-10]);
  });

  it("pays a debt back from what is refilled", () => {
    const rule = bucket(10, 0.01);
    const reserved = store.reserve([charge(rule, 10)]);
    store.settle([charge(rule, -10)], reserved);
    expect(store.reserve([charge(rule)])).toMatchObject({ refused: 0, retryAfterMs: 1100 });
    nowMs += 1100;
    expect(granted(2, charge(rule))).toBe(1);
  });

  it("changes nothing of a window that is over, and nothing of the next", () => {
    const rule = quota(10);
    const reserved = store.reserve([charge(rule, 6)]);
    nowMs += 86_400_000;
    granted(1, charge(rule, 4));
    store.settle([charge(rule, 6)], reserved);
    store.settle([charge(rule, -6)], reserved);
    expect(remaining(charge(rule))).toEqual([6]);
  });

  it("pays nothing twice where it is lost: a bucket heals by itself", () => {
    const rule = bucket(10, 0.01);
    // Whoever reserved is gone, and nobody settles.
    store.reserve([charge(rule, 10)]);
    expect(granted(1, charge(rule))).toBe(0);
    nowMs += 1000;
    expect(remaining(charge(rule))).toEqual([10]);
  });
});

describe("the room for budgets", () => {
  it("has none for budgets that are full: they go first, and are not missed", () => {
    store = open(3);
    for (const name of ["a", "b"]) granted(1, charge(bucket(1, 0.001), 1, name));
    nowMs += 1000;
    for (const name of ["c", "d", "e"]) granted(1, charge(bucket(1, 0.001), 1, name));
    expect([store.size, forgotten]).toEqual([3, 0]);
    expect(["c", "d", "e"].map((name) => granted(1, charge(bucket(1, 0.001), 1, name)))).toEqual([0, 0, 0]);
  });

  it("forgets the one that would be full first, and tells", () => {
    store = open(3);
    const rule = bucket(10, 0.001);
    for (const [name, amount] of [
      ["a", 5],
      ["b", 2],
      ["c", 9],
    ] as const)
      granted(1, charge(rule, amount, name));
    granted(1, charge(rule, 1, "d"));
    expect([store.size, forgotten]).toEqual([3, 1]);
    expect(remaining(...["a", "b", "c", "d"].map((name) => charge(rule, 1, name)))).toEqual([5, 10, 1, 9]);
  });

  it("is each kind's own: quotas, full only with their window, leave room for buckets", () => {
    store = open(10);
    for (let flood = 0; flood < 1000; flood++) granted(1, charge(quota(1), 1, `${flood}`));
    expect(granted(3, charge(bucket(2)), charge(bucket(2, 1, "other")))).toBe(2);
    expect(store.size).toBe(12);
  });

  it("keeps who has spent most of a quota, in a flood of names that are used once", () => {
    store = open(100);
    granted(1, charge(quota(100), 90, "greedy"));
    for (let flood = 0; flood < 10_000; flood++) granted(1, charge(quota(100), 1, `${flood}`));
    expect(remaining(charge(quota(100), 1, "greedy"))).toEqual([10]);
    expect([store.size, forgotten]).toEqual([100, 9901]);
  });

  it("empties by itself after a flood", () => {
    const rule = bucket(1, 0.001);
    for (let flood = 0; flood < 1000; flood++) granted(1, charge(rule, 1, `${flood}`));
    nowMs += 1000;
    for (let after = 0; after < 500; after++) granted(1, charge(rule, 1, `after ${after}`));
    expect([store.size, forgotten]).toEqual([500, 0]);
  });
});

it("is what a slow and simple store says, whatever happens", () => {
  const rules = [bucket(7, 0.01), bucket(3, 0.5, "fast"), quota(5), quota(9, "month")];
  const charges = fc.array(
    fc.record({
      rule: fc.constantFrom(...rules),
      consumer: fc.constantFrom("a", "b"),
      amount: fc.nat({ max: 12 }).map((quarters) => quarters / 4),
    }),
    { maxLength: 4 },
  );
  const step = fc.record({
    passedMs: fc.oneof(fc.nat({ max: 400 }), fc.nat({ max: 40 * 86_400_000 })),
    charges,
    settled: fc.integer({ min: -20, max: 20 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      nowMs = startMs;
      store = open();
      const model = new Map<string, { left: number; atMs: number }>();
      const leftOf = ({ rule, consumer }: Charge): number => {
        const { left, atMs } = model.get(`${rule.id} ${consumer}`) ?? { left: rule.capacity, atMs: nowMs };
        const length = rule.window === "day" ? 10 : 7;
        const day = (ms: number): string => new Date(ms).toISOString().slice(0, length);
        if (rule.window !== null) return day(atMs) === day(nowMs) ? left : rule.capacity;
        return Math.min(rule.capacity, left + (nowMs - atMs) * rule.refillPerMs);
      };
      const note = (one: Charge, left: number): void => {
        const bounded = Math.max(-one.rule.capacity, Math.min(one.rule.capacity, left));
        model.set(`${one.rule.id} ${one.consumer}`, { left: bounded, atMs: nowMs });
      };
      for (const { passedMs, charges: wanted, settled } of steps) {
        nowMs += passedMs;
        const before = new Map(model);
        let fits = true;
        for (const one of wanted) {
          if (one.amount === 0) continue;
          fits &&= one.amount <= leftOf(one) + 1e-9;
          note(one, leftOf(one) - one.amount);
        }
        if (!fits) {
          model.clear();
          for (const [key, value] of before) model.set(key, value);
        }
        const reserved = store.reserve(wanted);
        expect(reserved.refused === null).toBe(fits);
        for (const [index, one] of wanted.entries())
          expect(reserved.states[index]?.remaining).toBeCloseTo(leftOf(one), 6);
        const [first] = wanted;
        if (first === undefined || !fits) continue;
        store.settle([{ ...first, amount: settled }], reserved);
        note(first, leftOf(first) + settled);
      }
    }),
    { numRuns: 1000 },
  );
});
