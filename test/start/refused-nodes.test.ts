import { afterAll, describe } from "vitest";
import { type Edit, ProjectFolders } from "./minimal-project.ts";
import { refusalTable } from "./refusals.ts";

const books = "schemas/books.graphql";
const client = "bff-web/schema.graphql";

const folders = new ProjectFolders();
afterAll(() => folders.remove());
const refuses = refusalTable(folders);

/** `node(id: ID!): Node` of books and authors, as it should be, with the field and the interface that a test puts in. */
function nodes(field = "node(id: ID!): Node @node", node = "interface Node {\n  id: ID!\n}"): Edit[] {
  return [
    [client, "type Query {\n", `type Query {\n  ${field}\n`],
    [client, "type Shelf @view", `${node}\n\ntype Shelf @view`],
    [client, "type Book {\n  id: ID!", "type Book implements Node {\n  id: ID! @globalId"],
    [
      client,
      'type Writer @view(of: "Author") {\n  id: ID!',
      'type Writer implements Node @view(of: "Author") {\n  id: ID! @globalId',
    ],
  ];
}

describe("a start is refused for @node", () => {
  refuses(
    "that stands elsewhere than on Query",
    [...nodes(), [client, "  newest(", "  node(id: ID!): Node @node\n  newest("]],
    `
bff-web/schema.graphql:13:23  Shelf.node @node
  expected  @node on a field of Query
  found     it on one of Shelf
`,
  );
  refuses(
    "with arguments of its own",
    nodes('node(id: ID!): Node @node(type: "Book")'),
    `
bff-web/schema.graphql:2:29  Query.node @node
  expected  no argument
  found     argument type
`,
  );
  refuses(
    "beside @from",
    nodes('node(id: ID!): Node @node @from(field: "book(id: $args.id)")'),
    `
bff-web/schema.graphql:2:23  Query.node @node
  expected  no @from: ids say what they are of
  found     @from
`,
  );
  refuses(
    "beside a shaper",
    nodes("nodes(ids: [ID!]!): [Node] @node @slice(limit: 1)"),
    `
bff-web/schema.graphql:2:36  Query.nodes @slice
  expected  no shaper on a field with @node
  found     @slice
`,
  );
  refuses(
    "without an argument",
    nodes("node: Node @node"),
    `
bff-web/schema.graphql:2:3  Query.node
  expected  one argument: an id, or a list of them
  found     none
`,
  );
  refuses(
    "with several arguments",
    nodes("node(id: ID!, type: String): Node @node"),
    `
bff-web/schema.graphql:2:3  Query.node
  expected  one argument: an id, or a list of them
  found     several
`,
  );
  refuses(
    "whose argument may be null",
    nodes("node(id: ID): Node @node"),
    `
bff-web/schema.graphql:2:8  Query.node(id:)
  expected  ID!, or [ID!]! for a list of objects, without a default
  found     ID
`,
  );
  refuses(
    "whose argument is no id",
    nodes("node(id: String!): Node @node"),
    `
bff-web/schema.graphql:2:8  Query.node(id:)
  expected  ID!, or [ID!]! for a list of objects, without a default
  found     String!
`,
  );
  refuses(
    "whose argument has a default",
    nodes('node(id: ID! = "x"): Node @node'),
    `
bff-web/schema.graphql:2:8  Query.node(id:)
  expected  ID!, or [ID!]! for a list of objects, without a default
  found     ID! = "x"
`,
  );
  refuses(
    "whose argument takes ids of one type",
    nodes('node(id: ID! @globalId(type: "Book")): Node @node'),
    `
bff-web/schema.graphql:2:8  Query.node(id:)
  expected  no @globalId: ids of several types are taken
  found     @globalId
`,
  );
  refuses(
    "that promises an object",
    nodes("node(id: ID!): Node! @node"),
    `
bff-web/schema.graphql:2:3  Query.node
  expected  Node for ID!, because an id may be that of nothing
  found     Node!
`,
  );
  refuses(
    "of a list for one id",
    nodes("node(id: ID!): [Node] @node"),
    `
bff-web/schema.graphql:2:3  Query.node
  expected  Node for ID!, because an id may be that of nothing
  found     [Node]
`,
  );
  refuses(
    "that promises objects",
    nodes("nodes(ids: [ID!]!): [Node!]! @node"),
    `
bff-web/schema.graphql:2:3  Query.nodes
  expected  [Node] or [Node]! for [ID!]!, because an id may be that of nothing
  found     [Node!]!
`,
  );
  refuses(
    "of an object type",
    nodes("node(id: ID!): Book @node"),
    `
bff-web/schema.graphql:2:3  Query.node
  expected  an interface of the client schema's own
  found     the object type Book
`,
  );
  refuses(
    "of a union",
    nodes("node(id: ID!): Thing @node", "union Thing = Book | Writer\n\ninterface Node {\n  id: ID!\n}"),
    `
bff-web/schema.graphql:2:3  Query.node
  expected  an interface of the client schema's own
  found     the union Thing

bff-web/schema.graphql:8:1  Thing
  expected  the name of a supergraph interface or union, or @view(of:) with one
  found     Thing
`,
  );
  refuses(
    "of an interface that shows one of the supergraph",
    [
      ...nodes(),
      [books, "type Book @key", "interface Node {\n  id: ID!\n}\n\ntype Book implements Node @key"],
    ],
    `
bff-web/schema.graphql:2:3  Query.node
  expected  an interface of the client schema's own
  found     the interface Node, which shows Node

bff-web/schema.graphql:8:1  Node
  expected  members that show types of Node (Book)
  found     Writer, which shows Author
`,
  );
  refuses(
    "of an interface without an id",
    [...nodes(undefined, "interface Node {\n  id: ID\n}")],
    `
bff-web/schema.graphql:8:1  Node
  expected  one field of type ID!, which holds the ids that @node takes
  found     none
`,
  );
  refuses(
    "of an interface with two ids",
    [
      ...nodes(undefined, "interface Node {\n  id: ID!\n  other: ID!\n}"),
      [
        client,
        "type Book implements Node {\n",
        'type Book implements Node {\n  other: ID! @from(field: "id")\n',
      ],
      [
        client,
        'type Writer implements Node @view(of: "Author") {\n',
        'type Writer implements Node @view(of: "Author") {\n  other: ID! @from(field: "id")\n',
      ],
    ],
    `
bff-web/schema.graphql:8:1  Node
  expected  one field of type ID!, which holds the ids that @node takes
  found     id, other
`,
  );
  refuses(
    "of an interface that nothing implements",
    [
      [client, "type Query {\n", "type Query {\n  node(id: ID!): Node @node\n"],
      [client, "type Shelf @view", "interface Node {\n  id: ID!\n}\n\ntype Shelf @view"],
    ],
    `
bff-web/schema.graphql:8:1  Node
  expected  a type that implements it, because every object is of one
  found     none
`,
  );
  refuses(
    "of a type that makes no global id",
    [...nodes(), [client, "id: ID! @globalId\n  title", "id: ID!\n  title"]],
    `
bff-web/schema.graphql:25:3  Book.id
  expected  @globalId and no other shaper, because it is what @node takes
  found     none
`,
  );
  refuses(
    "of a type that changes its global id",
    [...nodes(), [client, "id: ID! @globalId\n  title", 'id: ID! @globalId @default(value: "x")\n  title']],
    `
bff-web/schema.graphql:25:3  Book.id
  expected  @globalId and no other shaper, because it is what @node takes
  found     @globalId @default
`,
  );
  refuses(
    "of a type that no lookup finds",
    [...nodes(), [books, "    @lookup\n", ""], [client, "  author: Writer\n", ""]],
    `
bff-web/schema.graphql:24:1  Book
  expected  a @lookup that finds Book by id, which is all that an id holds
  found     none
`,
  );
  refuses(
    "of a type that is looked up by something else",
    [
      ...nodes(),
      [
        client,
        "type Book implements Node {\n  id: ID! @globalId\n  title",
        'type Book implements Node {\n  id: ID! @from(field: "title") @globalId\n  title',
      ],
    ],
    `
bff-web/schema.graphql:24:1  Book
  expected  a @lookup that finds Book by title, which is all that an id holds
  found     Query.book by id
`,
  );
  refuses(
    "of two types that show one",
    [
      ...nodes(),
      [
        client,
        'type BookCard @view(of: "Book") {\n  id: ID!',
        'type BookCard implements Node @view(of: "Book") {\n  id: ID! @globalId',
      ],
    ],
    `
bff-web/schema.graphql:8:1  Node
  expected  one type that shows Book: an object can't tell which of two it should be
  found     BookCard and Book
`,
  );
  refuses(
    "of two types whose ids name one",
    [...nodes(), [client, "id: ID! @globalId\n  name", 'id: ID! @globalId(type: "Book")\n  name']],
    `
bff-web/schema.graphql:8:1  Node
  expected  types whose ids name different ones
  found     Book and Writer, whose ids both name Book
`,
  );
});
