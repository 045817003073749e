import { afterAll, describe, expect, it } from "vitest";
import { compileRateRules, type RateRules } from "../../gateway/policy/rate-rules.ts";
import { readClientSchema } from "../../gateway/language/client-schema.ts";
import { readDirectiveCatalog } from "../../gateway/language/directive-catalog.ts";
import { Problems } from "../../gateway/core/problems.ts";
import { type OpenProject, openProject } from "../oracle/open-project.ts";

const source = `
  extend schema @source(name: "books", url: "http://localhost:1")
  type Query {
    books(first: Int = 5): [Book!] @rest(GET: "/books{?args.first}") @rateLimit(max: 1, window: "1s", identityArgs: ["first"])
    book(id: ID!): Book @lookup @rest(GET: "/books/{args.id}") @rateLimit(max: 2, window: "1s")
    priced: [Priced] @rest(GET: "/priced")
  }
  interface Priced { price: Int }
  type Book implements Priced @key(fields: "id") { id: ID!  title: String  price: Int @rest(GET: "/prices/{parent.code}") code: Int @rateLimit(max: 3, window: "1s") }
  type Card implements Priced { price: Int @rateLimit(max: 4, window: "1s") }
`;

const clientText = `
  type Query {
    books(first: Int): [Book!]
    firstTwo: [Book!] @from(field: "books(first: 2)")
    titles: [String] @from(field: "books.title")
    book(id: ID!): Book @rateLimit(max: 9, window: "1s")
    priced: [Priced]
    shop: Shop
  }
  type Shop @view(of: "Query") { books(first: Int): [Book!] }
  interface Priced { price: Int }
  type Book implements Priced { id: ID!  title: String  price: Int }
  type Card implements Priced { price: Int }
`;

const project: OpenProject = openProject({
  sources: [{ file: "schemas/books.graphql", text: source }],
  clients: new Map([["web", { file: "bff-web/schema.graphql", text: clientText, shapers: [] }]]),
  protosFolder: "protos",
  urls: {},
});
afterAll(() => project.dispose());

function rulesOf(name: string): RateRules {
  const problems = new Problems();
  const client = readClientSchema("bff-web/schema.graphql", clientText, readDirectiveCatalog(), problems);
  const bound = project.clients.get("web");
  if (client === null || bound === undefined) throw new Error("expected a client schema");
  return compileRateRules({ name, client, bound }, project.model);
}

const web = rulesOf("web");
const idsOf = (rules: RateRules, coordinate: string): readonly string[] => {
  const [type = "", field = ""] = coordinate.split(".");
  return rules.limitsOfField(type, field).map(({ id }) => id);
};

describe("a client field", () => {
  it.each([
    ["Query.books", ["books/Query.books"]],
    ["Query.firstTwo", ["books/Query.books"]],
    ["Query.titles", ["books/Query.books"]],
    ["Shop.books", ["books/Query.books"]],
    ["Query.book", ["web:Query.book", "books/Query.book"]],
    ["Query.shop", []],
    ["Query.priced", []],
    ["Book.title", []],
    // Its call takes the code.
    ["Book.price", ["books/Book.code"]],
    ["Card.price", ["books/Card.price"]],
  ])("%s is limited by %j", (coordinate, ids) => {
    expect(idsOf(web, coordinate)).toEqual(ids);
  });

  it("has limits of its BFF, and shares those of sources with all others", () => {
    expect(idsOf(rulesOf("mobile"), "Query.book")).toEqual(["mobile:Query.book", "books/Query.book"]);
  });

  it("hands the source's arguments over, defaults among them", () => {
    const argumentsOf = (field: string, args: Record<string, unknown>) =>
      web.limitsOfField("Query", field).map(({ readArguments }) => readArguments(args));
    expect(argumentsOf("books", {})).toEqual([{ first: 5 }]);
    expect(argumentsOf("books", { first: 3 })).toEqual([{ first: 3 }]);
    expect(argumentsOf("books", { first: null })).toEqual([{ first: null }]);
    expect(argumentsOf("firstTwo", {})).toEqual([{ first: 2 }]);
  });
});
