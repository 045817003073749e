import {
  buildASTSchema,
  buildClientSchema,
  type DocumentNode,
  extendSchema,
  introspectionFromSchema,
  isTypeExtensionNode,
  Kind,
  lexicographicSortSchema,
  parse,
  printSchema,
  visit,
} from "graphql";
import { describe, expect, test } from "vitest";
import { isStandard } from "../../gateway/language/directive-catalog.ts";
import { composeTexts } from "./compose-texts.ts";

// What clients may introspect is what the client schema says without Overlock's directives, and nothing else.

const sources = {
  shop: `extend schema @source(name: "shop", url: "http://localhost:1")
    type Query {
      items(size: Int, page: String, by: By, levels: [Level!]): ItemPage
        @rest(GET: "/items{?args.size,args.page,args.by.id,args.by.text,args.levels}")
      item(id: ID!): Item @lookup @rest(GET: "/items/{args.id}")
    }
    type Mutation { touch(id: ID!, level: Level = LOW): Touched @rest(GET: "/touch/{args.id}{?args.level}") }
    type Touched { at: Int item: Item @from(field: "{ id: itemId }") }
    type ItemPage { items: [Item!]! nextPageToken: String totalCount: Int }
    type Item @key(fields: "id") { id: ID! name: String level: Level price: Money internalNote: String }
    scalar Money
    enum Level { NONE LOW PLENTY }
    input By @oneOf { id: ID text: String }
    type Hidden { secret: String }`,
};

const client = `
  "Everything."
  type Query {
    "A list."
    items(first: Int = 5, after: String, "How much." levels: [Stock!] = [IN_STOCK]): Items
      @from(field: "items(size: $args.first, page: $args.after, levels: $args.levels)")
    find(by: Pick! = { key: "a" }): Items @from(field: "items(by: $args.by)")
    item(id: ID! @globalId(type: "Card")): Card @deprecated(reason: "old")
    home: Home!
  }
  type Home @view(of: "Query") { item(id: ID!): Card }
  type Mutation { touch(id: ID!, stock: Stock = IN_STOCK): Touched @from(field: "touch(id: $args.id, level: $args.stock)") }
  type Touched { item: Card home: Home! }
  type Items @view(of: "ItemPage") @connection { edges: [Edge!] nodes: [Card!] pageInfo: PageInfo! total: Int @from(field: "totalCount") }
  type Edge { cursor: String! node: Card! }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type Card @view(of: "Item") {
    id: ID! @globalId
    title: String @from(field: "name") @truncate(length: 20)
    stock: Stock @from(field: "level") @default(value: GONE)
    price: Money
  }
  scalar Money @specifiedBy(url: "https://example.com/money")
  enum Stock @view(of: "Level") { "Much." IN_STOCK @from(field: "PLENTY") GONE @from(field: "NONE") @deprecated }
  input Pick @view(of: "By") @oneOf { key: ID @from(field: "id") words: String @from(field: "text") }
  extend enum Stock { LOW }`;

/** The SDL without the directives that are not GraphQL's own. */
const plain = visit(parse(client), { Directive: (node) => (isStandard(node.name.value) ? undefined : null) });
const [definitions, extensions] = [false, true].map(
  (isExtension): DocumentNode => ({
    kind: Kind.DOCUMENT,
    definitions: plain.definitions.filter((node) => isTypeExtensionNode(node) === isExtension),
  }),
) as [DocumentNode, DocumentNode];

describe("introspection", () => {
  test("shows exactly the client schema", () => {
    const schema = composeTexts(sources, client).composition.clients[0]?.schema;
    if (schema === undefined) throw new Error("expected a client schema");
    const shown = buildClientSchema(
      introspectionFromSchema(schema, { inputValueDeprecation: true, oneOf: true, specifiedByUrl: true }),
    );
    const expected = extendSchema(buildASTSchema(definitions), extensions);
    expect(printSchema(lexicographicSortSchema(shown))).toBe(printSchema(lexicographicSortSchema(expected)));
    expect(
      shown
        .getDirectives()
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(
      expected
        .getDirectives()
        .map(({ name }) => name)
        .toSorted(),
    );
  });
});
