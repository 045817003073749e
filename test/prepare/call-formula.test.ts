import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compileCallFormula, unboundedCalls } from "../../gateway/prepare/call-formula.ts";
import { countCalls } from "../../gateway/prepare/estimate-calls.ts";
import { openPlanner, type Planner } from "../support/shop-planner.ts";

let planner: Planner;
beforeAll(async () => {
  planner = await openPlanner();
});
afterAll(() => planner.dispose());

function callsOf(query: string, size: number): number {
  return compileCallFormula(planner.plan(query), []).upstreamCalls(() => size);
}

describe("the calls that a plan may make", () => {
  it.each<[what: string, query: string, calls: Readonly<Record<number, number>>]>([
    ["are none for what asks nobody", "{ __typename viewer { __typename } }", { 0: 0, 10: 0 }],
    [
      "are those of its root fields",
      "{ a: viewer { profile { name } } notes: products { items { id } } }",
      { 10: 2 },
    ],
    [
      "are one for all keys of a list",
      "{ products { items { stock { level } rating { average } } } }",
      { 0: 1, 1: 3, 200: 3 },
    ],
    [
      "are more where keys are more than a call has",
      "{ products { items { stock { level } } } }",
      { 200: 2, 201: 3, 401: 4 },
    ],
    [
      "are one for each object where nothing is batched",
      '{ product(id: "p1") { reviews { author { reviews(first: 1) { id } } } } }',
      { 0: 2, 1: 3, 10: 12 },
    ],
    [
      "are one where fields of one name leave together",
      '{ a: product(id: "p1") { id } b: product(id: "p2") { id } }',
      { 10: 1 },
    ],
    // Ten calls, each of which may be answered by itself before the rows are asked for that it refers to.
    [
      "are as many as there are answers before them",
      '{ product(id: "p1") { reviews { author { reviews(first: 1) { product { name } } } } } }',
      { 1: 4, 10: 22 },
    ],
    [
      "are those of all fields of a mutation",
      'mutation { a: reserve(productId: "p1") { quantity } b: reserve(productId: "p2") { quantity } }',
      { 10: 2 },
    ],
  ])("%s", (_what, query, expected) => {
    const found = Object.keys(expected).map((size) => [size, callsOf(query, Number(size))]);
    expect(Object.fromEntries(found)).toEqual(expected);
  });

  it("are never less than what the steps are counted to", () => {
    const query =
      "{ products { items { stock { level } reviews { author { name reviews { id product { name } } } } } } }";
    const plan = planner.plan(query);
    const formula = compileCallFormula(plan, []);
    for (const size of [0, 1, 2, 10, 201, 1000]) {
      const counted = countCalls(plan, () => size).reduce((sum, calls) => sum + calls, 0);
      expect(formula.upstreamCalls(() => size)).toBeGreaterThanOrEqual(counted);
    }
  });
});

describe("the calls for what is not planned", () => {
  it("are counted for each object, in all lists around it and of what stands nowhere in the answer", () => {
    const inner = { lists: ["a[].b"], calls: [2, 3], below: [] };
    const bounds = [{ lists: ["a"], calls: [1], below: [inner] }];
    const lengths: Record<string, number> = { a: 4, "a[].b": 5, "": 7 };
    const formula = compileCallFormula({ steps: [], places: [] }, bounds);
    expect(formula.upstreamCalls((list) => lengths[list] ?? 0)).toBe(4 * (1 + 5 * (2 + 3 * 7)));
    expect(formula.upstreamCalls(() => 0)).toBe(0);
  });

  it("are more than any limit allows where an operation is too large to be looked at", () => {
    expect(unboundedCalls.upstreamCalls(() => 0)).toBe(Number.MAX_SAFE_INTEGER);
  });

  it("stay a number that can be told, however many lists are in each other", () => {
    const lists = Array.from({ length: 40 }, (_, index) => `l${index}`);
    const formula = compileCallFormula({ steps: [], places: [] }, [{ lists, calls: [2, 3], below: [] }]);
    expect(formula.upstreamCalls(() => 2 ** 31 - 1)).toBe(Number.MAX_SAFE_INTEGER);
    expect(formula.upstreamCalls((list) => (list === "l39" ? 0 : 2 ** 31 - 1))).toBe(0);
  });
});

describe("a formula", () => {
  it("is a constant where no list matters, and asks for each length once where it does", () => {
    const constant = compileCallFormula(planner.plan('{ product(id: "p1") { name } }'), []);
    const asked: string[] = [];
    const lengthOf = (list: string): number => asked.push(list);
    expect(constant.upstreamCalls(lengthOf)).toBe(1);
    expect(asked).toEqual([]);
    const query = "{ products { items { stock { level } rating { average } } } }";
    compileCallFormula(planner.plan(query), []).upstreamCalls(lengthOf);
    expect(asked).toEqual(["products.items", ""]);
  });

  it("takes microseconds", () => {
    const query =
      "{ products { items { stock { level } rating { average } reviews { author { name } } } } home: viewer { orders { items { lines { product { name stock { level } } } } } } }";
    const formula = compileCallFormula(planner.plan(query), []);
    const lengthOf = (): number => 10;
    const times: number[] = [];
    for (let round = 0; round < 20; round++) {
      const startedMs = performance.now();
      for (let index = 0; index < 1000; index++) formula.upstreamCalls(lengthOf);
      times.push(performance.now() - startedMs);
    }
    // In milliseconds for 1000 of them: less than 1 on an idle machine.
    expect(Math.min(...times)).toBeLessThan(20);
  });
});
