import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Problem } from "../../../gateway/core/problems.ts";
import { rawRoots } from "../../../gateway/language/evaluate-selection.ts";
import type { Source } from "../../../gateway/sources/source.ts";
import { echoSource, writeEchoProtos } from "../../support/grpc-echo.ts";
import { problemsOf, readMarkedText } from "../../support/marked-problem.ts";
import { openSource, tryOpenSource } from "../../support/open-source.ts";

let protos = "";
beforeAll(() => {
  protos = writeEchoProtos();
});
afterAll(() => {
  rmSync(protos, { recursive: true });
});

describe("a source's properties", () => {
  test("are read from messages under the proto's names", async () => {
    const source = openEcho(`
      type Query { row: Row @grpc(method: "BatchGetRows", select: "rows_by_id.a") }
      type Row {
        id: ID tenantId: ID
        name: String @from(field: "detail.displayName")
        detail: Detail
        either: ID @from(field: "tenantId | sku")
        me: Row @from(field: "{ id: tenantId, sku }")
      }
      type Detail { displayName: String }`);
    const row = { id: "a", tenant_id: "t", sku: "s", detail: { display_name: "A" } };
    const read = (coordinate: string, value: unknown): unknown =>
      source.properties.get(coordinate)?.(rawRoots(value));
    expect(read("Row.tenantId", row)).toBe("t");
    expect(read("Row.name", row)).toBe("A");
    expect(read("Row.either", { tenant_id: null, sku: "s" })).toBe("s");
    expect(read("Row.me", row)).toEqual({ id: "t", sku: "s" });
    expect(read("Detail.displayName", read("Row.detail", row))).toBe("A");
    await source.dispose();
  });

  test("may be lists, maps and what is inside of them", async () => {
    const source = openEcho(`
      type Query { echo: Echo @grpc(method: "Echo") }
      type Echo {
        modes: [String] @from(field: "filters.mode")
        filters: [Filter] @from(field: "filters[{ category: categoryId, all: all_of[$item.categoryId] }]")
        count: String @from(field: "counts.someKey")
      }
      type Filter { category: ID all: [ID] }`);
    const echo = {
      counts: { someKey: "5" },
      filters: [{ category_id: "c1", mode: "ALL", all_of: [{ category_id: "c2" }] }],
    };
    const read = (coordinate: string): unknown => source.properties.get(coordinate)?.(rawRoots(echo));
    expect(read("Echo.modes")).toEqual(["ALL"]);
    expect(read("Echo.filters")).toEqual([{ category: "c1", all: ["c2"] }]);
    expect(read("Echo.count")).toBe("5");
    await source.dispose();
  });

  test("of references are read under their own names", async () => {
    const source = openEcho(`
      type Query { row: Row @grpc(method: "BatchGetRows", select: "rows_by_id.a") }
      type Row { id: ID other: Other @from(field: "{ otherId: sku }") }
      type Other @key(fields: "otherId") { otherId: ID! }`);
    expect(source.properties.get("Other.otherId")?.(rawRoots({ otherId: "s" }))).toBe("s");
    await source.dispose();
  });
});

const requestFields =
  "text, flag, small, positive, big, huge, ratio, raw, color, texts, colors, filter, filters, counts, page_token, maybe, fixed, zigzag, rough";
const filterFields = "category_id, mode, price_range, all_of";

describe("a wrong use of a proto", () => {
  test.each<[marked: string, ...Facts]>([
    [
      '▸"Ekko"',
      "Query.a @grpc(method:)",
      "a method of echo.v1.EchoService (Echo, Safe, BatchGetRows, WatchRows)",
      "Ekko",
    ],
    [
      '▸"WatchRows"',
      "Query.a @grpc(method:)",
      "a unary method (what this version enforces)",
      "WatchRows, which streams",
    ],
    [
      '"Echo", select: "▸nothing"',
      "Query.a @grpc(select:)",
      `a field of echo.v1.EchoRequest (${requestFields})`,
      "nothing",
    ],
    [
      '"Echo", select: "filter.▸categoryIdd"',
      "Query.a @grpc(select:)",
      `a field of echo.v1.Filter (${filterFields})`,
      "categoryIdd",
      'did you mean "category_id"?',
    ],
    ['"Echo", select: "text.▸more"', "Query.a @grpc(select:)", "no further path: this is a scalar", "more"],
    [
      '"Echo", request: { ▸txt: "$claims.a" }',
      "Query.a @grpc(request:)",
      `a field of echo.v1.EchoRequest (${requestFields})`,
      "txt",
      'did you mean "text"?',
    ],
    [
      '"Echo", request: { filter: { ▸min_value: "$claims.a" } }',
      "Query.a @grpc(request:)",
      `a field of echo.v1.Filter (${filterFields})`,
      "min_value",
    ],
    [
      '"Echo", request: { ▸text: { a: "$claims.a" } }',
      "Query.a @grpc(request:)",
      "a FieldSelectionMap: this field is no single message",
      "an object for text",
    ],
    [
      '"Echo", request: { ▸filters: { mode: "$claims.a" } }',
      "Query.a @grpc(request:)",
      "a FieldSelectionMap: this field is no single message",
      "an object for filters",
    ],
    [
      '"Echo", request: { page_token: "$claims.a", ▸pageToken: "$claims.b" }',
      "Query.a @grpc(request:)",
      "one value for the request field page_token",
      "pageToken again",
    ],
    [
      '"BatchGetRows", batch: { of: "$claims.a", as: ▸"id", match: "id", select: "rows" }',
      "Query.a @grpc(batch.as:)",
      "a repeated field of echo.v1.BatchGetRowsRequest (ids, numbers, keys)",
      "id",
      'did you mean "ids"?',
    ],
    [
      '"BatchGetRows", batch: { of: "$claims.a", as: ▸"tenant", match: "id", select: "rows" }',
      "Query.a @grpc(batch.as:)",
      "a repeated field of echo.v1.BatchGetRowsRequest (ids, numbers, keys)",
      "tenant",
    ],
    [
      '"BatchGetRows", request: { ids: "$claims.a" }, batch: { of: "$claims.a", as: ▸"ids", match: "id", select: "rows" }',
      "Query.a @grpc(batch.as:)",
      "a field that carries the keys only",
      "request.ids",
    ],
    [
      '"BatchGetRows", batch: { of: ▸"{ a: $claims.a }", as: "ids", match: "{ a: id }", select: "rows" }',
      "Query.a @grpc(batch.of:)",
      "one path: ids holds no messages",
      "an object of paths",
    ],
    [
      '"BatchGetRows", batch: { of: ▸"$claims.a", as: "keys", match: "id", select: "rows" }',
      "Query.a @grpc(batch.of:)",
      "an object of paths for echo.v1.RowKey",
      "one path",
    ],
    [
      '"BatchGetRows", batch: { of: ▸"{ tenant: $claims.a, sku: $claims.b }", as: "keys", match: "{ tenant: id, sku }", select: "rows" }',
      "Query.a @grpc(batch.of:)",
      "fields of echo.v1.RowKey (tenant_id, sku)",
      "tenant",
    ],
    [
      '"BatchGetRows", batch: { of: "$claims.a", as: "ids", match: "id", select: "▸row" }',
      "Query.a @grpc(batch.select:)",
      "a field of echo.v1.BatchGetRowsResponse (rows, rows_by_id)",
      "row",
      'did you mean "rows"?',
    ],
    [
      '"BatchGetRows", batch: { of: "$claims.a", as: "ids", match: "▸idd", select: "rows" }',
      "Query.a @grpc(batch.match:)",
      "a field of echo.v1.Row (id, number, tenant_id, sku, detail)",
      "idd",
      'did you mean "id"?',
    ],
    [
      '"BatchGetRows", batch: { of: "$claims.a", as: "ids", match: "id", select: "rows", value: "detail.▸name" }',
      "Query.a @grpc(batch.value:)",
      "a field of echo.v1.Detail (display_name)",
      "name",
    ],
    [
      '"BatchGetRows", batch: { of: "$claims.a", as: "ids", match: "▸detail.display_name", select: "rows.detail.display_name" }',
      "Query.a @grpc(batch.match:)",
      "no further path: this is a scalar",
      "detail",
    ],
    [
      '"Echo", request: { filter: "$claims.f" }, batch: { of: "$claims.a", as: "texts", match: "mode", select: ▸"filter" }',
      "Query.a @grpc(batch.select:)",
      "one list of rows",
      "echo.v1.Filter",
    ],
    [
      '"Echo", batch: ▸{ of: "$claims.a", as: "texts", match: "text" }',
      "Query.a @grpc(batch:)",
      "one list of rows",
      "echo.v1.EchoRequest",
    ],
    [
      '"BatchGetRows", batch: { of: "$claims.a", as: "ids", match: "$key", select: ▸"rows" }',
      "Query.a @grpc(batch.select:)",
      "a map of rows",
      "a list of echo.v1.Row",
    ],
    [
      '"BatchGetRows", batch: { of: "$claims.a", as: "ids", match: ▸"detail", select: "rows" }',
      "Query.a @grpc(batch.match:)",
      "a path to one scalar",
      "echo.v1.Detail",
    ],
    [
      '"Echo", batch: { of: "$claims.a", as: "texts", match: ▸"all_of.mode", select: "filters" }',
      "Query.a @grpc(batch.match:)",
      "a path to one scalar",
      "a list of a scalar",
    ],
  ])("@grpc(method: %s) is one problem with its place", (marked, ...facts) => {
    // No message has the field, so that its own problem tells nothing about the case.
    const { problems, problem } = problemsAt(
      `type Query { a: Echo @grpc(method: ${marked}) } type Echo { none: ID }`,
      facts,
    );
    expect(problems.filter(({ coordinate }) => coordinate !== "Echo.none")).toEqual([problem]);
  });

  test.each<[field: string, expected: string, found: string, hint?: string]>([
    [
      "a(txt: ID)",
      `a field of echo.v1.EchoRequest for every argument (${requestFields})`,
      "argument txt",
      'did you mean "text"?',
    ],
    [
      "a(page_token: ID, pageToken: ID)",
      "one value for the request field page_token",
      "argument pageToken besides argument page_token",
    ],
    ["a(flag: Int)", fits("flag: bool"), "Int"],
    ["a(small: Boolean)", fits("small: int32"), "Boolean"],
    ["a(small: Float)", fits("small: int32"), "Float"],
    ["a(ratio: ID)", fits("ratio: double"), "ID"],
    ["a(small: Color)", fits("small: int32"), "Color"],
    ["a(color: Color)", fits("color: echo.v1.Color (COLOR_UNSPECIFIED, RED, BLUE)"), "Color"],
    ["a(texts: ID!)", fits("texts: repeated string"), "ID!"],
    ["a(text: [ID!]!)", fits("text: string"), "[ID!]!"],
    ["a(texts: [[ID]])", fits("texts: repeated string"), "[[ID]]"],
    ["a(counts: Fine)", fits("counts: a map of int64"), "Fine"],
    ["a(filter: ID)", fits("filter: echo.v1.Filter"), "ID"],
    ["a(text: Fine)", fits("text: string"), "Fine"],
    ["a(filter: Wrong)", `fields of echo.v1.Filter (${filterFields}) in Wrong, for filter`, "category"],
    ["a(filter: Deep)", fits("filter.price_range.min_value: int32"), "Boolean"],
    ["a(filters: [Deeper])", fits("filters.all_of: repeated echo.v1.Filter"), "Deeper"],
  ])("%s without a mapping is one problem", (field, ...facts) => {
    const types = `
      type Echo { text: ID } scalar Json
      enum Color { RED GREEN } input Fine { categoryId: ID } input Wrong { category: ID }
      input Deep { priceRange: Range } input Range { minValue: Boolean } input Deeper { all_of: Deeper }`;
    const marked = `type Query { ${field}: Echo ▸@grpc(method: "Echo") } ${types}`;
    const { problems, problem } = problemsAt(marked, ["Query.a @grpc", ...facts]);
    expect(problems).toEqual([problem]);
  });

  test("an argument may not stand in for what a claim decides", () => {
    const call = '@grpc(method: "Echo", request: { page_token: "$claims.sub" })';
    const { problems, problem } = problemsAt(
      `type Query { a(pageToken: ID): Echo ▸${call} } type Echo { text: ID }`,
      [
        "Query.a @grpc",
        "one value for the request field page_token",
        "argument pageToken besides request.page_token",
      ],
    );
    expect(problems).toEqual([problem]);
  });

  test("arguments of fitting types are no problem", () => {
    const problems = open(
      `${echoSource}
      type Query {
        a(text: ID!, flag: Boolean, small: Int, positive: ID, big: String, ratio: Float, rough: Int, raw: String,
          color: Color = RED, texts: [Color!], colors: [Color], filter: Filter, filters: [Filter!]!, counts: Json,
          maybe: Json, huge: Json): Echo @grpc(method: "Echo")
      }
      type Echo { text: ID } scalar Json enum Color { RED BLUE }
      input Filter { categoryId: ID mode: Mode all_of: [Filter] priceRange: Json } enum Mode { ALL }`,
      protos,
    );
    expect(problems).toEqual([]);
  });

  test.each<[marked: string, ...Facts]>([
    [
      "▸txt: ID",
      "Echo.txt",
      `a field of echo.v1.EchoRequest (${requestFields})`,
      "txt",
      'did you mean "text"?',
    ],
    ['b: ID @from(field: "filter.▸kind")', "Echo.b", `a field of echo.v1.Filter (${filterFields})`, "kind"],
    ["▸texts: ID", "Echo.texts", "a list, as in the message", "the type ID"],
    ["▸text: [ID!]!", "Echo.text", "one value, as in the message", "the type [ID!]!"],
    ["▸filter: [Echo]", "Echo.filter", "one value, as in the message", "the type [Echo]"],
    [
      '▸b: [ID] @from(field: "filters.all_of.mode")',
      "Echo.b",
      "2 lists, one in the other, as in the message",
      "the type [ID]",
    ],
    [
      '▸b: Other @from(field: "filters[{ id: mode }]")',
      "Echo.b",
      "a list, as in the message",
      "the type Other",
    ],
    [
      'b: [Other] @from(field: "filters.▸{ id: mode }")',
      "Echo.b",
      "filters[{ … }], because it is a list",
      "filters.{ … }",
    ],
    ['b: [ID] @from(field: "▸filter[mode]")', "Echo.b", "a list before [ ]", "filter"],
    ["▸filter: ID", "Echo.filter", "an object type, because the value is a message", "ID for echo.v1.Filter"],
    ["▸text: Echo", "Echo.text", "a scalar or enum, because the value is no message", "the object type Echo"],
  ])("a property %s is one problem with its place", (marked, ...facts) => {
    const types = `type Query { a: Echo @grpc(method: "Echo") } type Echo { ${marked} } type Other { id: ID }`;
    const { problems, problem } = problemsAt(types, facts);
    expect(problems).toEqual([problem]);
  });

  test("a property that is called differently in two messages is a problem", () => {
    const folder = writeProtos({
      "two.proto": `syntax = "proto3"; package two;
        service S { rpc Get(Empty) returns (One); rpc Other(Empty) returns (Two); }
        message Empty {} message One { string category_id = 1; } message Two { string categoryId = 1; }`,
    });
    const { text, line, column } = readMarkedText(
      `extend schema @source(name: "two", url: "grpc://x", proto: "two.proto", service: "two.S")
       type Query { a: Row @grpc(method: "Get") b: Row @grpc(method: "Other") }
       type Row { ▸categoryId: ID }`,
    );
    expect(open(text, folder)).toMatchObject([
      {
        place: { file: "a.graphql", line, column },
        coordinate: "Row.categoryId",
        expected: "one name in every message that the type is read from",
        found: "another name in two.Two",
      },
    ]);
    rmSync(folder, { recursive: true });
  });
});

describe("a proto that cannot be used", () => {
  const valid = "a valid .proto file whose imports are below protos/";
  test.each<[proto: string, service: string, problem: readonly [string, string | RegExp, string?]]>([
    ['▸"echo/v1/ekko.proto"', '"a"', ["a file below protos/", "echo/v1/ekko.proto, which is not there"]],
    ['▸"../echo.proto"', '"a"', ["a path below protos/", "../echo.proto"]],
    ['▸"/etc/passwd"', '"a"', ["a path below protos/", "/etc/passwd"]],
    [
      '"echo/v1/echo.proto"',
      '▸"echo.v1.EchoServices"',
      [
        "a service of echo/v1/echo.proto: echo.v1.EchoService",
        "echo.v1.EchoServices",
        'did you mean "echo.v1.EchoService"?',
      ],
    ],
    [
      '"echo/v1/echo.proto"',
      '▸"echo.v1.Row"',
      ["a service of echo/v1/echo.proto: echo.v1.EchoService", "echo.v1.Row"],
    ],
    ['"echo/v1/row.proto"', '▸"echo.v1.Row"', ["a service of echo/v1/row.proto: it has none", "echo.v1.Row"]],
    ['▸"broken.proto"', '"a"', [valid, /illegal token 'oops'/]],
    ['▸"importing.proto"', '"a"', [valid, /nowhere\.proto/]],
    ['▸"unresolved.proto"', '"a"', [valid, /no such Type or Enum 'Nothing'/]],
  ])("%s with %s is one problem with its place", (proto, service, [expected, found, hint]) => {
    const folder = writeProtos({
      "broken.proto": 'syntax = "proto3"; oops',
      "importing.proto": 'syntax = "proto3"; import "nowhere.proto";',
      "unresolved.proto": 'syntax = "proto3"; message A { Nothing b = 1; }',
    });
    const { text, line, column } = readMarkedText(
      `extend schema @source(name: "echo", url: "grpc://x", proto: ${proto}, service: ${service})
       type Query { a: Int @grpc(method: "A") }`,
    );
    const warn = vi.spyOn(process, "emitWarning");
    const problems = open(text, proto.includes("echo/v1") ? protos : folder);
    rmSync(folder, { recursive: true });
    expect(problems).toEqual([
      {
        place: { file: "a.graphql", line, column },
        coordinate: `schema @source(${proto.startsWith("▸") ? "proto" : "service"}:)`,
        expected,
        found: expect.stringMatching(found),
        hint: hint ?? null,
        severity: "error",
      },
    ]);
    expect(problems[0]?.found).not.toContain(folder);
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });
});

test("well-known types and imported messages are messages like any others", async () => {
  const folder = writeProtos({
    "a.proto": `syntax = "proto3"; package a; import "google/protobuf/timestamp.proto"; import "b.proto";
      service S { rpc Get(Request) returns (Answer); rpc Other(b.Request) returns (b.Request); }
      message Request { string id = 1; } message Item { string mine = 1; }
      message Answer { google.protobuf.Timestamp at = 1; b.Item item = 2; Item own = 3; Answer next = 4; }`,
    "b.proto": `syntax = "proto3"; package b; message Request { string id = 1; } message Item { string name = 1; }`,
  });
  const sdl = `extend schema @source(name: "a", url: "grpc://x", proto: "a.proto", service: "a.S")
    type Query { get(id: ID!): Answer @grpc(method: "Get") }
    type Answer { at: Timestamp item: Item mine: ID @from(field: "own.mine") next: Answer }
    type Timestamp { seconds: String nanos: Int } type Item { name: String }`;
  const source = openSource(sdl, "grpc://x", folder);
  rmSync(folder, { recursive: true });
  expect(source.calls.get("Query.get")).toMatchObject({ isSafe: false, coordinate: "Query.get" });
  await source.dispose();
});

function fits(field: string): string {
  return `a type that fits the request field ${field}`;
}

type Facts = readonly [coordinate: string, expected: string, found: string, hint?: string];

/** What opening the echo service with these types reports, and the problem that is expected at the mark. */
function problemsAt(marked: string, facts: Facts): { problems: Problem[]; problem: Problem } {
  const { text, line, column } = readMarkedText(`${echoSource}\n${marked}`);
  const [coordinate, expected, found, hint] = facts;
  const place = { file: "a.graphql", line, column };
  const problem: Problem = { place, coordinate, expected, found, hint: hint ?? null, severity: "error" };
  return { problems: open(text, protos), problem };
}

/** Opens a source, closes it again, and returns its problems. */
function open(sdl: string, folder: string): Problem[] {
  return problemsOf(
    (found) => void tryOpenSource(sdl, found, { url: "grpc://x", protos: folder })?.dispose(),
  );
}

function openEcho(types: string): Source {
  return openSource(`${echoSource} ${types}`, "grpc://x", protos);
}

function writeProtos(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(path.join(tmpdir(), "overlock-protos-"));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  }
  return folder;
}
