import { Agent, request as secureRequest } from "node:https";
import { text as readText } from "node:stream/consumers";
import type { ClientHttp2Session } from "node:http2";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CertificateAuthority } from "../support/certificates.ts";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";
import { ScriptedBackend } from "../support/scripted-backend.ts";
import { openSession, sendHttp2 } from "../support/secure-clients.ts";

// `GraphQL-Cost: validate` as it comes over HTTP: by POST and GET, on HTTP/1.1 and HTTP/2. Whatever it is, nothing is run.

const source = `extend schema @source(name: "main", url: "http://x", timeoutMs: 5000)
  type Query {
    one: Thing @rest(GET: "/one")
    sent(to: String!): Thing @rest(GET: "/sent/{args.to}") @rateLimit(max: 2, window: "100h", identityArgs: ["to"])
    closed: Thing @rest(GET: "/closed") @rateLimit(max: 0, window: "1h")
  }
  type Mutation { change: Thing @rest(POST: "/one") @rateLimit(max: 1, window: "100h") }
  type Thing { id: ID! }`;
const client = `type Query { one: Thing sent(to: String!): Thing closed: Thing }
  type Mutation { change: Thing } type Thing { id: ID! }`;
const config = `{ name: "web", anonymous: true, showCost: true, budgets: [
  { name: "calls", of: "requests", capacity: 1000, refillPerSecond: 0.001 },
  { name: "types", of: "typeCost", capacity: 1000, refillPerSecond: 0.001 },
] }`;

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

/** One way to send an operation. */
type Send = (query: string, headers?: Readonly<Record<string, string | string[]>>) => Promise<Answer>;

const backend = new ScriptedBackend();
const authority = new CertificateAuthority();
const agent = new Agent({ keepAlive: true, ca: authority.certificate });
let project: ProjectGateway;
let session: ClientHttp2Session;

beforeAll(async () => {
  await backend.start();
  const { certificateFile, keyFile } = authority.issue("gateway", "IP:127.0.0.1");
  const environment = { MAIN_URL: backend.url, TLS_CERT_FILE: certificateFile, TLS_KEY_FILE: keyFile };
  project = await startProject({ main: source }, client, environment, { config });
  session = await openSession(project.gateway.url, { ca: authority.certificate });
});
afterAll(async () => {
  session.destroy();
  agent.destroy();
  await project.stop();
  authority.remove();
  await backend.stop();
});
beforeEach(() => {
  backend.clear();
  backend.answer = { body: { id: "1" } };
});

const path = "/web/graphql";
const json = { "content-type": "application/json" };
const urlOf = (query: string): string => `${path}?query=${encodeURIComponent(query)}`;

function send1(
  method: "GET" | "POST",
  target: string,
  headers: Readonly<Record<string, string | string[]>>,
  body: string | null,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = secureRequest(`${project.gateway.url}${target}`, { agent, method, headers: { ...headers } });
    sent.once("error", reject);
    sent.once("response", (response) => {
      void readText(response).then(
        (text) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
        reject,
      );
    });
    sent.end(body);
  });
}

const ways: Readonly<Record<string, Send>> = {
  "POST on HTTP/1.1": (query, headers = {}) =>
    send1("POST", path, { ...json, ...headers }, JSON.stringify({ query })),
  "GET on HTTP/1.1": (query, headers = {}) => send1("GET", urlOf(query), headers, null),
  "POST on HTTP/2": (query, headers = {}) =>
    sendHttp2(session, { ":method": "POST", ":path": path, ...json, ...headers }, JSON.stringify({ query })),
  "GET on HTTP/2": (query, headers = {}) =>
    sendHttp2(session, { ":method": "GET", ":path": urlOf(query), ...headers }),
};

const validate = { "graphql-cost": "validate" };

/** `r` in the header `ratelimit`. */
function left({ headers }: Answer, name: string): number {
  return Number(new RegExp(`"${name}";r=(\\d+)`).exec(String(headers["ratelimit"]))?.[1]);
}

describe.each(Object.entries(ways))("an operation that is only to be validated, by %s", (way, send) => {
  it("is answered with its cost, takes one request and is not run, known or not", async () => {
    const before = await send("{ one { id } }");
    backend.clear();
    const query = `{ one { id } again: one { id } } # ${way}`;
    const answers = [
      await send(query, validate),
      await send(query, validate),
      await send("{ one { id } }", validate),
    ];
    for (const [index, answer] of answers.entries()) {
      expect(answer.status).toBe(200);
      expect(JSON.parse(answer.body)).toMatchObject({
        data: null,
        extensions: { cost: { estimate: { typeCost: index === 2 ? 2 : 3 }, exceeded: [] } },
      });
      expect(answer.headers["cache-control"]).toBe("no-store");
      expect(left(answer, "calls")).toBe(left(before, "calls") - 1 - index);
      expect(left(answer, "types")).toBe(left(before, "types"));
    }
    expect(backend.requests).toEqual([]);
  });

  it("uses nothing of a rate limit, and is answered where that is spent", async () => {
    const query = `{ sent(to: "${way}") { id } }`;
    for (let count = 0; count < 5; count++) {
      const { status, headers, body } = await send(query, validate);
      expect(status).toBe(200);
      expect(JSON.stringify([headers, body])).not.toContain("HTTP/");
    }
    const statuses: number[] = [];
    for (let count = 0; count < 3; count++) statuses.push((await send(query)).status);
    expect(statuses).toEqual([200, 200, 429]);
    expect((await send(query, validate)).status).toBe(200);
    expect((await send("{ closed { id } }", validate)).status).toBe(200);
    expect(backend.requests).toHaveLength(2);
  });

  it("is not run where it is a mutation, which a GET may not even ask about", async () => {
    const { status } = await send("mutation { change { id } }", validate);
    expect(status).toBe(way.startsWith("GET") ? 405 : 200);
    expect(backend.requests).toEqual([]);
  });

  it.each([
    ["another word", "validated"],
    ["two words", "validate, report"],
    ["two headers", ["validate", "validate"]],
    ["two headers, one of them a report", ["report", "validate"]],
    ["nothing", ""],
    ["a parameter", "validate;q=1"],
  ])("is not run where the header has %s", async (_what, value) => {
    const { status, body } = await send("{ one { id } }", { "graphql-cost": value });
    expect([status, body.includes("BAD_REQUEST")]).toEqual([400, true]);
    expect(backend.requests).toEqual([]);
  });

  it("is meant however the word is written", async () => {
    const { status, body } = await send("{ one { id } }", { "GraphQL-Cost": "VALIDATE" });
    expect([status, JSON.parse(body)]).toMatchObject([200, { data: null }]);
    expect(backend.requests).toEqual([]);
  });

  it.each([" validate", "validate ", "\tvalidate"])(
    "is not run where there is space around the word: %j",
    async (value) => {
      // HTTP/1.1 takes no notice of it, HTTP/2 does not allow it.
      const { status, body } = await send("{ one { id } }", { "graphql-cost": value });
      const refused = { errors: [{ extensions: { code: "BAD_REQUEST" } }] };
      expect([status, JSON.parse(body)]).toMatchObject(
        way.endsWith("HTTP/2") ? [400, refused] : [200, { data: null }],
      );
      expect(backend.requests).toEqual([]);
    },
  );

  it("is refused as if it were to be run where it does not fit the schema", async () => {
    const { body } = await send("{ unknown }", validate);
    expect(JSON.parse(body)).toMatchObject({
      errors: [{ extensions: { code: "GRAPHQL_VALIDATION_FAILED" } }],
    });
  });
});

describe("operations that are only to be validated", () => {
  it("take a request each where streams of HTTP/2 ask beside each other", async () => {
    const send = ways["POST on HTTP/2"] as Send;
    const before = left(await send("{ one { id } }"), "calls");
    backend.clear();
    const asked = Array.from({ length: 40 }, (_, index) =>
      send(`{ alias${index % 20}: one { id } }`, validate),
    );
    const answers = await Promise.all(asked);
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(new Set(answers.map((answer) => left(answer, "calls"))).size).toBe(40);
    expect(left(await send("{ __typename }"), "calls")).toBe(before - 41);
    expect(backend.requests).toEqual([]);
  });

  it("are answered to who accepts nothing but a stream, too, and not run", async () => {
    const { status, body } = await (ways["POST on HTTP/1.1"] as Send)("{ one { id } }", {
      ...validate,
      accept: "text/event-stream",
    });
    expect([status, body.includes("NOT_ACCEPTABLE")]).toEqual([406, true]);
    expect(backend.requests).toEqual([]);
  });
});
