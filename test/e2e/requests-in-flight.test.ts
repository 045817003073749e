import { hash } from "node:crypto";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ScriptedBackend } from "../support/scripted-backend.ts";
import { createProject, type TemporaryProject } from "../support/temporary-project.ts";
import { shopRoot } from "../support/test-gateway.ts";
import { listeningUrls, lockfileNode, TestProcess } from "../support/test-process.ts";

// A process that may work on 20 requests at a time, and a backend that answers some of them only when it is told to: so many are
// under way as the test says. What is a matter of chance is asked for so often that it is none.

const bound = 20;
const launcher = path.join(shopRoot, "gateway/cli/overlock.js");
const tiers = { free: { priority: 0 }, gold: { priority: 100 } };
type Who = "free" | "plain" | "gold";
const source = `
  extend schema @source(name: "main", url: "http://x", timeoutMs: 60000)
  type Query { quick: Int @rest(GET: "/quick") held: Int @rest(GET: "/held") other: Int @rest(GET: "/held?other") }
  type Mutation { quick: Int @rest(POST: "/quick") held: Int @rest(POST: "/held") }
`;
const client = "type Query { quick: Int held: Int other: Int } type Mutation { quick: Int held: Int }";
const query = "{ quick }";
const mutation = "mutation { quick }";

const backend = new ScriptedBackend();
const release = Promise.withResolvers<null>();
let project: TemporaryProject;
let gateway: TestProcess;
let url: string;
let adminUrl: string;
/** What was begun and is not answered yet. */
const held: Promise<number>[] = [];
let answeredPlain = 0;
let documents = 0;

beforeAll(async () => {
  await backend.start();
  backend.answer = async ({ url: target }) => {
    if (target.startsWith("/held")) await release.promise;
    return { body: "7" };
  };
  const keys = (["free", "plain", "gold"] as const).map((consumer) => ({
    sha256: hash("sha256", `key-of-${consumer}`),
    consumer,
    ...(consumer !== "plain" && { tier: consumer }),
  }));
  const config = {
    name: "web",
    credentials: [{ kind: "apiKey", file: "keys.json" }],
    tiers,
    budgets: [{ name: "calls", of: "requests", capacity: 100_000, window: "month" }],
    cors: { origins: ["https://shop.example"] },
    explorer: true,
    requestTimeoutMs: 60_000,
  };
  project = createProject({ main: source }, client, {
    config: JSON.stringify(config),
    files: { "keys.json": JSON.stringify(keys) },
  });
  gateway = new TestProcess(lockfileNode, [launcher, "start", "--root", project.root], {
    PORT: "0",
    ADMIN_PORT: "0",
    MAIN_URL: backend.url,
    MAX_REQUESTS_IN_FLIGHT: String(bound),
    MAX_EVENT_LOOP_DELAY_MS: "0",
  });
  await gateway.printed(/"msg":"listening"/, 30_000);
  ({ url, adminUrl } = await listeningUrls(gateway));
}, 40_000);
afterAll(async () => {
  release.resolve(null);
  await Promise.all(held);
  await gateway.stop();
  await backend.stop();
  project.remove();
});

function send(who: string, text: string, signal: AbortSignal | null = null): Promise<Response> {
  return fetch(`${url}/web/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": `key-of-${who}` },
    body: JSON.stringify({ query: text }),
    signal,
  });
}

async function ask(who: string, text: string): Promise<number> {
  const response = await send(who, text);
  await response.text();
  if (who === "plain" && response.status === 200) answeredPlain += 1;
  return response.status;
}

/** The one status that all of many askings got; several, where it was a matter of chance. */
async function askOften(who: Who, text: () => string): Promise<number | readonly number[]> {
  const statuses = new Set<number>();
  for (let count = 0; count < 10; count++) statuses.add(await ask(who, text()));
  const [status = 0, ...more] = [...statuses];
  return more.length === 0 ? status : [...statuses];
}

async function readMetric(name: string): Promise<number> {
  const exposed = await (await fetch(`${adminUrl}/metrics`)).text();
  const line = exposed.split("\n").find((one) => one.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1) ?? 0);
}

const inFlight = (): Promise<number> => readMetric('overlock_requests_in_flight{bff="web"}');

/**
 * Begins requests until so many are under way. Mutations from where queries are no longer taken on for sure; the last of all
 * is a matter of chance. Equal queries are answered by one run, and every other one is equal to the one before.
 */
async function holdUpTo(count: number): Promise<void> {
  while (held.length < count) {
    const isLate = held.length > 0.8 * bound;
    const text = isLate ? "mutation { held }" : held.length % 4 < 2 ? "{ held }" : "{ other }";
    const settled = { isRefused: false };
    const answer = send("gold", text).then(async (response) => {
      await response.text();
      settled.isRefused = response.status === 503;
      return response.status;
    });
    while (!settled.isRefused && (await inFlight()) <= held.length) await sleep(2);
    if (!settled.isRefused) held.push(answer);
  }
}

describe("requests under way", () => {
  it("are taken on by rank up to the bound, which nobody passes, and again when they are answered", async () => {
    // Known from now on: what is not counts as a query.
    for (const text of [query, mutation, "{ __typename }"]) expect(await ask("gold", text)).toBe(200);
    const first = await send("plain", query);
    expect(await first.json()).toEqual({ data: { quick: 7 } });
    const left = Number(/;r=(\d+)/.exec(first.headers.get("ratelimit") ?? "")?.[1]);
    const [yes, no] = [200, 503];
    // Queries and mutations of each, mutations that nobody has sent before, of callers without a tier, and wrong credentials.
    const steps = [
      [0.5, { free: [yes, yes], plain: [yes, yes], gold: [yes, yes] }, yes, 401],
      [0.6, { free: [no, null], plain: [yes, yes], gold: [yes, yes] }, yes, 401],
      [0.65, { free: [no, null], plain: [yes, yes], gold: [yes, yes] }, yes, 401],
      [0.7, { free: [no, no], plain: [null, yes], gold: [yes, yes] }, null, 401],
      [0.8, { free: [no, no], plain: [no, null], gold: [yes, yes] }, no, 401],
      [0.85, { free: [no, no], plain: [no, no], gold: [null, yes] }, no, 401],
      [0.9, { free: [no, no], plain: [no, no], gold: [null, yes] }, no, 401],
      [0.95, { free: [no, no], plain: [no, no], gold: [no, null] }, no, 401],
      [1, { free: [no, no], plain: [no, no], gold: [no, no] }, no, no],
    ] as const;
    for (const [load, expected, ofUnseen, ofNobody] of steps) {
      await holdUpTo(load * bound);
      const found: Record<string, unknown> = {};
      for (const [who, [ofQueries, ofMutations]] of Object.entries(expected))
        found[who] = [
          ofQueries === null ? null : await askOften(who as Who, () => query),
          ofMutations === null ? null : await askOften(who as Who, () => mutation),
        ];
      const unseen = (): string => `mutation { unseen${++documents}: quick }`;
      const others = [ofUnseen === null ? null : await askOften("plain", unseen), await ask("nobody", query)];
      expect([load, found, ...others]).toEqual([load, expected, ofUnseen, ofNobody]);
      expect(await inFlight()).toBe(load * bound);
    }
    const refused = await send("gold", mutation);
    expect([refused.status, await refused.json()]).toEqual([
      503,
      {
        errors: [
          { message: "The gateway has too much to do at the moment.", extensions: { code: "OVERLOADED" } },
        ],
      },
    ]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(Number(refused.headers.get("retry-after"))).toBeLessThanOrEqual(5);
    for (const base of [url, adminUrl])
      for (const place of ["/health/live", "/health/ready"])
        expect((await fetch(`${base}${place}`)).status).toBe(200);
    const page = await fetch(`${url}/web/graphql`, { headers: { accept: "text/html" } });
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining("<html")]);
    const preflight = await fetch(`${url}/web/graphql`, {
      method: "OPTIONS",
      headers: { origin: "https://shop.example", "access-control-request-method": "POST" },
    });
    expect([preflight.ok, preflight.headers.get("access-control-allow-origin")]).toEqual([
      true,
      "https://shop.example",
    ]);
    await expect
      .poll(() => readMetric('overlock_load{reason="inFlight"}'), { timeout: 5000 })
      .toBeGreaterThanOrEqual(1);
    expect(await readMetric('overlock_shed_requests_total{bff="web",reason="inFlight"}')).toBeGreaterThan(
      100,
    );
    expect(await readMetric('overlock_shed_requests_total{bff="web",reason="eventLoop"}')).toBe(0);
    expect(await inFlight()).toBe(bound);
    release.resolve(null);
    expect(await Promise.all(held)).toEqual(Array<number>(bound).fill(200));
    const last = await send("plain", query);
    expect(await last.json()).toEqual({ data: { quick: 7 } });
    expect(last.headers.get("ratelimit")).toContain(`;r=${left - answeredPlain - 1};`);
  }, 60_000);

  it("of one rank are refused in part before they are refused as a whole", async () => {
    const again = Promise.withResolvers<null>();
    backend.answer = async ({ url: target }) => {
      if (target.startsWith("/held")) await again.promise;
      return { body: "7" };
    };
    const gone = new AbortController();
    const waiting = Array.from({ length: 0.55 * bound }, (_, index) =>
      send("gold", `{ w${index}: held }`, gone.signal).catch(() => null),
    );
    await expect.poll(inFlight, { timeout: 10_000 }).toBe(0.55 * bound);
    const statuses = new Set<number>();
    for (let count = 0; count < 100; count++) statuses.add(await ask("free", query));
    expect(statuses).toEqual(new Set([200, 503]));
    expect(await askOften("plain", () => query)).toBe(200);
    // Who goes away is not under way any more.
    gone.abort();
    await Promise.all(waiting);
    await expect.poll(inFlight, { timeout: 10_000 }).toBe(0);
    expect(await askOften("free", () => query)).toBe(200);
    again.resolve(null);
  }, 60_000);
});
