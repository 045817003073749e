import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type GrpcFault, type HttpFault, secretMessage } from "../backends/faults.ts";
import { type GraphqlAnswer, startTestGateway, type TestGateway } from "../support/test-gateway.ts";

// A backend that is killed, slow or answers garbage costs only its own fields, and nothing internal leaks.

let test: TestGateway;
let token: string;

beforeAll(async () => {
  test = await startTestGateway({ LOG_LEVEL: "debug" });
  token = await test.issuer.issueToken("u1", 600);
});
afterAll(() => test.stop());
beforeEach(() => {
  for (const backend of [test.shop.catalog, test.shop.inventory, test.shop.orders]) backend.faults.clear();
  for (const backend of [test.shop.reviews, test.shop.accounts]) backend.faults.clear();
  test.shop.clearLogs();
});

const joined = `{ products(first: 3) { items { id name stock { level } rating { count } reviews(first: 1) { id author { id name } } } } }`;

interface JoinedItem {
  readonly id: string;
  readonly name: string;
  readonly stock: unknown;
  readonly rating: unknown;
  readonly reviews:
    | readonly { readonly id: string; readonly author: { id: string; name: string | null } | null }[]
    | null;
}

function itemsOf(answer: GraphqlAnswer): readonly JoinedItem[] {
  return (answer.data as { products: { items: readonly JoinedItem[] } }).products.items;
}

function pathsAndCodes(answer: GraphqlAnswer): string[] {
  return answer.errors.map(({ path, extensions }) => `${path?.join(".")} ${extensions.code}`).toSorted();
}

function expectNothingInternal(answer: GraphqlAnswer): void {
  for (const secret of [
    secretMessage,
    "127.0.0.1",
    "localhost",
    "db.internal",
    "ECONN",
    "    at ",
    "node_modules",
    ".ts",
  ]) {
    expect(answer.text).not.toContain(secret);
  }
}

describe("a failing gRPC backend costs only its own fields", () => {
  const faults: readonly (readonly [GrpcFault, string])[] = [
    ["error", "UPSTREAM_ERROR"],
    ["hang", "UPSTREAM_TIMEOUT"],
    ["reset", "UPSTREAM_UNREACHABLE"],
    ["garbage", "UPSTREAM_INVALID_RESPONSE"],
    ["huge", "UPSTREAM_RESPONSE_TOO_LARGE"],
    ["status:7", "UPSTREAM_DENIED"],
    ["status:16", "UPSTREAM_DENIED"],
    ["status:3", "UPSTREAM_REJECTED"],
    ["status:14", "UPSTREAM_UNREACHABLE"],
    ["status:8", "UPSTREAM_ERROR"],
  ];
  it.each(faults)("%s → %s", async (fault, code) => {
    test.shop.inventory.faults.set({ method: "BatchGetStock", fault });
    const answer = await test.query(joined);
    expect(answer.status).toBe(200);
    expect(pathsAndCodes(answer)).toEqual([0, 1, 2].map((index) => `products.items.${index}.stock ${code}`));
    expect(itemsOf(answer).map(({ stock }) => stock)).toEqual([null, null, null]);
    expect(itemsOf(answer).every(({ name, reviews }) => name !== "" && reviews !== null)).toBe(true);
    expectNothingInternal(answer);
  });
});

describe("a failing REST backend costs only its own fields", () => {
  const faults: readonly (readonly [HttpFault, string])[] = [
    ["error", "UPSTREAM_ERROR"],
    ["hang", "UPSTREAM_TIMEOUT"],
    ["reset", "UPSTREAM_UNREACHABLE"],
    ["truncated", "UPSTREAM_UNREACHABLE"],
    ["garbage", "UPSTREAM_INVALID_RESPONSE"],
    ["html", "UPSTREAM_INVALID_RESPONSE"],
    ["empty", "UPSTREAM_INVALID_RESPONSE"],
    ["wrong-shape", "UPSTREAM_INVALID_RESPONSE"],
    ["huge", "UPSTREAM_RESPONSE_TOO_LARGE"],
    ["status:302", "UPSTREAM_INVALID_RESPONSE"],
    ["status:401", "UPSTREAM_DENIED"],
    ["status:403", "UPSTREAM_DENIED"],
    ["status:404", "UPSTREAM_REJECTED"],
    ["status:429", "UPSTREAM_ERROR"],
    ["status:503", "UPSTREAM_ERROR"],
  ];
  it.each(faults)("%s → %s", async (fault, code) => {
    test.shop.reviews.faults.set({ method: "GET /ratings", fault });
    const answer = await test.query(joined);
    expect(answer.status).toBe(200);
    expect(pathsAndCodes(answer)).toEqual([0, 1, 2].map((index) => `products.items.${index}.rating ${code}`));
    expect(
      itemsOf(answer).every(
        ({ stock, reviews, rating }) => rating === null && stock !== undefined && reviews !== null,
      ),
    ).toBe(true);
    expectNothingInternal(answer);
  });
});

describe("references to a failing backend", () => {
  it("keep what is known of them: the row's fields fail, the key stays", async () => {
    test.shop.accounts.faults.set({ fault: "error" });
    const answer = await test.query('{ product(id: "p1") { reviews(first: 2) { author { id name } } } }');
    expect(pathsAndCodes(answer)).toEqual([
      "product.reviews.0.author.name UPSTREAM_ERROR",
      "product.reviews.1.author.name UPSTREAM_ERROR",
    ]);
    const { data } = test.shop;
    const authors = (data.reviewsByProductId.get("p1") ?? []).slice(0, 2).map(({ authorId }) => authorId);
    expect(answer.data).toEqual({
      product: { reviews: authors.map((id) => ({ author: { id, name: null } })) },
    });
  });
});

describe("a killed backend", () => {
  it("costs its fields while it is down, and is found again within seconds when it is back", async () => {
    await test.shop.inventory.stop();
    await test.shop.reviews.stop();
    const down = await test.query(joined);
    expect(new Set(down.errors.map(({ extensions }) => extensions.code))).toEqual(
      new Set(["UPSTREAM_UNREACHABLE"]),
    );
    expect(itemsOf(down).map(({ name }) => name)).not.toContain(null);
    expectNothingInternal(down);
    await Promise.all([test.shop.inventory.start(), test.shop.reviews.start()]);
    const giveUpMs = performance.now() + 10_000;
    let up = await test.query(joined);
    while (up.errors.length > 0 && performance.now() < giveUpMs) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      up = await test.query(joined);
    }
    expect(up.errors).toEqual([]);
  });

  it("is absorbed where the client schema has a default for failures, and listed as incomplete", async () => {
    test.shop.inventory.faults.set({ fault: "error" });
    test.shop.accounts.faults.set({ fault: "error" });
    const answer = await test.query("{ home { unread featured(first: 2) { inStock } } }", {
      bff: "mobile",
      token,
    });
    expect(answer.errors).toEqual([]);
    expect(answer.data).toEqual({ home: { unread: 0, featured: [{ inStock: false }, { inStock: false }] } });
    const { completeness } = answer.extensions as {
      completeness: { path: (string | number)[]; code: string }[];
    };
    expect(completeness.map(({ path, code }) => `${path.join(".")} ${code}`).toSorted()).toEqual([
      "home.featured.0.inStock UPSTREAM_ERROR",
      "home.featured.1.inStock UPSTREAM_ERROR",
      "home.unread UPSTREAM_ERROR",
    ]);
  });

  it("is not absorbed where it is a denial", async () => {
    test.shop.inventory.faults.set({ fault: "status:7" });
    const answer = await test.query("{ home { featured(first: 1) { id inStock } unread } }", {
      bff: "mobile",
    });
    expect(pathsAndCodes(answer)).toEqual([
      "home.featured.0.inStock UPSTREAM_DENIED",
      "home.unread UNAUTHENTICATED",
    ]);
    expect(answer.data).toEqual({ home: { featured: null, unread: null } });
  });
});

describe("nulls in non-null fields", () => {
  it("bubble as GraphQL says, with the code and the path of the field", async () => {
    test.shop.catalog.faults.set({ method: "ListProducts", fault: "empty" });
    const empty = await test.query("{ products { totalCount items { id } } }");
    expect(empty.data).toEqual({ products: { totalCount: 0, items: [] } });
    test.shop.reviews.faults.set({ method: "GET /users/u1/reviews", fault: "wrong-shape" });
    const misfit = await test.query('{ user(id: "u1") { name reviews { id } } }');
    expect(pathsAndCodes(misfit)).toEqual(["user.reviews INVALID_VALUE"]);
    expect(misfit.data).toEqual({ user: { name: test.shop.data.userById.get("u1")?.name, reviews: null } });
  });
});

describe("a variable that is null where the argument can't be", () => {
  it("is the client's mistake, at the field, and no call", async () => {
    // Allowed by GraphQL because of the default, which null replaces.
    const query = 'query ($id: ID = "p1") { product(id: $id) { name } categories { id } }';
    const answer = await test.query(query, { variables: { id: null } });
    expect(answer.errors).toMatchObject([
      {
        message: expect.stringContaining('Argument "id" of non-null type "ID!" must not be null.') as unknown,
        path: ["product"],
        extensions: { code: "BAD_USER_INPUT" },
      },
    ]);
    expect((answer.data as { product: unknown; categories: unknown[] }).product).toBeNull();
    expect((answer.data as { product: unknown; categories: unknown[] }).categories.length).toBeGreaterThan(0);
    expect(test.shop.calls()).toEqual(["catalog ListCategories"]);
  });
});
