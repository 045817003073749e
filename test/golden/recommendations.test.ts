import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ShopData } from "../backends/shop-data.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

// The GraphQL backend beside gRPC and REST ones: one subquery for all that an operation needs of it.

let test: TestGateway;

beforeAll(async () => {
  test = await startTestGateway({ LOG_LEVEL: "silent" });
});
afterAll(() => test.stop());
beforeEach(() => test.shop.clearLogs());

function best(data: ShopData, id: string, first: number) {
  return (data.recommendationsByProductId.get(id) ?? []).slice(0, first);
}

/** What the backend was sent last. */
function lastSubquery() {
  const message = test.shop.recommendations.log.entries.at(-1)?.message ?? null;
  return message as { readonly query: string; readonly variables: Readonly<Record<string, unknown>> };
}

describe("recommendations", () => {
  it("of 20 products, with what other backends know of them, are one subquery and three calls", async () => {
    const { data, errors } = await test.query(
      `{ products(first: 20) { items { name tips: recommendations(first: 2) { points: score reason product { name stock { level } } } } } }`,
    );
    expect(errors).toEqual([]);
    const shop = test.shop.data;
    const items = shop.featuredProducts.slice(0, 20).map(({ id, name }) => ({
      name,
      tips: best(shop, id, 2).map(({ productId, score, reason }) => {
        const stock = shop.stockByProductId.get(productId);
        return {
          points: score,
          reason,
          product: {
            name: shop.productById.get(productId)?.name,
            stock: stock === undefined ? null : { level: stock.level },
          },
        };
      }),
    }));
    expect(data).toEqual({ products: { items } });
    expect(test.shop.calls()).toHaveLength(4);
    expect(test.shop.calls().toSorted()).toEqual([
      "catalog BatchGetProducts",
      "catalog ListProducts",
      "inventory BatchGetStock",
      "recommendations POST /graphql",
    ]);
    const { query, variables } = lastSubquery();
    // The client's text does not reach the backend: no alias of its own, and its numbers as variables.
    expect(query).not.toMatch(/tips|points|\b2\b/);
    expect(Object.values(variables)).toContainEqual(shop.featuredProducts.slice(0, 20).map(({ id }) => id));
  });

  it("are asked for nothing but what is selected", async () => {
    await test.query("{ products(first: 3) { items { recommendations { product { id } } } } }");
    const { query } = lastSubquery();
    expect(query).not.toMatch(/score|reason/);
    expect(test.shop.calls()).toEqual(["catalog ListProducts", "recommendations POST /graphql"]);
  });

  it("are cards on the app's product screen", async () => {
    const { data, errors } = await test.query('{ product(id: "p1") { alsoLike { id title inStock } } }', {
      bff: "mobile",
    });
    expect(errors).toEqual([]);
    const shop = test.shop.data;
    const alsoLike = best(shop, "p1", 3).map(({ productId }) => ({
      id: productId,
      title: shop.productById.get(productId)?.name,
      inStock: shop.stockByProductId.get(productId)?.available ?? false,
    }));
    expect(data).toEqual({ product: { alsoLike } });
  });
});
