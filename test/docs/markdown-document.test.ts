import { describe, expect, test } from "vitest";
import { cellOf, codeOf, parseMarkdown, tableUnder } from "./markdown-document.ts";

const document = parseMarkdown(
  "a.md",
  [
    "# One `and` two",
    "See [the other](b.md#c), `[not](this.md)` and ![a picture](d.png).",
    "",
    "| name | value |",
    "| --- | ---: |",
    "| `a` | left \\| right |",
    "| b | `` `x` `` |",
    "",
    "```graphql",
    "# no heading",
    "type A { b: C }",
    "```",
    "## One and two",
    "## @source",
    "[far]: https://example.test/",
  ].join("\n"),
);

describe("markdown", () => {
  test("has headings with the anchors that links use", () => {
    expect(document.headings.map(({ level, anchor, line }) => [level, anchor, line])).toEqual([
      [1, "one-and-two", 1],
      [2, "one-and-two-1", 13],
      [2, "source", 14],
    ]);
  });

  test("has tables whose cells may hold bars", () => {
    const { columns, rows } = tableUnder(document, "One and two");
    expect(columns).toEqual(["name", "value"]);
    expect(rows.map((row) => [codeOf(row, "name"), cellOf(row, "value")])).toEqual([
      ["a", "left | right"],
      ["b", "`` `x` ``"],
    ]);
  });

  test("has code with its language and its first line", () => {
    expect(document.codes).toEqual([
      { language: "graphql", text: "# no heading\ntype A { b: C }", line: 10 },
    ]);
  });

  test("has links, and none inside code", () => {
    expect(document.links.map(({ text, line }) => [text, line])).toEqual([
      ["b.md#c", 2],
      ["d.png", 2],
      ["https://example.test/", 15],
    ]);
  });

  test("says which table or column is missing", () => {
    expect(() => tableUnder(document, "Three")).toThrow('a.md: expected a table under "Three", found none');
    expect(() => cellOf(new Map([["a", ""]]), "b")).toThrow('expected a column "b", found a');
  });
});
