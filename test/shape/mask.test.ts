import { describe, expect, test } from "vitest";
import { compileShaper, english, leafShaperOf } from "./compile-shaper.ts";

function mask(text: unknown, given = ""): unknown {
  return leafShaperOf(`type Query { field: String @mask${given} }`).shapeLeaf(text, english);
}

describe("a masked text", () => {
  test.each([
    { text: "4111111111111111", given: "", masked: "••••••••••••1111" },
    { text: "12345", given: "", masked: "•2345" },
    { text: "ada@example.org", given: "(keepFirst: 1, keepLast: 0)", masked: "a••••••••••••••" },
    { text: "secret", given: '(keepFirst: 2, keepLast: 2, with: "*")', masked: "se**et" },
    { text: "secret", given: "(keepLast: 0)", masked: "••••••" },
    { text: "secret", given: '(keepLast: 1, with: "👍🏽")', masked: "👍🏽👍🏽👍🏽👍🏽👍🏽t" },
    { text: "👩‍👩‍👧‍👦🇩🇪e\u0301x", given: "(keepFirst: 1, keepLast: 1)", masked: "👩‍👩‍👧‍👦••x" },
    { text: "מספר סודי", given: "(keepLast: 2)", masked: "•••••••די" },
    { text: "\ud800abcd", given: "", masked: "•abcd" },
  ])("keeps its ends, as a person counts: $text $given", ({ text, given, masked }) => {
    expect(mask(text, given)).toBe(masked);
  });

  test.each([
    { text: "", given: "", masked: "" },
    { text: "1", given: "", masked: "•" },
    { text: "1234", given: "", masked: "••••" },
    { text: "123", given: "(keepFirst: 100, keepLast: 100)", masked: "•••" },
    { text: "123", given: "(keepFirst: 2, keepLast: 1)", masked: "•••" },
  ])("is hidden as a whole where nothing else would be hidden: $text $given", ({ text, given, masked }) => {
    expect(mask(text, given)).toBe(masked);
  });

  test("can't be made of what is no text, and the message does not tell it", () => {
    expect(() => mask(4111_1111)).toThrow(
      expect.objectContaining({
        code: "CANNOT_SHAPE",
        message: "Query.field: expected a text, found number",
      }),
    );
    expect(() => mask("s".repeat(100_001))).toThrow(
      /^Query\.field: expected a text of at most 100000 code units/,
    );
  });

  test.each([
    { given: '(with: "")', found: '"", which has 0' },
    { given: '(with: "**")', found: '"**", which has 2' },
    { given: "(with: null)", found: '"", which has 0' },
  ])("has one character for each hidden one: $given is refused", ({ given, found }) => {
    const { shaper, problems } = compileShaper(`type Query { field: String @mask${given} }`);
    expect(shaper).toBeNull();
    expect(problems).toEqual([
      `schema.graphql:1:40  Query.field @mask(with:)\n  expected  one character\n  found     ${found}`,
    ]);
  });

  test.each(["keepFirst: -1", "keepFirst: 101", "keepLast: -1", "keepLast: 101", "keepLast: null"])(
    "is refused with %s",
    (given) => {
      expect(compileShaper(`type Query { field: String @mask(${given}) }`).shaper).toBeNull();
    },
  );
});
