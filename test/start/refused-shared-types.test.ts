import { afterAll, describe } from "vitest";
import { type Edit, ProjectFolders } from "./minimal-project.ts";
import { refusalTable } from "./refusals.ts";

const folders = new ProjectFolders();
afterAll(() => folders.remove());
const refuses = refusalTable(folders);

/** What a source has beside `Query.shops`, and that field's arguments. */
type Store = readonly [definitions: string, args?: string, variables?: string];

/** Two sources more, which both have `Query.shops`. */
function stores(kiosks: Store, others: Store): readonly Edit[] {
  return [
    ["schemas/kiosks.graphql", storeOf("kiosks", kiosks)],
    ["schemas/stores.graphql", storeOf("stores", others)],
  ];
}

function storeOf(name: string, [definitions, args = "", variables = ""]: Store): string {
  return `extend schema @source(name: "${name}", url: "http://localhost:7203")
type Query { shops${args}: String @shareable @rest(GET: "/shops${variables}") }
${definitions}
`;
}

describe("a start is refused for types and fields that two sources share, with", () => {
  refuses(
    "an enum that an argument takes, with other values",
    stores(["enum Genre { NOVEL COMIC }"], ["enum Unused { A }"]),
    `
schemas/kiosks.graphql:3:1  Genre
  expected  the same values as in schemas/books.graphql, because Query.books(genre:) in schemas/books.graphql is sent them
  found     COMIC here only, POETRY there only
  hint      make them equal, or rename one of them
`,
  );

  refuses(
    "an enum that only the other source's input type takes",
    stores(["enum Size { S M } input Filter { size: Size }"], ["enum Size { S M L }"]),
    `
schemas/stores.graphql:3:1  Size
  expected  the same values as in schemas/kiosks.graphql, because Filter.size in schemas/kiosks.graphql is sent them
  found     L here only
  hint      make them equal, or rename one of them
`,
  );

  refuses(
    "an enum in a key",
    stores(['enum Kind { A B } type Item @key(fields: "kind") { kind: Kind! }'], ["enum Kind { A C }"]),
    `
schemas/stores.graphql:3:1  Kind
  expected  the same values as in schemas/kiosks.graphql, because a @key of Item in schemas/kiosks.graphql is sent them
  found     C here only, B there only
  hint      make them equal, or rename one of them
`,
  );

  refuses(
    "an enum that a call reads of its parent",
    stores(
      [
        'enum Kind { A B } type Item { kind: Kind more: String @rest(GET: "/more/{parent.kind}") } extend type Query { item: Item @rest(GET: "/item") }',
      ],
      ["enum Kind { A C }"],
    ),
    `
schemas/stores.graphql:3:1  Kind
  expected  the same values as in schemas/kiosks.graphql, because Item.more in schemas/kiosks.graphql, with $parent.kind, is sent them
  found     C here only, B there only
  hint      make them equal, or rename one of them
`,
  );

  refuses(
    "a required field that the other input type lacks",
    stores(["input Filter { a: Int b: String! }"], ["input Filter { a: Int }"]),
    `
schemas/kiosks.graphql:3:23  Filter.b
  expected  something optional, because Filter in schemas/stores.graphql does not have it, so that clients can't give it
  found     b: String!
  hint      add it in schemas/stores.graphql, give it a default, or rename Filter in one of them
`,
  );

  refuses(
    "a required field that only the later input type has",
    stores(["input Filter { a: Int }"], ["input Filter { a: Int b: [String!]! }"]),
    `
schemas/stores.graphql:3:23  Filter.b
  expected  something optional, because Filter in schemas/kiosks.graphql does not have it, so that clients can't give it
  found     b: [String!]!
  hint      add it in schemas/kiosks.graphql, give it a default, or rename Filter in one of them
`,
  );

  refuses(
    "a field of another type",
    stores(["input Filter { a: Int }"], ["input Filter { a: [Int] }"]),
    `
schemas/stores.graphql:3:16  Filter.a
  expected  Int, as in schemas/kiosks.graphql
  found     [Int]
  hint      make them equal, or call it or Filter differently in one of them
`,
  );

  refuses(
    "two defaults of one field",
    stores(["input Filter { a: Int = 1 }"], ["input Filter { a: Int = 2 }"]),
    `
schemas/stores.graphql:3:16  Filter.a
  expected  the default 1, as in schemas/kiosks.graphql
  found     the default 2
  hint      a default is one for all sources: make them equal, or leave both out
`,
  );

  refuses(
    "a default in one file only",
    stores(["input Filter { a: Int = 1 }"], ["input Filter { a: Int }"]),
    `
schemas/stores.graphql:3:16  Filter.a
  expected  the default 1, as in schemas/kiosks.graphql
  found     no default
  hint      a default is one for all sources: make them equal, or leave both out
`,
  );

  refuses(
    "input types without a field in common",
    stores(["input Filter { a: Int }"], ["input Filter { b: Int }"]),
    `
schemas/stores.graphql:3:1  Filter
  expected  at least one field of Filter in schemas/kiosks.graphql (a)
  found     b
  hint      rename one of the types: they share nothing
`,
  );

  refuses(
    "@oneOf in one file only",
    stores(["input Filter @oneOf { a: Int b: Int }"], ["input Filter { a: Int b: Int }"]),
    `
schemas/stores.graphql:3:1  Filter
  expected  an input type with @oneOf, as in schemas/kiosks.graphql
  found     an input type without @oneOf
  hint      make both the same, or rename one of them
`,
  );

  refuses(
    "a required argument that the other source's field lacks",
    stores(["enum Unused { A }", "(a: Int!)", "{?args.a}"], ["enum Unused { A }"]),
    `
schemas/kiosks.graphql:2:20  Query.shops(a:)
  expected  something optional, because Query.shops in schemas/stores.graphql does not have it, so that clients can't give it
  found     a: Int!
  hint      add it in schemas/stores.graphql, give it a default, or rename Query.shops in one of them
`,
  );

  refuses(
    "an argument of another type",
    stores(["enum Unused { A }", "(a: Int)", "{?args.a}"], ["enum Unused { A }", "(a: String)", "{?args.a}"]),
    `
schemas/stores.graphql:2:20  Query.shops(a:)
  expected  Int, as in schemas/kiosks.graphql
  found     String
  hint      make them equal, or call it or Query.shops differently in one of them
`,
  );

  refuses(
    "two defaults of one argument",
    stores(
      ["enum Unused { A }", "(a: Int = 1)", "{?args.a}"],
      ["enum Unused { A }", "(a: Int = 2)", "{?args.a}"],
    ),
    `
schemas/stores.graphql:2:20  Query.shops(a:)
  expected  the default 1, as in schemas/kiosks.graphql
  found     the default 2
  hint      a default is one for all sources: make them equal, or leave both out
`,
  );

  refuses(
    "a default that uses a field of one source only",
    stores(
      ["input Filter { a: Int b: Int }", "(f: Filter = { a: 1, b: 2 })", "{?args.f.a,args.f.b}"],
      ["input Filter { a: Int }", "(f: Filter = { a: 1 })", "{?args.f.a}"],
    ),
    `
schemas/kiosks.graphql:2:43  Query.shops(f:)
  expected  a field of Filter (a), in all sources
  found     b
  hint      leave out of the default what another source does not have

schemas/stores.graphql:2:20  Query.shops(f:)
  expected  the default {a: 1, b: 2}, as in schemas/kiosks.graphql
  found     the default {a: 1}
  hint      a default is one for all sources: make them equal, or leave both out
`,
  );

  refuses(
    "a default inside an input type that uses a field of one source only",
    stores(
      ["input Filter { in: Inner = { a: 1, b: 2 } } input Inner { a: Int b: Int }"],
      ["input Inner { a: Int }"],
    ),
    `
schemas/kiosks.graphql:3:39  Filter.in
  expected  a field of Inner (a), in all sources
  found     b
  hint      leave out of the default what another source does not have
`,
  );
});
