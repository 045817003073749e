import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { estimateDelivery, shipProduct } from "../backends/shipping.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

// What shipping has to be told by two other sources before it can answer.

let test: TestGateway;

beforeAll(async () => {
  test = await startTestGateway({ LOG_LEVEL: "silent" });
});
afterAll(() => test.stop());
beforeEach(() => {
  test.shop.clearLogs();
  test.shop.inventory.faults.clear();
});

function maxDaysOf(id: string, country: string | null): number | null {
  const { productById, stockByProductId } = test.shop.data;
  const [product, stock] = [productById.get(id), stockByProductId.get(id)];
  if (product === undefined || stock === undefined || product.weightGrams > 60_000) return null;
  return estimateDelivery({ weightGrams: product.weightGrams, warehouse: stock.warehouse, country }).maxDays;
}

describe("a delivery", () => {
  it("of 30 products is one call, with the weight from catalog and the warehouse from inventory", async () => {
    const { data, errors } = await test.query(
      '{ products(first: 30) { items { id delivery(country: "DE") { maxDays } } } }',
    );
    expect(errors).toEqual([]);
    const products = test.shop.data.featuredProducts.slice(0, 30);
    const items = products.map(({ id }) => {
      const maxDays = maxDaysOf(id, "DE");
      return { id, delivery: maxDays === null ? null : { maxDays } };
    });
    expect(items.some(({ delivery }) => delivery !== null)).toBe(true);
    expect(data).toEqual({ products: { items } });
    expect(test.shop.calls()).toEqual([
      "catalog ListProducts",
      "inventory BatchGetStock",
      "shipping POST /deliveries/estimate",
    ]);
    const stocked = products.filter(({ id }) => test.shop.data.stockByProductId.has(id));
    expect(test.shop.shipping.log.entries[0]?.message).toEqual({
      country: "DE",
      parcels: stocked.map(({ id, weightGrams }) => ({
        productId: id,
        weightGrams,
        warehouse: test.shop.data.stockByProductId.get(id)?.warehouse,
      })),
    });
  });

  it("of what nobody stocks is not asked for, of what is too heavy it is null, and the others are whole", async () => {
    const heavy = test.shop.data.products.find(
      ({ weightGrams, id }) => weightGrams > 60_000 && id !== "p100",
    )?.id;
    const { data, errors } = await test.query(
      `query ($heavy: ID!) { nowhere: product(id: "p100") { delivery { maxDays } }
        heavy: product(id: $heavy) { delivery { maxDays } } p1: product(id: "p1") { delivery { maxDays } } }`,
      { variables: { heavy } },
    );
    expect(errors).toEqual([]);
    expect(data).toEqual({
      nowhere: { delivery: null },
      heavy: { delivery: null },
      p1: { delivery: { maxDays: maxDaysOf("p1", null) } },
    });
    expect(test.shop.shipping.log.entries).toHaveLength(1);
    expect(JSON.stringify(test.shop.shipping.log.entries[0]?.message)).not.toContain("p100");
  });

  it("fails with what it needs, and costs no more than itself", async () => {
    test.shop.inventory.faults.set({ fault: "error" });
    const answer = await test.query('{ product(id: "p1") { name delivery { maxDays } } }');
    expect(answer.errors.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [["product", "delivery"], "UPSTREAM_ERROR"],
    ]);
    expect(answer.data).toEqual({
      product: { name: test.shop.data.productById.get("p1")?.name, delivery: null },
    });
    expect(test.shop.shipping.log.entries).toEqual([]);
  });

  it("has a class that shipping knows, found by a lookup whose argument has a name of its own", async () => {
    const { data, errors } = await test.query("{ products(first: 3) { items { parcelClass } } }");
    expect(errors).toEqual([]);
    const products = test.shop.data.featuredProducts.slice(0, 3);
    const items = products.map(({ id, weightGrams }) => ({
      parcelClass: shipProduct(id, weightGrams).parcelClass,
    }));
    expect(data).toEqual({ products: { items } });
    expect(test.shop.calls()).toEqual(["catalog ListProducts", "shipping GET /products"]);
    expect(test.shop.shipping.log.entries[0]?.url).toBe(
      `/products?${products.map(({ id }) => `ids=${id}`).join("&")}`,
    );
  });

  it("may come back for as long as shipping says, whatever catalog sends", async () => {
    const { data, errors } = await test.query("{ products(first: 3) { items { returnDays } } }");
    expect(errors).toEqual([]);
    const products = test.shop.data.featuredProducts.slice(0, 3);
    const items = products.map(({ id, weightGrams }) => ({
      returnDays: shipProduct(id, weightGrams).returnDays,
    }));
    expect(items.every(({ returnDays }) => returnDays !== products[0]?.returnDays)).toBe(true);
    expect(data).toEqual({ products: { items } });
    expect(test.shop.calls()).toEqual(["catalog ListProducts", "shipping GET /products"]);
  });

  it("has no arguments but the app's: what is required is nobody's to say", async () => {
    const answer = await test.query('{ product(id: "p1") { delivery(weight: 1) { maxDays } } }');
    expect(answer.errors.map(({ extensions }) => extensions.code)).toEqual(["GRAPHQL_VALIDATION_FAILED"]);
  });
});
