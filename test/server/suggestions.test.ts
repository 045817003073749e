import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

// What a client has to know stands in its own request; what a message adds to it, whoever guesses learns.

let production: TestGateway;
let development: TestGateway;
beforeAll(async () => {
  production = await startTestGateway();
  development = await startTestGateway({ NODE_ENV: "development" });
});
afterAll(() => Promise.all([production.stop(), development.stop()]));

interface Near {
  readonly what: string;
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly suggestion: string;
}

const sorted = "query ($sort: ProductSort) { products(sort: $sort) { items { id } } }";
const reviewed = "mutation ($input: NewReviewInput!) { addReview(input: $input) { __typename } }";
const ordered =
  "mutation ($lines: [OrderLineInput!]!, $p: PaymentInput!) { placeOrder(lines: $lines, payment: $p) { __typename } }";
const review = { product: "p1", stars: 1, body: "x" };

const cases: readonly Near[] = [
  { what: "a field", query: '{ product(id: "p1") { nam } }', suggestion: '"name"' },
  { what: "a root field", query: '{ produkt(id: "p1") { id } }', suggestion: '"product"' },
  { what: "an argument", query: '{ product(i: "p1") { id } }', suggestion: '"id"' },
  { what: "a type", query: "query ($a: Strin) { product(id: $a) { id } }", suggestion: '"String"' },
  {
    what: "a fragment's type",
    query: "{ product(id: 1) { ... on Produc { id } } }",
    suggestion: '"Product"',
  },
  { what: "a directive", query: "{ product(id: 1) { id @skip(i: true) } }", suggestion: '"if"' },
  {
    what: "an enum value",
    query: "{ products(sort: FEATURE) { items { id } } }",
    suggestion: 'the enum value "FEATURED"',
  },
  {
    what: "an enum value in quotes",
    query: '{ products(sort: "FEATURED") { items { id } } }',
    suggestion: "the enum value",
  },
  {
    what: "an input's field",
    query: 'mutation { addReview(input: { product: 1, star: 1, stars: 1, body: "x" }) { __typename } }',
    suggestion: '"stars"',
  },
  {
    what: "an enum value in a variable",
    query: sorted,
    variables: { sort: "FEATURE" },
    suggestion: 'the enum value "FEATURED"',
  },
  {
    what: "an enum value of another type in a variable",
    query: sorted,
    variables: { sort: ["FEATURED"] },
    suggestion: "",
  },
  {
    what: "an input's field in a variable",
    query: reviewed,
    variables: { input: { ...review, titel: "x" } },
    suggestion: '"title"',
  },
  {
    what: "an input's field in a list in a variable",
    query: ordered,
    variables: { lines: [{ produc: "p1" }], p: {} },
    suggestion: '"productId"',
  },
];

describe("what is nearly right", () => {
  it.each(cases)("as $what is told with the right name in development only", async (near) => {
    const { query, variables = {}, suggestion } = near;
    const messagesOf = async (gateway: TestGateway): Promise<readonly string[]> =>
      (await gateway.query(query, { variables })).errors.map(({ message }) => message);
    const open = await messagesOf(development);
    const closed = await messagesOf(production);
    expect(open.join("\n")).toContain(suggestion === "" ? "" : `Did you mean ${suggestion}`);
    expect(closed.length).toBeGreaterThan(0);
    expect(closed.join("\n")).not.toMatch(/did you mean/i);
    // All else is the same.
    expect(closed).toEqual(open.map((message) => message.replace(/ Did you mean .*\?$/, "")));
  });

  it.each(["/", "/web/graph", "/backoffice/graphql"])(
    "at %s is nothing, and BFFs are named in development only",
    async (path) => {
      const messageAt = async ({ gateway }: TestGateway): Promise<unknown> => {
        const answer = await fetch(gateway.url + path);
        expect(answer.status).toBe(404);
        return answer.json();
      };
      expect(JSON.stringify(await messageAt(development))).toContain("/mobile/graphql, /web/graphql");
      expect(JSON.stringify(await messageAt(production))).not.toMatch(/mobile|web/);
    },
  );

  it("is told with what the client itself has sent, whatever that says", async () => {
    const sort = 'X. Did you mean the enum value "FEATURED"?';
    for (const gateway of [production, development]) {
      const { errors } = await gateway.query(sorted, { variables: { sort } });
      expect(errors[0]?.message).toContain(JSON.stringify(sort).slice(1, -1));
    }
  });
});
