import { describe, expect, test } from "vitest";
import { bffOptions } from "../../gateway/config/define-bff.ts";

/** "ok", or what is wrong, where, and what is expected. */
function parse(options: Readonly<Record<string, unknown>>): readonly string[] {
  const { success, error } = bffOptions.safeParse({ name: "web", ...options });
  return success ? ["ok"] : error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

const bucket = { name: "burst", of: "fieldCost", capacity: 1, refillPerSecond: 1 };
const named = (count: number): unknown[] =>
  Array.from({ length: count }, (_, index) => ({ ...bucket, name: `b${index}` }));
const list = "budgets: a list of at most 10 budgets, { name, of, capacity, … }, each with a name of its own";
const rate = "either a refillPerSecond or a window";

describe("budgets", () => {
  test.each<[what: string, budgets: unknown, expected: string]>([
    ["none", [], "ok"],
    ["a token bucket", [bucket], "ok"],
    ["a quota", [{ name: "q", of: "requests", capacity: 0.5, window: "day" }], "ok"],
    ["ten", named(10), "ok"],
    ["eleven", named(11), list],
    ["two of one name", [bucket, bucket], list],
    ["no list", {}, list],
    ["one that says both", [{ ...bucket, window: "day" }], `budgets.0.refillPerSecond: ${rate}`],
    [
      "one that says neither",
      [{ name: "x", of: "requests", capacity: 1 }],
      `budgets.0.refillPerSecond: ${rate}`,
    ],
    [
      "nothing to spend",
      [{ ...bucket, capacity: 0 }],
      "budgets.0.capacity: a number above 0, at most 1000000000000",
    ],
    [
      "one that never ends",
      [{ ...bucket, capacity: Infinity }],
      "budgets.0.capacity: a number above 0, at most 1000000000000",
    ],
    [
      "a refill of nothing",
      [{ ...bucket, refillPerSecond: 0 }],
      "budgets.0.refillPerSecond: a number above 0, at most 1000000000",
    ],
    [
      "an hour",
      [{ name: "x", of: "requests", capacity: 1, window: "hour" }],
      "budgets.0.window: day or month",
    ],
    [
      "another unit",
      [{ ...bucket, of: "bytes" }],
      "budgets.0.of: requests, typeCost, fieldCost or upstreamCalls",
    ],
    [
      "a name for headers that is none",
      [{ ...bucket, name: "a b" }],
      "budgets.0.name: lower-case letters, digits and dashes, a letter first, at most 40",
    ],
  ])("%s", (_what, budgets, expected) => {
    expect(parse({ budgets })).toEqual([expected]);
  });

  test.each([
    ["consumer", true],
    ["subject", true],
    ["address", true],
    ["$claims.tenant", true],
    ["$claims.org.id", true],
    [null, true],
    ["$claims", false],
    ["$claims.", false],
    ["$claims.a..b", false],
    ["claims.tenant", false],
    ["tenant", false],
    ["", false],
  ])("by %s", (by, isLegal) => {
    const expected = "budgets.0.by: consumer, subject, address, or a claim such as $claims.tenant";
    expect(parse({ budgets: [{ ...bucket, by }] })).toEqual([isLegal ? "ok" : expected]);
  });
});

describe("what documents may take", () => {
  test.each<[preparing: unknown, expected: readonly string[]]>([
    [{}, ["ok"]],
    [{ capacityMs: 1, refillMsPerSecond: 1 }, ["ok"]],
    [{ capacityMs: 600_000, refillMsPerSecond: 1000 }, ["ok"]],
    [
      { capacityMs: 0, refillMsPerSecond: 0 },
      [
        "preparing.capacityMs: a whole number from 1 to 600000",
        "preparing.refillMsPerSecond: a whole number from 1 to 1000",
      ],
    ],
    [{ refillMsPerSecond: 1001 }, ["preparing.refillMsPerSecond: a whole number from 1 to 1000"]],
    [false, ["preparing: an object, { capacityMs, refillMsPerSecond }"]],
  ])("%j", (preparing, expected) => {
    expect(parse({ preparing })).toEqual(expected);
  });
});

describe("limits and tiers", () => {
  test("name no limit that there is not", () => {
    expect(parse({ limits: { maxDeepness: 1 } })).not.toEqual(["ok"]);
    expect(parse({ limits: { measure: ["maxDocumentBytes"] } })).not.toEqual(["ok"]);
    expect(parse({ tiers: { gold: { limits: { maxDepth: 0 } } } })).toEqual([
      "tiers.gold.limits.maxDepth: a whole number from 1 to 200",
    ]);
  });

  test("have priorities from 0 to 100, and 50 where nothing is said", () => {
    for (const [priority, expected] of [
      [0, "ok"],
      [100, "ok"],
      [-1, "tiers.gold.priority: a whole number from 0 to 100"],
      [101, "tiers.gold.priority: a whole number from 0 to 100"],
    ] as const)
      expect(parse({ tiers: { gold: { priority } } })).toEqual([expected]);
    expect(bffOptions.parse({ name: "web", tiers: { gold: {} } }).tiers).toEqual({
      gold: { limits: {}, budgets: null, priority: 50 },
    });
  });

  test("may be 100", () => {
    const tiers = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`t${index}`, {}]));
    expect(parse({ tiers: tiers(100) })).toEqual(["ok"]);
    expect(parse({ tiers: tiers(101) })).toEqual([
      "tiers: an object of at most 100 tiers, { gold: { limits, budgets, priority } }",
    ]);
  });
});
