import { expect, test } from "vitest";
import { BoundedNames } from "../../gateway/observe/bounded-names.ts";

test("the first names are kept apart, and all further ones are others", () => {
  const names = new BoundedNames(2);
  expect(["a", "b", "c", "a", "b", "c"].map((name) => names.labelOf(name))).toEqual([
    "a",
    "b",
    "other",
    "a",
    "b",
    "other",
  ]);
});

test("no name takes no place", () => {
  const names = new BoundedNames(1);
  expect([null, "a", null].map((name) => names.labelOf(name))).toEqual(["none", "a", "none"]);
});

test("a name of up to 100 characters is kept, a longer one is not", () => {
  const names = new BoundedNames(2);
  const longest = "x".repeat(100);
  expect(names.labelOf(longest)).toBe(longest);
  expect(names.labelOf(`${longest}x`)).toBe("other");
});
