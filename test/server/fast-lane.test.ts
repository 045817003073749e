import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readEnvironment } from "../../gateway/config/environment.ts";
import { loadProject } from "../../gateway/config/load-project.ts";
import { Problems } from "../../gateway/core/problems.ts";
import { createLogger } from "../../gateway/observe/logger.ts";
import { Metrics } from "../../gateway/observe/metrics.ts";
import { ProcessLoad, unboundedLoad } from "../../gateway/observe/process-load.ts";
import type { BffRuntime } from "../../gateway/pipeline/bff-runtime.ts";
import { createFastLane } from "../../gateway/server/fast-lane.ts";
import { buildGeneration, type Generation } from "../../gateway/server/generation.ts";
import { openExchange, readBody, sendAnswer } from "../../gateway/server/http-exchange.ts";
import type { Lane } from "../../gateway/server/lanes.ts";
import { createYogaLane, type YogaLane } from "../../gateway/server/yoga-lane.ts";
import { openLocalStore } from "../../gateway/state/local-store.ts";
import { type Shop, startShop } from "../backends/shop.ts";
import { type RawAnswer, rawChunk, rawRequest, sendRaw } from "../support/raw-connection.ts";
import { shopRoot } from "../support/test-gateway.ts";

// Two lanes may serve the same request: what comes back must not tell which of them it was.

let shop: Shop;
let generation: Generation;
let yoga: YogaLane;
let servers: { readonly fast: Server; readonly yoga: Server };
const logged: Record<string, unknown>[] = [];

beforeAll(async () => {
  shop = await startShop();
  const problems = new Problems();
  const environment = { ...shop.env };
  generation = await buildGeneration({
    project: await loadProject(shopRoot, problems),
    environment,
    settings: readEnvironment(environment, problems),
    logger: createLogger("info", {
      write: (line) => void logged.push(JSON.parse(line) as Record<string, unknown>),
    }),
    metrics: new Metrics(),
    budgets: openLocalStore(() => {}),
    load: new ProcessLoad(unboundedLoad),
    problems,
  });
  const bff = generation.bffs.find(({ settings }) => settings.name === "web") as BffRuntime;
  yoga = createYogaLane(bff);
  servers = { fast: await serve(createFastLane(bff)), yoga: await serve(yoga) };
});
afterAll(async () => {
  for (const server of Object.values(servers)) server.close();
  await yoga.dispose();
  await generation.dispose();
  await shop.stop();
});

/** A port on which one lane answers everything. */
async function serve(lane: Lane): Promise<Server> {
  const server = createServer((request, response) => {
    const exchange = openExchange(request, response);
    const body = request.method === "POST" ? readBody(exchange, 1_000_000) : Promise.resolve(null);
    void body
      .then((bytes) => lane.answer(exchange, bytes))
      .then((answer) => sendAnswer(exchange, answer, false));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

interface Outcome {
  readonly answer: RawAnswer;
  /** What the log says of it. */
  readonly line: Record<string, unknown>;
}

async function ask(lane: "fast" | "yoga", bytes: string | Uint8Array): Promise<Outcome> {
  const { port } = servers[lane].address() as AddressInfo;
  const before = logged.length;
  const { status, body, headers } = await sendRaw(`http://127.0.0.1:${port}`, bytes);
  expect(headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  expect(logged.length).toBe(before + 1);
  const { time, requestId, durationMs, ...line } = logged[before] ?? {};
  expect(requestId).toBe(headers.get("x-request-id"));
  expect([typeof time, typeof durationMs]).toEqual(["string", "number"]);
  return { answer: { status, body, headers: withoutOwn(headers) }, line };
}

/** Without those that differ from one answer to the next. */
function withoutOwn(headers: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...headers].filter(([name]) => name !== "date" && name !== "x-request-id"));
}

async function expectSame(bytes: string | Uint8Array): Promise<Outcome> {
  const [fast, slow] = [await ask("fast", bytes), await ask("yoga", bytes)];
  expect(fast).toEqual(slow);
  return fast;
}

const json = { "content-type": "application/json" };
const modern = { accept: "application/graphql-response+json" };

function post(body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}): Uint8Array {
  const bytes = Buffer.from(body);
  const length = { "content-length": String(bytes.length) };
  return Buffer.concat([
    Buffer.from(rawRequest("POST /web/graphql HTTP/1.1", { ...json, ...length, ...headers })),
    bytes,
  ]);
}

function get(query: string, headers: Readonly<Record<string, string>> = {}): string {
  return rawRequest(`GET /web/graphql${query} HTTP/1.1`, headers);
}

function search(parameters: Readonly<Record<string, string>>): string {
  return `?${new URLSearchParams(parameters)}`;
}

describe("both lanes answer alike a body that is", () => {
  it.each<[what: string, body: string | Uint8Array, status: number]>([
    ["an operation", '{"query":"{ __typename }"}', 200],
    [
      "an operation with calls",
      '{"query":"{ products(first: 2) { items { id name stock { level } } } }"}',
      200,
    ],
    [
      "an operation with variables",
      '{"query":"query ($n: Int) { products(first: $n) { totalCount } }","variables":{"n":1}}',
      200,
    ],
    [
      "one of several operations",
      '{"query":"query A { __typename } query B { b: __typename }","operationName":"B"}',
      200,
    ],
    ["several operations without a name", '{"query":"query A { __typename } query B { __typename }"}', 400],
    [
      "of everything null",
      '{"query":"{ __typename }","operationName":null,"variables":null,"extensions":null}',
      200,
    ],
    ["with the empty operation name", '{"query":"{ __typename }","operationName":""}', 200],
    ["with parameters that nobody knows", '{"query":"{ __typename }","x":1,"query2":"{"}', 200],
    ["with the same parameter twice", '{"query":"{ nothing }","query":"{ __typename }"}', 200],
    ["with __proto__ as a parameter", '{"__proto__":{"query":"{ __typename }"}}', 400],
    ["with __proto__ in the variables", '{"query":"{ __typename }","variables":{"__proto__":{"a":1}}}', 200],
    ["with white space around it", ' \r\n\t{"query":"{ __typename }"} \n', 200],
    ["with escapes", '{"\\u0071uery":"{ \\u005f_typename }"}', 200],
    ["with letters beyond ASCII", '{"query":"{ __typename } # Zoë 日本 👩‍🚀"}', 200],
    ["with a lone surrogate", '{"query":"{ a\\ud800 }"}', 400],
    [
      "with bytes that are not UTF-8",
      Buffer.from([...Buffer.from('{"query":"{ __typename } #'), 0xff, 0xc0, 0x22, 0x7d]),
      200,
    ],
    ["in UTF-16", Buffer.from('{"query":"{ __typename }"}', "utf16le"), 400],
    ["behind a byte order mark", '\ufeff{"query":"{ __typename }"}', 400],
    ["empty", "", 400],
    ["a blank", " ", 400],
    ["cut off", '{"query":"{ __typename }"', 400],
    ["followed by something", '{"query":"{ __typename }"}{}', 400],
    ["JavaScript", "{query:'{ __typename }'}", 400],
    ["GraphQL", "{ __typename }", 400],
    ["a form", "query=%7B__typename%7D", 400],
    ["null", "null", 400],
    ["true", "true", 400],
    ["false", "false", 400],
    ["a number", "0", 400],
    ["a text", '"{ __typename }"', 400],
    ["the empty text", '""', 400],
    ["an empty list", "[]", 400],
    ["a batch", '[{"query":"{ __typename }"},{"query":"{ __typename }"}]', 400],
    ["a batch of one", '[{"query":"{ __typename }"}]', 400],
    ["nothing", "{}", 400],
    ["without a query", '{"variables":{}}', 400],
    ["with null for a query", '{"query":null}', 400],
    ["with the empty query", '{"query":""}', 400],
    ["with a number for a query", '{"query":1}', 400],
    ["with a list for a query", '{"query":["{ __typename }"]}', 400],
    ["with a number for operationName", '{"query":"{ __typename }","operationName":1}', 400],
    ["with a list of variables", '{"query":"{ __typename }","variables":[1]}', 400],
    ["with a text of variables", '{"query":"{ __typename }","variables":"{}"}', 400],
    ["with a number of extensions", '{"query":"{ __typename }","extensions":0}', 400],
    ["with a false for extensions", '{"query":"{ __typename }","extensions":false}', 400],
    ["with a syntax error", '{"query":"{"}', 400],
    ["with fields that there are not", '{"query":"{ nothing { at all } }"}', 400],
    [
      "with variables that do not fit",
      '{"query":"query ($id: ID!) { product(id: $id) { id } }","variables":{"id":{}}}',
      400,
    ],
    ["with an operation that there is not", '{"query":"{ __typename }","operationName":"Nobody"}', 400],
    ["a subscription", '{"query":"subscription { x }"}', 400],
    ["large", JSON.stringify({ query: "{ __typename }", variables: { x: "x".repeat(500_000) } }), 200],
    ["deep", `{"query":"{ __typename }","variables":{"x":${"[".repeat(20_000)}${"]".repeat(20_000)}}}`, 200],
  ])("%s", async (_what, body, status) => {
    expect((await expectSame(post(body, modern))).answer.status).toBe(status);
    await expectSame(post(body));
    await expectSame(post(body, { accept: "image/png" }));
  });

  it("sent in chunks", async () => {
    const head = rawRequest("POST /web/graphql HTTP/1.1", { ...json, "transfer-encoding": "chunked" }, "");
    const chunks = ['{"query":', '"{ __typename }"}', ""].map(rawChunk);
    const { answer } = await expectSame(head + chunks.join(""));
    expect(answer.body).toBe('{"data":{"__typename":"Query"}}');
  });
});

describe("both lanes answer alike the content type", () => {
  it.each([
    "application/json",
    "Application/JSON",
    "application/json; charset=utf-8",
    'application/json;charset="UTF8"',
    "application/json; foo=bar",
  ])("%s", async (contentType) => {
    const { answer } = await expectSame(post('{"query":"{ __typename }"}', { "content-type": contentType }));
    expect(answer.body).toBe('{"data":{"__typename":"Query"}}');
  });
});

describe("both lanes answer alike what is accepted as", () => {
  it.each([
    "",
    "*/*",
    "application/json",
    "application/graphql-response+json",
    "application/json;q=0.5, application/graphql-response+json",
    "application/graphql-response+json, application/json, text/event-stream, multipart/mixed",
    "application/json;q=0",
    "text/html",
    "image/png",
    "text/event-stream",
  ])("%j", async (accept) => {
    await expectSame(post('{"query":"{ __typename }"}', { accept }));
    await expectSame(post("{", { accept }));
    await expectSame(get("?query={__typename}", { accept }));
  });
});

describe("both lanes answer alike the URL", () => {
  it.each<[query: string, status: number]>([
    ["?query={__typename}", 200],
    ["?query=%7B__typename%7D", 200],
    ["?query=%7b+__typename+%7d", 200],
    ["?query=%7B%20__typename%0A%7D", 200],
    ["?query={products(first:1){items{id}}}", 200],
    [search({ query: "query ($n: Int) { products(first: $n) { totalCount } }", variables: '{"n":1}' }), 200],
    [search({ query: "query A{a:__typename} query B{b:__typename}", operationName: "B" }), 200],
    [search({ query: "{ __typename }", operationName: "", variables: "", extensions: "" }), 200],
    [search({ query: "{ __typename }", variables: "null", extensions: "null" }), 200],
    [search({ query: "{ __typename }", variables: " {} ", extensions: '{"a":1}' }), 200],
    [search({ query: "{ __typename }", x: "1", "": "2" }), 200],
    [search({ query: "{ __typename } # é 日本 👩‍🚀" }), 200],
    ["?query={__typename}&query={nothing}", 200],
    ["?query={nothing}&query={__typename}", 400],
    ["?query={__typename}&operationName=&operationName=B", 200],
    ["?query={__typename}&&&", 200],
    ["?&query={__typename}", 200],
    ["?query={__typename}#query={nothing}", 200],
    ["?query={__typename}?query={nothing}", 400],
    ["?%71uery={__typename}", 200],
    ["?Query={__typename}", 400],
    ["?query[]={__typename}", 400],
    ["?query={__typename}%00", 400],
    ["?query=%", 400],
    ["?query=%ZZ", 400],
    ["?query=%ff%fe", 400],
    ["?query={__typename", 400],
    ["?query=", 400],
    ["?query", 400],
    ["?=", 400],
    ["?", 400],
    ["", 400],
    [search({ query: "{ __typename }", variables: "{" }), 400],
    [search({ query: "{ __typename }", variables: "[]" }), 400],
    [search({ query: "{ __typename }", variables: '"x"' }), 400],
    [search({ query: "{ __typename }", variables: "0" }), 400],
    [search({ query: "{ __typename }", variables: "undefined" }), 400],
    [search({ query: "{ __typename }", extensions: "x" }), 400],
    [search({ query: "{ __typename }", extensions: "[]" }), 400],
    [search({ query: 'mutation { reserve(productId: "p1") { quantity } }' }), 405],
    [search({ query: "subscription { x }" }), 405],
    ["?query=%7B__typename%7D%20%23%C3%A9", 200],
  ])("%s", async (query, status) => {
    expect((await expectSame(get(query, modern))).answer.status).toBe(status);
    await expectSame(get(query));
  });

  it("of a host", async () => {
    const line = "GET http://evil.example:1/web/graphql?query=%7B__typename%7D HTTP/1.1";
    expect((await expectSame(rawRequest(line))).answer.body).toBe('{"data":{"__typename":"Query"}}');
  });
});
