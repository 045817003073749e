import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Composition } from "../../gateway/compose/compose.ts";
import { Entity } from "../../gateway/compose/entity.ts";
import { Need } from "../../gateway/compose/need.ts";
import type { RequestScope } from "../../gateway/core/request-scope.ts";
import type { Source } from "../../gateway/sources/source.ts";
import { createScope } from "../support/request-scope.ts";
import { composeTexts } from "./compose-texts.ts";
import { startWarehouse, type Warehouse, warehouseSchemas } from "./warehouse.ts";

let warehouse: Warehouse;
let composition: Composition;
let sources: readonly Source[];

beforeAll(async () => {
  warehouse = await startWarehouse();
  ({ composition, sources } = composeTexts(warehouseSchemas, null, { urls: warehouse.urls }));
});

beforeEach(() => warehouse.clear());

afterAll(async () => {
  await Promise.all(sources.map((source) => source.dispose()));
  await warehouse.stop();
});

/** What a path of fields finds, through lists, each element by itself. */
async function follow(from: unknown, path: string, scope: RequestScope): Promise<unknown> {
  const value = await from;
  if (Array.isArray(value)) return Promise.all(value.map((element: unknown) => follow(element, path, scope)));
  if (path === "" || !(value instanceof Entity)) return value;
  const [name = "", ...rest] = path.split(".");
  return follow(value.read(name, {}, scope), rest.join("."), scope);
}

function root(): Entity {
  return Entity.root(composition.model);
}

function reference(type: string, known: Record<string, unknown>): Entity {
  return Entity.reference(composition.model, type, known);
}

describe("an object that a source sent", () => {
  test("is read from its row, under the field's own name or where @from says, without a call", async () => {
    const scope = createScope();
    const items = await root().read("items", {}, scope);
    expect(await follow(items, "name", scope)).toEqual(["Lamp", "Desk", "Sofa"]);
    expect(await follow(items, "relatedIds", scope)).toEqual([["i3", "i9", "i2"], [], null]);
    expect(warehouse.requests()).toEqual(["/items/all"]);
  });

  test("gets what another source has by a key of several fields, all objects in one call", async () => {
    const scope = createScope();
    const items = await root().read("items", {}, scope);
    warehouse.clear();
    expect(await follow(items, "quantity", scope)).toEqual([5, null, 0]);
    expect(warehouse.requests()).toEqual([
      'BatchGetLots {"keys":[{"tenant":"t1","sku":"a"},{"tenant":"t1","sku":"b"},{"tenant":"t2","sku":"a"}]}',
    ]);
  });

  test("gets what another source's call brings, from properties that it has", async () => {
    const scope = createScope();
    const items = await root().read("items", {}, scope);
    warehouse.clear();
    expect(await follow(items, "lot.lotNumber", scope)).toEqual(["L1", null, "L2"]);
    expect(warehouse.requests()).toHaveLength(1);
  });
});

describe("a field of keyed rows", () => {
  test("of a list of keys has one row for each, in their order, null where it is missing", async () => {
    const scope = createScope();
    const items = await root().read("items", {}, scope);
    warehouse.clear();
    expect(await follow(items, "related.name", scope)).toEqual([["Sofa", null, "Desk"], [], null]);
    expect(warehouse.requests()).toEqual(["/items?ids=i3&ids=i9&ids=i2"]);
  });

  test("that is a list has all rows of its key, none where there are none", async () => {
    const scope = createScope();
    const items = await root().read("items", {}, scope);
    warehouse.clear();
    expect(await follow(items, "notes.text", scope)).toEqual([["bright", "warm"], [], ["soft"]]);
    expect(warehouse.requests()).toEqual(["/notes?itemIds=i1&itemIds=i2&itemIds=i3"]);
  });

  test("may come as a map from key to value, or from key to list", async () => {
    const scope = createScope();
    const items = await root().read("items", {}, scope);
    warehouse.clear();
    expect(await follow(items, "views", scope)).toEqual([10, 20, 30]);
    expect(await follow(items, "labels.text", scope)).toEqual([["new", "hot"], [], []]);
    expect(warehouse.requests()).toEqual(["/views?ids=i1&ids=i2&ids=i3", "/labels?ids=i1&ids=i2&ids=i3"]);
  });

  test("does the same over gRPC: groups, lists of keys, and maps of the proto", async () => {
    const scope = createScope();
    const lots = await root().read("lots", { tenant: "t1" }, scope);
    warehouse.clear();
    expect(await follow(lots, "crates.number", scope)).toEqual([["c2", "c1"]]);
    expect(await follow(lots, "cratesInOrder.shelf", scope)).toEqual([["south", "north", null]]);
    expect(warehouse.requests()).toEqual([
      'CratesOfLots {"numbers":["L1"]}',
      'CratesByNumber {"numbers":["c2","c1","c9"]}',
    ]);
  });
});

describe("a reference", () => {
  test("is answered from what it was built of, without a call", async () => {
    const scope = createScope();
    const lots = await root().read("lots", { tenant: "t1" }, scope);
    warehouse.clear();
    expect(await follow(lots, "item.sku", scope)).toEqual(["a"]);
    expect(await follow(lots, "references.number", scope)).toEqual([["c2", "c1", "c9"]]);
    expect(warehouse.requests()).toEqual([]);
  });

  test("gets the rest by its key, each row once however many ask", async () => {
    const scope = createScope();
    const [lot] = (await root().read("lots", { tenant: "t1" }, scope)) as Entity[];
    warehouse.clear();
    const item = lot?.read("item", {}, scope) as Entity;
    expect(await Promise.all([follow(item, "name", scope), follow(item, "id", scope)])).toEqual([
      "Lamp",
      "i1",
    ]);
    expect(await follow(lot, "references.shelf", scope)).toEqual(["south", "north", null]);
    expect(warehouse.requests()).toEqual([
      "/tenants/t1/items/a",
      'CratesByNumber {"numbers":["c2","c1","c9"]}',
    ]);
  });

  test("finds by one key the other that a further source asks for", async () => {
    const scope = createScope();
    const notes = [
      reference("Item", { id: "i1" }),
      reference("Item", { id: "i3" }),
      reference("Item", { id: "i9" }),
    ];
    expect(await follow(notes, "quantity", scope)).toEqual([5, 0, null]);
    expect(warehouse.requests()).toEqual([
      "/items?ids=i1&ids=i3&ids=i9",
      'BatchGetLots {"keys":[{"tenant":"t1","sku":"a"},{"tenant":"t2","sku":"a"}]}',
    ]);
  });

  test("finds for a call the $parent value that is in another source's row", async () => {
    const scope = createScope();
    expect(await follow(reference("Item", { tenant: "t1", sku: "b" }), "views", scope)).toBe(20);
    expect(warehouse.requests()).toEqual(["/tenants/t1/items/b", "/views?ids=i2"]);
  });

  test("whose row is missing has null for everything that is in it, and makes no further call", async () => {
    const scope = createScope();
    const item = reference("Item", { id: "i9" });
    expect(await follow(item, "name", scope)).toBeNull();
    expect(await follow(item, "quantity", scope)).toBeNull();
    expect(await follow(item, "lot.lotNumber", scope)).toBeNull();
    expect(warehouse.requests()).toEqual(["/items?ids=i9"]);
  });

  test.each([
    { key: "absent", known: {} },
    { key: "null", known: { tenant: "t1", sku: null } },
    { key: "in part", known: { tenant: "t1" } },
  ])("whose key is $key asks for nothing", async ({ known }) => {
    const scope = createScope();
    expect(await follow(reference("Item", known), "name", scope)).toBeNull();
    expect(warehouse.requests()).toEqual([]);
  });

  test("says which lookup a field waits for, and none where it needs none", async () => {
    const byId = reference("Item", { id: "i1" });
    expect(byId.isReference).toBe(true);
    expect(byId.lookupFor("name")?.call.coordinate).toBe("Query.item");
    expect(byId.lookupFor("quantity")?.call.coordinate).toBe("Query.stockedItem");
    expect(byId.lookupFor("views")).toBeNull();
    expect(byId.lookupFor("id")).toBeNull();
    expect(reference("Item", { tenant: "t1", sku: "a" }).lookupFor("name")?.call.coordinate).toBe(
      "Query.itemBySku",
    );
    const [item] = (await root().read("items", {}, createScope())) as Entity[];
    expect(item?.isReference).toBe(false);
    expect(item?.lookupFor("name")).toBeNull();
  });
});

describe("a value that does not fit", () => {
  const schemas = {
    odd: `extend schema @source(name: "odd", url: "http://localhost:1")
      type Query { odd: Odd @rest(GET: "/odd") }
      type Odd {
        list: [Int]
        object: Thing
        objects: [Thing]
        ref: Named @from(field: "{ name: refName }")
        refs: [Named] @from(field: "refNames[{ name: $item }]")
      }
      type Thing { id: ID }
      type Named @key(fields: "name") { name: ID! }`,
  };
  const { composition: odd, sources: oddSources } = composeTexts(schemas);

  function row(value: object): Entity {
    const [source] = oddSources;
    if (source === undefined) throw new Error("expected a source");
    return Entity.row(odd.model, "Odd", { source, row: value, need: Need.none });
  }

  test.each([
    { raw: { list: 7 }, field: "list", message: "Odd.list: expected a list, found number" },
    { raw: { list: {} }, field: "list", message: "Odd.list: expected a list, found object" },
    { raw: { object: "x" }, field: "object", message: "Odd.object: expected an object, found string" },
    { raw: { object: [] }, field: "object", message: "Odd.object: expected an object, found a list" },
  ])("is INVALID_VALUE: $message", ({ raw, field, message }) => {
    expect(() => row(raw).read(field, {}, createScope())).toThrow(
      expect.objectContaining({ code: "INVALID_VALUE", message }),
    );
  });

  test("costs its own place in a list only", () => {
    const found = row({ objects: [{ id: 1 }, 7, null] }).read("objects", {}, createScope());
    expect(found).toEqual([expect.any(Entity), expect.objectContaining({ code: "INVALID_VALUE" }), null]);
  });

  test("is no reference where the key is absent, null or empty", () => {
    const keys = [{}, { refName: null }, { refName: "" }].map((raw) =>
      row(raw).read("ref", {}, createScope()),
    );
    expect(keys).toEqual([null, null, null]);
    const found = row({ refNames: ["a", "", null, 0] }).read("refs", {}, createScope()) as (Entity | null)[];
    expect(found.map((entity) => entity?.read("name", {}, createScope()) ?? null)).toEqual([
      "a",
      null,
      null,
      0,
    ]);
  });

  test("is never a property of a prototype", () => {
    const names = { odd: schemas.odd.replace("list: [Int]", "constructor: String toString: String") };
    const {
      composition: proto,
      sources: [source],
    } = composeTexts(names);
    if (source === undefined) throw new Error("expected a source");
    const entity = Entity.row(proto.model, "Odd", { source, row: {}, need: Need.none });
    expect([
      entity.read("constructor", {}, createScope()),
      entity.read("toString", {}, createScope()),
    ]).toEqual([null, null]);
  });
});
