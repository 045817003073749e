import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";
import { ScriptedBackend } from "../support/scripted-backend.ts";

const catalog = `
extend schema @source(name: "catalog", url: "http://localhost:1")
type Query {
  products: [Product!] @rest(GET: "/catalog/products")
  byId(id: ID!): Product @lookup @internal @rest(GET: "/catalog{?ids*}", batch: { of: "$args.id", as: "ids", match: "id" })
}
type Product @key(fields: "id") {
  id: ID!
  name: String
  "Digits; the warehouse has a text of this name."
  code: Int @internal @from(field: "no")
  place: Place @internal
  manual: String @rest(GET: "/manuals/{parent.code}", select: "text")
  route(shelf: String! @require(field: "place.shelf")): String @rest(GET: "/routes/{args.shelf}", select: "text")
  weight: Int
}
type Place @internal { shelf: String }
`;

const warehouse = `
extend schema @source(name: "warehouse", url: "http://localhost:1")
type Query { boxes: [Box!] @rest(GET: "/boxes") }
type Place { city: String }
type Box { place: Place product: Product @from(field: "{ id: productId, zone: zone, code: label }") }
type Product @key(fields: "id") {
  id: ID!
  code: String
  zone: String @internal
  bin: String @rest(GET: "/bins/{parent.zone}{?parent.code}", select: "bin")
  weight: Int @override(from: "catalog") @rest(GET: "/weights/{parent.id}", select: "grams")
}
extend type Query { stored(id: ID!): Product @lookup @rest(GET: "/stored/{args.id}") }
`;

const client = `
type Query { products: [Product!] boxes: [Box!] }
type Box { place: Place product: Product }
type Place { city: String }
type Product { id: ID! name: String code: String manual: String route: String bin: String weight: Int }
`;

const backend = new ScriptedBackend();
let gateway: ProjectGateway;

beforeAll(async () => {
  await backend.start();
  const { url } = backend;
  gateway = await startProject({ catalog, warehouse }, client, { CATALOG_URL: url, WAREHOUSE_URL: url });
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
  return backend.requests.map(({ url }) => url).toSorted();
}

const catalogRow = { id: "p1", name: "Lamp", no: 7, place: { shelf: "s3" }, weight: 1 };

async function ask(query: string): Promise<unknown> {
  const { data, errors } = await gateway.query(query);
  return errors.length === 0 ? data : errors;
}

describe("@internal", () => {
  test("is read by calls of its own source, and its name means something else in another one", async () => {
    answer({
      "/catalog/products": [catalogRow],
      "/manuals/7": { text: "Plug it in." },
      "/stored/p1": { id: "p1", code: "A-9", zone: "z1" },
      "/bins/z1?code=A-9": { bin: "b2" },
    });
    expect(await ask("{ products { code manual bin } }")).toEqual({
      products: [{ code: "A-9", manual: "Plug it in.", bin: "b2" }],
    });
    expect(urls()).toEqual(["/bins/z1?code=A-9", "/catalog/products", "/manuals/7", "/stored/p1"]);
  });

  test("is read by @require of its own source, through objects of an internal type", async () => {
    answer({ "/catalog/products": [catalogRow], "/routes/s3": { text: "left" } });
    expect(await ask("{ products { route } }")).toEqual({ products: [{ route: "left" }] });
    expect(urls()).toEqual(["/catalog/products", "/routes/s3"]);
  });

  test("is built by mappings of its own source", async () => {
    answer({ "/boxes": [{ productId: "p1", zone: "z4", label: "L" }], "/bins/z4?code=L": { bin: "b7" } });
    expect(await ask("{ boxes { product { code bin } } }")).toEqual({
      boxes: [{ product: { code: "L", bin: "b7" } }],
    });
    expect(urls()).toEqual(["/bins/z4?code=L", "/boxes"]);
  });

  test("types are other types in other sources", async () => {
    answer({ "/boxes": [{ place: { city: "Lyon", shelf: "x" } }] });
    expect(await ask("{ boxes { place { city } } }")).toEqual({ boxes: [{ place: { city: "Lyon" } }] });
  });

  test("lookups serve hops, for what is internal too", async () => {
    answer({
      "/boxes": [{ productId: "p1" }],
      "/catalog?ids=p1": [catalogRow],
      "/manuals/7": { text: "Plug it in." },
    });
    expect(await ask("{ boxes { product { name manual } } }")).toEqual({
      boxes: [{ product: { name: "Lamp", manual: "Plug it in." } }],
    });
    expect(urls()).toEqual(["/boxes", "/catalog?ids=p1", "/manuals/7"]);
  });
});

describe("@override", () => {
  test("reads the field from the new source, even where the old one has sent it", async () => {
    answer({ "/catalog/products": [catalogRow], "/weights/p1": { grams: 900 } });
    expect(await ask("{ products { weight } }")).toEqual({ products: [{ weight: 900 }] });
    expect(urls()).toEqual(["/catalog/products", "/weights/p1"]);
  });
});

describe("@override of a field that", () => {
  const old = `
extend schema @source(name: "old", url: "http://localhost:1")
type Query {
  things: [Thing!] @rest(GET: "/things")
  thing(id: ID!): Thing @lookup @rest(GET: "/things/{args.id}")
  links: [Link!] @rest(GET: "/links")
}
type Link { thing: Thing @from(field: "{ id: thingId, size: thingSize }") }
type Thing @key(fields: "id") {
  id: ID!
  size: Int
  name: String @rest(GET: "/names/{parent.id}", select: "name")
  label: String @rest(GET: "/labels/{parent.size}", select: "label")
  colour: String
}
`;
  const renewed = `
extend schema @source(name: "new", url: "http://localhost:1")
type Query { thing(id: ID!): Thing @override(from: "old") @lookup @rest(GET: "/new/{args.id}") }
type Thing @key(fields: "id") { id: ID! size: Int @override(from: "old") name: String @override(from: "old") }
`;
  const app = `
type Query { things: [Thing!] links: [Link!] thing(id: ID!): Thing }
type Link { thing: Thing }
type Thing { id: ID! size: Int name: String label: String colour: String }
`;
  let moving: ProjectGateway;

  beforeAll(async () => {
    const { url } = backend;
    moving = await startProject({ old, new: renewed }, app, { OLD_URL: url, NEW_URL: url });
  });
  afterAll(() => moving.stop());

  async function askMoving(query: string): Promise<unknown> {
    const { data, errors } = await moving.query(query);
    return errors.length === 0 ? data : errors;
  }

  test("was a call reads a property of the new source", async () => {
    answer({ "/things": [{ id: "t1", size: 1 }], "/new/t1": { id: "t1", size: 5, name: "Nut" } });
    expect(await askMoving("{ things { name size } }")).toEqual({ things: [{ name: "Nut", size: 5 }] });
    expect(urls()).toEqual(["/new/t1", "/things"]);
  });

  test("a mapping of the old source builds is read from the new one", async () => {
    answer({ "/links": [{ thingId: "t1", thingSize: 1 }], "/new/t1": { id: "t1", size: 5 } });
    expect(await askMoving("{ links { thing { size } } }")).toEqual({ links: [{ thing: { size: 5 } }] });
    expect(urls()).toEqual(["/links", "/new/t1"]);
  });

  test("calls of the old source read makes them read the new value", async () => {
    answer({
      "/things": [{ id: "t1", size: 1 }],
      "/new/t1": { id: "t1", size: 5 },
      "/labels/5": { label: "five" },
    });
    expect(await askMoving("{ things { label } }")).toEqual({ things: [{ label: "five" }] });
    expect(urls()).toEqual(["/labels/5", "/new/t1", "/things"]);
  });

  test("is a lookup asks the new source, while the old lookup still serves hops", async () => {
    answer({ "/new/t1": { id: "t1", size: 5 }, "/things/t1": { id: "t1", colour: "red" } });
    expect(await askMoving('{ thing(id: "t1") { size colour } }')).toEqual({
      thing: { size: 5, colour: "red" },
    });
    expect(urls()).toEqual(["/new/t1", "/things/t1"]);
  });
});
