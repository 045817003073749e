import { hash } from "node:crypto";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { CertificateAuthority } from "../support/certificates.ts";
import { isWithoutRedis, TestRedis } from "../support/redis-server.ts";
import { createSecureFetch, openSession, sendHttp2 } from "../support/secure-clients.ts";
import { createShopProject, type TemporaryProject } from "../support/temporary-project.ts";
import { shopRoot } from "../support/test-gateway.ts";
import { listeningUrls, lockfileNode, TestProcess } from "../support/test-process.ts";

// Budgets that hold just so much, whichever way and whichever process they are asked by. That no backend runs does not matter
// here: what fails costs its estimate.

const launcher = path.join(shopRoot, "gateway/cli/overlock.js");
const authority = new CertificateAuthority();
const ca = authority.certificate;
const capacity = 30;
/** Whose budget counts what. */
const consumers = {
  requests: "the-key-of-who-is-counted-by-requests",
  fieldCost: "the-key-of-who-is-counted-by-field-cost",
} as const;
type Unit = keyof typeof consumers;

interface Question {
  readonly query: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly requests: number;
  readonly fieldCost: number;
}

const knownQuestions: readonly Question[] = [
  { query: "{ categories { id } }", requests: 1, fieldCost: 1 },
  { query: "{ a: categories { id } b: categories { id } }", requests: 1, fieldCost: 2 },
  { query: "query { ...F ...F } fragment F on Query { categories { id } }", requests: 1, fieldCost: 1 },
  { query: "{ categories { id } categories { id } }", requests: 1, fieldCost: 1 },
  {
    query: "{ a: categories { id } ...F } fragment F on Query { b: categories { id } }",
    requests: 1,
    fieldCost: 2,
  },
];
let documents = 0;

/** What costs a request, and whatever else it does: known documents, new ones, broken ones, and some only to be validated. */
function nextQuestions(): readonly Question[] {
  const name = `n${++documents}`;
  const validate = { "graphql-cost": "validate" };
  return [
    ...knownQuestions,
    { query: `{ ${name}: categories { id } }`, requests: 1, fieldCost: 1 },
    { query: `{ categories { id } ${name}`, requests: 1, fieldCost: 0 },
    { query: `{ ${name} }`, requests: 1, fieldCost: 0 },
    { query: "{ categories { id } }", headers: validate, requests: 1, fieldCost: 0 },
    { query: `{ ${name}v: categories { id } }`, headers: validate, requests: 1, fieldCost: 0 },
  ];
}

let project: TemporaryProject;
const gateways: TestProcess[] = [];

beforeAll(() => {
  const schema = "type Query { categories: [Category!] } type Category { id: ID! }";
  const tierOf = (unit: Unit): object => ({
    budgets: [
      { name: "quota", of: unit, capacity, window: "month" },
      { name: "bucket", of: unit, capacity, refillPerSecond: 1e-6 },
    ],
  });
  project = createShopProject(schema, {
    anonymous: false,
    showCost: true,
    credentials: [{ kind: "apiKey", file: "keys.json" }],
    tiers: { requests: tierOf("requests"), fieldCost: tierOf("fieldCost") },
  });
  const keys = Object.entries(consumers).map(([unit, key]) => ({
    sha256: hash("sha256", key),
    consumer: unit,
    tier: unit,
  }));
  writeFileSync(path.join(project.root, "bff-web", "keys.json"), JSON.stringify(keys));
});
afterAll(() => {
  project.remove();
  authority.remove();
});
afterEach(async () => {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()));
});

async function start(environment: Readonly<Record<string, string>>): Promise<string> {
  const pair = authority.issue(`gateway-${gateways.length}`, "IP:127.0.0.1");
  const gateway = new TestProcess(lockfileNode, [launcher, "start", "--root", project.root], {
    PORT: "0",
    ADMIN_PORT: "0",
    TLS_CERT_FILE: pair.certificateFile,
    TLS_KEY_FILE: pair.keyFile,
    // A machine that runs other tests, too, is busy enough.
    MAX_EVENT_LOOP_DELAY_MS: "0",
    REDIS_LOST: "refuse",
    ...environment,
  });
  gateways.push(gateway);
  await gateway.printed(/"msg":"listening"/, 90_000);
  return (await listeningUrls(gateway)).url;
}

/**
 * Sends so many rounds of all questions at once: on two connections of HTTP/2 for each gateway, and by POST and GET on
 * connections of HTTP/1.1. How much of the unit was let through.
 */
async function spend(unit: Unit, urls: readonly string[], rounds: number): Promise<number> {
  const client = createSecureFetch({ ca }, "http/1.1");
  const sessions = await Promise.all([...urls, ...urls].map((url) => openSession(url, { ca })));
  const ask = async ({ query, headers: more }: Question, index: number): Promise<number> => {
    const target = `/web/graphql?query=${encodeURIComponent(query)}`;
    const headers = { "content-type": "application/json", "x-api-key": consumers[unit], ...more };
    const body = JSON.stringify({ query });
    const isGet = index % 3 === 0;
    const session = sessions[index % sessions.length];
    if (index % 2 === 0 && session !== undefined) {
      const answer = isGet
        ? sendHttp2(session, { ...headers, ":method": "GET", ":path": target })
        : sendHttp2(session, { ...headers, ":method": "POST", ":path": "/web/graphql" }, body);
      return (await answer).status;
    }
    const url = urls[index % urls.length] ?? "";
    const answer = isGet
      ? await client.fetch(`${url}${target}`, { headers })
      : await client.fetch(`${url}/web/graphql`, { method: "POST", headers, body });
    await answer.text();
    return answer.status;
  };
  const asked = Array.from({ length: rounds }, nextQuestions).flat();
  try {
    const statuses = await Promise.all(asked.map(ask));
    // On a machine so busy that Redis answers too late, nothing is let through, rather than too much.
    expect(new Set([200, 400, 429, 503, ...statuses])).toEqual(new Set([200, 400, 429, 503]));
    const isLet = (status = 0): boolean => status === 200 || status === 400;
    return asked.reduce((sum, question, index) => sum + (isLet(statuses[index]) ? question[unit] : 0), 0);
  } finally {
    for (const session of sessions) session.destroy();
    await client.close();
  }
}

/** What was let through when nothing is let through any more. */
async function spendAll(unit: Unit, urls: readonly string[]): Promise<number> {
  // The last of it is of no use to what costs two, nor while Redis is away.
  let spent = 0;
  for (let rounds = 8; rounds > 2; rounds -= 2) spent += await spend(unit, urls, rounds);
  return spent;
}

describe("what budgets hold is let through, and no more", { timeout: 120_000 }, () => {
  it("by two workers, and by the one that comes for one that is killed", async () => {
    const url = await start({ WORKERS: "2" });
    expect(await spendAll("requests", [url])).toBe(capacity);
    expect(await spendAll("fieldCost", [url])).toBe(capacity);
    const [gateway] = gateways;
    const [, pid] = (await gateway?.printed(/"pid":(\d+),"msg":"worker ready"/)) ?? [];
    process.kill(Number(pid), "SIGKILL");
    await gateway?.printed(/(?:"msg":"worker ready"[^]*){3}/, 60_000);
    expect(await spend("requests", [url], 2)).toBe(0);
    expect(await spend("fieldCost", [url], 2)).toBe(0);
  });

  it.skipIf(isWithoutRedis)("by instances that share a Redis (needs redis-server)", async () => {
    const redis = await TestRedis.start();
    try {
      const shared = { REDIS_URL: redis.url };
      const urls = await Promise.all([start(shared), start({ ...shared, WORKERS: "2" })]);
      expect(await spendAll("requests", urls)).toBe(capacity);
      expect(await spendAll("fieldCost", urls)).toBe(capacity);
      expect([await spend("requests", urls, 2), await spend("fieldCost", urls, 2)]).toEqual([0, 0]);
    } finally {
      await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()));
      await redis.stop();
    }
  });
});
