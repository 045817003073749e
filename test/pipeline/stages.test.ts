import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createShopProject, type TemporaryProject } from "../support/temporary-project.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

const schema = `
  type Query { products(first: Int = 3): ProductList categories: [Category!] everything: [Category!]! @from(field: "categories") }
  type ProductList @view(of: "ProductPage") { items: [Product!]! }
  type Product { id: ID! stock: Stock rating: Rating reviews(first: Int = 2): [Review!] }
  type Stock { quantity: Int! available: Boolean! @default(value: false, onError: true) }
  type Rating { average: Float }
  type Review { id: ID! author: User }
  type User { id: ID! name: String }
  type Category { id: ID! }
`;
const requestTimeoutMs = 500;
/** What a busy machine may add. */
const slackMs = 2000;

let project: TemporaryProject;
let test: TestGateway;

beforeAll(async () => {
  project = createShopProject(schema, { requestTimeoutMs });
  test = await startTestGateway({}, project.root);
  // The first request waits for code that is read and for connections; that may take all of its time.
  await test.query(
    "{ products { items { id stock { quantity } rating { average } reviews { id author { name } } } } }",
  );
});
afterAll(async () => {
  await test.stop();
  project.remove();
});
beforeEach(() => test.shop.clearLogs());
afterEach(() => {
  for (const backend of [test.shop.catalog, test.shop.inventory]) backend.faults.clear();
  for (const backend of [test.shop.reviews, test.shop.accounts]) backend.faults.clear();
});

describe("a request whose time runs out", () => {
  it("is answered in time, with what there is and REQUEST_TIMEOUT for the rest", async () => {
    test.shop.inventory.faults.set({ fault: "hang" });
    test.shop.reviews.faults.set({ method: "GET /ratings", fault: "hang" });
    const before = test.logLines.length;
    const startedMs = performance.now();
    const answer = await test.query(
      "{ products { items { id stock { quantity } rating { average } reviews { id } } } }",
    );
    const durationMs = performance.now() - startedMs;
    expect(durationMs).toBeGreaterThan(requestTimeoutMs - 20);
    expect(durationMs).toBeLessThan(requestTimeoutMs + slackMs);
    expect(answer.status).toBe(200);
    const { items } = (answer.data as { products: { items: readonly Record<string, unknown>[] } }).products;
    expect(items).toHaveLength(3);
    for (const item of items)
      expect(item).toEqual({ id: expect.any(String), stock: null, rating: null, reviews: expect.any(Array) });
    expect(answer.errors).toHaveLength(6);
    for (const error of answer.errors)
      expect(error).toMatchObject({
        message: "The request's time ran out.",
        extensions: { code: "REQUEST_TIMEOUT" },
      });
    expect(test.logLines.slice(before)).toMatchObject([
      { outcome: "partial", status: 200, upstreamCalls: 4, errorCodes: { REQUEST_TIMEOUT: 6 } },
    ]);
    await expect
      .poll(() => test.shop.inventory.log.entries.map(({ cancelled }) => cancelled))
      .toEqual([true]);
    await expect
      .poll(() => test.shop.reviews.log.entries.find(({ method }) => method === "GET /ratings")?.cancelled)
      .toBe(true);
  });

  it("makes no further call, and leaves out what depends on one", async () => {
    test.shop.catalog.faults.set({ latencyMs: requestTimeoutMs * 3 });
    const answer = await test.query("{ products { items { id stock { quantity } } } }");
    expect(answer.data).toEqual({ products: null });
    expect(answer.errors.map(({ extensions }) => extensions.code)).toEqual(["REQUEST_TIMEOUT"]);
    expect(test.shop.calls()).toEqual(["catalog ListProducts"]);
  });

  it("shares its time among calls that wait for each other", async () => {
    test.shop.catalog.faults.set({ latencyMs: 300 });
    test.shop.reviews.faults.set({ latencyMs: 300 });
    const startedMs = performance.now();
    const answer = await test.query("{ products { items { id reviews { id author { name } } } } }");
    expect(performance.now() - startedMs).toBeLessThan(requestTimeoutMs + slackMs);
    expect(answer.errors.map(({ extensions }) => extensions.code)).toEqual(Array(3).fill("REQUEST_TIMEOUT"));
    await expect.poll(() => test.shop.reviews.log.entries.map(({ cancelled }) => cancelled)).toEqual([true]);
  });

  it("is null as a whole where a field that can't be null is missing", async () => {
    test.shop.catalog.faults.set({ fault: "hang" });
    const answer = await test.query("{ everything { id } }");
    expect(answer.data).toBeNull();
    expect(answer.errors.map(({ extensions }) => extensions.code)).toEqual(["REQUEST_TIMEOUT"]);
    expect(test.logLines.at(-1)).toMatchObject({ outcome: "error" });
  });

  it("leaves the time of the next one untouched", async () => {
    const answer = await test.query("{ products { items { stock { quantity } } } }");
    expect(answer.errors).toEqual([]);
  });
});

describe("a client that goes away", () => {
  /** The shop's own BFFs, whose requests have time enough. */
  let patientTest: TestGateway;

  beforeAll(async () => {
    patientTest = await startTestGateway();
  });
  afterAll(() => patientTest.stop());
  afterEach(() => {
    const { catalog, inventory, reviews } = patientTest.shop;
    for (const backend of [catalog, inventory]) backend.faults.clear();
    reviews.faults.clear();
    patientTest.shop.clearLogs();
  });

  it("ends the calls that are made for it, and is in the log once", async () => {
    patientTest.shop.inventory.faults.set({ fault: "hang" });
    patientTest.shop.reviews.faults.set({ fault: "hang" });
    const before = patientTest.logLines.length;
    const client = new AbortController();
    const answer = patientTest.query(
      "query Gone { products(first: 3) { items { stock { quantity } reviews { id } } } }",
      {
        signal: client.signal,
      },
    );
    await expect.poll(() => patientTest.shop.calls(), { interval: 5 }).toHaveLength(3);
    client.abort();
    await expect(answer).rejects.toThrow("aborted");
    await expect
      .poll(() => patientTest.shop.inventory.log.entries.map(({ cancelled }) => cancelled))
      .toEqual([true]);
    await expect
      .poll(() => patientTest.shop.reviews.log.entries.map(({ cancelled }) => cancelled))
      .toEqual([true]);
    await expect.poll(() => patientTest.logLines.length).toBe(before + 1);
    expect(patientTest.logLines.at(-1)).toMatchObject({ operation: "Gone", errorCodes: { CANCELLED: 6 } });
    expect(patientTest.logLines.at(-1)?.["durationMs"]).toBeLessThan(800);
  });

  it("costs others that ask for the same at the same time nothing", async () => {
    const query = "{ categories { id } }";
    // Compiled, it asks for less, and so for something else, than at first.
    for (let round = 0; round < 3; round++) await patientTest.query(query);
    patientTest.shop.clearLogs();
    patientTest.shop.catalog.faults.set({ latencyMs: 800 });
    const client = new AbortController();
    const gone = patientTest.query(query, { signal: client.signal });
    const others = [patientTest.query(query), patientTest.query(query)];
    await expect.poll(() => inFlight(patientTest), { interval: 5 }).toBe(3);
    client.abort();
    await expect(gone).rejects.toThrow("aborted");
    for (const other of await Promise.all(others)) expect(other.errors).toEqual([]);
    expect(patientTest.shop.calls()).toEqual(["catalog ListCategories"]);
  });
});

/** How many requests of the web's are being worked on. */
async function inFlight({ gateway }: TestGateway): Promise<number> {
  const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text();
  return Number(/^overlock_requests_in_flight\{bff="web"\} (\d+)$/m.exec(metrics)?.[1]);
}
