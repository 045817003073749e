import { describe, expect, it } from "vitest";
import { corsOption } from "../../gateway/config/cors.ts";
import type { RateUse } from "../../gateway/policy/operation-rates.ts";
import { type NamedBudget, rateLimitHeaders } from "../../gateway/pipeline/rate-limit-headers.ts";

const burst: NamedBudget = {
  name: "burst",
  of: "fieldCost",
  capacity: 5000,
  refillPerSecond: 500,
  window: null,
};
const rate: NamedBudget = { name: "rate", of: "requests", capacity: 100, refillPerSecond: 2, window: null };
const daily: NamedBudget = {
  name: "daily",
  of: "requests",
  capacity: 1000,
  refillPerSecond: 0,
  window: "day",
};
const monthly: NamedBudget = { ...daily, name: "monthly", window: "month", of: "upstreamCalls" };
const granted = { refused: null, retryAfterMs: null };

function told(
  budget: NamedBudget,
  {
    remaining = 10,
    resetAfterMs = 30_000,
  }: { readonly remaining?: number; readonly resetAfterMs?: number } = {},
) {
  return rateLimitHeaders([budget], { ...granted, states: [{ remaining, resetAfterMs }] });
}

describe("the headers of budgets", () => {
  it("are none where there are none", () => {
    expect(rateLimitHeaders([], { ...granted, states: [] })).toEqual({});
  });

  it("say what a budget is, what is left of it, and until when", () => {
    expect(told(rate, { remaining: 50, resetAfterMs: 25_000 })).toEqual({
      "ratelimit-policy": '"rate";q=100;w=50',
      ratelimit: '"rate";r=50;t=25',
    });
  });

  it("name several in their order", () => {
    const states = [
      { remaining: 4000, resetAfterMs: 2000 },
      { remaining: 999, resetAfterMs: 3_600_000 },
      { remaining: 7, resetAfterMs: 86_400_000 },
    ];
    expect(rateLimitHeaders([burst, daily, monthly], { ...granted, states })).toEqual({
      "ratelimit-policy":
        '"burst";q=5000;qu="field-cost";w=10, "daily";q=1000;w=86400, "monthly";q=1000;qu="upstream-calls"',
      ratelimit: '"burst";r=4000;t=2, "daily";r=999;t=3600, "monthly";r=7;t=86400',
    });
  });

  it.each<[NamedBudget["of"], string]>([
    ["requests", ""],
    ["typeCost", ';qu="type-cost"'],
    ["fieldCost", ';qu="field-cost"'],
    ["upstreamCalls", ';qu="upstream-calls"'],
  ])("say what %s are counted in, where it is not requests", (of, unit) => {
    expect(told({ ...rate, of })["ratelimit-policy"]).toBe(`"rate";q=100${unit};w=50`);
  });

  it.each([
    [{ remaining: 0.99, resetAfterMs: 1 }, '"rate";r=0;t=1'],
    [{ remaining: 1, resetAfterMs: 1000 }, '"rate";r=1;t=1'],
    [{ remaining: 1.999, resetAfterMs: 1001 }, '"rate";r=1;t=2'],
    [{ remaining: -100, resetAfterMs: 100_000 }, '"rate";r=0;t=100'],
    [{ remaining: 100, resetAfterMs: 0 }, '"rate";r=100;t=0'],
    [
      { remaining: 1e300, resetAfterMs: Number.POSITIVE_INFINITY },
      '"rate";r=999999999999999;t=999999999999999',
    ],
  ])("have whole numbers that promise no more than there is: %o", (state, limit) => {
    expect(told(rate, state)["ratelimit"]).toBe(limit);
  });

  it.each([
    [{ capacity: 0.5, refillPerSecond: 0.25 }, "q=0;w=2"],
    [{ capacity: 1, refillPerSecond: 1_000_000_000 }, "q=1;w=1"],
    [{ capacity: 10, refillPerSecond: 3 }, "q=10;w=4"],
    [{ capacity: 1e12, refillPerSecond: 1e-300 }, "q=1000000000000;w=999999999999999"],
  ])("have a window of at least a second: %o", (rates, policy) => {
    expect(told({ ...rate, ...rates })["ratelimit-policy"]).toBe(`"rate";${policy}`);
  });

  it("are fields whose names a BFF may let pages read", () => {
    const names = ["retry-after", ...Object.keys(told(rate))];
    const cors = { origins: ["https://shop.example"], exposedHeaders: names };
    expect(corsOption.parse(cors).exposedHeaders).toEqual(names);
  });
});

/** Of `max` in a minute. */
function use(coordinate: string, max: number, id = coordinate): RateUse {
  const limit = {
    coordinate,
    max,
    windowMs: 60_000,
    window: "1m",
    message: null,
    identityArguments: [],
    lengthArgument: null,
  };
  return { limit, id, coordinate, count: 1 };
}

describe("the headers of fields' rate limits", () => {
  const full = { remaining: 10, resetAfterMs: 1000 };
  const states = (...remaining: readonly number[]) =>
    remaining.map((left) => ({ remaining: left, resetAfterMs: 30_000 }));

  it("stand behind those of budgets, by the name of the field", () => {
    expect(
      rateLimitHeaders([rate], { ...granted, states: [full, ...states(4)] }, [use("Mutation.send", 5)]),
    ).toEqual({
      "ratelimit-policy": '"rate";q=100;w=50, "Mutation.send";q=5;qu="uses";w=60',
      ratelimit: '"rate";r=10;t=1, "Mutation.send";r=4;t=30',
    });
  });

  it("tell the least that is left of one name, and no value that tells limits apart", () => {
    const uses = [
      use("Query.a", 5, 'x ["me@mail.example"]'),
      use("Query.a", 5, 'x ["you@mail.example"]'),
      use("Query.b", 9),
    ];
    const headers = rateLimitHeaders([], { ...granted, states: states(4, 1, 3) }, uses);
    expect(headers).toEqual({
      "ratelimit-policy": '"Query.a";q=5;qu="uses";w=60, "Query.b";q=9;qu="uses";w=60',
      ratelimit: '"Query.a";r=1;t=30, "Query.b";r=3;t=30',
    });
  });

  it("are at most ten, those with the least left", () => {
    const uses = Array.from({ length: 12 }, (_, index) => use(`Query.f${index}`, 50));
    const left = uses.map((_, index) => 50 - index);
    const headers = rateLimitHeaders([], { ...granted, states: states(...left) }, uses);
    const names = [...(headers["ratelimit"] ?? "").matchAll(/"Query\.(f\d+)"/g)].map(([, name]) => name);
    expect(names).toEqual(["f11", "f10", "f9", "f8", "f7", "f6", "f5", "f4", "f3", "f2"]);
  });

  it("say no more than the limit where nobody has asked what is left", () => {
    expect(rateLimitHeaders([], { ...granted, states: [] }, [use("Query.closed", 0)])).toEqual({
      "ratelimit-policy": '"Query.closed";q=0;qu="uses";w=60',
    });
  });

  it("do not ask anybody back before the window of the limit that refused ends", () => {
    const refused = { refused: 1, retryAfterMs: 12_000 };
    const headers = rateLimitHeaders([rate], { ...refused, states: [full, ...states(0)] }, [
      use("Query.a", 5),
    ]);
    expect(headers).toMatchObject({ ratelimit: '"rate";r=10;t=1, "Query.a";r=0;t=12', "retry-after": "12" });
  });
});

describe("a refused request", () => {
  const states = [
    { remaining: 3, resetAfterMs: 9_999 },
    { remaining: 900, resetAfterMs: 40_000_000 },
  ];
  const refusedAfter = (retryAfterMs: number | null, refused = 0) =>
    rateLimitHeaders([burst, daily], { states, refused, retryAfterMs });

  it("is told after how many seconds it fits, rounded up, and never at once", () => {
    const seconds = [1, 1000, 1001, 86_399_001].map((ms) => refusedAfter(ms)["retry-after"]);
    expect(seconds).toEqual(["1", "1", "2", "86400"]);
    expect(refusedAfter(0)["retry-after"]).toBe("1");
  });

  it("is not asked back where it never fits", () => {
    expect(refusedAfter(null)).toEqual({
      "ratelimit-policy": '"burst";q=5000;qu="field-cost";w=10, "daily";q=1000;w=86400',
      ratelimit: '"burst";r=3;t=10, "daily";r=900;t=40000',
    });
  });

  it("is not asked back before the window of the budget that refused it ends", () => {
    expect(refusedAfter(2500)["ratelimit"]).toBe('"burst";r=3;t=3, "daily";r=900;t=40000');
    expect(refusedAfter(40_000_000, 1)["ratelimit"]).toBe('"burst";r=3;t=10, "daily";r=900;t=40000');
  });
});
