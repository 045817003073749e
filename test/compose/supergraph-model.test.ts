import { print } from "graphql";
import { describe, expect, test } from "vitest";
import type { ModelType } from "../../gateway/compose/supergraph-model.ts";
import { modelOf, problemsOf } from "./compose-texts.ts";

const shops = {
  products: `extend schema @source(name: "products", url: "http://localhost:1")
    type Query {
      product(id: ID!): Product @lookup @rest(GET: "/products/{args.id}")
      bySku(sku: ID!, tenant: ID!): Product @lookup @rest(GET: "/products/{args.tenant}/{args.sku}")
      products(first: Int = 5, sort: Sort): [Product!]! @rest(GET: "/products{?args.first,args.sort}")
    }
    type Product @key(fields: "id") @key(fields: "tenant sku") {
      id: ID!
      tenant: ID!
      sku: ID!
      name: String!
      price: Money @shareable
      maker: Maker @from(field: "{ id: makerId }")
      parts: [Part!] @from(field: "partIds[{ id: $item }]")
      main: Part @from(field: "{ id: mainId } | { id: firstPartId }")
      size: Size @from(field: "measures.size")
    }
    type Money @shareable { amount: Float currency: String! }
    type Maker @key(fields: "id") { id: ID! }
    type Part @key(fields: "id") { id: ID! }
    type Size { width: Int }
    enum Sort { NAME PRICE }`,
  makers: `extend schema @source(name: "makers", url: "http://localhost:2")
    type Query { maker(id: ID!): Maker @lookup @rest(GET: "/makers/{args.id}") }
    type Maker @key(fields: "id") { id: ID! name: String parts: [Part!] @rest(GET: "/makers/{parent.id}/parts") }
    type Part @key(fields: "id") { id: ID! weight: Int }
    type Product @key(fields: "sku tenant") { sku: ID! tenant: ID! recalls: Int @rest(GET: "/recalls/{parent.sku}") }
    type Money @shareable { amount: Float! currency: String }`,
};

const { model, sources } = modelOf(shops);

function typeOf(name: string): ModelType {
  const type = model.types.get(name);
  if (type === undefined) throw new Error(`expected a type ${name}`);
  return type;
}

describe("the supergraph model", () => {
  test("says of every field who supplies it, in the order of the sources, and how", () => {
    const suppliers = [...model.types.values()].flatMap((type) =>
      [...type.fields.values()].map(({ coordinate, suppliers: all }) => {
        const texts = all.map(
          ({ source, call, buildsObjects }) =>
            `${source.name} ${call === null ? "row" : "call"}${buildsObjects ? " built" : ""}`,
        );
        return `${coordinate}: ${texts.join(", ")}`;
      }),
    );
    expect(suppliers).toEqual([
      "Query.product: products call",
      "Query.bySku: products call",
      "Query.products: products call",
      "Query.maker: makers call",
      "Product.id: products row",
      "Product.tenant: products row, makers row",
      "Product.sku: products row, makers row",
      "Product.name: products row",
      "Product.price: products row",
      "Product.maker: products row built",
      "Product.parts: products row built",
      "Product.main: products row built",
      "Product.size: products row",
      "Product.recalls: makers call",
      "Money.amount: products row, makers row",
      "Money.currency: products row, makers row",
      "Maker.id: products row, makers row",
      "Maker.name: makers row",
      "Maker.parts: makers call",
      "Part.id: products row, makers row",
      "Part.weight: makers row",
      "Size.width: products row",
    ]);
  });

  test("has types and arguments as the first source wrote them, with their defaults", () => {
    const { type, args } = typeOf("Query").fields.get("products") ?? {};
    expect(type === undefined ? "" : print(type)).toBe("[Product!]!");
    expect(args?.map((arg) => `${arg.name}: ${arg.type.toString()} = ${String(arg.defaultValue)}`)).toEqual([
      "first: Int = 5",
      "sort: Sort = undefined",
    ]);
    const amount = typeOf("Money").fields.get("amount")?.type;
    expect(amount === undefined ? "" : print(amount)).toBe("Float");
  });

  test("has each key once, whatever the order of its fields", () => {
    expect(typeOf("Product").keys.map((key) => key.toSorted())).toEqual([["id"], ["sku", "tenant"]]);
    expect(typeOf("Money").keys).toEqual([]);
  });

  test("has the lookups of each type", () => {
    const lookups = [...model.types.values()].flatMap((type) =>
      type.lookups.map(
        ({ source, key, call }) => `${type.name}: ${source.name} ${key.join("+")} ${call.coordinate}`,
      ),
    );
    expect(lookups).toEqual([
      "Product: products id Query.product",
      "Product: products sku+tenant Query.bySku",
      "Maker: makers id Query.maker",
    ]);
  });

  test("knows which sources have but the key of a type", () => {
    const references = [...model.types.values()].flatMap((type) =>
      [...type.referencingSources].map((source) => `${type.name}: ${source.name}`),
    );
    expect(references).toEqual(["Product: makers", "Maker: products", "Part: products"]);
  });

  test("has enums and scalars once", () => {
    const own = [...model.leafTypes.keys()].filter((name) => !name.startsWith("__"));
    expect(own.toSorted()).toEqual(["Boolean", "Float", "ID", "Int", "Sort", "String"]);
  });

  test("leaves the sources as they are", () => {
    const before = sources.map((source) => [...source.calls.keys(), ...source.properties.keys()]);
    const again = modelOf(shops);
    expect(again.model.types).not.toBe(model.types);
    expect(sources.map((source) => [...source.calls.keys(), ...source.properties.keys()])).toEqual(before);
  });
});

describe("a source's file that is GraphQL part by part but not as a whole", () => {
  const wrong = `extend schema @source(name: "wrong", url: "http://localhost:1")
type Query { a(b: Thing, c: Int = "x"): Input @rest(GET: "/{args.b}{?args.c}") }
type Thing { a: Int }
type Nothing
input Input { a: Int }`;

  test.each([
    {
      what: "arguments take inputs, fields give outputs",
      text: wrong,
      problems: [
        `schemas/wrong.graphql:2:19  Query.a(b:)
  expected  a scalar, an enum or an input type
  found     the object type Thing`,
        `schemas/wrong.graphql:2:41  Query.a
  expected  a scalar, an enum, an object type, an interface or a union
  found     the input type Input`,
      ],
    },
    {
      what: "types have fields, defaults fit",
      text: wrong.replace("b: Thing", "b: ID!").replace("): Input", "): Thing"),
      problems: [
        `schemas/wrong.graphql:2:33  Query.a(c:)
  expected  a value of type Int
  found     "x"`,
        `schemas/wrong.graphql:4:1  Nothing
  expected  a valid GraphQL schema
  found     Type Nothing must define one or more fields.`,
      ],
    },
  ])("is refused: $what", ({ text, problems }) => {
    expect(problemsOf({ wrong: text })).toEqual(problems);
  });

  test("may do without Query", () => {
    const text = shops.makers.replace(/type Query \{.*\}/, "").replace("weight: Int", "");
    expect(problemsOf({ makers: text.replace("name: String", "") })).toEqual([]);
  });
});
