import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createShopProject, type TemporaryProject } from "../support/temporary-project.ts";
import { shopRoot } from "../support/test-gateway.ts";
import { listeningUrls, lockfileNode, TestProcess } from "../support/test-process.ts";

// A process whose event loop is held busy from within: a policy of its own takes as long as the test says.

const launcher = path.join(shopRoot, "gateway/cli/overlock.js");
const maxDelayMs = 600;
/** As a share of the bound, where the lowest priority is refused as a whole and the highest is not at all. */
const busyMs = 0.7 * maxDelayMs;
const schema = `
  type Query { busy: [Category!] @from(field: "categories") @policy(policies: [["busy"]]) idle: [Category!] @from(field: "categories") }
  type Category { id: ID! }
`;

let project: TemporaryProject;
let gateway: TestProcess;
let url: string;
let adminUrl: string;

beforeAll(async () => {
  const key = (consumer: string) => ({
    sha256: createHash("sha256").update(`key-of-${consumer}`).digest("hex"),
    consumer,
    tier: consumer,
  });
  project = createShopProject(schema, {
    credentials: [{ kind: "apiKey", file: "keys.json" }],
    tiers: { free: { priority: 0 }, gold: { priority: 100 } },
  });
  const file = (name: string): string => path.join(project.root, "bff-web", name);
  writeFileSync(file("keys.json"), JSON.stringify(["free", "gold"].map(key)));
  const busy = `busy: () => { for (const end = performance.now() + ${busyMs}; performance.now() < end; ); return false; }`;
  const config = readFileSync(file("bff.config.ts"), "utf8");
  writeFileSync(file("bff.config.ts"), config.replace("policies: {", `policies: { ${busy},`));
  gateway = new TestProcess(lockfileNode, [launcher, "start", "--root", project.root], {
    PORT: "0",
    ADMIN_PORT: "0",
    MAX_EVENT_LOOP_DELAY_MS: `${maxDelayMs}`,
  });
  await gateway.printed(/"msg":"listening"/, 30_000);
  ({ url, adminUrl } = await listeningUrls(gateway));
}, 40_000);
afterAll(async () => {
  await gateway.stop();
  project.remove();
});

async function ask(tier: "free" | "gold", query: string): Promise<number> {
  const response = await fetch(`${url}/web/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": `key-of-${tier}` },
    body: JSON.stringify({ query }),
  });
  await response.text();
  return response.status;
}

describe("a process that is held busy", () => {
  it("refuses low priority, goes on answering high priority and health checks, and recovers by itself", async () => {
    expect([await ask("free", "{ __typename }"), await ask("gold", "{ __typename }")]).toEqual([200, 200]);
    const busy = { isOver: false };
    const holding = (async () => {
      while (!busy.isOver) await ask("gold", "{ busy { id } }");
    })();
    await expect.poll(() => ask("free", "{ __typename }"), { timeout: 30_000 }).toBe(503);
    const statuses: { readonly free: number; readonly gold: number; readonly health: number }[] = [];
    while (statuses.length < 8) {
      const [free, gold, health] = await Promise.all([
        ask("free", "{ __typename }"),
        ask("gold", "{ __typename }"),
        fetch(`${url}/health/ready`).then(({ status }) => status),
      ]);
      statuses.push({ free, gold, health });
    }
    const metrics = await (await fetch(`${adminUrl}/metrics`)).text();
    busy.isOver = true;
    await holding;
    // A machine that is busy itself adds to the delay, which may cost the high priority an answer, too.
    const answered = (who: "free" | "gold") => statuses.filter((status) => status[who] === 200).length;
    expect(answered("free")).toBeLessThanOrEqual(3);
    expect(answered("gold")).toBeGreaterThanOrEqual(5);
    expect(statuses.map(({ health }) => health)).toEqual(statuses.map(() => 200));
    expect(metrics).toMatch(/^overlock_shed_requests_total\{bff="web",reason="eventLoop"\} [1-9]/m);
    expect(Number(/^overlock_load\{reason="eventLoop"\} (\S+)$/m.exec(metrics)?.[1])).toBeGreaterThan(0.5);
    const askOften = () => Promise.all(Array.from({ length: 10 }, () => ask("free", "{ __typename }")));
    await expect.poll(askOften, { timeout: 30_000 }).toEqual(Array<number>(10).fill(200));
  }, 90_000);
});
