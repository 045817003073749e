import { afterAll, describe } from "vitest";
import { type Edit, ProjectFolders } from "./minimal-project.ts";
import { refusalTable } from "./refusals.ts";

const books = "schemas/books.graphql";
const similar = '@rest(GET: "/books/{parent.id}/similar")';

const folders = new ProjectFolders();
afterAll(() => folders.remove());
const refuses = refusalTable(folders);

function call(text: string): Edit {
  return [books, similar, text];
}

function field(text: string): Edit {
  return [books, `  similar: [Book!] ${similar}`, text];
}

function errors(rules: string): Edit {
  return [books, similar, `@rest(GET: "/books/{parent.id}/similar", errors: ${rules})`];
}

describe("a start is refused for", () => {
  describe("methods and bodies", () => {
    refuses(
      "no method",
      [call('@rest(select: "a")')],
      `
schemas/books.graphql:17:20  Book.similar @rest
  expected  one of GET, HEAD, POST, PUT, PATCH, DELETE, with a URL template
  found     none
`,
    );

    refuses(
      "two methods",
      [call('@rest(GET: "/books/{parent.id}", POST: "/books/{parent.id}")')],
      `
schemas/books.graphql:17:59  Book.similar @rest(POST:)
  expected  one of GET, HEAD, POST, PUT, PATCH, DELETE
  found     GET and POST
`,
    );

    refuses(
      "a change that is declared safe",
      [call('@rest(PUT: "/books/{parent.id}/similar", safe: true)')],
      `
schemas/books.graphql:17:67  Book.similar @rest(safe:)
  expected  safe with POST only
  found     PUT
`,
    );

    refuses(
      "a declaration of what is safe by itself",
      [call('@rest(GET: "/books/{parent.id}/similar", safe: true)')],
      `
schemas/books.graphql:17:67  Book.similar @rest(safe:)
  expected  safe with POST only
  found     GET, which is safe without it
`,
    );

    refuses(
      "a body where there is none",
      [call('@rest(GET: "/books/{parent.id}/similar", body: { a: "$parent.title" })')],
      `
schemas/books.graphql:17:67  Book.similar @rest(body:)
  expected  a body with POST, PUT, PATCH only
  found     GET
`,
    );

    refuses(
      "the type of a body where there is none",
      [call('@rest(GET: "/books/{parent.id}/similar", bodyType: FORM)')],
      `
schemas/books.graphql:17:71  Book.similar @rest(bodyType:)
  expected  a body with POST, PUT, PATCH only
  found     GET
`,
    );

    refuses(
      "a type of body that nothing writes",
      [call('@rest(POST: "/books/{parent.id}/similar", safe: true, bodyType: XML)')],
      `
schemas/books.graphql:17:84  Book.similar @rest(bodyType:)
  expected  BodyType
  found     XML
`,
    );

    refuses(
      "a body that is neither a map nor an object of maps",
      [call('@rest(POST: "/books/{parent.id}/similar", safe: true, body: ["$parent.title"])')],
      `
schemas/books.graphql:17:80  Book.similar @rest(body:)
  expected  a FieldSelectionMap or an object of them, for example { name: "$args.name" }
  found     ["$parent.title"]
`,
    );

    refuses(
      "maps in a body that are wrong in themselves",
      [
        call(
          '@rest(POST: "/books/{parent.id}/similar", safe: true, body: { a: "title", b: { c: "$args.x" }, d: 5 })',
        ),
      ],
      `
schemas/books.graphql:17:86  Book.similar @rest(body.a:)
  expected  a path that starts at $args, $parent, $claims, $headers
  found     title
  hint      did you mean "$parent.title"?

schemas/books.graphql:17:109  Book.similar @rest(body.b.c:)
  expected  an argument of the field (it has none)
  found     x

schemas/books.graphql:17:118  Book.similar @rest(body.d:)
  expected  a FieldSelectionMap in quotes, for example "$args.first"
  found     5
`,
    );

    refuses(
      "an object inside a form",
      [
        call(
          '@rest(POST: "/books/{parent.id}/similar", safe: true, bodyType: FORM, body: { a: { b: "$parent.title" } })',
        ),
      ],
      `
schemas/books.graphql:17:98  Book.similar @rest(body.a:)
  expected  a FieldSelectionMap: a form has no objects inside
  found     an object
`,
    );

    refuses(
      "a HEAD request that would have to bring something",
      [call('@rest(HEAD: "/books/{parent.id}/similar", select: "a")')],
      `
schemas/books.graphql:17:32  Book.similar @rest(HEAD:)
  expected  a field of the type Boolean: is there something?
  found     Book

schemas/books.graphql:17:70  Book.similar @rest(select:)
  expected  no select: HEAD has no body
  found     one
`,
    );

    refuses(
      "an argument that a written body leaves out",
      [
        field(
          '  similar(a: Int, b: Int): [Book!] @rest(POST: "/books/{parent.id}", safe: true, body: { a: "$args.a" })',
        ),
      ],
      `
schemas/books.graphql:17:36  Book.similar @rest
  expected  every argument used: {?args.b}, query or body
  found     b unused
`,
    );

    refuses(
      "an argument of which a body could hold only a part",
      [
        [books, "enum Genre {", "input F {\n  a: Int\n  b: Int\n}\n\nenum Genre {"],
        field('  similar(f: F): [Book!] @rest(POST: "/books/{parent.id}{?args.f.a}", safe: true)'),
      ],
      `
schemas/books.graphql:17:26  Book.similar @rest
  expected  every field of an argument used, or the argument whole
  found     f.b unused
`,
    );

    refuses(
      "calls outside Mutation that would change something",
      [
        call('@rest(POST: "/books/{parent.id}/similar")'),
        [books, "  pages: Int\n", '  pages: Int @rest(DELETE: "/books/{parent.id}")\n'],
      ],
      `
schemas/books.graphql:13:28  Book.pages @rest(DELETE:)
  expected  a call that changes nothing (GET, HEAD, or POST with safe: true), or a field of Mutation
  found     DELETE

schemas/books.graphql:17:32  Book.similar @rest(POST:)
  expected  a call that changes nothing (GET, HEAD, or POST with safe: true), or a field of Mutation
  found     POST
`,
    );

    refuses(
      "a batch in a body that is one value",
      [
        call(
          '@rest(POST: "/similar", safe: true, body: "$parent.title", batch: { of: "$parent.id", as: "ids", match: "id" })',
        ),
      ],
      `
schemas/books.graphql:17:110  Book.similar @rest(batch.as:)
  expected  a body that is an object of maps, so that the keys have a place in it
  found     one map
`,
    );

    refuses(
      "a batch's keys where the body has something else",
      [
        call(
          '@rest(POST: "/similar", safe: true, body: { f: { ids: "$parent.title" } }, batch: { of: "$parent.id", as: "f.ids", match: "id" })',
        ),
      ],
      `
schemas/books.graphql:17:126  Book.similar @rest(batch.as:)
  expected  a place in the body that carries the keys only
  found     f.ids, which the body sets too
`,
    );

    refuses(
      "a batch's keys under a name that is no path",
      [call('@rest(POST: "/similar", safe: true, batch: { of: "$parent.id", as: "a..b", match: "id" })')],
      `
schemas/books.graphql:17:87  Book.similar @rest(batch.as:)
  expected  a variable of the template, or names in the body joined by dots
  found     "a..b"
`,
    );

    refuses(
      "a batch's keys inside an object of a form",
      [
        call(
          '@rest(POST: "/similar", safe: true, bodyType: FORM, batch: { of: "$parent.id", as: "a.b", match: "id" })',
        ),
      ],
      `
schemas/books.graphql:17:103  Book.similar @rest(batch.as:)
  expected  one name: a form has no objects inside
  found     "a.b"
`,
    );

    refuses(
      "composite keys in a form",
      [
        call(
          '@rest(POST: "/similar", safe: true, bodyType: FORM, batch: { of: "{ id: $parent.id }", as: "ids", match: "{ id }" })',
        ),
      ],
      `
schemas/books.graphql:17:85  Book.similar @rest(batch.of:)
  expected  one path: a form carries no composite keys
  found     an object of paths
`,
    );

    refuses(
      "headers that are reserved, misspelt or read what is not there",
      [
        call(
          '@rest(GET: "/books/{parent.id}", headers: [{ name: "host", value: "$parent.title" }, { name: "X-A", value: "$parent.title" }, { name: "x-a", value: "$parent.titel" }, { name: "x-b", value: "title" }])',
        ),
      ],
      `
schemas/books.graphql:17:71  Book.similar @rest(headers:)
  expected  a header that belongs to the application
  found     host, which belongs to the connection or the gateway

schemas/books.graphql:17:113  Book.similar @rest(headers:)
  expected  a header's name in lower case
  found     "X-A"

schemas/books.graphql:17:177  Book.similar @rest(headers.value:)
  expected  a scalar field of the type that needs no call (id, title, pages, genre, tags)
  found     titel
  hint      did you mean "title"?

schemas/books.graphql:17:210  Book.similar @rest(headers.value:)
  expected  a path that starts at $args, $parent, $claims, $headers
  found     title
  hint      did you mean "$parent.title"?
`,
    );

    refuses(
      "headers that are sent already",
      [
        [books, "timeoutMs: 500", 'timeoutMs: 500, forwardHeaders: ["x-a"]'],
        call(
          '@rest(GET: "/books/{parent.id}", headers: [{ name: "x-a", value: "$parent.title" }, { name: "x-b", value: "$parent.id" }, { name: "x-b", value: "$parent.id" }])',
        ),
      ],
      `
schemas/books.graphql:17:71  Book.similar @rest(headers:)
  expected  each header once, forwarded or set
  found     x-a again

schemas/books.graphql:17:150  Book.similar @rest(headers:)
  expected  each header once, forwarded or set
  found     x-b again
`,
    );

    refuses(
      "a template that would let a value out of its segment",
      [call('@rest(POST: "/books/{+parent.id}", safe: true)')],
      `
schemas/books.graphql:17:41  Book.similar @rest(POST:)
  expected  {name} or {?name}
  found     "{+parent.id}"
`,
    );

    refuses(
      "a method that is written in lower case",
      [call('@rest(Get: "/books/{parent.id}")')],
      `
schemas/books.graphql:17:26  Book.similar @rest
  expected  arguments GET, HEAD, POST, PUT, PATCH, DELETE, query, headers, body, bodyType, select, batch, safe, errors, pagination, shareInFlight, trim
  found     argument Get
  hint      did you mean "GET"?
`,
    );
  });

  describe("trimming", () => {
    const trimmed = (trim: string): Edit => call(`@rest(GET: "/books/{parent.id}/similar", trim: ${trim})`);
    refuses(
      "a query parameter that is sent already",
      [
        call(
          '@rest(GET: "/books/{parent.id}/similar", query: { only: "$parent.title" }, trim: { as: "only" })',
        ),
      ],
      `
schemas/books.graphql:17:107  Book.similar @rest(trim.as:)
  expected  a query parameter that nothing else sends
  found     only
`,
    );
    refuses(
      "a name that no query has",
      [trimmed('{ as: "a b" }')],
      `
schemas/books.graphql:17:73  Book.similar @rest(trim.as:)
  expected  the name of a query parameter: letters, digits, _, -, ., [ and ]
  found     "a b"
`,
    );
    refuses(
      "objects that are not at one path",
      [trimmed('{ as: "only", select: "a | b" }')],
      `
schemas/books.graphql:17:89  Book.similar @rest(trim.select:)
  expected  one plain path
  found     a | b
`,
    );
    refuses(
      "a field without properties",
      [field('  similar: [ID!] @rest(GET: "/books/{parent.id}/similar", trim: { as: "only" })')],
      `
bff-web/schema.graphql:26:3  Book.similar
  expected  ID or String, because Book.similar is ID
  found     the object type BookCard

schemas/books.graphql:17:65  Book.similar @rest(trim:)
  expected  trim on a field of objects, whose properties can be told
  found     ID
`,
    );
    refuses(
      "a batch whose rows yield something else, or are elsewhere",
      [
        call(
          '@rest(GET: "/similar{?ids*}", batch: { of: "$parent.id", as: "ids", match: "id", value: "a | b" }, trim: { as: "only", select: "a" })',
        ),
      ],
      `
schemas/books.graphql:17:108  Book.similar @rest(batch.value:)
  expected  one plain path, because the call has trim
  found     a | b

schemas/books.graphql:17:147  Book.similar @rest(trim.select:)
  expected  no select with batch: its rows are the objects
  found     one
`,
    );
  });

  describe("pages", () => {
    refuses(
      "pages that are not read with GET",
      [
        [books, "enum Genre {", "type Shelf {\n  items: [Book!]\n}\n\nenum Genre {"],
        field(
          '  similar(after: String): Shelf @rest(POST: "/books/{parent.id}/similar", safe: true, pagination: { style: LINK, token: "$args.after", as: "page" })',
        ),
      ],
      `
bff-web/schema.graphql:26:3  Book.similar
  expected  no list, as Book.similar is
  found     [BookCard!]

schemas/books.graphql:17:99  Book.similar @rest(pagination:)
  expected  pagination with GET
  found     POST
`,
    );

    refuses(
      "a select beside pages",
      [
        [books, "enum Genre {", "type Shelf {\n  items: [Book!]\n}\n\nenum Genre {"],
        field(
          '  similar(after: String): Shelf @rest(GET: "/books/{parent.id}/similar", select: "a", pagination: { style: LINK, token: "$args.after", as: "page" })',
        ),
      ],
      `
bff-web/schema.graphql:26:3  Book.similar
  expected  no list, as Book.similar is
  found     [BookCard!]

schemas/books.graphql:17:82  Book.similar @rest(select:)
  expected  no select with pagination: pagination.items says where the list is
  found     one
`,
    );

    refuses(
      "a pair for the token that the template sends already",
      [
        [books, "enum Genre {", "type Shelf {\n  items: [Book!]\n}\n\nenum Genre {"],
        field(
          '  similar(after: String): Shelf @rest(GET: "/books/{parent.id}/similar?page=1", pagination: { style: LINK, token: "$args.after", as: "page" })',
        ),
      ],
      `
bff-web/schema.graphql:26:3  Book.similar
  expected  no list, as Book.similar is
  found     [BookCard!]

schemas/books.graphql:17:134  Book.similar @rest(pagination.as:)
  expected  a query pair that nothing else sends
  found     page
`,
    );

    refuses(
      "a pair for the token that would be more than one",
      [
        [books, "enum Genre {", "type Shelf {\n  items: [Book!]\n}\n\nenum Genre {"],
        field(
          '  similar(after: String): Shelf @rest(GET: "/books/{parent.id}/similar", pagination: { style: LINK, token: "$args.after", as: "page=1&a" })',
        ),
      ],
      `
bff-web/schema.graphql:26:3  Book.similar
  expected  no list, as Book.similar is
  found     [BookCard!]

schemas/books.graphql:17:127  Book.similar @rest(pagination.as:)
  expected  the name of a query pair: letters, digits, _, -, ., [ and ]
  found     "page=1&a"
`,
    );

    refuses(
      "a cursor that nobody says where to find",
      [
        [books, "enum Genre {", "type Shelf {\n  items: [Book!]\n}\n\nenum Genre {"],
        field(
          '  similar(after: String): Shelf @rest(GET: "/books/{parent.id}/similar", pagination: { style: CURSOR, token: "$args.after", as: "cursor" })',
        ),
      ],
      `
bff-web/schema.graphql:26:3  Book.similar
  expected  no list, as Book.similar is
  found     [BookCard!]

schemas/books.graphql:17:86  Book.similar @rest(pagination:)
  expected  next: where the cursor of the next page is
  found     nothing
`,
    );

    refuses(
      "what another style of pages knows",
      [
        [books, "enum Genre {", "type Shelf {\n  items: [Book!]\n}\n\nenum Genre {"],
        field(
          '  similar(after: String): Shelf @rest(GET: "/books/{parent.id}/similar", pagination: { style: LINK, token: "$args.after", as: "page", next: "a", hasNext: "b", pageSize: "$parent.pages", firstPage: 0 })',
        ),
      ],
      `
bff-web/schema.graphql:26:3  Book.similar
  expected  no list, as Book.similar is
  found     [BookCard!]

schemas/books.graphql:17:141  Book.similar @rest(pagination.next:)
  expected  next with CURSOR only
  found     LINK

schemas/books.graphql:17:155  Book.similar @rest(pagination.hasNext:)
  expected  hasNext with PAGE or CURSOR only
  found     LINK

schemas/books.graphql:17:170  Book.similar @rest(pagination.pageSize:)
  expected  pageSize with PAGE only
  found     LINK

schemas/books.graphql:17:198  Book.similar @rest(pagination.firstPage:)
  expected  firstPage with PAGE only
  found     LINK
`,
    );

    refuses(
      "a first page that is neither 0 nor 1",
      [
        [books, "enum Genre {", "type Shelf {\n  items: [Book!]\n}\n\nenum Genre {"],
        field(
          '  similar(after: String): Shelf @rest(GET: "/books/{parent.id}/similar", pagination: { style: PAGE, token: "$args.after", as: "page", firstPage: 2 })',
        ),
      ],
      `
bff-web/schema.graphql:26:3  Book.similar
  expected  no list, as Book.similar is
  found     [BookCard!]

schemas/books.graphql:17:146  Book.similar @rest(pagination.firstPage:)
  expected  0 to 1
  found     2
`,
    );

    refuses(
      "a header in capitals and a map that reads no answer",
      [
        [books, "enum Genre {", "type Shelf {\n  items: [Book!]\n}\n\nenum Genre {"],
        field(
          '  similar(after: String): Shelf @rest(GET: "/books/{parent.id}/similar", pagination: { style: LINK, token: "$args.after", as: "page", totalCountHeader: "X-Total", items: "$args.after" })',
        ),
      ],
      `
bff-web/schema.graphql:26:3  Book.similar
  expected  no list, as Book.similar is
  found     [BookCard!]

schemas/books.graphql:17:153  Book.similar @rest(pagination.totalCountHeader:)
  expected  a header's name in lower case
  found     "X-Total"

schemas/books.graphql:17:172  Book.similar @rest(pagination.items:)
  expected  a path into the backend's value, without a root
  found     $args.after
`,
    );

    refuses(
      "a token that the first page would need",
      [
        [books, "enum Genre {", "type Shelf {\n  items: [Book!]\n}\n\nenum Genre {"],
        field(
          '  similar(after: Int!): Shelf @rest(GET: "/books/{parent.id}/similar", pagination: { style: LINK, token: "$args.after", as: "page" })',
        ),
      ],
      `
bff-web/schema.graphql:26:3  Book.similar
  expected  a value for after: Int!, which Book.similar requires
  found     none
  hint      add the argument: similar(after: Int!)

schemas/books.graphql:17:106  Book.similar @rest(pagination.token:)
  expected  $args.<argument>, a nullable String or ID: the first page has no token
  found     $args.after
`,
    );

    refuses(
      "pages of a field that is a list",
      [
        field(
          '  similar(after: String): [Book!] @rest(GET: "/books/{parent.id}/similar", pagination: { style: LINK, token: "$args.after", as: "page" })',
        ),
      ],
      `
schemas/books.graphql:17:88  Book.similar @rest(pagination:)
  expected  a field of one object type, with items, nextPageToken, hasNextPage or totalCount
  found     a list
`,
    );
  });

  describe("errors", () => {
    refuses(
      "statuses that no backend's failure has",
      [errors('[{ status: 304, code: "A" }, { status: "4x", code: "B" }]')],
      `
schemas/books.graphql:17:80  Book.similar @rest(errors.status:)
  expected  a status of 400 to 599 or 200 to 299, or one of the classes "4xx", "5xx" and "2xx"
  found     304

schemas/books.graphql:17:108  Book.similar @rest(errors.status:)
  expected  a status of 400 to 599 or 200 to 299, or one of the classes "4xx", "5xx" and "2xx"
  found     4x
  hint      did you mean "4xx"?
`,
    );

    refuses(
      "a rule that shows nothing",
      [errors("[{ status: 409 }]")],
      `
schemas/books.graphql:17:70  Book.similar @rest(errors:)
  expected  code, codeFrom, message or messageFrom
  found     none of them
`,
    );

    refuses(
      "a rule for successes that would make each of them a failure",
      [errors('[{ status: "2xx", code: "A" }]')],
      `
schemas/books.graphql:17:70  Book.similar @rest(errors:)
  expected  when: 2xx is a success unless the body says otherwise
  found     nothing
`,
    );

    refuses(
      "a code and a message that could not be shown",
      [errors(`[{ status: 409, code: "out of stock" }, { status: 410, message: "${"x".repeat(501)}" }]`)],
      `
schemas/books.graphql:17:70  Book.similar @rest(errors.code:)
  expected  at most 64 letters, digits, _, -, ., : and /, the first a letter or digit
  found     "out of stock"

schemas/books.graphql:17:109  Book.similar @rest(errors.message:)
  expected  a text of 1 to 500 characters, none of them a control character
  found     "${"x".repeat(99)}…"
`,
    );

    refuses(
      "maps that do not read the error body",
      [errors('[{ status: 409, codeFrom: "$args.id", messageFrom: "error..message" }]')],
      `
schemas/books.graphql:17:96  Book.similar @rest(errors.codeFrom:)
  expected  a path into the backend's value, without a root
  found     $args.id

schemas/books.graphql:17:127  Book.similar @rest(errors.messageFrom:)
  expected  a name
  found     ".message"
`,
    );
  });
});
