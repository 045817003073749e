import { afterAll, describe } from "vitest";
import { ProjectFolders } from "./minimal-project.ts";
import { refusalTable } from "./refusals.ts";

const books = "schemas/books.graphql";
const authors = "schemas/authors.graphql";
const proto = "protos/library/v1/authors.proto";
const client = "bff-web/schema.graphql";

const folders = new ProjectFolders();
afterAll(() => folders.remove());
const refuses = refusalTable(folders);

describe("a start is refused for", () => {
  describe("@source", () => {
    refuses(
      "no @source",
      [[books, 'extend schema @source(name: "books", url: "http://localhost:7201", timeoutMs: 500)\n', ""]],
      `
schemas/books.graphql:1:1  schema
  expected  extend schema @source(name: "…", url: "…")
  found     no @source in this file
`,
    );

    refuses(
      "two @source",
      [
        [
          books,
          "\ntype Query {",
          '\nextend schema @source(name: "books2", url: "http://localhost:7203")\n\ntype Query {',
        ],
      ],
      `
schemas/books.graphql:3:15  schema @source
  expected  @source once in a file
  found     it again
`,
    );

    refuses(
      "a name that another source has",
      [[books, '"books", url', '"authors", url']],
      `
schemas/books.graphql:1:29  schema @source(name:)
  expected  a name that no other source has (schemas/authors.graphql has it)
  found     authors
`,
    );

    refuses(
      "a name that no variable can be made of",
      [[books, '"books", url', '"My Books", url']],
      `
schemas/books.graphql:1:29  schema @source(name:)
  expected  lower-case letters, digits and dashes, a letter first, at most 63
  found     "My Books"
`,
    );

    refuses(
      "a URL of a scheme that nothing speaks",
      [[books, "http://localhost:7201", "ftp://localhost:7201"]],
      `
schemas/books.graphql:1:43  schema @source(url:)
  expected  a URL that begins with http://, https://, grpc:// or grpcs://, without credentials, query and fragment
  found     "ftp://localhost:7201"
`,
    );

    refuses(
      "a URL without a scheme",
      [[books, "http://localhost:7201", "localhost:7201/books"]],
      `
schemas/books.graphql:1:43  schema @source(url:)
  expected  a URL that begins with http://, https://, grpc:// or grpcs://, without credentials, query and fragment
  found     "localhost:7201/books"
`,
    );

    refuses(
      "a URL with credentials, which are not repeated",
      [[books, "http://localhost:7201", "http://admin:s3cret@localhost:7201"]],
      `
schemas/books.graphql:1:43  schema @source(url:)
  expected  a URL that begins with http://, https://, grpc:// or grpcs://, without credentials, query and fragment
  found     "http://…@localhost:7201"
`,
    );

    refuses(
      "numbers out of range",
      [[books, "timeoutMs: 500", "timeoutMs: 0, maxResponseBytes: 2000000000"]],
      `
schemas/books.graphql:1:79  schema @source(timeoutMs:)
  expected  1 to 600000
  found     0

schemas/books.graphql:1:100  schema @source(maxResponseBytes:)
  expected  1 to 1073741824
  found     2000000000
`,
    );

    refuses(
      "a number that is none",
      [[books, "timeoutMs: 500", 'timeoutMs: "500"']],
      `
schemas/books.graphql:1:79  schema @source(timeoutMs:)
  expected  Int
  found     "500"
`,
    );

    refuses(
      "a gRPC source without proto and service",
      [[authors, '    proto: "library/v1/authors.proto"\n    service: "library.v1.AuthorsService"\n', ""]],
      `
schemas/authors.graphql:2:3  schema @source(proto:)
  expected  proto (the source is gRPC)
  found     nothing

schemas/authors.graphql:2:3  schema @source(service:)
  expected  service (the source is gRPC)
  found     nothing
`,
    );

    refuses(
      "a REST source with a proto",
      [[books, "timeoutMs: 500", 'proto: "library/v1/authors.proto"']],
      `
schemas/books.graphql:1:75  schema @source(proto:)
  expected  no proto (the source is REST)
  found     one
`,
    );

    refuses(
      "headers that are the gateway's, doubled or misspelt",
      [
        [
          books,
          "timeoutMs: 500",
          'forwardHeaders: ["Accept-Language", "host", "x-tenant"], headers: [{ name: "x-tenant", value: "$claims.tenant" }, { name: "x-user", value: "$claim.sub" }, { name: "x-args", value: "$args.id" }]',
        ],
      ],
      `
schemas/books.graphql:1:85  schema @source(forwardHeaders:)
  expected  a header's name in lower case
  found     "Accept-Language"

schemas/books.graphql:1:104  schema @source(forwardHeaders:)
  expected  a header that belongs to the application
  found     host, which belongs to the connection or the gateway

schemas/books.graphql:1:143  schema @source(headers:)
  expected  each header once, forwarded or set
  found     x-tenant again

schemas/books.graphql:1:208  schema @source(headers.value:)
  expected  one of $args, $parent, $claims, $headers, $item
  found     "$claim.sub"

schemas/books.graphql:1:249  schema @source(headers.value:)
  expected  a path that starts at $claims, $headers
  found     $args.id
`,
    );
  });

  describe("its protos", () => {
    refuses(
      "a file that is not there",
      [[authors, "library/v1/authors.proto", "library/v1/author.protos"]],
      `
schemas/authors.graphql:5:12  schema @source(proto:)
  expected  a file below protos/
  found     library/v1/author.protos, which is not there
`,
    );

    refuses(
      "a file outside of protos/",
      [[authors, "library/v1/authors.proto", "../schemas/authors.graphql"]],
      `
schemas/authors.graphql:5:12  schema @source(proto:)
  expected  a path below protos/
  found     ../schemas/authors.graphql
`,
    );

    refuses(
      "a file that is no proto",
      [[proto, "message AuthorFilter {", "mesage AuthorFilter {"]],
      `
schemas/authors.graphql:5:12  schema @source(proto:)
  expected  a valid .proto file whose imports are below protos/
  found     illegal token 'mesage' (library/v1/authors.proto, line 17)
`,
    );

    refuses(
      "an import that is not there",
      [[proto, "library/v1/author.proto", "library/v1/person.proto"]],
      `
schemas/authors.graphql:5:12  schema @source(proto:)
  expected  a valid .proto file whose imports are below protos/
  found     an import of library/v1/person.proto, which is not there
`,
    );

    refuses(
      "a type that no file defines",
      [[proto, "repeated Author authors", "repeated Autor authors"]],
      `
schemas/authors.graphql:5:12  schema @source(proto:)
  expected  a valid .proto file whose imports are below protos/
  found     no such Type or Enum 'Autor' in Type .library.v1.AuthorList
`,
    );

    refuses(
      "a misspelt service",
      [[authors, "library.v1.AuthorsService", "library.v1.AuthorService"]],
      `
schemas/authors.graphql:6:14  schema @source(service:)
  expected  a service of library/v1/authors.proto: library.v1.AuthorsService
  found     library.v1.AuthorService
  hint      did you mean "library.v1.AuthorsService"?
`,
    );

    refuses(
      "a misspelt method",
      [[authors, '"ListAuthors"', '"ListAuthor"']],
      `
schemas/authors.graphql:13:71  Query.authors @grpc(method:)
  expected  a method of library.v1.AuthorsService (BatchGetAuthors, ListAuthors, WatchAuthors)
  found     ListAuthor
  hint      did you mean "ListAuthors"?
`,
    );

    refuses(
      "names that are empty",
      [
        [authors, '"ListAuthors"', '""'],
        [client, 'type Writer @view(of: "Author") {', 'type Writer @view(of: " ") {'],
      ],
      `
bff-web/schema.graphql:34:23  Writer @view(of:)
  expected  a type of the supergraph
  found     " "

schemas/authors.graphql:13:71  Query.authors @grpc(method:)
  expected  a method of library.v1.AuthorsService (BatchGetAuthors, ListAuthors, WatchAuthors)
  found     ""
`,
    );

    refuses(
      "a method that streams",
      [[authors, '"ListAuthors"', '"WatchAuthors"']],
      `
schemas/authors.graphql:13:71  Query.authors @grpc(method:)
  expected  a unary method (what this version enforces)
  found     WatchAuthors, which streams
`,
    );

    refuses(
      "an argument that is no request field",
      [[authors, "authors(first: Int,", "authors(frist: Int,"]],
      `
schemas/authors.graphql:13:57  Query.authors @grpc
  expected  a field of library.v1.ListAuthorsRequest for every argument (first, filter)
  found     argument frist
  hint      did you mean "first"?
`,
    );

    refuses(
      "request fields that the message does not have",
      [
        [
          authors,
          '@grpc(method: "ListAuthors")',
          '@grpc(method: "ListAuthors", request: { frist: "$args.first", filter: { land: "$args.filter.country", bornAfter: "$args.filter.bornAfter" }, first: { value: "$args.first" } })',
        ],
      ],
      `
schemas/authors.graphql:13:97  Query.authors @grpc(request:)
  expected  a field of library.v1.ListAuthorsRequest (first, filter)
  found     frist
  hint      did you mean "first"?

schemas/authors.graphql:13:129  Query.authors @grpc(request:)
  expected  a field of library.v1.AuthorFilter (born_after, country)
  found     land

schemas/authors.graphql:13:198  Query.authors @grpc(request:)
  expected  a FieldSelectionMap: this field is no single message
  found     an object for first
`,
    );

    refuses(
      "a response field that the message does not have",
      [
        [authors, "birthYear: Int\n}", "bornYear: Int\n}"],
        [client, '"birthYear"', '"bornYear"'],
      ],
      `
schemas/authors.graphql:29:3  Author.bornYear
  expected  a field of library.v1.Author (id, name, birth_year)
  found     bornYear
`,
    );

    refuses(
      "maps of a response that name fields that it does not have",
      [[authors, 'as: "ids", select: "authors", match: "id"', 'as: "id", select: "author", match: "key"']],
      `
schemas/authors.graphql:12:67  Query.author @grpc(batch.as:)
  expected  a repeated field of library.v1.BatchGetAuthorsRequest (ids)
  found     id
  hint      did you mean "ids"?

schemas/authors.graphql:12:82  Query.author @grpc(batch.select:)
  expected  a field of library.v1.AuthorList (authors, next_page_token)
  found     author
  hint      did you mean "authors"?
`,
    );

    refuses(
      "a message read as a scalar",
      [
        [authors, 'items: [Author!]! @from(field: "authors")', 'items: [String!]! @from(field: "authors")'],
        [
          client,
          'authors(country: String): [Writer!] @from(field: "authors(filter: { country: $args.country }).items")\n',
          "\n",
        ],
      ],
      `
schemas/authors.graphql:22:3  AuthorPage.items
  expected  an object type, because the value is a message
  found     String for library.v1.Author
`,
    );

    refuses(
      "a scalar read as an object",
      [
        [authors, "birthYear: Int\n}", "birthYear: Year\n}\n\ntype Year {\n  number: Int\n}"],
        [client, '  born: Int @from(field: "birthYear")\n', ""],
      ],
      `
schemas/authors.graphql:29:3  Author.birthYear
  expected  a scalar or enum, because the value is no message
  found     the object type Year
`,
    );
  });

  describe("directives", () => {
    refuses(
      "directives that are not enforced yet, in a source schema",
      [
        [books, 'type Book @key(fields: "id") {', 'type Book @key(fields: "id") @cacheControl {'],
        [books, "title: String!", 'title: String! @provides(fields: "x")'],
        [books, "pages: Int", 'pages: Int @cacheTag(fm: "2") @tag(name: "public")'],
        [books, "books(first: Int = 10,", "books(first: Int = 10 @cacheTag,"],
        [books, "  POETRY\n", "  POETRY @tag\n"],
        [books, "enum Genre {", "enum Genre @provides {"],
        [books, "tags: [String!]", "tags: [String!] @provides(num: 123456789) @cacheControl(maxAge: 60)"],
        [authors, "country: String\n}", "country: String @external\n}"],
        [authors, "input AuthorFilter {", "input AuthorFilter @tag {"],
        [authors, "extend schema\n", 'extend schema @cacheTag(format: "x")\n'],
      ],
      `
schemas/authors.graphql:1:15  schema
  expected  a directive that this version enforces
  found     @cacheTag, which it does not enforce yet
  hint      remove it; nothing fails open

schemas/authors.graphql:16:20  AuthorFilter
  expected  a directive that this version enforces
  found     @tag, which it does not enforce yet
  hint      remove it; nothing fails open

schemas/authors.graphql:18:19  AuthorFilter.country
  expected  a directive that this version enforces
  found     @external, which it does not enforce yet
  hint      remove it; nothing fails open

schemas/books.graphql:4:25  Query.books(first:)
  expected  a directive that this version enforces
  found     @cacheTag, which it does not enforce yet
  hint      remove it; nothing fails open

schemas/books.graphql:10:30  Book
  expected  a directive that this version enforces
  found     @cacheControl, which it does not enforce yet
  hint      remove it; nothing fails open

schemas/books.graphql:12:18  Book.title
  expected  a directive that this version enforces
  found     @provides, which it does not enforce yet
  hint      remove it; nothing fails open

schemas/books.graphql:13:14  Book.pages
  expected  a directive that this version enforces
  found     @cacheTag, which it does not enforce yet
  hint      remove it; nothing fails open

schemas/books.graphql:13:33  Book.pages
  expected  a directive that this version enforces
  found     @tag, which it does not enforce yet
  hint      remove it; nothing fails open

schemas/books.graphql:15:19  Book.tags
  expected  a directive that this version enforces
  found     @provides, which it does not enforce yet
  hint      remove it; nothing fails open

schemas/books.graphql:15:45  Book.tags
  expected  a directive that this version enforces
  found     @cacheControl, which it does not enforce yet
  hint      remove it; nothing fails open

schemas/books.graphql:20:12  Genre
  expected  a directive that this version enforces
  found     @provides, which it does not enforce yet
  hint      remove it; nothing fails open

schemas/books.graphql:22:10  Genre.POETRY
  expected  a directive that this version enforces
  found     @tag, which it does not enforce yet
  hint      remove it; nothing fails open
`,
    );

    refuses(
      "directives that are not enforced yet, in a client schema",
      [
        [client, "  shelf: Shelf!", '  shelf: Shelf! @cacheTag(format: "x")'],
        [
          client,
          'type BookCard @view(of: "Book") {',
          'type BookCard @view(of: "Book") @cacheControl(maxAge: 60) {',
        ],
        [
          client,
          "genre: Genre): [BookCard!]\n}",
          'genre: Genre @deprecated(reason: "x") @tag(name: "x")): [BookCard!]\n}',
        ],
        [client, "  POETRY\n", "  POETRY @tag\n"],
        [client, "tags: [String!]", "tags: [String!] @semanticNonNull"],
        [client, "title: String! @truncate(length: 40)", "title: String! @cacheTag"],
      ],
      `
bff-web/schema.graphql:2:17  Query.shelf
  expected  a directive that this version enforces
  found     @cacheTag, which it does not enforce yet
  hint      remove it; nothing fails open

bff-web/schema.graphql:4:63  Query.books(genre:)
  expected  a directive that this version enforces
  found     @tag, which it does not enforce yet
  hint      remove it; nothing fails open

bff-web/schema.graphql:13:33  BookCard
  expected  a directive that this version enforces
  found     @cacheControl, which it does not enforce yet
  hint      remove it; nothing fails open

bff-web/schema.graphql:15:18  BookCard.title
  expected  a directive that this version enforces
  found     @cacheTag, which it does not enforce yet
  hint      remove it; nothing fails open

bff-web/schema.graphql:24:19  Book.tags
  expected  a directive that this version enforces
  found     @semanticNonNull, which it does not enforce yet
  hint      remove it; nothing fails open

bff-web/schema.graphql:31:10  Genre.POETRY
  expected  a directive that this version enforces
  found     @tag, which it does not enforce yet
  hint      remove it; nothing fails open
`,
    );

    refuses(
      "misspelt directives",
      [
        [books, "    @lookup\n", "    @lookUp\n"],
        [client, "@truncate", "@trunkate"],
      ],
      `
bff-web/schema.graphql:15:18  BookCard.title
  expected  a directive of schemas/directives.graphql
  found     @trunkate
  hint      did you mean "truncate"?

schemas/books.graphql:6:5  Query.book
  expected  a directive of schemas/directives.graphql
  found     @lookUp
  hint      did you mean "lookup"?
`,
    );

    refuses(
      "directives that nobody knows",
      [[client, "tags: [String!]", "tags: [String!] @sorted"]],
      `
bff-web/schema.graphql:24:19  Book.tags
  expected  a directive of schemas/directives.graphql
  found     @sorted
`,
    );

    refuses(
      "directives in the wrong kind of file",
      [
        [books, "pages: Int", "pages: Int @default(value: 0)"],
        [client, "type Book {", 'type Book @key(fields: "id") {'],
      ],
      `
bff-web/schema.graphql:19:11  Book
  expected  @key in source schemas (schemas/) only
  found     it in a client schema

schemas/books.graphql:13:14  Book.pages
  expected  @default in client schemas (a BFF's folder) only
  found     it in a source schema
`,
    );

    refuses(
      "directives in the wrong place",
      [
        [books, "pages: Int", 'pages: Int @key(fields: "id")'],
        [client, 'type Writer @view(of: "Author") {', 'type Writer @view(of: "Author") @default(value: 1) {'],
      ],
      `
bff-web/schema.graphql:34:33  Writer
  expected  @default on FIELD_DEFINITION
  found     it on OBJECT

schemas/books.graphql:13:14  Book.pages
  expected  @key on OBJECT
  found     it on FIELD_DEFINITION
`,
    );

    refuses(
      "a directive twice",
      [[client, "@truncate(length: 40)", "@truncate(length: 40) @truncate(length: 50)"]],
      `
bff-web/schema.graphql:15:40  BookCard.title @truncate
  expected  @truncate once
  found     it again
`,
    );

    refuses(
      "misspelt arguments",
      [
        [books, "maxSize: 50", "maxsize: 50"],
        [client, "@default(value: 0)", "@default(value: 0, onerror: true)"],
      ],
      `
bff-web/schema.graphql:22:33  Book.pages @default
  expected  arguments value, onError
  found     argument onerror
  hint      did you mean "onError"?

schemas/books.graphql:7:82  Query.book @rest(batch:)
  expected  fields of, as, select, match, value, maxSize
  found     field maxsize
  hint      did you mean "maxSize"?
`,
    );

    refuses(
      "missing arguments",
      [
        [books, 'as: "ids", match: "id", maxSize', 'as: "ids", maxSize'],
        [client, "@truncate(length: 40)", "@truncate"],
        [authors, 'method: "ListAuthors"', "safe: true"],
      ],
      `
bff-web/schema.graphql:15:18  BookCard.title @truncate(length:)
  expected  argument length
  found     nothing

schemas/authors.graphql:13:57  Query.authors @grpc(method:)
  expected  argument method
  found     nothing

schemas/books.graphql:7:40  Query.book @rest(batch.match:)
  expected  field match
  found     nothing
`,
    );

    refuses(
      "an argument twice",
      [[client, "@truncate(length: 40)", "@truncate(length: 40, length: 50)"]],
      `
bff-web/schema.graphql:15:40  BookCard.title @truncate
  expected  length once
  found     it again
`,
    );

    refuses(
      "values of other types",
      [
        [books, 'select: "data"', "select: data"],
        [client, "@truncate(length: 40)", '@truncate(length: "40")'],
      ],
      `
bff-web/schema.graphql:15:36  BookCard.title @truncate(length:)
  expected  Int
  found     "40"

schemas/books.graphql:4:102  Query.books @rest(select:)
  expected  a FieldSelectionMap in quotes, for example "a.b"
  found     data
`,
    );

    refuses(
      "a directive that the file defines itself",
      [[client, "type Query {", "directive @truncate(length: Int) on FIELD_DEFINITION\n\ntype Query {"]],
      `
bff-web/schema.graphql:1:1  truncate
  expected  types, enums, inputs and scalars (what this version enforces)
  found     a definition of a directive
`,
    );
  });

  describe("constructs that this version does not enforce", () => {
    refuses(
      "subscriptions",
      [[client, "type Writer ", "type Subscription {\n  sold: Book\n}\n\ntype Writer "]],
      `
bff-web/schema.graphql:34:1  Subscription
  expected  Query and Mutation (what this version enforces)
  found     type Subscription
`,
    );

    refuses(
      "subscriptions and a schema definition in a source",
      [
        [
          books,
          "enum Genre {",
          "schema {\n  query: Query\n}\n\ntype Subscription {\n  sold: Book\n}\n\nenum Genre {",
        ],
        [
          authors,
          "input AuthorFilter {",
          "extend schema {\n  mutation: Writes\n}\n\ntype Writes {\n  _write: Int\n}\n\ninput AuthorFilter {",
        ],
      ],
      `
schemas/authors.graphql:17:3  schema
  expected  no schema definition: the root types are Query and Mutation
  found     mutation: Writes

schemas/authors.graphql:21:3  Writes._write
  expected  names without a leading underscore, which are the gateway's own
  found     _write

schemas/books.graphql:21:3  schema
  expected  no schema definition: the root types are Query and Mutation
  found     query: Query

schemas/books.graphql:24:1  Subscription
  expected  Query and Mutation (what this version enforces)
  found     type Subscription
`,
    );

    refuses(
      "an operation in a schema file",
      [[client, "type Query {", "query Books {\n  books {\n    id\n  }\n}\n\ntype Query {"]],
      `
bff-web/schema.graphql:1:1  Books
  expected  types, enums, inputs and scalars (what this version enforces)
  found     an operation
`,
    );
  });

  describe("what is no GraphQL schema", () => {
    refuses(
      "a type that the file does not define",
      [[books, "genre: Genre\n", "genre: Genres\n"]],
      `
schemas/books.graphql:14:10  Genres
  expected  a valid GraphQL schema
  found     Unknown type "Genres". Did you mean "Genre"?
`,
    );

    refuses(
      "a type and a field twice",
      [
        [books, "enum Genre {", "type Author {\n  name: String\n}\n\nenum Genre {"],
        [client, "  pages: Int @default(value: 0)\n", "  pages: Int @default(value: 0)\n  pages: Float\n"],
      ],
      `
bff-web/schema.graphql:23:3  pages
  expected  a valid GraphQL schema
  found     Field "Book.pages" can only be defined once.

schemas/books.graphql:29:6  Author
  expected  a valid GraphQL schema
  found     There can be only one type named "Author".
`,
    );

    refuses(
      "a type without fields",
      [
        [client, "enum Genre {", 'type Empty @view(of: "Book")\n\nenum Genre {'],
        [books, "enum Genre {", "type Nothing\n\nenum Genre {"],
      ],
      `
bff-web/schema.graphql:29:1  Empty
  expected  a valid GraphQL schema
  found     Type Empty must define one or more fields.

schemas/books.graphql:20:1  Nothing
  expected  a valid GraphQL schema
  found     Type Nothing must define one or more fields.
`,
    );

    refuses(
      "an object type as argument and an input type as value",
      [
        [
          authors,
          "authors(first: Int, filter: AuthorFilter)",
          "authors(first: Int, filter: AuthorPage = { items: [] })",
        ],
        [
          client,
          "books(first: Int = 5, genre: Genre): [BookCard!]",
          "books(first: Book = { id: 1 }, genre: Genre): Filter",
        ],
        [client, "enum Genre {", "input Filter {\n  id: ID\n}\n\nenum Genre {"],
      ],
      `
bff-web/schema.graphql:4:16  Query.books(first:)
  expected  a scalar, an enum or an input type
  found     the object type Book

bff-web/schema.graphql:4:49  Query.books
  expected  a scalar, an enum, an object type, an interface or a union
  found     the input type Filter

schemas/authors.graphql:13:31  Query.authors(filter:)
  expected  a scalar, an enum or an input type
  found     the object type AuthorPage

schemas/authors.graphql:13:71  Query.authors @grpc
  expected  a type that fits the request field filter: library.v1.AuthorFilter
  found     AuthorPage
`,
    );

    refuses(
      "defaults that are no values of their type",
      [
        [books, "books(first: Int = 10, genre: Genre)", 'books(first: Int = "ten", genre: Genre = NOVELL)'],
        [authors, "bornAfter: Int\n", "bornAfter: Int = 1.5\n"],
        [authors, "filter: AuthorFilter)", 'filter: AuthorFilter = { land: "DE" })'],
        [client, "newest(first: Int = 3)", "newest(first: Int = THREE)"],
      ],
      `
bff-web/schema.graphql:8:23  Shelf.newest(first:)
  expected  a value of type Int
  found     THREE

schemas/authors.graphql:13:54  Query.authors(filter:)
  expected  a field of AuthorFilter (bornAfter, country)
  found     land

schemas/authors.graphql:17:20  AuthorFilter.bornAfter
  expected  a value of type Int
  found     1.5

schemas/books.graphql:4:22  Query.books(first:)
  expected  a value of type Int
  found     "ten"

schemas/books.graphql:4:44  Query.books(genre:)
  expected  one of NOVEL, POETRY
  found     NOVELL
  hint      did you mean "NOVEL"?
`,
    );

    refuses(
      "an input that needs itself",
      [[authors, "bornAfter: Int\n", "bornAfter: Int\n  also: AuthorFilter!\n"]],
      `
bff-web/schema.graphql:10:61  Shelf.authors @from(field:)
  expected  also, which AuthorFilter requires
  found     {country: $args.country}

schemas/authors.graphql:13:57  Query.authors @grpc
  expected  fields of library.v1.AuthorFilter (born_after, country) in AuthorFilter, for filter
  found     also

schemas/authors.graphql:18:3  AuthorFilter.also
  expected  a valid GraphQL schema
  found     Cannot reference Input Object "AuthorFilter" within itself through a series of non-null fields: "also".
`,
    );
  });

  describe("@rest", () => {
    refuses(
      "a template with {+x}",
      [[books, "/books{?args.first,args.genre}", "/books{+args.first}{?args.genre}"]],
      `
schemas/books.graphql:4:68  Query.books @rest(GET:)
  expected  {name} or {?name}
  found     "{+args.first}"
`,
    );

    refuses(
      "a template with {#x}",
      [[books, "/books{?args.first,args.genre}", "/books{#args.first,args.genre}"]],
      `
schemas/books.graphql:4:68  Query.books @rest(GET:)
  expected  {name} or {?name}
  found     "{#args.first,args.genre}"
`,
    );

    refuses(
      "a template with {/x}",
      [[books, "/books{?args.first,args.genre}", "/books{/args.first}{?args.genre}"]],
      `
schemas/books.graphql:4:68  Query.books @rest(GET:)
  expected  {name} or {?name}
  found     "{/args.first}"
`,
    );

    refuses(
      "a template that does not begin with a slash",
      [[books, '"/books{?args.first,args.genre}"', '"books{?args.first,args.genre}"']],
      `
schemas/books.graphql:4:61  Query.books @rest(GET:)
  expected  a path that starts with /
  found     "books{?args.first,args.genre}"
`,
    );

    refuses(
      "a template that climbs",
      [[books, "/books/{parent.id}/similar", "/books/../{parent.id}/similar"]],
      `
schemas/books.graphql:17:32  Book.similar @rest(GET:)
  expected  a path without empty, dot or encoded-slash segments
  found     "/books/../{parent.id}/similar"
`,
    );

    refuses(
      "a template with a brace too few",
      [[books, "/books/{parent.id}/similar", "/books/{parent.id/similar"]],
      `
schemas/books.graphql:17:32  Book.similar @rest(GET:)
  expected  a path and query of URL characters, braces in pairs
  found     "/books/{parent.id/similar"
`,
    );

    refuses(
      "a template that starts the query twice",
      [[books, "/books{?args.first,args.genre}", "/books{?args.first}{?args.genre}"]],
      `
schemas/books.graphql:4:81  Query.books @rest(GET:)
  expected  {&name}, because the query has begun
  found     "{?args.genre}"
`,
    );

    refuses(
      "variables that are not there",
      [
        [books, "/books{?args.first,args.genre}", "/books{?args.frist,genre}"],
        [books, "/books/{parent.id}/similar", "/books/{parent.author}/{parnet.id}/similar"],
      ],
      `
schemas/books.graphql:4:69  Query.books @rest(GET:)
  expected  an argument of the field (first, genre)
  found     frist
  hint      did you mean "first"?

schemas/books.graphql:4:80  Query.books @rest(GET:)
  expected  a variable args.<name>, claims.<name>, headers.<name>
  found     {genre}
  hint      did you mean "args.genre"?

schemas/books.graphql:17:40  Book.similar @rest(GET:)
  expected  a scalar field of the type that needs no call (id, title, pages, genre, tags)
  found     author

schemas/books.graphql:17:56  Book.similar @rest(GET:)
  expected  a variable args.<name>, parent.<name>, claims.<name>, headers.<name>
  found     {parnet.id}
  hint      did you mean "parent.id"?
`,
    );

    refuses(
      "$parent on a root field",
      [[books, "/books{?args.first,args.genre}", "/books/{parent.id}{?args.first,args.genre}"]],
      `
schemas/books.graphql:4:69  Query.books @rest(GET:)
  expected  a variable args.<name>, claims.<name>, headers.<name>
  found     {parent.id}
`,
    );

    refuses(
      "a batch whose key list is not in the template",
      [[books, 'as: "ids", match: "id", maxSize: 50', 'as: "id", match: "id", maxSize: 50']],
      `
schemas/books.graphql:7:62  Query.book @rest(batch.as:)
  expected  a variable of the template, for example {?id*}
  found     "id"
  hint      did you mean "ids"?
`,
    );

    refuses(
      "a batch without a root in of",
      [
        [
          books,
          'of: "$args.id", as: "ids", match: "id", maxSize',
          'of: "id", as: "ids", match: "id", maxSize',
        ],
      ],
      `
schemas/books.graphql:7:47  Query.book @rest(batch.of:)
  expected  a path that starts at $args, $claims, $headers
  found     id
  hint      did you mean "$args.id"?
`,
    );

    refuses(
      "a batch of another shape than its match",
      [[books, 'match: "id", maxSize', 'match: "{ id: id }", maxSize']],
      `
schemas/books.graphql:7:76  Query.book @rest(batch.match:)
  expected  one path, as in of
  found     { id: id }
`,
    );

    refuses(
      "a batch of composite keys in a URL",
      [
        [
          books,
          'of: "$args.id", as: "ids", match: "id", maxSize',
          'of: "{ id: $args.id }", as: "ids", match: "{ id }", maxSize',
        ],
      ],
      `
schemas/books.graphql:7:46  Query.book @rest(batch.of:)
  expected  one path: a URL carries no composite keys
  found     an object of paths
`,
    );

    refuses(
      "a batch size out of range",
      [[books, "maxSize: 50", "maxSize: 0"]],
      `
schemas/books.graphql:7:91  Query.book @rest(batch.maxSize:)
  expected  1 to 10000
  found     0
`,
    );

    refuses(
      "a batch size above the range",
      [[books, "maxSize: 50", "maxSize: 10001"]],
      `
schemas/books.graphql:7:91  Query.book @rest(batch.maxSize:)
  expected  1 to 10000
  found     10001
`,
    );

    refuses(
      "a map that is none",
      [
        [books, 'select: "data"', 'select: "data[."'],
        [books, '"{ id: authorId }"', '"{ id: authorId"'],
      ],
      `
schemas/books.graphql:4:108  Query.books @rest(select:)
  expected  a name
  found     "."

schemas/books.graphql:16:46  Book.author @from(field:)
  expected  a field name or }
  found     the end
`,
    );

    refuses(
      "a map of the response with a root",
      [[books, 'select: "data"', 'select: "$args.first"']],
      `
schemas/books.graphql:4:103  Query.books @rest(select:)
  expected  a path into the backend's value, without a root
  found     $args.first
`,
    );

    refuses(
      "an argument that is not sent",
      [[books, "{?args.first,args.genre}", "{?args.first}"]],
      `
schemas/books.graphql:4:49  Query.books @rest
  expected  every argument used: {?args.genre} or query
  found     genre unused
`,
    );

    refuses(
      "a query pair twice",
      [
        [
          books,
          '/books{?args.first,args.genre}"',
          '/books{?args.first,args.genre}", query: { first: "$args.first" }',
        ],
      ],
      `
schemas/books.graphql:4:103  Query.books @rest(query.first:)
  expected  each query pair once
  found     first in the template and in query
`,
    );

    refuses(
      "a call of the other kind",
      [
        [books, '@rest(GET: "/books/{parent.id}/similar")', '@grpc(method: "Similar")'],
        [authors, '@grpc(method: "ListAuthors")', '@rest(GET: "/authors")'],
      ],
      `
schemas/authors.graphql:13:3  Query.authors
  expected  @grpc (the source is gRPC)
  found     @rest

schemas/books.graphql:17:3  Book.similar
  expected  @rest (the source is REST)
  found     @grpc
`,
    );

    refuses(
      "two calls",
      [
        [
          books,
          '@rest(GET: "/books/{parent.id}/similar")',
          '@rest(GET: "/books/{parent.id}/similar") @grpc(method: "Similar")',
        ],
      ],
      `
schemas/books.graphql:17:3  Book.similar
  expected  one call
  found     @rest and @grpc
`,
    );

    refuses(
      "a root field without a call",
      [[books, ' @rest(GET: "/books{?args.first,args.genre}", select: "data")', ""]],
      `
schemas/books.graphql:4:3  Query.books
  expected  @rest: every root field is a call
  found     none
`,
    );

    refuses(
      "a property with arguments",
      [[books, "pages: Int", "pages(unit: String): Int"]],
      `
schemas/books.graphql:13:3  Book.pages
  expected  @rest, or no arguments
  found     arguments on a field that is not a call
`,
    );

    refuses(
      "a call with @from",
      [
        [
          books,
          '@rest(GET: "/books/{parent.id}/similar")',
          '@rest(GET: "/books/{parent.id}/similar") @from(field: "list")',
        ],
      ],
      `
schemas/books.graphql:17:3  Book.similar
  expected  either a call or @from
  found     both
`,
    );
  });

  describe("what sources say of each other", () => {
    refuses(
      "a key of fields that are not there, are lists, calls or objects",
      [
        [
          books,
          'type Book @key(fields: "id") {',
          'type Book @key(fields: "isbn") @key(fields: "tags") @key(fields: "similar") @key(fields: "") @key(fields: "id id") {',
        ],
      ],
      `
schemas/books.graphql:10:24  Book @key(fields:)
  expected  fields of this type that are single scalars and need no call (id, title, pages, genre)
  found     isbn

schemas/books.graphql:10:45  Book @key(fields:)
  expected  fields of this type that are single scalars and need no call (id, title, pages, genre)
  found     tags

schemas/books.graphql:10:66  Book @key(fields:)
  expected  fields of this type that are single scalars and need no call (id, title, pages, genre)
  found     similar

schemas/books.graphql:10:90  Book @key(fields:)
  expected  field names, for example "id"
  found     none

schemas/books.graphql:10:107  Book @key(fields:)
  expected  each field once
  found     id again
`,
    );

    refuses(
      "a key of a root type",
      [[books, "type Query {", 'type Query @key(fields: "id") {']],
      `
schemas/books.graphql:3:12  Query @key
  expected  @key on a type that is not a root
  found     it on one
`,
    );

    refuses(
      "a lookup whose arguments are no key",
      [
        [books, "book(id: ID!): Book", "book(isbn: ID!): Book"],
        [
          books,
          'of: "$args.id", as: "ids", match: "id", maxSize',
          'of: "$args.isbn", as: "ids", match: "id", maxSize',
        ],
        [client, "  book(id: ID!): Book\n", ""],
      ],
      `
schemas/books.graphql:5:8  Query.book(isbn:)
  expected  arguments called like a key of Book: (id)
  found     isbn, which has to be given
  hint      say which field it means, for example isbn: … @is(field: "id")
`,
    );

    refuses(
      "a lookup that promises to find",
      [[books, "book(id: ID!): Book", "book(id: ID!): Book!"]],
      `
schemas/books.graphql:6:5  Query.book @lookup
  expected  a nullable object: a lookup may find nothing
  found     a list or a non-null type
`,
    );

    refuses(
      "a lookup of a list",
      [[books, "book(id: ID!): Book", "book(id: ID!): [Book!]"]],
      `
bff-web/schema.graphql:3:3  Query.book
  expected  a list, as Query.book is
  found     Book

schemas/books.graphql:6:5  Query.book @lookup
  expected  a nullable object: a lookup may find nothing
  found     a list or a non-null type
`,
    );

    refuses(
      "a lookup of a scalar",
      [
        [books, "book(id: ID!): Book", "book(id: ID!): String"],
        [client, "  book(id: ID!): Book\n", ""],
      ],
      `
schemas/books.graphql:6:5  Query.book @lookup
  expected  a field that returns an object
  found     String
`,
    );

    refuses(
      "a lookup that is no root field",
      [
        [
          books,
          '@rest(GET: "/books/{parent.id}/similar")',
          '@rest(GET: "/books/{parent.id}/similar") @lookup',
        ],
      ],
      `
schemas/books.graphql:17:61  Book.similar @lookup
  expected  @lookup on a field of Query
  found     it on Book.similar
`,
    );

    refuses(
      "a lookup of a type without a key",
      [[authors, 'type Author @key(fields: "id") {', "type Author {"]],
      `
schemas/authors.graphql:10:3  Query.author @lookup
  expected  @key on Author in schemas/authors.graphql
  found     (id)

schemas/books.graphql:26:3  Author.id
  expected  one source for the field, or @shareable in schemas/authors.graphql and in schemas/books.graphql
  found     it in both, without @shareable in schemas/authors.graphql
  hint      it is a @key of Author in the other file: make it one here, too
`,
    );

    refuses(
      "a field that two sources have",
      [
        [
          books,
          'type Author @key(fields: "id") {\n  id: ID!\n',
          'type Author @key(fields: "id") {\n  id: ID!\n  name: String\n',
        ],
      ],
      `
schemas/books.graphql:27:3  Author.name
  expected  one source for the field, or @shareable in schemas/authors.graphql and in schemas/books.graphql
  found     it in both, without @shareable in schemas/authors.graphql and schemas/books.graphql
  hint      remove it from one, call it differently in one, or mark both @shareable
`,
    );

    refuses(
      "a root field that two sources have",
      [
        [authors, "authors(first: Int,", "books(first: Int,"],
        [
          client,
          '  authors(country: String): [Writer!] @from(field: "authors(filter: { country: $args.country }).items")\n',
          "",
        ],
      ],
      `
bff-web/schema.graphql:4:25  Query.books(genre:)
  expected  an argument of Query.books (first)
  found     genre

bff-web/schema.graphql:8:3  Shelf.newest
  expected  no list, as books(first: $args.first) is
  found     [BookCard!]

bff-web/schema.graphql:9:42  Shelf.poems @from(field:)
  expected  an argument of Query.books (first)
  found     genre

schemas/books.graphql:4:3  Query.books
  expected  AuthorPage, as in schemas/authors.graphql
  found     [Book!]
  hint      call the field differently in one of them
`,
    );

    refuses(
      "a field of another type in another source",
      [
        [
          books,
          'type Author @key(fields: "id") {\n  id: ID!\n',
          'type Author @key(fields: "id") {\n  id: ID!\n  birthYear: String @shareable\n',
        ],
        [authors, "birthYear: Int\n}", "birthYear: Int @shareable\n}"],
      ],
      `
schemas/books.graphql:27:3  Author.birthYear
  expected  Int, as in schemas/authors.graphql
  found     String
  hint      call the field differently in one of them
`,
    );

    refuses(
      "an enum with other values and a name of two kinds",
      [
        [
          authors,
          "input AuthorFilter {",
          "enum Genre {\n  NOVEL\n  DRAMA\n}\n\nscalar Book\n\ninput AuthorFilter {",
        ],
      ],
      `
schemas/books.graphql:10:1  Book
  expected  a scalar, as in schemas/authors.graphql
  found     an object type
  hint      rename one of them

schemas/books.graphql:20:1  Genre
  expected  the same values as in schemas/authors.graphql, because Query.books(genre:) in schemas/books.graphql is sent them
  found     POETRY here only, DRAMA there only
  hint      make them equal, or rename one of them
`,
    );

    refuses(
      "an input type with other fields",
      [
        [
          books,
          "books(first: Int = 10, genre: Genre)",
          "books(first: Int = 10, genre: Genre, filter: AuthorFilter)",
        ],
        [books, "{?args.first,args.genre}", "{?args.first,args.genre,args.filter.bornAfter}"],
        [books, "enum Genre {", "input AuthorFilter {\n  bornAfter: Int = 1900\n}\n\nenum Genre {"],
      ],
      `
bff-web/schema.graphql:10:61  Shelf.authors @from(field:)
  expected  a field of AuthorFilter (bornAfter)
  found     country

schemas/books.graphql:21:3  AuthorFilter.bornAfter
  expected  no default, as in schemas/authors.graphql
  found     the default 1900
  hint      a default is one for all sources: make them equal, or leave both out
`,
    );

    refuses(
      "a reference that nobody can look up",
      [[authors, "\n    @lookup\n", "\n"]],
      `
schemas/authors.graphql:25:1  Author
  expected  a @lookup in schemas/authors.graphql that finds Author by id
  found     no way to name, birthYear of what comes from Book.author in schemas/books.graphql
  hint      add to Query in schemas/authors.graphql a field that returns Author, with @lookup and that key as its arguments
`,
    );

    refuses(
      "fields that no key leads to",
      [
        [
          authors,
          'type Author @key(fields: "id") {\n  id: ID!\n',
          'type Author @key(fields: "id") @key(fields: "name") {\n  id: ID!\n',
        ],
        [
          books,
          'type Author @key(fields: "id") {\n  id: ID!\n',
          'type Author @key(fields: "name") {\n  name: String!\n',
        ],
        [books, "{ id: authorId }", "{ name: authorName }"],
      ],
      `
schemas/authors.graphql:26:1  Author
  expected  a @lookup in schemas/authors.graphql that finds Author by name
  found     no way to id, birthYear of what comes from Book.author in schemas/books.graphql
  hint      add to Query in schemas/authors.graphql a field that returns Author, with @lookup and that key as its arguments
`,
    );

    refuses(
      "a type without a key whose rows differ",
      [
        [books, "enum Genre {", "type Page {\n  number: Int\n}\n\nenum Genre {"],
        [books, "pages: Int", "pages: Page"],
        [
          authors,
          "nextPageToken: String\n",
          'nextPageToken: Page @from(field: "{ number: next_page_token }")\n',
        ],
        [authors, "type Author @", "type Page {\n  token: String\n}\n\ntype Author @"],
        [client, "  pages: Int @default(value: 0)\n", ""],
      ],
      `
schemas/authors.graphql:23:37  AuthorPage.nextPageToken @from(field:)
  expected  all of Page built here, because it has no key to ask for the rest by
  found     no token

schemas/authors.graphql:26:1  Page
  expected  all of Page in schemas/books.graphql too, which sends it as Book.pages, or a @key and a @lookup
  found     no token
`,
    );

    refuses(
      "a mapping without the key",
      [[books, "{ id: authorId }", "{ name: authorName }"]],
      `
schemas/books.graphql:16:32  Book.author @from(field:)
  expected  a key of Author: { id }
  found     { name }
`,
    );

    refuses(
      "a mapping of a field that is not there",
      [[books, "{ id: authorId }", "{ id: authorId, nmae: authorName }"]],
      `
schemas/books.graphql:16:48  Book.author @from(field:)
  expected  a scalar field of Author (id, name, birthYear)
  found     nmae
`,
    );

    refuses(
      "a mapping to a scalar",
      [[books, "pages: Int", 'pages: Int @from(field: "{ count: pages }")']],
      `
schemas/books.graphql:13:28  Book.pages @from(field:)
  expected  a path, because Int has no fields
  found     { count: pages }
`,
    );

    refuses(
      "a mapping that is only sometimes one",
      [[books, "{ id: authorId }", "author | { id: authorId }"]],
      `
schemas/books.graphql:16:32  Book.author @from(field:)
  expected  alternatives that all build objects
  found     author | { id: authorId }
`,
    );
  });
});
