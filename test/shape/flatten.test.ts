import { describe, expect, test } from "vitest";
import { compileShaper, listShaperOf } from "./compile-shaper.ts";

const flatten = (list: readonly unknown[]) =>
  listShaperOf("type Query { field: [[String]] @flatten }").shapeList(list);

describe("a list of lists", () => {
  test.each([
    { list: [], flat: [] },
    { list: [[], []], flat: [] },
    { list: [["a"], ["b", "c"], []], flat: ["a", "b", "c"] },
    { list: [["a"], null, undefined, ["b"]], flat: ["a", "b"] },
    { list: [[null, "a"], [null]], flat: [null, "a", null] },
    { list: [[["a"], ["b"]], [["c"]]], flat: [["a"], ["b"], ["c"]] },
  ])("becomes one, one level deep: $list", ({ list, flat }) => {
    expect(flatten(list)).toEqual(flat);
  });

  test("keeps what failed, and what is waited for, in its place", () => {
    const error = new Error("failed");
    const promise = Promise.resolve("b");
    expect(flatten([["a"], error, [promise, error]])).toEqual(["a", error, promise, error]);
  });

  test("is one level less deep", () => {
    const { output, levels } = listShaperOf("type Query { field: [[[Int]]] @flatten }");
    expect([output, levels]).toEqual([{ typeName: "Int", kind: "scalar", listDepth: 2 }, 2]);
  });

  test.each(["Int", "[Int]"])("is needed: %s is refused", (type) => {
    const { shaper, problems } = compileShaper(`type Query { field: ${type} @flatten }`);
    expect(shaper).toBeNull();
    expect(problems).toEqual([
      `schema.graphql:1:${22 + type.length}  Query.field @flatten\n  expected  a list of lists\n  found     ${type}`,
    ]);
  });
});
