import { Agent, type IncomingMessage, request as httpRequest } from "node:http";
import { existsSync, readdirSync, readlinkSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Shop, startShop } from "../backends/shop.ts";
import { type DemoIssuer, startDemoIssuer } from "../demo/issuer.ts";
import { RawConnection, rawChunk, rawRequest, sendRaw } from "../support/raw-connection.ts";
import { shopRoot } from "../support/test-gateway.ts";
import { listeningUrls, lockfileNode, TestProcess } from "../support/test-process.ts";

const launcher = path.join(shopRoot, "gateway/cli/overlock.js");
const concurrency = 12;
const warmUpRequests = 600;
const rounds = 4;
const requestsPerRound = 500;
/** What engines keep for themselves grows for a while; a leak of 2 KB per request is more than this. */
const maxGrowthBytes = 3_000_000;

let shop: Shop;
let issuer: DemoIssuer;
let gateway: TestProcess;
let url: string;
let adminUrl: string;
/** Of the explorer's page, so that it is not sent each time. */
let etag = "";
/** By user; u1 and u2 are served well, the backends fail for the others in ways of their own. */
const tokens = new Map<string, string>();

beforeAll(async () => {
  [shop, issuer] = await Promise.all([startShop(), startDemoIssuer()]);
  for (const user of ["u1", "u2", "u3", "u4", "u5", "u6"])
    tokens.set(user, await issuer.issueToken(user, 600));
  const { faults } = shop.accounts;
  faults.set({ method: "GET /users/u3", fault: "reset" });
  faults.set({ method: "GET /users/u4", fault: "hang" });
  faults.set({ method: "GET /users/u5", fault: "truncated" });
  faults.set({ method: "GET /users/u6", fault: "error" });
  shop.orders.faults.set({ method: "GetOrder", fault: "garbage" });
  gateway = new TestProcess(
    lockfileNode,
    [
      "--expose-gc",
      `--import=data:text/javascript,process.on("SIGUSR2", () => globalThis.gc())`,
      launcher,
      "start",
      "--root",
      shopRoot,
    ],
    {
      NODE_ENV: "development",
      PORT: "0",
      ADMIN_PORT: "0",
      MAX_BODY_BYTES: "50000",
      ...shop.env,
      ...issuer.environment,
    },
  );
  ({ url, adminUrl } = await listeningUrls(gateway));
});
afterAll(async () => {
  await gateway.stop();
  await Promise.all([shop.stop(), issuer.stop()]);
});

interface Sent {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Leave after so many milliseconds, whatever comes. */
  readonly abortAfterMs?: number;
}

/** One request; resolves to its status and the first codes of its errors, or to how it was left. */
function send(
  agent: Agent,
  { path: target = "/web/graphql", method = "POST", headers, body, abortAfterMs }: Sent,
) {
  return new Promise<string>((resolve, reject) => {
    const sent = httpRequest(url + target, {
      agent,
      method,
      headers: { "content-type": "application/json", ...headers },
    });
    const timer =
      abortAfterMs === undefined
        ? undefined
        : setTimeout(() => {
            resolve("aborted");
            sent.destroy();
          }, abortAfterMs);
    sent.on("error", reject);
    sent.once("close", () => clearTimeout(timer));
    sent.once("response", (response: IncomingMessage) => {
      let text = "";
      let bytes = 0;
      response.on("error", reject);
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes < 100_000) text += chunk.toString("latin1");
      });
      response.once("end", () => {
        const codes = new Set([...text.matchAll(/"code":"([A-Z_]+)"/g)].map(([, code]) => code));
        resolve([response.statusCode, ...codes].join(" "));
      });
    });
    sent.end(body);
  });
}

const operation = (query: string, variables: object = {}): string => JSON.stringify({ query, variables });
const signedIn = (user: string) => ({ authorization: `Bearer ${tokens.get(user) ?? ""}` });
const profile = operation("query Profile { viewer { profile { name } } }");
const product = `id name price { units } stock { level } rating { average } reviews(first: 2) { stars author { name } }`;

/** The kinds of requests, and what becomes of each. */
const kinds: readonly (readonly [
  kind: string,
  run: (agent: Agent, index: number) => Promise<string>,
  expected: string,
])[] = [
  [
    "a list that joins four backends",
    (agent) =>
      send(agent, { body: operation(`query List { products(first: 20) { items { ${product} } } }`) }),
    "200",
  ],
  [
    "one product by a variable",
    (agent, index) =>
      send(agent, {
        body: operation(`query One($id: ID!) { product(id: $id) { ${product} } }`, {
          id: `p${(index % 500) + 1}`,
        }),
      }),
    "200",
  ],
  [
    "the home screen, signed in",
    (agent) =>
      send(agent, {
        path: "/mobile/graphql",
        headers: signedIn("u1"),
        body: operation("{ home { unread featured { id title inStock stars } orders { status } } }"),
      }),
    "200",
  ],
  ["GET", (agent) => send(agent, { method: "GET", path: "/web/graphql?query={categories{id}}" }), "200"],
  [
    "an invalid document",
    (agent) => send(agent, { body: operation("{ nothing }") }),
    "200 GRAPHQL_VALIDATION_FAILED",
  ],
  ["no JSON", (agent) => send(agent, { body: "{" }), "400 BAD_REQUEST"],
  ["no token where one is needed", (agent) => send(agent, { body: profile }), "200 UNAUTHENTICATED"],
  [
    "a token that is no good",
    (agent, index) => send(agent, { headers: { authorization: `Bearer a.b.${index}` }, body: profile }),
    "401 CREDENTIAL_INVALID",
  ],
  [
    "a backend that hangs up",
    (agent) => send(agent, { headers: signedIn("u3"), body: profile }),
    "200 UPSTREAM_UNREACHABLE",
  ],
  [
    "a backend that breaks off",
    (agent) => send(agent, { headers: signedIn("u5"), body: profile }),
    "200 UPSTREAM_UNREACHABLE",
  ],
  [
    "a backend that fails",
    (agent) => send(agent, { headers: signedIn("u6"), body: profile }),
    "200 UPSTREAM_ERROR",
  ],
  [
    "a backend that answers garbage",
    (agent) =>
      send(agent, { headers: signedIn("u2"), body: operation('{ viewer { order(id: "o1") { id } } }') }),
    "200 UPSTREAM_INVALID_RESPONSE",
  ],
  [
    "a client that leaves while a backend hangs",
    (agent) => send(agent, { headers: signedIn("u4"), body: profile, abortAfterMs: 20 }),
    "aborted",
  ],
  [
    "a client that leaves in the middle of its body",
    async () => {
      const connection = await RawConnection.open(url);
      const headers = { "content-type": "application/json", "content-length": "10000" };
      connection.write(rawRequest("POST /web/graphql HTTP/1.1", headers) + '{"query":');
      await sleep(5);
      connection.destroy();
      return "aborted";
    },
    "aborted",
  ],
  ["a body that is too large", (agent) => send(agent, { body: "x".repeat(50_001) }), "413 PAYLOAD_TOO_LARGE"],
  [
    "a body in chunks that is too large and never ends",
    async () => {
      const connection = await RawConnection.open(url);
      const headers = { "content-type": "application/json", "transfer-encoding": "chunked" };
      connection.write(rawRequest("POST /web/graphql HTTP/1.1", headers, "") + rawChunk("x".repeat(60_000)));
      const { status } = await connection.readAnswer();
      connection.destroy();
      return String(status);
    },
    "413",
  ],
  ["an unknown path", (agent) => send(agent, { path: "/graphql", body: profile }), "404 NOT_FOUND"],
  ["a health check", (agent) => send(agent, { method: "GET", path: "/health/ready" }), "200"],
  [
    "the explorer, sometimes in full",
    (agent, index) =>
      send(agent, {
        method: "GET",
        headers: {
          accept: "text/html",
          "accept-encoding": "gzip",
          "if-none-match": index % 200 < 20 ? "" : etag,
        },
      }).then((status) => (status === "304" ? "200" : status)),
    "200",
  ],
  [
    "an HTTP method that is not served",
    (agent) => send(agent, { method: "DELETE" }),
    "405 METHOD_NOT_ALLOWED",
  ],
];

/** Sends so many requests of all kinds, `concurrency` at a time, and tells of those that went otherwise. */
async function sendMixed(count: number): Promise<string[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const surprises: string[] = [];
  let next = 0;
  const client = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) {
      const [kind, run, expected] = kinds[index % kinds.length] ?? kinds[0] ?? [];
      const outcome = await run?.(agent, index).catch(String);
      // On a busy machine a backend may take longer than its 800 ms; that is no surprise.
      if (outcome?.replace(" UPSTREAM_TIMEOUT", "") !== expected) surprises.push(`${kind}: ${outcome}`);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, client));
  agent.destroy();
  return surprises;
}

/** Samples of the process's metrics. */
async function readMetrics(): Promise<(name: string) => number> {
  const response = await fetch(`${adminUrl}/metrics`, { headers: { connection: "close" } });
  const text = await response.text();
  return (name) =>
    Number(
      text
        .split("\n")
        .find((line) => line.startsWith(`${name} `))
        ?.split(" ")
        .at(-1) ?? 0,
    );
}

/** The sockets that the process holds, listening ones among them. 0 where the system has no `/proc`. */
function countSockets(): number {
  const folder = `/proc/${gateway.pid}/fd`;
  if (!existsSync(folder)) return 0;
  return readdirSync(folder).filter((name) => isSocket(path.join(folder, name))).length;
}

function isSocket(link: string): boolean {
  try {
    return readlinkSync(link).startsWith("socket:");
  } catch {
    // Closed in the meantime.
    return false;
  }
}

const backends = () => [shop.catalog, shop.inventory, shop.orders, shop.reviews, shop.accounts];
const upstreamSockets = (): number => backends().reduce((sum, { openSockets }) => sum + openSockets, 0);

/** The least that the process's memory comes down to when its garbage is collected, in bytes. */
async function readSettledMemory(): Promise<{ readonly heapBytes: number; readonly externalBytes: number }> {
  const samples: { heapBytes: number; externalBytes: number }[] = [];
  for (let attempt = 0; attempt < 3; attempt++) {
    gateway.kill("SIGUSR2");
    await sleep(50);
    const read = await readMetrics();
    samples.push({
      heapBytes: read("nodejs_heap_size_used_bytes"),
      externalBytes: read("nodejs_external_memory_bytes"),
    });
  }
  return {
    heapBytes: Math.min(...samples.map(({ heapBytes }) => heapBytes)),
    externalBytes: Math.min(...samples.map(({ externalBytes }) => externalBytes)),
  };
}

describe("2,000 requests of every kind", () => {
  it("go as they should, leave no socket behind and the memory where it was", async () => {
    const socketsBefore = countSockets();
    const page = await sendRaw(url, rawRequest("GET /web/graphql HTTP/1.1", { accept: "text/html" }), false);
    etag = page.headers.get("etag") ?? "";
    expect(await sendMixed(warmUpRequests)).toEqual([]);
    const memory = [await readSettledMemory()];
    for (let round = 0; round < rounds; round++) {
      expect(await sendMixed(requestsPerRound)).toEqual([]);
      for (const { openSockets } of backends()) expect(openSockets).toBeLessThanOrEqual(2 * concurrency);
      memory.push(await readSettledMemory());
    }
    const [first, last] = [memory.at(0), memory.at(-1)];
    expect((last?.heapBytes ?? 0) - (first?.heapBytes ?? 0)).toBeLessThan(maxGrowthBytes);
    expect((last?.externalBytes ?? 0) - (first?.externalBytes ?? 0)).toBeLessThan(maxGrowthBytes);

    // What is left are the connections to the backends. That to the issuer ends by itself.
    const others = (): number => countSockets() - socketsBefore - upstreamSockets();
    await expect.poll(others, { timeout: 10_000, interval: 100 }).toBe(0);
    const read = await readMetrics();
    for (const bff of ["web", "mobile"]) expect(read(`overlock_requests_in_flight{bff="${bff}"}`)).toBe(0);
    expect(upstreamSockets()).toBeGreaterThan(0);

    gateway.kill("SIGTERM");
    expect(await gateway.exited()).toEqual({ code: 0, signal: null });
    await expect.poll(upstreamSockets).toBe(0);
    expect(gateway.stderr).toBe("");
  }, 60_000);

  it("are a line in the log each, if they were GraphQL at all", () => {
    const lines = gateway.stdout.split("\n").filter((line) => line !== "");
    const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
    const count = (message: string): number => messages.filter((one) => one === message).length;
    // Three of the kinds ask for something else: an unknown path, a health check, the explorer.
    const total = warmUpRequests + rounds * requestsPerRound;
    const perKind = total / kinds.length;
    expect(count("listening")).toBe(1);
    // Of the two kinds that leave, some may be gone before their headers have arrived.
    expect(count("request")).toBeLessThanOrEqual(perKind * (kinds.length - 3));
    expect(count("request")).toBeGreaterThanOrEqual(perKind * (kinds.length - 5));
    expect(messages).toHaveLength(count("listening") + count("request"));
  });
});
