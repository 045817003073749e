import { afterAll, describe } from "vitest";
import { ProjectFolders } from "./minimal-project.ts";
import { refusalTable } from "./refusals.ts";

const books = "schemas/books.graphql";
const authors = "schemas/authors.graphql";
const proto = "protos/library/v1/authors.proto";
const author = "protos/library/v1/author.proto";

const folders = new ProjectFolders();
afterAll(() => folders.remove());
const refuses = refusalTable(folders);

describe("a start is refused for", () => {
  refuses(
    "compression of a REST source",
    [[books, "timeoutMs: 500)", "timeoutMs: 500, compression: GZIP)"]],
    `
schemas/books.graphql:1:97  schema @source(compression:)
  expected  no compression (the source is REST)
  found     one
`,
  );

  refuses(
    "a compression that there is none of",
    [
      [
        authors,
        'service: "library.v1.AuthorsService"',
        'service: "library.v1.AuthorsService"\n    compression: BROTLI',
      ],
    ],
    `
schemas/authors.graphql:7:18  schema @source(compression:)
  expected  GrpcCompression
  found     BROTLI
`,
  );

  describe("trimming", () => {
    const lists = 'AuthorPage @grpc(method: "ListAuthors")';
    const trimmed = (trim: string): [string, string, string] => [
      authors,
      lists,
      `AuthorPage @grpc(method: "ListAuthors", trim: ${trim})`,
    ];
    const masked: [string, string, string] = [
      proto,
      "  AuthorFilter filter = 2;",
      "  AuthorFilter filter = 2;\n  google.protobuf.FieldMask read_mask = 3;",
    ];
    const imported: [string, string, string] = [
      proto,
      'import "library/v1/author.proto";',
      'import "library/v1/author.proto";\nimport "google/protobuf/field_mask.proto";',
    ];
    refuses(
      "a mask that the request does not have",
      [imported, masked, trimmed('{ as: "readMsk" }')],
      `
schemas/authors.graphql:13:98  Query.authors @grpc(trim.as:)
  expected  a field of library.v1.ListAuthorsRequest (first, filter, read_mask)
  found     readMsk
  hint      did you mean "read_mask"?
`,
    );
    refuses(
      "a mask that is none, or something inside of what has no fields",
      [trimmed('{ as: "filter.country" }')],
      `
schemas/authors.graphql:13:98  Query.authors @grpc(trim.as:)
  expected  a google.protobuf.FieldMask
  found     string
`,
    );
    refuses(
      "a path through a text",
      [trimmed('{ as: "filter.country.mask" }')],
      `
schemas/authors.graphql:13:98  Query.authors @grpc(trim.as:)
  expected  no further path: country is no single message
  found     mask
`,
    );
    refuses(
      "a mask that an argument fills",
      [
        imported,
        masked,
        [authors, "authors(first: Int,", "authors(readMask: String, first: Int,"],
        trimmed('{ as: "readMask" }'),
      ],
      `
schemas/authors.graphql:13:116  Query.authors @grpc(trim.as:)
  expected  a field that nothing else fills
  found     argument readMask
`,
    );
    refuses(
      "objects that the answer does not have",
      [imported, masked, trimmed('{ as: "readMask", select: "items" }')],
      `
schemas/authors.graphql:13:119  Query.authors @grpc(trim.select:)
  expected  a field of library.v1.AuthorList (authors, next_page_token)
  found     items
`,
    );
    refuses(
      "objects that are none",
      [imported, masked, trimmed('{ as: "readMask", select: "nextPageToken" }')],
      `
schemas/authors.graphql:13:92  Query.authors @grpc(trim:)
  expected  objects that are messages
  found     a scalar
`,
    );
  });

  describe("a property", () => {
    refuses(
      "Int for a double",
      [[author, "int32 birth_year", "double birth_year"]],
      `
schemas/authors.graphql:29:3  Author.birthYear
  expected  a type that fits the response field birth_year: double
  found     Int
  hint      Float takes it
`,
    );
    refuses(
      "Float for a 64-bit integer",
      [
        [author, "int32 birth_year", "int64 birth_year"],
        [authors, "birthYear: Int", "birthYear: Float"],
        ["bff-web/schema.graphql", "type Query {", "type Query {"],
      ],
      `
bff-web/schema.graphql:37:3  Writer.born
  expected  Float, because Author.birthYear is Float
  found     Int

schemas/authors.graphql:29:3  Author.birthYear
  expected  a type that fits the response field birth_year: int64
  found     Float
  hint      String or ID takes it: a Float would lose digits
`,
    );
    refuses(
      "Boolean for a number",
      [[authors, "birthYear: Int", "birthYear: Boolean"]],
      `
bff-web/schema.graphql:37:3  Writer.born
  expected  Boolean, because Author.birthYear is Boolean
  found     Int

schemas/authors.graphql:29:3  Author.birthYear
  expected  a type that fits the response field birth_year: int32
  found     Boolean
`,
    );
    refuses(
      "Int for a timestamp",
      [
        [author, "int32 birth_year", "google.protobuf.Timestamp birth_year"],
        [author, "package library.v1;", 'package library.v1;\nimport "google/protobuf/timestamp.proto";'],
      ],
      `
schemas/authors.graphql:29:3  Author.birthYear
  expected  a type that fits the response field birth_year: google.protobuf.Timestamp
  found     Int
  hint      String, ID or a custom scalar takes it
`,
    );
    refuses(
      "an enum of which the proto has no value",
      [
        [author, "int32 birth_year = 3;", "Century birth_year = 3;\n  enum Century { XIX = 0; XX = 1; }"],
        [authors, "birthYear: Int", "birthYear: Century"],
        [authors, "type AuthorPage", "enum Century { NINETEENTH }\n\ntype AuthorPage"],
      ],
      `
bff-web/schema.graphql:37:3  Writer.born
  expected  Century or String, because Author.birthYear is Century
  found     Int

schemas/authors.graphql:31:3  Author.birthYear
  expected  values of library.v1.Author.Century (XIX, XX) in Century
  found     NINETEENTH
`,
    );
    refuses(
      "an alias of an enum",
      [
        [
          author,
          "int32 birth_year = 3;",
          "Century birth_year = 3;\n  enum Century { option allow_alias = true; XIX = 0; OLD = 0; }",
        ],
        [authors, "birthYear: Int", "birthYear: Century"],
        [authors, "type AuthorPage", "enum Century { OLD }\n\ntype AuthorPage"],
      ],
      `
bff-web/schema.graphql:37:3  Writer.born
  expected  Century or String, because Author.birthYear is Century
  found     Int

schemas/authors.graphql:31:3  Author.birthYear
  expected  values of library.v1.Author.Century (XIX) in Century
  found     OLD, an alias
  hint      it is read as XIX
`,
    );
    refuses(
      "a scalar for a map",
      [[author, "int32 birth_year", "map<string, int32> birth_year"]],
      `
schemas/authors.graphql:29:3  Author.birthYear
  expected  a custom scalar or a list of objects with key and value, because the value is a map
  found     Int
`,
    );
    refuses(
      "entries without a list",
      [
        [author, "int32 birth_year", "map<string, int32> birth_year"],
        [authors, "birthYear: Int", "birthYear: Entry"],
        [authors, "type AuthorPage", "type Entry {\n  key: String\n  value: Int\n}\n\ntype AuthorPage"],
      ],
      `
bff-web/schema.graphql:37:3  Writer.born
  expected  a type that shows Entry
  found     Int
  hint      let the path go on to a field of Entry

schemas/authors.graphql:34:3  Author.birthYear
  expected  a list of entries, as in the message
  found     the type Entry
`,
    );
    refuses(
      "a scalar under a oneof's name",
      [
        [author, "int32 birth_year = 3;", "oneof birth { int32 birth_year = 3; string century = 4; }"],
        [authors, "birthYear: Int", "birthYear: Int\n  birth: String"],
      ],
      `
schemas/authors.graphql:30:3  Author.birth
  expected  a union, because the value is a oneof of several messages
  found     String for birth
`,
    );
    refuses(
      "a path through a oneof",
      [
        [author, "int32 birth_year = 3;", "oneof birth { int32 birth_year = 3; string century = 4; }"],
        [authors, "birthYear: Int", 'birthYear: Int @from(field: "birth.birthYear")'],
      ],
      `
schemas/authors.graphql:29:38  Author.birthYear
  expected  no further path: this is a oneof, which holds one of birth_year, century
  found     birthYear
  hint      begin with the member's name
`,
    );
    refuses(
      "a path through a timestamp",
      [
        [author, "int32 birth_year", "google.protobuf.Timestamp birth_year"],
        [author, "package library.v1;", 'package library.v1;\nimport "google/protobuf/timestamp.proto";'],
        [authors, "birthYear: Int", 'birthYear: Int @from(field: "birthYear.seconds")'],
      ],
      `
schemas/authors.graphql:29:42  Author.birthYear
  expected  no further path: this is a scalar
  found     seconds
`,
    );
  });

  describe("a request", () => {
    const legacy = [proto, 'syntax = "proto3";', 'syntax = "proto2";'] as const;
    const optional = (text: string): [string, string, string] => [proto, `  ${text}`, `  optional ${text}`];
    const proto2: [string, string, string][] = [
      [...legacy],
      optional("int32 born_after = 1;"),
      optional("string country = 2;"),
      optional("AuthorFilter filter = 2;"),
      optional("string next_page_token = 2;"),
    ];
    refuses(
      "an argument that may be absent for a required field",
      [...proto2, [proto, "  int32 first = 1;", "  required int32 first = 1;"]],
      `
schemas/authors.graphql:13:57  Query.authors @grpc
  expected  the required field first of library.v1.ListAuthorsRequest in every request
  found     argument first: Int, which may be absent
`,
    );
    refuses(
      "a required field that nothing fills",
      [
        ...proto2,
        [proto, "  int32 first = 1;", "  optional int32 first = 1;\n  required string tenant = 3;"],
      ],
      `
schemas/authors.graphql:13:57  Query.authors @grpc
  expected  the required field tenant of library.v1.ListAuthorsRequest in every request
  found     nothing that fills it
`,
    );
    refuses(
      "an input type without a required field",
      [
        [...legacy],
        optional("string country = 2;"),
        optional("AuthorFilter filter = 2;"),
        optional("int32 first = 1;"),
        optional("string next_page_token = 2;"),
        [proto, "  int32 born_after = 1;", "  optional int32 born_after = 1;\n  required string tenant = 3;"],
      ],
      `
schemas/authors.graphql:13:57  Query.authors @grpc
  expected  the required field tenant of library.v1.AuthorFilter in AuthorFilter, for filter
  found     nothing that fills it
`,
    );
    refuses(
      "two members of a oneof that are always there",
      [
        [proto, "  int32 first = 1;", "  oneof page { int32 first = 1; string token = 3; }"],
        [authors, "authors(first: Int, ", "authors(first: Int = 10, token: String!, "],
      ],
      `
bff-web/schema.graphql:10:53  Shelf.authors @from(field:)
  expected  a value for token: String!, which Query.authors requires
  found     none
  hint      for example authors(token: $args.token)

schemas/authors.graphql:13:78  Query.authors @grpc
  expected  one member of the oneof page of library.v1.ListAuthorsRequest
  found     argument first and argument token, which are all always there
`,
    );
    refuses(
      "an input type with two members of a oneof that are always there",
      [
        [
          proto,
          "  int32 born_after = 1;\n  string country = 2;",
          "  oneof by { int32 born_after = 1; string country = 2; }",
        ],
        [authors, "  bornAfter: Int\n  country: String", "  bornAfter: Int!\n  country: String! "],
      ],
      `
bff-web/schema.graphql:10:61  Shelf.authors @from(field:)
  expected  a value of type String!
  found     $args.country: String

bff-web/schema.graphql:10:61  Shelf.authors @from(field:)
  expected  bornAfter, which AuthorFilter requires
  found     {country: $args.country}

schemas/authors.graphql:13:57  Query.authors @grpc
  expected  one member of the oneof by in AuthorFilter, for filter
  found     bornAfter and country, which are all always there
`,
    );
    refuses(
      "entries of a map without a value",
      [
        [proto, "  AuthorFilter filter = 2;", "  map<string, string> filter = 2;"],
        [authors, "filter: AuthorFilter", "filter: [AuthorFilter!]"],
      ],
      `
schemas/authors.graphql:13:60  Query.authors @grpc
  expected  entries with key and value in AuthorFilter, for filter
  found     no key
`,
    );
    refuses(
      "a Float for an integer in a wrapper",
      [
        [proto, "  int32 first = 1;", "  google.protobuf.Int32Value first = 1;"],
        [proto, "package library.v1;", 'package library.v1;\nimport "google/protobuf/wrappers.proto";'],
        [authors, "authors(first: Int, ", "authors(first: Float, "],
      ],
      `
schemas/authors.graphql:13:59  Query.authors @grpc
  expected  a type that fits the request field first: google.protobuf.Int32Value
  found     Float
`,
    );
  });

  describe("errors", () => {
    const rule = (text: string): [string, string, string] => [
      authors,
      '@grpc(method: "ListAuthors")',
      `@grpc(method: "ListAuthors", errors: [{ ${text} }])`,
    ];
    refuses(
      "a status that there is none of",
      [rule('status: NOTFOUND, code: "A"')],
      `
schemas/authors.graphql:13:105  Query.authors @grpc(errors.status:)
  expected  a gRPC status other than OK (CANCELLED, UNKNOWN, INVALID_ARGUMENT, DEADLINE_EXCEEDED, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, RESOURCE_EXHAUSTED, FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS, UNAUTHENTICATED)
  found     NOTFOUND
  hint      did you mean "NOT_FOUND"?
`,
    );
    refuses(
      "the status that is none of failure",
      [rule('status: OK, code: "A"')],
      `
schemas/authors.graphql:13:105  Query.authors @grpc(errors.status:)
  expected  a gRPC status other than OK (CANCELLED, UNKNOWN, INVALID_ARGUMENT, DEADLINE_EXCEEDED, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, RESOURCE_EXHAUSTED, FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS, UNAUTHENTICATED)
  found     OK
`,
    );
    refuses(
      "a field that error bodies do not have",
      [rule('status: ABORTED, codeFrom: "errorInfo.reasons"')],
      `
schemas/authors.graphql:13:135  Query.authors @grpc(errors.codeFrom:)
  expected  a field of google.rpc.ErrorInfo (reason, domain, metadata)
  found     reasons
  hint      did you mean "reason"?
`,
    );
    refuses(
      "a message that is a list",
      [rule('status: ABORTED, messageFrom: "badRequest.fieldViolations.description"')],
      `
schemas/authors.graphql:13:128  Query.authors @grpc(errors.messageFrom:)
  expected  a path to one text or number
  found     a list of a scalar
`,
    );
    refuses(
      "a rule that shows nothing",
      [rule("status: ABORTED")],
      `
schemas/authors.graphql:13:95  Query.authors @grpc(errors:)
  expected  code, codeFrom, message or messageFrom
  found     none of them
`,
    );
  });
});
