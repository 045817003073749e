import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parseSelectionMap } from "../../gateway/language/selection-map.ts";
import { type DeclaredCall, runDeclaredCall } from "../../gateway/sources/declared-call.ts";
import type { Source } from "../../gateway/sources/source.ts";
import {
  propertiesAbove,
  propertiesBelow,
  propertiesOf,
  rememberTrimmed,
} from "../../gateway/sources/wanted-properties.ts";
import { type Shop, startShop } from "../backends/shop.ts";
import { openSource } from "../support/open-source.ts";
import { createScope, type TestScope } from "../support/request-scope.ts";

describe("wanted properties", () => {
  test.each([
    ["a.b", ["a.b"]],
    ["{ id: a.b, other: c }", ["a.b", "c"]],
    ["a | b.c", ["a", "b.c"]],
    ["list[{ x }]", ["list"]],
    ["a.{ x: b }", ["a"]],
  ])("of %s are %j", (map, expected) => {
    expect(propertiesOf(parseSelectionMap(map))).toEqual(expected);
  });

  test("are told of the object around, and of the objects inside", () => {
    expect(propertiesAbove(["a", "b.c", ""], ["x", "y"])).toEqual(["x.y.a", "x.y.b.c", "x.y"]);
    expect(propertiesBelow(["x.y.a", "x.z", "q"], ["x", "y"])).toEqual(["a"]);
    expect(propertiesBelow(["a", "b.c"], [])).toEqual(["a", "b.c"]);
  });

  test.each([[["x"]], [["x.y"]], [["", "x.y.a"]]])("%j are all of what stands at x.y", (wanted) => {
    expect(propertiesBelow(wanted, ["x", "y"])).toBeNull();
  });

  test("in another order, or twice, are the same", () => {
    const trimmed = rememberTrimmed((wanted) => ({ wanted }));
    expect(trimmed(["b", "a", "b"])).toEqual({ wanted: ["a", "b"] });
    expect(trimmed(["a", "b"])).toBe(trimmed(["b", "a"]));
    expect(trimmed(["a,b"])).not.toBe(trimmed(["a", "b"]));
  });
});

describe("a trimmed call", () => {
  let shop: Shop;
  let scope: TestScope;
  const sources: Source[] = [];
  beforeAll(async () => {
    shop = await startShop();
  });
  afterAll(() => shop.stop());
  beforeEach(() => {
    scope = createScope({});
  });
  afterEach(async () => {
    scope.deadline.dispose();
    shop.clearLogs();
    await Promise.all(sources.splice(0).map((source) => source.dispose()));
  });

  const open = (name: "catalog" | "accounts" | "inventory", change?: (sdl: string) => string): Source => {
    const sdl = readFileSync(new URL(`../../schemas/${name}.graphql`, import.meta.url), "utf8");
    const source = openSource(change?.(sdl) ?? sdl, shop[name].url);
    sources.push(source);
    return source;
  };
  const callOf = (source: Source, coordinate: string, wanted: readonly string[]): DeclaredCall => {
    const trimmed = source.calls.get(coordinate)?.trimmed ?? null;
    if (trimmed === null) throw new Error(`Expected ${coordinate} to be a call that can be trimmed.`);
    return trimmed(wanted);
  };
  const run = (call: DeclaredCall, args: Readonly<Record<string, unknown>>): Promise<unknown> =>
    runDeclaredCall(call, { args, readParent: () => Promise.resolve(args) }, scope);
  const masks = (): unknown[] =>
    shop.catalog.log.entries.map(({ message }) => (message as { readonly readMask: unknown }).readMask);

  test("of a batch asks for what is wanted of a row and for its key, and reads no more", async () => {
    const call = callOf(open("catalog"), "Query.product", ["price.units", "name", "price.units"]);
    const product = shop.data.productById.get("p1");
    expect(await run(call, { id: "p1" })).toEqual({
      id: "p1",
      name: product?.name,
      price: { units: product?.price.units },
    });
    expect(masks()).toEqual([{ paths: ["id", "name", "price.units"] }]);
  });

  test("of a page asks for what is wanted of its objects, relative to one of them", async () => {
    const wanted = ["items.media", "items.attributes.colour", "items.release_time", "next_page_token"];
    const call = callOf(open("catalog"), "Query.products", wanted);
    const found = (await run(call, { first: 3 })) as { readonly items: readonly object[] };
    // A mask names the members of a oneof, and no part of a map.
    expect(masks()).toEqual([{ paths: ["attributes", "image", "release_time", "video"] }]);
    expect(found).toMatchObject({ next_page_token: expect.any(String) as unknown });
    expect(Object.keys(found)).not.toContain("total_count");
    expect(found.items).toHaveLength(3);
    for (const item of found.items) {
      expect(Object.keys(item).toSorted()).toEqual(["attributes", "image", "media", "release_time", "video"]);
      expect(item).toMatchObject({ release_time: expect.stringMatching(/Z$/) as unknown });
    }
  });

  test("of which all, or nothing, is wanted asks for no less", async () => {
    const catalog = open("catalog");
    const whole = await run(callOf(catalog, "Query.product", [""]), { id: "p1" });
    expect(whole).toMatchObject({ description: shop.data.productById.get("p1")?.description });
    await run(callOf(catalog, "Query.products", ["items"]), { first: 1 });
    await run(callOf(catalog, "Query.products", ["total_count"]), { first: 1 });
    expect(masks()).toEqual([null, null, null]);
  });

  test("shares rows with those that want the same only", async () => {
    const catalog = open("catalog");
    const names = callOf(catalog, "Query.product", ["name", "id"]);
    const same = callOf(catalog, "Query.product", ["id", "name"]);
    const prices = callOf(catalog, "Query.product", ["price"]);
    expect(same).toBe(names);
    const [named, again, priced] = await Promise.all(
      [names, same, prices].map((call) => run(call, { id: "p1" })),
    );
    expect(again).toBe(named);
    expect(priced).toEqual({ id: "p1", price: expect.anything() as unknown });
    expect(masks()).toEqual([{ paths: ["id", "name"] }, { paths: ["id", "price"] }]);
  });

  test("of gRPC without a mask reads only what is wanted", async () => {
    const call = callOf(open("inventory"), "Product.stock", ["quantity"]);
    const stock = shop.data.stockByProductId.get("p1");
    expect(await run(call, { id: "p1" })).toEqual({ product_id: "p1", quantity: stock?.quantity });
    expect(shop.inventory.log.entries.map(({ message }) => message)).toEqual([{ productIds: ["p1"] }]);
  });

  test("that is under way is joined by requests that read the same only", async () => {
    const inventory = open("inventory");
    const [first, second, third] = await Promise.all(
      [["quantity"], ["available"], ["quantity"]].map(async (wanted) => {
        const other = createScope({});
        const origin = { args: {}, readParent: () => Promise.resolve({ id: "p1" }) };
        const found = await runDeclaredCall(callOf(inventory, "Product.stock", wanted), origin, other);
        other.deadline.dispose();
        return found;
      }),
    );
    const stock = shop.data.stockByProductId.get("p1");
    expect(first).toEqual({ product_id: "p1", quantity: stock?.quantity });
    expect(second).toEqual({ product_id: "p1", available: stock?.available });
    expect(third).toEqual(first);
    expect(shop.inventory.log.count()).toBe(2);
  });

  test("of gRPC whose value is inside of a row reads the row's key and what is wanted of the value", async () => {
    const source = open("catalog", (sdl) =>
      sdl
        .replace(
          'batch: { of: "$args.id", as: "ids", select: "products", match: "id", maxSize: 200 }',
          'batch: { of: "$args.id", as: "ids", select: "products", match: "id", value: "price" }',
        )
        .replace("product(id: ID!): Product\n    @lookup", "product(id: ID!): Money"),
    );
    const found = await run(callOf(source, "Query.product", ["units"]), { id: "p1" });
    expect(found).toEqual({ units: shop.data.productById.get("p1")?.price.units });
    expect(masks()).toEqual([{ paths: ["id", "price.units"] }]);
  });

  test("of REST sends the names of properties, and of its key", async () => {
    const call = callOf(open("accounts"), "Query.user", ["name", "address.city"]);
    const user = shop.data.userById.get("u1");
    expect(await run(call, { id: "u1" })).toEqual({ id: "u1", name: user?.name, address: user?.address });
    expect(shop.accounts.log.entries.map(({ url }) => url)).toEqual([
      "/users?ids=u1&fields=address%2Cid%2Cname",
    ]);
  });

  test("of REST is there where it is declared only, and as it is where a name could not be sent", async () => {
    const accounts = open("accounts");
    expect(accounts.calls.get("Query.me")?.trimmed).toBeNull();
    await run(callOf(accounts, "Query.user", ["a,b"]), { id: "u1" });
    expect(shop.accounts.log.entries.map(({ url }) => url)).toEqual(["/users?ids=u1"]);
  });
});
