import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GraphqlBackend } from "../support/graphql-backend.ts";
import { startProject } from "../support/project-gateway.ts";

test("a lookup by a list says with @is which field it means, under the field's new name", async () => {
  const backend = new GraphqlBackend(
    "type Query { find(codes: [ID!]!): [Part]  all: [Place] } type Part { sku: ID!  weight: Int } type Place { part: Part }",
    {
      Query: {
        find: (_parent, { codes }: { codes: readonly string[] }) =>
          codes.map((sku) => ({ sku, weight: sku.length })).toReversed(),
        all: () => [{ part: { sku: "a" } }, { part: { sku: "bb" } }],
      },
    },
  );
  await backend.http.start();
  const rename = 'rename: [{ from: "Part.sku", to: "id" }]';
  const project = await startProject(
    {
      parts: `extend schema @source(name: "parts", kind: GRAPHQL, url: "http://localhost:1/graphql", ${rename})
        type Query { find(codes: [ID!]! @is(field: "id")): [Part] @lookup }
        type Part @key(fields: "id") { sku: ID!  weight: Int }`,
      places: `extend schema @source(name: "places", kind: GRAPHQL, url: "http://localhost:1/graphql", ${rename})
        type Query { all: [Place] }
        type Place { part: Part }
        type Part @key(fields: "id") { sku: ID! }`,
    },
    "type Query { all: [Place] } type Place { part: Part } type Part { id: ID!  weight: Int }",
    { PARTS_URL: backend.url, PLACES_URL: backend.url },
  );
  try {
    const { data, errors } = await project.query("{ all { part { weight id } } }");
    expect(errors).toEqual([]);
    expect(data).toEqual({
      all: [{ part: { weight: 1, id: "a" } }, { part: { weight: 2, id: "bb" } }],
    });
    expect(backend.subqueries).toEqual([
      { query: "query{_0:all{part{sku}}}", variables: {} },
      { query: "query($_0:[ID!]!){_0:find(codes:$_0){weight sku}}", variables: { _0: ["a", "bb"] } },
    ]);
  } finally {
    await project.stop();
    await backend.http.stop();
  }
});

describe("a field that two sources share", () => {
  const backendOf = (source: string) =>
    new GraphqlBackend(
      `type Query { ${source}(id: ID!): Part  sized(id: ID!): Part  place: Place }
      type Place { part: Part }
      type Part { id: ID!  name: String  weight: Int  price: Int  size: Int }`,
      {
        Query: {
          [source]: (_parent, { id }: { id: string }) => ({ id, name: source, weight: 7, price: 12 }),
          place: () => ({ part: { id: "a", size: 3 } }),
        },
      },
    );
  const shop = backendOf("shop");
  const catalog = backendOf("catalog");
  const declaration = (name: string) =>
    `extend schema @source(name: "${name}", kind: GRAPHQL, url: "http://localhost:1/graphql")`;
  const partOf = (source: string, field: string) =>
    `${declaration(source)}
    type Query { ${source}(id: ID!): Part @lookup }
    type Part @key(fields: "id") { id: ID!  name: String @shareable  ${field}: Int }`;
  const clientSchema = `type Query { place: Place }
    type Place { part: Part }
    type Part { name: String  weight: Int  price: Int  size: Int }`;

  beforeAll(async () => {
    await shop.http.start();
    await catalog.http.start();
  });
  afterAll(async () => {
    await shop.http.stop();
    await catalog.http.stop();
  });

  /** The answer, and what was asked of both for it. `places` says more of a part than its key where it has a size. */
  async function ask(hasSize: boolean, selection: string, executor: "reference" | "compiled") {
    const project = await startProject(
      {
        catalog: partOf("catalog", "weight"),
        places: `${declaration("places")}
          type Query { place: Place ${hasSize ? "sized(id: ID!): Part @lookup" : ""} }
          type Place { part: Part }
          type Part @key(fields: "id") { id: ID! ${hasSize ? "size: Int" : ""} }`,
        shop: partOf("shop", "price"),
      },
      hasSize ? clientSchema : clientSchema.replace("size: Int", ""),
      {
        CATALOG_URL: catalog.url,
        PLACES_URL: catalog.url,
        SHOP_URL: shop.url,
        COMPILE_FROM_REQUEST: executor === "compiled" ? "1" : "1000000",
      },
    );
    try {
      catalog.http.log.clear();
      shop.http.log.clear();
      const { data, errors } = await project.query(`{ place { part { ${selection} } } }`);
      expect(errors).toEqual([]);
      return { data, catalog: catalog.documents.slice(1), shop: shop.documents };
    } finally {
      await project.stop();
    }
  }

  describe.each(["reference", "compiled"] as const)("(%s)", (executor) => {
    test.each([true, false])(
      "is read of a row that is asked for anyhow, of objects with rows of their own: %s",
      async (hasSize) => {
        expect(await ask(hasSize, "price name", executor)).toEqual({
          data: { place: { part: { price: 12, name: "shop" } } },
          catalog: [],
          shop: ["query($_0:ID!){_0:shop(id:$_0){price name}}"],
        });
      },
    );

    test.each([true, false])(
      "is read of the row that is asked for first, of objects with rows of their own: %s",
      async (hasSize) => {
        expect(await ask(hasSize, "price weight name", executor)).toEqual({
          data: { place: { part: { price: 12, weight: 7, name: "shop" } } },
          catalog: ["query($_0:ID!){_0:catalog(id:$_0){weight}}"],
          shop: ["query($_0:ID!){_0:shop(id:$_0){price name}}"],
        });
        expect(await ask(hasSize, "name price", executor)).toEqual({
          data: { place: { part: { name: "catalog", price: 12 } } },
          catalog: ["query($_0:ID!){_0:catalog(id:$_0){name}}"],
          shop: ["query($_0:ID!){_0:shop(id:$_0){price}}"],
        });
      },
    );
  });
});
