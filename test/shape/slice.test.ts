import { describe, expect, test } from "vitest";
import { compileShaper, listShaperOf } from "./compile-shaper.ts";

function slice(list: readonly unknown[], given: string): readonly unknown[] {
  return listShaperOf(`type Query { field: [String] @slice(${given}) }`).shapeList(list);
}

describe("a part of a list", () => {
  test.each([
    { given: "limit: 1", part: ["a"] },
    { given: "limit: 2", part: ["a", "b"] },
    { given: "limit: 3", part: ["a", "b", "c"] },
    { given: "limit: 4", part: ["a", "b", "c"] },
    { given: "limit: 1000000", part: ["a", "b", "c"] },
    { given: "offset: 2, limit: 1", part: ["c"] },
    { given: "offset: 2, limit: 2", part: ["c"] },
    { given: "offset: 3, limit: 2", part: [] },
    { given: "offset: 1000000, limit: 1000000", part: [] },
  ])("is $given", ({ given, part }) => {
    expect(slice(["a", "b", "c"], given)).toEqual(part);
  });

  test("keeps nulls, errors and promises in their order", () => {
    const list = [null, new Error("b"), Promise.resolve("c"), undefined];
    expect(slice(list, "offset: 0, limit: 3")).toEqual(list.slice(0, 3));
    expect(slice([], "limit: 1")).toEqual([]);
  });

  test("is of the same shape, objects and lists of lists included", () => {
    const sdl = (type: string) => `type Query { field: ${type} @slice(limit: 1) } type Book { id: ID }`;
    expect(listShaperOf(sdl("[Book!]!")).output).toEqual({ typeName: "Book", kind: "object", listDepth: 1 });
    expect(listShaperOf(sdl("[[Int]]")).shapeList([[1, 2], [3]])).toEqual([[1, 2]]);
  });

  test.each(["String", "Book!"])("is refused of %s", (type) => {
    const { shaper, problems } = compileShaper(
      `type Query { field: ${type} @slice(limit: 1) } type Book { id: ID }`,
    );
    expect(shaper).toBeNull();
    expect(problems).toEqual([
      `schema.graphql:1:${22 + type.length}  Query.field @slice\n  expected  a list\n  found     ${type.replace("!", "")}`,
    ]);
  });

  test.each(["limit: 0", "limit: -1", "limit: 1000001", "offset: -1, limit: 1", "offset: 1000001, limit: 1"])(
    "is refused with %s",
    (given) => {
      const { shaper, problems } = compileShaper(`type Query { field: [Int] @slice(${given}) }`);
      expect(shaper).toBeNull();
      expect(problems).toHaveLength(1);
    },
  );
});
