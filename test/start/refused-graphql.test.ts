import { afterAll, describe, expect, test } from "vitest";
import { type Edit, editProject, ProjectFolders } from "./minimal-project.ts";
import { refusalOf, refusalTable } from "./refusals.ts";

const file = "schemas/shelves.graphql";
const books = "schemas/books.graphql";

/** What the shelves team publishes, with names of ours added. Beside the minimal project it starts without a problem. */
const shelves = `extend schema
  @source(
    name: "shelves"
    kind: GRAPHQL
    url: "http://localhost:7203/graphql"
    rename: [{ from: "Vol", to: "Volume" }, { from: "Vol.shelf", to: "place" }, { from: "Root.books", to: "shelved" }]
    exclude: ["Root.debug", "Secret"]
  )

schema {
  query: Root
}

directive @audited(by: String) on FIELD_DEFINITION

type Root {
  shelves(floor: Floor, filter: ShelfFilter): [Shelf!]!
  books(ids: [ID!]!): [Book]! @lookup
  debug: String
}

type Book @key(fields: "id") {
  id: ID!
  volumes(first: Int = 3): [Vol!]! @audited(by: "library")
}

type Vol {
  number: Int!
  shelf: Shelf
  secret: Secret
}

type Shelf {
  floor: Floor!
  things: [Thing!]
}

union Thing = Vol | Lamp

type Lamp {
  watts: Int
}

type Secret {
  code: String
}

enum Floor {
  GROUND
  UPPER
}

input ShelfFilter {
  floor: Floor!
  text: String
}
`;

const folders = new ProjectFolders();
afterAll(() => folders.remove());
const refusesProject = refusalTable(folders);

/** One change of the GraphQL source is refused with exactly these problems. */
function refuses(what: string, from: string, to: string, problems: string): void {
  const [text] = Object.values(editProject([[file, from, to]], { [file]: shelves }));
  const edits: readonly Edit[] = [[file, text ?? null]];
  refusesProject(what, edits, problems);
}

test("a sound GraphQL source starts", async () => {
  expect(await refusalOf(folders.write(editProject([[file, shelves]])))).toBeNull();
});

describe("a start is refused for", () => {
  refusesProject(
    "kind: GRPC at an http:// URL",
    [[books, 'name: "books", ', 'name: "books", kind: GRPC, ']],
    `
schemas/books.graphql:1:44  schema @source(kind:)
  expected  REST or GRAPHQL, because of the URL
  found     GRPC
`,
  );

  refusesProject(
    "rename in a REST source",
    [[books, 'name: "books", ', 'name: "books", rename: [], ']],
    `
schemas/books.graphql:1:46  schema @source(rename:)
  expected  no rename (the source is REST)
  found     one
  hint      kind: GRAPHQL makes it a GraphQL source
`,
  );

  refuses(
    "an unknown kind",
    "kind: GRAPHQL",
    "kind: GRAPH",
    `
schemas/shelves.graphql:4:11  schema @source(kind:)
  expected  SourceKind
  found     GRAPH
`,
  );

  refuses(
    "GraphQL over grpc://",
    '"http://localhost:7203/graphql"',
    '"grpc://localhost:7203"',
    `
schemas/shelves.graphql:4:11  schema @source(kind:)
  expected  GRPC, because of the URL
  found     GRAPHQL
`,
  );

  refuses(
    "a proto",
    "kind: GRAPHQL",
    'kind: GRAPHQL\n    proto: "a.proto"',
    `
schemas/shelves.graphql:5:12  schema @source(proto:)
  expected  no proto (the source is GraphQL)
  found     one
`,
  );

  refuses(
    "an unknown type to rename",
    'from: "Vol",',
    'from: "Vool",',
    `
schemas/shelves.graphql:6:14  schema @source(rename.from:)
  expected  a type of this file, or a field as Type.field
  found     Vool
  hint      did you mean "Vol"?
`,
  );

  refuses(
    "an unknown field to rename",
    '"Vol.shelf"',
    '"Vol.shelv"',
    `
schemas/shelves.graphql:6:45  schema @source(rename.from:)
  expected  a field of an object type or an interface of this file
  found     Vol.shelv
  hint      did you mean "shelf"?
`,
  );

  refuses(
    "a field of an unknown type to rename",
    '"Vol.shelf"',
    '"Vool.shelf"',
    `
schemas/shelves.graphql:6:45  schema @source(rename.from:)
  expected  a field of an object type or an interface of this file
  found     Vool.shelf
  hint      did you mean "Vol.shelf"?
`,
  );

  refuses(
    "an enum's value to rename",
    '"Vol.shelf"',
    '"Floor.UPPER"',
    `
schemas/shelves.graphql:6:45  schema @source(rename.from:)
  expected  a field of an object type or an interface of this file
  found     Floor.UPPER
`,
  );

  refuses(
    "a root type to rename",
    'from: "Vol",',
    'from: "Root",',
    `
schemas/shelves.graphql:6:14  schema @source(rename.from:)
  expected  a type that is not a root: root types are Query and Mutation
  found     Root
`,
  );

  refuses(
    "a type renamed twice",
    '{ from: "Vol.shelf", to: "place" }',
    '{ from: "Vol", to: "Tome" }',
    `
schemas/shelves.graphql:6:45  schema @source(rename.from:)
  expected  each name once
  found     Vol again
`,
  );

  refuses(
    "a new name that is none",
    'to: "Volume"',
    'to: "1 Volume"',
    `
schemas/shelves.graphql:6:14  schema @source(rename.to:)
  expected  a GraphQL name that does not begin with an underscore
  found     1 Volume
`,
  );

  refuses(
    "a new name with an underscore first",
    'to: "place"',
    'to: "_place"',
    `
schemas/shelves.graphql:6:45  schema @source(rename.to:)
  expected  a GraphQL name that does not begin with an underscore
  found     _place
`,
  );

  refuses(
    "a type that gets the name of another",
    'to: "Volume"',
    'to: "Book"',
    `
schemas/shelves.graphql:6:13  schema @source(rename:)
  expected  a name of its own for each type
  found     Book for Book and for Vol
`,
  );

  refuses(
    "a type that gets the name of a scalar",
    'to: "Volume"',
    'to: "String"',
    `
schemas/shelves.graphql:6:13  schema @source(rename:)
  expected  a name of its own for each type
  found     String for String and for Vol
`,
  );

  refuses(
    "a field that gets the name of another",
    'to: "place"',
    'to: "number"',
    `
schemas/shelves.graphql:6:13  schema @source(rename:)
  expected  a name of its own for each field
  found     number for Vol.number and for Vol.shelf
`,
  );

  refuses(
    "a prefix that is none",
    "kind: GRAPHQL",
    'kind: GRAPHQL\n    prefix: "_x"',
    `
schemas/shelves.graphql:5:13  schema @source(prefix:)
  expected  letters and digits, a letter first
  found     _x
`,
  );

  refuses(
    "an unknown type to exclude",
    '"Secret"]',
    '"Secrets"]',
    `
schemas/shelves.graphql:7:29  schema @source(exclude:)
  expected  a type of this file, or a part of one: Type.field, Type.field(argument:), Enum.VALUE
  found     Secrets
  hint      did you mean "Secret"?
`,
  );

  refuses(
    "an unknown field to exclude",
    '"Root.debug"',
    '"Root.debugs"',
    `
schemas/shelves.graphql:7:15  schema @source(exclude:)
  expected  a type of this file, or a part of one: Type.field, Type.field(argument:), Enum.VALUE
  found     Root.debugs
  hint      did you mean "debug"?
`,
  );

  refuses(
    "the same excluded twice",
    '"Root.debug"',
    '"Secret"',
    `
schemas/shelves.graphql:7:25  schema @source(exclude:)
  expected  each name once
  found     Secret again
`,
  );

  refuses(
    "an input that is required",
    '"Root.debug"',
    '"Root.debug", "ShelfFilter.floor"',
    `
schemas/shelves.graphql:7:14  schema @source(exclude:)
  expected  nothing that the backend requires
  found     ShelfFilter.floor, which it requires
`,
  );

  refuses(
    "a type that a required input has",
    '"Root.debug"',
    '"Root.debug", "Floor"',
    `
schemas/shelves.graphql:7:14  schema @source(exclude:)
  expected  nothing that the backend requires
  found     Floor, which ShelfFilter.floor requires
`,
  );

  refuses(
    "maxBatchSize",
    "kind: GRAPHQL",
    "kind: GRAPHQL\n    maxBatchSize: 0",
    `
schemas/shelves.graphql:5:19  schema @source(maxBatchSize:)
  expected  1 to 1000
  found     0
`,
  );

  refuses(
    "a call",
    "debug: String",
    'debug: String\n  loud: String @rest(GET: "/loud")',
    `
schemas/shelves.graphql:20:16  Query.loud @rest
  expected  no call on a field: the source is GraphQL, and its schema says it all
  found     @rest
`,
  );

  refuses(
    "@from",
    "number: Int!",
    'number: Int! @from(field: "no")',
    `
schemas/shelves.graphql:28:16  Volume.number @from
  expected  no @from: a GraphQL backend is asked for the field by its name
  found     @from
  hint      rename it in @source where it shall be called differently
`,
  );

  refuses(
    "a lookup under a type",
    "watts: Int",
    "watts: Int\n  book(id: ID!): Book @lookup",
    `
schemas/shelves.graphql:42:23  Lamp.book @lookup
  expected  @lookup on a field of Query
  found     it on Lamp.book
`,
  );

  refuses(
    "a list lookup without a list of keys",
    "books(ids: [ID!]!)",
    "books(id: ID!)",
    `
schemas/shelves.graphql:18:27  Query.shelved @lookup
  expected  one argument that is the list of keys, because the field is a list
  found     none
`,
  );

  refuses(
    "a list lookup with two lists",
    "books(ids: [ID!]!)",
    "books(ids: [ID!]!, tags: [String!])",
    `
schemas/shelves.graphql:18:48  Query.shelved @lookup
  expected  one argument that is the list of keys, because the field is a list
  found     ids, tags
`,
  );

  refuses(
    "a lookup that returns lists of lists",
    "[Book]! @lookup",
    "[[Book]]! @lookup",
    `
schemas/shelves.graphql:18:33  Query.shelved @lookup
  expected  one object, or a list of them
  found     a list of lists
`,
  );

  refuses(
    "a lookup that returns scalars",
    "[Book]! @lookup",
    "[String]! @lookup",
    `
schemas/shelves.graphql:18:33  Query.shelved @lookup
  expected  a field that returns objects
  found     String
`,
  );

  refuses(
    "a list lookup by no key",
    "books(ids: [ID!]!)",
    "books(numbers: [Int!]!)",
    `
schemas/shelves.graphql:18:9  Query.shelved(numbers:)
  expected  arguments called like a key of Book: (id)
  found     numbers, which has to be given
  hint      say which field it means, for example numbers: … @is(field: "id")
`,
  );

  refuses(
    "a definition of a directive of ours",
    "directive @audited",
    "directive @key(fields: String!) on OBJECT\n\ndirective @audited",
    `
schemas/shelves.graphql:14:1  @key
  expected  a definition of a directive that the gateway has none of
  found     directive @key
  hint      remove the definition, and its uses unless the gateway's directive is meant
`,
  );

  refuses(
    "a definition of a directive that is not enforced",
    "directive @audited",
    "directive @cacheTag(format: String) on OBJECT\n\ndirective @audited",
    `
schemas/shelves.graphql:14:1  @cacheTag
  expected  a definition of a directive that the gateway has none of
  found     directive @cacheTag
  hint      remove the definition, and its uses unless the gateway's directive is meant
`,
  );

  refuses(
    "a directive that nobody defines",
    '@audited(by: "library")',
    '@audit(by: "library")',
    `
schemas/shelves.graphql:24:36  Book.volumes
  expected  a directive of schemas/directives.graphql
  found     @audit
`,
  );

  refuses(
    "a Subscription",
    "type Lamp {",
    "type Subscription {\n  lit: Int\n}\n\ntype Lamp {",
    `
schemas/shelves.graphql:40:1  Subscription
  expected  Query and Mutation (what this version enforces)
  found     type Subscription
`,
  );

  refuses(
    "a type left without fields",
    '"Root.debug"',
    '"Root.debug", "Lamp.watts"',
    `
schemas/shelves.graphql:40:1  Lamp
  expected  a valid GraphQL schema
  found     Type Lamp must define one or more fields.
`,
  );

  refuses(
    "a key that is the old name",
    '@key(fields: "id") {',
    '@key(fields: "isbn") {',
    `
schemas/shelves.graphql:22:24  Book @key(fields:)
  expected  fields of this type that are single scalars and need no call (id)
  found     isbn

schemas/shelves.graphql:23:3  Book.id
  expected  one source for the field, or @shareable in schemas/books.graphql and in schemas/shelves.graphql
  found     it in both, without @shareable in schemas/shelves.graphql
  hint      it is a @key of Book in the other file: make it one here, too
`,
  );

  refuses(
    "an underscore name",
    "watts: Int",
    "watts: Int\n  _power: Int",
    `
schemas/shelves.graphql:42:3  Lamp._power
  expected  names without a leading underscore, which are the gateway's own
  found     _power
`,
  );
});
