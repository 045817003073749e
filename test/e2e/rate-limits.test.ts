import { Agent, request as httpRequest } from "node:http";
import path from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { isWithoutRedis, TestRedis } from "../support/redis-server.ts";
import { createShopProject, type TemporaryProject } from "../support/temporary-project.ts";
import { shopRoot } from "../support/test-gateway.ts";
import { listeningUrls, lockfileNode, TestProcess } from "../support/test-process.ts";

// What may be used 20 times, whoever of several processes is asked; budgets.test.ts says the same of budgets. That no backend runs does not matter here.

const launcher = path.join(shopRoot, "gateway/cli/overlock.js");
const max = 20;
const schema = `
  type Query { limited: [Category!] @from(field: "categories") @rateLimit(max: ${max}, window: "31d") }
  type Category { id: ID! }
`;

let project: TemporaryProject;
const gateways: TestProcess[] = [];

beforeAll(() => {
  project = createShopProject(schema);
});
afterAll(() => project.remove());
afterEach(async () => {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()));
});

/** Resolves to its URL. */
async function start(environment: Readonly<Record<string, string>>): Promise<string> {
  const gateway = new TestProcess(lockfileNode, [launcher, "start", "--root", project.root], {
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
function ask(url: string, query: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json" };
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
