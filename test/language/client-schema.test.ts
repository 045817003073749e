import { print } from "graphql";
import { describe, expect, test } from "vitest";
import { loadProject } from "../../gateway/config/load-project.ts";
import { Problems } from "../../gateway/core/problems.ts";
import { type ClientSchema, readClientSchema } from "../../gateway/language/client-schema.ts";
import { readDirectiveCatalog } from "../../gateway/language/directive-catalog.ts";
import { readOwnShapers } from "../../gateway/shape/own-shapers.ts";
import { repositoryRoot } from "../architecture/source-files.ts";
import { problemsOf, readMarkedText } from "../support/marked-problem.ts";

const catalog = readDirectiveCatalog();

describe("the demo's client schemas", () => {
  test("are read without a problem, each with the shapers of its BFF", async () => {
    const problems = new Problems();
    const { bffs } = await loadProject(repositoryRoot, problems);
    expect(bffs.length).toBeGreaterThan(1);
    for (const { file, settings, schema } of bffs) {
      const own = readOwnShapers(settings.shapers, file, catalog, problems);
      readClientSchema(schema.file, schema.text, own?.catalog ?? catalog, problems);
    }
    expect(problems.errors).toEqual([]);
  });
});

describe("a client schema", () => {
  const schema = read(`
type Query { home: Home! card(id: ID!): Card }
type Home @view(of: "Query") {
  cards(first: Int): [Card!] @from(field: "products(first: $args.first).items")
}
"A product as a tile."
type Card @view(of: "Product") {
  id: ID!
  title: String! @default(value: "?") @from(field: "name") @truncate(length: 9) @deprecated
}`);

  test("knows what each type shows", () => {
    expect([...schema.types.values()].map(({ name, boundTo, place }) => [name, boundTo, place.line])).toEqual(
      [
        ["Query", "Query", 2],
        ["Home", "Query", 3],
        ["Card", "Product", 7],
      ],
    );
  });

  test("knows where each field comes from, and its shapers in the order written", () => {
    const card = schema.types.get("Card");
    expect(card?.fields.get("id")).toMatchObject({
      coordinate: "Card.id",
      from: null,
      fromUse: null,
      shapers: [],
    });
    const title = card?.fields.get("title");
    expect(title?.from?.text).toBe("name");
    expect(title?.shapers.map((use) => use.node.name.value)).toEqual(["default", "truncate"]);
    expect(title?.place).toEqual({ file: "a.graphql", line: 9, column: 3 });
    const cards = schema.types.get("Home")?.fields.get("cards")?.from;
    expect(cards?.map).toMatchObject({ kind: "path", segments: [{ name: "products" }, { name: "items" }] });
  });

  test("shows its clients plain GraphQL: no directives but GraphQL's own", () => {
    expect(print(schema.plainDocument)).toBe(`type Query {
  home: Home!
  card(id: ID!): Card
}

type Home {
  cards(first: Int): [Card!]
}

"A product as a tile."
type Card {
  id: ID!
  title: String! @deprecated
}`);
  });
});

describe("a wrong client schema", () => {
  test.each<[marked: string, coordinate: string, expected: string, found: string]>([
    ["▸type Product { id: ID! }", "Query", "type Query", "none"],
    ["▸", "SDL", "the GraphQL schema language", "an empty file"],
    [
      'type Query ▸@view(of: "Home") { a: Int }',
      "Query @view",
      "a type other than Query, which shows the supergraph's Query",
      "@view",
    ],
    [
      'type Query { a: Int ▸@rest(GET: "/") }',
      "Query.a",
      "@rest in source schemas (schemas/) only",
      "it in a client schema",
    ],
    [
      'type Query { a: Int ▸@tag(name: "x") }',
      "Query.a",
      "a directive that this version enforces",
      "@tag, which it does not enforce yet",
    ],
    ['type Query { a: Int @from(field: "b.▸") }', "Query.a @from(field:)", "a name", "the end"],
    [
      'type Query { a(b: Int ▸@from(field: "c")): Int }',
      "Query.a(b:)",
      "@from on FIELD_DEFINITION or ENUM_VALUE or INPUT_FIELD_DEFINITION",
      "it on ARGUMENT_DEFINITION",
    ],
    [
      "type Query { a: A } enum A { B ▸@deprecate }",
      "A.B",
      "a directive of schemas/directives.graphql",
      "@deprecate",
    ],
    [
      'type Query { a: Int }\nextend schema ▸@source(name: "a", url: "http://x")',
      "schema",
      "@source in source schemas (schemas/) only",
      "it in a client schema",
    ],
    [
      "schema @a { ▸query: Query } type Query { a: Int }",
      "schema",
      "no schema definition: the root types are Query and Mutation",
      "query: Query",
    ],
    [
      "type Query { a: Int } ▸type Subscription { a: Int }",
      "Subscription",
      "Query and Mutation (what this version enforces)",
      "type Subscription",
    ],
  ])("%s is one problem with its place", (marked, coordinate, expected, found) => {
    const { text, line, column } = readMarkedText(marked);
    const problems = problemsOf((all) => readClientSchema("a.graphql", text, catalog, all));
    expect(problems).toMatchObject([
      { place: { file: "a.graphql", line, column }, coordinate, expected, found, severity: "error" },
    ]);
  });
});

function read(text: string): ClientSchema {
  const problems = new Problems();
  const schema = readClientSchema("a.graphql", text, catalog, problems);
  problems.throwIfAny();
  if (schema === null) throw new Error("expected a schema");
  return schema;
}
