import { describe, expect, test } from "vitest";
import { compileShaper, english, leafShaperOf } from "./compile-shaper.ts";

function format(value: unknown, given = "", locale = "en-US"): unknown {
  const shaper = leafShaperOf(`type Query { field: String @formatNumber${given} }`, { typeName: "Float" });
  return shaper.shapeLeaf(value, { ...english, locale });
}

describe("a number", () => {
  test.each([
    { value: 0, text: "0" },
    { value: -0.5, text: "-0.5" },
    { value: 1_234_567.891, text: "1,234,567.891" },
    { value: 1_234_567.891, locale: "de", text: "1.234.567,891" },
    { value: 1_234_567.891, locale: "fr", text: "1\u202f234\u202f567,891" },
    { value: 1234.5, locale: "ar-EG", text: "١٬٢٣٤٫٥" },
    { value: 1_234_567, locale: "en-IN", text: "12,34,567" },
    { value: "123456789012345678901234567890.125", text: "123,456,789,012,345,678,901,234,567,890.125" },
    { value: "0.1234", text: "0.123" },
    { value: 1, given: "(minFractionDigits: 2)", text: "1.00" },
    { value: 1.005, given: "(maxFractionDigits: 0)", text: "1" },
    { value: "0.00000000000000000001", given: "(maxFractionDigits: 20)", text: "0.00000000000000000001" },
    { value: 0.256, given: "(style: PERCENT, maxFractionDigits: 1)", text: "25.6%" },
    { value: 1_234_567, given: "(notation: COMPACT, maxFractionDigits: 1)", text: "1.2M" },
    { value: 1250, given: '(unit: "gram")', text: "1,250 g" },
    { value: 90, given: '(unit: "kilometer-per-hour")', text: "90 km/h" },
  ])("is $text in $locale", ({ value, given, locale, text }) => {
    expect(format(value, given ?? "", locale ?? "en-US")).toBe(text);
  });

  test("is as long as it is, where it is huge", () => {
    expect(String(format(Number.MAX_VALUE)).replaceAll(",", "")).toHaveLength(309);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, "", "1e5", "secret", true, {}, "9".repeat(1000)])(
    "is not %j",
    (value) => {
      const message = `Query.field: expected a finite number, found another ${typeof value}`;
      expect(() => format(value)).toThrow(expect.objectContaining({ code: "CANNOT_SHAPE", message }));
    },
  );

  test("becomes a text, each in a list", () => {
    const shaper = leafShaperOf("type Query { field: [Int!] @formatNumber }");
    expect(shaper.output).toEqual({ typeName: "String", kind: "scalar", listDepth: 1 });
  });
});

describe("what can't be written as a number", () => {
  test.each(["Boolean", "ID", "Genre", "Book"])("is refused: %s", (type) => {
    const sdl = `type Query { field: ${type} @formatNumber } enum Genre { NOVEL } type Book { id: ID }`;
    const { shaper, problems } = compileShaper(sdl);
    expect(shaper).toBeNull();
    expect(problems[0]).toMatch(/expected {2}a number, a text that is one, or a list of them\n/);
  });

  test.each([
    {
      given: 'unit: "smoot"',
      expected: "a unit of ECMA-402, such as gram or kilometer-per-hour",
      found: '"smoot"',
    },
    { given: 'unit: ""', expected: "a unit of ECMA-402, such as gram or kilometer-per-hour", found: '""' },
    { given: 'unit: "gram", style: PERCENT', expected: "no unit for a percentage", found: '"gram"' },
    { given: "minFractionDigits: 4", expected: "at most 3, which is maxFractionDigits", found: "4" },
    { given: "maxFractionDigits: 21", expected: "0 to 20", found: "21" },
    { given: "minFractionDigits: -1", expected: "0 to 20", found: "-1" },
    { given: "maxFractionDigits: null", expected: "0 to 20", found: "null" },
  ])("is refused with $given", ({ given, expected, found }) => {
    const { shaper, problems } = compileShaper(`type Query { field: Int @formatNumber(${given}) }`);
    expect(shaper).toBeNull();
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`\n  expected  ${expected}\n  found     ${found}`);
  });
});
