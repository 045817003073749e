import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { PlanDescription } from "../../gateway/prepare/describe-plan.ts";
import { countCalls, estimateCalls } from "../../gateway/prepare/estimate-calls.ts";
import { compileEverything } from "../support/compile-setting.ts";
import { openPlanner, type Planner } from "../support/shop-planner.ts";
import { type QueryOptions, startTestGateway, type TestGateway } from "../support/test-gateway.ts";

// What a plan says that it will call, beside what the shop's backends were called.

compileEverything();

let planner: Planner;
let test: TestGateway;
let token: string;

beforeAll(async () => {
  [planner, test] = await Promise.all([openPlanner(), startTestGateway({ LOG_LEVEL: "silent" })]);
  token = await test.issuer.issueToken("u1", 600);
});
afterAll(async () => {
  await Promise.all([planner.dispose(), test.stop()]);
});
beforeEach(() => test.shop.clearLogs());

interface ExactOptions extends QueryOptions {
  /** Of lists that are not in the answer as they were read. */
  readonly lengths?: Readonly<Record<string, number>>;
}

const exact: readonly (readonly [what: string, query: string, options: ExactOptions])[] = [
  [
    "a list and what is batched for its rows",
    "{ products(first: 20) { items { stock { level } rating { average } } } }",
    {},
  ],
  ["keys cut at maxSize", "{ products(first: 1000) { items { stock { level } rating { average } } } }", {}],
  ["keys just at maxSize", "{ products(first: 200) { items { stock { level } } } }", {}],
  ["keys just over maxSize", "{ products(first: 201) { items { stock { level } } } }", {}],
  ["an empty list", '{ product(id: "p970") { name reviews { author { name } } } }', {}],
  [
    "lists inside lists",
    "{ products(first: 20) { items { reviews(first: 3) { stars author { name } } } } }",
    {},
  ],
  [
    "one call for each object",
    '{ product(id: "p1") { reviews(first: 4) { author { reviews(first: 1) { id } } } } }',
    {},
  ],
  [
    "aliases of one field",
    '{ a: product(id: "p1") { name } b: product(id: "p2") { name stock { level } } }',
    {},
  ],
  [
    "steps below aliases of one field",
    '{ a: product(id: "p1") { stock { level } } b: product(id: "p2") { stock { level } } c: product(id: "p3") { stock { level } } }',
    {},
  ],
  ["equal calls of two groups", "{ a: viewer { profile { name } } b: viewer { profile { email } } }", {}],
  [
    "objects that are known by their key",
    "{ viewer { orders(first: 3) { items { lines { product { id stock { level } } } } } } }",
    {},
  ],
  ["another row of an object that is there", '{ product(id: "p1") { name parcelClass } }', {}],
  [
    "objects of several types",
    "{ viewer { notifications { items { ... on PriceDrop { product { name } } ... on ReviewReply { author { name } } } } } }",
    {},
  ],
  [
    "a screen of groups and paths",
    "{ home { unread featured(first: 3) { title inStock stars } latestVoices { author stars } } }",
    { bff: "mobile", lengths: { "home.latestVoices[]": 1 } },
  ],
  [
    "a mutation and what is read after it",
    'mutation { reserve(productId: "p1") { quantity product { name stock { level } } } again: reserve(productId: "p2") { quantity } }',
    {},
  ],
];

describe("the calls of a plan", () => {
  it.each(exact)("are those that are made: %s", async (_what, query, { lengths = {}, ...options }) => {
    const plan = planner.plan(query, { bff: options.bff ?? "web" });
    const { data, errors } = await test.query(query, { ...options, token });
    expect(errors).toEqual([]);
    const predicted = countCalls(plan, (list) => lengths[list] ?? averageLength(data, list));
    const bySource: Record<string, number> = {};
    for (const [index, calls] of predicted.entries()) {
      const source = plan.steps[index]?.source ?? "";
      bySource[source] = (bySource[source] ?? 0) + Math.round(calls * 1e6) / 1e6;
    }
    expect(countBySource(test.shop.calls())).toEqual(without0(bySource));
  });

  it("are never more than estimated, where objects share keys or one branch has asked what another asks", async () => {
    const query = `{ products(first: 30) { items { reviews(first: 2) { author { name reviews(first: 2) { product { name } author { name } } } } } } }`;
    const plan = planner.plan(query);
    const { data } = await test.query(query);
    const predicted = countCalls(plan, (list) => averageLength(data, list));
    const made = test.shop.calls().length;
    expect(made).toBeGreaterThan(4);
    expect(made).toBeLessThanOrEqual(sum(predicted));
  });
});

describe("an estimate", () => {
  it("multiplies lists that are in lists, and cuts keys at maxSize", () => {
    const plan = planner.plan(
      "{ products { items { stock { level } reviews { author { name reviews { id } } } } } }",
    );
    const estimates = [0, 1, 10, 100, 201].map((size) => estimateCalls(plan, size));
    expect(plan.steps.map(({ coordinate }) => coordinate)).toEqual([
      "Query.products",
      "Product.stock",
      "Product.reviews",
      "Query.user",
      "User.reviews",
    ]);
    expect(estimates.map(({ steps }) => steps)).toEqual([
      [1, 0, 0, 0, 0],
      [1, 1, 1, 1, 1],
      [1, 1, 1, 1, 100],
      [1, 1, 1, 50, 10_000],
      [1, 2, 2, 203, 40_401],
    ]);
    expect(estimates.map(({ total }) => total)).toEqual([1, 5, 104, 10_053, 40_609]);
  });

  it("counts objects of which something is read one by one, whose calls it can't know", () => {
    const field = { reason: "", sources: [], after: [0], root: 0, lists: ["products.items"] };
    const resolved = ["products.items[].a", "products.items[].b"].map((path) => ({ ...field, path }));
    const plan = { ...planner.plan("{ products { items { id } } }"), resolved };
    expect([1, 10].map((size) => estimateCalls(plan, size))).toEqual([
      { listSize: 1, steps: [1], total: 1, resolvedObjects: 2 },
      { listSize: 10, steps: [1], total: 1, resolvedObjects: 20 },
    ]);
  });

  it("adds the keys of steps that leave together, and does not add those that do not", () => {
    const together = planner.plan('{ a: product(id: "p1") { id } b: product(id: "p2") { id } }');
    expect(estimateCalls(together, 1).steps).toEqual([1, 0]);
    const otherwise = planner.plan(
      '{ product(id: "p1") { a: reviews(first: 1) { id } b: reviews(first: 2) { id } c: reviews(first: 1) { stars } } }',
    );
    expect(estimateCalls(otherwise, 1).steps).toEqual([1, 1, 1]);
    const below = planner.plan(
      '{ a: product(id: "p1") { reviews { author { name } } } user(id: "u1") { name } }',
    );
    expect(joinsOf(below)).toEqual([null, null, null, null]);
  });
});

function joinsOf(plan: PlanDescription): (number | null)[] {
  return plan.steps.map(({ joins }) => joins);
}

/** How long the lists at a response path are, on average: so that products of such lengths are exact. */
function averageLength(data: unknown, list: string): number {
  const values = valuesAt([data], list.split("."));
  const lists = values.filter(Array.isArray);
  return lists.length === 0 ? 0 : sum(lists.map(({ length }) => length)) / lists.length;
}

function valuesAt(objects: readonly unknown[], [part, ...rest]: readonly string[]): unknown[] {
  if (part === undefined) return [...objects];
  const [, name = "", marks = "", type = null] = /^(\w+)((?:\[\])*)(?:<(\w+)>)?$/.exec(part) ?? [];
  if (type !== null) throw new Error("a list inside one of several types is not looked into");
  let values = objects.map((object) => (object as Record<string, unknown> | null)?.[name]);
  for (let depth = marks.length / 2; depth > 0; depth--) values = values.filter(Array.isArray).flat();
  return valuesAt(
    values.filter((value) => value !== null && value !== undefined),
    rest,
  );
}

function countBySource(calls: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const call of calls) {
    const [source = ""] = call.split(" ");
    counts[source] = (counts[source] ?? 0) + 1;
  }
  return counts;
}

function without0(counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
