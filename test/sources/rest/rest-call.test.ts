import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Source } from "../../../gateway/sources/source.ts";
import { type HttpFault, secretMessage } from "../../backends/faults.ts";
import { HttpBackend } from "../../backends/http-backend.ts";
import { countUp, RequestLog } from "../../backends/request-log.ts";
import { type Shop, startShop } from "../../backends/shop.ts";
import { caught } from "../../support/caught.ts";
import { eventually } from "../../support/eventually.ts";
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
  let reviews: Source;
  let accounts: Source;
  beforeAll(async () => {
    shop = await startShop();
  });
  afterAll(async () => {
    await shop.stop();
  });
  beforeEach(() => {
    reviews = open(readSchema("reviews"), shop.reviews.url);
    accounts = open(readSchema("accounts"), shop.accounts.url);
  });
  afterEach(async () => {
    for (const backend of [shop.reviews, shop.accounts]) backend.faults.clear();
    shop.clearLogs();
    await Promise.all(sources.splice(0).map((source) => source.dispose()));
    await eventually(() => expect([shop.reviews.openSockets, shop.accounts.openSockets]).toEqual([0, 0]));
  });

  test("sends its path and query, the source's time, and nothing else", async () => {
    const found = await callField(reviews, "User.reviews", scope({ timeoutMs: 500 }), {
      args: { first: 2 },
      parent: { id: "u1" },
    });
    expect(found).toEqual(shop.data.reviewsByAuthorId.get("u1")?.slice(0, 2));
    const [entry] = shop.reviews.log.entries;
    expect(entry).toMatchObject({ url: "/users/u1/reviews?first=2", message: null });
    const { host, "x-request-timeout-ms": timeout, ...headers } = entry?.headers ?? {};
    expect(headers).toEqual({
      connection: "keep-alive",
      accept: "application/json",
      "accept-encoding": "gzip, deflate, br, zstd",
      "x-request-id": "request-1",
    });
    expect(host).toBe(shop.reviews.url.slice("http://".length));
    expect(timeout).toBe("800");
  });

  test("that nobody may join sends the time that its request has left", async () => {
    const alone = open(
      readSchema("reviews").replace("timeoutMs: 800", "timeoutMs: 800, shareInFlight: false"),
      shop.reviews.url,
    );
    await callField(alone, "User.reviews", scope({ timeoutMs: 500 }), { args: {}, parent: { id: "u1" } });
    const timeout = Number(shop.reviews.log.entries[0]?.headers["x-request-timeout-ms"]);
    expect(timeout).toBeGreaterThan(100);
    expect(timeout).toBeLessThanOrEqual(500);
  });

  test("gives a backend no more time than the source allows", async () => {
    await callField(reviews, "User.reviews", scope({ timeoutMs: 60_000 }), { parent: { id: "u1" } });
    expect(Number(shop.reviews.log.entries[0]?.headers["x-request-timeout-ms"])).toBeLessThanOrEqual(800);
  });

  test("leaves the pair of an absent argument out, and only that", async () => {
    const request = scope();
    const parent = { id: "p1" };
    await callField(reviews, "Product.reviews", request, { parent, args: { sort: "TOP" } });
    await callField(reviews, "Product.reviews", request, { parent, args: { first: 1, sort: null } });
    await callField(reviews, "Product.reviews", request, { parent });
    expect(shop.reviews.log.entries.map(({ url }) => url)).toEqual([
      "/reviews?productIds=p1&sort=TOP",
      "/reviews?productIds=p1&perProduct=1",
      "/reviews?productIds=p1",
    ]);
  });

  test("joins the keys of one turn, groups their rows and gives nothing to those without", async () => {
    const request = scope();
    const ids = ["p1", "p2", "p1", "nobody"];
    const found = await Promise.all(
      ids.map((id) =>
        callField(reviews, "Product.reviews", request, {
          parent: { id },
          args: { first: 2, sort: "NEWEST" },
        }),
      ),
    );
    expect(shop.reviews.log.entries.map(({ url }) => url)).toEqual([
      "/reviews?productIds=p1&productIds=p2&productIds=nobody&perProduct=2&sort=NEWEST",
    ]);
    const newest = (id: string): unknown =>
      shop.data.reviewsByProductId
        .get(id)
        ?.toSorted((a, b) => b.createdAt.localeCompare(a.createdAt))
        .slice(0, 2);
    expect(found).toEqual([newest("p1"), newest("p2"), newest("p1"), []]);
  });

  test("does not join keys whose other arguments differ, nor those of another field", async () => {
    const request = scope();
    const parent = { id: "p1" };
    await Promise.all([
      callField(reviews, "Product.reviews", request, { parent, args: { first: 1 } }),
      callField(reviews, "Product.reviews", request, { parent, args: { first: 2 } }),
      callField(reviews, "Product.rating", request, { parent }),
    ]);
    expect(new Set(shop.reviews.log.entries.map(({ url }) => url))).toEqual(
      new Set([
        "/ratings?ids=p1",
        "/reviews?productIds=p1&perProduct=1",
        "/reviews?productIds=p1&perProduct=2",
      ]),
    );
    expect(shop.reviews.log.count()).toBe(3);
  });

  test("splits keys at the most that one call carries", async () => {
    const request = scope();
    const ids = shop.data.users.slice(0, 201).map(({ id }) => id);
    const found = await Promise.all(
      ids.map((id) => callField(accounts, "Query.user", request, { args: { id } })),
    );
    expect(found).toEqual(shop.data.users.slice(0, 201));
    expect(shop.accounts.log.count()).toBe(2);
  });

  test("that is equal to an earlier one of the request is not made again", async () => {
    const [request, other] = [scope(), scope()];
    const inputs = { parent: { id: "u1" }, args: { first: 1 } };
    await Promise.all([
      callField(reviews, "User.reviews", request, inputs),
      callField(reviews, "User.reviews", request, inputs),
    ]);
    await callField(reviews, "User.reviews", request, inputs);
    expect(shop.reviews.log.count()).toBe(1);
    await callField(reviews, "User.reviews", other, inputs);
    expect(shop.reviews.log.count()).toBe(2);
  });

  test("for something that is not there is null", async () => {
    const caller = scope({ claims: { sub: "nobody" } });
    expect(await callField(accounts, "Query.me", caller)).toBeNull();
    expect(await callField(accounts, "Query.user", caller, { args: { id: "nobody" } })).toBeNull();
    expect(shop.accounts.log.entries.map(({ url }) => url)).toEqual(["/users/nobody", "/users?ids=nobody"]);
  });

  test("passes on the headers that the source asked for, and no others", async () => {
    const headers = { "accept-language": "de, en;q=0.5", cookie: "secret", "x-other": "x" };
    await callField(accounts, "Query.me", scope({ claims: { sub: "u1" }, headers }));
    const [entry] = shop.accounts.log.entries;
    expect(entry?.headers["accept-language"]).toBe("de, en;q=0.5");
    expect(Object.keys(entry?.headers ?? {})).not.toContain("cookie");
    expect(Object.keys(entry?.headers ?? {})).not.toContain("x-other");
  });

  describe("without a value that it depends on is not made:", () => {
    afterEach(() => {
      expect(shop.calls()).toEqual([]);
    });

    test.each([[{}], [{ sub: null }], [{ sub: "" }], [{ sub: [] }]])("no claim in %j", async (claims) => {
      expect(await caught(callField(accounts, "Query.me", scope({ claims })))).toMatchObject({
        code: "UNAUTHENTICATED",
        publicMessage: "A token with the claim sub is required.",
      });
    });

    test("no token", async () => {
      expect(await caught(callField(accounts, "Query.me", scope()))).toMatchObject({
        code: "UNAUTHENTICATED",
      });
    });

    test.each([[undefined], [null], [""], ["."], [".."], ["../u1"], [[]]])(
      "a parent's id that is %j",
      async (id) => {
        expect(await callField(reviews, "User.reviews", scope(), { parent: { id } })).toBeNull();
      },
    );

    test.each([[undefined], [null], [""], [{}], [[]]])("a key that is %j", async (id) => {
      expect(await callField(accounts, "Query.user", scope(), { args: { id } })).toBeNull();
      expect(await callField(reviews, "Product.rating", scope(), { parent: { id } })).toBeNull();
      expect(await callField(reviews, "Product.reviews", scope(), { parent: { id } })).toBeNull();
    });
  });

  describe("a failure", () => {
    test.each<[fault: HttpFault, code: string]>([
      ["error", "UPSTREAM_ERROR"],
      ["reset", "UPSTREAM_UNREACHABLE"],
      ["truncated", "UPSTREAM_UNREACHABLE"],
      ["garbage", "UPSTREAM_INVALID_RESPONSE"],
      ["html", "UPSTREAM_INVALID_RESPONSE"],
      ["empty", "UPSTREAM_INVALID_RESPONSE"],
      ["wrong-shape", "UPSTREAM_INVALID_RESPONSE"],
      ["huge", "UPSTREAM_RESPONSE_TOO_LARGE"],
      ["status:301", "UPSTREAM_INVALID_RESPONSE"],
      ["status:400", "UPSTREAM_REJECTED"],
      ["status:401", "UPSTREAM_DENIED"],
      ["status:403", "UPSTREAM_DENIED"],
      ["status:404", "UPSTREAM_REJECTED"],
      ["status:408", "UPSTREAM_TIMEOUT"],
      ["status:409", "UPSTREAM_REJECTED"],
      ["status:429", "UPSTREAM_ERROR"],
      ["status:500", "UPSTREAM_ERROR"],
      ["status:503", "UPSTREAM_ERROR"],
      ["status:504", "UPSTREAM_TIMEOUT"],
    ])("of the kind %s is %s, for each of the keys", async (fault, code) => {
      shop.reviews.faults.set({ fault });
      const request = scope();
      const calls = ["p1", "p2"].map((id) =>
        caught(callField(reviews, "Product.reviews", request, { parent: { id } })),
      );
      for (const error of await Promise.all(calls)) {
        expect(error).toMatchObject({ code });
        expect((error as { publicMessage: string }).publicMessage).not.toContain(secretMessage);
      }
      expect(request.calls).toMatchObject([{ source: "reviews", coordinate: "Product.reviews", code }]);
    });

    test("to answer in the source's time is UPSTREAM_TIMEOUT, and the backend sees the end of the call", async () => {
      const impatient = open(
        readSchema("reviews").replace("timeoutMs: 800", "timeoutMs: 100"),
        shop.reviews.url,
      );
      shop.reviews.faults.set({ fault: "hang" });
      const request = scope();
      const error = await caught(callField(impatient, "Product.rating", request, { parent: { id: "p1" } }));
      expect(error).toMatchObject({
        code: "UPSTREAM_TIMEOUT",
        message: "reviews did not answer Product.rating within 100 ms",
      });
      await eventually(() => expect(shop.reviews.log.entries).toMatchObject([{ cancelled: true }]));
    });

    test("to answer in the request's time is REQUEST_TIMEOUT", async () => {
      shop.reviews.faults.set({ fault: "hang" });
      const error = await caught(
        callField(reviews, "Product.rating", scope({ timeoutMs: 30 }), { parent: { id: "p1" } }),
      );
      expect(error).toMatchObject({ code: "REQUEST_TIMEOUT" });
    });

    test("of the client to wait is CANCELLED, and the backend sees the end of the call", async () => {
      shop.reviews.faults.set({ fault: "hang" });
      const client = new AbortController();
      const call = caught(
        callField(reviews, "Product.rating", scope({ client: client.signal }), { parent: { id: "p1" } }),
      );
      await eventually(() => expect(shop.reviews.log.count()).toBe(1));
      client.abort();
      expect(await call).toMatchObject({ code: "CANCELLED" });
      await eventually(() => expect(shop.reviews.log.entries).toMatchObject([{ cancelled: true }]));
    });

    test("because nobody listens is UPSTREAM_UNREACHABLE, and the source recovers by itself", async () => {
      await shop.reviews.stop();
      const inputs = { parent: { id: "p1" } };
      expect(await caught(callField(reviews, "Product.rating", scope(), inputs))).toMatchObject({
        code: "UPSTREAM_UNREACHABLE",
      });
      await shop.reviews.start();
      expect(await callField(reviews, "Product.rating", scope(), inputs)).toEqual(
        shop.data.ratingByProductId.get("p1"),
      );
    });
  });
});

describe("a call of a backend of our own", () => {
  const log = new RequestLog(countUp());
  let answer: unknown = {};
  const paths = ["/", "/rows", "/rows/{id}", "/v1/rows"];
  const backend = new HttpBackend(
    paths.map((path) => ({ method: "GET", path, answer: () => answer })),
    log,
  );
  beforeAll(async () => {
    await backend.start();
  });
  afterAll(async () => {
    await backend.stop();
  });
  afterEach(() => {
    log.clear();
    answer = {};
  });

  test.each([
    [5, "5"],
    [-1.5, "-1.5"],
    [true, "true"],
    [false, "false"],
    ["NEWEST", "NEWEST"],
    ["a b&c=d#e/ü", "a%20b%26c%3Dd%23e%2F%C3%BC"],
    ["\r\nx-evil: 1", "%0D%0Ax-evil%3A%201"],
  ])("sends an argument that is %j as %s", async (value, sent) => {
    const source = openOwn(
      'type Query { a(b: Any): Any @rest(GET: "/rows{?args.b}", query: { c: "$args.b" }) }',
    );
    await callField(source, "Query.a", scope(), { args: { b: value } });
    expect(log.entries.map(({ url }) => url)).toEqual([`/rows?b=${sent}&c=${sent}`]);
  });

  test("does not send what stands in no URL", async () => {
    const source = openOwn('type Query { a(b: Any): Any @rest(GET: "/rows{?args.b}") }');
    for (const b of [{}, { c: 1 }, [[1]]]) {
      expect(await caught(callField(source, "Query.a", scope(), { args: { b } }))).toMatchObject({
        code: "INVALID_VALUE",
      });
    }
    expect(log.count()).toBe(0);
  });

  test("repeats the pair of a list, and does not ask for everything where the list is empty", async () => {
    const source = openOwn('type Query { a(b: [String], c: Int): Any @rest(GET: "/rows{?args.b*,args.c}") }');
    await callField(source, "Query.a", scope(), { args: { b: ["x", null, "y"], c: 1 } });
    expect(log.entries.map(({ url }) => url)).toEqual(["/rows?b=x&b=y&c=1"]);
    for (const b of [[], [null]])
      expect(await callField(source, "Query.a", scope(), { args: { b, c: 1 } })).toBeNull();
    expect(log.count()).toBe(1);
    await callField(source, "Query.a", scope(), { args: { c: 1 } });
    expect(log.entries.at(-1)?.url).toBe("/rows?c=1");
  });

  test("is not made where a parent, a claim or a header in its query is absent", async () => {
    const source = openOwn(`
      type Query {
        a(b: Int): Any @rest(GET: "/rows{?args.b}", query: { c: "$claims.tenant.id" })
        d(b: Int): Any @rest(GET: "/rows{?args.b,headers.x-tenant}")
        e(b: ID): Any @rest(GET: "/rows", query: { b: "$args.b | $claims.sub" })
      }
      type Row { id: ID up: ID rows(b: Int): Any @rest(GET: "/rows{?args.b,parent.up}") }`);
    const args = { b: 1 };
    expect(await callField(source, "Row.rows", scope(), { args })).toBeNull();
    expect(await callField(source, "Row.rows", scope(), { args, parent: { up: "" } })).toBeNull();
    expect(
      await caught(callField(source, "Query.a", scope({ claims: { tenant: {} } }), { args })),
    ).toMatchObject({
      code: "UNAUTHENTICATED",
      publicMessage: "A token with the claim tenant.id is required.",
    });
    expect(
      await caught(callField(source, "Query.d", scope({ headers: { "x-tenant": "" } }), { args })),
    ).toMatchObject({ code: "HEADER_REQUIRED", publicMessage: "The header x-tenant is required." });
    expect(await caught(callField(source, "Query.e", scope()))).toMatchObject({ code: "UNAUTHENTICATED" });
    expect(log.count()).toBe(0);

    const caller = scope({ claims: { tenant: { id: 7 }, sub: "u1" }, headers: { "x-tenant": "t1" } });
    await callField(source, "Query.a", caller);
    await callField(source, "Query.d", caller);
    await callField(source, "Query.e", caller);
    await callField(source, "Query.e", caller, { args: { b: "u2" } });
    await callField(source, "Row.rows", caller, { parent: { up: "r1" } });
    expect(log.entries.map(({ url }) => url)).toEqual([
      "/rows?c=7",
      "/rows?x-tenant=t1",
      "/rows?b=u1",
      "/rows?b=u2",
      "/rows?up=r1",
    ]);
  });

  test("has one row for each of a list of keys, in their order", async () => {
    const source = openOwn(`
      type Row { ids: [ID] rows: [Any] @rest(GET: "/rows{?ids*}",
        batch: { of: "$parent.ids", as: "ids", match: "id", maxSize: 10 }) }`);
    answer = [{ id: "b" }, { id: 1 }];
    const parent = { ids: ["1", "none", null, "b", "1"] };
    expect(await callField(source, "Row.rows", scope(), { parent })).toEqual([
      { id: 1 },
      null,
      null,
      { id: "b" },
      { id: 1 },
    ]);
    expect(log.entries.map(({ url }) => url)).toEqual(["/rows?ids=1&ids=none&ids=b"]);
    log.clear();
    expect(await callField(source, "Row.rows", scope(), { parent: { ids: [] } })).toEqual([]);
    expect(await callField(source, "Row.rows", scope(), { parent: { ids: [null, ""] } })).toEqual([
      null,
      null,
    ]);
    expect(await callField(source, "Row.rows", scope(), { parent: { ids: null } })).toBeNull();
    expect(log.count()).toBe(0);
  });

  test("may have its rows in a map", async () => {
    const source = openOwn(`
      type Row { id: ID n: Any @rest(GET: "/rows{?ids*}", select: "data",
        batch: { of: "$parent.id", as: "ids", match: "$key", value: "n" }) }`);
    answer = { data: { a: { n: 1 }, b: null } };
    const request = scope();
    const found = ["a", "b", "c", "constructor"].map((id) =>
      callField(source, "Row.n", request, { parent: { id } }),
    );
    expect(await Promise.all(found)).toEqual([1, null, null, null]);
  });

  test.each([
    [null, []],
    [{}, "UPSTREAM_INVALID_RESPONSE"],
    [{ data: null }, []],
    [{ data: {} }, "UPSTREAM_INVALID_RESPONSE"],
    [{ data: [{ no: 1 }] }, "UPSTREAM_INVALID_RESPONSE"],
  ])("of many with the answer %j yields %j", async (body, outcome) => {
    const source = openOwn(`
      type Row { id: ID rows: [Any] @rest(GET: "/rows{?ids*}", select: "data",
        batch: { of: "$parent.id", as: "ids", match: "id" }) }`);
    answer = body;
    const found = await callField(source, "Row.rows", scope(), { parent: { id: "a" } }).catch(
      (error: unknown) => (error as { code: string }).code,
    );
    expect(found).toEqual(outcome);
  });

  test("sets the source's headers from claims and headers, and refuses those that no header carries", async () => {
    const headers = '[{ name: "x-user", value: "$claims.sub" }, { name: "x-roles", value: "$claims.roles" }]';
    const source = openOwn('type Query { a: Any @rest(GET: "/rows") }', `headers: ${headers}`);
    await callField(source, "Query.a", scope({ claims: { sub: 7, roles: ["a", "b"] } }));
    expect(log.entries[0]?.headers).toMatchObject({ "x-user": "7", "x-roles": '["a","b"]' });
    log.clear();
    for (const sub of ["a\r\nx-evil: 1", "a\0", "ü", " a", "a ", "x".repeat(8193)]) {
      const error = await caught(callField(source, "Query.a", scope({ claims: { sub, roles: ["a"] } })));
      expect(error).toMatchObject({ code: "INVALID_VALUE" });
      expect((error as Error).message.length).toBeLessThan(200);
    }
    expect(await caught(callField(source, "Query.a", scope({ claims: { sub: "a" } })))).toMatchObject({
      code: "UNAUTHENTICATED",
    });
    expect(log.count()).toBe(0);
  });

  test("drops a forwarded header that no header carries", async () => {
    const source = openOwn('type Query { a: Any @rest(GET: "/rows") }', 'forwardHeaders: ["x-a", "x-b"]');
    await callField(source, "Query.a", scope({ headers: { "x-a": "1\r\nx-evil: 1", "x-b": "fine" } }));
    expect(log.entries[0]?.headers).toMatchObject({ "x-b": "fine" });
    expect(log.entries[0]?.headers).not.toHaveProperty("x-a");
    expect(log.entries[0]?.headers).not.toHaveProperty("x-evil");
  });

  test("keeps the path of the source's URL", async () => {
    const source = open(
      'extend schema @source(name: "own", url: "http://x") scalar Any type Query { a: Any @rest(GET: "/rows") }',
      `${backend.url}/v1/`,
    );
    await callField(source, "Query.a", scope());
    expect(log.entries.map(({ url }) => url)).toEqual(["/v1/rows"]);
  });

  test("reads an answer as large as the limit and no larger", async () => {
    answer = "x".repeat(98);
    const fields = 'type Query { a: Any @rest(GET: "/rows") }';
    expect(await callField(openOwn(fields, "maxResponseBytes: 100"), "Query.a", scope())).toBe(answer);
    const error = await caught(callField(openOwn(fields, "maxResponseBytes: 99"), "Query.a", scope()));
    expect(error).toMatchObject({ code: "UPSTREAM_RESPONSE_TOO_LARGE", message: "more than 99 bytes" });
  });

  function openOwn(types: string, settings = ""): Source {
    const sdl = `extend schema @source(name: "own", url: "http://x", ${settings}) scalar Any ${types}`;
    return open(sdl, backend.url);
  }
});

function open(sdl: string, url: string): Source {
  const source = openSource(sdl, url);
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
