import { describe, expect, test } from "vitest";
import { compileShaper, english, leafShaperOf } from "./compile-shaper.ts";

function formatMoney(money: unknown, locale = "en-US"): unknown {
  const sdl = "type Query { field: String @formatCurrency }";
  const shaper = leafShaperOf(sdl, { typeName: "Money", kind: "object" });
  return shaper.shapeLeaf(money, { ...english, locale });
}

function formatNumber(value: unknown, currency: string): unknown {
  const sdl = `type Query { field: String @formatCurrency(currency: "${currency}") }`;
  return leafShaperOf(sdl, { typeName: "Float" }).shapeLeaf(value, english);
}

const euros = { units: "1234", nanos: 500_000_000, currencyCode: "EUR" };

describe("an object that is money", () => {
  test.each([
    { money: euros, text: "€1,234.50" },
    { money: euros, locale: "de", text: "1.234,50\u00a0€" },
    { money: euros, locale: "ar-EG", text: "\u200f١٬٢٣٤٫٥٠\u00a0€" },
    { money: { ...euros, currencyCode: "JPY" }, text: "¥1,235" },
    { money: { ...euros, currencyCode: "KWD" }, text: "KWD\u00a01,234.500" },
    { money: { units: "0", nanos: -10_000_000, currencyCode: "USD" }, text: "-$0.01" },
    { money: { units: "0", nanos: 0, currencyCode: "USD" }, text: "$0.00" },
    {
      money: { units: "9223372036854775807", nanos: 990_000_000, currencyCode: "USD" },
      text: "$9,223,372,036,854,775,807.99",
    },
  ])("is written as $text", ({ money, locale, text }) => {
    expect(formatMoney(money, locale ?? "en-US")).toBe(text);
  });

  test.each([
    { ...euros, units: null },
    { ...euros, nanos: -1 },
    { ...euros, nanos: undefined },
    { ...euros, units: "1e3" },
    { ...euros, units: Number.NaN },
    { ...euros, currencyCode: null },
    { ...euros, currencyCode: "" },
    { ...euros, currencyCode: "eur" },
    { ...euros, currencyCode: "EURO" },
    { ...euros, currencyCode: "QQQ" },
    { ...euros, currencyCode: ["EUR"] },
  ])("can't be written: %j", (money) => {
    expect(() => formatMoney(money)).toThrow(expect.objectContaining({ code: "CANNOT_SHAPE" }));
  });

  test("says which of its fields are read", () => {
    const sdl = "type Query { field: [String] @formatCurrency }";
    const { reads, output } = leafShaperOf(sdl, { typeName: "Money", kind: "object" });
    expect(reads).toEqual(["units", "nanos", "currencyCode"]);
    expect(output).toEqual({ typeName: "String", kind: "scalar", listDepth: 1 });
  });
});

describe("a number that is money", () => {
  test.each([
    { value: 12.5, currency: "EUR", text: "€12.50" },
    { value: -1, currency: "USD", text: "-$1.00" },
    {
      value: "123456789012345678901234567890.99",
      currency: "USD",
      text: "$123,456,789,012,345,678,901,234,567,890.99",
    },
  ])("is written as $text", ({ value, currency, text }) => {
    expect(formatNumber(value, currency)).toBe(text);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, "", "12 EUR", {}, true])(
    "can't be written: %j",
    (value) => {
      expect(() => formatNumber(value, "EUR")).toThrow(expect.objectContaining({ code: "CANNOT_SHAPE" }));
    },
  );
});

describe("what is no money", () => {
  test.each([
    { type: "Float", given: "", expected: "an ISO 4217 code such as EUR, for a number", found: "none" },
    {
      type: "Int",
      given: '(currency: "EURO")',
      expected: "an ISO 4217 code such as EUR, for a number",
      found: '"EURO"',
    },
    {
      type: "Int",
      given: '(currency: "eur")',
      expected: "an ISO 4217 code such as EUR, for a number",
      found: '"eur"',
    },
    {
      type: "Money",
      given: '(currency: "EUR")',
      expected: "no currency: Money brings its own",
      found: '"EUR"',
    },
    {
      type: "Boolean",
      given: "",
      expected: "an object with units, nanos, currencyCode, or a number",
      found: "Boolean",
    },
  ])("is refused: $type $given", ({ type, given, expected, found }) => {
    const sdl = `type Query { field: ${type} @formatCurrency${given} } type Money { units: Int }`;
    const { shaper, problems } = compileShaper(sdl);
    expect(shaper).toBeNull();
    expect(problems[0]).toContain(`\n  expected  ${expected}\n  found     ${found}`);
  });
});
