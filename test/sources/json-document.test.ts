import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { JsonDocumentError, maxJsonDepth, parseJsonDocument } from "../../gateway/sources/json-document.ts";
import { ScriptedBackend } from "../support/scripted-backend.ts";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";

function bytes(text: string): Uint8Array {
  return Buffer.from(text);
}

describe("a JSON document", () => {
  test.each<[text: string, value: unknown]>([
    ["null", null],
    ["0", 0],
    ["-0", -0],
    ["1.5e3", 1500],
    ["9007199254740991", 9007199254740991],
    ["-9007199254740991", -9007199254740991],
    ["9007199254740992", "9007199254740992"],
    ["9007199254740993", "9007199254740993"],
    ["-9007199254740993", "-9007199254740993"],
    ["123456789012345678901234567890", "123456789012345678901234567890"],
    ["1e400", "1e400"],
    ["-1e400", "-1e400"],
    ["1e-400", 0],
    ["1e20", 1e20],
    ["12345678901234567.5", 12345678901234568],
    ['"12345678901234567890"', "12345678901234567890"],
    ['{"a":[1,{"b":12345678901234567890}],"c":"x"}', { a: [1, { b: "12345678901234567890" }], c: "x" }],
    ['{"a":1,"a":2}', { a: 2 }],
    ['{"a":12345678901234567890,"a":12345678901234567891}', { a: "12345678901234567891" }],
    ['{"":1," ":2}', { "": 1, " ": 2 }],
    ['"\\ud800"', "\ud800"],
    ['"\\u0000\\u2028"', "\u0000\u2028"],
    ["\ufeff[1]", [1]],
    [" \t\r\n[1]\n", [1]],
  ])("%s is %j", (text, value) => {
    expect(parseJsonDocument(bytes(text))).toStrictEqual(value);
  });

  test.each(["__proto__", "constructor", "hasOwnProperty", "toString"])("may have a member %s", (name) => {
    for (const inner of ["1", "12345678901234567890"]) {
      const value = parseJsonDocument(bytes(`{"${name}":{"polluted":${inner}}}`)) as object;
      expect(Object.keys(value)).toEqual([name]);
      expect(JSON.stringify(value)).toContain('"polluted"');
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test.each([
    "",
    "{",
    "[1,]",
    '{"a":1,}',
    "{'a':1}",
    "NaN",
    "Infinity",
    "01",
    "+1",
    "1.",
    ".5",
    "0x10",
    "nul",
    '"a\nb"',
    '"\\x41"',
    "[1] [2]",
    "/* */ 1",
    "\u00a0 1",
    '{"a":1}\0',
  ])("is not %j", (text) => {
    expect(() => parseJsonDocument(bytes(text))).toThrow(JsonDocumentError);
  });

  test.each([
    [[0x22, 0xff, 0x22]],
    [[0x22, 0xc3, 0x22]],
    [[0x22, 0xed, 0xa0, 0x80, 0x22]],
    [[0xff, 0xfe, 0x31, 0]],
  ])("is not bytes that are no UTF-8: %j", (raw) => {
    expect(() => parseJsonDocument(Uint8Array.from(raw))).toThrow(JsonDocumentError);
  });

  test("may be as deep as the limit and no deeper, whatever nests", () => {
    const nest = (open: string, close: string, depth: number, inner = "1"): Uint8Array =>
      bytes(open.repeat(depth) + inner + close.repeat(depth));
    for (const [open, close] of [
      ["[", "]"],
      ['{"a":', "}"],
      ['[{"a":[', "]}]"],
    ] as const) {
      const levels = open.replaceAll(/[^[{]/g, "").length;
      const fits = Math.floor(maxJsonDepth / levels);
      expect(() => parseJsonDocument(nest(open, close, fits))).not.toThrow();
      expect(() => parseJsonDocument(nest(open, close, fits, "12345678901234567890"))).not.toThrow();
      expect(() => parseJsonDocument(nest(open, close, fits + 1))).toThrow("deeper than 500 levels");
      expect(() => parseJsonDocument(nest(open, close, 1_000_000))).toThrow("deeper than 500 levels");
    }
  });
});

const own = `
extend schema @source(name: "own", url: "http://localhost:1")
scalar Any
type Query { doc: Doc @rest(GET: "/doc") any: Any @rest(GET: "/any") rows(ids: [ID!]!): [Row] @rest(GET: "/rows{?ids*}",
  batch: { of: "$args.ids", as: "ids", match: "id" }) }
type Doc { id: ID text: String int: Int float: Float flag: Boolean any: Any list: [Int] proto: String @from(field: "__proto__")
  maker: String @from(field: "constructor") }
type Row { id: ID n: Int }
`;
const client = `scalar Any
type Query { doc: Doc any: Any rows(ids: [ID!]!): [Row] }
type Doc { id: ID text: String int: Int float: Float flag: Boolean any: Any list: [Int] proto: String maker: String }
type Row { id: ID n: Int }
`;

describe("a value of a JSON document at a client", () => {
  const backend = new ScriptedBackend();
  let gateway: ProjectGateway;
  beforeAll(async () => {
    await backend.start();
    gateway = await startProject({ own }, client, { OWN_URL: backend.url });
  });
  afterAll(async () => {
    await gateway.stop();
    await backend.stop();
  });

  async function read(field: string, body: string): Promise<string> {
    backend.answer = { body };
    const { text, errors } = await gateway.query(`{ doc { value: ${field} } }`);
    const codes = errors.map(({ extensions }) => extensions.code).join();
    return codes === "" ? (/"value":(.*)\}\}\}$/s.exec(text)?.[1] ?? text) : codes;
  }

  test.each<[field: string, written: string, answered: string]>([
    ["id", "9007199254740993", '"9007199254740993"'],
    ["id", "123456789012345678901234567890", '"123456789012345678901234567890"'],
    ["id", "7", '"7"'],
    ["id", "-0", '"0"'],
    ["id", '"a"', '"a"'],
    ["id", "1.5", "INVALID_VALUE"],
    ["text", "9007199254740993", '"9007199254740993"'],
    ["text", "5", '"5"'],
    ["text", '"\\ud800"', '"\\ud800"'],
    ["text", '"\\u0000\\"\\\\/"', '"\\u0000\\"\\\\/"'],
    ["text", '{"a":1}', "INVALID_VALUE"],
    ["text", "[]", "INVALID_VALUE"],
    ["int", "9007199254740993", "INVALID_VALUE"],
    ["int", "2147483647", "2147483647"],
    ["int", "2147483648", "INVALID_VALUE"],
    ["int", "-2147483648", "-2147483648"],
    ["int", "1.0", "1"],
    ["int", "1.5", "INVALID_VALUE"],
    ["int", "-0", "0"],
    ["int", "1e2", "100"],
    ["int", "1e400", "INVALID_VALUE"],
    ["float", "9007199254740993", "9007199254740992"],
    ["float", "1e308", "1e+308"],
    ["float", "1e400", "INVALID_VALUE"],
    ["float", "0.1", "0.1"],
    ["float", "-1.5e-7", "-1.5e-7"],
    ["flag", "true", "true"],
    ["flag", '"true"', "INVALID_VALUE"],
    ["flag", "9007199254740993", "INVALID_VALUE"],
    ["any", "9007199254740993", '"9007199254740993"'],
    ["any", "1e400", '"1e400"'],
    ["any", '{"a":[1,null,{"b":"c"}]}', '{"a":[1,null,{"b":"c"}]}'],
    ["any", '{"__proto__":{"a":1},"constructor":2}', '{"__proto__":{"a":1},"constructor":2}'],
    ["list", "[1,null,3]", "[1,null,3]"],
    ["list", "5", "INVALID_VALUE"],
    ["list", "[12345678901234567890]", "INVALID_VALUE"],
  ])("%s of %s is %s", async (field, written, answered) => {
    expect(await read(field, `{"${field}":${written}}`)).toBe(answered);
  });

  test.each([
    ["duplicate names: the last", '{"text":"a","text":"b"}', "text", '"b"'],
    ["a byte order mark", '\ufeff{"text":"a"}', "text", '"a"'],
    ["a member called __proto__", '{"__proto__":"p"}', "proto", '"p"'],
    ["a member called constructor", '{"constructor":"c"}', "maker", '"c"'],
    ["no member called __proto__", "{}", "proto", "null"],
    ["no member called constructor", "{}", "maker", "null"],
    [
      "wide objects",
      `{"text":"a",${Array.from({ length: 50_000 }, (_, i) => `"k${i}":${i}`).join()}}`,
      "text",
      '"a"',
    ],
    [
      "as deep as allowed",
      `{"any":${"[".repeat(499)}${"]".repeat(499)}}`,
      "any",
      `${"[".repeat(499)}${"]".repeat(499)}`,
    ],
    [
      "a nesting bomb of lists",
      `{"any":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
      "any",
      "UPSTREAM_INVALID_RESPONSE",
    ],
    [
      "a nesting bomb of objects",
      `${'{"any":'.repeat(100_000)}1${"}".repeat(100_000)}`,
      "any",
      "UPSTREAM_INVALID_RESPONSE",
    ],
    ["a nesting bomb with no end", "[".repeat(1_000_000), "any", "UPSTREAM_INVALID_RESPONSE"],
    ["half a document", '{"text":', "text", "UPSTREAM_INVALID_RESPONSE"],
  ])("with %s", async (_what, body, field, answered) => {
    expect(await read(field, body)).toBe(answered);
  });

  test("with bytes that are no UTF-8", async () => {
    backend.answer = { body: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]) };
    const { errors } = await gateway.query("{ doc { id } }");
    expect(errors).toMatchObject([{ extensions: { code: "UPSTREAM_INVALID_RESPONSE" } }]);
  });

  test("finds rows by keys with more digits than a number holds", async () => {
    backend.answer = { body: '[{"id":9007199254740993,"n":3},{"id":9007199254740992,"n":2}]' };
    const { data } = await gateway.query(
      '{ rows(ids: ["9007199254740992", "9007199254740993", "9007199254740994"]) { id n } }',
    );
    expect(data).toEqual({
      rows: [{ id: "9007199254740992", n: 2 }, { id: "9007199254740993", n: 3 }, null],
    });
  });

  test("still answers after all of this", async () => {
    expect(await read("text", '{"text":"alive"}')).toBe('"alive"');
  });
});
