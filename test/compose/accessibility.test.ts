import { isEnumType, isObjectType } from "graphql";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";
import { ScriptedBackend } from "../support/scripted-backend.ts";
import { composeTexts } from "./compose-texts.ts";

const catalog = `
extend schema @source(name: "catalog", url: "http://localhost:1")
type Query {
  products(first: Int = 3, debug: Boolean = false @inaccessible, filter: Filter): [Product!]
    @rest(GET: "/products{?args.first,args.debug,args.filter.kind,args.filter.tenant}")
  product(sku: ID!): Product @lookup @rest(GET: "/products/{args.sku}")
}
input Filter { kind: Kind tenant: String = "main" @inaccessible }
enum Kind { NEW USED RECALLED @inaccessible }
type Product @key(fields: "sku") { sku: ID! @inaccessible name: String kind: Kind costPrice: Float @inaccessible }
`;

const margins = `
extend schema @source(name: "margins", url: "http://localhost:1")
type Query { ranking: [Rank!] @rest(GET: "/ranking") }
type Rank { product: Product @from(field: "{ sku: productSku }") }
type Product @key(fields: "sku") {
  sku: ID!
  margin(cost: Float! @require(field: "costPrice")): Float @rest(GET: "/margins/{parent.sku}{?args.cost}", select: "margin")
}
`;

const client = `
type Query { products(filter: Filter): [Product!] ranking: [Rank!] }
type Rank { product: Product }
type Product { name: String kind: Kind margin: Float }
input Filter { kind: Kind }
enum Kind { NEW USED }
`;

const backend = new ScriptedBackend();
let gateway: ProjectGateway;

beforeAll(async () => {
  await backend.start();
  const { url } = backend;
  gateway = await startProject({ catalog, margins }, client, { CATALOG_URL: url, MARGINS_URL: url });
});
afterEach(() => backend.clear());
afterAll(async () => {
  await gateway.stop();
  await backend.stop();
});

function answer(bodies: Readonly<Record<string, unknown>>): void {
  backend.answer = ({ url }) => (url in bodies ? { body: bodies[url] } : { status: 500 });
}

describe("@inaccessible", () => {
  test("is read by other sources, as a key and as what they require", async () => {
    answer({
      "/ranking": [{ productSku: "s1" }],
      "/products/s1": { sku: "s1", name: "Lamp", costPrice: 4.5 },
      "/margins/s1?cost=4.5": { margin: 2 },
    });
    const { data, errors } = await gateway.query("{ ranking { product { name margin } } }");
    expect([data, errors]).toEqual([{ ranking: [{ product: { name: "Lamp", margin: 2 } }] }, []]);
    expect(backend.requests.map(({ url }) => url)).toEqual([
      "/ranking",
      "/products/s1",
      "/margins/s1?cost=4.5",
    ]);
  });

  test("arguments and input fields have their defaults", async () => {
    answer({ "/products?first=3&debug=false&kind=USED&tenant=main": [{ sku: "s1", name: "Lamp" }] });
    const { data, errors } = await gateway.query("{ products(filter: { kind: USED }) { name } }");
    expect([data, errors]).toEqual([{ products: [{ name: "Lamp" }] }, []]);
  });

  test("values of an enum are null and an error where a backend sends them", async () => {
    answer({
      "/products?first=3&debug=false": [
        { sku: "s1", kind: "RECALLED" },
        { sku: "s2", kind: "NEW" },
      ],
    });
    const { data, errors } = await gateway.query("{ products { kind } }");
    expect(data).toEqual({ products: [{ kind: null }, { kind: "NEW" }] });
    expect(errors.map(({ path, extensions }) => [path, extensions?.["code"]])).toEqual([
      [["products", 0, "kind"], "INVALID_VALUE"],
    ]);
    expect(JSON.stringify(errors)).not.toContain("RECALLED");
  });

  test("values, arguments and input fields are nothing that a client's operation can name", async () => {
    for (const query of [
      "{ products(filter: { kind: RECALLED }) { name } }",
      "{ products(debug: true) { name } }",
      '{ products(filter: { tenant: "x" }) { name } }',
      "{ products { costPrice } }",
    ]) {
      const { errors } = await gateway.query(query);
      expect(errors.map(({ extensions }) => extensions?.["code"])).toEqual(["GRAPHQL_VALIDATION_FAILED"]);
    }
    expect(backend.requests).toEqual([]);
  });
});

describe("the stitched supergraph", () => {
  const sources = {
    catalog: `
extend schema @source(name: "catalog", url: "http://localhost:1")
type Query { products: [Product!] @rest(GET: "/products") hidden: Note @internal @rest(GET: "/hidden") }
type Product @key(fields: "id") { id: ID! cost: Int @inaccessible code: Int @internal weight: Int size: Size }
type Note @internal { text: String }
enum Size { S L @inaccessible }
interface Weighed { weight: Int }
type Parcel implements Weighed @key(fields: "id") { id: ID! weight: Int }
`,
    scales: `
extend schema @source(name: "scales", url: "http://localhost:1")
type Product @key(fields: "id") { id: ID! weight(unit: String): Float @override(from: "catalog") @rest(GET: "/weights/{parent.id}{?args.unit}") }
type Parcel @key(fields: "id") { id: ID! weight: Int @override(from: "catalog") @rest(GET: "/weights/{parent.id}") }
`,
  };

  test("has what is inaccessible, without what is internal, and moved fields as the new source has them", () => {
    const { schema } = composeTexts(sources).composition;
    const product = schema.getType("Product");
    const size = schema.getType("Size");
    if (!isObjectType(product) || !isEnumType(size)) throw new Error("expected Product and Size");
    const fields = Object.values(product.getFields());
    const texts = fields.map(
      (field) => `${field.name}(${field.args.map((one) => one.name).join()}): ${field.type.toString()}`,
    );
    expect(texts.toSorted()).toEqual(["cost(): Int", "id(): ID", "size(): Size", "weight(unit): Float"]);
    expect(size.getValues().map((value) => value.name)).toEqual(["S", "L"]);
    expect(Object.keys(schema.getQueryType()?.getFields() ?? {})).toEqual(["products"]);
    expect(schema.getType("Note")).toBeUndefined();
  });
});
