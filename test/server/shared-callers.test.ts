import { Agent, request as sendRequest } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HttpBackend, type HttpRequest } from "../backends/http-backend.ts";
import { countUp, RequestLog } from "../backends/request-log.ts";
import { SeededRandom } from "../backends/seeded-random.ts";
import { type DemoIssuer, startDemoIssuer } from "../demo/issuer.ts";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";

// Callers of all sorts who ask for much the same at the same time. SHARING_REQUESTS=50000 makes it longer,
// SHARING_SEED=<number> different.
const { SHARING_REQUESTS: requestCount = "3000", SHARING_SEED: seed = "1" } = process.env;

const note = "type Note { text: String amount: Float }";

/** Each reads something else of its caller, or nothing. */
const sources = {
  plain: `extend schema @source(name: "plain", url: "http://x", timeoutMs: 60000)
    type Query {
      note(id: ID!): Note @rest(GET: "/note/{args.id}")
      mine: Note @rest(GET: "/mine/{claims.sub}")
      org: Note @rest(GET: "/org", query: { org: "$claims.org.id", tenant: "$headers.x-tenant | $claims.tenant" })
      ruled: Note @requiresScopes(scopes: [["notes:read"]]) @rest(GET: "/ruled")
      polite: Note @policy(policies: [["even"]]) @rest(GET: "/polite")
      single: Note @rest(GET: "/single", shareInFlight: false)
      crew(size: Int!): [Member!] @rest(GET: "/crew{?args.size}")
    }
    type Mutation { write(text: String!): Note @rest(POST: "/write", body: { text: "$args.text", by: "$claims.sub" }) }
    type Member @key(fields: "id") {
      id: ID!
      badge: String @rest(GET: "/badges{?ids*}", query: { org: "$claims.org.id" },
        batch: { of: "$parent.id", as: "ids", match: "id", value: "badge" })
    }
    ${note}`,
  passed: `extend schema @source(name: "passed", url: "http://x", timeoutMs: 60000, forwardHeaders: ["authorization", "accept-language"])
    type Query { passed: Passed @rest(GET: "/passed") } type Passed { text: String }`,
  tenants: `extend schema @source(name: "tenants", url: "http://x", timeoutMs: 60000, forwardHeaders: ["x-tenant"])
    type Query { tenants: Tenants @rest(GET: "/tenants") } type Tenants { text: String }`,
  headed: `extend schema @source(name: "headed", url: "http://x", timeoutMs: 60000, headers: [{ name: "x-user", value: "$claims.sub" }])
    type Query { headed: Headed @rest(GET: "/headed") } type Headed { text: String }`,
  graph: `extend schema @source(name: "graph", kind: GRAPHQL, url: "http://x/graphql", timeoutMs: 60000,
      headers: [{ name: "x-user", value: "$claims.sub" }])
    type Query { graph: Graph } type Graph { text: String }`,
};

const clientSchema = `
  type Query {
    note(id: ID!): Note mine: Note org: Note ruled: Note polite: Note single: Note crew(size: Int!): [Member!]
    passed: Passed tenants: Tenants headed: Headed graph: Graph
  }
  type Mutation { write(text: String!): Note }
  type Note { text: String amount: String @formatNumber }
  type Member { id: ID! badge: String }
  type Passed { text: String } type Tenants { text: String } type Headed { text: String } type Graph { text: String }`;

const operations: readonly Operation[] = [
  { query: "query($id: ID!) { note(id: $id) { text amount } }", variables: { id: "n1" } },
  { query: "query($id: ID!) { note(id: $id) { text amount } }", variables: { id: "n2" } },
  { query: "{ mine { text amount } }" },
  { query: "{ org { text } }" },
  { query: '{ ruled { text } note(id: "n3") { text } }' },
  { query: "{ polite { text } }" },
  { query: "{ single { text } }" },
  { query: "query($size: Int!) { crew(size: $size) { id badge } }", variables: { size: 3 } },
  { query: "{ passed { text } }" },
  { query: "{ tenants { text } }" },
  { query: "{ headed { text } }" },
  { query: "{ graph { text } }" },
  {
    query: 'query($all: Boolean!) { note(id: "n1") { text } mine @include(if: $all) { text } }',
    variables: { all: true },
  },
  {
    query: 'query($all: Boolean!) { note(id: "n1") { text } mine @include(if: $all) { text } }',
    variables: { all: false },
  },
  { query: "{ ruled { text } mine { text } org { text } tenants { text } graph { text } }" },
  { query: 'mutation { write(text: "w") { text } }' },
];

interface Operation {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

interface TestCaller {
  readonly headers: Readonly<Record<string, string>>;
}

let issuer: DemoIssuer;
let project: ProjectGateway;
let callers: readonly TestCaller[];
let isLate = false;
let random = new SeededRandom(Number(seed));

/** Answers with what it was asked, so that an answer says for whom it was made. */
const echo = (seen: (request: HttpRequest) => object) => async (request: HttpRequest) => {
  if (isLate) await sleep(random.integer(0, 6));
  return { text: JSON.stringify(seen(request)), amount: 1234.5 };
};

const backend = new HttpBackend(
  [
    { method: "GET", path: "/note/{id}", answer: echo(({ path }) => path) },
    { method: "GET", path: "/mine/{sub}", answer: echo(({ path }) => path) },
    { method: "GET", path: "/org", answer: echo(({ query }) => Object.fromEntries(query)) },
    { method: "GET", path: "/ruled", answer: echo(() => ({ ruled: true })) },
    { method: "GET", path: "/polite", answer: echo(() => ({ polite: true })) },
    { method: "GET", path: "/single", answer: echo(() => ({ single: true })) },
    { method: "GET", path: "/crew", answer: ({ query }) => crewOf(Number(query.get("size"))) },
    {
      method: "GET",
      path: "/badges",
      answer: ({ query }) =>
        query.getAll("ids").map((id) => ({ id, badge: `${id} of ${query.get("org") ?? ""}` })),
    },
    { method: "POST", path: "/write", answer: echo(({ body }) => body as object) },
    {
      method: "GET",
      path: "/passed",
      answer: echo(({ headers }) => [headers["authorization"], headers["accept-language"]]),
    },
    { method: "GET", path: "/tenants", answer: echo(({ headers }) => [headers["x-tenant"] ?? null]) },
    { method: "GET", path: "/headed", answer: echo(({ headers }) => [headers["x-user"]]) },
    {
      method: "POST",
      path: "/graphql",
      answer: async ({ headers }) => {
        if (isLate) await sleep(random.integer(0, 6));
        return { data: { _0: { text: `graph of ${headers["x-user"] ?? ""}` } } };
      },
    },
  ],
  new RequestLog(countUp(), 1000),
);

function crewOf(size: number): readonly { readonly id: string }[] {
  return Array.from({ length: size }, (_, index) => ({ id: `m${index}` }));
}

beforeAll(async () => {
  issuer = await startDemoIssuer();
  await backend.start();
  const urls = Object.fromEntries(Object.keys(sources).map((name) => [urlVariable(name), backend.url]));
  project = await startProject(
    sources,
    clientSchema,
    { ...urls, GRAPH_URL: `${backend.url}/graphql`, ...issuer.environment },
    {
      config: `{ name: "web", anonymous: true, requestTimeoutMs: 60_000, locales: ["en-US", "de", "fr"],
        policies: { even: ({ caller }) => Number((caller.subject ?? "u1").slice(1)) % 2 === 0 } }`,
    },
  );
  callers = await Promise.all(Array.from({ length: 20 }, (_, index) => callerOf(index)));
});
afterAll(async () => {
  agent.destroy();
  await project.stop();
  await Promise.all([backend.stop(), issuer.stop()]);
});

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

function urlVariable(source: string): string {
  return `${source.toUpperCase()}_URL`;
}

/** Some are alike in all but one thing; the last one is nobody. */
async function callerOf(index: number): Promise<TestCaller> {
  const claims = {
    sub: `u${index % 11}`,
    org: { id: `o${index % 3}` },
    tenant: `t${index % 2}`,
    scope: index % 2 === 0 ? "notes:read" : "other",
    jti: `token-${index}`,
    exp: Math.floor(Date.now() / 1000) + 7200,
  };
  const headers = {
    "accept-language": ["de", "en", "fr"][index % 3] ?? "",
    traceparent: `00-${String(index).padStart(32, "1")}-1111111111111111-01`,
    ...(index % 4 === 0 && { "x-tenant": `h${index % 5}` }),
  };
  if (index === 19) return { headers };
  return { headers: { ...headers, authorization: `Bearer ${await issuer.issueBadToken(claims)}` } };
}

async function ask(caller: TestCaller, operation: Operation, requestId: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = sendRequest(
      `${project.gateway.url}/web/graphql`,
      {
        method: "POST",
        agent,
        headers: { ...caller.headers, "content-type": "application/json", "x-request-id": requestId },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const [own] = [response.headers["x-request-id"]];
          const text = Buffer.concat(chunks).toString();
          resolve(own === requestId ? text : `the answer to ${String(own)}`);
        });
      },
    );
    sent.on("error", reject);
    sent.end(JSON.stringify(operation));
  });
}

describe("20 callers who ask for much the same at the same time", () => {
  it(
    "get each what they would have got alone, with a request id of their own",
    async () => {
      const alone: string[][] = [];
      for (const caller of callers) {
        const answers: string[] = [];
        for (const operation of operations) {
          // The second answer is by the compiled executor.
          await ask(caller, operation, "first");
          answers.push(await ask(caller, operation, "second"));
        }
        alone.push(answers);
      }
      // What is one's own differs, and is there; what is everybody's is the same for all of one language.
      const different = operations.map((_, index) => new Set(alone.map((answers) => answers[index])).size);
      expect(different).toEqual([3, 3, 20, 12, 2, 2, 1, 4, 20, 6, 12, 12, 12, 1, 20, 12]);
      isLate = true;
      random = new SeededRandom(Number(seed));
      const joinedBefore = await readJoined();
      let left = Number(requestCount);
      const wrong: string[] = [];
      const askOne = async (): Promise<void> => {
        const [caller, operation] = [random.integer(0, 19), random.integer(0, operations.length - 1)];
        const [one, asked] = [callers[caller], operations[operation]];
        if (one === undefined || asked === undefined) throw new Error("Expected a caller and an operation.");
        const answer = await ask(one, asked, `r-${caller}-${operation}-${left}`);
        if (answer !== alone[caller]?.[operation]) wrong.push(`${caller} ${asked.query}: ${answer}`);
      };
      await Promise.all(
        Array.from({ length: 64 }, async () => {
          while (left-- > 0) await askOne();
        }),
      );
      isLate = false;
      expect(wrong.slice(0, 3)).toEqual([]);
      const joined = (await readJoined()) - joinedBefore;
      // Enough of them waited for runs of others for the rest to say something.
      expect(joined).toBeGreaterThan(Number(requestCount) / 50);
    },
    60_000 + Number(requestCount) * 20,
  );
});

async function readJoined(): Promise<number> {
  const text = await (await fetch(`${project.gateway.adminUrl}/metrics`)).text();
  return Number(/^overlock_joined_requests_total\{bff="web"\} (\d+)$/m.exec(text)?.[1] ?? 0);
}
