import { rmSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type DemoIssuer, startDemoIssuer } from "../demo/issuer.ts";
import { writeEchoProtos } from "../support/grpc-echo.ts";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";
import { type RawAnswer, sendRaw } from "../support/raw-connection.ts";
import { type RawGrpc, startRawGrpc } from "../support/raw-grpc.ts";
import { RequestRecorder } from "../support/request-recorder.ts";

// What of a client's headers backends of each kind see, byte for byte, whatever the client sends.

const sources = {
  books: `extend schema @source(name: "books", url: "http://x", forwardHeaders: ["accept-language", "authorization", "x-tenant"])
    scalar Any type Query { books: Any @rest(GET: "/books") }`,
  set: `extend schema @source(name: "set", url: "http://x", headers: [{ name: "x-shop", value: "$headers.x-shop" }])
    scalar Any type Query { set: Any @rest(GET: "/set") }`,
  films: `extend schema @source(name: "films", url: "http://x/graphql", kind: GRAPHQL, forwardHeaders: ["accept-language", "authorization", "x-tenant"])
    type Query { films: String }`,
  echo: `extend schema @source(name: "echo", url: "grpc://x", proto: "echo/v1/echo.proto", service: "echo.v1.EchoService",
      forwardHeaders: ["accept-language", "authorization", "x-tenant"])
    type Query { echo(text: String): String @grpc(method: "Safe", select: "text") }`,
};
const client = "scalar Any type Query { books: Any set: Any films: String echo(text: String): String }";

const rest = new RequestRecorder();
const graphql = new RequestRecorder();
let grpc: RawGrpc;
let gateway: ProjectGateway;
let issuer: DemoIssuer;
let protos = "";

beforeAll(async () => {
  protos = writeEchoProtos();
  issuer = await startDemoIssuer();
  await Promise.all([rest.start(), graphql.start()]);
  grpc = await startRawGrpc("/echo.v1.EchoService/Safe");
  gateway = await startProject(
    sources,
    client,
    {
      BOOKS_URL: `http://${rest.host}`,
      SET_URL: `http://${rest.host}`,
      FILMS_URL: `http://${graphql.host}/graphql`,
      ECHO_URL: grpc.url,
      ...issuer.environment,
    },
    { protos },
  );
});
afterAll(async () => {
  await gateway.stop();
  await Promise.all([rest.stop(), graphql.stop(), grpc.stop(), issuer.stop()]);
  rmSync(protos, { recursive: true });
});
beforeEach(() => {
  rest.requests.length = 0;
  graphql.requests.length = 0;
  grpc.received.length = 0;
  grpc.metadata.length = 0;
});

const query = JSON.stringify({ query: '{ books films echo(text: "x") }' });

/** One request with these header lines, written as they are. */
function send(lines: readonly string[], body = query): Promise<RawAnswer> {
  const head = [
    "POST /web/graphql HTTP/1.1",
    "host: localhost",
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    ...lines,
  ];
  return sendRaw(gateway.gateway.url, Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`, "latin1"));
}

type Seen = Readonly<Record<string, string>>;

/** What each backend saw, without what every call of its protocol has. A header that came twice has a list of values. */
function seen(): Record<"rest" | "graphql" | "grpc", Seen[]> {
  const ofHttp = ({ requests }: RequestRecorder): Seen[] =>
    requests.map(({ headers }) => withoutOwn(headers.map(([name, value]) => [name.toLowerCase(), value])));
  return {
    rest: ofHttp(rest),
    graphql: ofHttp(graphql),
    grpc: grpc.metadata.map((metadata) =>
      withoutOwn(
        Object.keys(metadata.getMap()).flatMap((name) =>
          metadata.get(name).map((value) => [name, String(value)] as const),
        ),
      ),
    ),
  };
}

function withoutOwn(headers: readonly (readonly [name: string, value: string])[]): Seen {
  const result: Record<string, string> = {};
  for (const [name, value] of headers) {
    if (ownNames.has(name) && !(name in result)) continue;
    result[name] = name in result ? `${result[name]} AND ${value}` : value;
  }
  return result;
}

/** What the gateway's clients say of the connection, the body and the call. */
const ownNames = new Set(
  `host connection accept accept-encoding content-type content-length te user-agent
  x-request-id x-request-timeout-ms grpc-timeout grpc-accept-encoding`.split(/\s+/),
);

async function expectSeen(lines: readonly string[], expected: Seen): Promise<void> {
  const answer = await send(lines);
  expect(answer.status).toBe(200);
  expect(seen()).toEqual({ rest: [expected], graphql: [expected], grpc: [expected] });
}

const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

describe("backends of all three kinds see", () => {
  it("nothing of a client's headers but what their schemas ask for", async () => {
    const lines = ["x-other: 1", "cookie: session=1", "origin: http://localhost", "referer: http://a/b"];
    await expectSeen([...lines, "x-forwarded-for: 1.2.3.4", "user-agent: evil"], {});
  });

  it("what their schemas ask for, as it came", async () => {
    const authorization = `Bearer ${await issuer.issueToken("u1", 60)}`;
    const expected = { "accept-language": "de, en;q=0.5", authorization, "x-tenant": "a b" };
    await expectSeen(
      Object.entries(expected).map(([name, value]) => `${name}: ${value}`),
      expected,
    );
  });

  it.each([
    ["letters of either case", ["X-TENANT: a"], { "x-tenant": "a" }],
    ["spaces around a value", ["x-tenant:   a  \t"], { "x-tenant": "a" }],
    [
      "lists that came in parts, as one",
      ["accept-language: de", "accept-language: en"],
      { "accept-language": "de, en" },
    ],
  ])("%s", (_what, lines, expected) => expectSeen(lines, expected));

  it.each([
    ["that came twice", ["x-tenant: a", "x-tenant: b"]],
    ["that came twice with one value", ["x-tenant: a", "X-Tenant: a"]],
    ["that came three times, once empty", ["x-tenant:", "x-tenant: b", "x-tenant: c"]],
    ["that is empty", ["x-tenant:"]],
    ["of 8193 characters", [`x-tenant: ${"a".repeat(8193)}`]],
    ["with a tab in it", ["x-tenant: a\tb"]],
    ["with a letter beyond ASCII", ["x-tenant: \u00e4"]],
    ["with bytes of UTF-8", ["x-tenant: \u00c3\u00a4"]],
    ["with the C1 character for a new line", ["x-tenant: a\u0085b"]],
    ["that the connection's options name", ["connection: x-tenant", "x-tenant: a"]],
    ["that they name among others", ["connection: keep-alive, X-Tenant ,close", "x-tenant: a"]],
    ["that a second line of them names", ["connection: keep-alive", "connection: x-tenant", "x-tenant: a"]],
    ["with an underscore for a dash", ["x_tenant: a"]],
    ["whose name goes on", ["x-tenant-id: a"]],
    [
      "that is about the connection",
      ["keep-alive: timeout=5", "proxy-authorization: Basic eDp5", "te: trailers"],
    ],
    ["of a proxy", ["proxy-connection: keep-alive", "proxy-authenticate: Basic", "via: 1.1 a"]],
    ["that asks for part of an answer", ["range: bytes=0-1", "if-none-match: x", "if-modified-since: x"]],
    ["that would be another method", ["x-http-method-override: DELETE", "x-method-override: DELETE"]],
    ["of gRPC's own", ["grpc-timeout: 1n", "grpc-encoding: gzip", "x-bin: AAAA"]],
    ["called like a property of objects", ["__proto__: a", "constructor: b", "tostring: c"]],
    ["that is a trace's state without a trace", ["tracestate: a=1"]],
  ])("nothing of a header %s", (_what, lines) => expectSeen(lines, {}));

  it("a header of 8192 characters", async () => {
    const value = "a".repeat(8192);
    await expectSeen([`x-tenant: ${value}`], { "x-tenant": value });
  });

  it.each([
    ["a bare line feed in a value", "x-tenant: a\nx-evil: 1"],
    ["a bare carriage return in a value", "x-tenant: a\rx-evil: 1"],
    ["a null character in a value", "x-tenant: a\0b"],
    ["a delete character in a value", "x-tenant: a\u007fb"],
    ["a folded line", "x-tenant: a\r\n x-evil: 1"],
    ["a space before the colon", "x-tenant : a"],
    ["a name with a space in it", "x tenant: a"],
    ["a name with a control character", "x-te\u0001nant: a"],
    ["two lengths", "content-length: 5"],
    ["a length and a coding", "transfer-encoding: chunked"],
    ["a coding that ends in no chunks", "transfer-encoding: chunked, identity"],
  ])("nothing at all of a request with %s", async (_what, line) => {
    const answer = await send([line, "connection: close"]);
    expect([400, 408, 501]).toContain(answer.status);
    expect(seen()).toEqual({ rest: [], graphql: [], grpc: [] });
  });

  it("one id for a request, the client's if it is a plain one", async () => {
    const idsOf = (): readonly (string | undefined)[] => [
      ...[rest, graphql].map(
        ({ requests }) => requests[0]?.headers.find(([name]) => name === "x-request-id")?.[1],
      ),
      String(grpc.metadata[0]?.get("x-request-id")[0]),
    ];
    const answer = await send(["x-request-id: Plain-1_2.3"]);
    expect(idsOf()).toEqual(["Plain-1_2.3", "Plain-1_2.3", "Plain-1_2.3"]);
    expect(answer.headers.get("x-request-id")).toBe("Plain-1_2.3");
  });

  it.each(["a".repeat(65), "a b", "a,b", "a;b", '"a"', "\u00e4", "{}", "../a"])(
    "an id of the gateway's own where the client's is %j",
    async (id) => {
      const answer = await send([`x-request-id: ${id}`]);
      const [own] = rest.requests[0]?.headers.find(([name]) => name === "x-request-id")?.slice(1) ?? [];
      expect(own).toMatch(/^[-0-9a-f]{36}$/);
      expect(answer.headers.get("x-request-id")).toBe(own);
    },
  );
});

describe("a trace", () => {
  it("goes on with its state when requests for one operation are run once for all", async () => {
    for (let time = 0; time < 4; time++) await send([]);
    rest.requests.length = 0;
    const lines = [`traceparent: ${trace}`, "tracestate: a=1"];
    const answers = await Promise.all(Array.from({ length: 8 }, () => send(lines)));
    expect(answers.map(({ body }) => body).filter((body) => body.includes("INTERNAL"))).toEqual([]);
    const calls = seen().rest;
    expect(calls.length).toBeGreaterThan(0);
    expect(calls).toEqual(calls.map(() => ({ traceparent: trace, tracestate: "a=1" })));
  });

  it("is passed on with its state, whatever the schemas ask for", async () => {
    await expectSeen([`traceparent: ${trace}`, "tracestate: a=1,b=2"], {
      traceparent: trace,
      tracestate: "a=1,b=2",
    });
  });

  it.each([
    ["of a later version", `cc${trace.slice(2)}`],
    ["of a later version with more in it", `cc${trace.slice(2)}-what-the-future-brings`],
    ["that is not sampled", `${trace.slice(0, -2)}00`],
  ])("%s is passed on", (_what, value) => expectSeen([`traceparent: ${value}`], { traceparent: value }));

  it.each([
    ["of no version", `ff${trace.slice(2)}`],
    ["with more in it than its version has", `${trace}-1`],
    ["in capital letters", trace.toUpperCase()],
    ["of zeros", `00-${"0".repeat(32)}-b7ad6b7169203331-01`],
    ["whose parent is zeros", `00-0af7651916cd43dd8448eb211c80319c-${"0".repeat(16)}-01`],
    ["that is too short", trace.slice(0, -1)],
    ["that came twice", `${trace}\r\ntraceparent: ${trace}`],
    ["with a space in it", trace.replace("-", " -")],
    ["with more text than any version needs", `cc${trace.slice(2)}-${"a".repeat(201)}`],
  ])("%s is not passed on, and neither is its state", (_what, value) =>
    expectSeen([`traceparent: ${value}`, "tracestate: a=1"], {}),
  );

  it("is passed on without a state that is too long, or no text", async () => {
    await expectSeen([`traceparent: ${trace}`, `tracestate: a=${"1".repeat(511)}`], { traceparent: trace });
    rest.requests.length = 0;
    graphql.requests.length = 0;
    grpc.metadata.length = 0;
    await expectSeen([`traceparent: ${trace}`, "tracestate: a=\u00e4"], { traceparent: trace });
  });
});

describe("a header that a schema sets from the client's", () => {
  const asksSet = JSON.stringify({ query: "{ set }" });

  it("is what the client has sent, once and properly", async () => {
    await send(["x-shop: a"], asksSet);
    expect(seen().rest).toEqual([{ "x-shop": "a" }]);
  });

  it.each([
    ["nothing", []],
    ["two of them", ["x-shop: a", "x-shop: b"]],
    ["one that is about the connection", ["connection: x-shop", "x-shop: a"]],
    ["one that is too long", [`x-shop: ${"a".repeat(8193)}`]],
    ["one beyond ASCII", ["x-shop: \u00e4"]],
    ["one with a tab", ["x-shop: a\tb"]],
  ])("makes no call of %s", async (_what, lines) => {
    const answer = await send(lines, asksSet);
    expect(answer.body).toMatch(/"code":"(?:HEADER_REQUIRED|INVALID_VALUE)"/);
    expect(seen().rest).toEqual([]);
  });
});

describe("a token that is passed through", () => {
  it("is sent as it came, and keeps callers apart who ask for the same at the same time", async () => {
    const tokens = await Promise.all(["u1", "u2", "u3"].map((user) => issuer.issueToken(user, 60)));
    const callers = tokens.map((token) => `Bearer ${token}`);
    await Promise.all([...callers, ...callers].map((caller) => send([`authorization: ${caller}`])));
    for (const calls of Object.values(seen())) {
      // Two who send the same may share a call; who sends another never does.
      expect(new Set(calls.map(({ authorization }) => authorization))).toEqual(new Set(callers));
      expect(calls.length).toBeLessThanOrEqual(6);
    }
  });
});
