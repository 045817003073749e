import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Source } from "../../../gateway/sources/source.ts";
import { type GrpcFault, secretMessage } from "../../backends/faults.ts";
import { type Shop, startShop } from "../../backends/shop.ts";
import { caught } from "../../support/caught.ts";
import { eventually } from "../../support/eventually.ts";
import { echoSource, type GrpcEcho, startGrpcEcho } from "../../support/grpc-echo.ts";
import { callField, openSource } from "../../support/open-source.ts";
import { createScope, type ScopeOptions, type TestScope } from "../../support/request-scope.ts";

const scopes: TestScope[] = [];
const sources: Source[] = [];
afterEach(async () => {
  for (const created of scopes.splice(0)) created.deadline.dispose();
  await Promise.all(sources.splice(0).map((source) => source.dispose()));
});

describe("a call of the shop", () => {
  let shop: Shop;
  let catalog: Source;
  let inventory: Source;
  let orders: Source;
  beforeAll(async () => {
    shop = await startShop();
  });
  afterAll(async () => {
    await shop.stop();
  });
  beforeEach(() => {
    catalog = open(readSchema("catalog"), shop.catalog.url);
    inventory = open(readSchema("inventory"), shop.inventory.url);
    orders = open(readSchema("orders"), shop.orders.url);
  });
  afterEach(async () => {
    const backends = [shop.catalog, shop.inventory, shop.orders];
    for (const backend of backends) backend.faults.clear();
    shop.clearLogs();
    await Promise.all(sources.splice(0).map((source) => source.dispose()));
    await eventually(() => expect(backends.map(({ openSockets }) => openSockets)).toEqual([0, 0, 0]));
  });

  test("fills request fields from arguments of the same name, and leaves the others out", async () => {
    const request = scope();
    const args = { first: 2, pageToken: null, sort: "NEWEST", categoryId: "c3" };
    const found = await callField(catalog, "Query.products", request, { args });
    expect(found).toMatchObject({ items: [{ category_id: "c3" }, { category_id: "c3" }] });
    expect(shop.catalog.log.entries[0]?.message).toEqual({
      first: 2,
      pageToken: "",
      sort: "NEWEST",
      categoryId: "c3",
      readMask: null,
    });
    expect(request.calls).toMatchObject([{ source: "catalog", coordinate: "Query.products", code: null }]);
  });

  test("yields 64-bit integers and enums as text, and messages under the proto's own names", async () => {
    const product = shop.data.productById.get("p1");
    const found = await callField(catalog, "Query.product", scope(), { args: { id: "p1" } });
    expect(found).toMatchObject({
      id: "p1",
      image_url: product?.imageUrl,
      weight_grams: product?.weightGrams,
      price: { currency_code: "EUR", units: String(product?.price.units), nanos: product?.price.nanos },
    });
    const stock = await callField(inventory, "Product.stock", scope(), { parent: { id: "p1" } });
    expect(stock).toMatchObject({ level: shop.data.stockByProductId.get("p1")?.level });
    const read = catalog.properties.get("Product.imageUrl");
    expect(read?.({ value: found, args: {}, parent: {}, claims: {}, headers: new Map() })).toBe(
      product?.imageUrl,
    );
  });

  test("joins the keys of one turn, and gives null to those without a row", async () => {
    const request = scope();
    const ids = ["p1", "p100", "p2", "p1"];
    const found = await Promise.all(
      ids.map((id) => callField(inventory, "Product.stock", request, { parent: { id } })),
    );
    expect(found).toMatchObject([{ product_id: "p1" }, null, { product_id: "p2" }, { product_id: "p1" }]);
    expect(shop.inventory.log.entries.map(({ message }) => message)).toEqual([
      { productIds: ["p1", "p100", "p2"] },
    ]);
  });

  test("reads where select says", async () => {
    const found = await callField(catalog, "Query.categories", scope());
    expect(found).toHaveLength(12);
    const category = await callField(catalog, "Query.category", scope(), { args: { id: "c2" } });
    expect(category).toEqual({ id: "c2", name: "Furniture" });
  });

  test("sends the source's metadata, the request's id and the source's time", async () => {
    await callField(orders, "Query.myOrders", scope({ claims: { sub: "u1" }, timeoutMs: 500 }));
    const [entry] = shop.orders.log.entries;
    expect(entry?.headers).toMatchObject({ "x-user-id": "u1", "x-request-id": "request-1" });
    const timeoutMs = Number.parseInt(entry?.headers["grpc-timeout"] ?? "", 10);
    expect(timeoutMs).toBeGreaterThan(1000);
    expect(timeoutMs).toBeLessThanOrEqual(1501);
  });

  test("for something that is not there is null", async () => {
    const request = scope({ claims: { sub: "u1" } });
    expect(await callField(orders, "Query.order", request, { args: { id: "nobody's" } })).toBeNull();
    expect(shop.orders.log.count()).toBe(1);
    expect(request.calls).toMatchObject([{ code: null }]);
  });

  test("that is equal to an earlier one of the request is not made again", async () => {
    const request = scope({ claims: { sub: "u1" } });
    const call = (first: number): Promise<unknown> =>
      callField(orders, "Query.myOrders", request, { args: { first } });
    await Promise.all([call(1), call(1), call(2)]);
    await call(1);
    expect(shop.orders.log.count()).toBe(2);
  });

  test("without the claim that it depends on is not made", async () => {
    for (const claims of [null, {}, { sub: "" }, { sub: null }]) {
      const error = await caught(callField(orders, "Query.myOrders", scope({ claims })));
      expect(error).toMatchObject({
        code: "UNAUTHENTICATED",
        publicMessage: "A token with the claim sub is required.",
      });
    }
    expect(shop.calls()).toEqual([]);
  });

  describe("a failure", () => {
    test.each<[fault: GrpcFault, code: string]>([
      ["error", "UPSTREAM_ERROR"],
      ["reset", "UPSTREAM_UNREACHABLE"],
      ["garbage", "UPSTREAM_INVALID_RESPONSE"],
      ["huge", "UPSTREAM_RESPONSE_TOO_LARGE"],
      ["status:1", "UPSTREAM_ERROR"],
      ["status:2", "UPSTREAM_ERROR"],
      ["status:3", "UPSTREAM_REJECTED"],
      ["status:4", "UPSTREAM_TIMEOUT"],
      ["status:5", "UPSTREAM_REJECTED"],
      ["status:6", "UPSTREAM_REJECTED"],
      ["status:7", "UPSTREAM_DENIED"],
      ["status:8", "UPSTREAM_ERROR"],
      ["status:9", "UPSTREAM_REJECTED"],
      ["status:10", "UPSTREAM_ERROR"],
      ["status:11", "UPSTREAM_REJECTED"],
      ["status:12", "UPSTREAM_REJECTED"],
      ["status:13", "UPSTREAM_ERROR"],
      ["status:14", "UPSTREAM_UNREACHABLE"],
      ["status:15", "UPSTREAM_ERROR"],
      ["status:16", "UPSTREAM_DENIED"],
    ])("of the kind %s is %s, for each of the keys", async (fault, code) => {
      shop.inventory.faults.set({ fault });
      const request = scope();
      const calls = ["p1", "p2"].map((id) =>
        caught(callField(inventory, "Product.stock", request, { parent: { id } })),
      );
      for (const error of await Promise.all(calls)) {
        expect(error).toMatchObject({ code });
        expect((error as { publicMessage: string }).publicMessage).not.toContain(secretMessage);
      }
      expect(request.calls).toMatchObject([{ source: "inventory", coordinate: "Product.stock", code }]);
      expect(shop.inventory.log.count()).toBe(1);
    });

    test("to find any row is none: an empty answer is null for every key", async () => {
      shop.inventory.faults.set({ fault: "empty" });
      expect(await callField(inventory, "Product.stock", scope(), { parent: { id: "p1" } })).toBeNull();
    });

    test("to answer in the source's time is UPSTREAM_TIMEOUT, and the backend sees the end of the call", async () => {
      const impatient = open(
        readSchema("inventory").replace("timeoutMs: 800", "timeoutMs: 300"),
        shop.inventory.url,
      );
      // Its connection takes time, too.
      await eventually(() => callField(impatient, "Product.stock", scope(), { parent: { id: "p1" } }));
      shop.inventory.log.clear();
      shop.inventory.faults.set({ fault: "hang" });
      const error = await caught(callField(impatient, "Product.stock", scope(), { parent: { id: "p1" } }));
      expect(error).toMatchObject({
        code: "UPSTREAM_TIMEOUT",
        message: "inventory did not answer Product.stock within 300 ms",
      });
      await eventually(() => expect(shop.inventory.log.entries).toMatchObject([{ cancelled: true }]));
    });

    test("to answer in the request's time is REQUEST_TIMEOUT", async () => {
      shop.inventory.faults.set({ fault: "hang" });
      const request = scope({ timeoutMs: 30 });
      expect(
        await caught(callField(inventory, "Product.stock", request, { parent: { id: "p1" } })),
      ).toMatchObject({
        code: "REQUEST_TIMEOUT",
      });
    });

    test("of the client to wait is CANCELLED, and the backend sees the end of the call", async () => {
      shop.inventory.faults.set({ fault: "hang" });
      const client = new AbortController();
      const request = scope({ client: client.signal });
      const call = caught(callField(inventory, "Product.stock", request, { parent: { id: "p1" } }));
      await eventually(() => expect(shop.inventory.log.count()).toBe(1));
      client.abort();
      expect(await call).toMatchObject({ code: "CANCELLED" });
      await eventually(() => expect(shop.inventory.log.entries).toMatchObject([{ cancelled: true }]));
    });
  });
});

describe("a call of a backend of our own", () => {
  let echo: GrpcEcho;
  beforeAll(async () => {
    echo = await startGrpcEcho();
  });
  afterAll(async () => {
    await echo.stop();
  });
  afterEach(() => {
    echo.backend.log.clear();
    echo.rows = {};
  });

  const request = async (args: Readonly<Record<string, unknown>>): Promise<unknown> => {
    const names =
      "text flag small positive big huge ratio raw color texts colors filter filters counts maybe";
    const fields = [...names.split(" "), "pageToken", "fixed", "zigzag", "rough"].map(
      (name) => `${name}: Any`,
    );
    const source = openEcho(`type Query { a(${fields.join(" ")}): Echo @grpc(method: "Echo") }`);
    return callField(source, "Query.a", scope(), { args });
  };

  test.each<[name: string, values: readonly unknown[], sent?: unknown]>([
    ["text", ["a", "ü😀", "x".repeat(10_000)]],
    ["flag", [true]],
    ["small", [1, -1, 2_147_483_647, -2_147_483_648]],
    ["small", ["7"], 7],
    ["text", [7], "7"],
    ["text", ["\ud800"], "\ufffd"],
    ["positive", [1, 4_294_967_295]],
    ["fixed", [4_294_967_295]],
    ["big", ["1", "9223372036854775807", "-9223372036854775808"]],
    ["big", [9_007_199_254_740_991], "9007199254740991"],
    ["zigzag", ["-9223372036854775808"]],
    ["huge", ["18446744073709551615"]],
    ["ratio", [1.5, -1e300, 7, "NaN", "Infinity", "-Infinity"]],
    ["ratio", ["1.5", "15e-1"], 1.5],
    ["rough", [16_777_216, "NaN"]],
    ["raw", ["-_-_", "+/+/"], "+/+/"],
    ["raw", ["aGk", "aGk="], "aGk="],
    ["color", [2], "BLUE"],
    ["color", [7, -1]],
    ["rough", [1.5]],
    ["raw", ["aGk=", "aGkh"]],
    ["color", ["RED"]],
    ["texts", [["a", "b"], ["a"]]],
    ["colors", [["RED", "BLUE", "RED"]]],
    ["counts", [{ a: "1", constructor: "2" }]],
    ["maybe", ["", "a"]],
  ])("sends %s as it is (case %#)", async (name, values, sent) => {
    for (const value of values)
      expect(await request({ [name]: value })).toMatchObject({ [name]: sent ?? value });
    expect(echo.sent()).toEqual(values.map((value) => ({ [name]: sent ?? value })));
  });

  test("sends input objects under the proto's names, absent and null members left out", async () => {
    const filter = {
      categoryId: "c1",
      mode: "ALL",
      priceRange: { minValue: 1, maxValue: null },
      all_of: [{ categoryId: "c2" }, {}],
    };
    await request({ filter, filters: [filter], pageToken: "t", text: null });
    const sent = {
      category_id: "c1",
      mode: "ALL",
      price_range: { min_value: 1 },
      all_of: [{ category_id: "c2" }, {}],
    };
    expect(echo.sent()).toEqual([{ filter: sent, filters: [sent], page_token: "t" }]);
  });

  test.each<[name: string, values: readonly unknown[]]>([
    ["text", [true, {}, ["a"]]],
    ["flag", ["false", "true", 0, 1, {}]],
    ["small", ["x", "", " 7", "07", "1e3", "0x10", 1.5, 2_147_483_648, -2_147_483_649, Number.NaN, true, {}]],
    ["positive", [-1, 4_294_967_296, "-1"]],
    ["big", ["x", "1.5", 1.5, 2 ** 60, "9223372036854775808", "9".repeat(5000)]],
    ["huge", ["-1", "18446744073709551616"]],
    ["ratio", ["1,5", "", " 1", "1e400", "nan", "0x1", true, {}]],
    ["rough", [1e39, "-1e39"]],
    ["raw", ["no base64!", "a", 7, "a===", "+/-_", "aGk=="]],
    ["color", ["GREEN", "red", "1", 1.5, 2 ** 31, "constructor", "COLOR_UNSPECIFIED "]],
    ["texts", ["a", ["a", null], [["a"]], { 0: "a" }]],
    ["colors", [["RED", "GREEN"], "RED"]],
    ["filter", ["a", [{}], { category: "c" }, { categoryId: {} }, { priceRange: { minValue: "x" } }]],
    ["filters", [{}, [{}, null], ["a"]]],
    ["counts", ["a", [1], { a: "x" }, { a: {} }]],
  ])("does not send %s where it would become something else", async (name, values) => {
    for (const value of values) {
      expect(await caught(request({ [name]: value }))).toMatchObject({ code: "INVALID_VALUE" });
    }
    expect(echo.backend.log.count()).toBe(0);
  });

  test("has its request built by maps, each value in its place", async () => {
    const source = openEcho(`
      type Query {
        a(kind: Any, ids: Any, first: Int): Echo @grpc(method: "Safe", request: {
          filter: { categoryId: "$args.kind", price_range: { maxValue: "$args.first" } }
          filters: "$args.ids[{ category_id: $item, mode: $claims.mode }]"
          pageToken: "$headers.x-page"
        })
      }`);
    const caller = scope({ claims: { mode: "ALL" }, headers: { "x-page": "t" } });
    await callField(source, "Query.a", caller, { args: { kind: "c1", ids: ["a", "b"], first: 3 } });
    await callField(source, "Query.a", caller, { args: { ids: ["a"] } });
    expect(echo.sent()).toEqual([
      {
        filter: { category_id: "c1", price_range: { max_value: 3 } },
        filters: [
          { category_id: "a", mode: "ALL" },
          { category_id: "b", mode: "ALL" },
        ],
        page_token: "t",
      },
      { filters: [{ category_id: "a", mode: "ALL" }], page_token: "t" },
    ]);
  });

  test("is not made where a claim, header or parent is absent, wherever in the request it stands", async () => {
    const source = openEcho(`
      type Query {
        a(kind: Any): Echo @grpc(method: "Echo", request: { filter: "{ categoryId: $args.kind, mode: $claims.mode }" })
        b(ids: Any): Echo @grpc(method: "Echo", request: { filters: "$args.ids[{ categoryId: $item, mode: $headers.x-mode }]" })
        c(ids: Any): Echo @grpc(method: "Echo", request: { filter: "{ all_of: $args.ids }" })
      }
      type Row { id: ID kind: ID
        d(first: Int): Echo @grpc(method: "Echo", request: { small: "$args.first", filter: { categoryId: "$parent.kind" } })
        e(tag: Any): Echo @grpc(method: "Echo", request: { filter: "{ categoryId: $parent.kind | $args.tag }" })
      }`);
    const args = { kind: "c1", ids: ["a"] };
    expect(await caught(callField(source, "Query.a", scope(), { args }))).toMatchObject({
      code: "UNAUTHENTICATED",
    });
    expect(await caught(callField(source, "Query.b", scope(), { args }))).toMatchObject({
      code: "HEADER_REQUIRED",
    });
    for (const ids of [[], [null]])
      expect(await callField(source, "Query.c", scope(), { args: { ids } })).toBeNull();
    for (const kind of [undefined, null, ""])
      expect(await callField(source, "Row.d", scope(), { args: { first: 1 }, parent: { kind } })).toBeNull();
    expect(await callField(source, "Row.e", scope(), { parent: { kind: "" } })).toBeNull();
    expect(echo.backend.log.count()).toBe(0);
    await callField(source, "Row.e", scope(), { parent: { kind: null }, args: { tag: "t" } });
    expect(echo.sent()).toEqual([{ filter: { category_id: "t" } }]);
  });

  test("that may change something is made as often as it is asked for", async () => {
    const source = openEcho(`
      type Query { a(text: Any): Echo @grpc(method: "Echo") b(text: Any): Echo @grpc(method: "Safe")
                   c(text: Any): Echo @grpc(method: "Echo", safe: true) }`);
    const caller = scope();
    for (const field of ["Query.a", "Query.b", "Query.c"]) {
      await callField(source, field, caller, { args: { text: "x" } });
      await callField(source, field, caller, { args: { text: "x" } });
    }
    expect(echo.backend.log.entries.map(({ method }) => method)).toEqual(["Echo", "Echo", "Safe", "Echo"]);
  });

  test("has keys of more than one part, under the proto's names", async () => {
    const source = openEcho(`
      type Row { sku: ID name: Any @grpc(method: "BatchGetRows", batch: {
        of: "{ tenantId: $claims.tenant, sku: $parent.sku }", as: "keys", select: "rows",
        match: "{ tenantId: tenant_id, sku }", value: "detail.displayName" }) }`);
    echo.rows = {
      rows: [
        { tenant_id: "other", sku: "a", detail: { display_name: "not mine" } },
        { tenant_id: "t", sku: "a", detail: { display_name: "A" } },
      ],
    };
    const caller = scope({ claims: { tenant: "t" } });
    const found = ["a", "b", null, ""].map((sku) =>
      callField(source, "Row.name", caller, { parent: { sku } }),
    );
    expect(await Promise.all(found)).toEqual(["A", null, null, null]);
    expect(echo.sent()).toEqual([
      {
        keys: [
          { tenant_id: "t", sku: "a" },
          { tenant_id: "t", sku: "b" },
        ],
      },
    ]);
    expect(await caught(callField(source, "Row.name", scope(), { parent: { sku: "a" } }))).toMatchObject({
      code: "UNAUTHENTICATED",
    });
  });

  test("asks for no key that it cannot send, and lets no other key suffer from it", async () => {
    const source = openEcho(`
      type Row { number: ID row: Found @grpc(method: "BatchGetRows", batch: {
        of: "$parent.number", as: "numbers", select: "rows", match: "number" }) }`);
    echo.rows = { rows: [{ number: "7" }, { number: "0" }] };
    const caller = scope();
    const numbers = ["7", "x", 7, "7.5", "9".repeat(30), "007", "8"];
    const found = numbers.map((number) => callField(source, "Row.row", caller, { parent: { number } }));
    expect(await Promise.all(found)).toMatchObject([
      { number: "7" },
      null,
      { number: "7" },
      null,
      null,
      null,
      null,
    ]);
    expect(echo.sent()).toEqual([{ numbers: ["7", "8"] }]);
  });

  test("may have its rows in a map", async () => {
    const source = openEcho(`
      type Row { id: ID name: Any @grpc(method: "BatchGetRows", batch: {
        of: "$parent.id", as: "ids", select: "rowsById", match: "$key", value: "detail.displayName" }) }`);
    echo.rows = { rows_by_id: { a: { id: "a", detail: { display_name: "A" } } } };
    const caller = scope();
    const found = ["a", "b", "constructor"].map((id) =>
      callField(source, "Row.name", caller, { parent: { id } }),
    );
    expect(await Promise.all(found)).toEqual(["A", null, null]);
  });

  function openEcho(types: string): Source {
    const answers = "type Echo { text: String } type Found { id: ID }";
    return open(`${echoSource} scalar Any ${answers} ${types}`, echo.backend.url, echo.protos);
  }
});

function open(sdl: string, url: string, protos?: string): Source {
  const source = openSource(sdl, url, protos);
  sources.push(source);
  return source;
}

function scope(options: ScopeOptions = {}): TestScope {
  const created = createScope(options);
  scopes.push(created);
  return created;
}

function readSchema(name: string): string {
  return readFileSync(new URL(`../../../schemas/${name}.graphql`, import.meta.url), "utf8");
}
