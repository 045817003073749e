import { describe, expect, test } from "vitest";
import { english, leafShaperOf } from "./compile-shaper.ts";

function write(text: unknown, to: string, locale = "en-US"): unknown {
  const shaper = leafShaperOf(`type Query { field: String @case(to: ${to}) }`);
  return shaper.shapeLeaf(text, { ...english, locale });
}

describe("letters", () => {
  test.each([
    { text: "", to: "UPPER", written: "" },
    { text: "Straße", to: "UPPER", written: "STRASSE" },
    { text: "ISTANBUL", to: "LOWER", written: "istanbul" },
    { text: "IĞDIR", to: "LOWER", locale: "tr", written: "ığdır" },
    { text: "izmir", to: "UPPER", locale: "tr", written: "İZMİR" },
    { text: "ΟΔΟΣ", to: "LOWER", locale: "el", written: "οδος" },
    { text: "άνθρωπος", to: "UPPER", locale: "el", written: "ΑΝΘΡΩΠΟΣ" },
    { text: "hello, WORLD", to: "TITLE", written: "Hello, World" },
    { text: "it's a dog's life", to: "TITLE", written: "It's A Dog's Life" },
    { text: "ice-cold\tdrinks\n", to: "TITLE", written: "Ice-Cold\tDrinks\n" },
    { text: "ßig ﬁne", to: "TITLE", written: "Ssig Fine" },
    { text: "istanbul", to: "TITLE", locale: "tr", written: "İstanbul" },
    { text: "éclair e\u0301clair", to: "TITLE", written: "Éclair E\u0301clair" },
    { text: "𐐨𐐩 42 👩‍👩‍👧‍👦", to: "TITLE", written: "𐐀𐐩 42 👩‍👩‍👧‍👦" },
    { text: "שלום 世界 مرحبا", to: "TITLE", written: "שלום 世界 مرحبا" },
    { text: "\ud800a \udc00", to: "TITLE", written: "\ud800A \udc00" },
  ])("$text in $to case are $written", ({ text, to, written, locale }) => {
    expect(write(text, to, locale ?? "en-US")).toBe(written);
  });

  test("of an enum's value make a text", () => {
    const shaper = leafShaperOf("type Query { field: [Genre!] @case(to: TITLE) } enum Genre { NOVEL }");
    expect(shaper.output).toEqual({ typeName: "String", kind: "scalar", listDepth: 1 });
    expect(shaper.shapeLeaf("NOVEL", english)).toBe("Novel");
  });

  test.each(["UPPER", "LOWER", "TITLE"])("are none in what is no text: %s", (to) => {
    for (const value of [7, Number.NaN, true, { text: "a" }])
      expect(() => write(value, to)).toThrow(expect.objectContaining({ code: "CANNOT_SHAPE" }));
  });

  test("are looked at one by one in texts up to a limit", () => {
    expect(write("a".repeat(100_000), "TITLE")).toBe(`A${"a".repeat(99_999)}`);
    expect(() => write("a".repeat(100_001), "TITLE")).toThrow(
      expect.objectContaining({
        code: "CANNOT_SHAPE",
        message: "Query.field: expected a text of at most 100000 code units, found 100001",
      }),
    );
    expect(write("a".repeat(100_001), "UPPER")).toBe("A".repeat(100_001));
  });
});
