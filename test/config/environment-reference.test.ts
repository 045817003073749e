import { describe, expect, test } from "vitest";
import { env, readReference, referenceOption } from "../../gateway/config/environment-reference.ts";

describe("a reference to the environment", () => {
  test("is the variable's value, or its default where the variable is not set or empty", () => {
    expect(readReference(env("A", "b"), { A: "a" })).toBe("a");
    expect(readReference(env("A", "b"), {})).toBe("b");
    expect(readReference(env("A", "b"), { A: "" })).toBe("b");
    expect(readReference("plain", { plain: "a" })).toBe("plain");
  });

  test("stands for nothing without either", () => {
    expect(readReference(env("A"), {})).toBeNull();
  });

  test.each([
    ["A_1", true],
    ["_a", true],
    ["1A", false],
    ["A-B", false],
    ["", false],
    ["A".repeat(129), false],
  ])("to %j is one that can be set: %j", (name, isLegal) => {
    expect(referenceOption("a reference").safeParse(env(name)).success).toBe(isLegal);
  });
});
