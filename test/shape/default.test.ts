import { describe, expect, test } from "vitest";
import { compileShaper, nullShaperOf } from "./compile-shaper.ts";

const types = "enum Genre { NOVEL POETRY } scalar Json";

describe("what stands in for null", () => {
  test.each([
    { type: "String", value: '"none"', replacement: "none" },
    { type: "String!", value: '""', replacement: "" },
    { type: "Int", value: "-1", replacement: -1 },
    { type: "Float", value: "1", replacement: 1 },
    { type: "Float!", value: "1.5", replacement: 1.5 },
    { type: "Boolean!", value: "false", replacement: false },
    { type: "ID", value: '"a"', replacement: "a" },
    { type: "ID", value: "7", replacement: "7" },
    { type: "Genre", value: "POETRY", replacement: "POETRY" },
    { type: "[Genre!]!", value: "[NOVEL, POETRY]", replacement: ["NOVEL", "POETRY"] },
    { type: "[Int!]", value: "[]", replacement: [] },
    { type: "[Int]", value: "[1, null]", replacement: [1, null] },
    { type: "[[Int]]", value: "[[1], []]", replacement: [[1], []] },
    { type: "[String!]", value: '"one"', replacement: ["one"] },
    { type: "Json", value: '{ a: [1, "b"] }', replacement: { a: [1, "b"] } },
  ])("is a value of the field's type: $type, $value", ({ type, value, replacement }) => {
    const shaper = nullShaperOf(`type Query { field: ${type} @default(value: ${value}) } ${types}`);
    expect(shaper.replacement).toEqual(replacement);
  });

  test("leaves the value's shape as it is, and absorbs errors only where it says so", () => {
    const plain = nullShaperOf("type Query { field: Int @default(value: 0) }");
    const absorbing = nullShaperOf("type Query { field: Int @default(value: 0, onError: true) }");
    const off = nullShaperOf("type Query { field: Int @default(value: 0, onError: false) }");
    expect(plain.output).toEqual({ typeName: "Int", kind: "scalar", listDepth: 0 });
    expect([plain, absorbing, off].map((shaper) => shaper.absorbsErrors)).toEqual([false, true, false]);
  });
});

describe("what can't stand in for null", () => {
  test.each([
    { type: "Int", value: '"0"', expected: "a value of type Int, not null", found: '"0"' },
    { type: "Int", value: "1.5", expected: "a value of type Int, not null", found: "1.5" },
    { type: "Int", value: "3000000000", expected: "a value of type Int, not null", found: "3000000000" },
    { type: "Boolean!", value: "0", expected: "a value of type Boolean!, not null", found: "0" },
    { type: "[Int!]", value: "[1, null]", expected: "a value of type [Int!], not null", found: "[1, null]" },
    {
      type: "[Genre]",
      value: '["NOVEL"]',
      expected: "a value of type [Genre], not null: NOVEL, POETRY",
      found: '["NOVEL"]',
    },
  ])("is refused: $type, $value", ({ type, value, expected, found }) => {
    const { shaper, problems } = compileShaper(
      `type Query { field: ${type} @default(value: ${value}) } ${types}`,
    );
    expect(shaper).toBeNull();
    expect(problems).toEqual([
      `schema.graphql:1:${38 + type.length}  Query.field @default(value:)\n  expected  ${expected}\n  found     ${found}`,
    ]);
  });

  test("is refused with the nearest value of an enum", () => {
    const { problems } = compileShaper(`type Query { field: Genre @default(value: POERTY) } ${types}`);
    expect(problems).toEqual([
      [
        "schema.graphql:1:43  Query.field @default(value:)",
        "  expected  a value of type Genre, not null: NOVEL, POETRY",
        "  found     POERTY",
        '  hint      did you mean "POETRY"?',
      ].join("\n"),
    ]);
  });

  test.each(["Book", "[Book!]!"])("does not stand on objects: %s", (type) => {
    const { shaper, problems } = compileShaper(
      `type Query { field: ${type} @default(value: "none") } type Book { id: ID }`,
    );
    expect(shaper).toBeNull();
    expect(problems).toEqual([
      [
        `schema.graphql:1:${22 + type.length}  Query.field @default`,
        "  expected  a field of a scalar or enum type, or a list of them",
        `  found     ${type}`,
      ].join("\n"),
    ]);
  });
});
