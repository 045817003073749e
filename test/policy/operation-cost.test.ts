import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { maxCost } from "../../gateway/policy/cost-arithmetic.ts";
import type { Denials } from "../../gateway/policy/access-rules.ts";
import type { CostFormula, Spend } from "../../gateway/policy/operation-cost.ts";
import { RequestRefusal } from "../../gateway/core/request-refusal.ts";
import { countCalls } from "../../gateway/prepare/estimate-calls.ts";
import { openCosts, openSame } from "../cost/costed-schema.ts";
import { openPlanner, type Planner } from "../support/shop-planner.ts";

let shop: Planner;
beforeAll(async () => {
  shop = await openPlanner();
});
afterAll(() => shop.dispose());

describe("a size that no list can have", () => {
  const schema = openSame(`
    type Query {
      users(first: Int): [User] @listSize(slicingArguments: ["first"])
      some(first: Int, last: Int): [User]
        @listSize(slicingArguments: ["first", "last"], requireOneSlicingArgument: false)
      either(first: Int, last: Int): [User] @listSize(slicingArguments: ["first", "last"])
      paged(page: Page): [User] @listSize(slicingArguments: ["page.size"])
      films(first: Int): Films @listSize(slicingArguments: ["first"], sizedFields: ["nodes"])
    }
    type User { id: ID either(first: Int, last: Int): [User] @listSize(slicingArguments: ["first", "last"]) }
    type Films { nodes: [User] }
    input Page { size: Int }`);
  afterAll(() => schema.dispose());

  type Variables = Readonly<Record<string, unknown>>;
  const atDocument = "GRAPHQL_VALIDATION_FAILED";
  const atVariables = "BAD_USER_INPUT";
  it.each<[query: string, variables: Variables, code: string, message: string]>([
    ["{ users(first: -1) { id } }", {}, atDocument, "Query.users: expected at least 0 as first, found -1."],
    [
      "query ($n: Int) { users(first: $n) { id } }",
      { n: -1 },
      atVariables,
      "Query.users: expected at least 0 as first, found -1.",
    ],
    [
      "query ($n: Int = -2) { users(first: $n) { id } }",
      {},
      atVariables,
      "Query.users: expected at least 0 as first, found -2.",
    ],
    [
      "{ users { id } }",
      {},
      atDocument,
      "Query.users: expected exactly one of first, which say how long the list is, found none.",
    ],
    [
      "{ users(first: null) { id } }",
      {},
      atDocument,
      "Query.users: expected exactly one of first, which say how long the list is, found none.",
    ],
    [
      "query ($n: Int) { users(first: $n) { id } }",
      {},
      atVariables,
      "Query.users: expected exactly one of first, which say how long the list is, found none.",
    ],
    [
      "{ either { id } }",
      {},
      atDocument,
      "Query.either: expected exactly one of first, last, which say how long the list is, found none.",
    ],
    [
      "{ either(first: 1, last: 1) { id } }",
      {},
      atDocument,
      "Query.either: expected exactly one of first, last, which say how long the list is, found first, last.",
    ],
    [
      "query ($n: Int) { either(first: 1, last: $n) { id } }",
      { n: 1 },
      atVariables,
      "Query.either: expected exactly one of first, last, which say how long the list is, found first, last.",
    ],
    [
      "{ some(first: 1, last: -1) { id } }",
      {},
      atDocument,
      "Query.some: expected at least 0 as last, found -1.",
    ],
    // The literal is wrong, whatever the variable is.
    [
      "query ($n: Int) { some(first: $n, last: -1) { id } }",
      { n: 3 },
      atDocument,
      "Query.some: expected at least 0 as last, found -1.",
    ],
    [
      "{ paged(page: { size: -5 }) { id } }",
      {},
      atDocument,
      "Query.paged: expected at least 0 as page.size, found -5.",
    ],
    [
      "query ($p: Page) { paged(page: $p) { id } }",
      { p: { size: -5 } },
      atVariables,
      "Query.paged: expected at least 0 as page.size, found -5.",
    ],
    [
      "{ films(first: -1) { nodes { id } } }",
      {},
      atDocument,
      "Query.films: expected at least 0 as first, found -1.",
    ],
    [
      "{ users(first: 1) { either { id } } }",
      {},
      atDocument,
      "User.either: expected exactly one of first, last, which say how long the list is, found none.",
    ],
  ])("is refused: %s with %o", (query, variables, code, message) => {
    const refusal = caught(() => schema.estimate(query, variables));
    expect(refusal).toBeInstanceOf(RequestRefusal);
    const { reasons, ...rest } = refusal as RequestRefusal;
    expect(rest.code).toBe(code);
    expect(reasons.map((reason) => reason.message)).toEqual([message]);
    expect(reasons[0]?.locations).toEqual([{ line: 1, column: expect.any(Number) }]);
  });

  it("is no matter where it is left out", () => {
    const query = "query ($a: Boolean!, $n: Int) { users(first: $n) @include(if: $a) { id } }";
    expect(schema.estimate(query, { a: false, n: -1 }).fieldCost).toBe(0);
    expect(caught(() => schema.estimate(query, { a: true, n: -1 }))).toBeInstanceOf(RequestRefusal);
  });

  it("is told once for each place in the document", () => {
    const refusal = caught(() =>
      schema.estimate("{ a: users { id } b: users(first: -1) { id } users(first: 1) { id } }"),
    );
    expect((refusal as RequestRefusal).reasons).toHaveLength(2);
  });
});

describe("what a caller may not read", () => {
  const sdl = (guard: string): string => `
    type Query { open: Item items: [Item] @listSize(assumedSize: 3) any: Any }
    type Item { id: ID secret: Secret ${guard} }
    type Secret @cost(weight: 100) { text: String }
    type Hidden ${guard} @cost(weight: 50) { text: String }
    union Any = Item | Hidden`;
  const guard = '@requiresScopes(scopes: [["a"]])';
  const schema = openCosts(
    [`extend schema @source(name: "s", url: "http://localhost:1", kind: GRAPHQL)\n${sdl("")}`],
    sdl(guard),
  );
  afterAll(() => schema.dispose());

  it("costs nothing", () => {
    const denials = schema.project.access.get("web")?.denialsFor([0]) ?? null;
    const query = "{ items { id secret { text } } any { ... on Item { id } ... on Hidden { text } } }";
    const { typeCost, fieldCost } = schema.estimate(query);
    expect([typeCost, fieldCost]).toEqual([1 + 3 + 300 + 50, 1 + 3 + 1]);
    const reduced = schema.estimate(query, {}, denials);
    expect([reduced.typeCost, reduced.fieldCost]).toEqual([1 + 3 + 1, 1 + 1]);
  });

  it("costs nothing whatever was asked before with one formula", () => {
    const denials = schema.project.access.get("web")?.denialsFor([0]) ?? null;
    const formula = schema.compile("{ open { secret { text } } }");
    const found = [null, denials, null, denials].map((one) => formula.estimate({}, one).typeCost);
    expect(found).toEqual([102, 2, 102, 2]);
  });

  it("is compiled at the expense of who asks, each time that it is, and of nobody who may read everything", () => {
    const denials = schema.project.access.get("web")?.denialsFor([0]) ?? null;
    const formula = schema.compile("{ open { secret { text } } }");
    let spent = 0;
    const spend: Spend = (work) => {
      spent += 1;
      return work();
    };
    const refuse: Spend = () => {
      throw RequestRefusal.of("RATE_LIMITED");
    };
    expect(() => formula.estimate({}, denials, refuse)).toThrow(RequestRefusal);
    const found = [null, denials, null, denials].map((one) => formula.estimate({}, one, spend).typeCost);
    expect([found, spent]).toEqual([[102, 2, 102, 2], 1]);
    expect(formula.estimate({}, denials, refuse).typeCost).toBe(2);
    // More kinds of callers than are kept.
    const none = { deniesField: () => false, deniesObject: () => false };
    const kinds = Array.from(
      { length: 30 },
      (_, kind) => ({ ...none, key: `kind ${kind}` }) as Partial<Denials> as Denials,
    );
    for (const kind of kinds) formula.estimate({}, kind, spend);
    expect(spent).toBe(31);
    const [first] = kinds;
    expect(() => formula.estimate({}, first ?? null, refuse)).toThrow(RequestRefusal);
  });
});

describe("lengths of lists", () => {
  it.each<[what: string, query: string, lists: Readonly<Record<string, number>>, bff?: string]>([
    ["pages", "{ products(first: 7) { items { name } } }", { "products.items": 7 }],
    [
      "lists in lists",
      "{ products(first: 7) { items { reviews(first: 2) { author { reviews { id } } } } } }",
      {
        "products.items": 7,
        "products.items[].reviews": 2,
        "products.items[].reviews[].author.reviews": 10,
      },
    ],
    [
      "connections",
      "{ latestReviews(first: 4) { edges { node { id } } nodes { id } } }",
      {
        "latestReviews.edges": 4,
        "latestReviews.nodes": 4,
      },
    ],
    [
      "connections behind a path",
      "{ viewer { wishes { edges { node { product { name } } } } } }",
      {
        "viewer.wishes.edges": 5,
      },
    ],
    [
      "types",
      "{ viewer { notifications { items { ... on PriceDrop { product { reviews { id } } } } } } }",
      {
        "viewer.notifications.items": 20,
        "viewer.notifications.items[]<PriceDrop>.product.reviews": 10,
      },
    ],
    [
      "flattened lists",
      "{ home { latestVoices { stars } featured { title } } }",
      {
        "home.latestVoices": 3,
        "home.latestVoices[]": 1,
        "home.featured": 6,
      },
      "mobile",
    ],
    ["global ids", '{ linkedAll(links: ["a", "b", "c"]) { link } }', { linkedAll: 3 }, "mobile"],
    [
      "recommendations through a path",
      '{ product(id: "p1") { alsoLike { title } } }',
      { "product.alsoLike": 3 },
      "mobile",
    ],
    [
      "orders under another name",
      "{ viewer { orders(first: 3) { items { lines { product { name } } } } } }",
      {
        "viewer.orders.items": 3,
        "viewer.orders.items[].lines": 20,
      },
    ],
  ])("are known by their response paths: %s", (_what, query, lists, bff = "web") => {
    const estimate = shop.estimate(query, {}, bff);
    const found = Object.keys(lists).map((list) => [list, estimate.lengthOf(list)]);
    expect(Object.fromEntries(found)).toEqual(lists);
  });

  it("are those that plans name", () => {
    const query =
      "{ products(first: 300) { items { reviews(first: 3) { author { name reviews(first: 1) { id } } } } } }";
    const estimate = shop.estimate(query);
    const calls = countCalls(shop.plan(query), (list) => estimate.lengthOf(list));
    // Products, reviews of 300 in two calls, 900 authors in five, the reviews of each author.
    expect(calls.toSorted((one, other) => one - other)).toEqual([1, 2, 5, 900]);
  });

  it("follow variables", () => {
    const query =
      "query ($n: Int, $a: Boolean!) { products(first: $n) { items { name reviews(first: $n) @include(if: $a) { id } } } }";
    const lengths = (variables: Readonly<Record<string, unknown>>): number[] => {
      const estimate = shop.estimate(query, variables);
      return ["products.items", "products.items[].reviews"].map((list) => estimate.lengthOf(list));
    };
    expect(lengths({ n: 4, a: true })).toEqual([4, 4]);
    // The web BFF's own default.
    expect(lengths({ a: true })).toEqual([20, 10]);
    expect(lengths({ n: 4, a: false })).toEqual([4, 0]);
  });

  it("that are 0 for a backend to which 0 is no number are its default", () => {
    const orders = shop.estimate("{ home { orders(first: 0) { lines { quantity } } } }", {}, "mobile");
    expect(["home.orders", "home.orders[].lines"].map((list) => orders.lengthOf(list))).toEqual([10, 20]);
    // REST says 0 as it is.
    const query = '{ product(id: "p1") { reviews(first: 0) { stars } } }';
    expect(shop.estimate(query).lengthOf("product.reviews")).toBe(0);
  });

  it("that stand nowhere are assumed", () => {
    expect(shop.estimate("{ categories { name } }").lengthOf("nothing")).toBe(10);
  });
});

describe("an operation that grows in its fragments", () => {
  const schema = openSame(`
    type Query { node: Node }
    interface Node { id: ID node: Node other: Node }
    ${Array.from({ length: 30 }, (_, index) => `type T${index} implements Node { id: ID node: Node other: Node }`).join("\n")}`);
  afterAll(() => schema.dispose());

  it("costs more than any limit where it is more than can be looked at", () => {
    const bomb = Array.from({ length: 28 }, (_, index) => {
      const next = index === 27 ? "id" : `...f${index + 1}`;
      return `fragment f${index} on Node { a${index}: node { ${next} } b${index}: node { ${next} } }`;
    }).join(" ");
    const { formula, ms } = timed(() => schema.prepare(`{ node { ...f0 } } ${bomb}`));
    const estimate = formula.estimate({}, null);
    expect([estimate.typeCost, estimate.fieldCost, estimate.lengthOf("node")]).toEqual([
      maxCost,
      maxCost,
      10,
    ]);
    expect(ms).toBeLessThan(1000);
  });

  it("is looked at once for each type, however deep it is", () => {
    const depth = 18;
    const query = `{ node ${"{ node ".repeat(depth)}{ id }${" }".repeat(depth)} }`;
    const { typeCost, fieldCost } = schema.estimate(query);
    expect([typeCost, fieldCost]).toEqual([depth + 2, depth + 1]);
  });

  it("adds up in one place what fragments repeat", () => {
    const chain = Array.from({ length: 500 }, (_, index) => {
      const next = index === 499 ? "id" : `...g${index + 1} ...g${index + 1}`;
      return `fragment g${index} on Node { ${next} }`;
    }).join(" ");
    const { typeCost } = schema.estimate(`{ node { ...g0 ...g0 } } ${chain}`);
    expect(typeCost).toBe(2);
  });

  it("is bounded with twenty conditions, too", () => {
    const names = Array.from({ length: 20 }, (_, index) => `v${index}`);
    const chain = names.map((name, index) => {
      const next = index === 19 ? "id" : `h${index + 1}`;
      const spread = index === 19 ? next : `...${next} @include(if: $${name}) ...${next} @skip(if: $${name})`;
      return `fragment h${index} on Node { a${index}: id ${spread} }`;
    });
    const query = `query (${names.map((name) => `$${name}: Boolean!`).join(" ")}) { node { ...h0 } v: node @skip(if: $v19) { id } } ${chain.join(" ")}`;
    const { formula, ms } = timed(() => schema.prepare(query));
    const variables = Object.fromEntries(names.map((name) => [name, true]));
    expect(formula.estimate(variables, null).typeCost).toBe(maxCost);
    expect(ms).toBeLessThan(1000);
  });
});

describe("a formula", () => {
  const query = `query ($n: Int, $m: Int) { products(first: $n) { items { name price { units }
    reviews(first: $m) { stars author { name } } recommendations(first: $m) { product { name } } } } }`;

  it("takes microseconds", () => {
    const estimate = (): number => shop.estimate(query, { n: 5, m: 2 }).fieldCost;
    // 1 products, 1 items; of each product price, reviews, author of 2, recommendations (2), product of 2.
    expect(estimate()).toBe(1 + 1 + 5 * (1 + 1 + 2 + 2 + 2));
    const formula = shop.formula(query);
    for (let round = 0; round < 2000; round++) formula.estimate({ n: 5, m: 2 }, null);
    const rounds = 20_000;
    const before = process.cpuUsage();
    for (let round = 0; round < rounds; round++) formula.estimate({ n: 5, m: 2 }, null);
    const { user, system } = process.cpuUsage(before);
    // Measured: 5 µs of processor time; of an operation without variables nothing is left to do.
    expect((user + system) / rounds).toBeLessThan(50);
    const fixed = shop.formula("{ products(first: 5) { items { name } } }");
    expect(fixed.estimate({}, null)).toBe(fixed.estimate({}, null));
  });

  it("is the same for every order of estimates", () => {
    const formula = shop.formula(query);
    const costs = [1, 9, 1].map((n) => formula.estimate({ n, m: 1 }, null).fieldCost);
    expect(costs[0]).toBe(costs[2]);
    expect(costs[1]).toBeGreaterThan(costs[0] ?? Infinity);
  });

  it("stays a number for sizes beyond all measure", () => {
    const largest = 2_147_483_647;
    const deep =
      "query ($n: Int) { products(first: $n) { items { reviews(first: $n) { author { reviews(first: $n) { id } } } } } }";
    const { typeCost, fieldCost } = shop.estimate(deep, { n: largest });
    expect([typeCost, fieldCost]).toEqual([maxCost, maxCost]);
    // The catalog is asked by gRPC: no number is its default of 20.
    expect(shop.estimate(deep, { n: 0 }).fieldCost).toBe(1 + 1 + 20);
  });
});

/** With the processor time that compiling takes, and not what comes before it. */
function timed(prepare: () => { compile(): CostFormula }): {
  readonly formula: CostFormula;
  readonly ms: number;
} {
  const prepared = prepare();
  const before = process.cpuUsage();
  const formula = prepared.compile();
  const { user, system } = process.cpuUsage(before);
  return { formula, ms: (user + system) / 1000 };
}

function caught(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}
