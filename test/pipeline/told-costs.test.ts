import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { CostReport } from "../../gateway/pipeline/cost-report.ts";
import { createShopProject, type TemporaryProject } from "../support/temporary-project.ts";
import { type GraphqlAnswer, startTestGateway, type TestGateway } from "../support/test-gateway.ts";

const schema = `
  type Query { products(first: Int = 3): ProductList }
  type Mutation { deleteReview(id: ID!): Boolean }
  type ProductList @view(of: "ProductPage") { items: [Product!]! }
  type Product { id: ID! stock: Stock inStock: Boolean! @from(field: "stock.available") @default(value: false, onError: true) }
  type Stock { quantity: Int! }
`;
const shelf = "query Shelf($first: Int) { products(first: $first) { items { id stock { quantity } } } }";
const options = {
  budgets: [
    { name: "calls", of: "requests", capacity: 1000, refillPerSecond: 1 },
    { name: "cost", of: "fieldCost", capacity: 1000, refillPerSecond: 0.001 },
  ],
  limits: { maxTypeCost: 100 },
};
const report = { headers: { "graphql-cost": "report" } };
const validate = { headers: { "graphql-cost": "validate" } };

function costOf({ extensions }: GraphqlAnswer): CostReport | undefined {
  return (extensions as { readonly cost?: CostReport } | undefined)?.cost;
}

function left(answer: GraphqlAnswer, name: string): number {
  return Number(new RegExp(`"${name}";r=(\\d+)`).exec(answer.headers.get("ratelimit") ?? "")?.[1]);
}

describe("a BFF that tells costs", () => {
  let project: TemporaryProject;
  let test: TestGateway;

  beforeAll(async () => {
    project = createShopProject(schema, { ...options, showCost: true });
    test = await startTestGateway({}, project.root);
  });
  afterAll(async () => {
    await test.stop();
    project.remove();
  });
  beforeEach(() => test.shop.clearLogs());

  it("has the state of budgets in every answer", async () => {
    const { headers, extensions } = await test.query("{ __typename }");
    expect(headers.get("ratelimit-policy")).toBe(
      '"calls";q=1000;w=1000, "cost";q=1000;qu="field-cost";w=1000000',
    );
    expect(headers.get("ratelimit")).toMatch(/^"calls";r=\d+;t=\d+, "cost";r=\d+;t=\d+$/);
    expect(extensions).toBeUndefined();
  });

  it("tells with a report what the operation was estimated at and what it cost, beside its answer", async () => {
    const plain = await test.query(shelf, { variables: { first: 2 } });
    const { data, errors, ...told } = await test.query(shelf, { variables: { first: 2 }, ...report });
    expect({ data, errors }).toEqual({ data: plain.data, errors: [] });
    const cost = costOf({ data, errors, ...told });
    expect(cost).toEqual({
      estimate: { typeCost: 6, fieldCost: 4, upstreamCalls: 2 },
      actual: { typeCost: 6, fieldCost: 4, upstreamCalls: 2 },
      limits: { maxTypeCost: 100, maxFieldCost: 10_000, maxUpstreamCalls: 500 },
      exceeded: [],
      remaining: [
        {
          name: "calls",
          of: "requests",
          capacity: 1000,
          remaining: expect.any(Number),
          resetAfterSeconds: expect.any(Number),
        },
        {
          name: "cost",
          of: "fieldCost",
          capacity: 1000,
          remaining: expect.any(Number),
          resetAfterSeconds: expect.any(Number),
        },
      ],
      rateLimits: [],
    });
    expect(Math.floor(cost?.remaining[1]?.remaining ?? 0)).toBe(left({ data, errors, ...told }, "cost"));
  });

  it("tells it beside what defaults stand in for, too", async () => {
    test.shop.inventory.faults.set({ fault: "error" });
    const answer = await test.query("{ products { items { inStock } } }", report);
    test.shop.inventory.faults.clear();
    expect(Object.keys(answer.extensions as object)).toEqual(["completeness", "cost"]);
  });

  it("runs nothing that is only to be validated, and takes one request for it and no more", async () => {
    const before = await test.query("{ __typename }");
    test.shop.clearLogs();
    const answer = await test.query(shelf, { variables: { first: 20 }, ...validate });
    expect(test.shop.calls()).toEqual([]);
    expect(answer).toMatchObject({ status: 200, data: null, errors: [] });
    expect(answer.text).toMatch(/^\{"data":null,"extensions":\{"cost":\{/);
    expect(costOf(answer)).toMatchObject({
      estimate: { typeCost: 42, fieldCost: 22, upstreamCalls: 2 },
      exceeded: [],
    });
    expect(costOf(answer)).not.toHaveProperty("actual");
    expect(costOf(answer)).not.toHaveProperty("plan");
    expect(left(answer, "cost")).toBe(left(before, "cost"));
    expect(left(before, "calls") - left(answer, "calls")).toBeLessThanOrEqual(1);
  });

  it("tells which limits an operation would break, with status 200, and refuses to run it", async () => {
    const variables = { first: 50 };
    const answer = await test.query(shelf, { variables, ...validate });
    expect([answer.status, costOf(answer)?.exceeded]).toEqual([
      200,
      [{ limit: "maxTypeCost", max: 100, found: 102, isEnforced: true }],
    ]);
    expect(await test.query(shelf, { variables, ...report })).toMatchObject({
      status: 400,
      errors: [{ extensions: { code: "COST_LIMIT_EXCEEDED" } }],
    });
    expect(test.shop.calls()).toEqual([]);
  });

  it("changes nothing for a mutation that is only to be validated", async () => {
    const mutation = 'mutation { deleteReview(id: "r1") }';
    const answer = await test.query(mutation, validate);
    expect(answer).toMatchObject({ status: 200, data: null, errors: [] });
    expect(test.shop.calls()).toEqual([]);
  });

  it.each([
    ["a document that is none of the BFF's", "{ nothing }", "GRAPHQL_VALIDATION_FAILED"],
    ["no document", "{", "GRAPHQL_PARSE_FAILED"],
  ])("refuses %s as if it were to be run", async (_what, query, code) => {
    expect((await test.query(query, validate)).errors[0]?.extensions.code).toBe(code);
  });

  it("runs nothing where it does not know what is asked for", async () => {
    const answer = await test.query(shelf, { headers: { "graphql-cost": "validat" } });
    expect(answer).toMatchObject({ status: 400, errors: [{ extensions: { code: "BAD_REQUEST" } }] });
    expect(test.shop.calls()).toEqual([]);
  });

  it("refuses to validate where no request is left, and says when it may", async () => {
    const poor = createShopProject(schema, {
      showCost: true,
      budgets: [{ name: "calls", of: "requests", capacity: 1, refillPerSecond: 0.01 }],
    });
    const other = await startTestGateway({}, poor.root);
    const answers = [
      await other.query("{ __typename }", validate),
      await other.query("{ __typename }", validate),
    ];
    await other.stop();
    poor.remove();
    expect(answers.map(({ status }) => status)).toEqual([200, 429]);
    expect(answers[1]?.headers.get("ratelimit")).toMatch(/^"calls";r=0;t=(?:99|100)$/);
    expect(Number(answers[1]?.headers.get("retry-after"))).toBeGreaterThanOrEqual(98);
  });
});

describe("who may ask for costs", () => {
  it.each([
    ["in development", { NODE_ENV: "development" }, {}, true],
    ["not in production", {}, {}, false],
    ["not in development, of a BFF that tells none", { NODE_ENV: "development" }, { showCost: false }, false],
  ])("%s", async (_where, environment, more, isTold) => {
    const project = createShopProject(schema, more);
    const test = await startTestGateway(environment, project.root);
    const [reported, validated] = [await test.query(shelf, report), await test.query(shelf, validate)];
    await test.stop();
    project.remove();
    expect(reported.status).toBe(200);
    expect(costOf(reported) !== undefined).toBe(isTold);
    expect(validated.status).toBe(isTold ? 200 : 400);
    const calls = costOf(validated)?.plan?.steps.map((step) => step.calls);
    expect(calls).toEqual(isTold ? [1, 1] : undefined);
  });
});

describe("plans that are asked for over and over", () => {
  it("are made at the expense of who asks, whose requests go on", async () => {
    const aliases = Array.from({ length: 30 }, (_, index) => `a${index}`);
    const wide = `{ ${aliases.map((name) => `${name}: products(first: 1) { items { id } }`).join(" ")} }`;
    const preparing = { capacityMs: 200, refillMsPerSecond: 1 };
    const project = createShopProject(schema, { showCost: true, showPlan: true, preparing });
    const test = await startTestGateway({}, project.root);
    const codes = new Set<unknown>();
    for (let asked = 0; asked < 2000 && codes.size < 2; asked++)
      codes.add((await test.query(wide, validate)).errors[0]?.extensions?.["code"]);
    const { errors } = await test.query(wide);
    await test.stop();
    project.remove();
    expect([...codes]).toEqual([undefined, "RATE_LIMITED"]);
    expect(errors).toEqual([]);
  });
});
