import { describe, expect, test } from "vitest";
import { compileShaper, english, leafShaperOf } from "./compile-shaper.ts";

interface Case {
  readonly given?: string;
  readonly typeName?: string;
  readonly locale?: string;
  readonly timeZone?: string;
}

function format(
  value: unknown,
  { given = "", typeName = "String", locale = "en-US", timeZone = "UTC" }: Case = {},
) {
  const shaper = leafShaperOf(`type Query { field: String @formatDate${given} }`, { typeName });
  const text = shaper.shapeLeaf(value, { ...english, locale, timeZone });
  // The space before AM and PM is a narrow one since CLDR 42.
  return typeof text === "string" ? text.replaceAll("\u202f", " ") : text;
}

const newYear = "2025-12-31T23:30:00Z";

describe("a time", () => {
  test.each<Case & { readonly value: unknown; readonly text: string }>([
    { value: newYear, text: "Dec 31, 2025" },
    { value: newYear, timeZone: "Europe/Berlin", text: "Jan 1, 2026" },
    {
      value: newYear,
      timeZone: "Europe/Berlin",
      given: '(timeZone: "America/New_York")',
      text: "Dec 31, 2025",
    },
    { value: newYear, locale: "de", given: "(dateStyle: LONG)", text: "31. Dezember 2025" },
    { value: newYear, locale: "de", given: "(dateStyle: FULL)", text: "Mittwoch, 31. Dezember 2025" },
    { value: newYear, locale: "ar-EG", given: "(dateStyle: SHORT)", text: "٣١\u200f/١٢\u200f/٢٠٢٥" },
    { value: newYear, given: "(dateStyle: SHORT, timeStyle: SHORT)", text: "12/31/25, 11:30 PM" },
    { value: newYear, given: "(dateStyle: null, timeStyle: SHORT)", text: "11:30 PM" },
    { value: "2026-01-31", timeZone: "America/New_York", text: "Jan 31, 2026" },
    { value: "2026-01-31", given: '(timeZone: "Pacific/Kiritimati")', text: "Jan 31, 2026" },
    { value: 0, typeName: "Int", given: "(epoch: SECONDS)", text: "Jan 1, 1970" },
    { value: -1, typeName: "Int", given: "(epoch: MILLISECONDS)", text: "Dec 31, 1969" },
    { value: 1_767_225_600.9, typeName: "Float", given: "(epoch: SECONDS)", text: "Jan 1, 2026" },
    { value: "1767225600000", given: "(epoch: MILLISECONDS)", text: "Jan 1, 2026" },
    {
      value: 8_640_000_000_000_000,
      typeName: "Float",
      given: "(epoch: MILLISECONDS)",
      text: "Sep 13, 275760",
    },
  ])("$value is $text", ({ value, text, ...options }) => {
    expect(format(value, options)).toBe(text);
  });

  test.each<Case & { readonly value: unknown }>([
    { value: "yesterday" },
    { value: "2026-02-30" },
    { value: "" },
    { value: 0 },
    { value: {} },
    { value: "2026-01-31", given: "(timeStyle: SHORT)" },
    { value: Number.NaN, given: "(epoch: SECONDS)" },
    { value: Number.POSITIVE_INFINITY, given: "(epoch: SECONDS)" },
    { value: 8_640_000_000_000_001, given: "(epoch: MILLISECONDS)" },
    { value: -8_640_000_000_001, given: "(epoch: SECONDS)" },
    { value: newYear, given: "(epoch: SECONDS)" },
    { value: "9".repeat(100), given: "(epoch: SECONDS)" },
    { value: true, given: "(epoch: SECONDS)" },
  ])("can't be $value with $given", ({ value, ...options }) => {
    expect(() => format(value, options)).toThrow(expect.objectContaining({ code: "CANNOT_SHAPE" }));
  });

  test("may be of a scalar of one's own", () => {
    expect(format("2026-01-31", { typeName: "DateTime" })).toBe("Jan 31, 2026");
  });
});

describe("what is no time", () => {
  test.each(["Boolean", "ID", "Genre", "Book"])("is refused: %s", (type) => {
    const sdl = `type Query { field: ${type} @formatDate } enum Genre { NOVEL } type Book { id: ID }`;
    const { shaper, problems } = compileShaper(sdl);
    expect(shaper).toBeNull();
    expect(problems[0]).toMatch(/expected {2}a text or number that is a time, or a list of them\n/);
  });

  test.each([
    {
      type: "Int",
      given: "",
      expected: "SECONDS or MILLISECONDS, because the value is a number",
      found: "none",
    },
    { type: "String", given: "(dateStyle: null)", expected: "a dateStyle or a timeStyle", found: "neither" },
    {
      type: "String",
      given: '(timeZone: "Berlin")',
      expected: "an IANA time zone such as Europe/Berlin",
      found: '"Berlin"',
    },
  ])("is refused: $type $given", ({ type, given, expected, found }) => {
    const sdl = `type Query { field: ${type} @formatDate${given} }`;
    const { shaper, problems } = compileShaper(sdl);
    expect(shaper).toBeNull();
    expect(problems[0]).toContain(`\n  expected  ${expected}\n  found     ${found}`);
  });
});
