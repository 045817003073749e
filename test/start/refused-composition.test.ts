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
});
