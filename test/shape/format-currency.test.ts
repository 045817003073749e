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

describe("an object with its amount and currency under other names", () => {
  const format = (given: string, row: object): unknown => {
    const sdl = `type Query { field: String @formatCurrency(${given}) }`;
    return leafShaperOf(sdl, { typeName: "Bill", kind: "object" }).shapeLeaf(row, english);
  };
  const named = 'amount: "value", currencyField: "iso"';
  const cents = `${named}, minorUnits: true`;

  test.each([
    { given: named, row: { value: 12.5, iso: "EUR" }, text: "€12.50" },
    { given: named, row: { value: "-0.10", iso: "USD" }, text: "-$0.10" },
    { given: 'amount: "value", currency: "JPY"', row: { value: 1234 }, text: "¥1,234" },
    { given: cents, row: { value: 1999, iso: "EUR" }, text: "€19.99" },
    { given: cents, row: { value: -5, iso: "EUR" }, text: "-€0.05" },
    { given: cents, row: { value: 0, iso: "EUR" }, text: "€0.00" },
    { given: cents, row: { value: "1999", iso: "JPY" }, text: "¥1,999" },
    { given: cents, row: { value: 1999, iso: "KWD" }, text: "KWD\u00a01.999" },
    // Written without fillér, and yet 1999 of them are 19.99 forints.
    { given: cents, row: { value: 1999, iso: "HUF" }, text: "HUF\u00a020" },
    { given: cents, row: { value: "-9223372036854775808", iso: "USD" }, text: "-$92,233,720,368,547,758.08" },
    { given: 'amount: "value", currency: "USD", minorUnits: true', row: { value: 7 }, text: "$0.07" },
  ])("is written as $text", ({ given, row, text }) => {
    expect(format(given, row)).toBe(text);
  });

  test.each([
    { given: named, row: { value: 12.5, iso: "eur" } },
    { given: named, row: { value: 12.5, iso: null } },
    { given: named, row: { value: null, iso: "EUR" } },
    { given: named, row: { value: "12,5", iso: "EUR" } },
    { given: named, row: { value: Number.NaN, iso: "EUR" } },
    { given: cents, row: { value: 19.99, iso: "EUR" } },
    { given: cents, row: { value: "19.99", iso: "EUR" } },
    { given: cents, row: { value: 2 ** 53, iso: "EUR" } },
    { given: cents, row: { value: 1e21, iso: "EUR" } },
  ])("can't be written: $given of $row", ({ given, row }) => {
    expect(() => format(given, row)).toThrow(expect.objectContaining({ code: "CANNOT_SHAPE" }));
  });

  test.each([
    { given: named, reads: ["value", "iso"] },
    { given: 'amount: "value", currency: "EUR"', reads: ["value"] },
  ])("reads $reads and nothing else", ({ given, reads }) => {
    const sdl = `type Query { field: String @formatCurrency(${given}) }`;
    expect(leafShaperOf(sdl, { typeName: "Bill", kind: "object" }).reads).toEqual(reads);
  });
});

describe("a number of minor units", () => {
  test.each([
    { value: 1999, currency: "EUR", text: "€19.99" },
    { value: "1", currency: "BHD", text: "BHD\u00a00.001" },
    { value: 4000, currency: "IQD", text: "IQD\u00a04" },
  ])("is written as $text", ({ value, currency, text }) => {
    const sdl = `type Query { field: String @formatCurrency(currency: "${currency}", minorUnits: true) }`;
    expect(leafShaperOf(sdl, { typeName: "Int" }).shapeLeaf(value, english)).toBe(text);
  });
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
