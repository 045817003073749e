import { once } from "node:events";
import { Agent, type IncomingMessage, request as httpRequest } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Shop, startShop } from "../backends/shop.ts";
import { createShopProject } from "../support/temporary-project.ts";
import { shopRoot } from "../support/test-gateway.ts";
import { listeningUrls, lockfileNode, TestProcess } from "../support/test-process.ts";

const launcher = path.join(shopRoot, "gateway/cli/overlock.js");
/** For what happens in a moment on an idle machine. */
const patient = { timeout: 30_000, interval: 20 };
const maxAnswerMs = 10_000;
const shelf = "{ products(first: 5) { items { id stock { level } rating { average } } } }";

let shop: Shop;
let gateway: TestProcess;
let url: string;
let adminUrl: string;

beforeAll(async () => {
  shop = await startShop();
});
afterAll(() => shop.stop());
beforeEach(() => shop.clearLogs());
afterEach(async () => {
  shop.catalog.faults.clear();
  await gateway.stop();
});

function startProcess(
  environment: Readonly<Record<string, string>>,
  args: readonly string[] = ["--root", shopRoot, "--workers", "2"],
): TestProcess {
  const ports = { PORT: "0", ADMIN_PORT: "0" };
  return new TestProcess(lockfileNode, [launcher, "start", ...args], {
    ...ports,
    ...shop.env,
    ...environment,
  });
}

async function start(environment: Readonly<Record<string, string>> = {}): Promise<void> {
  gateway = startProcess(environment);
  await gateway.printed(/"msg":"listening"/, 30_000);
  ({ url, adminUrl } = await listeningUrls(gateway));
}

/**
 * One request; resolves to the status, and rejects unless the whole answer comes. On a busy machine a backend may take
 * too long for its field, which is an answer, too.
 */
function send(agent: Agent, query = shelf): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(`${url}/web/graphql`, {
      agent,
      method: "POST",
      headers: { "content-type": "application/json" },
    });
    sent.once("error", reject);
    sent.setTimeout(maxAnswerMs, () => sent.destroy(new Error("no answer")));
    sent.once("response", (response: IncomingMessage) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.once("error", reject);
      response.once("end", () => {
        if (/^\{(?=.*"data":).*\}$/.test(text)) resolve(response.statusCode ?? 0);
        else reject(new Error(`expected data: ${text}`));
      });
    });
    sent.end(JSON.stringify({ query }));
  });
}

interface LogLine {
  readonly msg: string;
  readonly worker?: number;
  readonly pid?: number;
}

/** The log, of which every line has to be JSON. */
function log(message: string): readonly LogLine[] {
  return gateway.stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as LogLine)
    .filter(({ msg }) => msg === message);
}

/** The processes of the workers that are ready now or were once. */
function workerPids(): readonly number[] {
  return log("worker ready").map(({ pid }) => pid ?? 0);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function readMetrics(): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  const samples = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    samples.map((line) => {
      const space = line.lastIndexOf(" ");
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }),
  );
}

const requestsInFlight = 'overlock_requests_in_flight{bff="web"}';
const served = 'overlock_requests_total{bff="web"';

/** Of all series whose name and first labels are written like this. */
function sumOf(metrics: ReadonlyMap<string, number>, beginning: string): number {
  let sum = 0;
  for (const [series, value] of metrics) if (series.startsWith(beginning)) sum += value;
  return sum;
}

describe("two workers", { timeout: 60_000 }, () => {
  it("share a port, and have one log, one admin port and one sum of metrics", async () => {
    await start();
    expect(log("listening")).toMatchObject([{ workers: 2 }]);
    expect(log("schema").every(({ worker }) => worker === undefined)).toBe(true);
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const sent = [
      ...Array.from({ length: 92 }, () => send(agent, "{ __typename }")),
      ...Array.from({ length: 8 }, () => send(agent)),
    ];
    const statuses = await Promise.all(sent);
    agent.destroy();
    expect(new Set(statuses)).toEqual(new Set([200]));
    await expect.poll(() => log("request").length, patient).toBe(100);
    expect(new Set(log("request").map(({ worker }) => worker))).toEqual(new Set([1, 2]));

    const metrics = await readMetrics();
    expect(sumOf(metrics, served)).toBe(100);
    expect(metrics.get('overlock_request_duration_seconds_count{bff="web"}')).toBe(100);
    // Workers do not share what is under way: each has asked for itself.
    expect(sumOf(metrics, 'overlock_upstream_calls_total{source="catalog"')).toBe(
      shop.catalog.log.entries.length,
    );
    expect(metrics.get("overlock_workers")).toBe(2);
    expect(metrics.get("overlock_worker_crashes_total")).toBe(0);
    // Each has prepared the first operation for itself.
    expect(metrics.get('overlock_prepare_total{bff="web",result="miss"}')).toBeGreaterThanOrEqual(3);

    for (const base of [url, adminUrl])
      expect(await (await fetch(`${base}/health/ready`)).json()).toEqual({ status: "ready" });
    const supergraph = await fetch(`${adminUrl}/supergraph`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"query":"{ __typename }"}',
    });
    expect(await supergraph.json()).toEqual({ data: { __typename: "Query" } });
    const page = await fetch(`${adminUrl}/supergraph`, { headers: { accept: "text/html" } });
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    await page.arrayBuffer();
    gateway.kill("SIGTERM");
    expect(await gateway.exited()).toEqual({ code: 0, signal: null });
    expect(gateway.stderr).toBe("");
    expect(gateway.isGroupAlive).toBe(false);
  });

  it("go on where one is killed, and get another; counters never fall", async () => {
    await start();
    const answered: number[] = [];
    const failures: string[] = [];
    const load = { isOn: true };
    const client = async (): Promise<void> => {
      // A connection for each request, so that only what the killed one was answering can be lost.
      const agent = new Agent({ keepAlive: false });
      while (load.isOn)
        await send(agent).then(
          (status) => answered.push(status),
          (error: unknown) => failures.push(String(error)),
        );
    };
    const clients = Array.from({ length: 4 }, client);
    try {
      await expect.poll(() => answered.length, patient).toBeGreaterThan(20);
      const before = await readMetrics();
      const [victim = 0] = workerPids();
      process.kill(victim, "SIGKILL");
      await expect.poll(() => workerPids().length, patient).toBe(3);
      const answeredBefore = answered.length;
      await expect.poll(() => answered.length, patient).toBeGreaterThan(answeredBefore + 20);
      const after = await readMetrics();
      expect(after.get("overlock_workers")).toBe(2);
      expect(after.get("overlock_worker_crashes_total")).toBe(1);
      expect(sumOf(after, served)).toBeGreaterThan(sumOf(before, served));
      expect(log("worker gone")).toMatchObject([{ worker: 1, pid: victim, how: "SIGKILL" }]);
      expect((await fetch(`${adminUrl}/health/ready`)).status).toBe(200);
    } finally {
      load.isOn = false;
      await Promise.all(clients);
    }
    // Told at once: what is left open without anybody to answer it would cost a client its patience.
    expect(failures.filter((failure) => failure.includes("no answer"))).toEqual([]);
    expect(failures.length).toBeLessThanOrEqual(clients.length);
    await expect.poll(() => log("request").some(({ worker }) => worker === 3), patient).toBe(true);
    gateway.kill("SIGTERM");
    expect(await gateway.exited()).toEqual({ code: 0, signal: null });
  });

  it("lose no request on SIGTERM: not ready but answering first, then closing", async () => {
    await start({ SHUTDOWN_DELAY_MS: "2000" });
    shop.catalog.faults.set({ latencyMs: 40 });
    const agent = new Agent({ keepAlive: true, maxSockets: 16 });
    const answered: number[] = [];
    const failures: string[] = [];
    const rotation = { isIn: true };
    const client = async (): Promise<void> => {
      while (rotation.isIn) {
        try {
          answered.push(await send(agent));
        } catch (error) {
          failures.push(String(error));
        }
      }
    };
    const clients = Array.from({ length: 16 }, client);
    try {
      await expect.poll(() => answered.length, patient).toBeGreaterThan(32);
      gateway.kill("SIGTERM");
      await expect.poll(async () => (await fetch(`${adminUrl}/health/ready`)).status, patient).toBe(503);
      await expect.poll(async () => (await fetch(`${url}/health/ready`)).status, patient).toBe(503);
      expect((await readMetrics()).get("overlock_draining")).toBe(1);
      const answeredBefore = answered.length;
      await expect.poll(() => answered.length, patient).toBeGreaterThan(answeredBefore + 16);
    } finally {
      rotation.isIn = false;
      await Promise.all(clients);
    }
    expect(await gateway.exited(15_000)).toEqual({ code: 0, signal: null });
    agent.destroy();
    expect(failures).toEqual([]);
    expect(new Set(answered)).toEqual(new Set([200]));
    expect(log("request")).toHaveLength(answered.length);
    expect(log("worker gone")).toEqual([]);
    expect(gateway.isGroupAlive).toBe(false);
  });

  it("obey the primary alone: a signal to all of them, as a terminal sends it, ends them in good order", async () => {
    await start();
    shop.catalog.faults.set({ latencyMs: 700 });
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const underWay = Array.from({ length: 8 }, () => send(agent));
    await expect.poll(async () => (await readMetrics()).get(requestsInFlight), patient).toBe(8);
    for (const signal of ["SIGINT", "SIGTERM"] as const)
      for (const pid of workerPids()) process.kill(pid, signal);
    process.kill(-gateway.pid, "SIGINT");
    expect(new Set(await Promise.all(underWay))).toEqual(new Set([200]));
    expect(await gateway.exited()).toEqual({ code: 0, signal: null });
    agent.destroy();
    expect(gateway.stderr).toBe("");
  });

  it("end with a primary that is killed", async () => {
    await start();
    const pids = workerPids();
    expect(pids).toHaveLength(2);
    process.kill(gateway.pid, "SIGKILL");
    await expect.poll(() => pids.filter(isAlive), patient).toEqual([]);
  });
});

describe("a start with workers", { timeout: 60_000 }, () => {
  it("that is refused says so once, with status 1, and leaves nothing behind", async () => {
    const project = createShopProject(
      "type Query { categories: [Category!] nothing: String } type Category { id: ID! }",
    );
    gateway = startProcess({ WORKERS: "2" }, ["--root", project.root]);
    const exit = await gateway.exited(30_000);
    project.remove();
    expect([exit, gateway.stdout]).toEqual([{ code: 1, signal: null }, ""]);
    expect(gateway.stderr.match(/nothing was started/g)).toHaveLength(1);
    expect(gateway.stderr).toContain("Query.nothing");
    expect(gateway.isGroupAlive).toBe(false);
  });

  it.each(["PORT", "ADMIN_PORT"])("whose %s is taken says so once, with status 1", async (variable) => {
    const holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    const { port } = holder.address() as AddressInfo;
    gateway = startProcess({ [variable]: String(port) });
    const exit = await gateway.exited(30_000);
    holder.close();
    expect([exit, gateway.stdout]).toEqual([{ code: 1, signal: null }, ""]);
    expect(gateway.stderr).toBe(
      `1 problem found; nothing was started.

environment  ${variable}
  expected  an address that can be listened on, 127.0.0.1:${port} is not
  found     another process listens there
  hint      set ${variable} to another port, or to 0 for a free one
`,
    );
    await expect.poll(() => gateway.isGroupAlive).toBe(false);
  });

  it("refuses a number that is none", async () => {
    gateway = startProcess({}, ["--root", shopRoot, "--workers", "many"]);
    expect((await gateway.exited(30_000)).code).toBe(1);
    expect(gateway.stderr).toContain(
      'environment  WORKERS\n  expected  a whole number from 1 to 256, or auto\n  found     "many"',
    );
  });

  it("may be given up before it is done", async () => {
    gateway = startProcess({});
    await sleep(1500);
    gateway.kill("SIGTERM");
    const exit = await gateway.exited(30_000);
    expect([
      { code: 0, signal: null },
      { code: null, signal: "SIGTERM" },
    ]).toContainEqual(exit);
    await expect.poll(() => gateway.isGroupAlive, patient).toBe(false);
  });
});
