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
  describe("a client schema", () => {
    refuses(
      "a type that the supergraph does not have",
      [
        [client, 'type Writer @view(of: "Author") {', 'type Writer @view(of: "Autor") {'],
        [client, 'type BookCard @view(of: "Book") {', "type BookCard {"],
      ],
      `
bff-web/schema.graphql:13:1  BookCard
  expected  the name of a supergraph type, or @view(of:) with one
  found     BookCard

bff-web/schema.graphql:34:23  Writer @view(of:)
  expected  a type of the supergraph
  found     Autor
  hint      did you mean "Author"?
`,
    );

    refuses(
      "a field that the supergraph does not have",
      [[client, "  tags: [String!]\n", "  tag: [String!]\n"]],
      `
bff-web/schema.graphql:24:3  Book.tag
  expected  a field of Book (id, title, pages, genre, tags, author, similar)
  found     tag
  hint      did you mean "tags"?
`,
    );

    refuses(
      "a path that does not lead anywhere",
      [
        [client, '"author.name"', '"author.nmae"'],
        [client, '"birthYear"', '"birthYear.century"'],
      ],
      `
bff-web/schema.graphql:16:39  BookCard.writer @from(field:)
  expected  a field of Author (id, name, birthYear)
  found     nmae
  hint      did you mean "name"?

bff-web/schema.graphql:37:37  Writer.born @from(field:)
  expected  the end of the path: Author.birthYear is Int
  found     century
`,
    );

    refuses(
      "a path with syntax errors",
      [
        [client, '"author.name"', '"author..name"'],
        [client, '"books(genre: POETRY)"', '"books(genre POETRY)"'],
      ],
      `
bff-web/schema.graphql:9:48  Shelf.poems @from(field:)
  expected  :
  found     "POETRY)"

bff-web/schema.graphql:16:39  BookCard.writer @from(field:)
  expected  a name
  found     ".name"
`,
    );

    refuses(
      "a mapping instead of a path",
      [
        [client, '"author.name"', '"{ name: author.name }"'],
        [client, '"birthYear"', '"$parent.birthYear"'],
      ],
      `
bff-web/schema.graphql:16:32  BookCard.writer @from(field:)
  expected  a path from the supergraph type (what this version enforces in client schemas)
  found     { name: author.name }

bff-web/schema.graphql:37:27  Writer.born @from(field:)
  expected  a path from the supergraph type (what this version enforces in client schemas)
  found     $parent
`,
    );

    refuses(
      "unknown arguments",
      [
        [
          client,
          "books(first: Int = 5, genre: Genre): [BookCard!]",
          "books(frist: Int = 5, genre: Genre): [BookCard!]",
        ],
        [client, '"books(genre: POETRY)"', '"books(gender: POETRY)"'],
      ],
      `
bff-web/schema.graphql:4:9  Query.books(frist:)
  expected  an argument of Query.books (first, genre)
  found     frist
  hint      did you mean "first"?

bff-web/schema.graphql:9:42  Shelf.poems @from(field:)
  expected  an argument of Query.books (first, genre)
  found     gender
  hint      did you mean "genre"?
`,
    );

    refuses(
      "arguments of other types",
      [
        [
          client,
          "books(first: Int = 5, genre: Genre): [BookCard!]",
          "books(first: String, genre: [Genre!]): [BookCard!]",
        ],
        [client, '"books(first: $args.first)"', '"books(first: $args.first, genre: POEM)"'],
      ],
      `
bff-web/schema.graphql:4:9  Query.books(first:)
  expected  a value for first: Int
  found     $args.first: String

bff-web/schema.graphql:4:24  Query.books(genre:)
  expected  a value for genre: Genre
  found     $args.genre: [Genre!]

bff-web/schema.graphql:8:79  Shelf.newest @from(field:)
  expected  one of NOVEL, POETRY
  found     POEM
`,
    );

    refuses(
      "nested arguments that do not fit",
      [
        [
          client,
          "{ country: $args.country }",
          "{ land: $args.country, bornAfter: $args.country, country: $args.county }",
        ],
      ],
      `
bff-web/schema.graphql:10:61  Shelf.authors @from(field:)
  expected  a field of AuthorFilter (bornAfter, country)
  found     land

bff-web/schema.graphql:10:61  Shelf.authors @from(field:)
  expected  a value of type Int
  found     $args.country: String

bff-web/schema.graphql:10:61  Shelf.authors @from(field:)
  expected  an argument of the client field (country)
  found     $args.county
  hint      did you mean "country"?
`,
    );

    refuses(
      "arguments that are not used",
      [
        [client, '"books(genre: POETRY)"', '"books(first: 2)"'],
        [client, "poems: [BookCard!]", "poems(genre: Genre): [BookCard!]"],
      ],
      `
bff-web/schema.graphql:9:9  Shelf.poems(genre:)
  expected  every argument used in @from, as $args.genre
  found     no $args.genre in the path
`,
    );

    refuses(
      "a required argument that is missing",
      [[client, "  book(id: ID!): Book\n", '  book: Book\n  first: Book @from(field: "book")\n']],
      `
bff-web/schema.graphql:3:3  Query.book
  expected  a value for id: ID!, which Query.book requires
  found     none
  hint      add the argument: book(id: ID!)

bff-web/schema.graphql:4:29  Query.first @from(field:)
  expected  a value for id: ID!, which Query.book requires
  found     none
  hint      for example book(id: $args.id)
`,
    );

    refuses(
      "an optional argument for a required one",
      [[client, "  book(id: ID!): Book\n", "  book(id: ID): Book\n"]],
      `
bff-web/schema.graphql:3:8  Query.book(id:)
  expected  a value for id: ID!
  found     $args.id: ID
`,
    );

    refuses(
      "input types and enums that do not fit",
      [
        [
          client,
          'authors(country: String): [Writer!] @from(field: "authors(filter: { country: $args.country }).items")',
          'authors(filter: AuthorFilter): [Writer!] @from(field: "authors(filter: $args.filter).items")',
        ],
        [
          client,
          "enum Genre {",
          "input AuthorFilter {\n  country: String\n  alive: Boolean\n}\n\nenum Genre {",
        ],
        [client, "  POETRY\n", "  POETRY\n  DRAMAS\n"],
      ],
      `
bff-web/schema.graphql:4:25  Query.books(genre:)
  expected  a value for genre: Genre, which has no DRAMAS
  found     $args.genre: Genre

bff-web/schema.graphql:10:66  Shelf.authors @from(field:)
  expected  a value for filter: AuthorFilter, which has no field alive
  found     $args.filter: AuthorFilter

bff-web/schema.graphql:37:3  Genre.DRAMAS
  expected  one of the supergraph's values NOVEL, POETRY
  found     DRAMAS
`,
    );

    refuses(
      "a list where there is none, and none where there is one",
      [
        [
          client,
          'writer: String @from(field: "author.name")',
          'writer: [String!] @from(field: "author.name")',
        ],
        [client, "poems: [BookCard!] ", "poems: BookCard "],
        [client, "  shelf: Shelf!", '  titles: String @from(field: "books.title")\n  shelf: Shelf!'],
      ],
      `
bff-web/schema.graphql:2:3  Query.titles
  expected  a list, as books.title is
  found     String
  hint      a path through a list keeps the list

bff-web/schema.graphql:10:3  Shelf.poems
  expected  a list, as books(genre: POETRY) is
  found     BookCard

bff-web/schema.graphql:17:3  BookCard.writer
  expected  no list, as author.name is
  found     [String!]
`,
    );

    refuses(
      "leaves of other types",
      [
        [client, "  pages: Int @default(value: 0)\n", "  pages: String\n"],
        [client, "  title: String! @truncate(length: 40)\n", "  title: Int!\n"],
        [client, "  genre: Genre\n", "  genre: Boolean\n"],
        [client, "  tags: [String!]\n", "  tags: [BookCard!]\n"],
      ],
      `
bff-web/schema.graphql:15:3  BookCard.title
  expected  String or ID, because Book.title is String
  found     Int

bff-web/schema.graphql:22:3  Book.pages
  expected  Int or Float or ID, because Book.pages is Int
  found     String

bff-web/schema.graphql:23:3  Book.genre
  expected  Genre or String, because Book.genre is Genre
  found     Boolean

bff-web/schema.graphql:24:3  Book.tags
  expected  String or ID, because Book.tags is String
  found     the object type BookCard
`,
    );

    refuses(
      "objects of other types",
      [
        [client, "  author: Writer\n", "  author: BookCard\n"],
        [client, "similar: [BookCard!]", "similar: [String!]"],
      ],
      `
bff-web/schema.graphql:25:3  Book.author
  expected  a type that shows Author
  found     BookCard, which shows Book
  hint      Writer does

bff-web/schema.graphql:26:3  Book.similar
  expected  a type that shows Book
  found     [String!]
  hint      let the path go on to a field of Book
`,
    );

    refuses(
      "a type that shows nothing, reported once",
      [[client, 'type Writer @view(of: "Author") {', 'type Writer @view(of: "Auhtor") {']],
      `
bff-web/schema.graphql:34:23  Writer @view(of:)
  expected  a type of the supergraph
  found     Auhtor
  hint      did you mean "Author"?
`,
    );

    refuses(
      "a group under an entity",
      [[client, "  similar: [BookCard!]\n", "  similar: [BookCard!]\n  more: Shelf\n"]],
      `
bff-web/schema.graphql:27:3  Book.more
  expected  a group under Query, in another group, or in the payload of a mutation
  found     one under Book, which shows Book
`,
    );

    refuses(
      "groups with more than a group has",
      [
        [
          client,
          "  shelf: Shelf!",
          "  shelf: [Shelf!]\n  shelf2(first: Int): Shelf\n  shelf3: Shelf @default(value: 1)",
        ],
      ],
      `
bff-web/schema.graphql:2:3  Query.shelf
  expected  a group, which is one object
  found     a list

bff-web/schema.graphql:3:3  Query.shelf2
  expected  a group, which has no arguments
  found     first

bff-web/schema.graphql:4:17  Query.shelf3 @default
  expected  no shaper on a group, which has no value
  found     @default
`,
    );

    refuses(
      "@view on Query and of nothing",
      [
        [client, "type Query {", 'type Query @view(of: "Book") {'],
        [client, 'type Writer @view(of: "Author") {', "type Writer @view {"],
      ],
      `
bff-web/schema.graphql:1:12  Query @view
  expected  a type other than Query, which shows the supergraph's Query
  found     @view

bff-web/schema.graphql:34:13  Writer @view(of:)
  expected  argument of
  found     nothing
`,
    );

    refuses(
      "no Query",
      [[client, "type Query {", "type Root {"]],
      `
bff-web/schema.graphql:1:1  Query
  expected  type Query
  found     none
`,
    );

    refuses(
      "defaults that the field can't have",
      [
        [client, "@default(value: 0)", '@default(value: "none")'],
        [client, "  genre: Genre\n", "  genre: Genre @default(value: POERTY)\n"],
        [client, "  tags: [String!]\n", "  tags: [String!] @default(value: [1])\n"],
        [client, "  author: Writer\n", "  author: Writer @default(value: null)\n"],
        [client, "  title: String! @truncate(length: 40)\n", "  title: String! @default(value: null)\n"],
      ],
      `
bff-web/schema.graphql:15:34  BookCard.title @default(value:)
  expected  a value, not null
  found     null

bff-web/schema.graphql:22:30  Book.pages @default(value:)
  expected  a value of type Int, not null
  found     "none"

bff-web/schema.graphql:23:32  Book.genre @default(value:)
  expected  a value of type Genre, not null: NOVEL, POETRY
  found     POERTY
  hint      did you mean "POETRY"?

bff-web/schema.graphql:24:35  Book.tags @default(value:)
  expected  a value of type [String!], not null
  found     [1]

bff-web/schema.graphql:25:34  Book.author @default(value:)
  expected  a value, not null
  found     null
`,
    );

    refuses(
      "@truncate on what is no text, to nothing, and with too long an ellipsis",
      [
        [client, "@default(value: 0)", "@truncate(length: 3)"],
        [client, "@truncate(length: 40)", "@truncate(length: 0)"],
        [client, "  tags: [String!]\n", '  tags: [String!] @truncate(length: 2, ellipsis: "...")\n'],
      ],
      `
bff-web/schema.graphql:15:36  BookCard.title @truncate(length:)
  expected  1 to 1000000
  found     0

bff-web/schema.graphql:22:14  Book.pages @truncate
  expected  a field of type String, or a list of them
  found     Int

bff-web/schema.graphql:24:50  Book.tags @truncate(ellipsis:)
  expected  at most 2 characters, the length of the whole
  found     "...", which has 3
`,
    );

    refuses(
      "shapers on what they do not take",
      [
        [client, "  title: String! @truncate(length: 40)\n", "  title: String! @slice(limit: 1)\n"],
        [client, "  pages: Int @default(value: 0)\n", "  pages: Int @mask\n"],
        [client, "  tags: [String!]\n", "  tags: [String!] @flatten\n"],
        [client, "  author: Writer\n", "  author: Writer @case(to: UPPER)\n"],
      ],
      `
bff-web/schema.graphql:15:18  BookCard.title @slice
  expected  a list
  found     String

bff-web/schema.graphql:22:14  Book.pages @mask
  expected  a field of type String, or a list of them
  found     Int

bff-web/schema.graphql:24:19  Book.tags @flatten
  expected  a list of lists
  found     [String]

bff-web/schema.graphql:25:18  Book.author @case
  expected  a field of type String, or a list of them
  found     Author
`,
    );

    refuses(
      "arguments that shapers do not take",
      [
        [
          client,
          "  tags: [String!]\n",
          '  tags: [String!] @slice(offset: -1, limit: 0)\n  tag2: [String!] @from(field: "tags") @mask(keepFirst: 101, keepLast: -1, with: "**")\n  tag3: [String!] @from(field: "tags") @case(to: CAMEL)\n',
        ],
      ],
      `
bff-web/schema.graphql:24:34  Book.tags @slice(offset:)
  expected  0 to 1000000
  found     -1

bff-web/schema.graphql:24:45  Book.tags @slice(limit:)
  expected  1 to 1000000
  found     0

bff-web/schema.graphql:25:57  Book.tag2 @mask(keepFirst:)
  expected  0 to 100
  found     101

bff-web/schema.graphql:25:72  Book.tag2 @mask(keepLast:)
  expected  0 to 100
  found     -1

bff-web/schema.graphql:25:82  Book.tag2 @mask(with:)
  expected  one character
  found     "**", which has 2

bff-web/schema.graphql:26:50  Book.tag3 @case(to:)
  expected  LetterCase
  found     CAMEL
`,
    );

    refuses(
      "formats of what they can't format, and for zones, units and currencies that there are not",
      [
        [
          client,
          "  pages: Int @default(value: 0)\n",
          '  pages: String @formatNumber(unit: "page")\n  pages2: String @from(field: "pages") @formatCurrency\n  pages3: String @from(field: "pages") @formatDate\n',
        ],
        [client, "  genre: Genre\n", "  genre: Genre @formatNumber\n"],
        [client, "  tags: [String!]\n", '  tags: [String!] @formatDate(timeZone: "Berlin")\n'],
        [client, "  author: Writer\n", "  author: String @formatCurrency\n"],
        [
          client,
          '  born: Int @from(field: "birthYear")\n',
          '  born: Int @from(field: "birthYear") @formatNumber\n',
        ],
      ],
      `
bff-web/schema.graphql:22:37  Book.pages @formatNumber(unit:)
  expected  a unit of ECMA-402, such as gram or kilometer-per-hour
  found     "page"

bff-web/schema.graphql:23:40  Book.pages2 @formatCurrency(currency:)
  expected  an ISO 4217 code such as EUR, for a number
  found     none

bff-web/schema.graphql:24:40  Book.pages3 @formatDate(epoch:)
  expected  SECONDS or MILLISECONDS, because the value is a number
  found     none

bff-web/schema.graphql:25:16  Book.genre @formatNumber
  expected  a number, a text that is one, or a list of them
  found     Genre

bff-web/schema.graphql:26:41  Book.tags @formatDate(timeZone:)
  expected  an IANA time zone such as Europe/Berlin
  found     "Berlin"

bff-web/schema.graphql:27:18  Book.author @formatCurrency
  expected  an object with units, nanos, currencyCode, each a plain value
  found     Author, which has no units

bff-web/schema.graphql:39:3  Writer.born
  expected  String, because @formatNumber makes it one
  found     Int
`,
    );

    refuses(
      "a field that is not of the shape that the shapers make",
      [
        [client, "  tags: [String!]\n", "  tags: [ID!] @case(to: LOWER)\n"],
        [
          client,
          "  similar: [BookCard!]\n",
          '  similar: [BookCard!]\n  tags2: [[String!]] @from(field: "similar.tags") @flatten\n',
        ],
      ],
      `
bff-web/schema.graphql:24:3  Book.tags
  expected  String, because @case makes it one
  found     ID

bff-web/schema.graphql:27:3  Book.tags2
  expected  a list, as the shapers make it
  found     [[String!]]
`,
    );

    refuses(
      "a supergraph without Query",
      [
        [books, null],
        [
          authors,
          'type Query {\n  author(id: ID!): Author\n    @lookup\n    @grpc(method: "BatchGetAuthors", batch: { of: "$args.id", as: "ids", select: "authors", match: "id" })\n  authors(first: Int, filter: AuthorFilter): AuthorPage @grpc(method: "ListAuthors")\n}\n',
          "",
        ],
        [client, "type Query {\n  now: String\n}\n"],
      ],
      `
bff-web/schema.graphql:1:1  Query
  expected  a source schema with type Query: every field of this type begins there
  found     none
`,
    );
  });
});
