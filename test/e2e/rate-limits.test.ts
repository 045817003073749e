import { Agent, request as httpRequest } from "node:http";
import path from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { isWithoutRedis, TestRedis } from "../support/redis-server.ts";
import { createShopProject, type TemporaryProject } from "../support/temporary-project.ts";
import { shopRoot } from "../support/test-gateway.ts";
import { listeningUrls, lockfileNode, TestProcess } from "../support/test-process.ts";

// What may be used 20 times, whoever of several processes is asked, and however. That no backend runs does not matter here.

const launcher = path.join(shopRoot, "gateway/cli/overlock.js");
const max = 20;
const schema = `
  type Query { limited: [Category!] @from(field: "categories") @rateLimit(max: ${max}, window: "31d") }
  type Category { id: ID! }
`;

const plainSchema = `
  type Query { plain: [Category!] @from(field: "categories") }
  type Category { id: ID! }
`;
const budgets = [{ name: "calls", of: "requests", capacity: max, refillPerSecond: 1e-6 }];

let project: TemporaryProject;
let budgeted: TemporaryProject;
const gateways: TestProcess[] = [];

beforeAll(() => {
  project = createShopProject(schema);
  budgeted = createShopProject(plainSchema, { budgets, showCost: true });
});
afterAll(() => {
  project.remove();
  budgeted.remove();
});
afterEach(async () => {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()));
});

/** Resolves to its URL. */
async function start(environment: Readonly<Record<string, string>>, { root } = project): Promise<string> {
  const gateway = new TestProcess(lockfileNode, [launcher, "start", "--root", root], {
    PORT: "0",
    ADMIN_PORT: "0",
    // On a busy machine an answer of the store may come too late: then nothing is let through, rather than too much.
    REDIS_LOST: "refuse",
    ...environment,
  });
  gateways.push(gateway);
  await gateway.printed(/"msg":"listening"/, 90_000);
  return (await listeningUrls(gateway)).url;
}

/** The status of one request, on a connection of its own, so that any worker may get it. */
function ask(url: string, query: string, more: Readonly<Record<string, string>> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", ...more };
    const sent = httpRequest(`${url}/web/graphql`, { agent: new Agent(), method: "POST", headers });
    sent.once("error", reject);
    sent.once("response", (response) => {
      void text(response).then(() => resolve(response.statusCode ?? 0), reject);
    });
    sent.end(JSON.stringify({ query }));
  });
}

/** How often the field was let through in the end, asked in waves by one and by two. */
async function usesLet(urls: readonly string[]): Promise<number> {
  let uses = 0;
  for (let wave = 0; wave < 6; wave++) {
    const asked = Array.from({ length: 8 }, async (_, index) => {
      const isTwice = (index + wave) % 3 === 0;
      const query = isTwice ? "{ a: limited { id } b: limited { id } }" : "{ limited { id } }";
      const status = await ask(urls[index % urls.length] ?? "", query);
      expect([200, 429, 503]).toContain(status);
      if (status === 200) uses += isTwice ? 2 : 1;
    });
    await Promise.all(asked);
  }
  return uses;
}

/** How many requests were let through in the end: known documents, new ones, broken ones, and some only to be validated. */
async function requestsLet(urls: readonly string[]): Promise<number> {
  const validate = { "graphql-cost": "validate" };
  let admitted = 0;
  for (let wave = 0; wave < 6; wave++) {
    const asked = Array.from({ length: 8 }, async (_, index) => {
      const name = `w${wave}i${index}`;
      const kinds: readonly (readonly [query: string, headers?: Readonly<Record<string, string>>])[] = [
        ["{ plain { id } }"],
        [`{ ${name}: plain { id } }`],
        [`{ plain { id } ${name}`],
        [`{ ${name} }`],
        ["{ plain { id } }", validate],
        [`{ ${name}: plain { id } }`, validate],
      ];
      const [query, headers] = kinds[(index + wave) % kinds.length] ?? [""];
      const status = await ask(urls[index % urls.length] ?? "", query, headers);
      expect([200, 400, 429, 503]).toContain(status);
      if (status === 200 || status === 400) admitted += 1;
    });
    await Promise.all(asked);
  }
  return admitted;
}

describe("a budget of requests", () => {
  it("is spent just once by all workers together, whatever is asked", async () => {
    const url = await start({ WORKERS: "2" }, budgeted);
    const requests = await requestsLet([url]);
    const isOutage = gateways.some(({ stdout }) => stdout.includes("the store of budgets is away"));
    expect(requests).toBeGreaterThanOrEqual(max);
    expect(requests).toBeLessThanOrEqual(isOutage ? 3 * max : max);
  }, 120_000);

  it.skipIf(isWithoutRedis)(
    "is spent just once by all instances that share a Redis, whatever is asked (needs redis-server)",
    async () => {
      const redis = await TestRedis.start();
      try {
        const environment = { REDIS_URL: redis.url };
        const urls = await Promise.all([start(environment, budgeted), start(environment, budgeted)]);
        expect(await requestsLet(urls)).toBe(max);
        expect(await requestsLet(urls)).toBe(0);
      } finally {
        await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()));
        await redis.stop();
      }
    },
    120_000,
  );
});

describe("a limited field", () => {
  it("is used just so often on all workers together", async () => {
    const url = await start({ WORKERS: "2" });
    expect(await usesLet([url])).toBe(max);
  }, 120_000);

  it.skipIf(isWithoutRedis)(
    "is used just so often on all instances that share a Redis (needs redis-server)",
    async () => {
      const redis = await TestRedis.start();
      try {
        const urls = await Promise.all([start({ REDIS_URL: redis.url }), start({ REDIS_URL: redis.url })]);
        expect(await usesLet(urls)).toBe(max);
        expect(await usesLet(urls)).toBe(0);
      } finally {
        await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()));
        await redis.stop();
      }
    },
    120_000,
  );
});
