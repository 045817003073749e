import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";
import { ScriptedBackend } from "../support/scripted-backend.ts";

const catalog = `
extend schema @source(name: "catalog", url: "http://localhost:1")
type Query { products: [Product!] @rest(GET: "/catalog/products") product(id: ID!): Product @lookup @rest(GET: "/catalog/{args.id}") }
type Product @key(fields: "id") { id: ID! makerId: ID @from(field: "maker") parts: [Part!] tags: [String] }
type Part { size: Size }
type Size { length: Int width: Int }
`;

const scales = `
extend schema @source(name: "scales", url: "http://localhost:1")
type Query {
  weighed(id: ID!): Product @lookup @rest(GET: "/scales{?ids*}", batch: { of: "$args.id", as: "ids", match: "id" })
}
type Product @key(fields: "id") { id: ID! weight: Int box(unit: Unit = CM): Box @rest(GET: "/boxes{?ids*,args.unit}", batch: { of: "$parent.id", as: "ids", match: "id" }) }
type Box { length: Int }
enum Unit { CM IN }
`;

const shipping = `
extend schema @source(name: "shipping", url: "http://localhost:1")
type Product @key(fields: "id") {
  id: ID!
  cost(country: String!, weight: Int! @require(field: "weight")): Int
    @rest(GET: "/costs{?ids*,args.country,args.weight}", select: "rows", batch: { of: "$parent.id", as: "ids", match: "id", value: "cents" })
  label(size: LabelInput! @require(field: "{ w: weight, l: box(unit: IN).length }")): String
    @rest(GET: "/labels/{args.size.w}/{args.size.l}", select: "text")
  width(widths: [Int!]! @require(field: "parts[size.width]")): Int @rest(GET: "/widths{?args.widths*}", select: "sum")
  tagged(tags: [String] @require(field: "tags")): String @rest(GET: "/tagged{?args.tags*}", select: "text")
}
input LabelInput { w: Int! l: Int! }
`;

const client = `
type Query { products: [Product!] }
type Product { id: ID! cost(country: String!): Int label: String width: Int tagged: String }
`;

const backend = new ScriptedBackend();
let gateway: ProjectGateway;

beforeAll(async () => {
  await backend.start();
  const { url } = backend;
  gateway = await startProject({ catalog, scales, shipping }, client, {
    CATALOG_URL: url,
    SCALES_URL: url,
    SHIPPING_URL: url,
  });
});
afterEach(() => backend.clear());
afterAll(async () => {
  await gateway.stop();
  await backend.stop();
});

function answer(bodies: Readonly<Record<string, unknown>>): void {
  backend.answer = ({ url }) => (url in bodies ? { body: bodies[url] } : { status: 500 });
}

function urls(): string[] {
  return backend.requests.map(({ url }) => url);
}

const products = { "/catalog/products": [{ id: "p1" }, { id: "p2" }, { id: "p3" }, { id: "p4" }] };

describe("@require", () => {
  test("fills an argument from another source, in one hop for all objects, and calls once for equal arguments", async () => {
    answer({
      ...products,
      "/scales?ids=p1&ids=p2&ids=p3&ids=p4": [
        { id: "p1", weight: 5 },
        { id: "p2", weight: 7 },
        { id: "p3", weight: 5 },
        { id: "p4", weight: null },
      ],
      "/costs?ids=p1&ids=p3&country=de&weight=5": {
        rows: [
          { id: "p3", cents: 30 },
          { id: "p1", cents: 10 },
        ],
      },
      "/costs?ids=p2&country=de&weight=7": { rows: [{ id: "p2", cents: 20 }] },
    });
    const { data, errors } = await gateway.query('{ products { id cost(country: "de") } }');
    expect([data, errors]).toEqual([
      {
        products: [
          { id: "p1", cost: 10 },
          { id: "p2", cost: 20 },
          { id: "p3", cost: 30 },
          { id: "p4", cost: null },
        ],
      },
      [],
    ]);
    expect(urls()).toEqual([
      "/catalog/products",
      "/scales?ids=p1&ids=p2&ids=p3&ids=p4",
      "/costs?ids=p1&ids=p3&country=de&weight=5",
      "/costs?ids=p2&country=de&weight=7",
    ]);
  });

  test("builds an input object, through fields with constant arguments", async () => {
    answer({
      "/catalog/products": [{ id: "p1" }, { id: "p2" }],
      "/scales?ids=p1&ids=p2": [
        { id: "p1", weight: 5 },
        { id: "p2", weight: 6 },
      ],
      "/boxes?ids=p1&ids=p2&unit=IN": [{ id: "p1", length: 9 }, { id: "p2" }],
      "/labels/5/9": { text: "5x9" },
    });
    const { data, errors } = await gateway.query("{ products { label } }");
    expect([data, errors]).toEqual([{ products: [{ label: "5x9" }, { label: null }] }, []]);
    expect(urls().toSorted()).toEqual([
      "/boxes?ids=p1&ids=p2&unit=IN",
      "/catalog/products",
      "/labels/5/9",
      "/scales?ids=p1&ids=p2",
    ]);
  });

  test("maps lists, and makes no call where one of the values or all of them are absent", async () => {
    answer({
      "/catalog/products": [
        { id: "p1", parts: [{ size: { width: 1 } }, { size: { width: 2 } }], tags: ["a", "b"] },
        { id: "p2", parts: [{ size: { width: 1 } }, { size: null }], tags: ["", null] },
        { id: "p3", parts: [], tags: [] },
        { id: "p4" },
      ],
      "/widths?widths=1&widths=2": { sum: 3 },
      "/tagged?tags=a&tags=b": { text: "a b" },
    });
    const { data, errors } = await gateway.query("{ products { width tagged } }");
    const none = { width: null, tagged: null };
    expect([data, errors]).toEqual([{ products: [{ width: 3, tagged: "a b" }, none, none, none] }, []]);
    expect(urls().toSorted()).toEqual([
      "/catalog/products",
      "/tagged?tags=a&tags=b",
      "/widths?widths=1&widths=2",
    ]);
  });

  test("fails with what was required where that could not be fetched", async () => {
    answer(products);
    const { data, errors } = await gateway.query('{ products { cost(country: "de") } }');
    expect(data).toEqual({ products: [{ cost: null }, { cost: null }, { cost: null }, { cost: null }] });
    expect(errors.map(({ extensions }) => extensions?.["code"])).toEqual(
      Array.from({ length: 4 }, () => "UPSTREAM_ERROR"),
    );
    expect(urls()).toEqual(["/catalog/products", "/scales?ids=p1&ids=p2&ids=p3&ids=p4"]);
  });

  test("fails where a value is not of the type that its field promises, and sends nothing of it", async () => {
    answer({
      "/catalog/products": [{ id: "p1" }, { id: "p2" }],
      "/scales?ids=p1&ids=p2": [
        { id: "p1", weight: "heavy" },
        { id: "p2", weight: "7" },
      ],
      "/boxes?ids=p1&ids=p2&unit=IN": [
        { id: "p1", length: 9 },
        { id: "p2", length: 1.5 },
      ],
      "/costs?ids=p2&country=de&weight=7": { rows: [{ id: "p2", cents: 20 }] },
    });
    const { data, errors } = await gateway.query('{ products { cost(country: "de") label } }');
    expect(data).toEqual({
      products: [
        { cost: null, label: null },
        { cost: 20, label: null },
      ],
    });
    expect(
      errors.map(({ path, extensions }) => `${path?.join(".")} ${extensions["code"]}`).toSorted(),
    ).toEqual([
      "products.0.cost INVALID_VALUE",
      "products.0.label INVALID_VALUE",
      "products.1.label INVALID_VALUE",
    ]);
    expect(urls().filter((url) => url.startsWith("/costs") || url.startsWith("/labels"))).toEqual([
      "/costs?ids=p2&country=de&weight=7",
    ]);
  });
});
