import { afterAll, describe } from "vitest";
import { ProjectFolders } from "./minimal-project.ts";
import { refusalTable } from "./refusals.ts";

const books = "schemas/books.graphql";
const authors = "schemas/authors.graphql";
const client = "bff-web/schema.graphql";

const folders = new ProjectFolders();
afterAll(() => folders.remove());
const refuses = refusalTable(folders);

describe("a start is refused for", () => {
  describe("@key", () => {
    refuses(
      "nested fields that are not part of the object",
      [[books, 'type Book @key(fields: "id") {', 'type Book @key(fields: "id author { nam }") {']],
      `
schemas/books.graphql:10:24  Book @key(fields:)
  expected  fields of Author that are single scalars and need no call (id)
  found     nam
`,
    );

    refuses(
      "an object without the fields that are meant",
      [[books, 'type Book @key(fields: "id") {', 'type Book @key(fields: "id author") {']],
      `
schemas/books.graphql:10:24  Book @key(fields:)
  expected  the fields of Author that are part of the key, as author { … }
  found     author
`,
    );

    refuses(
      "fields on such a type that are called like JavaScript's own",
      [[books, 'type Book @key(fields: "id") {', 'type Book @key(fields: "id") {\n  toString: String']],
      `
schemas/books.graphql:11:3  Book.toString
  expected  a field of a type with @key that is not called like one of JavaScript's own
  found     toString
  hint      call it differently in the schema, with @from in a REST or gRPC source or rename in a GraphQL one
`,
    );

    refuses(
      "more than names",
      [[books, 'type Book @key(fields: "id") {', 'type Book @key(fields: "id title(first: 1)") {']],
      `
schemas/books.graphql:10:24  Book @key(fields:)
  expected  field names separated by spaces, nested ones in braces, for example "id tenant { id }"
  found     id title(first: 1)
`,
    );
  });

  describe("@is", () => {
    refuses(
      "a field that is no part of a key",
      [[books, "book(id: ID!): Book", 'book(id: ID! @is(field: "titel")): Book']],
      `
schemas/books.graphql:5:27  Query.book(id:) @is(field:)
  expected  a field of a @key of Book ("id")
  found     titel
`,
    );

    refuses(
      "an argument of a field that is no lookup",
      [[books, "books(first: Int = 10, genre", 'books(first: Int = 10 @is(field: "id"), genre']],
      `
schemas/books.graphql:4:25  Query.books(first:) @is
  expected  @is on an argument of a @lookup field
  found     it on one of Query.books
`,
    );

    refuses(
      "several keys at once",
      [[books, "book(id: ID!): Book", 'book(id: ID! @is(field: "id | title")): Book']],
      `
schemas/books.graphql:5:28  Query.book(id:) @is(field:)
  expected  one key, without alternatives
  found     id | title
  hint      write one lookup field for each key
`,
    );

    refuses(
      "a root, an argument or a list",
      [
        [books, "book(id: ID!): Book", 'book(id: ID! @is(field: "$parent.id")): Book'],
        [authors, "author(id: ID!): Author", 'author(id: ID! @is(field: "id(scope: 1)")): Author'],
      ],
      `
schemas/authors.graphql:10:30  Query.author(id:) @is(field:)
  expected  a path without arguments
  found     id

schemas/books.graphql:5:28  Query.book(id:) @is(field:)
  expected  a path from the returned type, without a root
  found     $parent.id
`,
    );

    refuses(
      "an input type that is not mapped field by field",
      [
        [books, "enum Genre {", "input BookKey { id: ID! }\n\nenum Genre {"],
        [books, "book(id: ID!): Book", 'book(id: BookKey! @is(field: "id")): Book'],
        [books, 'of: "$args.id"', 'of: "$args.id.id"'],
        [client, "  book(id: ID!): Book\n", ""],
      ],
      `
schemas/books.graphql:5:33  Query.book(id:) @is(field:)
  expected  a map for each field of BookKey, as { id }
  found     id
`,
    );

    refuses(
      "an object of maps for a scalar, or with a field that is not there",
      [
        [books, "book(id: ID!): Book", 'book(id: ID! @is(field: "{ id }")): Book'],
        [books, "enum Genre {", "input BookKey { id: ID! }\n\nenum Genre {"],
        [books, "similar: [Book!]", "same(key: BookKey): Book"],
        [books, "/books/{parent.id}/similar", "/books/{parent.id}/same{?args.key.id}"],
        [
          books,
          "type Book @key",
          'extend type Query { bookBy(key: BookKey! @is(field: "{ isbn: id }")): Book @lookup @rest(GET: "/books/{args.key.id}") }\n\ntype Book @key',
        ],
        [client, "  similar: [BookCard!]\n", ""],
      ],
      `
schemas/books.graphql:5:28  Query.book(id:) @is(field:)
  expected  a path: ID has no fields
  found     an object

schemas/books.graphql:10:54  Query.bookBy(key:) @is(field:)
  expected  id, which BookKey requires
  found     { isbn: id }

schemas/books.graphql:10:56  Query.bookBy(key:) @is(field:)
  expected  a field of BookKey (id)
  found     isbn
`,
    );

    refuses(
      "another argument that has to be given",
      [
        [books, "book(id: ID!): Book", "book(id: ID!, locale: String!): Book"],
        [books, 'GET: "/books{?ids*}"', 'GET: "/books{?ids*,args.locale}"'],
        [client, "  book(id: ID!): Book\n", ""],
      ],
      `
schemas/books.graphql:5:17  Query.book(locale:)
  expected  arguments called like a key of Book: (id)
  found     locale, which has to be given
  hint      make it optional: a lookup by key leaves it out
`,
    );
  });

  describe("@require", () => {
    const withShelf = (field: string, more = ""): string =>
      `extend schema @source(name: "shelf", url: "http://localhost:7299")

type Book @key(fields: "id") {
  id: ID!
  ${field}
}
${more}`;

    const shelf = "schemas/shelf.graphql";

    refuses(
      "a field that is not there",
      [[shelf, withShelf('place(p: Int! @require(field: "page")): String @rest(GET: "/places/{args.p}")')]],
      `
schemas/shelf.graphql:5:34  Book.place(p:) @require(field:)
  expected  a field of Book (id, title, pages, genre, tags, author, similar, place)
  found     page
  hint      did you mean "pages"?
`,
    );

    refuses(
      "a value that does not fit",
      [[shelf, withShelf('place(p: Int! @require(field: "title")): String @rest(GET: "/places/{args.p}")')]],
      `
schemas/shelf.graphql:5:34  Book.place(p:) @require(field:)
  expected  a value of type Int
  found     Book.title: String
`,
    );

    refuses(
      "a path that ends at an object",
      [[shelf, withShelf('place(p: ID! @require(field: "author")): String @rest(GET: "/places/{args.p}")')]],
      `
schemas/shelf.graphql:5:33  Book.place(p:) @require(field:)
  expected  a field of Author (id, name, birthYear) at the end of the path
  found     Book.author, which is an object
`,
    );

    refuses(
      "a path that goes on behind a scalar",
      [
        [
          shelf,
          withShelf('place(p: ID! @require(field: "title.text")): String @rest(GET: "/places/{args.p}")'),
        ],
      ],
      `
schemas/shelf.graphql:5:39  Book.place(p:) @require(field:)
  expected  the end of the path: Book.title is String
  found     text
`,
    );

    refuses(
      "a root, or a default",
      [
        [
          shelf,
          withShelf(
            'place(p: ID! @require(field: "$parent.id"), q: Int = 1 @require(field: "pages")): String @rest(GET: "/places/{args.p}{?args.q}")',
          ),
        ],
      ],
      `
schemas/shelf.graphql:5:33  Book.place(p:) @require(field:)
  expected  a path from the object that the field belongs to, without a root
  found     $parent.id

schemas/shelf.graphql:5:58  Book.place(q:) @require
  expected  no default: without the value there is no call
  found     one
`,
    );

    refuses(
      "an argument of a root field",
      [[books, "books(first: Int = 10, genre", 'books(first: Int @require(field: "pages"), genre']],
      `
schemas/books.graphql:4:20  Query.books(first:) @require
  expected  @require on an argument of an object's field that is fetched by @rest or @grpc
  found     it on one of Query.books
`,
    );

    refuses(
      "an object without what the input type requires",
      [
        [
          shelf,
          withShelf(
            'place(size: Size! @require(field: "{ width: pages }")): String @rest(GET: "/places{?args.size.height,args.size.width}")',
            "\ninput Size { height: Int! width: Int }\n",
          ),
        ],
      ],
      `
schemas/shelf.graphql:5:38  Book.place(size:) @require(field:)
  expected  height, which Size requires
  found     { width: pages }
`,
    );

    refuses(
      "a list where one value is meant",
      [
        [
          shelf,
          withShelf('place(p: String! @require(field: "tags")): String @rest(GET: "/places/{args.p}")'),
        ],
      ],
      `
schemas/shelf.graphql:5:37  Book.place(p:) @require(field:)
  expected  a value of type String
  found     Book.tags: [String]
`,
    );

    refuses(
      "arguments that are no constants of the field",
      [
        [
          shelf,
          withShelf(
            'place(p: String! @require(field: "title(length: 3)")): String @rest(GET: "/places/{args.p}")',
          ),
        ],
      ],
      `
schemas/shelf.graphql:5:43  Book.place(p:) @require(field:)
  expected  an argument of Book.title (it has none)
  found     length
`,
    );

    refuses(
      "a field that requires itself",
      [
        [
          shelf,
          withShelf('place(p: String! @require(field: "place")): String @rest(GET: "/places/{args.p}")'),
        ],
      ],
      `
schemas/shelf.graphql:5:36  Book.place(p:) @require(field:)
  expected  fields that can be read without Book.place
  found     Book.place → Book.place
  hint      let one of them read something else: schemas/shelf.graphql
`,
    );

    refuses(
      "fields of two sources that require each other, through another object",
      [
        [
          shelf,
          withShelf(
            'place(fame: Int! @require(field: "author.fame")): String @rest(GET: "/places{?args.fame}")\n  author: Author @shareable @from(field: "{ id: authorId }")',
            '\ntype Author @key(fields: "id") { id: ID! best: Book @rest(GET: "/authors/{parent.id}/best") }\n',
          ).replace('  author: Author @shareable @from(field: "{ id: authorId }")\n', ""),
        ],
        [
          "schemas/fame.graphql",
          `extend schema @source(name: "fame", url: "http://localhost:7298")

type Author @key(fields: "id") {
  id: ID!
  fame(place: String! @require(field: "best.place")): Int @rest(GET: "/fame/{args.place}")
}
`,
        ],
      ],
      `
schemas/fame.graphql:5:39  Author.fame(place:) @require(field:)
  expected  fields that can be read without Author.fame
  found     Author.fame → Book.place → Author.fame
  hint      let one of them read something else: schemas/fame.graphql, schemas/shelf.graphql
`,
    );

    refuses(
      "an argument that the client gives",
      [
        [
          shelf,
          withShelf('place(p: String! @require(field: "title")): String @rest(GET: "/places/{args.p}")'),
        ],
        [
          client,
          "  pages: Int @default(value: 0)\n",
          "  pages: Int @default(value: 0)\n  place(p: String!): String\n",
        ],
      ],
      `
bff-web/schema.graphql:23:9  Book.place(p:)
  expected  an argument of Book.place (it has none)
  found     p
`,
    );
  });
});
