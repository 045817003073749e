import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ExecutedPlan } from "../../gateway/pipeline/explain.ts";
import { createShopProject, type TemporaryProject } from "../support/temporary-project.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

const schema = `
  type Query { products(first: Int = 3): ProductList product(id: ID!): Product }
  type ProductList @view(of: "ProductPage") { items: [Product!]! }
  type Product { id: ID! stock: Stock inStock: Boolean! @from(field: "stock.available") @default(value: false, onError: true) }
  type Stock { quantity: Int! }
`;
const query = "query Stocks { products { items { id stock { quantity } } } }";

async function ask(test: TestGateway, body: object) {
  const response = await fetch(`${test.gateway.url}/web/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return (await response.json()) as {
    readonly data: unknown;
    readonly errors?: unknown;
    readonly extensions?: { readonly plan?: ExecutedPlan; readonly completeness?: unknown };
  };
}

describe("a request that asks for its plan", () => {
  let project: TemporaryProject;
  let test: TestGateway;

  beforeAll(async () => {
    project = createShopProject(schema);
    test = await startTestGateway({ LOG_LEVEL: "silent", NODE_ENV: "development" }, project.root);
  });
  afterAll(async () => {
    await test.stop();
    project.remove();
  });
  beforeEach(() => test.shop.clearLogs());
  afterEach(() => {
    for (const backend of [test.shop.inventory, test.shop.catalog]) backend.faults.clear();
  });

  it("is answered as without it, and told its plan, its calls, and what ran it", async () => {
    const plain = await ask(test, { query });
    const { data, errors, extensions } = await ask(test, { query, extensions: { plan: true } });
    expect({ data, errors }).toEqual({ data: plain.data, errors: undefined });
    expect(extensions?.plan).toMatchObject({
      operation: "Stocks",
      kind: "query",
      steps: [
        { id: 0, path: "products", template: "shop.catalog.v1.CatalogService/ListProducts", after: [] },
        { id: 1, path: "products.items[].stock", coordinate: "Product.stock", after: [0] },
      ],
      resolved: [],
      calls: [
        { source: "catalog", coordinate: "Query.products", steps: [0], sent: 1, joined: 0, failed: 0 },
        { source: "inventory", coordinate: "Product.stock", steps: [1], sent: 1, joined: 0, failed: 0 },
      ],
    });
    for (const { maxDurationMs } of extensions?.plan?.calls ?? []) expect(maxDurationMs).toBeGreaterThan(0);
  });

  it("is told that its first run was the reference executor's, and a later one compiled", async () => {
    const fresh = "query Fresh { products { items { id stock { quantity } } } }";
    const tiers: unknown[] = [];
    await expect
      .poll(async () => {
        const { extensions } = await ask(test, { query: fresh, extensions: { plan: true } });
        tiers.push(extensions?.plan?.tier);
        return tiers.at(-1);
      })
      .toBe("compiled");
    expect(tiers[0]).toBe("reference");
  });

  it("is told what failed, beside its errors and what was absorbed", async () => {
    test.shop.inventory.faults.set({ fault: "error" });
    const { data, errors, extensions } = await ask(test, {
      query: '{ product(id: "p1") { inStock stock { quantity } } }',
      extensions: { plan: true },
    });
    expect(data).toEqual({ product: { inStock: false, stock: null } });
    expect(errors).toHaveLength(1);
    expect(extensions?.completeness).toHaveLength(1);
    expect(extensions?.plan?.calls).toContainEqual(
      expect.objectContaining({ coordinate: "Product.stock", sent: 1, failed: 1 }),
    );
  });

  it("is told that the calls of an operation without a plan are of no step", async () => {
    const { extensions } = await ask(test, {
      query: '{ product(id: "p1") { stock { quantity } } __schema { queryType { name } } }',
      extensions: { plan: true },
    });
    expect(extensions?.plan).toMatchObject({
      tier: "reference",
      calls: [
        { coordinate: "Query.product", steps: [], sent: 1 },
        { coordinate: "Product.stock", steps: [], sent: 1 },
      ],
    });
  });

  it("is told why there is none, where an operation is left to the reference executor", async () => {
    const { data, extensions } = await ask(test, {
      query: "{ __schema { queryType { name } } }",
      extensions: { plan: true },
    });
    expect(data).toEqual({ __schema: { queryType: { name: "Query" } } });
    expect(extensions).toEqual({
      plan: { operation: null, reason: "Query has no __schema", tier: "reference", calls: [] },
    });
  });

  it("is told the plan of its own variant", async () => {
    const conditional =
      'query ($stock: Boolean!) { product(id: "p1") { id stock @include(if: $stock) { quantity } } }';
    const coordinates = async (stock: boolean): Promise<unknown> => {
      const { extensions } = await ask(test, {
        query: conditional,
        variables: { stock },
        extensions: { plan: true },
      });
      const plan = extensions?.plan;
      return plan !== undefined && "steps" in plan && plan.steps.map(({ coordinate }) => coordinate);
    };
    expect(await coordinates(true)).toEqual(["Query.product", "Product.stock"]);
    expect(await coordinates(false)).toEqual(["Query.product"]);
  });

  it.each([false, "true", 1, null, { steps: true }])("has to ask with true and not with %j", async (plan) => {
    const { extensions } = await ask(test, { query, extensions: { plan } });
    expect(extensions).toBeUndefined();
  });

  it("may ask by GET, too", async () => {
    const search = new URLSearchParams({ query, extensions: '{"plan":true}' });
    const response = await fetch(`${test.gateway.url}/web/graphql?${search}`);
    expect(await response.json()).toMatchObject({ extensions: { plan: { operation: "Stocks" } } });
  });
});

describe("a request that may not ask for its plan", () => {
  it.each<[where: string, environment: Record<string, string>, options: object, isShown: boolean]>([
    ["in production", { NODE_ENV: "production" }, {}, false],
    ["in production, but for a BFF that shows plans", { NODE_ENV: "production" }, { showPlan: true }, true],
    ["where nothing says what it is", {}, {}, false],
    ["in development, of a BFF that shows none", { NODE_ENV: "development" }, { showPlan: false }, false],
    ["in development", { NODE_ENV: "development" }, {}, true],
  ])("is answered as if it had not: %s", async (_where, environment, options, isShown) => {
    const project = createShopProject(schema, { ...options });
    const test = await startTestGateway({ ...environment, LOG_LEVEL: "silent" }, project.root);
    const { data, extensions } = await ask(test, { query, extensions: { plan: true } });
    await test.stop();
    project.remove();
    expect(data).toMatchObject({ products: { items: [{}, {}, {}] } });
    expect(extensions !== undefined).toBe(isShown);
  });
});
