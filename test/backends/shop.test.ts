import { status } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { GrpcFault, HttpFault } from "./faults.ts";
import { hugeBytes, secretMessage } from "./faults.ts";
import { callGrpc } from "./call-grpc.ts";
import { toProductMessage } from "./catalog-message.ts";
import { toOrderMessage } from "./orders.ts";
import { countUp, RequestLog } from "./request-log.ts";
import { buildShopData, centsOf } from "./shop-data.ts";
import { startShop } from "./shop.ts";
import type { Shop } from "./shop.ts";

describe("the shop's data", () => {
  const data = buildShopData();

  test("is the same on every build", () => {
    expect(buildShopData()).toEqual(data);
  });

  test("has the sizes and the gaps that tests rely on", () => {
    expect(data.categories).toHaveLength(12);
    expect(data.products).toHaveLength(1000);
    expect(new Set(data.products.map(({ name }) => name)).size).toBe(1000);
    expect(new Set(data.featuredProducts).size).toBe(1000);
    expect(data.stock).toHaveLength(990);
    expect(data.stockByProductId.has("p100")).toBe(false);
    expect(data.users).toHaveLength(300);
    expect(data.reviews).toHaveLength(10_000);
    expect(data.orders).toHaveLength(5000);

    const reviewCounts = data.products.map(({ id }) => data.reviewsByProductId.get(id)?.length ?? 0);
    expect(Math.min(...reviewCounts.slice(0, 50))).toBeGreaterThanOrEqual(3);
    expect(reviewCounts.filter((count) => count === 0).length).toBeGreaterThanOrEqual(20);
    expect(reviewCounts.filter((count) => count > 100).length).toBeGreaterThanOrEqual(3);
    expect(data.ratings).toHaveLength(reviewCounts.filter((count) => count > 0).length);

    const unknownAuthors = data.reviews.filter(({ authorId }) => !data.userById.has(authorId));
    expect(unknownAuthors.map(({ authorId, productId }) => `${authorId} ${productId}`).toSorted()).toEqual([
      "u9999 p990",
      "u9999 p991",
    ]);

    const recommended = [...data.recommendationsByProductId.values()].map(({ length }) => length);
    expect([Math.min(...recommended), Math.max(...recommended), recommended.length]).toEqual([4, 8, 1000]);

    expect(data.ordersByUserId.get("u1")?.length).toBeGreaterThan(0);
    expect(data.notificationsByUserId.get("u1")?.unreadCount).toBeGreaterThan(0);
  });

  test("adds every order up to the cent", () => {
    for (const { lines, total } of data.orders) {
      const cents = lines.map(({ quantity, unitPrice }) => quantity * centsOf(unitPrice));
      expect(centsOf(total)).toBe(cents.reduce((sum, each) => sum + each, 0));
      expect(Number.isInteger(centsOf(total))).toBe(true);
    }
  });

  test("rounds ratings to one decimal", () => {
    for (const { productId, average, count } of data.ratings) {
      const stars = (data.reviewsByProductId.get(productId) ?? []).map((review) => review.stars);
      expect(stars).toHaveLength(count);
      expect(average).toBeCloseTo(stars.reduce((sum, each) => sum + each, 0) / count, 0.9);
      expect(String(average)).toMatch(/^\d(\.\d)?$/);
    }
  });
});

describe("a request log", () => {
  test("drops the oldest tenth when it is full", () => {
    const log = new RequestLog(countUp(), 20);
    const request = { method: "GET /", url: "/", headers: {}, message: null };
    for (let added = 0; added < 20; added += 1) log.add(request);
    expect(log.count("GET /")).toBe(20);
    log.add(request);
    expect([log.count(), log.entries[0]?.sequence]).toEqual([19, 3]);
  });
});

describe("the shop", () => {
  const data = buildShopData();
  let shop: Shop;
  beforeEach(async () => {
    shop = await startShop({ data });
  });
  afterEach(async () => {
    await shop.stop();
    const { catalog, inventory, orders, reviews, accounts, shipping, recommendations } = shop;
    for (const backend of [catalog, inventory, orders, reviews, accounts, shipping, recommendations]) {
      expect(backend.openSockets).toBe(0);
    }
  });

  describe("catalog", () => {
    test("lists pages that together are every product once", async () => {
      const seen: unknown[] = [];
      let pageToken = "";
      do {
        const page = await callGrpc(shop.catalog, "ListProducts", { first: 400, pageToken });
        expect(page.totalCount).toBe(1000);
        seen.push(...list(page.items));
        pageToken = String(page.nextPageToken);
      } while (pageToken !== "");
      expect(seen).toEqual(shop.data.featuredProducts.map(toProductMessage));
    });

    test("sorts and filters", async () => {
      const request = { first: 1000, sort: "PRICE_ASCENDING", categoryId: "c3" };
      const { items } = await callGrpc(shop.catalog, "ListProducts", request);
      const wanted = shop.data.products.filter(({ categoryId }) => categoryId === "c3");
      const cheapest = wanted.toSorted((a, b) => centsOf(a.price) - centsOf(b.price));
      expect(items).toEqual(cheapest.map(toProductMessage));

      const newest = await callGrpc(shop.catalog, "ListProducts", { sort: "NEWEST" });
      const byDate = shop.data.products.toSorted((a, b) => (a.releasedAt < b.releasedAt ? 1 : -1));
      expect(newest.items).toEqual(byDate.slice(0, 20).map(toProductMessage));
    });

    test.each([{ first: 1001 }, { first: -1 }, { pageToken: "nonsense" }, { sort: 9 }])(
      "refuses %o",
      async (request) => {
        await expect(callGrpc(shop.catalog, "ListProducts", request)).rejects.toMatchObject({
          code: status.INVALID_ARGUMENT,
        });
      },
    );

    test("finds products and categories by id, each once and in no order of theirs", async () => {
      const ids = ["p1", "p2", "p3", "nobody", "p2"];
      const products = list((await callGrpc(shop.catalog, "BatchGetProducts", { ids })).products);
      const known = shop.data.products.slice(0, 3).map(toProductMessage);
      expect(products).toHaveLength(3);
      expect(products).toEqual(expect.arrayContaining([...known]));
      for (const [index, product] of products.entries()) expect(product).not.toEqual(known[index]);

      const { categories } = await callGrpc(shop.catalog, "BatchGetCategories", { ids: ["c2"] });
      expect(categories).toEqual([{ id: "c2", name: "Furniture" }]);
      const all = await callGrpc(shop.catalog, "ListCategories", {});
      expect(list(all.categories)).toHaveLength(12);
    });
  });

  describe("inventory", () => {
    test("leaves out what nobody stocks", async () => {
      const { items } = await callGrpc(shop.inventory, "BatchGetStock", { productIds: ["p99", "p100"] });
      expect(items).toEqual([shop.data.stockByProductId.get("p99")]);
    });

    test("takes reservations off its own stock only", async () => {
      const item = shop.data.stock.find(({ quantity }) => quantity > 1);
      const { productId = "", quantity = 0 } = item ?? {};
      const reserved = await callGrpc(shop.inventory, "Reserve", { productId, quantity: quantity - 1 });
      expect(reserved).toMatchObject({ quantity: 1, level: "LOW", available: true });
      await expect(callGrpc(shop.inventory, "Reserve", { productId, quantity: 2 })).rejects.toMatchObject({
        code: status.FAILED_PRECONDITION,
      });
      expect(shop.data.stockByProductId.get(productId)?.quantity).toBe(quantity);
    });

    test.each([
      [{ productId: "p1", quantity: 0 }, status.INVALID_ARGUMENT],
      [{ productId: "p100", quantity: 1 }, status.NOT_FOUND],
    ])("refuses to reserve %o", async (request, code) => {
      await expect(callGrpc(shop.inventory, "Reserve", request)).rejects.toMatchObject({ code });
    });
  });

  describe("orders", () => {
    test("belong to the user of x-user-id", async () => {
      const mine = (shop.data.ordersByUserId.get("u1") ?? []).map(toOrderMessage);
      const page = await callGrpc(
        shop.orders,
        "ListOrders",
        { first: 2 },
        { metadata: { "x-user-id": "u1" } },
      );
      expect(page).toMatchObject({ orders: mine.slice(0, 2), totalCount: mine.length });

      const id = shop.data.ordersByUserId.get("u1")?.[0]?.id;
      expect(await callGrpc(shop.orders, "GetOrder", { id }, { metadata: { "x-user-id": "u1" } })).toEqual(
        mine[0],
      );
      await expect(
        callGrpc(shop.orders, "GetOrder", { id }, { metadata: { "x-user-id": "u2" } }),
      ).rejects.toMatchObject({
        code: status.NOT_FOUND,
      });
      await expect(callGrpc(shop.orders, "ListOrders", {})).rejects.toMatchObject({
        code: status.UNAUTHENTICATED,
      });
    });
  });

  describe("reviews", () => {
    test("mixes the newest reviews of several products", async () => {
      const body = await getJson(`${shop.reviews.url}/reviews?productIds=p1&productIds=p2&perProduct=3`);
      const newest = ["p1", "p2"].flatMap((id) => shop.data.reviewsByProductId.get(id)?.slice(0, 3) ?? []);
      expect(body).toEqual({ data: newest.toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1)) });
    });

    test("sorts by stars", async () => {
      const body = await getJson(`${shop.reviews.url}/reviews?productIds=p1&perProduct=1&sort=TOP`);
      expect(body).toMatchObject({ data: [{ productId: "p1", stars: 5 }] });
    });

    test("answers ratings and a user's reviews", async () => {
      const ratings = await getJson(`${shop.reviews.url}/ratings?ids=p970&ids=p1`);
      expect(ratings).toEqual([shop.data.ratingByProductId.get("p1")]);
      const mine = shop.data.reviewsByAuthorId.get("u1") ?? [];
      const body = await getJson(`${shop.reviews.url}/users/u1/reviews?first=2`);
      expect(body).toEqual({ data: mine.slice(0, 2), total: mine.length });
    });

    test("takes up to 200 ids, each once", async () => {
      const known = "ids=p1&".repeat(200);
      expect(await getJson(`${shop.reviews.url}/ratings?${known}`)).toHaveLength(1);
      const response = await fetch(`${shop.reviews.url}/ratings?${known}ids=p1`);
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({ error: "Expected ids 1 to 200 times, got it 201 times." });
    });

    test.each([
      ["/reviews", 400, "Expected productIds 1 to 200 times, got it 0 times."],
      ["/reviews?productIds=p1&perProduct=101", 400, 'Expected perProduct from 1 to 100, got "101".'],
      ["/reviews?productIds=p1&perProduct=1e1", 400, 'Expected perProduct from 1 to 100, got "1e1".'],
      ["/reviews?productIds=p1&sort=BEST", 400, 'Expected sort to be NEWEST or TOP, got "BEST".'],
      ["/users/%E0%A4%A/reviews", 400, 'Expected a percent-encoded path segment, got "%E0%A4%A".'],
      ["/nothing", 404, "Nothing is at GET /nothing."],
    ])("refuses %s with %i", async (path, expected, error) => {
      const response = await fetch(shop.reviews.url + path);
      expect(response.status).toBe(expected);
      expect(await response.json()).toEqual({ error });
    });
  });

  describe("accounts", () => {
    test("answers users and notifications", async () => {
      const { userById, notificationsByUserId } = shop.data;
      const { url } = shop.accounts;
      expect(await getJson(`${url}/users/u7`)).toEqual(userById.get("u7"));
      expect(await getJson(`${url}/users?ids=u1&ids=u2&ids=u9999`)).toEqual([
        userById.get("u2"),
        userById.get("u1"),
      ]);
      expect(await getJson(`${url}/users/u1/notifications`)).toEqual(notificationsByUserId.get("u1"));
    });

    test.each([
      ["/users/u9999", 404],
      ["/users/u9999/notifications", 404],
      ["/users", 400],
    ])("refuses %s with %i", async (path, expected) => {
      expect((await fetch(shop.accounts.url + path)).status).toBe(expected);
    });
  });

  describe("recommendations", () => {
    test("executes GraphQL operations", async () => {
      const query = `query Try($ids: [ID!]!) {
        recommendations(productId: "p1", first: 1) { score reason product { id recommendations(first: 1) { product { id } } } }
        products(ids: $ids) { id recommendations { product { id } } }
      }`;
      const [best] = shop.data.recommendationsByProductId.get("p1") ?? [];
      const [next] = shop.data.recommendationsByProductId.get(best?.productId ?? "") ?? [];
      const four = shop.data.recommendationsByProductId.get("p2")?.slice(0, 4) ?? [];
      expect(await postGraphql(shop, { query, variables: { ids: ["p2", "nobody"] } })).toEqual({
        data: {
          recommendations: [
            {
              score: best?.score,
              reason: best?.reason,
              product: { id: best?.productId, recommendations: [{ product: { id: next?.productId } }] },
            },
          ],
          products: [
            { id: "p2", recommendations: four.map(({ productId }) => ({ product: { id: productId } })) },
            null,
          ],
        },
      });
    });

    test.each([
      ["{", "Expected a JSON body."],
      ["", "Expected a JSON object."],
      ["[]", "Expected a JSON object."],
      ["{}", "Expected a query, a string."],
      ['{"query":"{ __typename }","variables":1}', "Expected variables to be an object."],
      ['{"query":"{ __typename }","operationName":1}', "Expected operationName to be a string."],
    ])("refuses the body %s", async (body, error) => {
      const response = await fetch(shop.env.RECOMMENDATIONS_URL, { method: "POST", body });
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({ error });
    });

    test("logs a body that is no JSON as none", async () => {
      await fetch(shop.env.RECOMMENDATIONS_URL, { method: "POST", body: "{" });
      expect(shop.recommendations.log.entries).toMatchObject([{ method: "POST /graphql", message: null }]);
    });
  });

  describe("logs", () => {
    test("tell what was received, in order over all backends", async () => {
      await fetch(`${shop.accounts.url}/users?ids=u1`, { headers: { Authorization: "Bearer a" } });
      await callGrpc(
        shop.inventory,
        "BatchGetStock",
        { productIds: ["p1"] },
        { metadata: { "x-tenant": "t" } },
      );
      await postGraphql(shop, { query: "{ __typename }" });
      expect(shop.calls()).toEqual([
        "accounts GET /users",
        "inventory BatchGetStock",
        "recommendations POST /graphql",
      ]);
      expect(shop.accounts.log.entries).toMatchObject([
        { url: "/users?ids=u1", headers: { authorization: "Bearer a" }, message: null, cancelled: false },
      ]);
      expect(shop.inventory.log.entries).toMatchObject([
        {
          url: null,
          headers: { "x-tenant": "t" },
          message: { productIds: ["p1"] },
          cancelled: false,
        },
      ]);
      expect(shop.inventory.log.entries[0]?.headers["grpc-timeout"]).toMatch(/^\d{4}m$/);
      expect(shop.recommendations.log.entries[0]?.message).toEqual({ query: "{ __typename }" });

      shop.clearLogs();
      expect(shop.calls()).toEqual([]);
    });

    test("tell that a caller went away", async () => {
      shop.accounts.faults.set({ fault: "hang" });
      shop.catalog.faults.set({ latencyMs: 60_000 });
      const gone = new AbortController();
      const answers = [
        fetch(`${shop.accounts.url}/users/u1`, { signal: gone.signal }),
        callGrpc(shop.catalog, "ListCategories", {}, { signal: gone.signal }),
      ];
      await vi.waitFor(() => {
        expect(shop.calls()).toHaveLength(2);
      });
      gone.abort();
      expect(await Promise.allSettled(answers)).toMatchObject([
        { status: "rejected" },
        { status: "rejected" },
      ]);
      await vi.waitFor(() => {
        expect(shop.accounts.log.entries[0]?.cancelled).toBe(true);
        expect(shop.catalog.log.entries[0]?.cancelled).toBe(true);
      });
    });
  });

  describe("faults", () => {
    const readHttp = async (
      fault: HttpFault,
    ): Promise<{ status: number; type: string | null; text: string }> => {
      shop.reviews.faults.set({ fault });
      const response = await fetch(`${shop.reviews.url}/ratings?ids=p1`);
      return {
        status: response.status,
        type: response.headers.get("content-type"),
        text: await response.text(),
      };
    };
    const readGrpc = (fault: GrpcFault): Promise<Record<string, unknown>> => {
      shop.catalog.faults.set({ fault });
      return callGrpc(shop.catalog, "ListCategories", {});
    };

    test.each<[HttpFault, number, string, string]>([
      ["error", 500, "application/json", `{"error":"${secretMessage}"}`],
      ["garbage", 200, "application/json", '{"data":[{"id":'],
      ["html", 200, "text/html; charset=utf-8", "<!doctype html><title>It works</title>"],
      ["empty", 200, "application/json", ""],
      ["wrong-shape", 200, "application/json", '{"data":42}'],
      ["status:429", 429, "application/json", '{"error":"Too Many Requests"}'],
    ])("over HTTP: %s", async (fault, expectedStatus, type, text) => {
      expect(await readHttp(fault)).toEqual({ status: expectedStatus, type, text });
    });

    test("over HTTP: huge", async () => {
      const { text } = await readHttp("huge");
      expect(JSON.parse(text)).toEqual({ data: "x".repeat(hugeBytes) });
    });

    test("over HTTP: reset, before the headers", async () => {
      await expect(readHttp("reset")).rejects.toMatchObject({ cause: { code: "ECONNRESET" } });
    });

    test("over HTTP: truncated, after the headers", async () => {
      shop.reviews.faults.set({ fault: "truncated" });
      const response = await fetch(`${shop.reviews.url}/ratings?ids=p1`);
      expect(response.status).toBe(200);
      await expect(response.text()).rejects.toThrow("terminated");
    });

    test("over HTTP: hang, until the backend is stopped", async () => {
      const answer = readHttp("hang").catch(() => "stopped");
      await vi.waitFor(() => {
        expect(shop.reviews.log.count()).toBe(1);
      });
      await shop.reviews.stop();
      expect(await answer).toBe("stopped");
    });

    test.each<[GrpcFault, string]>([
      ["error", `13 INTERNAL: ${secretMessage}`],
      ["garbage", "13 INTERNAL: Response message parsing error"],
      ["reset", "14 UNAVAILABLE: Connection dropped"],
      ["huge", `8 RESOURCE_EXHAUSTED: Received message larger than max (${hugeBytes + 6} vs 4194304)`],
      ["status:9", "9 FAILED_PRECONDITION: FAILED_PRECONDITION"],
    ])("over gRPC: %s", async (fault, message) => {
      await expect(readGrpc(fault)).rejects.toThrow(message);
    });

    test("over gRPC: empty", async () => {
      expect(await readGrpc("empty")).toEqual({ categories: [] });
    });

    test("over gRPC: hang, until the backend is stopped", async () => {
      const answer = readGrpc("hang").catch((error: unknown) => error);
      await vi.waitFor(() => {
        expect(shop.catalog.log.count()).toBe(1);
      });
      await shop.catalog.stop();
      expect(await answer).toMatchObject({ code: status.UNAVAILABLE });
    });

    test("add latency that can be changed while the backend runs", async () => {
      shop.accounts.faults.set({ latencyMs: 40 });
      shop.catalog.faults.set({ latencyMs: 40 });
      const started = performance.now();
      await getJson(`${shop.accounts.url}/users/u1`);
      await callGrpc(shop.catalog, "ListCategories", {});
      expect(performance.now() - started).toBeGreaterThan(75);

      shop.accounts.faults.set({ latencyMs: 60_000 });
      shop.accounts.faults.set({ latencyMs: 0 });
      await getJson(`${shop.accounts.url}/users/u1`);
    });

    test("can be for one method only, and for a number of calls", async () => {
      const statuses = async (): Promise<number[]> => {
        const paths = ["/users/u1", "/users/u2"];
        return Promise.all(paths.map(async (path) => (await fetch(shop.accounts.url + path)).status));
      };
      shop.accounts.faults.set({ fault: "status:503" });
      shop.accounts.faults.set({ method: "GET /users/u1", fault: "error", times: 1 });
      expect(await statuses()).toEqual([500, 503]);
      expect(await statuses()).toEqual([503, 503]);
      shop.accounts.faults.clear();
      expect(await statuses()).toEqual([200, 200]);
    });
  });

  describe("a killed backend", () => {
    test("refuses connections and comes back on its port", async () => {
      const { url } = shop.accounts;
      await getJson(`${url}/users/u1`);
      await shop.accounts.stop();
      expect(shop.accounts.openSockets).toBe(0);
      await expect(fetch(`${url}/users/u1`)).rejects.toThrow("fetch failed");
      expect((await shop.accounts.start()).url).toBe(url);
      expect(await getJson(`${url}/users/u1`)).toMatchObject({ id: "u1" });
    });

    test("does so over gRPC too", async () => {
      const { url } = shop.catalog;
      await callGrpc(shop.catalog, "ListCategories", {});
      await shop.catalog.stop();
      await expect(callGrpc(shop.catalog, "ListCategories", {})).rejects.toMatchObject({
        code: status.UNAVAILABLE,
      });
      expect((await shop.catalog.start()).url).toBe(url);
      expect(list((await callGrpc(shop.catalog, "ListCategories", {})).categories)).toHaveLength(12);
    });

    test("frees the others when its port is taken", async () => {
      const port = Number(new URL(shop.accounts.url).port);
      await expect(startShop({ ports: { accounts: port } })).rejects.toMatchObject({ code: "EADDRINUSE" });
    });
  });
});

async function getJson(url: string): Promise<unknown> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("application/json");
  return response.json();
}

async function postGraphql(shop: Shop, body: unknown): Promise<unknown> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(shop.env.RECOMMENDATIONS_URL, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
  });
  return response.json();
}

function list(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new Error("Expected a list.");
  return value;
}
