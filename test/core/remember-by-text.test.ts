import { expect, test, vi } from "vitest";
import { rememberByText } from "../../gateway/core/remember-by-text.ts";

test("what was computed for a text is not computed again", () => {
  const compute = vi.fn((text: string) => ({ length: text.length }));
  const lengthOf = rememberByText(compute);
  expect(lengthOf("abc")).toBe(lengthOf("abc"));
  expect([lengthOf("abc").length, lengthOf("").length, lengthOf("__proto__").length]).toEqual([3, 0, 9]);
  expect(compute).toHaveBeenCalledTimes(3);
});

test("at most so many are kept, and then it begins anew", () => {
  const compute = vi.fn((text: string) => text.toUpperCase());
  const upper = rememberByText(compute, 3);
  for (const text of ["a", "b", "c", "a", "b", "c"]) upper(text);
  expect(compute).toHaveBeenCalledTimes(3);
  upper("d");
  for (const text of ["a", "d"]) upper(text);
  expect(compute.mock.calls.flat()).toEqual(["a", "b", "c", "d", "a"]);
});

test.each([
  [200, 1],
  [201, 2],
])("a text of %i characters that comes twice is computed %i times", (length, times) => {
  const compute = vi.fn((text: string) => text.length);
  const lengthOf = rememberByText(compute);
  expect([lengthOf("x".repeat(length)), lengthOf("x".repeat(length))]).toEqual([length, length]);
  expect(compute).toHaveBeenCalledTimes(times);
});
