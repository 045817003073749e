import { afterAll, describe } from "vitest";
import { ProjectFolders } from "./minimal-project.ts";
import { refusalTable } from "./refusals.ts";

const books = "schemas/books.graphql";
const authors = "schemas/authors.graphql";
const client = "bff-web/schema.graphql";

const folders = new ProjectFolders();
afterAll(() => folders.remove());
const refuses = refusalTable(folders);

const rival = `extend schema @source(name: "rival", url: "http://localhost:7203")

type Book @key(fields: "id") {
  id: ID!
  pages: Int @override(from: "books") @rest(GET: "/pages/{parent.id}")
}
`;

describe("a start is refused for", () => {
  describe("@internal", () => {
    refuses(
      "a field of a @key",
      [[books, "  id: ID!\n  title", "  id: ID! @internal\n  title"]],
      `
bff-web/schema.graphql:14:3  BookCard.id
  expected  a field of Book (title, pages, genre, tags, author, similar)
  found     id, which is @internal in schemas/books.graphql

bff-web/schema.graphql:20:3  Book.id
  expected  a field of Book (title, pages, genre, tags, author, similar)
  found     id, which is @internal in schemas/books.graphql

schemas/books.graphql:11:11  Book.id @internal
  expected  a field that is no part of a @key: objects are told apart by it in all sources
  found     id, a @key of Book
`,
    );

    refuses(
      "a type with a @key",
      [[books, 'type Author @key(fields: "id") {', 'type Author @internal @key(fields: "id") {']],
      `
schemas/books.graphql:25:13  Author @internal
  expected  a field that is no part of a @key: objects are told apart by it in all sources
  found     id, a @key of Author
`,
    );

    refuses(
      "a field that a client schema shows",
      [[books, "pages: Int", "pages: Int @internal"]],
      `
bff-web/schema.graphql:22:3  Book.pages
  expected  a field of Book (id, title, genre, tags, author, similar)
  found     pages, which is @internal in schemas/books.graphql
`,
    );

    refuses(
      "a type that a client schema shows, and fields that return it",
      [
        [books, "tags: [String!]", "tags: [String!]\n  cover: Cover"],
        [books, "enum Genre {", "type Cover @internal {\n  url: String\n}\n\nenum Genre {"],
        [client, "type Writer @view", "type Cover {\n  url: String\n}\n\ntype Writer @view"],
      ],
      `
bff-web/schema.graphql:34:1  Cover
  expected  a type that client schemas may show
  found     Cover, which is @internal in schemas/books.graphql

schemas/books.graphql:21:12  Cover @internal
  expected  @internal on Book.cover, too: it returns Cover
  found     a field of the supergraph
  hint      write @internal on Book.cover
`,
    );

    refuses(
      "@require of another source",
      [
        [
          authors,
          'type Author @key(fields: "id") {',
          'type Book @key(fields: "id") {\n  id: ID!\n  note(code: String! @require(field: "code")): String @grpc(method: "ListAuthors", request: { filter: { country: "$args.code" } }, select: "next_page_token")\n}\n\ntype Author @key(fields: "id") {',
        ],
        [books, "pages: Int", "pages: Int\n  code: String @internal"],
      ],
      `
schemas/authors.graphql:28:39  Book.note(code:) @require(field:)
  expected  a field of Book that other sources may use (id, note, title, pages, genre, tags, author, similar)
  found     code, which is @internal in schemas/books.graphql
`,
    );

    refuses(
      "what is said to be for others too",
      [
        [books, "pages: Int", "pages: Int @internal @shareable"],
        [books, "tags: [String!]", 'tags: [String!] @internal @override(from: "authors")'],
        [books, "  genre: Genre\n", "  genre: Genre @internal @inaccessible\n"],
      ],
      `
bff-web/schema.graphql:22:3  Book.pages
  expected  a field of Book (id, title, author, similar)
  found     pages, which is @internal in schemas/books.graphql

bff-web/schema.graphql:23:3  Book.genre
  expected  a field of Book (id, title, author, similar)
  found     genre, which is @internal in schemas/books.graphql

bff-web/schema.graphql:24:3  Book.tags
  expected  a field of Book (id, title, author, similar)
  found     tags, which is @internal in schemas/books.graphql

schemas/books.graphql:13:14  Book.pages @internal
  expected  either @internal or @shareable: what is internal is no part of the supergraph
  found     both

schemas/books.graphql:14:16  Book.genre @internal
  expected  either @internal or @inaccessible: what is internal is no part of the supergraph
  found     both

schemas/books.graphql:15:19  Book.tags @internal
  expected  either @internal or @override: what is internal is no part of the supergraph
  found     both
`,
    );

    refuses(
      "a field that an interface has, and a member of a union",
      [
        [
          books,
          "type Book @key",
          "interface Titled {\n  title: String!\n}\n\nunion Thing = Cover\n\ntype Cover @internal {\n  url: String\n}\n\ntype Book implements Titled @key",
        ],
        [books, "title: String!\n  pages", "title: String! @internal\n  pages"],
      ],
      `
bff-web/schema.graphql:15:3  BookCard.title
  expected  a field of Book (id, pages, genre, tags, author, similar)
  found     title, which is @internal in schemas/books.graphql

bff-web/schema.graphql:21:3  Book.title
  expected  a field of Book (id, pages, genre, tags, author, similar)
  found     title, which is @internal in schemas/books.graphql

schemas/books.graphql:16:12  Cover @internal
  expected  a type that is no member of a union
  found     a member of Thing

schemas/books.graphql:22:18  Book.title @internal
  expected  a field that no interface has
  found     title, which Titled has
`,
    );

    refuses(
      "a client schema",
      [[client, "pages: Int @default(value: 0)", "pages: Int @internal"]],
      `
bff-web/schema.graphql:22:14  Book.pages
  expected  @internal in source schemas (schemas/) only
  found     it in a client schema
`,
    );
  });

  describe("@inaccessible", () => {
    refuses(
      "a field that a client schema shows",
      [[books, "pages: Int", "pages: Int @inaccessible"]],
      `
bff-web/schema.graphql:22:3  Book.pages
  expected  a field that client schemas may show
  found     Book.pages, which is @inaccessible in schemas/books.graphql
`,
    );

    refuses(
      "a type that a client schema shows, in paths too",
      [[authors, 'type Author @key(fields: "id") {', 'type Author @inaccessible @key(fields: "id") {']],
      `
bff-web/schema.graphql:10:97  Shelf.authors @from(field:)
  expected  a field that client schemas may show
  found     AuthorPage.items, whose type Author is @inaccessible in schemas/authors.graphql

bff-web/schema.graphql:16:32  BookCard.writer @from(field:)
  expected  a field that client schemas may show
  found     Book.author, whose type Author is @inaccessible in schemas/authors.graphql

bff-web/schema.graphql:25:3  Book.author
  expected  a field that client schemas may show
  found     Book.author, whose type Author is @inaccessible in schemas/authors.graphql

bff-web/schema.graphql:34:23  Writer @view(of:)
  expected  a type that client schemas may show
  found     Author, which is @inaccessible in schemas/authors.graphql
`,
    );

    refuses(
      "a step in the middle of a path",
      [[books, "author: Author @from", "author: Author @inaccessible @from"]],
      `
bff-web/schema.graphql:16:32  BookCard.writer @from(field:)
  expected  a field that client schemas may show
  found     Book.author, which is @inaccessible in schemas/books.graphql

bff-web/schema.graphql:25:3  Book.author
  expected  a field that client schemas may show
  found     Book.author, which is @inaccessible in schemas/books.graphql
`,
    );

    refuses(
      "arguments, in paths too",
      [[books, "books(first: Int = 10, genre: Genre)", "books(first: Int = 10, genre: Genre @inaccessible)"]],
      `
bff-web/schema.graphql:4:25  Query.books(genre:)
  expected  an argument of Query.books (first)
  found     Query.books(genre:), which is @inaccessible in schemas/books.graphql

bff-web/schema.graphql:9:42  Shelf.poems @from(field:)
  expected  an argument of Query.books (first)
  found     Query.books(genre:), which is @inaccessible in schemas/books.graphql
`,
    );

    refuses(
      "values of enums",
      [[books, "  POETRY\n", "  POETRY @inaccessible\n"]],
      `
bff-web/schema.graphql:4:25  Query.books(genre:)
  expected  a value for genre: Genre without Genre.POETRY, which is @inaccessible in schemas/books.graphql
  found     $args.genre: Genre

bff-web/schema.graphql:9:42  Shelf.poems @from(field:)
  expected  a value that client schemas may send
  found     Genre.POETRY, which is @inaccessible in schemas/books.graphql

bff-web/schema.graphql:31:3  Genre.POETRY
  expected  one of the supergraph's values NOVEL
  found     Genre.POETRY, which is @inaccessible in schemas/books.graphql
`,
    );

    refuses(
      "an enum with such values as text",
      [
        [books, "  POETRY\n", "  POETRY @inaccessible\n"],
        [client, "  POETRY\n", ""],
        [client, '  poems: [BookCard!] @from(field: "books(genre: POETRY)")\n', ""],
        [client, "writer: String", "genre: String\n  writer: String"],
      ],
      `
bff-web/schema.graphql:15:3  BookCard.genre
  expected  an enum that shows Genre: as text it would show Genre.POETRY, which is @inaccessible in schemas/books.graphql
  found     String
`,
    );

    refuses(
      "an enum, and what is of it",
      [[books, "enum Genre {", "enum Genre @inaccessible {"]],
      `
bff-web/schema.graphql:4:25  Query.books(genre:)
  expected  an argument of Query.books (first)
  found     Query.books(genre:), whose type Genre is @inaccessible in schemas/books.graphql

bff-web/schema.graphql:9:42  Shelf.poems @from(field:)
  expected  an argument of Query.books (first)
  found     Query.books(genre:), whose type Genre is @inaccessible in schemas/books.graphql

bff-web/schema.graphql:23:3  Book.genre
  expected  a field that client schemas may show
  found     Book.genre, whose type Genre is @inaccessible in schemas/books.graphql

bff-web/schema.graphql:29:1  Genre
  expected  an enum that client schemas may show
  found     Genre, which is @inaccessible in schemas/books.graphql
`,
    );

    refuses(
      "input fields",
      [[authors, "country: String\n}", "country: String @inaccessible\n}"]],
      `
bff-web/schema.graphql:10:61  Shelf.authors @from(field:)
  expected  a value that client schemas may send
  found     AuthorFilter.country, which is @inaccessible in schemas/authors.graphql
`,
    );

    refuses(
      "an input type and its views",
      [
        [authors, "input AuthorFilter {", "input AuthorFilter @inaccessible {"],
        [
          client,
          'authors(country: String): [Writer!] @from(field: "authors(filter: { country: $args.country }).items")',
          'authors(by: By): [Writer!] @from(field: "authors(filter: $args.by).items")',
        ],
        [
          client,
          "type Writer @view",
          'input By @view(of: "AuthorFilter") {\n  country: String\n}\n\ntype Writer @view',
        ],
      ],
      `
bff-web/schema.graphql:10:52  Shelf.authors @from(field:)
  expected  an argument of Query.authors (first)
  found     Query.authors(filter:), whose type AuthorFilter is @inaccessible in schemas/authors.graphql

bff-web/schema.graphql:34:20  By @view(of:)
  expected  an input type that client schemas may show
  found     AuthorFilter, which is @inaccessible in schemas/authors.graphql
`,
    );

    refuses(
      "arguments and input fields that have to be given",
      [
        [books, "book(id: ID!): Book", "book(id: ID!, mode: Int! @inaccessible): Book"],
        [books, '"/books{?ids*}"', '"/books{?ids*,args.mode}"'],
        [authors, "bornAfter: Int\n", "bornAfter: Int! @inaccessible\n"],
        [client, "  book(id: ID!): Book\n", ""],
        [
          client,
          '  authors(country: String): [Writer!] @from(field: "authors(filter: { country: $args.country }).items")\n',
          "",
        ],
      ],
      `
schemas/authors.graphql:17:19  AuthorFilter.bornAfter
  expected  a default or a nullable type, because clients can't give a value
  found     Int!, which is @inaccessible

schemas/books.graphql:5:17  Query.book(mode:)
  expected  arguments called like a key of Book: (id)
  found     mode, which has to be given
  hint      make it optional: a lookup by key leaves it out

schemas/books.graphql:5:28  Query.book(mode:)
  expected  a default or a nullable type, because clients can't give a value
  found     Int!, which is @inaccessible
`,
    );

    refuses(
      "what a shaper reads",
      [
        [books, "pages: Int", "pages: Int\n  price: Money"],
        [
          books,
          "enum Genre {",
          "type Money {\n  currencyCode: String!\n  units: String! @inaccessible\n  nanos: Int!\n}\n\nenum Genre {",
        ],
        [
          client,
          "pages: Int @default(value: 0)",
          "pages: Int @default(value: 0)\n  price: String @formatCurrency",
        ],
      ],
      `
bff-web/schema.graphql:23:17  Book.price @formatCurrency
  expected  an object whose units, nanos, currencyCode client schemas may show
  found     Money.units, which is @inaccessible in schemas/books.graphql
`,
    );

    refuses(
      "an interface, its fields and its types",
      [
        [
          books,
          "type Book @key",
          'interface Work {\n  id: ID!\n  title: String! @inaccessible\n}\n\ninterface Thing @inaccessible {\n  id: ID!\n}\n\nunion Found = Book | Draft\n\ntype Draft implements Thing & Work @inaccessible @key(fields: "id") {\n  id: ID!\n  title: String!\n}\n\ntype Book implements Thing & Work @key',
        ],
        [
          books,
          "books(first: Int",
          'works: [Work] @rest(GET: "/works")\n  found: [Found] @rest(GET: "/found")\n  things: [Thing] @rest(GET: "/things")\n  draft(id: ID!): Draft @lookup @rest(GET: "/drafts/{args.id}")\n  books(first: Int',
        ],
        [
          client,
          "type Writer @view",
          'type WorkRow @view(of: "Work") {\n  id: ID!\n}\n\ninterface Thing {\n  id: ID!\n}\n\ntype Shape implements Thing @view(of: "Book") {\n  id: ID!\n}\n\ntype Writer @view',
        ],
        [
          client,
          "  shelf: Shelf!\n",
          '  shelf: Shelf!\n  works: [WorkRow]\n  titles: [String] @from(field: "works.title")\n  drafts: [ID] @from(field: "found<Draft>.id")\n',
        ],
      ],
      `
bff-web/schema.graphql:4:40  Query.titles @from(field:)
  expected  a field that client schemas may show
  found     Work.title, which is @inaccessible in schemas/books.graphql

bff-web/schema.graphql:5:36  Query.drafts @from(field:)
  expected  a type that client schemas may show
  found     Draft, which is @inaccessible in schemas/books.graphql

bff-web/schema.graphql:38:3  WorkRow.id
  expected  a field that client schemas may show
  found     one of its types may be Draft, which is @inaccessible in schemas/books.graphql

bff-web/schema.graphql:41:1  Thing
  expected  a type that client schemas may show
  found     Thing, which is @inaccessible in schemas/books.graphql
`,
    );

    refuses(
      "a field of a type that an interface shows",
      [
        [
          books,
          "type Book @key",
          "interface Titled {\n  title: String!\n}\n\ntype Book implements Titled @key",
        ],
        [books, "title: String!\n  pages", "title: String! @inaccessible\n  pages"],
        [client, "  title: String! @truncate(length: 40)\n", ""],
        [client, "  title: String!\n  pages", "  pages"],
      ],
      `
schemas/books.graphql:16:18  Book.title
  expected  @inaccessible on Titled.title, too: it shows the field of every object
  found     it on one of the types only
`,
    );

    refuses(
      "a root type",
      [[books, "type Query {", "type Query @inaccessible {"]],
      `
schemas/books.graphql:3:12  Query @inaccessible
  expected  it on single fields of a root
  found     it on Query
`,
    );
  });

  describe("@override", () => {
    refuses(
      "a source that there is not",
      [["schemas/rival.graphql", rival.replace('from: "books"', 'from: "boks"')]],
      `
schemas/rival.graphql:5:30  Book.pages @override(from:)
  expected  the name of another source (authors, books)
  found     boks
  hint      did you mean "books"?
`,
    );

    refuses(
      "its own source",
      [["schemas/rival.graphql", rival.replace('from: "books"', 'from: "rival"')]],
      `
schemas/rival.graphql:5:30  Book.pages @override(from:)
  expected  the name of another source
  found     rival, which this file describes
`,
    );

    refuses(
      "a field of a @key",
      [["schemas/rival.graphql", rival.replace("id: ID!", 'id: ID! @override(from: "books")')]],
      `
schemas/rival.graphql:4:11  Book.id @override
  expected  a field that is no part of a @key: sources tell objects apart by it
  found     a key of Book in schemas/rival.graphql
`,
    );

    refuses(
      "two sources",
      [
        ["schemas/rival.graphql", rival],
        ["schemas/second.graphql", rival.replace('name: "rival"', 'name: "second"')],
      ],
      `
schemas/second.graphql:5:14  Book.pages @override
  expected  one source that overrides the field
  found     it here and in schemas/rival.graphql, from books
  hint      remove @override from one of them
`,
    );

    refuses(
      "chains",
      [
        ["schemas/rival.graphql", rival],
        [
          "schemas/second.graphql",
          rival.replace('name: "rival"', 'name: "second"').replace('from: "books"', 'from: "rival"'),
        ],
      ],
      `
schemas/second.graphql:5:14  Book.pages @override
  expected  one source that overrides the field
  found     it here and in schemas/rival.graphql, from books
  hint      let the last of them override the first, and remove the field from the one between
`,
    );

    refuses(
      "a field that can't be reached any more",
      [["schemas/rival.graphql", rival.replace(' @rest(GET: "/pages/{parent.id}")', "")]],
      `
schemas/rival.graphql:3:1  Book
  expected  a @lookup in schemas/rival.graphql that finds Book by id
  found     no way to pages of what comes from Query.books in schemas/books.graphql, Query.book in schemas/books.graphql, Book.similar in schemas/books.graphql
  hint      add to Query in schemas/rival.graphql a field that returns Book, with @lookup and that key as its arguments
`,
    );

    refuses(
      "a field of an interface",
      [
        [
          books,
          "type Book @key",
          'interface Titled {\n  title: String! @override(from: "authors") @internal\n}\n\ntype Book implements Titled @key',
        ],
      ],
      `
schemas/books.graphql:11:18  Titled.title @override
  expected  no directive on a field of an interface: write it on the types that implement it
  found     @override

schemas/books.graphql:11:45  Titled.title @internal
  expected  no directive on a field of an interface: write it on the types that implement it
  found     @internal
`,
    );
  });
});
