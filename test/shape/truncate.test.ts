import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileShaper, english, leafShaperOf } from "./compile-shaper.ts";

const segmenter = new Intl.Segmenter("und", { granularity: "grapheme" });

function lengthOf(text: string): number {
  return [...segmenter.segment(text)].length;
}

function truncate(text: string, length: number, ellipsis?: string): unknown {
  const argument = ellipsis === undefined ? "" : `, ellipsis: ${JSON.stringify(ellipsis)}`;
  return leafShaperOf(`type Query { field: String @truncate(length: ${length}${argument}) }`).shapeLeaf(
    text,
    english,
  );
}

describe("a text that fits", () => {
  test.each([
    { text: "", length: 1 },
    { text: "a", length: 1 },
    { text: "four", length: 4 },
    { text: "four", length: 5 },
    { text: "👩‍👩‍👧‍👦", length: 1 },
    { text: "e\u0301e\u0301", length: 2 },
    { text: "🇩🇪🇫🇷", length: 2 },
    { text: "a\r\nb", length: 3 },
  ])("stays as it is: $text in $length", ({ text, length }) => {
    expect(truncate(text, length)).toBe(text);
  });
});

describe("a text that does not fit", () => {
  test.each([
    { what: "ends in one ellipsis", text: "five!", length: 4, cut: "fiv…" },
    { what: "may be nothing but the ellipsis", text: "ab", length: 1, cut: "…" },
    { what: "keeps a family together", text: "👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦", length: 2, cut: "👩‍👩‍👧‍👦…" },
    { what: "keeps a skin tone with its hand", text: "👍🏽👍🏽👍🏽", length: 2, cut: "👍🏽…" },
    { what: "keeps the halves of a flag together", text: "🇩🇪🇫🇷🇮🇹", length: 2, cut: "🇩🇪…" },
    {
      what: "keeps combining marks on their letter",
      text: "a\u0308o\u0308u\u0308",
      length: 2,
      cut: "a\u0308…",
    },
    { what: "keeps a stack of marks on its letter", text: "Z͑ͫ̓ͪ̂ͫ̽a͙͛lgo", length: 3, cut: "Z͑ͫ̓ͪ̂ͫ̽a͙͛…" },
    { what: "keeps a syllable of Hangul together", text: "각각각", length: 2, cut: "각…" },
    { what: "keeps a line break together", text: "\r\n\r\n\r\n", length: 2, cut: "\r\n…" },
  ])("$what", ({ text, length, cut }) => {
    expect(truncate(text, length)).toBe(cut);
  });

  test.each([
    { what: "none", ellipsis: "", cut: "abcd" },
    { what: "three letters", ellipsis: "...", cut: "a..." },
    { what: "of the whole length", ellipsis: " etc", cut: " etc" },
    { what: "of one character and many code units", ellipsis: "👩‍👩‍👧‍👦", cut: "abc👩‍👩‍👧‍👦" },
  ])("ends in the ellipsis that was asked for: $what", ({ ellipsis, cut }) => {
    expect(truncate("abcdef", 4, ellipsis)).toBe(cut);
  });

  test("is never longer than asked for, and begins as the whole did", () => {
    const texts = fc.array(fc.constantFrom("a", "é", "👩‍👩‍👧‍👦", "🇩🇪", "\r\n", " ", "Z͑ͫ"), { maxLength: 12 });
    const property = fc.property(texts, fc.integer({ min: 1, max: 12 }), (parts, length) => {
      const text = parts.join("");
      const cut = truncate(text, length);
      if (lengthOf(text) <= length) return cut === text;
      if (typeof cut !== "string" || !cut.endsWith("…")) return false;
      return lengthOf(cut) === length && text.startsWith(cut.slice(0, -1));
    });
    fc.assert(property, { numRuns: 200 });
  });

  test("is cut without a look at what comes behind", () => {
    const startedMs = performance.now();
    expect(truncate(`abcd${"e".repeat(5_000_000)}`, 4)).toBe("abc…");
    expect(performance.now() - startedMs).toBeLessThan(500);
  });
});

describe("values and places that are no text", () => {
  test.each([7, true, { text: "a" }])("can't be shaped: %j", (value) => {
    const shaper = leafShaperOf("type Query { field: String @truncate(length: 4) }");
    expect(() => shaper.shapeLeaf(value, english)).toThrow(
      expect.objectContaining({
        code: "CANNOT_SHAPE",
        message: `Query.field: expected a text, found ${typeof value}`,
      }),
    );
  });

  test("a list of texts is shaped element by element, and stays a list of texts", () => {
    const shaper = leafShaperOf("type Query { field: [[String!]!]! @truncate(length: 2) }");
    expect(shaper.shapeLeaf("abc", english)).toBe("a…");
    expect(shaper.output).toEqual({ typeName: "String", kind: "scalar", listDepth: 2 });
  });

  test.each(["ID", "Genre"])("a value of type %s is a text too", (type) => {
    const sdl = `type Query { field: ${type} @truncate(length: 4) } enum Genre { NOVEL }`;
    expect(leafShaperOf(sdl).output.typeName).toBe("String");
  });

  test.each(["Int", "[Float]", "Boolean"])("a value of type %s is refused", (type) => {
    const { shaper, problems } = compileShaper(`type Query { field: ${type} @truncate(length: 4) }`);
    expect(shaper).toBeNull();
    expect(problems).toEqual([
      [
        `schema.graphql:1:${22 + type.length}  Query.field @truncate`,
        "  expected  a field of type String, or a list of them",
        `  found     ${type}`,
      ].join("\n"),
    ]);
  });

  test.each([
    { given: "length: 0", at: "41", coordinate: "length", expected: "1 to 1000000", found: "0" },
    { given: "length: 1000001", at: "41", coordinate: "length", expected: "1 to 1000000", found: "1000001" },
  ])("$given is refused", ({ given, at, coordinate, expected, found }) => {
    const { problems } = compileShaper(`type Query { field: String @truncate(${given}) }`);
    expect(problems).toEqual([
      `schema.graphql:1:${Number(at) + 5}  Query.field @truncate(${coordinate}:)\n  expected  ${expected}\n  found     ${found}`,
    ]);
  });

  test("an ellipsis that is longer than the whole is refused, counted as a person counts", () => {
    expect(truncate("abc", 2, "👍🏽👍🏽")).toBe("👍🏽👍🏽");
    const { problems } = compileShaper('type Query { field: String @truncate(length: 2, ellipsis: "...") }');
    expect(problems).toEqual([
      [
        "schema.graphql:1:59  Query.field @truncate(ellipsis:)",
        "  expected  at most 2 characters, the length of the whole",
        '  found     "...", which has 3',
      ].join("\n"),
    ]);
  });
});
