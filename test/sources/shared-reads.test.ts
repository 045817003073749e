import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Source } from "../../gateway/sources/source.ts";
import { caught } from "../support/caught.ts";
import { eventually } from "../support/eventually.ts";
import { echoSource, type GrpcEcho, startGrpcEcho } from "../support/grpc-echo.ts";
import { callField, type FieldInputs, openSource } from "../support/open-source.ts";
import { createScope, type ScopeOptions, type TestScope } from "../support/request-scope.ts";

// Who asks at the same time is answered by one call only where nothing that the backend sees tells them apart.

/** What one caller asks for. */
interface Ask extends ScopeOptions, FieldInputs {
  readonly field?: string;
}

const sources: Source[] = [];
const scopes: TestScope[] = [];

afterEach(async () => {
  for (const scope of scopes.splice(0)) scope.deadline.dispose();
  await Promise.all(sources.splice(0).map((source) => source.dispose()));
});

function open(sdl: string, url: string, protos?: string): Source {
  const source = protos === undefined ? openSource(sdl, url) : openSource(sdl, url, protos);
  sources.push(source);
  return source;
}

function ask(source: Source, { field = "Query.a", args, parent, ...scope }: Ask): Promise<unknown> {
  const created = createScope(scope);
  scopes.push(created);
  return callField(source, field, created, {
    ...(args !== undefined && { args }),
    ...(parent !== undefined && { parent }),
  });
}

/** A backend that answers when the test says so: with what it was asked. */
class HeldBackend {
  readonly held: { readonly received: Received; readonly response: ServerResponse }[] = [];
  readonly #server = createServer((request, response) => void this.#hold(request, response));
  cancelled = 0;

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async start(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  /** The calls that have come when no more are coming, answered with what each of them said. */
  async release(calls: readonly Promise<unknown>[], expected: number): Promise<readonly unknown[]> {
    await eventually(() => expect(this.held).toHaveLength(expected));
    // Whatever else was going to be sent would have been by now.
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(this.held).toHaveLength(expected);
    this.#answerAll();
    return Promise.all(calls);
  }

  #answerAll(): void {
    for (const [index, { received, response }] of this.held.splice(0).entries()) {
      response.setHeader("content-type", "application/json");
      response.end(received.method === "HEAD" ? undefined : JSON.stringify({ number: index, ...received }));
    }
  }

  async #hold(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "", headers } = request;
    response.once("close", () => (this.cancelled += response.writableFinished ? 0 : 1));
    this.held.push({
      received: { method, url, headers, body: (await buffer(request)).toString() },
      response,
    });
  }
}

interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

const traceOf = (digit: string): string => `00-${digit.repeat(32)}-${digit.repeat(16)}-01`;

const rest = (types: string, settings = ""): string =>
  `extend schema @source(name: "own", url: "http://x", ${settings}) scalar Any ${types}`;

describe("reads of a REST source", () => {
  const backend = new HeldBackend();

  beforeAll(() => backend.start());
  afterAll(() => backend.stop());

  const plain = 'type Query { a: Any @rest(GET: "/a") }';
  const forwards = 'forwardHeaders: ["authorization", "accept-language", "x-a", "x-b"]';

  test.each<[what: string, types: string, settings: string, ...asks: Ask[]]>([
    ["nothing", plain, "", {}, {}],
    ["time left", plain, "", { timeoutMs: 5000 }, { timeoutMs: 9000 }],
    [
      "trace",
      plain,
      forwards,
      { headers: { traceparent: traceOf("1"), tracestate: "a=1" } },
      { headers: { traceparent: traceOf("2") } },
    ],
    ["claims that nothing reads", plain, "", { claims: { sub: "u1" } }, { claims: { sub: "u2" } }],
    ["headers that are not forwarded", plain, "", { headers: { "x-a": "1" } }, { headers: { "x-a": "2" } }],
    [
      "the field that asks, but not the request",
      'type Query { a: Any @rest(GET: "/a")  b: Any @rest(GET: "/a") }',
      "",
      {},
      { field: "Query.b" },
    ],
    [
      "how the same URL comes about",
      'type Query { a(x: String): Any @rest(GET: "/a{?args.x}")  b(x: Int): Any @rest(GET: "/a", query: { x: "$args.x" }) }',
      "",
      { args: { x: "1" } },
      { field: "Query.b", args: { x: 1 } },
    ],
  ])("that differ in %s are one call", async (_what, types, settings, ...asks) => {
    const source = open(rest(types, settings), backend.url);
    const calls = asks.map((one) => ask(source, one));
    const answers = await backend.release(calls, 1);
    expect(answers[0]).toEqual(answers[1]);
  });

  test.each<[what: string, types: string, settings: string, ...asks: Ask[]]>([
    [
      "forwarded token",
      plain,
      forwards,
      { headers: { authorization: "Bearer a" } },
      { headers: { authorization: "Bearer b" } },
    ],
    [
      "forwarded token, of which one has none",
      plain,
      forwards,
      { headers: { authorization: "Bearer a" } },
      {},
    ],
    [
      "forwarded language",
      plain,
      forwards,
      { headers: { "accept-language": "de" } },
      { headers: { "accept-language": "fr" } },
    ],
    [
      "name of a header with one value",
      plain,
      forwards,
      { headers: { "x-a": "1" } },
      { headers: { "x-b": "1" } },
    ],
    [
      "place where two headers' values are cut",
      plain,
      forwards,
      { headers: { "x-a": "1 x-b 2", "x-b": "3" } },
      { headers: { "x-a": "1", "x-b": "2 x-b 3" } },
    ],
    [
      "claim in the path",
      'type Query { a: Any @rest(GET: "/a/{claims.sub}") }',
      "",
      { claims: { sub: "u1" } },
      { claims: { sub: "u2" } },
    ],
    [
      "claim in the query",
      'type Query { a: Any @rest(GET: "/a", query: { user: "$claims.sub" }) }',
      "",
      { claims: { sub: "u1" } },
      { claims: { sub: "u2" } },
    ],
    [
      "claim in a header of the source",
      plain,
      'headers: [{ name: "x-user", value: "$claims.sub" }]',
      { claims: { sub: "u1" } },
      { claims: { sub: "u2" } },
    ],
    [
      "argument in a header of the call",
      'type Query { a(tenant: ID): Any @rest(GET: "/a", headers: [{ name: "x-tenant", value: "$args.tenant" }]) }',
      "",
      { args: { tenant: "t1" } },
      { args: { tenant: "t2" } },
    ],
    [
      "claim in a body",
      'type Query { a: Any @rest(POST: "/a", safe: true, body: { user: "$claims.sub" }) }',
      "",
      { claims: { sub: "u1" } },
      { claims: { sub: "u2" } },
    ],
    [
      "order of a list in a body",
      'type Query { a(ids: [ID!]): Any @rest(POST: "/a", safe: true) }',
      "",
      { args: { ids: ["1", "2"] } },
      { args: { ids: ["2", "1"] } },
    ],
    [
      "type of their body",
      'type Query { a(x: ID): Any @rest(POST: "/a", safe: true, bodyType: FORM)  b: Any @rest(POST: "/a", safe: true) }',
      "",
      {},
      { field: "Query.b" },
    ],
    [
      "method",
      'type Query { a: Any @rest(GET: "/a")  b: Any @rest(POST: "/a", safe: true) }',
      "",
      {},
      { field: "Query.b" },
    ],
    [
      "method, of which one has no body",
      'type Query { a: Any @rest(GET: "/a")  b: Boolean @rest(HEAD: "/a") }',
      "",
      {},
      { field: "Query.b" },
    ],
    [
      "argument that looks like a part of the URL",
      'type Query { a(x: String, y: String): Any @rest(GET: "/a{?args.x,args.y}") }',
      "",
      { args: { x: "1&y=2" } },
      { args: { x: "1", y: "2" } },
    ],
    [
      "case of the path",
      'type Query { a: Any @rest(GET: "/a")  b: Any @rest(GET: "/A") }',
      "",
      {},
      { field: "Query.b" },
    ],
  ])("that differ in %s are two calls, each with its own answer", async (_what, types, settings, ...asks) => {
    const source = open(rest(types, settings), backend.url);
    // Twice each, so that those who may share do.
    const calls = [...asks, ...asks].map((one) => ask(source, one));
    const [a, b, again, againB] = await backend.release(calls, 2);
    expect(a).not.toEqual(b);
    expect([again, againB]).toEqual([a, b]);
  });

  test.each<[what: string, first: Ask, second: Ask]>([
    ["token", { headers: { authorization: "Bearer a" } }, { headers: { authorization: "Bearer b" } }],
    ["language", { headers: { "accept-language": "de" } }, { headers: { "accept-language": "fr" } }],
  ])("bring each caller the answer to its own %s", async (_what, first, second) => {
    const source = open(rest(plain, forwards), backend.url);
    const asked = [first, second];
    const answers = (await backend.release(
      asked.map((one) => ask(source, one)),
      2,
    )) as Received[];
    for (const [index, { headers }] of answers.entries())
      expect(headers).toMatchObject(asked[index]?.headers ?? {});
  });

  test("of two sources are never one call, though they call the same address", async () => {
    const [first, second] = [open(rest(plain), backend.url), open(rest(plain), backend.url)];
    const [a, b] = await backend.release([ask(first, {}), ask(second, {})], 2);
    expect(a).not.toEqual(b);
  });

  test.each([
    ["for the source", plain, "shareInFlight: false", 2],
    ["for the field", 'type Query { a: Any @rest(GET: "/a", shareInFlight: false) }', "", 2],
    [
      "for the field, though not for the source",
      'type Query { a: Any @rest(GET: "/a", shareInFlight: true) }',
      "shareInFlight: false",
      1,
    ],
    [
      "for what changes nothing",
      'type Mutation { a: Any @rest(PUT: "/a") } type Query { b: Any @rest(GET: "/b") }',
      "",
      2,
    ],
  ])("are one call only where sharing is switched on %s (case %#)", async (_what, types, settings, calls) => {
    const source = open(rest(types, settings), backend.url);
    const field = types.includes("Mutation") ? "Mutation.a" : "Query.a";
    const answers = await backend.release([ask(source, { field }), ask(source, { field })], calls);
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(calls);
  });

  test("carry the id of who sent them, and the source's time", async () => {
    const source = open(rest(plain, "timeoutMs: 2500"), backend.url);
    const [answer] = (await backend.release(
      [ask(source, { timeoutMs: 500 }), ask(source, {})],
      1,
    )) as Received[];
    expect(answer?.headers).toMatchObject({ "x-request-id": "request-1", "x-request-timeout-ms": "2500" });
  });

  test("are cancelled at the backend by the last to leave, and by nobody before", async () => {
    const source = open(rest(plain), backend.url);
    const clients = [new AbortController(), new AbortController()];
    const calls = clients.map((client) => caught(ask(source, { client: client.signal })));
    await eventually(() => expect(backend.held).toHaveLength(1));
    backend.cancelled = 0;
    clients[0]?.abort();
    expect(await calls[0]).toMatchObject({ code: "CANCELLED" });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(backend.cancelled).toBe(0);
    clients[1]?.abort();
    await eventually(() => expect(backend.cancelled).toBe(1));
    expect(await calls[1]).toMatchObject({ code: "CANCELLED" });
    backend.held.length = 0;
  });
});

test.each([
  [
    "REST",
    rest(
      'type Query { b: Any @rest(GET: "/b") } type Mutation { a: Any @rest(PUT: "/a", shareInFlight: true) }',
    ),
  ],
  [
    "gRPC",
    `extend schema @source(name: "own", url: "grpc://x", proto: "shop/inventory/v1/inventory.proto", service: "shop.inventory.v1.InventoryService")
    type Query { b: Any @grpc(method: "BatchGetStock") } scalar Any
    type Mutation { a: Any @grpc(method: "Reserve", shareInFlight: true) }`,
  ],
])("a %s call that may change something can't be shared: the start is refused", (_kind, sdl) => {
  expect(() => open(sdl, "http://localhost:1")).toThrow(
    /\(shareInFlight:\)\n  expected  shareInFlight of a safe call only\n  found     a call that may change something/,
  );
});

describe("what a write changes", () => {
  const backend = new HeldBackend();

  beforeAll(() => backend.start());
  afterAll(() => backend.stop());

  const types = `type Query { a: Any @rest(GET: "/a") }
    type Mutation { set: Any @rest(PUT: "/a") }`;

  test.each([
    [200, null],
    [500, "UPSTREAM_ERROR"],
  ])("is seen by whoever asks after it, though it was answered with %i", async (status, code) => {
    const source = open(rest(types), backend.url);
    // What was true when the backend looked, and what is by the time that it answers.
    const early = ask(source, {});
    await eventually(() => expect(backend.held).toHaveLength(1));
    const writing = ask(source, { field: "Mutation.set" }).then(
      () => null,
      (error: unknown) => (error as { readonly code: string }).code,
    );
    await eventually(() => expect(backend.held).toHaveLength(2));
    const during = [ask(source, {}), ask(source, {})];
    await eventually(() => expect(backend.held).toHaveLength(3));
    backend.held[1]?.response.writeHead(status, { "content-type": "application/json" }).end("{}");
    expect(await writing).toBe(code);
    const late = [ask(source, {}), ask(source, {})];
    await eventually(() => expect(backend.held).toHaveLength(4));
    for (const [index, { response }] of backend.held.splice(0).entries()) {
      if (response.writableEnded) continue;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(["before", "", "during", "after"][index]));
    }
    expect(await Promise.all([early, ...during, ...late])).toEqual([
      "before",
      "during",
      "during",
      "after",
      "after",
    ]);
  });
});

describe("a failure that is shared", () => {
  const backend = new HeldBackend();

  beforeAll(() => backend.start());
  afterAll(() => backend.stop());

  test("tells each client what its own field lets through", async () => {
    const types = `type Query {
      a: Any @rest(GET: "/a", errors: [{ status: "4xx", message: "for a", codeFrom: "code" }])
      b: Any @rest(GET: "/a", errors: [{ status: "409", message: "for b" }])
      c: Any @rest(GET: "/a")
    }`;
    const source = open(rest(types), backend.url);
    const calls = ["Query.a", "Query.b", "Query.c"].map((field) => caught(ask(source, { field })));
    await eventually(() => expect(backend.held).toHaveLength(1));
    const response = backend.held.splice(0)[0]?.response;
    response
      ?.writeHead(409, { "content-type": "application/json" })
      .end('{"code":"TAKEN","secret":"db.internal"}');
    expect(await Promise.all(calls)).toMatchObject([
      { code: "UPSTREAM_REJECTED", declared: { message: "for a", code: "TAKEN" } },
      { code: "UPSTREAM_REJECTED", declared: { message: "for b", code: null } },
      { code: "UPSTREAM_REJECTED", declared: null },
    ]);
  });

  test("of a body that is no JSON is each caller's own error", async () => {
    const source = open(rest('type Query { a: Any @rest(GET: "/a") }'), backend.url);
    const calls = [caught(ask(source, {})), caught(ask(source, {}))];
    await eventually(() => expect(backend.held).toHaveLength(1));
    backend.held.splice(0)[0]?.response.writeHead(200, { "content-type": "application/json" }).end("{");
    const [first, second] = await Promise.all(calls);
    expect([first, second]).toMatchObject([
      { code: "UPSTREAM_INVALID_RESPONSE" },
      { code: "UPSTREAM_INVALID_RESPONSE" },
    ]);
    expect(first).not.toBe(second);
  });
});

describe("reads of a gRPC source", () => {
  let echo: GrpcEcho;

  beforeAll(async () => {
    echo = await startGrpcEcho();
  });
  afterAll(() => echo.stop());
  afterEach(() => {
    echo.backend.faults.clear();
    echo.backend.log.clear();
  });

  const types = `type Query {
    safe(text: String, small: Int): Any @grpc(method: "Safe")
    declared(text: String): Any @grpc(method: "Echo", safe: true)
    alone(text: String): Any @grpc(method: "Safe", shareInFlight: false)
    echo(text: String): Any @grpc(method: "Echo")
  } scalar Any`;
  const settings = 'forwardHeaders: ["authorization"], headers: [{ name: "x-user", value: "$claims.sub" }]';

  async function run(asks: readonly Ask[]): Promise<number> {
    echo.backend.faults.set({ latencyMs: 60 });
    const sdl = `${echoSource.replace(/\)$/, `, ${settings})`)} ${types}`;
    const source = open(sdl, echo.backend.url, echo.protos);
    const answers = await Promise.all(asks.map((one) => ask(source, { claims: { sub: "u" }, ...one })));
    for (const [index, answer] of answers.entries()) expect(answer).toMatchObject(asks[index]?.args ?? {});
    return echo.backend.log.count();
  }

  const args = { text: "x" };

  test.each<[what: string, calls: number, first: Ask, second: Ask]>([
    ["nothing", 1, { field: "Query.safe", args }, { field: "Query.safe", args }],
    [
      "nothing, of a method that is declared safe",
      1,
      { field: "Query.declared", args },
      { field: "Query.declared", args },
    ],
    ["message", 2, { field: "Query.safe", args }, { field: "Query.safe", args: { text: "y" } }],
    ["method", 2, { field: "Query.safe", args }, { field: "Query.declared", args }],
    [
      "forwarded token",
      2,
      { field: "Query.safe", args, headers: { authorization: "a" } },
      { field: "Query.safe", args, headers: { authorization: "b" } },
    ],
    [
      "metadata from a claim",
      2,
      { field: "Query.safe", args, claims: { sub: "u1" } },
      { field: "Query.safe", args, claims: { sub: "u2" } },
    ],
    ["nothing, with sharing switched off", 2, { field: "Query.alone", args }, { field: "Query.alone", args }],
    [
      "nothing, of a method that may change something",
      2,
      { field: "Query.echo", args },
      { field: "Query.echo", args },
    ],
  ])("that differ in %s: calls %i", async (_what, calls, first, second) => {
    expect(await run([first, second])).toBe(calls);
  });

  test("that fail are each caller's own failure", async () => {
    echo.backend.faults.set({ latencyMs: 60, fault: "status:9" });
    const source = open(`${echoSource} ${types}`, echo.backend.url, echo.protos);
    const asked = { field: "Query.safe", args };
    const [first, second] = await Promise.all([caught(ask(source, asked)), caught(ask(source, asked))]);
    expect([first, second]).toMatchObject([{ code: "UPSTREAM_REJECTED" }, { code: "UPSTREAM_REJECTED" }]);
    expect(first).not.toBe(second);
    expect(echo.backend.log.count()).toBe(1);
  });
});
