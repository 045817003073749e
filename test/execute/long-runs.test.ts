import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";
import { type ReceivedRequest, ScriptedBackend } from "../support/scripted-backend.ts";

// Operations that the reference executor works on for long, although their backends are quick.

const sourceSchema = (url: string): string => `
extend schema @source(name: "shop", url: "${url}", timeoutMs: 20000)
type Query {
  reviews: [Review!] @rest(GET: "/reviews")
  items: [Item!] @rest(GET: "/items")
}
type Review { id: ID! product: Product @from(field: "{ id: productId }") }
type Product @key(fields: "id") {
  id: ID!
  reviews: [Review!] @rest(GET: "/reviews{?ids*}", batch: { of: "$parent.id", as: "ids", match: "productId", maxSize: 200 })
}
type Item { id: ID! cents: Int
  stock: Stock @rest(GET: "/stocks{?ids*}", batch: { of: "$parent.id", as: "ids", match: "id", maxSize: 200 }) }
type Stock { level: Int }`;

const clientSchema = `
type Query { reviews: [Review!] items: [Item!]
  prices: [String] @from(field: "items.cents") @formatCurrency(currency: "EUR", minorUnits: true) }
type Review { id: ID! product: Product }
type Product { id: ID! reviews: [Review!] }
type Item { id: ID! stock: Stock }
type Stock { level: Int }`;

/** Each of its levels has 20 times as many objects, and costs two calls at most. */
const multiplying = `{ reviews ${"{ product { reviews ".repeat(8)} { id } ${"} }".repeat(8)} }`;

let items = 0;
const backend = new ScriptedBackend();
let project: ProjectGateway;

function answerOf({ url }: ReceivedRequest): unknown {
  const { pathname, searchParams } = new URL(url, "http://shop");
  const ids = searchParams.getAll("ids");
  if (pathname === "/stocks") return ids.map((id) => ({ id, level: Number(id) }));
  if (pathname === "/items") return Array.from({ length: items }, (_, id) => ({ id: String(id), cents: id }));
  const products = ids.length === 0 ? ["p"] : ids;
  return products.flatMap((productId) =>
    Array.from({ length: 20 }, (_, id) => ({ id: `r${id}`, productId: `p${id}`, of: productId })).map(
      (review) => (ids.length === 0 ? review : { ...review, productId }),
    ),
  );
}

beforeAll(() => backend.start());
afterAll(() => backend.stop());
beforeEach(() => {
  backend.clear();
  backend.answer = (request) => ({ body: answerOf(request) });
});
afterEach(() => project.stop());

async function start(settings: string): Promise<void> {
  const environment = { COMPILE_FROM_REQUEST: "1000000" };
  // What it may cost is what is tried here.
  const limits = '{ maxDepth: 200, measure: ["maxTypeCost", "maxFieldCost", "maxUpstreamCalls"] }';
  const config = `{ name: "web", anonymous: true, limits: ${limits}, ${settings} }`;
  project = await startProject({ shop: sourceSchema(backend.url) }, clientSchema, environment, { config });
}

/** How often a timer of 10 ms fired while this was under way. */
async function ticksDuring(work: Promise<unknown>): Promise<number> {
  let ticks = 0;
  const timer = setInterval(() => ticks++, 10);
  await work;
  clearInterval(timer);
  return ticks;
}

describe("an operation that multiplies what it was sent", () => {
  test("is refused beyond its values, and all the while others have their turns", async () => {
    await start("maxResolvedValues: 200000, requestTimeoutMs: 60000");
    const answer = project.query(multiplying);
    expect(await ticksDuring(answer)).toBeGreaterThan(8);
    expect((await answer).errors.map(({ extensions }) => extensions.code)).toEqual(["RESPONSE_TOO_LARGE"]);
  });

  test("ends at its deadline, and another request is answered before", async () => {
    await start("maxResolvedValues: 100000000, requestTimeoutMs: 1000");
    const startedMs = performance.now();
    const ended: string[] = [];
    const long = project.query(multiplying).finally(() => ended.push("long"));
    await sleep(200);
    const short = await project.query("{ items { id } }").finally(() => ended.push("short"));
    const { errors } = await long;
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(["REQUEST_TIMEOUT"]);
    expect(performance.now() - startedMs).toBeLessThan(4000);
    expect([short.data, ended]).toEqual([{ items: [] }, ["short", "long"]]);
  });

  test("ends when its client goes away", async () => {
    await start("maxResolvedValues: 100000000, requestTimeoutMs: 60000");
    const client = new AbortController();
    const long = project.query(multiplying, { signal: client.signal });
    await sleep(300);
    client.abort();
    await expect(long).rejects.toThrow();
    await expect
      .poll(() => project.log.text.includes('"errorCodes":{"CANCELLED":1}'), { timeout: 5000, interval: 20 })
      .toBe(true);
  });
});

describe("a long list", () => {
  test("asks for what its objects need in as few calls as if it took one turn", async () => {
    items = 5000;
    await start("maxResolvedValues: 100000");
    const answer = project.query("{ items { id stock { level } } }");
    await answer;
    const expected = Array.from({ length: items }, (_, id) => ({ id: String(id), stock: { level: id } }));
    expect((await answer).data).toEqual({ items: expected });
    expect(backend.requests).toHaveLength(1 + items / 200);
  });

  test("of leaves that take long to shape lets others have their turns", async () => {
    items = 60_000;
    await start("maxResolvedValues: 100000");
    const answer = project.query("{ prices }");
    expect(await ticksDuring(answer)).toBeGreaterThan(4);
    const { prices } = (await answer).data as { prices: readonly string[] };
    expect([prices.length, prices[0], prices.at(-1)]).toEqual([items, "€0.00", "€599.99"]);
  });
});
