import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Source } from "../../../gateway/sources/source.ts";
import { caught } from "../../support/caught.ts";
import { callField, openSource } from "../../support/open-source.ts";
import { createScope, type ScopeOptions, type TestScope } from "../../support/request-scope.ts";
import { ScriptedBackend } from "../../support/scripted-backend.ts";

const backend = new ScriptedBackend();
const scopes: TestScope[] = [];
const sources: Source[] = [];
beforeAll(() => backend.start());
afterAll(() => backend.stop());
afterEach(async () => {
  backend.clear();
  for (const created of scopes.splice(0)) created.deadline.dispose();
  await Promise.all(sources.splice(0).map((source) => source.dispose()));
});

describe("a method", () => {
  test.each([
    ["POST", "{}"],
    ["PUT", "{}"],
    ["PATCH", "{}"],
    ["DELETE", ""],
    ["GET", ""],
  ])("%s reaches the backend, with no body unless there is something to say", async (method) => {
    const source = open(`type Mutation { a(id: ID!): Any @rest(${method}: "/things/{args.id}") }`);
    backend.answer = { body: { ok: true } };
    expect(await callField(source, "Mutation.a", scope(), { args: { id: "x" } })).toEqual({ ok: true });
    expect(backend.requests).toMatchObject([{ method, url: "/things/x", body: "" }]);
    expect(backend.requests[0]?.headers).not.toHaveProperty("content-type");
  });

  test.each([
    ["GET", 1],
    ["HEAD", 1],
    ["POST", 2],
    ["PUT", 2],
    ["DELETE", 2],
  ])("%s is shared by equal calls of one request only if it is safe", async (method, calls) => {
    const root = calls === 1 ? "Query" : "Mutation";
    const source = open(`type ${root} { a: Boolean @rest(${method}: "/things") }`);
    const request = scope();
    await Promise.all([callField(source, `${root}.a`, request), callField(source, `${root}.a`, request)]);
    expect(backend.requests).toHaveLength(calls);
  });

  test("POST that is declared safe is shared by equal calls, body included", async () => {
    const source = open('type Query { a(b: Any): Any @rest(POST: "/search", safe: true) }');
    const request = scope();
    const call = (args: Record<string, unknown>) => callField(source, "Query.a", request, { args });
    await Promise.all([call({ b: 1 }), call({ b: 1 }), call({ b: "1" }), call({ b: null }), call({})]);
    expect(backend.requests.map(({ body }) => body).toSorted()).toEqual(
      ['{"b":"1"}', '{"b":1}', '{"b":null}', "{}"].toSorted(),
    );
  });

  test.each([
    [200, true],
    [204, true],
    [404, false],
    [401, "UPSTREAM_DENIED"],
    [302, "UPSTREAM_INVALID_RESPONSE"],
    [500, "UPSTREAM_ERROR"],
  ])("HEAD with status %i is %j", async (status, outcome) => {
    const source = open('type Query { a(id: ID!): Boolean @rest(HEAD: "/things/{args.id}") }');
    backend.answer = { status, headers: { "content-length": "99999999" } };
    const found = await callField(source, "Query.a", scope(), { args: { id: "x" } }).catch(codeOf);
    expect(found).toBe(outcome);
    expect(backend.requests).toMatchObject([{ method: "HEAD", url: "/things/x" }]);
  });

  test.each<[method: string, status: number, body: unknown, outcome: unknown]>([
    ["GET", 404, {}, null],
    ["POST", 404, {}, "UPSTREAM_REJECTED"],
    ["DELETE", 404, {}, "UPSTREAM_REJECTED"],
    ["GET", 200, "", "UPSTREAM_INVALID_RESPONSE"],
    ["POST", 201, "", null],
    ["DELETE", 202, "", null],
    ["PUT", 204, "", null],
    ["POST", 205, "", null],
    ["POST", 201, { id: "n" }, { id: "n" }],
    ["POST", 303, {}, "UPSTREAM_INVALID_RESPONSE"],
    ["POST", 200, "<html>", "UPSTREAM_INVALID_RESPONSE"],
  ])("%s answered with %i and %j is %j", async (method, status, body, outcome) => {
    const root = method === "GET" ? "Query" : "Mutation";
    const source = open(`type ${root} { a: Any @rest(${method}: "/things") }`);
    backend.answer = { status, body, headers: { location: `${backend.url}/elsewhere` } };
    expect(await callField(source, `${root}.a`, scope()).catch(codeOf)).toEqual(outcome);
    expect(backend.requests).toHaveLength(1);
  });
});

describe("a JSON body", () => {
  test("is an object of the arguments that nothing else reads, where none is written", async () => {
    const source = open(`
      input NameInput { first: String last: String }
      type Mutation { a(id: ID!, notify: Boolean, name: NameInput, tags: [String]): Any
        @rest(PATCH: "/users/{args.id}{?args.notify}") }`);
    const send = async (args: Record<string, unknown>) => {
      await callField(source, "Mutation.a", scope(), { args: { id: "u1", ...args } });
      return backend.requests.at(-1);
    };
    expect(await send({ notify: true, name: { first: "Ada", last: null }, tags: ["x", null] })).toMatchObject(
      {
        url: "/users/u1?notify=true",
        body: '{"name":{"first":"Ada","last":null},"tags":["x",null]}',
        headers: { "content-type": "application/json" },
      },
    );
    expect(await send({ name: null })).toMatchObject({ body: '{"name":null}' });
    expect(await send({ tags: [] })).toMatchObject({ body: '{"tags":[]}' });
    expect(await send({})).toMatchObject({ body: "{}" });
  });

  test("is what body says, nested, absent members left out", async () => {
    const source = open(
      `type Mutation { a(terms: String, first: Int, kind: String): Any @rest(POST: "/search", body: {
        terms: "$args.terms", page: { size: "$args.first", by: "$claims.sub" }, where: "{ kind: $args.kind }" }) }`,
    );
    const caller = scope({ claims: { sub: "u1" } });
    await callField(source, "Mutation.a", caller, { args: { terms: "lamp", first: 5, kind: "NEW" } });
    await callField(source, "Mutation.a", caller);
    expect(backend.requests.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      { terms: "lamp", page: { size: 5, by: "u1" }, where: { kind: "NEW" } },
      { page: { by: "u1" }, where: {} },
    ]);
  });

  test("may be one value as it is", async () => {
    const source = open('type Mutation { a(input: Any): Any @rest(PUT: "/things", body: "$args.input") }');
    const values = [{ a: { b: [1] } }, [], [1, "2", null], "text", 0, false, null];
    for (const input of values) await callField(source, "Mutation.a", scope(), { args: { input } });
    await callField(source, "Mutation.a", scope());
    expect(backend.requests.map(({ body }) => body)).toEqual([
      ...values.map((value) => JSON.stringify(value)),
      "",
    ]);
  });

  test("is not sent where a claim, a header or a parent is absent", async () => {
    const source = open(`
      type Mutation {
        a: Any @rest(POST: "/things", body: { by: "$claims.sub" })
        b: Any @rest(POST: "/things", body: { by: { tenant: "$headers.x-tenant" } })
      }
      type Row { up: ID c: Any @rest(POST: "/things", safe: true, body: { up: "$parent.up" }) }`);
    expect(await callField(source, "Mutation.a", scope()).catch(codeOf)).toBe("UNAUTHENTICATED");
    expect(await callField(source, "Mutation.b", scope()).catch(codeOf)).toBe("HEADER_REQUIRED");
    for (const up of [undefined, null, ""])
      expect(await callField(source, "Row.c", scope(), { parent: { up } })).toBeNull();
    expect(backend.requests).toEqual([]);
  });

  test("is not sent with a number that JSON does not have, or without an end", async () => {
    const source = open('type Mutation { a(b: Any): Any @rest(POST: "/things") }');
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level++) deep = [deep];
    for (const b of [Infinity, -Infinity, Number.NaN, [Infinity], { c: Number.NaN }, deep]) {
      expect(await callField(source, "Mutation.a", scope(), { args: { b } }).catch(codeOf)).toBe(
        "INVALID_VALUE",
      );
    }
    expect(backend.requests).toEqual([]);
  });

  test("of a safe call is not sent with an empty list, which would ask for everything", async () => {
    const source = open('type Query { a(ids: [ID], n: Int): Any @rest(POST: "/search", safe: true) }');
    for (const ids of [[], [null]])
      expect(await callField(source, "Query.a", scope(), { args: { ids, n: 1 } })).toBeNull();
    expect(backend.requests).toEqual([]);
  });
});

describe("a mutation that can't be sent", () => {
  test.each([
    { what: "an empty segment", rest: '@rest(DELETE: "/things/{args.id}")', args: { id: "" } },
    {
      what: "a segment that leads elsewhere",
      rest: '@rest(DELETE: "/things/{args.id}")',
      args: { id: ".." },
    },
    { what: "no segment", rest: '@rest(DELETE: "/things/{args.id}")', args: {} },
    { what: "an empty list of keys", rest: '@rest(DELETE: "/things{?args.id*}")', args: { id: [] } },
    { what: "a list of nothing", rest: '@rest(DELETE: "/things{?args.id*}")', args: { id: [null] } },
  ])("has failed, because nothing was done: $what", async ({ rest, args }) => {
    const source = open(`scalar Id type Mutation { a(id: Id): Boolean ${rest} }`);
    const refusal = await caught(callField(source, "Mutation.a", scope(), { args }));
    expect(refusal).toMatchObject({
      code: "BAD_USER_INPUT",
      message: "Expected arguments that can be sent; nothing was done.",
    });
    expect(backend.requests).toEqual([]);
  });
});

describe("a form body", () => {
  const fields = `type Mutation { a(name: String, tags: [String], n: Float, on: Boolean, x: Any): Any
    @rest(POST: "/form", bodyType: FORM) }`;

  test("is pairs, percent-encoded; lists repeat, null and absent are left out", async () => {
    const source = open(fields);
    const args = { name: "a b&c=d+e\r\n%ü", tags: ["x", null, "y&z"], n: 1.5, on: false, x: null };
    await callField(source, "Mutation.a", scope(), { args });
    expect(backend.requests).toMatchObject([
      {
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: "name=a%20b%26c%3Dd%2Be%0D%0A%25%C3%BC&tags=x&tags=y%26z&n=1.5&on=false",
      },
    ]);
    expect([...new URLSearchParams(backend.requests[0]?.body)]).toEqual([
      ["name", "a b&c=d+e\r\n%ü"],
      ["tags", "x"],
      ["tags", "y&z"],
      ["n", "1.5"],
      ["on", "false"],
    ]);
  });

  test("carries no objects, and an empty list makes no call", async () => {
    const source = open(fields);
    for (const x of [{ a: 1 }, [{ a: 1 }], [["a"]]])
      expect(await callField(source, "Mutation.a", scope(), { args: { x } }).catch(codeOf)).toBe(
        "INVALID_VALUE",
      );
    const empty = callField(source, "Mutation.a", scope(), { args: { tags: [] } });
    expect(await empty.catch(codeOf)).toBe("BAD_USER_INPUT");
    expect(backend.requests).toEqual([]);
  });

  test("may be one input object", async () => {
    const source = open(`input In { a: String b: [Int] } type Mutation { a(in: In!): Any
      @rest(POST: "/form", bodyType: FORM, body: "$args.in") }`);
    await callField(source, "Mutation.a", scope(), { args: { in: { a: "x=y", b: [1, 2] } } });
    expect(backend.requests).toMatchObject([{ body: "a=x%3Dy&b=1&b=2" }]);
  });
});

describe("a batch in a body", () => {
  test("sends the keys where as says, beside the other members", async () => {
    const source = open(`type Row { id: ID n(kind: String): Any @rest(POST: "/batch", safe: true,
      body: { filter: { kind: "$args.kind" } },
      batch: { of: "$parent.id", as: "filter.ids", match: "id", value: "n", maxSize: 2 }) }`);
    backend.answer = {
      body: [
        { id: "b", n: 2 },
        { id: "a", n: 1 },
      ],
    };
    const request = scope();
    const load = (id: string) => callField(source, "Row.n", request, { parent: { id }, args: { kind: "K" } });
    expect(await Promise.all([load("a"), load("b"), load("a"), load("c")])).toEqual([1, 2, 1, null]);
    expect(backend.requests.map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      { filter: { kind: "K", ids: ["a", "b"] } },
      { filter: { kind: "K", ids: ["c"] } },
    ]);
  });

  test("may have composite keys in JSON, and repeats a pair in a form", async () => {
    const source = open(`type Row { id: ID t: ID
      n: Any @rest(POST: "/batch", safe: true, batch: { of: "{ t: $parent.t, id: $parent.id }", as: "keys",
        match: "{ t: t, id: id }", value: "n" })
      f: Any @rest(POST: "/form", safe: true, bodyType: FORM, batch: { of: "$parent.id", as: "ids", match: "id", value: "n" }) }`);
    backend.answer = { body: [{ t: "t1", id: 7, n: 1 }] };
    const parent = { t: "t1", id: "7" };
    expect(await callField(source, "Row.n", scope(), { parent })).toBe(1);
    expect(await callField(source, "Row.f", scope(), { parent })).toBe(1);
    expect(backend.requests.map(({ body }) => body)).toEqual(['{"keys":[{"t":"t1","id":"7"}]}', "ids=7"]);
  });
});

describe("a header of a call", () => {
  const fields = `type Mutation { a(key: String, n: Any): Any @rest(POST: "/things", headers: [
    { name: "idempotency-key", value: "$args.key" }, { name: "x-n", value: "$args.n" }]) }`;

  test("is sent beside the source's, and left out where its argument is", async () => {
    const source = open(fields, 'headers: [{ name: "x-user", value: "$claims.sub" }]');
    const caller = scope({ claims: { sub: "u1" } });
    await callField(source, "Mutation.a", caller, { args: { key: "k 1", n: 5 } });
    await callField(source, "Mutation.a", caller, { args: { n: null } });
    expect(backend.requests[0]).toMatchObject({
      headers: { "idempotency-key": "k 1", "x-n": "5", "x-user": "u1" },
      body: "",
    });
    expect(Object.keys(backend.requests[1]?.headers ?? {})).not.toContain("idempotency-key");
    expect(Object.keys(backend.requests[1]?.headers ?? {})).not.toContain("x-n");
  });

  test.each(["", " a", "a ", "a\r\nx-evil: 1", "a\nb", "a\0b", "ü", "\u007f", "x".repeat(8193)])(
    "is not sent with %j",
    async (key) => {
      const error = await caught(callField(open(fields), "Mutation.a", scope(), { args: { key } }));
      expect(error).toMatchObject({ code: "INVALID_VALUE" });
      expect(backend.requests).toEqual([]);
    },
  );
});

describe("an answer in which select finds nothing", () => {
  test.each<[select: string, body: unknown, outcome: unknown]>([
    ["data", { error: "boom" }, "UPSTREAM_INVALID_RESPONSE"],
    ["data", {}, "UPSTREAM_INVALID_RESPONSE"],
    ["data", "text", "UPSTREAM_INVALID_RESPONSE"],
    ["data", 5, "UPSTREAM_INVALID_RESPONSE"],
    ["data | rows", { error: 1 }, "UPSTREAM_INVALID_RESPONSE"],
    ["{ id: key.id }", { error: 1 }, "UPSTREAM_INVALID_RESPONSE"],
    ["constructor", {}, "UPSTREAM_INVALID_RESPONSE"],
    ["data", { data: null }, null],
    ["data", null, null],
    ["data.user", { data: {} }, null],
    ["data.user", { data: null }, null],
    ["data | rows", { rows: [1] }, [1]],
    ["name", [], []],
    ["name", [{ name: "a" }, {}], ["a", null]],
  ])("%s in %j is %j", async (select, body, outcome) => {
    const source = open(`type Query { a: Any @rest(GET: "/things", select: "${select}") }`);
    backend.answer = { body };
    expect(await callField(source, "Query.a", scope()).catch(codeOf)).toEqual(outcome);
  });
});

function open(types: string, settings = ""): Source {
  const sdl = `extend schema @source(name: "own", url: "http://x", ${settings}) scalar Any ${types}`;
  const source = openSource(sdl, backend.url);
  sources.push(source);
  return source;
}

function scope(options: ScopeOptions = {}): TestScope {
  const created = createScope(options);
  scopes.push(created);
  return created;
}

function codeOf(error: unknown): unknown {
  return (error as { code: unknown }).code;
}
