import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Problem, Problems } from "../../gateway/core/problems.ts";
import { readDirectiveCatalog } from "../../gateway/language/directive-catalog.ts";
import { readSourceSchema, type SourceSchema } from "../../gateway/language/source-schema.ts";
import { protocolOfUrl } from "../../gateway/language/source-settings.ts";
import { problemsOf, readMarkedText } from "../support/marked-problem.ts";

const catalog = readDirectiveCatalog();
const rest = '@source(name: "shop", url: "http://localhost:1")';
const grpc = '@source(name: "shop", url: "grpc://localhost:1", proto: "a.proto", service: "a.S")';

type Expected = readonly [coordinate: string, expected: string, found: string, hint?: string];

describe("the shop's source schemas", () => {
  const folder = new URL("../../schemas/", import.meta.url);
  const names = readdirSync(folder).filter((name) => name !== "directives.graphql");

  test.each(names)("%s is read without a problem", (name) => {
    const text = readFileSync(new URL(name, folder), "utf8");
    const problems = problemsOf((found) => readSourceSchema(name, text, catalog, found));
    expect(problems).toEqual([]);
  });

  test("say what each field needs", () => {
    const schema = read(readFileSync(new URL("reviews.graphql", folder), "utf8"));
    expect(schema).toMatchObject({
      name: "reviews",
      kind: "rest",
      url: "http://localhost:7003",
      timeoutMs: 800,
      maxResponseBytes: 8_388_608,
      proto: null,
      service: null,
      forwardHeaders: [],
      headers: [],
    });
    const product = schema.types.get("Product");
    expect(product?.keys).toEqual([["id"]]);
    expect(product?.fields.get("reviews")).toMatchObject({
      coordinate: "Product.reviews",
      from: null,
      isLookup: false,
      isShareable: false,
      call: {
        kind: "rest",
        method: "GET",
        select: { text: "data" },
        query: [
          { name: "perProduct", selection: { text: "$args.first" } },
          { name: "sort", selection: { text: "$args.sort" } },
        ],
        batch: {
          as: "productIds",
          maxSize: 200,
          isGrouped: true,
          isKeyList: false,
          select: null,
          value: null,
        },
      },
    });
    expect(product?.fields.get("rating")?.call?.batch).toMatchObject({ isGrouped: false, isKeyList: false });
    const author = schema.types.get("Review")?.fields.get("author");
    expect(author).toMatchObject({ call: null, from: { text: "{ id: authorId }" } });
  });

  test("say which request fields arguments fill", () => {
    const schema = read(readFileSync(new URL("catalog.graphql", folder), "utf8"));
    expect(schema).toMatchObject({ kind: "grpc", proto: "shop/catalog/v1/catalog.proto", timeoutMs: 1500 });
    const fields = schema.types.get("Query")?.fields;
    expect(fields?.get("products")?.call).toMatchObject({
      kind: "grpc",
      method: "ListProducts",
      defaultArguments: ["first", "pageToken", "sort", "categoryId"],
      isDeclaredSafe: false,
    });
    expect(fields?.get("product")).toMatchObject({ isLookup: true, call: { defaultArguments: [] } });
    expect(schema.types.get("Money")?.fields.get("units")?.isShareable).toBe(true);
  });
});

describe("a source schema", () => {
  test("has its directives taken off for GraphQL", () => {
    const { plainDocument } = read(
      `extend schema ${rest} type Query { a: A @rest(GET: "/a") } type A { b: Int }`,
    );
    expect(JSON.stringify(plainDocument)).not.toMatch(/rest|source/);
  });

  test("may define a type in parts, in any order", () => {
    const schema = read(
      `extend schema ${rest}
       extend type A { c: Int }
       type A @key(fields: "b c") { b: ID! }
       extend type A { d: Int }
       extend type E { f: Int }`,
    );
    expect([...(schema.types.get("A")?.fields.keys() ?? [])]).toEqual(["b", "c", "d"]);
    expect(schema.types.get("A")?.keys).toEqual([["b", "c"]]);
    expect([...(schema.types.get("E")?.fields.keys() ?? [])]).toEqual(["f"]);
  });

  test("may read members of input types, of their lists, and of custom scalars", () => {
    const fields =
      'a(b: B!, c: [B!], d: Json): Int @rest(GET: "/{args.b.e}{?args.c.f,args.d.any.thing,args.b.f}")';
    expect(
      linesOf(
        "rest",
        `type Query { ${fields.replace("args.c.f", "args.c.e")} }
         input B { e: ID! f: Int } scalar Json`,
      ),
    ).toEqual(["Query.a @rest | every argument used: {?args.c.f} or query | c.f unused"]);
  });

  test("may build request messages out of lists and objects", () => {
    const request = `{ ids: "$args.b[$item.e]", filter: { rows: "$args.b[{ id: e, kind: $item.f, of: $claims.sub }]" } }`;
    const type = "type Query { a(b: [B!]): Int";
    expect(
      linesOf("grpc", `${type} @grpc(method: "M", request: ${request}) } input B { e: ID! f: Int }`),
    ).toEqual([]);
  });

  test("knows a list of keys from a key of many rows", () => {
    const batch = (of: string): string => `batch: { of: "${of}", as: "ids", match: "id" }`;
    const { types } = read(
      `extend schema ${rest}
       type Query { a(ids: [ID!]!): [A] @rest(GET: "/a{?ids*}", ${batch("$args.ids")})
                    b(c: B!): [A] @rest(GET: "/a{?ids*}", ${batch("$args.c.ids")}) }
       type A { id: ID! ids: [ID!] up: [A] @rest(GET: "/a{?ids*}", ${batch("$parent.ids")})
                down: [A] @rest(GET: "/a{?ids*}", ${batch("$parent.id")})
                one: A @rest(GET: "/a{?ids*}", ${batch("$parent.id | $claims.sub")}) }
       input B { ids: [ID!] }`,
    );
    const kindOf = (type: string, field: string): unknown => {
      const found = types.get(type)?.fields.get(field)?.call?.batch;
      return [found?.isKeyList, found?.isGrouped];
    };
    expect([kindOf("Query", "a"), kindOf("Query", "b"), kindOf("A", "up")]).toEqual([
      [true, false],
      [true, false],
      [true, false],
    ]);
    expect([kindOf("A", "down"), kindOf("A", "one")]).toEqual([
      [false, true],
      [false, false],
    ]);
  });
});

describe("wrong SDL", () => {
  const unsupported = "types, enums, inputs and scalars (what this version enforces)";
  const leading = "names without a leading underscore, which are the gateway's own";
  test.each<[marked: string, ...Expected]>([
    ["type Query {▸", "SDL", "the GraphQL schema language", "Syntax Error: Expected Name, found <EOF>."],
    ["type A { b: ▸C }", "C", "a valid GraphQL schema", 'Unknown type "C". Did you mean "A"?'],
    [
      "type A { b: Int } type ▸A { c: Int }",
      "A",
      "a valid GraphQL schema",
      'There can be only one type named "A".',
    ],
    [
      "type A { b: Int } extend type A { ▸b: Int }",
      "b",
      "a valid GraphQL schema",
      'Field "A.b" can only be defined once.',
    ],
    ["interface ▸_I { a: Int } type A implements _I { a: Int }", "_I", leading, "_I"],
    ["union ▸_U = A type A { a: Int }", "_U", leading, "_U"],
    ["interface I { ▸_a: Int }", "I._a", leading, "_a"],
    ["▸directive @a on OBJECT", "a", unsupported, "a definition of a directive"],
    ["type Mutation { ▸a: Int }", "Mutation.a", "@rest: every root field is a call", "none"],
    [
      "▸extend type Subscription { a: Int }",
      "Subscription",
      "Query and Mutation (what this version enforces)",
      "type Subscription",
    ],
    ["type ▸_A { b: Int }", "_A", leading, "_A"],
    ["type ▸__A { b: Int }", "__A", leading, "__A"],
    ["type A { b: Int ▸_c: Int }", "A._c", leading, "_c"],
    [
      "schema { ▸query: A } type A { b: Int }",
      "schema",
      "no schema definition: the root types are Query and Mutation",
      "query: A",
    ],
    [
      "extend schema { ▸query: A } type A { b: Int }",
      "schema",
      "no schema definition: the root types are Query and Mutation",
      "query: A",
    ],
  ])("%s is one problem with its place", (marked, ...expected) => {
    expectProblem("rest", marked, expected);
  });
});

describe("a wrong @source", () => {
  const sourceUrl =
    "a URL that begins with http://, https://, grpc:// or grpcs://, without credentials, query and fragment";
  const application = "a header that belongs to the application";
  test.each<[marked: string, ...Expected]>([
    [
      "▸type Query { a: Int }",
      "schema",
      'extend schema @source(name: "…", url: "…")',
      "no @source in this file",
    ],
    [
      'extend schema @source(name: ▸"Shop", url: "http://x")',
      "schema @source(name:)",
      "lower-case letters, digits and dashes, a letter first, at most 63",
      '"Shop"',
    ],
    [
      `extend schema @source(name: ▸"${"a".repeat(64)}", url: "http://x")`,
      "schema @source(name:)",
      "lower-case letters, digits and dashes, a letter first, at most 63",
      `"${"a".repeat(64)}"`,
    ],
    [
      'extend schema @source(name: "a", url: ▸"localhost:1")',
      "schema @source(url:)",
      sourceUrl,
      '"localhost:1"',
    ],
    ['extend schema @source(name: "a", url: ▸"ftp://x")', "schema @source(url:)", sourceUrl, '"ftp://x"'],
    [
      'extend schema @source(name: "a", url: ▸"http://u:secret@x")',
      "schema @source(url:)",
      sourceUrl,
      '"http://…@x"',
    ],
    [
      'extend schema ▸@source(name: "a", url: "grpc://x", service: "a.S")',
      "schema @source(proto:)",
      "proto (the source is gRPC)",
      "nothing",
    ],
    [
      'extend schema ▸@source(name: "a", url: "grpc://x", proto: "a.proto")',
      "schema @source(service:)",
      "service (the source is gRPC)",
      "nothing",
    ],
    [
      'extend schema @source(name: "a", url: "http://x", proto: ▸"a.proto")',
      "schema @source(proto:)",
      "no proto (the source is REST)",
      "one",
    ],
    [
      'extend schema @source(name: "a", url: "http://x", timeoutMs: ▸0)',
      "schema @source(timeoutMs:)",
      "1 to 600000",
      "0",
    ],
    [
      'extend schema @source(name: "a", url: "http://x", maxResponseBytes: ▸1073741825)',
      "schema @source(maxResponseBytes:)",
      "1 to 1073741824",
      "1073741825",
    ],
    [
      `extend schema ${rest}\nextend schema ▸@source(name: "b", url: "http://x")`,
      "schema @source",
      "@source once in a file",
      "it again",
    ],
    [
      'extend schema @source(name: "a", url: "http://x", forwardHeaders: ["b", ▸"X-C"])',
      "schema @source(forwardHeaders:)",
      "a header's name in lower case",
      '"X-C"',
    ],
    [
      'extend schema @source(name: "a", url: "http://x", forwardHeaders: [▸"a\\r\\nb"])',
      "schema @source(forwardHeaders:)",
      "a header's name in lower case",
      '"a\\r\\nb"',
    ],
    [
      'extend schema @source(name: "a", url: "http://x", forwardHeaders: ["b", ▸"b"])',
      "schema @source(forwardHeaders:)",
      "each header once, forwarded or set",
      "b again",
    ],
    ...[
      "host",
      "content-length",
      "te",
      "range",
      "if-none-match",
      "grpc-timeout",
      "x-bin",
      "x-request-id",
    ].map(
      (name) =>
        [
          `extend schema @source(name: "a", url: "http://x", forwardHeaders: [▸"${name}"])`,
          "schema @source(forwardHeaders:)",
          application,
          `${name}, which belongs to the connection or the gateway`,
        ] as [string, ...Expected],
    ),
    [
      'extend schema @source(name: "a", url: "http://x", headers: [{ name: ▸"host", value: "$claims.sub" }])',
      "schema @source(headers:)",
      application,
      "host, which belongs to the connection or the gateway",
    ],
    [
      'extend schema @source(name: "a", url: "http://x", forwardHeaders: ["b"], headers: [{ name: ▸"b", value: "$claims.sub" }])',
      "schema @source(headers:)",
      "each header once, forwarded or set",
      "b again",
    ],
    [
      'extend schema @source(name: "a", url: "http://x", headers: [{ name: "b", value: "▸$args.c" }])',
      "schema @source(headers.value:)",
      "a path that starts at $claims, $headers",
      "$args.c",
    ],
    [
      'extend schema @source(name: "a", url: "http://x", headers: [{ name: "b", value: "▸$claims" }])',
      "schema @source(headers.value:)",
      "$claims.<name>",
      "$claims",
    ],
    [
      'extend schema @source(name: "a", url: "http://x", headers: [{ name: "b", value: "▸$headers.a.b" }])',
      "schema @source(headers.value:)",
      "$headers.<name>",
      "$headers.a.b",
    ],
    [
      'extend schema @source(name: "a", url: "http://x", headers: { name: "b", value: "▸$" })',
      "schema @source(headers.value:)",
      "one of $args, $parent, $claims, $headers, $item",
      '"$"',
    ],
  ])("%s is one problem with its place", (marked, ...expected) => {
    const { text, line, column } = readMarkedText(marked);
    const found = problemsOf((problems) => readSourceSchema("a.graphql", text, catalog, problems));
    expect(found).toEqual([toProblem(expected, line, column)]);
  });
});

describe("a wrong type or field", () => {
  test.each<[kind: "rest" | "grpc", marked: string, ...Expected]>([
    ["rest", "type Query { ▸a: Int }", "Query.a", "@rest: every root field is a call", "none"],
    ["grpc", "type Query { ▸a(b: Int): Int }", "Query.a", "@grpc: every root field is a call", "none"],
    [
      "rest",
      "type A { ▸b(c: Int): Int }",
      "A.b",
      "@rest, or no arguments",
      "arguments on a field that is not a call",
    ],
    ["rest", 'type A { ▸b: Int @grpc(method: "M") }', "A.b", "@rest (the source is REST)", "@grpc"],
    ["grpc", 'type A { ▸b: Int @rest(GET: "/") }', "A.b", "@grpc (the source is gRPC)", "@rest"],
    ["rest", 'type A { ▸b: Int @rest(GET: "/") @grpc(method: "M") }', "A.b", "one call", "@rest and @grpc"],
    ["rest", 'type A { ▸b: Int @rest(GET: "/") @from(field: "c") }', "A.b", "either a call or @from", "both"],
    [
      "rest",
      'type A { b: Int @from(field: "c | ▸$args.d") }',
      "A.b @from(field:)",
      "a path into the backend's value, without a root",
      "$args.d",
    ],
    [
      "rest",
      'type A { b: Int @from(field: "▸c(d: 1)") }',
      "A.b @from(field:)",
      "a path without arguments",
      "c",
    ],
    [
      "rest",
      'type A @key(fields: ▸"b") { c: ID! }',
      "A @key(fields:)",
      "fields of this type that are single scalars and need no call (c)",
      "b",
    ],
    [
      "rest",
      'type A @key(fields: ▸"b c") { b: ID! c: [ID!] }',
      "A @key(fields:)",
      "fields of this type that are single scalars and need no call (b)",
      "c",
    ],
    [
      "rest",
      'type A @key(fields: ▸"idd") { id: ID! b: A }',
      "A @key(fields:)",
      "fields of this type that are single scalars and need no call (id)",
      "idd",
      'did you mean "id"?',
    ],
    [
      "rest",
      'type A @key(fields: ▸"id { b }") { id: ID! }',
      "A @key(fields:)",
      "fields of this type that are single scalars and need no call (id)",
      "id",
    ],
    [
      "rest",
      'type A @key(fields: ▸" ,") { b: ID! }',
      "A @key(fields:)",
      'field names, for example "id"',
      "none",
    ],
    ["rest", 'type A @key(fields: ▸"b b") { b: ID! }', "A @key(fields:)", "each field once", "b again"],
    [
      "rest",
      'type Query ▸@key(fields: "a") { a: Int @rest(GET: "/") }',
      "Query @key",
      "@key on a type that is not a root",
      "it on one",
    ],
    [
      "rest",
      'type A { b: A ▸@lookup @rest(GET: "/") }',
      "A.b @lookup",
      "@lookup on a field of Query",
      "it on A.b",
    ],
    ...["A!", "[A]"].map(
      (type) =>
        [
          "rest",
          `type Query { a: ${type} ▸@lookup @rest(GET: "/") } type A { b: Int }`,
          "Query.a @lookup",
          "a nullable object: a lookup may find nothing",
          "a list or a non-null type",
        ] as ["rest", string, ...Expected],
    ),
    [
      "rest",
      'type Query { a: Int ▸@lookup @rest(GET: "/") }',
      "Query.a @lookup",
      "a field that returns an object",
      "Int",
    ],
    [
      "rest",
      'type A { b(c: Int ▸@from(field: "d")): Int @rest(GET: "/{args.c}") }',
      "A.b(c:)",
      "@from on FIELD_DEFINITION",
      "it on ARGUMENT_DEFINITION",
    ],
  ])("%s: %s is one problem with its place", (kind, marked, ...expected) => {
    expectProblem(kind, marked, expected);
  });
});

describe("a wrong @rest", () => {
  const variable = "a variable args.<name>, parent.<name>, claims.<name>, headers.<name>";
  test.each<[marked: string, ...Expected]>([
    ['(c: ID): Int @rest(GET: "▸c/{args.c}")', "(GET:)", "a path that starts with /", '"c/{args.c}"'],
    ['(c: ID): Int @rest(GET: "/{▸+args.c}")', "(GET:)", "{name} or {?name}", '"{+args.c}"'],
    [': Int @rest(GET: "/{▸c}")', "(GET:)", variable, "{c}"],
    [': Int @rest(GET: "/{▸id}")', "(GET:)", variable, "{id}", 'did you mean "parent.id"?'],
    [': Int @rest(GET: "/{▸args}")', "(GET:)", variable, "{args}"],
    [': Int @rest(GET: "/{▸item.id}")', "(GET:)", variable, "{item.id}"],
    [': Int @rest(GET: "/{▸args.c}")', "(GET:)", "an argument of the field (it has none)", "c"],
    [
      '(first: Int, d: Int): Int @rest(GET: "/{?▸args.frist,args.d}", query: { a: "$args.first" })',
      "(GET:)",
      "an argument of the field (first, d)",
      "frist",
      'did you mean "first"?',
    ],
    [
      ': Int @rest(GET: "/{▸parent.other}")',
      "(GET:)",
      "a scalar field of the type that needs no call (id, ids)",
      "other",
    ],
    [': Int @rest(GET: "/{▸parent.id.x}")', "(GET:)", "$parent.<name>", "$parent.id.x"],
    [
      '(c: In): Int @rest(GET: "/{?▸args.c.y}", query: { a: "$args.c.x" })',
      "(GET:)",
      "a field of In (x)",
      "y",
    ],
    ['(c: ID): Int @rest(GET: "/{▸args.c.y}")', "(GET:)", "no further path: ID has no fields", "y"],
    ['(c: En): Int @rest(GET: "/{▸args.c.y}")', "(GET:)", "no further path: En has no fields", "y"],
    ['(c: ID): Int ▸@rest(GET: "/")', "", "every argument used: {?args.c} or query", "c unused"],
    [
      '(c: In2): Int ▸@rest(GET: "/{args.c.x}")',
      "",
      "every argument used: {?args.c.y} or query",
      "c.y unused",
    ],
    [
      '(c: Int): Int @rest(GET: "/{?args.c}", query: { ▸c: "$claims.d" })',
      "(query.c:)",
      "each query pair once",
      "c in the template and in query",
    ],
    [
      '(c: Int): Int @rest(GET: "/?d=1", query: { ▸d: "$args.c" })',
      "(query.d:)",
      "each query pair once",
      "d in the template and in query",
    ],
    [
      '(c: Int): Int @rest(GET: "/", query: { d: "$args.c", ▸d: "$claims.d" })',
      "(query.d:)",
      "d once",
      "it again",
    ],
    [
      '(c: Int): Int @rest(GET: "/", query: { ▸d: { e: "$args.c" } })',
      "(query.d:)",
      "a FieldSelectionMap",
      "an object",
    ],
    [
      ': Int @rest(GET: "/", query: { d: ▸5 })',
      "(query.d:)",
      'a FieldSelectionMap in quotes, for example "$args.first"',
      "5",
    ],
    [': Int @rest(GET: "/", query: { d: "▸$claims" })', "(query.d:)", "$claims.<name>", "$claims"],
    [
      ': Int @rest(GET: "/", query: { d: "▸id" })',
      "(query.d:)",
      "a path that starts at $args, $parent, $claims, $headers",
      "id",
      'did you mean "$parent.id"?',
    ],
    [
      '(c: ID): Int @rest(GET: "/{args.c}", query: { d: "▸c" })',
      "(query.d:)",
      "a path that starts at $args, $parent, $claims, $headers",
      "c",
      'did you mean "$args.c"?',
    ],
    [
      ': Int @rest(GET: "/", query: { d: "▸$parent.id(a: 1)" })',
      "(query.d:)",
      "a path without arguments",
      "$parent.id",
    ],
    [
      ': Int @rest(GET: "/", select: "▸$args.c")',
      "(select:)",
      "a path into the backend's value, without a root",
      "$args.c",
    ],
  ])("A.b%s is one problem with its place", (marked, at, ...facts) => {
    expectProblem("rest", inType(marked), [`A.b @rest${at}`, ...facts]);
  });

  test("on a root field has no parent", () => {
    expectProblem("rest", 'type Query { a: Int @rest(GET: "/{▸parent.id}") }', [
      "Query.a @rest(GET:)",
      "a variable args.<name>, claims.<name>, headers.<name>",
      "{parent.id}",
    ]);
  });
});

describe("a wrong batch", () => {
  const batch = (text: string, template = "/b{?ids*}"): string =>
    `@rest(GET: "${template}", batch: { ${text} })`;
  test.each<[marked: string, ...Expected]>([
    [
      `: Int ${batch('of: "$parent.id", as: ▸"idz", match: "id"')}`,
      "(batch.as:)",
      "a variable of the template, for example {?idz*}",
      '"idz"',
      'did you mean "ids"?',
    ],
    [
      `: Int ${batch('of: "$parent.id", as: "ids", match: "id", maxSize: ▸0')}`,
      "(batch.maxSize:)",
      "1 to 10000",
      "0",
    ],
    [
      `: Int ${batch('of: "$parent.id", as: "ids", match: "id", maxSize: ▸10001')}`,
      "(batch.maxSize:)",
      "1 to 10000",
      "10001",
    ],
    [
      `: Int ${batch('of: "▸id", as: "ids", match: "id"')}`,
      "(batch.of:)",
      "a path that starts at $args, $parent, $claims, $headers",
      "id",
      'did you mean "$parent.id"?',
    ],
    [
      `: Int ${batch('of: ▸"$parent.ids", as: "ids", match: "id"')}`,
      "(batch.of:)",
      "one key, because the field is not a list",
      "a list of keys",
    ],
    [
      `: [Int] ${batch('of: ▸"$parent.id | $parent.ids", as: "ids", match: "id"')}`,
      "(batch.of:)",
      "a path, alternatives of one scalar each, or an object of them",
      "$parent.id | $parent.ids",
    ],
    [
      `: Int ${batch('of: ▸"$parent.id | { a: $parent.id }", as: "ids", match: "id"')}`,
      "(batch.of:)",
      "a path, alternatives of one scalar each, or an object of them",
      "$parent.id | { a: $parent.id }",
    ],
    [
      `: Int ${batch('of: "$parent.id", as: "ids", match: ▸"{ a: id }"')}`,
      "(batch.match:)",
      "one path, as in of",
      "{ a: id }",
    ],
    [
      `: Int ${batch('of: ▸"{ a: $parent.id }", as: "ids", match: "{ a: id }"')}`,
      "(batch.of:)",
      "one path: a URL carries no composite keys",
      "an object of paths",
    ],
    [
      `: Int ${batch('of: "$parent.id", as: "ids", match: "▸$args.id"')}`,
      "(batch.match:)",
      "a path into the backend's value, without a root",
      "$args.id",
    ],
    [
      `: Int ${batch('of: "$parent.id", as: "ids", match: "id", select: "▸$parent.id"')}`,
      "(batch.select:)",
      "a path into the backend's value, without a root",
      "$parent.id",
    ],
    [
      `: Int ${batch('of: "$parent.id", as: "ids", match: "id", value: "a(▸"')}`,
      "(batch.value:)",
      "an argument's name or )",
      "the end",
    ],
  ])("A.b%s is one problem with its place", (marked, at, ...facts) => {
    expectProblem("rest", inType(marked), [`A.b @rest${at}`, ...facts]);
  });

  test.each<[of: string, match: string, ...Expected]>([
    [
      '"{ a: $parent.id, b: $args.c }"',
      '▸"{ a: id }"',
      "(batch.match:)",
      "an object of a, b, as in of",
      "{ a: id }",
    ],
    ['"{ a: $parent.id, b: $args.c }"', '▸"id"', "(batch.match:)", "an object of a, b, as in of", "id"],
    ['"{ a: $parent.id, b: $args.c }"', '▸"$key"', "(batch.match:)", "an object of a, b, as in of", "$key"],
    [
      '▸"{ a: $parent.ids, b: $args.c }"',
      '"{ a: id, b: c }"',
      "(batch.of:)",
      "a path to one scalar, or to a list of scalars",
      "{ a: $parent.ids, b: $args.c }",
    ],
  ])("with of: %s and match: %s is one problem with its place", (of, match, at, ...facts) => {
    const marked = `(c: ID!): Int @grpc(method: "M", batch: { of: ${of}, as: "keys", match: ${match} })`;
    expectProblem("grpc", inType(marked), [`A.b @grpc${at}`, ...facts]);
  });
});

describe("a wrong @grpc", () => {
  test.each<[marked: string, ...Expected]>([
    [
      '(c: ID): Int @grpc(method: "M", request: { d: "$args.c", ▸d: "$claims.sub" })',
      "(request.d:)",
      "d once",
      "it again",
    ],
    [
      '(c: ID): Int @grpc(method: "M", request: { d: { e: ▸[] } })',
      "(request.d.e:)",
      'a FieldSelectionMap in quotes, for example "$args.first"',
      "[]",
    ],
    [
      '(c: ID): Int @grpc(method: "M", request: { d: { e: "$args.▸x" } })',
      "(request.d.e:)",
      "an argument of the field (c)",
      "x",
    ],
    [
      '(c: [In]): Int @grpc(method: "M", request: { d: "$args.c[{ a: $item.▸y, b: x }]" })',
      "(request.d:)",
      "a field of In (x)",
      "y",
    ],
    [
      '(c: In2): Int ▸@grpc(method: "M", request: { d: "$args.c.x" })',
      "",
      "every field of an argument used, or the argument whole",
      "c.y unused",
    ],
  ])("A.b%s is one problem with its place", (marked, at, ...facts) => {
    expectProblem("grpc", inType(marked), [`A.b @grpc${at}`, ...facts]);
  });
});

test("all problems of a file are told at once", () => {
  const text = `extend schema ${rest}
type Query { a: Int }
type A @key(fields: "x") { b: Int @from(field: "c.") d: Int @cost(weight: "x") }`;
  const problems = problemsOf((found) => readSourceSchema("a.graphql", text, catalog, found));
  expect(problems.map(({ place, coordinate }) => `${place.line}:${place.column} ${coordinate}`)).toEqual([
    "2:14 Query.a",
    "3:21 A @key(fields:)",
    "3:51 A.b @from(field:)",
    "3:75 A.d @cost(weight:)",
  ]);
});

describe("the protocol of a URL", () => {
  test.each([
    ["http://localhost:1", "http"],
    ["https://x/api/", "http"],
    ["grpc://localhost:1", "grpc"],
    ["grpcs://x/", "grpc"],
    ["grpc://[::1]:7101", "grpc"],
  ])("%s is %s", (url, protocol) => {
    expect(protocolOfUrl(url)).toBe(protocol);
  });

  test.each([
    "",
    "x",
    "http://",
    "http:",
    "grpc://",
    "grpc://x/path",
    "ws://x",
    "http://user@x",
    "http://:password@x",
    "http://x?a=b",
    "http://x#a",
  ])("%j is none", (url) => {
    expect(protocolOfUrl(url)).toBeNull();
  });
});

/** A field `b` of a type with an id and a list of ids, in a file with two input types and an enum. */
function inType(field: string): string {
  return `type A { id: ID! ids: [ID!] other: A b${field} } input In { x: ID } input In2 { x: ID y: ID } enum En { Y }`;
}

function expectProblem(kind: "rest" | "grpc", marked: string, expected: Expected): void {
  const { text, line, column } = readMarkedText(`extend schema ${kind === "rest" ? rest : grpc}\n${marked}`);
  const problems = problemsOf((found) => readSourceSchema("a.graphql", text, catalog, found));
  expect(problems).toEqual([toProblem(expected, line, column)]);
}

function toProblem(expectation: Expected, line: number, column: number): Problem {
  const [coordinate, expected, found, hint] = expectation;
  const place = { file: "a.graphql", line, column };
  return { place, coordinate, expected, found, hint: hint ?? null, severity: "error" };
}

function linesOf(kind: "rest" | "grpc", text: string): string[] {
  const problems = problemsOf((found) =>
    readSourceSchema("a.graphql", `extend schema ${kind === "rest" ? rest : grpc}\n${text}`, catalog, found),
  );
  return problems.map(({ coordinate, expected, found }) => `${coordinate} | ${expected} | ${found}`);
}

function read(text: string): SourceSchema {
  const problems = new Problems();
  const schema = readSourceSchema("a.graphql", text, catalog, problems);
  problems.throwIfAny();
  if (schema === null) throw new Error("expected a schema");
  return schema;
}
