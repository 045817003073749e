import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

// Values that are more than texts and numbers, from the catalog's messages to what an app asks for.

let test: TestGateway;

beforeAll(async () => {
  test = await startTestGateway({ LOG_LEVEL: "silent" });
});
afterAll(() => test.stop());
beforeEach(() => test.shop.clearLogs());

describe("a product's message", () => {
  const products = Array.from({ length: 20 }, (_, index) => `p${index + 1}`);

  it("arrives with its maps, JSON, wrappers, durations, enums, bytes and 64-bit numbers", async () => {
    const query = `query ($id: ID!) { product(id: $id) {
      attributes { name value } details warranty brand condition barcode preview
      dimensions { widthMm heightMm depthMm } } }`;
    const answers = await Promise.all(products.map((id) => test.query(query, { variables: { id } })));
    const wanted = products.map((id) => {
      const product = test.shop.data.productById.get(id);
      if (product === undefined) throw new Error(`expected ${id}`);
      const { attributes, warrantySeconds, condition } = product;
      return {
        product: {
          attributes: Object.entries(attributes).map(([name, value]) => ({ name, value })),
          details: product.details,
          warranty: warrantySeconds === null ? null : `${warrantySeconds}s`,
          brand: product.brand,
          condition: condition === "NEW" ? "NEW" : "RENEWED",
          barcode: product.barcode,
          preview: product.preview,
          dimensions: product.dimensions,
        },
      };
    });
    expect(answers.flatMap(({ errors }) => errors)).toEqual([]);
    expect(answers.map(({ data }) => data)).toEqual(wanted);
    const found = wanted.map(({ product }) => product);
    // Both what is there and what is not, so that none of it is equal by chance.
    for (const field of ["details", "brand", "dimensions", "warranty"] as const)
      expect(new Set(found.map((product) => product[field] === null))).toEqual(new Set([true, false]));
  });

  it("has enum values and list elements under the app's own names", async () => {
    const used = test.shop.data.products.find(({ condition }) => condition === "REFURBISHED");
    const { data, errors } = await test.query(
      "query ($id: ID!) { product(id: $id) { state facts { label value } } }",
      {
        bff: "mobile",
        variables: { id: used?.id },
      },
    );
    expect(errors).toEqual([]);
    const { colour, material } = used?.attributes ?? {};
    expect(data).toEqual({
      product: {
        state: "SECOND_HAND",
        facts: [
          { label: "Colour", value: colour },
          { label: "Material", value: material },
        ],
      },
    });
  });

  it("is asked for in part by a field mask, as text", async () => {
    const { data, errors } = await test.query('{ quickLook(id: "p7") { title priceText } }', {
      bff: "mobile",
    });
    expect(errors).toEqual([]);
    expect(data).toMatchObject({ quickLook: { priceText: expect.stringMatching(/^€\d/) } });
    expect(test.shop.calls()).toEqual(["catalog GetProduct"]);
    expect(test.shop.catalog.log.entries[0]?.message).toEqual({
      id: "p7",
      readMask: { paths: ["name", "price"] },
    });
    const nobody = await test.query('{ quickLook(id: "nope") { title } }', { bff: "mobile" });
    expect([nobody.data, nobody.errors]).toEqual([{ quickLook: null }, []]);
  });
});
