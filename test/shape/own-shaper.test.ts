import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { defineShaper, type BffShaper } from "overlock";
import { initials } from "../../bff-mobile/initials.ts";
import { formatProblem, Problems } from "../../gateway/core/problems.ts";
import { readClientSchema } from "../../gateway/language/client-schema.ts";
import { readDirectiveCatalog } from "../../gateway/language/directive-catalog.ts";
import { readOwnShapers } from "../../gateway/shape/own-shapers.ts";
import type { LeafShaper, ValueShape } from "../../gateway/shape/shaper.ts";
import { repositoryRoot } from "../architecture/source-files.ts";
import { english } from "./compile-shaper.ts";

const catalog = readDirectiveCatalog();
const anyOutput = { coordinate: "Query.field", type: english as never };

/** The shaper that stands on `Query.field`, for a value of a shape; null, with problems, where it can't. */
function compileOwn(
  config: BffShaper,
  written = `@${config.name}`,
  input: Partial<ValueShape> = {},
): { readonly shaper: LeafShaper | null; readonly problems: readonly string[] } {
  const problems = new Problems();
  const own = readOwnShapers([config], "bff-web/bff.config.ts", catalog, problems);
  const sdl = `type Query { field: String ${written} }`;
  const client = own === null ? null : readClientSchema("schema.graphql", sdl, own.catalog, problems);
  const [use] = client?.types.get("Query")?.fields.get("field")?.shapers ?? [];
  const shape: ValueShape = { typeName: "String", kind: "scalar", listDepth: 0, ...input };
  const shaper = use && own?.definitions.get(config.name)?.compile(use, anyOutput, shape);
  return { shaper: shaper?.kind === "leaf" ? shaper : null, problems: problems.errors.map(formatProblem) };
}

function leafOf(config: BffShaper, written?: string, input: Partial<ValueShape> = {}): LeafShaper {
  const { shaper, problems } = compileOwn(config, written, input);
  if (shaper === null) throw new Error(problems.join("\n"));
  return shaper;
}

const codeOf = (code: string): unknown => expect.objectContaining({ code });

describe("the shop's @initials", () => {
  test.each([
    ["Ada Lovelace", "@initials", "AL"],
    ["Ada King Lovelace", "@initials", "AK"],
    ["Ada King Lovelace", "@initials(max: 3)", "AKL"],
    ["  łukasz  ", "@initials", "Ł"],
    ["😀 Smile", "@initials(max: 1)", "😀"],
    ["", "@initials", ""],
  ])("makes of %j with %s: %j", (name, written, text) => {
    expect(leafOf(initials, written).shapeLeaf(name, english)).toBe(text);
  });

  test("is written in the language of the answer", () => {
    expect(leafOf(initials).shapeLeaf("ilhan", { ...english, locale: "tr" })).toBe("İ");
  });

  test("is in the documentation as it is in its file, and so is its use", () => {
    const document = readFileSync(path.join(repositoryRoot, "docs/schema-language.md"), "utf8");
    const source = readFileSync(path.join(repositoryRoot, "bff-mobile/initials.ts"), "utf8");
    expect(document).toContain(`\`\`\`ts\n// bff-mobile/initials.ts\n${source}\`\`\`\n`);
    const schema = readFileSync(path.join(repositoryRoot, "bff-mobile/schema.graphql"), "utf8");
    const [use] = /^ {2}authorInitials: .*$/m.exec(document) ?? [];
    expect(schema).toContain(use);
  });
});

describe("what a shaper gets", () => {
  const seen: unknown[] = [];
  const spy = (takes: BffShaper["takes"]): BffShaper =>
    defineShaper({
      name: "spy",
      sdl: 'directive @spy(in: In = { size: 2 }, ids: [ID!], mood: Mood = CALM) on FIELD_DEFINITION enum Mood { CALM WILD } input In { size: Int!, note: String = "n" }',
      takes,
      gives: "Boolean",
      shape: (value, args, context) => {
        seen.splice(0, seen.length, value, args, context);
        return true;
      },
    });

  test("are its arguments with their defaults, and for whom it shapes", () => {
    leafOf(spy("String"), "@spy(ids: 7)").shapeLeaf("x", english);
    expect(seen).toEqual([
      "x",
      { in: { size: 2, note: "n" }, ids: ["7"], mood: "CALM" },
      { locale: "en-US", timeZone: "UTC" },
    ]);
  });

  test("nobody can change", () => {
    leafOf(spy("String"), "@spy(in: { size: 3 })").shapeLeaf("x", english);
    const [, args] = seen as [unknown, { in: object }];
    expect([Object.isFrozen(args), Object.isFrozen(args.in)]).toEqual([true, true]);
    expect(args.in).toEqual({ size: 3, note: "n" });
  });

  test.each<[takes: BffShaper["takes"], input: Partial<ValueShape>, raw: unknown, taken: unknown]>([
    ["String", { typeName: "ID" }, 7, "7"],
    ["String", { typeName: "Mood", kind: "enum" }, "CALM", "CALM"],
    ["ID", { typeName: "ID" }, 7, "7"],
    ["Int", { typeName: "Int" }, "12", 12],
    ["Float", { typeName: "Int" }, 3, 3],
    ["Float", { typeName: "Float" }, 0.5, 0.5],
    ["Boolean", { typeName: "Boolean" }, 1, true],
    ["DateTime", { typeName: "DateTime" }, { odd: true }, { odd: true }],
    ["Mood", { typeName: "Mood", kind: "enum" }, "CALM", "CALM"],
    [
      { a: "Int", b: "String" },
      { typeName: "Thing", kind: "object" },
      { a: "4", b: undefined },
      { a: 4, b: null },
    ],
  ])("of %j from %j: %j is %j", (takes, input, raw, taken) => {
    leafOf(spy(takes), "@spy", input).shapeLeaf(raw, english);
    expect(seen[0]).toEqual(taken);
  });

  test.each<[takes: BffShaper["takes"], input: Partial<ValueShape>, raw: unknown]>([
    ["String", {}, { toString: null }],
    ["String", {}, ["a"]],
    ["Int", { typeName: "Int" }, 1.5],
    ["Int", { typeName: "Int" }, 2 ** 31],
    ["Float", { typeName: "Float" }, "x"],
    ["Boolean", { typeName: "Boolean" }, "true"],
    [{ a: "Int" }, { typeName: "Thing", kind: "object" }, { a: "four" }],
  ])("of %j from %j is never %j", (takes, input, raw) => {
    seen.length = 0;
    const shaper = leafOf(spy(takes), "@spy", input);
    expect(() => shaper.shapeLeaf(raw, english)).toThrow(codeOf("CANNOT_SHAPE"));
    expect(seen).toEqual([]);
  });

  test.each<[takes: BffShaper["takes"], input: Partial<ValueShape>, expected: string, found: string]>([
    ["String", { typeName: "Int" }, "String, or a list of them", "Int"],
    ["Int", { typeName: "Float", listDepth: 1 }, "Int, or a list of them", "[Float]"],
    ["ID", { typeName: "Mood", kind: "enum" }, "ID, or a list of them", "Mood"],
    ["String", { typeName: "User", kind: "object" }, "String, or a list of them", "User"],
    ["User", { typeName: "User", kind: "object" }, "User, or a list of them", "User"],
    [{ a: "Int", b: "ID" }, {}, "an object with a, b, or a list of them", "String"],
  ])("can't be %j where there is %j", (takes, input, expected, found) => {
    const { shaper, problems } = compileOwn(spy(takes), "@spy", input);
    expect(shaper).toBeNull();
    expect(problems).toEqual([
      `schema.graphql:1:28  Query.field @spy\n  expected  ${expected}\n  found     ${found}`,
    ]);
  });

  test("of an object are fields, each of which has to be what it says", () => {
    const { reads, expectedOf } = leafOf(spy({ a: "Float", b: "String" }), "@spy", { kind: "object" });
    expect(reads).toEqual(["a", "b"]);
    const int: ValueShape = { typeName: "Int", kind: "scalar", listDepth: 0 };
    expect([expectedOf?.("a", int), expectedOf?.("b", int)]).toEqual([null, "String"]);
  });
});

describe("what a shaper gives", () => {
  const giving = (gives: BffShaper["gives"], result: () => unknown): BffShaper => ({
    name: "giving",
    sdl: "directive @giving on FIELD_DEFINITION",
    takes: "String",
    gives,
    shape: result,
  });

  test.each<[gives: BffShaper["gives"], value: unknown]>([
    ["String", ""],
    ["String", null],
    ["ID", "7"],
    ["Int", -2_147_483_648],
    ["Float", 0.1],
    ["Boolean", false],
  ])("may be %s %j", (gives, value) => {
    const shaper = leafOf(
      giving(gives, () => value),
      "@giving",
      { listDepth: 2 },
    );
    expect(shaper.shapeLeaf("x", english)).toBe(value);
    expect(shaper.output).toEqual({ typeName: gives, kind: "scalar", listDepth: 2 });
  });

  test.each<[what: string, gives: BffShaper["gives"], result: () => unknown]>([
    ["undefined", "String", () => undefined],
    ["a number for a text", "String", () => 7],
    ["a text for a number", "Int", () => "7"],
    ["a fraction for a whole number", "Int", () => 0.5],
    ["more than 32 bits", "Int", () => 2 ** 31],
    ["no number", "Float", () => Number.NaN],
    ["a list", "String", () => ["x"]],
    ["an object", "String", () => ({ secret: 1 })],
    ["a bigint", "Int", () => 1n],
    ["a symbol", "String", () => Symbol("secret")],
    ["a promise", "String", () => Promise.resolve("x")],
    ["a promise that fails", "String", () => Promise.reject(new Error("secret"))],
    [
      "an error",
      "String",
      () => {
        throw new Error("secret");
      },
    ],
    [
      "a thrown text",
      "String",
      () => {
        throw "secret" as unknown as Error;
      },
    ],
    [
      "a thrown nothing",
      "String",
      () => {
        throw undefined as unknown as Error;
      },
    ],
    [
      "an endless recursion",
      "String",
      function again(): unknown {
        return again();
      },
    ],
  ])("is CANNOT_SHAPE where it is %s, and nobody hears of it", async (_what, gives, result) => {
    const shaper = leafOf(giving(gives, result));
    let caught: unknown;
    try {
      shaper.shapeLeaf("x", english);
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({ code: "CANNOT_SHAPE" });
    expect((caught as Error).message).not.toContain("secret");
    expect((caught as { publicMessage: string }).publicMessage).not.toContain("secret");
    // A rejection that nobody handles would fail the run.
    await new Promise((resolve) => setImmediate(resolve));
  });

  test("is not waited for once the request's time is up", () => {
    const shaper = leafOf(giving("String", () => "late"));
    const deadline = { expiresAtMs: performance.now() - 1 };
    expect(() => shaper.shapeLeaf("x", { ...english, deadline })).toThrow(codeOf("REQUEST_TIMEOUT"));
  });
});
