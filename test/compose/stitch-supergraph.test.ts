import { readFileSync } from "node:fs";
import path from "node:path";
import {
  type ExecutionResult,
  graphql,
  type GraphQLSchema,
  isObjectType,
  Kind,
  isNonNullType,
  parse,
  print,
} from "graphql";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { stitchSupergraph } from "../../gateway/compose/stitch-supergraph.ts";
import type { RequestScope } from "../../gateway/core/request-scope.ts";
import type { Source } from "../../gateway/sources/source.ts";
import { repositoryRoot } from "../architecture/source-files.ts";
import { HttpBackend } from "../backends/http-backend.ts";
import { countUp, RequestLog } from "../backends/request-log.ts";
import { type Shop, type SourceName, startShop } from "../backends/shop.ts";
import { createScope } from "../support/request-scope.ts";
import { composeTexts } from "./compose-texts.ts";
import { startWarehouse, type Warehouse, warehouseSchemas } from "./warehouse.ts";

const shopSources: readonly SourceName[] = ["accounts", "catalog", "inventory", "orders", "reviews"];

let shop: Shop;
let rootFields: readonly string[];
let composed: ReturnType<typeof composeTexts>;

beforeAll(async () => {
  shop = await startShop();
  const texts = shopSources.map((name) => [
    name,
    readFileSync(path.join(repositoryRoot, `schemas/${name}.graphql`), "utf8"),
  ]);
  rootFields = texts.flatMap(([, text = ""]) => rootFieldsOf(text));
  composed = composeTexts(Object.fromEntries(texts) as Record<string, string>, null, {
    urls: Object.fromEntries(shopSources.map((name) => [name, shop[name].url])),
    protosFolder: path.join(repositoryRoot, "protos"),
  });
});

beforeEach(() => shop.clearLogs());

afterAll(async () => {
  await disposeAll(composed.sources);
  await shop.stop();
});

/** What a source schema says of `Query`, but for what is the gateway's own business. */
function rootFieldsOf(text: string): readonly string[] {
  return parse(text).definitions.flatMap((node) => {
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION || node.name.value !== "Query") return [];
    const shown = (node.fields ?? []).filter(({ directives = [] }) =>
      directives.every(({ name }) => name.value !== "internal"),
    );
    return shown.map(({ name }) => name.value);
  });
}

async function disposeAll(sources: readonly Source[]): Promise<void> {
  await Promise.all(sources.map((source) => source.dispose()));
}

async function query(
  schema: GraphQLSchema,
  source: string,
  scope: RequestScope = createScope(),
): Promise<ExecutionResult> {
  const { data: found, errors } = await graphql({ schema, source, contextValue: scope });
  // Objects of results have no prototype; a clone can be compared with literals.
  return { data: structuredClone(found ?? null), ...(errors !== undefined && { errors }) };
}

async function data(source: string, scope?: RequestScope): Promise<unknown> {
  const result = await query(composed.composition.schema, source, scope);
  expect(result.errors).toBeUndefined();
  return result.data;
}

describe("the stitched supergraph", () => {
  test("joins three sources and more, one call for each field that is a call or a hop", async () => {
    const found = (await data(`{
      products(first: 20) {
        items {
          id
          name
          stock { quantity }
          rating { average }
          reviews(first: 2, sort: TOP) { stars author { name } }
        }
      }
    }`)) as { products: { items: { id: string; stock: object | null; reviews: { stars: number }[] }[] } };
    expect(shop.calls().toSorted()).toEqual([
      "accounts GET /users",
      "catalog ListProducts",
      "inventory BatchGetStock",
      "reviews GET /ratings",
      "reviews GET /reviews",
    ]);
    const [expected] = shop.data.featuredProducts;
    expect(found.products.items).toHaveLength(20);
    expect(found.products.items[0]).toMatchObject({
      id: expected?.id,
      name: expected?.name,
      stock: { quantity: shop.data.stockByProductId.get(expected?.id ?? "")?.quantity },
      rating: { average: shop.data.ratingByProductId.get(expected?.id ?? "")?.average },
    });
  });

  test("finds root objects of several aliases in one call, and hands arguments on", async () => {
    const [first, second] = shop.data.products;
    const found = await data(
      `query { a: product(id: "${first?.id}") { name } b: product(id: "${second?.id}") { name } c: product(id: "none") { name } }`,
    );
    expect(found).toEqual({ a: { name: first?.name }, b: { name: second?.name }, c: null });
    expect(shop.calls()).toEqual(["catalog BatchGetProducts"]);
  });

  test("reads what one source refers to from the one that knows it", async () => {
    const [order] = shop.data.orders;
    const scope = createScope({ claims: { sub: order?.userId ?? "" } });
    const found = await data(
      `{ order(id: "${order?.id}") { lines { product { name } } user { name } } }`,
      scope,
    );
    expect(found).toEqual({
      order: {
        lines: order?.lines.map((line) => ({
          product: { name: shop.data.productById.get(line.productId)?.name },
        })),
        user: { name: shop.data.userById.get(order?.userId ?? "")?.name },
      },
    });
    expect(shop.calls().toSorted()).toEqual([
      "accounts GET /users",
      "catalog BatchGetProducts",
      "orders GetOrder",
    ]);
  });

  test("makes a caller's call with the request's claims, and none without", async () => {
    const scope = createScope({ claims: { sub: "u1" } });
    expect(await data("{ me { id } }", scope)).toEqual({ me: { id: "u1" } });
    const { data: found, errors } = await query(composed.composition.schema, "{ me { id } }");
    expect(found).toEqual({ me: null });
    expect(errors).toMatchObject([{ message: expect.stringContaining("sub"), path: ["me"] }]);
    expect(scope.calls.map((call) => call.coordinate)).toEqual(["Query.me"]);
    expect(shop.calls()).toEqual(["accounts GET /users/u1"]);
  });

  test("tells a failed call of its fields, and keeps the rest", async () => {
    shop.inventory.faults.set({ method: "BatchGetStock", fault: "error" });
    const { data: found, errors } = await query(
      composed.composition.schema,
      "{ products(first: 2) { items { id stock { quantity } } } }",
    );
    shop.inventory.faults.clear();
    const [first, second] = shop.data.featuredProducts;
    expect(found).toEqual({
      products: {
        items: [
          { id: first?.id, stock: null },
          { id: second?.id, stock: null },
        ],
      },
    });
    // Which element of the list it was gets lost on the way: one reason why clients are not answered by it.
    expect(errors?.map((error) => error.path?.join("."))).toEqual([
      "products.items.stock",
      "products.items.stock",
    ]);
    expect(shop.calls()).toEqual(["catalog ListProducts", "inventory BatchGetStock"]);
  });

  test("shows no entry points, no keys of them, and promises no value", () => {
    const { schema } = composed.composition;
    const own = Object.values(schema.getTypeMap()).filter((type) => !type.name.startsWith("__"));
    const fields = own.filter(isObjectType).flatMap((type) => Object.values(type.getFields()));
    expect(own.map((type) => type.name).filter((name) => name.startsWith("_"))).toEqual([]);
    expect(fields.filter((field) => field.name.startsWith("_"))).toEqual([]);
    expect(fields.filter((field) => isNonNullType(field.type))).toEqual([]);
    expect(Object.keys(schema.getQueryType()?.getFields() ?? {}).toSorted()).toEqual(rootFields.toSorted());
    expect(rootFields).toContain("product");
  });

  test.each([
    '{ _ProductBy_id(keys: [{ id: "p1" }]) { id } }',
    '{ __type(name: "_ProductBy_id_Key") { name } }',
  ])("can't be asked for them: %s", async (source) => {
    const { data: found, errors } = await query(composed.composition.schema, source);
    expect(found ?? null).toEqual(errors === undefined ? { __type: null } : null);
    expect(shop.calls()).toEqual([]);
  });

  test("is built anew each time: the first works after a second, and nothing that both are made of changes", async () => {
    const { composition, sources } = composed;
    const before = sources.map((source) => print(source.schema.plainDocument));
    const second = stitchSupergraph(sources, composition.model);
    expect(second).not.toBe(composition.schema);
    expect(second.getType("Product")).not.toBe(composition.schema.getType("Product"));
    const source = "{ products(first: 1) { items { name stock { quantity } } } }";
    const answers = await Promise.all([composition.schema, second].map((schema) => query(schema, source)));
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]?.errors).toBeUndefined();
    expect(sources.map((one) => print(one.schema.plainDocument))).toEqual(before);
  });

  test("serves requests side by side, each with its own loaders", async () => {
    const source = "{ products(first: 3) { items { stock { quantity } } } }";
    const ask = () => query(composed.composition.schema, source, createScope());
    const stockCalls = (): number => shop.calls().filter((call) => call === "inventory BatchGetStock").length;
    shop.inventory.faults.set({ latencyMs: 100 });
    const answers = await Promise.all(Array.from({ length: 5 }, ask));
    shop.inventory.faults.clear();
    // They wait for one call under way; what it brought is not kept for who asks afterwards.
    expect(stockCalls()).toBe(1);
    answers.push(await ask());
    expect(stockCalls()).toBe(2);
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  });
});

describe("a type of which one source has keys only", () => {
  test("leads from one key to another", async () => {
    const people = new HttpBackend(
      [
        { method: "GET", path: "/reviews", answer: () => [{ authorId: "u1" }, { authorId: "u2" }] },
        {
          method: "GET",
          path: "/ids/{id}",
          answer: ({ path: { id } }) => ({ id, email: `${id}@example.com` }),
        },
        {
          method: "GET",
          path: "/names/{email}",
          answer: ({ path: { email } }) => ({ email, name: `Name of ${email}` }),
        },
      ],
      new RequestLog(countUp()),
    );
    const { url } = await people.start();
    const { composition, sources } = composeTexts({
      reviews: `extend schema @source(name: "reviews", url: "${url}")
        type Query { reviews: [Review] @rest(GET: "/reviews") }
        type Review { author: User @from(field: "{ id: authorId }") }
        type User @key(fields: "id") { id: ID! }`,
      ids: `extend schema @source(name: "ids", url: "${url}")
        type Query {
          userById(id: ID!): User @lookup @rest(GET: "/ids/{args.id}")
          userByEmail(email: ID!): User @lookup @rest(GET: "/ids/by-mail/{args.email}")
        }
        type User @key(fields: "id") @key(fields: "email") { id: ID! email: ID! }`,
      names: `extend schema @source(name: "names", url: "${url}")
        type Query { named(email: ID!): User @lookup @rest(GET: "/names/{args.email}") }
        type User @key(fields: "email") { email: ID! name: String }`,
    });
    const answer = await query(composition.schema, "{ reviews { author { name } } }");
    await disposeAll(sources);
    await people.stop();
    expect(answer).toEqual({
      data: {
        reviews: [
          { author: { name: "Name of u1@example.com" } },
          { author: { name: "Name of u2@example.com" } },
        ],
      },
    });
    expect(people.log.entries.map((entry) => entry.method).toSorted()).toEqual([
      "GET /ids/u1",
      "GET /ids/u2",
      "GET /names/u1%40example.com",
      "GET /names/u2%40example.com",
      "GET /reviews",
    ]);
  });
});

describe("several keys, keys of several fields, maps and groups", () => {
  let warehouse: Warehouse;
  let stitched: ReturnType<typeof composeTexts>;

  beforeAll(async () => {
    warehouse = await startWarehouse();
    stitched = composeTexts(warehouseSchemas, null, { urls: warehouse.urls });
  });

  beforeEach(() => warehouse.clear());

  afterAll(async () => {
    await disposeAll(stitched.sources);
    await warehouse.stop();
  });

  test("join gRPC to REST", async () => {
    const { schema } = stitched.composition;
    expect(
      await query(schema, '{ lots(tenant: "t1") { lotNumber item { name views } crates { number } } }'),
    ).toEqual({
      data: {
        lots: [
          {
            lotNumber: "L1",
            item: { name: "Lamp", views: 10 },
            crates: [{ number: "c2" }, { number: "c1" }],
          },
        ],
      },
    });
    expect(warehouse.requests().toSorted()).toEqual([
      "/tenants/t1/items/a",
      "/views?ids=i1",
      'CratesOfLots {"numbers":["L1"]}',
      'ListLots {"tenant":"t1"}',
    ]);
  });

  test("join REST to gRPC", async () => {
    const { schema } = stitched.composition;
    expect(await query(schema, "{ items { name quantity related { name } notes { text } } }")).toEqual({
      data: {
        items: [
          {
            name: "Lamp",
            quantity: 5,
            related: [{ name: "Sofa" }, null, { name: "Desk" }],
            notes: [{ text: "bright" }, { text: "warm" }],
          },
          { name: "Desk", quantity: null, related: [], notes: [] },
          { name: "Sofa", quantity: 0, related: null, notes: [{ text: "soft" }] },
        ],
      },
    });
    expect(warehouse.requests().filter((request) => request.startsWith("BatchGetLots"))).toEqual([
      'BatchGetLots {"keys":[{"tenant":"t1","sku":"a"},{"tenant":"t1","sku":"b"},{"tenant":"t2","sku":"a"}]}',
    ]);
  });
});
