import { writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type GraphqlAnswer, startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import { createShopProject, type TemporaryProject } from "../support/temporary-project.ts";

// Shapers of a BFF's own in a running gateway: good ones, and some that do what nobody should.

const clientSchema = `
type Query {
  products(first: Int = 3): [Card!] @from(field: "products(first: $args.first).items")
  names(first: Int = 3): [String] @from(field: "products(first: $args.first).items.name") @moody
  tags: [[Int!]!] @from(field: "products(first: 3).items.tags") @lengthOf
  me: Me
}
type Card @view(of: "Product") {
  id: ID!
  length: Int! @from(field: "name") @case(to: UPPER) @lengthOf @default(value: -1)
  weightClass: String @from(field: "weightGrams") @weightClass(limits: [{ name: "light", below: 500 }, { name: "medium", below: 5000 }])
  inCents: Float @from(field: "price") @inCents
  stocked: String @from(field: "stock.level") @spelled
  moody: String @from(field: "name") @moody
  sure: String! @from(field: "name") @moody
  spare: String! @from(field: "name") @moody @default(value: "spare", onError: true)
  slow: String @from(field: "name") @slow
}
type Me @view(of: "User") {
  place: String @from(field: "address") @place
}
`;

const config = `import { defineBff, defineShaper } from "overlock";

const lengthOf = defineShaper({
  name: "lengthOf",
  sdl: "directive @lengthOf on FIELD_DEFINITION",
  takes: "String",
  gives: "Int",
  shape: (text) => text.length,
});
const weightClass = defineShaper({
  name: "weightClass",
  sdl: \`
    directive @weightClass(limits: [WeightLimit!]!, otherwise: String = "heavy") on FIELD_DEFINITION
    input WeightLimit { name: String!, below: Int! }
  \`,
  takes: "Int",
  gives: "String",
  shape: (grams, args: { limits: readonly { name: string; below: number }[]; otherwise: string }) =>
    args.limits.find(({ below }) => grams < below)?.name ?? args.otherwise,
});
const inCents = defineShaper({
  name: "inCents",
  sdl: "directive @inCents on FIELD_DEFINITION",
  takes: { units: "String", nanos: "Int" },
  gives: "Float",
  shape: ({ units, nanos }) => Number(units) * 100 + (nanos ?? 0) / 1e7,
});
const place = defineShaper({
  name: "place",
  sdl: "directive @place on FIELD_DEFINITION",
  takes: { street: "String", city: "String" },
  gives: "String",
  shape: ({ street, city }) => [street, city].filter((part) => part !== null).join(", "),
});
const spelled = defineShaper({
  name: "spelled",
  sdl: "directive @spelled on FIELD_DEFINITION",
  takes: "StockLevel",
  gives: "String",
  shape: (level) => String(level).toLowerCase().replaceAll("_", " "),
});
const moody = defineShaper({
  name: "moody",
  sdl: "directive @moody on FIELD_DEFINITION",
  takes: "String",
  gives: "String",
  shape(text) {
    if (text.length % 2 === 0) return text;
    if (text.length % 3 === 0) return Promise.reject(new Error("secret " + text));
    throw new Error("secret " + text);
  },
});
const slow = defineShaper({
  name: "slow",
  sdl: "directive @slow on FIELD_DEFINITION",
  takes: "String",
  gives: "String",
  shape(text) {
    const endMs = performance.now() + 40;
    while (performance.now() < endMs);
    return text;
  },
});

export default defineBff({
  name: "web",
  anonymous: true,
  requestTimeoutMs: 1500,
  shapers: [lengthOf, weightClass, inCents, place, spelled, moody, slow],
});
`;

let project: TemporaryProject;
let gateway: TestGateway;

beforeAll(async () => {
  project = createShopProject(clientSchema);
  writeFileSync(path.join(project.root, "bff-web/bff.config.ts"), config);
  gateway = await startTestGateway({ LOG_LEVEL: "debug" }, project.root);
});
afterAll(async () => {
  await gateway.stop();
  project.remove();
});

const featured = (count: number) => gateway.shop.data.featuredProducts.slice(0, count);

function pathsAndCodes({ errors }: GraphqlAnswer): string[] {
  return errors.map((error) => `${error.path?.join(".")} ${error.extensions.code}`);
}

describe("a shaper of a BFF's own", () => {
  test("shapes values beside the gateway's shapers, from scalars, enums and objects", async () => {
    const answer = await gateway.query("{ products(first: 8) { length weightClass inCents stocked } }");
    expect(answer.errors).toEqual([]);
    const products = featured(8).map(({ id, name, price, weightGrams }) => ({
      length: name.toUpperCase().length,
      weightClass: weightGrams < 500 ? "light" : weightGrams < 5000 ? "medium" : "heavy",
      inCents: Number(price.units) * 100 + price.nanos / 1e7,
      stocked: gateway.shop.data.stockByProductId.get(id)?.level.toLowerCase().replaceAll("_", " ") ?? null,
    }));
    expect(answer.data).toEqual({ products });
  });

  test("shapes each element of a list by itself, lists in lists too", async () => {
    const answer = await gateway.query("{ tags }");
    expect(answer.data).toEqual({ tags: featured(3).map(({ tags }) => tags.map((tag) => tag.length)) });
  });

  test("reads fields of an object that nobody selected, with no more calls than the object itself", async () => {
    gateway.shop.clearLogs();
    const token = await gateway.issuer.issueToken("u7", 60);
    const answer = await gateway.query("{ me { place } }", { token });
    const address = gateway.shop.data.userById.get("u7")?.address;
    expect(answer.data).toEqual({ me: { place: `${address?.street}, ${address?.city}` } });
    expect(gateway.shop.calls()).toEqual(["accounts GET /users/u7"]);
  });

  test("that fails costs its own field or element, and what it said stays inside", async () => {
    const answer = await gateway.query("{ names(first: 12) products(first: 12) { id moody } }");
    const isFine = ({ name }: { name: string }): boolean => name.length % 2 === 0;
    const products = featured(12);
    expect(answer.data).toEqual({
      names: products.map((product) => (isFine(product) ? product.name : null)),
      products: products.map((product) => ({
        id: product.id,
        moody: isFine(product) ? product.name : null,
      })),
    });
    const failed = products.flatMap((product, index) => (isFine(product) ? [] : [index]));
    expect(failed.length).toBeGreaterThan(2);
    expect(pathsAndCodes(answer).toSorted()).toEqual(
      failed
        .flatMap((index) => [`names.${index} CANNOT_SHAPE`, `products.${index}.moody CANNOT_SHAPE`])
        .toSorted(),
    );
    expect(answer.text).not.toContain("secret");
    const told = gateway.logLines.filter(({ level }) => level !== "debug" && level !== 20);
    expect(JSON.stringify(told)).not.toContain("secret");
  });

  test("that fails is stood in for by a default that absorbs errors", async () => {
    const answer = await gateway.query("{ products(first: 12) { spare } }");
    expect(answer.errors).toEqual([]);
    const wanted = featured(12).map(({ name }) => ({ spare: name.length % 2 === 0 ? name : "spare" }));
    expect(answer.data).toEqual({ products: wanted });
    expect(JSON.stringify(answer.extensions)).toContain('"CANNOT_SHAPE"');
  });

  test("that fails behind a field that promises a value takes the object along", async () => {
    const answer = await gateway.query("{ products(first: 12) { sure } }");
    expect(answer.data).toEqual({ products: null });
    expect(new Set(answer.errors.map(({ extensions }) => extensions.code))).toEqual(
      new Set(["CANNOT_SHAPE"]),
    );
  });

  test("that is slow holds a request for its own time and not for longer", async () => {
    const startedMs = performance.now();
    const answer = await gateway.query("{ products(first: 200) { slow } }");
    expect(performance.now() - startedMs).toBeLessThan(6000);
    const codes = answer.errors.map(({ extensions }) => extensions.code);
    expect(new Set(codes)).toEqual(new Set(["REQUEST_TIMEOUT"]));
    const next = await gateway.query("{ products(first: 1) { id } }");
    expect(next.errors).toEqual([]);
  });
});
