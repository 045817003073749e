import { afterAll, describe } from "vitest";
import { type Edit, ProjectFolders } from "./minimal-project.ts";
import { refusalTable } from "./refusals.ts";

const books = "schemas/books.graphql";
const authors = "schemas/authors.graphql";
const client = "bff-web/schema.graphql";
const proto = "protos/library/v1/authors.proto";

const folders = new ProjectFolders();
afterAll(() => folders.remove());
const refuses = refusalTable(folders);

/** A union and an interface of the books source. */
const finds: Edit = [
  books,
  "enum Genre {",
  `extend type Query {
  finds: [Find] @rest(GET: "/finds")
  works: [Work] @rest(GET: "/works")
}

union Find @discriminator(field: "kind") = Book | Tome

interface Work @discriminator(field: "kind") {
  id: ID!
}

type Tome implements Work {
  id: ID!
  size: Int
}

enum Genre {`,
];

describe("a start is refused for", () => {
  describe("interfaces and unions of source schemas", () => {
    refuses(
      "a discriminator without field and mapping, and one that is no path",
      [
        [
          books,
          "enum Genre {",
          `interface Work @discriminator {
  id: ID!
}

union Find @discriminator(field: "{ kind }") = Book | Tome

type Tome implements Work {
  id: ID!
}

enum Genre {`,
        ],
      ],
      `
schemas/books.graphql:20:16  Work @discriminator
  expected  field, mapping or both
  found     neither

schemas/books.graphql:24:34  Find @discriminator(field:)
  expected  a path to the text that tells the type
  found     { kind }
`,
    );

    refuses(
      "a mapping to a type that is no member, and a value twice",
      [
        [
          books,
          "enum Genre {",
          `union Find
  @discriminator(
    field: "kind"
    mapping: [{ value: "b", type: "Bok" }, { value: "t", type: "Tome" }, { value: "t", type: "Book" }]
  ) = Book | Tome

type Tome {
  id: ID!
}

enum Genre {`,
        ],
      ],
      `
schemas/books.graphql:23:15  Find @discriminator(mapping:)
  expected  a member of the union (Book, Tome)
  found     Bok
  hint      did you mean "Book"?

schemas/books.graphql:23:74  Find @discriminator(mapping:)
  expected  each value once
  found     "t" again
`,
    );

    refuses(
      "a discriminator with a root, with arguments, or with a type condition",
      [
        [
          books,
          "enum Genre {",
          `union A @discriminator(field: "$args.kind") = Book

union B @discriminator(field: "kind(of: 1)") = Book

union C @discriminator(field: "meta<Book>.kind") = Book

enum Genre {`,
        ],
      ],
      `
schemas/books.graphql:20:32  A @discriminator(field:)
  expected  a path into the backend's value, without a root
  found     $args.kind

schemas/books.graphql:22:32  B @discriminator(field:)
  expected  a path without arguments
  found     kind

schemas/books.graphql:24:36  C @discriminator(field:)
  expected  a path without a type condition: what a backend sends has no GraphQL types
  found     <Book>
`,
    );

    refuses(
      "@discriminator on a type, and in a client schema",
      [
        [
          books,
          'type Book @key(fields: "id") {',
          'type Book @key(fields: "id") @discriminator(field: "kind") {',
        ],
        [
          client,
          "type Writer ",
          `union Find @discriminator(field: "kind") = Book | Writer

type Writer `,
        ],
      ],
      `
bff-web/schema.graphql:34:1  Find
  expected  the name of a supergraph interface or union, or @view(of:) with one
  found     Find

bff-web/schema.graphql:34:12  Find
  expected  @discriminator in source schemas (schemas/) only
  found     it in a client schema

schemas/books.graphql:10:30  Book
  expected  @discriminator on INTERFACE or UNION
  found     it on OBJECT
`,
    );

    refuses(
      "an interface that no type implements",
      [
        [
          books,
          "enum Genre {",
          `interface Work {
  id: ID!
}

enum Genre {`,
        ],
      ],
      `
schemas/books.graphql:20:1  Work
  expected  a type that implements it, because every object is of one
  found     none in this file
`,
    );

    refuses(
      "directives on the fields of an interface",
      [
        [
          books,
          "enum Genre {",
          `interface Work {
  id: ID! @from(field: "key")
  title: String @rest(GET: "/title")
}

type Tome implements Work {
  id: ID!
  title: String
}

enum Genre {`,
        ],
      ],
      `
schemas/books.graphql:21:11  Work.id @from
  expected  no directive on a field of an interface: write it on the types that implement it
  found     @from

schemas/books.graphql:22:17  Work.title @rest
  expected  no directive on a field of an interface: write it on the types that implement it
  found     @rest
`,
    );

    refuses(
      "a key on an interface",
      [
        [
          books,
          "enum Genre {",
          `interface Work @key(fields: "id") {
  id: ID!
}

type Tome implements Work {
  id: ID!
}

enum Genre {`,
        ],
      ],
      `
schemas/books.graphql:20:16  Work
  expected  @key on OBJECT
  found     it on INTERFACE
`,
    );

    refuses(
      "a lookup that finds objects of several types",
      [
        [
          books,
          "enum Genre {",
          `extend type Query {
  find(id: ID!): Find @lookup @rest(GET: "/find/{args.id}")
}

union Find = Book

enum Genre {`,
        ],
      ],
      `
schemas/books.graphql:21:23  Query.find @lookup
  expected  a field that returns an object
  found     Find, of several types
  hint      give each type of Find a lookup of its own
`,
    );

    refuses(
      "a type without a field of its interface, and a union of scalars",
      [
        [
          books,
          "enum Genre {",
          `interface Work {
  id: ID!
  title: String
}

type Tome implements Work {
  id: ID!
}

union Either = Genre

enum Genre {`,
        ],
      ],
      `
schemas/books.graphql:22:3  Work.title
  expected  a valid GraphQL schema
  found     Interface field Work.title expected but Tome does not provide it.

schemas/books.graphql:29:16  Genre
  expected  a valid GraphQL schema
  found     Union type Either can only include Object types, it cannot include Genre.
`,
    );

    refuses(
      "a union as an argument",
      [
        [
          books,
          "enum Genre {",
          `extend type Query {
  find(like: Find): Int @rest(GET: "/find{?args.like}")
}

union Find = Book

enum Genre {`,
        ],
      ],
      `
schemas/books.graphql:21:14  Query.find(like:)
  expected  a scalar, an enum or an input type
  found     the union Find
`,
    );

    refuses(
      "an interface in one source that is a union or a type in another",
      [
        [
          books,
          "enum Genre {",
          `interface AuthorPage {
  id: ID!
}

type Tome implements AuthorPage {
  id: ID!
}

union AuthorFilter = Tome

enum Genre {`,
        ],
      ],
      `
schemas/books.graphql:20:1  AuthorPage
  expected  an object type, as in schemas/authors.graphql
  found     an interface
  hint      rename one of them

schemas/books.graphql:28:1  AuthorFilter
  expected  an input type, as in schemas/authors.graphql
  found     a union
  hint      rename one of them
`,
    );

    refuses(
      "an interface whose types lack a field that another source gives it",
      [
        [
          books,
          "enum Genre {",
          `extend type Query {
  works: [Work] @rest(GET: "/works")
}

interface Work {
  id: ID!
  title: String
}

type Tome implements Work {
  id: ID!
  title: String
}

enum Genre {`,
        ],
        [
          authors,
          "input AuthorFilter {",
          `interface Work {
  id: ID!
}

type Letter implements Work {
  id: ID!
}

input AuthorFilter {`,
        ],
      ],
      `
schemas/authors.graphql:20:1  Letter
  expected  title: String, because Work has it in schemas/books.graphql
  found     none
`,
    );

    refuses(
      "an interface whose field has other types in two sources",
      [
        [
          books,
          "enum Genre {",
          `interface Work {
  id: ID!
  size: Int
}

type Tome implements Work {
  id: ID!
  size: Int
}

enum Genre {`,
        ],
        [
          authors,
          "input AuthorFilter {",
          `interface Work {
  id: ID!
  size: [String]
}

type Letter implements Work {
  id: ID!
  size: [String]
}

input AuthorFilter {`,
        ],
      ],
      `
schemas/authors.graphql:23:3  Letter.size
  expected  size: Int, because Work has it in schemas/books.graphql
  found     [String]

schemas/books.graphql:22:3  Work.size
  expected  [String], as in schemas/authors.graphql
  found     Int
  hint      call the field differently in one of them

schemas/books.graphql:27:3  Tome.size
  expected  size: [String], because Work has it in schemas/authors.graphql
  found     Int
`,
    );

    refuses(
      "a built object that does not tell its type, or has no key",
      [
        [
          books,
          "similar: [Book!]",
          `about: Subject @from(field: "{ id: aboutId }")
  on: Subject @from(field: "{ kind: onKind }")
  with: Subject @from(field: "{ kind, id, size }")
  similar: [Book!]`,
        ],
        [
          books,
          "enum Genre {",
          `union Subject @discriminator(field: "kind") = Book | Author

enum Genre {`,
        ],
      ],
      `
schemas/books.graphql:17:32  Book.about @from(field:)
  expected  kind, which tells which Subject it is
  found     { id }

schemas/books.graphql:18:29  Book.on @from(field:)
  expected  a key of Book: { id }
  found     { kind }

schemas/books.graphql:18:29  Book.on @from(field:)
  expected  a key of Author: { id }
  found     { kind }

schemas/books.graphql:19:43  Book.with @from(field:)
  expected  a scalar field of Subject (id, title, pages, genre, tags, name, birthYear)
  found     size
`,
    );

    refuses(
      "a gRPC message of several types that does not say which, and a discriminator that it does not have",
      [
        [
          authors,
          'items: [Author!]! @from(field: "authors")',
          `items: [Author!]! @from(field: "authors")
  some: [Person] @from(field: "authors")
  others: [Other] @from(field: "authors")`,
        ],
        [
          authors,
          "input AuthorFilter {",
          `union Person = Author

union Other @discriminator(field: "knd") = Author

input AuthorFilter {`,
        ],
      ],
      `
schemas/authors.graphql:18:36  Other @discriminator(field:)
  expected  a field of library.v1.Author (id, name, birth_year)
  found     knd

schemas/authors.graphql:27:3  AuthorPage.some
  expected  @discriminator(field:) on Person, because no message has a __typename
  found     none for library.v1.Author
`,
    );

    refuses(
      "a scalar of a gRPC message as a union",
      [
        [
          authors,
          'items: [Author!]! @from(field: "authors")',
          `items: [Author!]! @from(field: "authors")
  token: Person @from(field: "next_page_token")`,
        ],
        [
          authors,
          "input AuthorFilter {",
          `union Person = Author

input AuthorFilter {`,
        ],
      ],
      `
schemas/authors.graphql:25:3  AuthorPage.token
  expected  an object type or a scalar, because the value is one thing
  found     Person
`,
    );

    refuses(
      "a oneof whose members are called otherwise",
      [
        [
          proto,
          `  repeated Author authors = 1;
  string next_page_token = 2;
`,
          `  repeated Author authors = 1;
  string next_page_token = 2;
  oneof best_find {
    Author found_author = 3;
    string found_name = 4;
  }
`,
        ],
        [
          authors,
          'items: [Author!]! @from(field: "authors")',
          `items: [Author!]! @from(field: "authors")
  bestFind: Find
  odd: Odd @from(field: "bestFind")
  plain: Author @from(field: "bestFind")
  text: String @from(field: "bestFind")`,
        ],
        [
          authors,
          "input AuthorFilter {",
          `union Find = Author | Name

type Name {
  found: String
}

union Odd @discriminator(field: "kind", mapping: [{ value: "found_nam", type: "Author" }]) = Author

input AuthorFilter {`,
        ],
      ],
      `
schemas/authors.graphql:22:33  Odd @discriminator(field:)
  expected  no field: the oneof best_find says which of its members is set
  found     kind

schemas/authors.graphql:22:50  Odd @discriminator(mapping:)
  expected  a member of the oneof best_find (found_author, found_name)
  found     found_nam
  hint      did you mean "found_name"?

schemas/authors.graphql:31:3  AuthorPage.bestFind
  expected  types that are called like the members of best_find (found_author: FoundAuthor or Author, found_name: FoundName)
  found     Name
  hint      or map the member to the type with @discriminator(mapping:)

schemas/authors.graphql:33:3  AuthorPage.plain
  expected  a union, because the value is a oneof of several messages
  found     the object type Author

schemas/authors.graphql:34:3  AuthorPage.text
  expected  a union, because the value is a oneof of several messages
  found     String for best_find
`,
    );
  });

  describe("interfaces and unions of client schemas", () => {
    refuses(
      "a union that the supergraph does not have, and one that shows an object type",
      [
        finds,
        [
          client,
          "type Writer ",
          `union Finds = Book | BookCard

union Any @view(of: "Book") = Writer

union Author = Writer

interface Tome {
  id: ID!
}

interface Work @view(of: "Wrk") {
  id: ID!
}

type Writer `,
        ],
      ],
      `
bff-web/schema.graphql:34:1  Finds
  expected  the name of a supergraph interface or union, or @view(of:) with one
  found     Finds
  hint      did you mean "Find"?

bff-web/schema.graphql:36:21  Any @view(of:)
  expected  an interface or a union of the supergraph
  found     the object type Book

bff-web/schema.graphql:38:1  Author
  expected  the name of a supergraph interface or union, or @view(of:) with one
  found     the object type Author

bff-web/schema.graphql:40:1  Tome
  expected  a name that no object type of the supergraph has, or @view(of:) with an interface or a union
  found     the object type Tome

bff-web/schema.graphql:44:26  Work @view(of:)
  expected  an interface or a union of the supergraph
  found     Wrk
  hint      did you mean "Work"?
`,
    );

    refuses(
      "two views of one type, and a member of another type, in one union",
      [
        finds,
        [
          client,
          "  shelf: Shelf!",
          `  shelf: Shelf!
  finds: [Find]`,
        ],
        [
          client,
          "type Writer ",
          `union Find = Book | BookCard | Writer

type Writer `,
        ],
      ],
      `
bff-web/schema.graphql:35:1  Find
  expected  one member that shows Book: an object can't tell which of two it should be
  found     Book and BookCard

bff-web/schema.graphql:35:1  Find
  expected  members that show types of Find (Book, Tome)
  found     Writer, which shows Author
`,
    );

    refuses(
      "an interface that shows one and that no type implements",
      [
        finds,
        [
          client,
          "type Writer ",
          `interface Work {
  id: ID!
}

type Writer `,
        ],
      ],
      `
bff-web/schema.graphql:34:1  Work
  expected  a type that implements it, because every object is of one
  found     none
`,
    );

    refuses(
      "a field that returns a client's own interface, or a union instead of a member",
      [
        finds,
        [
          client,
          "  shelf: Shelf!",
          `  shelf: Shelf!
  node: Node @from(field: "book(id: 1)")
  find: [Find] @from(field: "books")
  finds: [Book]
  works: [Find]`,
        ],
        [
          client,
          "type Writer ",
          `interface Node {
  id: ID!
}

union Find = Book

type Tome implements Node {
  id: ID!
}

type Writer `,
        ],
      ],
      `
bff-web/schema.graphql:3:3  Query.node
  expected  a type that shows Book
  found     Node, which shows nothing of the supergraph
  hint      BookCard or Book does

bff-web/schema.graphql:4:3  Query.find
  expected  a type that shows Book
  found     [Find], which shows Find
  hint      BookCard or Book does

bff-web/schema.graphql:5:3  Query.finds
  expected  a type that shows Find
  found     [Book], which shows Book
  hint      Find does

bff-web/schema.graphql:6:3  Query.works
  expected  a type that shows Work
  found     [Find], which shows Find
  hint      declare a type with @view(of: "Work")
`,
    );

    refuses(
      "directives on the fields of an interface",
      [
        finds,
        [
          client,
          "type Writer ",
          `interface Node {
  id: ID! @from(field: "key")
  title: String @truncate(length: 3)
}

type Writer `,
        ],
      ],
      `
bff-web/schema.graphql:35:11  Node.id @from
  expected  no directive on a field of an interface: write it on the types that implement it
  found     @from

bff-web/schema.graphql:36:17  Node.title @truncate
  expected  no directive on a field of an interface: write it on the types that implement it
  found     @truncate
`,
    );

    refuses(
      "paths through interfaces and unions to fields that they do not have, and wrong type conditions",
      [
        finds,
        [
          client,
          "  shelf: Shelf!",
          `  shelf: Shelf!
  a: [ID] @from(field: "works.idd")
  b: [Int] @from(field: "works.size")
  c: [Int] @from(field: "finds.size")
  d: [Int] @from(field: "finds<Tom>.size")
  e: [String] @from(field: "books<Book>.title")
  f: [Int] @from(field: "finds<Tome>.pages")
  g: [ID] @from(field: "finds<Tome.id")
  h: [ID] @from(field: "<Query>.finds")`,
        ],
      ],
      `
bff-web/schema.graphql:3:31  Query.a @from(field:)
  expected  a field of Work (id)
  found     idd
  hint      did you mean "id"?

bff-web/schema.graphql:4:32  Query.b @from(field:)
  expected  a field of Work (id)
  found     size
  hint      Tome has it: write <Tome> before the point

bff-web/schema.graphql:5:32  Query.c @from(field:)
  expected  a field of Find (it has none of its own)
  found     size
  hint      Tome has it: write <Tome> before the point

bff-web/schema.graphql:6:32  Query.d @from(field:)
  expected  a type of Find (Book, Tome)
  found     Tom
  hint      did you mean "Tome"?

bff-web/schema.graphql:7:35  Query.e @from(field:)
  expected  no type condition: this is no interface and no union
  found     Book

bff-web/schema.graphql:8:38  Query.f @from(field:)
  expected  a field of Tome (id, size)
  found     pages

bff-web/schema.graphql:9:35  Query.g @from(field:)
  expected  >
  found     ".id"

bff-web/schema.graphql:10:25  Query.h @from(field:)
  expected  a field before the type condition
  found     "<Query>.finds"
`,
    );

    refuses(
      "a type that shows a union's own fields",
      [
        finds,
        [
          client,
          "type Writer ",
          `type FindRow @view(of: "Find") {
  id: ID!
}

type Writer `,
        ],
      ],
      `
bff-web/schema.graphql:35:3  FindRow.id
  expected  a field of Find (it has none of its own)
  found     id
`,
    );

    refuses(
      "a leaf where an interface is",
      [
        finds,
        [
          client,
          "  shelf: Shelf!",
          `  shelf: Shelf!
  works: [String]
  titles: [Work] @from(field: "books.title")`,
        ],
        [
          client,
          "type Writer ",
          `interface Work {
  id: ID!
}

type Tome implements Work {
  id: ID!
}

type Writer `,
        ],
      ],
      `
bff-web/schema.graphql:3:3  Query.works
  expected  a type that shows Work
  found     [String]
  hint      let the path go on to a field of Work

bff-web/schema.graphql:4:3  Query.titles
  expected  String or ID, because Book.title is String
  found     the interface Work
`,
    );
  });
});
