import { afterAll, describe } from "vitest";
import { type Edit, ProjectFolders } from "./minimal-project.ts";
import { refusalTable } from "./refusals.ts";

const books = "schemas/books.graphql";
const authors = "schemas/authors.graphql";
const client = "bff-web/schema.graphql";

const folders = new ProjectFolders();
afterAll(() => folders.remove());
const refuses = refusalTable(folders);

/** Mutations of the books source, and what they return. */
const sourceMutations = `type Mutation {
  rename(id: ID!, title: String!): Renamed @rest(GET: "/rename/{args.id}{?args.title}")
  buy(id: ID!): Book @rest(GET: "/buy/{args.id}")
  clean: [Renamed!] @rest(GET: "/clean")
}

type Renamed {
  at: Int!
}

enum Genre {`;

describe("a start is refused for", () => {
  describe("a mutation", () => {
    refuses(
      "that is batched or called safe",
      [
        [
          books,
          "enum Genre {",
          'type Mutation {\n  buy(id: ID!): Book\n    @rest(GET: "/buy{?ids*}", batch: { of: "$args.id", as: "ids", match: "id" })\n}\n\nenum Genre {',
        ],
        [
          authors,
          "input AuthorFilter {",
          'type Mutation {\n  praise(first: Int): AuthorPage @grpc(method: "ListAuthors", safe: true)\n}\n\ninput AuthorFilter {',
        ],
      ],
      `
schemas/authors.graphql:17:69  Mutation.praise @grpc(safe:)
  expected  no safe on a mutation: equal calls of it are made as often as they are asked for
  found     true

schemas/books.graphql:22:38  Mutation.buy @rest(batch:)
  expected  no batch on a mutation: each use of it is a call of its own
  found     batch
`,
    );

    refuses(
      "that is a lookup, has a key, reads a parent or returns a root",
      [
        [
          books,
          "enum Genre {",
          'type Mutation @key(fields: "id") {\n  book(id: ID!): Book @lookup @rest(GET: "/books/{args.id}")\n  touch: Query @rest(GET: "/touch")\n  buy: Book @rest(GET: "/buy/{parent.id}")\n}\n\nenum Genre {',
        ],
      ],
      `
schemas/books.graphql:20:15  Mutation @key
  expected  @key on a type that is not a root
  found     it on one

schemas/books.graphql:21:23  Mutation.book @lookup
  expected  @lookup on a field of Query
  found     it on Mutation.book

schemas/books.graphql:22:3  Mutation.touch
  expected  a type that is not a root
  found     Query

schemas/books.graphql:23:31  Mutation.buy @rest(GET:)
  expected  a variable args.<name>, claims.<name>, headers.<name>
  found     {parent.id}
`,
    );

    refuses(
      "that is no call",
      [[books, "enum Genre {", "type Mutation {\n  buy: Int\n}\n\nenum Genre {"]],
      `
schemas/books.graphql:21:3  Mutation.buy
  expected  @rest: every root field is a call
  found     none
`,
    );

    refuses(
      "that two sources have",
      [
        [
          books,
          "enum Genre {",
          'type Mutation @shareable {\n  praise: Int @rest(GET: "/praise")\n}\n\nenum Genre {',
        ],
        [
          authors,
          "input AuthorFilter {",
          'type Mutation {\n  praise: Int @shareable @grpc(method: "ListAuthors", select: "next_page_token")\n}\n\ninput AuthorFilter {',
        ],
      ],
      `
schemas/authors.graphql:17:15  Mutation.praise @shareable
  expected  no @shareable on a mutation: one source makes its call
  found     it

schemas/books.graphql:20:15  Mutation @shareable
  expected  no @shareable on a mutation: one source makes its call
  found     it
`,
    );

    refuses(
      "of the client that no source has",
      [[client, "type BookCard @view", "type Mutation {\n  buy(id: ID!): Book\n}\n\ntype BookCard @view"]],
      `
bff-web/schema.graphql:13:1  Mutation
  expected  a source schema with type Mutation: every field of this type begins there
  found     none
`,
    );

    refuses(
      "of the client that the sources call otherwise",
      [
        [books, "enum Genre {", sourceMutations],
        [client, "type BookCard @view", "type Mutation {\n  bye(id: ID!): Book\n}\n\ntype BookCard @view"],
      ],
      `
bff-web/schema.graphql:14:3  Mutation.bye
  expected  a field of Mutation (rename, buy, clean)
  found     bye
`,
    );

    refuses(
      "whose failure the client would not notice",
      [
        [books, "enum Genre {", sourceMutations],
        [
          client,
          "type BookCard @view",
          'type Mutation {\n  title(id: ID!): String @from(field: "buy(id: $args.id).title") @default(value: "", onError: true)\n}\n\ntype BookCard @view',
        ],
      ],
      `
bff-web/schema.graphql:14:95  Mutation.title @default(onError:)
  expected  no onError on a mutation: its client has to know that it failed
  found     true
`,
    );

    refuses(
      "in a namespace, which would not be called in its turn",
      [
        [books, "enum Genre {", sourceMutations],
        [
          client,
          "type BookCard @view",
          'type Mutation {\n  books: BookWrites!\n}\n\ntype BookWrites @view(of: "Mutation") {\n  buy(id: ID!): Book\n}\n\ntype BookCard @view',
        ],
      ],
      `
bff-web/schema.graphql:14:3  Mutation.books
  expected  a field of Mutation (rename, buy, clean)
  found     books

bff-web/schema.graphql:17:27  BookWrites @view(of:)
  expected  a type other than Mutation: only its own fields are called one after the other
  found     Mutation
  hint      let the fields stand in type Mutation
`,
    );

    refuses(
      "type that is a view",
      [
        [books, "enum Genre {", sourceMutations],
        [
          client,
          "type BookCard @view",
          'type Mutation @view(of: "Query") {\n  buy(id: ID!): Book\n}\n\ntype BookCard @view',
        ],
      ],
      `
bff-web/schema.graphql:13:15  Mutation @view
  expected  a type other than Mutation, which shows the supergraph's Mutation
  found     @view
`,
    );
  });

  describe("a group", () => {
    const groups = (mutation: string, types: string): string =>
      `type Mutation {\n${mutation}}\n\n${types}\ntype BookCard @view`;

    refuses(
      "under Mutation itself",
      [
        [books, "enum Genre {", sourceMutations],
        [client, "type BookCard @view", groups("  shelf: Shelf!\n", "")],
      ],
      `
bff-web/schema.graphql:14:3  Mutation.shelf
  expected  a group under Query, in another group, or in the payload of a mutation
  found     one under Mutation itself
`,
    );

    refuses(
      "under an entity that a mutation returns",
      [
        [books, "enum Genre {", sourceMutations],
        [
          client,
          "type BookCard @view",
          groups("  buy(id: ID!): Bought\n", 'type Bought @view(of: "Book") {\n  shelf: Shelf!\n}\n'),
        ],
      ],
      `
bff-web/schema.graphql:18:3  Bought.shelf
  expected  a group under Query, in another group, or in the payload of a mutation
  found     one under Bought, which shows Book
`,
    );

    refuses(
      "in payloads that come in a list",
      [
        [books, "enum Genre {", sourceMutations],
        [
          client,
          "type BookCard @view",
          groups("  clean: [Renamed!]\n", "type Renamed {\n  shelf: Shelf!\n}\n"),
        ],
      ],
      `
bff-web/schema.graphql:18:3  Renamed.shelf
  expected  a group under Query, in another group, or in the payload of a mutation
  found     one under Renamed, of which Mutation.clean returns a list
`,
    );

    refuses(
      "in a payload that a query returns, too",
      [
        [books, "enum Genre {", sourceMutations],
        [books, "type Query {", 'type Query {\n  renamed: Renamed @rest(GET: "/renamed")'],
        [client, "type Query {", "type Query {\n  renamed: Renamed"],
        [
          client,
          "type BookCard @view",
          groups("  rename(id: ID!, title: String!): Renamed\n", "type Renamed {\n  shelf: Shelf!\n}\n"),
        ],
      ],
      `
bff-web/schema.graphql:19:3  Renamed.shelf
  expected  a group under Query, in another group, or in the payload of a mutation
  found     one under Renamed, which Query.renamed returns too
`,
    );

    refuses(
      "that is a list, or has arguments, in a payload",
      [
        [books, "enum Genre {", sourceMutations],
        [
          client,
          "type BookCard @view",
          groups(
            "  rename(id: ID!, title: String!): Renamed\n",
            "type Renamed {\n  shelf: [Shelf!]!\n  other(first: Int): Shelf!\n}\n",
          ),
        ],
      ],
      `
bff-web/schema.graphql:18:3  Renamed.shelf
  expected  a group, which is one object
  found     a list

bff-web/schema.graphql:19:3  Renamed.other
  expected  a group, which has no arguments
  found     first
`,
    );
  });

  describe("an enum or an input type", () => {
    refuses(
      "with names of its own in a source schema",
      [
        [books, "  POETRY\n", '  POETRY @from(field: "VERSE")\n'],
        [authors, "country: String\n}", 'country: String @from(field: "land")\n}'],
        [authors, "input AuthorFilter {", 'input AuthorFilter @view(of: "Filter") {'],
      ],
      `
schemas/authors.graphql:16:20  AuthorFilter
  expected  @view in client schemas (a BFF's folder) only
  found     it in a source schema

schemas/authors.graphql:18:19  AuthorFilter.country
  expected  @from on FIELD_DEFINITION
  found     it on INPUT_FIELD_DEFINITION

schemas/books.graphql:22:10  Genre.POETRY
  expected  @from on FIELD_DEFINITION
  found     it on ENUM_VALUE
`,
    );

    refuses(
      "that calls what the supergraph does not have",
      [
        [client, "enum Genre {", 'enum Genre @view(of: "Genres") {'],
        [
          client,
          "type Writer @view",
          'input ByCountry @view(of: "AuthorFilter") {\n  land: String @from(field: "contry")\n}\n\ntype Writer @view',
        ],
      ],
      `
bff-web/schema.graphql:29:22  Genre @view(of:)
  expected  an enum of the supergraph
  found     Genres
  hint      did you mean "Genre"?

bff-web/schema.graphql:35:29  ByCountry.land @from(field:)
  expected  a field of AuthorFilter (bornAfter, country)
  found     contry
  hint      did you mean "country"?
`,
    );

    refuses(
      "with two names for a value that a field returns",
      [[client, "  NOVEL\n", '  NOVEL\n  PROSE @from(field: "NOVEL")\n']],
      `
bff-web/schema.graphql:31:3  Genre.PROSE
  expected  one name for NOVEL, which Book.genre returns
  found     NOVEL and PROSE
`,
    );

    refuses(
      "that is used where another one is taken",
      [
        [
          client,
          "type Writer @view",
          'input Years @view(of: "Range") {\n  after: Int\n}\n\ntype Writer @view',
        ],
        [client, "authors(country: String)", "authors(years: Years)"],
        [
          client,
          '"authors(filter: { country: $args.country }).items"',
          '"authors(filter: $args.years).items"',
        ],
        [authors, "type AuthorPage {", "input Range {\n  after: Int\n}\n\ntype AuthorPage {"],
      ],
      `
bff-web/schema.graphql:10:58  Shelf.authors @from(field:)
  expected  a value for filter: AuthorFilter, and Years shows Range
  found     $args.years: Years
`,
    );

    refuses(
      "that is @oneOf with two fields, or with what is required",
      [
        [
          client,
          "type Writer @view",
          "input Pick @oneOf {\n  after: Int!\n  before: Int = 3\n}\n\ntype Writer @view",
        ],
        [authors, "input AuthorFilter {", "input AuthorFilter @oneOf {"],
        [
          client,
          "authors(filter: { country: $args.country }).items",
          "authors(filter: { country: $args.country, bornAfter: null }).items",
        ],
      ],
      `
bff-web/schema.graphql:10:61  Shelf.authors @from(field:)
  expected  a value of type String!
  found     $args.country: String

bff-web/schema.graphql:10:61  Shelf.authors @from(field:)
  expected  a value of type Int!
  found     null

bff-web/schema.graphql:10:61  Shelf.authors @from(field:)
  expected  exactly one field of AuthorFilter, which is @oneOf
  found     {country: $args.country, bornAfter: null}

bff-web/schema.graphql:35:10  SDL
  expected  a valid GraphQL schema
  found     OneOf input field Pick.after must be nullable.

bff-web/schema.graphql:36:3  Pick.before
  expected  a valid GraphQL schema
  found     OneOf input field Pick.before cannot have a default value.
`,
    );
  });

  describe("a connection", () => {
    const connection = `type Authors @view(of: "AuthorPage") @connection {
  edges: [AuthorEdge!]
  nodes: [Writer!]
  pageInfo: PageInfo!
}

type AuthorEdge {
  cursor: String!
  node: Writer!
}

type PageInfo {
  hasNextPage: Boolean!
  endCursor: String
}

type Writer @view`;
    const list = "list(first: Int, after: String): Authors";
    const withConnection: Edit[] = [
      [authors, "authors(first: Int,", "authors(first: Int, after: String,"],
      ["protos/library/v1/authors.proto", "int32 first = 1;", "int32 first = 1;\n  string after = 3;"],
      [
        client,
        "  book(id: ID!): Book\n",
        '  book(id: ID!): Book\n  list(first: Int, after: String): Authors @from(field: "authors(first: $args.first, after: $args.after)")\n',
      ],
      [client, "type Writer @view", connection],
    ];

    refuses(
      "of fields that the page does not have, or that are no list and no token",
      [...withConnection, [client, "@connection {", '@connection(items: "item", nextPageToken: "items") {']],
      `
bff-web/schema.graphql:35:57  Authors @connection(items:)
  expected  a field of AuthorPage without arguments (items, nextPageToken)
  found     item
  hint      did you mean "items"?
`,
    );

    refuses(
      "whose items are no list of objects",
      [...withConnection, [client, "@connection {", '@connection(items: "nextPageToken") {']],
      `
bff-web/schema.graphql:35:57  Authors @connection(items:)
  expected  a field that is a list of objects
  found     AuthorPage.nextPageToken
`,
    );

    refuses(
      "whose parts are none",
      [
        ...withConnection,
        [client, "  cursor: String!\n", "  cursor: Int!\n  rank: Int\n"],
        [client, "  node: Writer!\n", "  node: Book!\n"],
        [client, "  endCursor: String\n", "  endCursor: String @truncate(length: 5)\n  total: Int\n"],
        [client, "  nodes: [Writer!]\n", "  nodes: Writer\n"],
      ],
      `
bff-web/schema.graphql:37:3  Authors.nodes
  expected  a list of a type that shows Author
  found     Writer

bff-web/schema.graphql:42:3  AuthorEdge.cursor
  expected  String or ID
  found     Int!

bff-web/schema.graphql:43:3  AuthorEdge.rank
  expected  cursor or node, of which an edge consists
  found     rank

bff-web/schema.graphql:44:3  AuthorEdge.node
  expected  one object of a type that shows Author
  found     Book!

bff-web/schema.graphql:49:3  PageInfo.endCursor
  expected  no shaper: it is made of the page
  found     @truncate

bff-web/schema.graphql:50:3  PageInfo.total
  expected  hasNextPage, hasPreviousPage, startCursor or endCursor
  found     total
`,
    );

    refuses(
      "that goes backwards",
      [
        ...withConnection,
        [client, list, "list(last: Int, before: String): Authors"],
        [
          client,
          "authors(first: $args.first, after: $args.after)",
          "authors(first: $args.last, after: $args.before)",
        ],
      ],
      `
bff-web/schema.graphql:4:8  Query.list(last:)
  expected  first and after: a page's token leads forwards only
  found     last
`,
    );

    refuses(
      "whose arguments are of other types",
      [...withConnection, [client, list, "list(first: String, after: Int): Authors"]],
      `
bff-web/schema.graphql:4:8  Query.list(first:)
  expected  Int
  found     String
`,
    );

    refuses(
      "whose arguments go elsewhere",
      [
        ...withConnection,
        [client, "after: $args.after)", "after: $args.after, filter: { bornAfter: $args.first })"],
      ],
      `
bff-web/schema.graphql:4:3  Query.list
  expected  $args.first handed over once, as it is, to Query.authors
  found     authors(first: $args.first, after: $args.after, filter: { bornAfter: $args.first })
`,
    );

    refuses(
      "whose cursor is no argument of the page",
      [...withConnection, [client, "after: $args.after)", "filter: { country: $args.after })"]],
      `
bff-web/schema.graphql:4:3  Query.list
  expected  $args.after handed over once, as it is, to Query.authors
  found     authors(first: $args.first, filter: { country: $args.after })
`,
    );

    refuses(
      "that is a list, or has a shaper",
      [
        ...withConnection,
        [client, list, "list(first: Int, after: String): [Authors]"],
        [
          client,
          "type Shelf @view",
          'extend type Query {\n  one: Authors @from(field: "authors") @slice(limit: 1)\n}\n\ntype Shelf @view',
        ],
      ],
      `
bff-web/schema.graphql:4:3  Query.list
  expected  one connection
  found     a list of them

bff-web/schema.graphql:9:3  Query.one
  expected  no shaper on a connection
  found     @slice
`,
    );

    refuses(
      "on a type that shows no page",
      [[client, 'type BookCard @view(of: "Book") {', 'type BookCard @view(of: "Book") @connection {']],
      `
bff-web/schema.graphql:13:33  BookCard @connection(items:)
  expected  a field of Book without arguments (id, title, pages, genre, tags, author, similar)
  found     items

bff-web/schema.graphql:13:33  BookCard @connection(nextPageToken:)
  expected  a field of Book without arguments (id, title, pages, genre, tags, author, similar)
  found     nextPageToken
`,
    );

    refuses(
      "whose edges are used for items of two types",
      [
        ...withConnection,
        [books, "type Query {", 'type Query {\n  page: BookPage @rest(GET: "/page")'],
        [books, "enum Genre {", "type BookPage {\n  items: [Book!]\n  nextPageToken: Int\n}\n\nenum Genre {"],
        [
          client,
          "type Shelf @view",
          "extend type Query {\n  page: BookPage\n}\n\ntype BookPage @connection {\n  edges: [AuthorEdge!]\n}\n\ntype Shelf @view",
        ],
      ],
      `
bff-web/schema.graphql:44:3  Authors.edges
  expected  an edge type of its own, for Author
  found     AuthorEdge, whose nodes are Book

bff-web/schema.graphql:51:3  AuthorEdge.node
  expected  one object of a type that shows Book
  found     Writer!
`,
    );
  });

  describe("a global id", () => {
    refuses(
      "of what is no id",
      [
        [client, "  genre: Genre\n  tags", "  genre: Genre @globalId\n  tags"],
        [client, "  title: String!\n  pages", "  title: String! @globalId\n  pages"],
        [
          client,
          "  id: ID!\n  name: String!\n  born",
          '  id: ID! @globalId(type: "a:b")\n  name: String!\n  born',
        ],
      ],
      `
bff-web/schema.graphql:21:3  Book.title
  expected  ID, because @globalId makes it one
  found     String

bff-web/schema.graphql:23:16  Book.genre @globalId
  expected  an ID, a String or an Int, from which a global id is made
  found     Genre

bff-web/schema.graphql:35:27  Writer.id @globalId(type:)
  expected  the name of a type
  found     a:b
`,
    );

    refuses(
      "that an argument or an input field can't take",
      [
        [client, "authors(country: String)", 'authors(country: String @globalId(type: "Country"))'],
        [
          client,
          "  book(id: ID!): Book\n",
          '  book(id: ID! @globalId): Book\n  other(id: ID! = "x" @globalId(type: "Book")): Book @from(field: "book(id: $args.id)")\n',
        ],
        [
          client,
          "type Writer @view",
          'input Ids {\n  id: ID @globalId(type: "not one")\n}\n\ntype Writer @view',
        ],
      ],
      `
bff-web/schema.graphql:3:16  Query.book(id:) @globalId
  expected  the type of the ids that are taken: type
  found     none

bff-web/schema.graphql:4:23  Query.other(id:) @globalId
  expected  no default: ids belong to clients
  found     "x"

bff-web/schema.graphql:11:27  Shelf.authors(country:) @globalId
  expected  it on an ID
  found     String

bff-web/schema.graphql:36:26  Ids.id @globalId(type:)
  expected  the name of a type
  found     not one
`,
    );
  });

  describe("an extension", () => {
    refuses(
      "that adds what is there",
      [[client, "type Writer @view", "extend enum Genre {\n  NOVEL\n}\n\ntype Writer @view"]],
      `
bff-web/schema.graphql:35:3  NOVEL
  expected  a valid GraphQL schema
  found     Enum value "Genre.NOVEL" can only be defined once.
`,
    );

    refuses(
      "that adds what the supergraph does not have",
      [[client, "type Writer @view", "extend enum Genre {\n  DRAMA\n}\n\ntype Writer @view"]],
      `
bff-web/schema.graphql:4:25  Query.books(genre:)
  expected  a value for genre: Genre, which has no DRAMA
  found     $args.genre: Genre

bff-web/schema.graphql:35:3  Genre.DRAMA
  expected  one of the supergraph's values NOVEL, POETRY
  found     DRAMA
`,
    );
  });
});
