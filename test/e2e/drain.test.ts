import { Agent, type IncomingMessage, request as httpRequest } from "node:http";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Shop, startShop } from "../backends/shop.ts";
import { RawConnection, rawRequest } from "../support/raw-connection.ts";
import { shopRoot } from "../support/test-gateway.ts";
import { listeningUrls, lockfileNode, TestProcess } from "../support/test-process.ts";

const launcher = path.join(shopRoot, "gateway/cli/overlock.js");
const connections = 32;
/** For what happens in a moment on an idle machine. */
const patient = { timeout: 10_000, interval: 10 };
const query = "{ products(first: 5) { items { id stock { level } rating { average } } } }";

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
  for (const backend of [shop.catalog, shop.inventory]) backend.faults.clear();
  shop.reviews.faults.clear();
  await gateway.stop();
});

async function start(environment: Readonly<Record<string, string>>): Promise<void> {
  gateway = new TestProcess(lockfileNode, [launcher, "start", "--root", shopRoot], {
    PORT: "0",
    ADMIN_PORT: "0",
    ...shop.env,
    ...environment,
  });
  ({ url, adminUrl } = await listeningUrls(gateway));
}

interface Answer {
  readonly status: number;
  readonly isLast: boolean;
  readonly isWhole: boolean;
}

/** One request on a connection of the agent; rejects unless the whole answer comes. */
function send(agent: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(`${url}/web/graphql`, {
      agent,
      method: "POST",
      headers: { "content-type": "application/json" },
    });
    sent.once("error", (error) => {
      const how = sent.reusedSocket ? "a connection that was kept" : "a new connection";
      reject(new Error(`${error.message} on ${how}`, { cause: error }));
    });
    sent.once("response", (response: IncomingMessage) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.once("error", reject);
      response.once("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          isLast: response.headers.connection === "close",
          isWhole: hasData(text),
        }),
      );
    });
    sent.end(JSON.stringify({ query }));
  });
}

/** Whether an answer is all there. On a busy machine a backend may take too long for its field, which is an answer, too. */
function hasData(text: string): boolean {
  try {
    return "data" in (JSON.parse(text) as object);
  } catch {
    return false;
  }
}

/** What stood in the log as a request's line. */
function loggedRequests(): Record<string, unknown>[] {
  return gateway.stdout
    .split("\n")
    .filter((line) => line.includes('"msg":"request"'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** How many requests the gateway is working on. */
async function readInFlight(): Promise<number> {
  const metrics = await (await fetch(`${adminUrl}/metrics`)).text();
  return Number(/^overlock_requests_in_flight\{bff="web"\} (\d+)$/m.exec(metrics)?.[1]);
}

describe("SIGTERM", () => {
  it("loses no request of 32 busy connections: not ready but answering first, then closing", async () => {
    await start({ SHUTDOWN_DELAY_MS: "2000" });
    shop.catalog.faults.set({ latencyMs: 40 });
    shop.inventory.faults.set({ latencyMs: 60 });
    const agent = new Agent({ keepAlive: true, maxSockets: connections });
    const answers: (Answer & { readonly sentWhile: string })[] = [];
    const failures: string[] = [];
    const rotation = { state: "ready" };
    // As a load balancer does: whoever is not ready gets no new requests a moment later.
    const client = async (): Promise<void> => {
      while (rotation.state !== "out of rotation") {
        const sentWhile = rotation.state;
        try {
          answers.push({ ...(await send(agent)), sentWhile });
        } catch (error) {
          failures.push(String(error));
        }
      }
    };
    const sentWhileDraining = () => answers.filter(({ sentWhile }) => sentWhile === "draining");
    const clients = Array.from({ length: connections }, client);
    try {
      await expect.poll(() => answers.length, patient).toBeGreaterThan(connections);
      gateway.kill("SIGTERM");
      await expect.poll(async () => (await fetch(`${url}/health/ready`)).status, patient).toBe(503);
      rotation.state = "draining";
      expect((await fetch(`${url}/health/live`)).status).toBe(200);
      const admin = await fetch(`${adminUrl}/health/ready`);
      expect([admin.status, await admin.json()]).toEqual([503, { status: "draining" }]);
      expect(await (await fetch(`${adminUrl}/metrics`)).text()).toContain("\noverlock_draining 1\n");
      await expect.poll(() => sentWhileDraining().length, patient).toBeGreaterThan(connections / 2);
    } finally {
      rotation.state = "out of rotation";
      await Promise.all(clients);
    }
    const exit = await gateway.exited();
    agent.destroy();

    expect(failures).toEqual([]);
    expect(answers.filter(({ status, isWhole }) => status !== 200 || !isWhole)).toEqual([]);
    expect(sentWhileDraining().filter(({ isLast }) => !isLast)).toEqual([]);
    expect(loggedRequests()).toHaveLength(answers.length);
    expect(exit).toEqual({ code: 0, signal: null });
    const openSockets = (): number[] =>
      [shop.catalog, shop.inventory, shop.reviews].map((backend) => backend.openSockets);
    await expect.poll(openSockets).toEqual([0, 0, 0]);
  });

  it("without a delay answers what is under way, and what still comes on open connections", async () => {
    await start({});
    const agent = new Agent({ keepAlive: true, maxSockets: connections });
    await Promise.all(Array.from({ length: connections }, () => send(agent)));
    shop.catalog.faults.set({ latencyMs: 700 });
    // Half of the connections are busy and stay so beyond the signal, half are idle and used after it.
    const underWay = Array.from({ length: connections / 2 }, () => send(agent));
    // Equal reads are sent once, so that the backend's log does not tell how many wait.
    await expect.poll(readInFlight, patient).toBe(connections / 2);
    gateway.kill("SIGTERM");
    await expect.poll(() => RawConnection.open(url).catch(String), patient).toContain("ECONNREFUSED");
    shop.catalog.faults.clear();
    const late = Array.from({ length: connections / 2 }, () => send(agent));
    const answers = await Promise.all([...underWay, ...late]);
    expect(answers).toHaveLength(connections);
    for (const answer of answers) expect(answer).toEqual({ status: 200, isLast: true, isWhole: true });
    expect(await gateway.exited()).toEqual({ code: 0, signal: null });
    agent.destroy();
  });

  it("cuts what is still under way when the time is up, and ends with status 0 all the same", async () => {
    await start({ SHUTDOWN_TIMEOUT_MS: "300" });
    shop.catalog.faults.set({ fault: "hang" });
    const agent = new Agent({ keepAlive: true });
    const cut = send(agent);
    const howItEnded = cut.then(() => "answered", String);
    const unfinished = await RawConnection.open(url);
    unfinished.write(
      rawRequest("POST /web/graphql HTTP/1.1", { "content-type": "application/json", "content-length": "9" }),
    );
    const silent = await RawConnection.open(url);
    await expect.poll(() => shop.catalog.log.entries.length, patient).toBe(1);
    const startedMs = performance.now();
    gateway.kill("SIGTERM");
    expect(await howItEnded).toContain("socket hang up");
    await Promise.all([unfinished.closed(), silent.closed()]);
    expect(performance.now() - startedMs).toBeGreaterThan(250);
    expect(await gateway.exited()).toEqual({ code: 0, signal: null });
    expect(performance.now() - startedMs).toBeLessThan(5000);
    expect(shop.catalog.log.entries[0]?.cancelled).toBe(true);
    expect(loggedRequests().map(({ errorCodes }) => errorCodes)).toEqual([
      { CANCELLED: 1 },
      { CANCELLED: 1 },
    ]);
    agent.destroy();
  });

  it("ends an idle process at once, whoever is connected but silent after a second", async () => {
    await start({});
    const agent = new Agent({ keepAlive: true });
    await send(agent);
    const silent = await RawConnection.open(url);
    const startedMs = performance.now();
    gateway.kill("SIGTERM");
    expect(await gateway.exited()).toEqual({ code: 0, signal: null });
    expect(performance.now() - startedMs).toBeLessThan(5000);
    await silent.closed();
    agent.destroy();
  });
});
