import { describe, expect, test } from "vitest";
import { readDeclaredFailure } from "../../gateway/core/declared-failure.ts";
import { OverlockError } from "../../gateway/core/errors.ts";

describe("a declared message", () => {
  test.each([
    ["Only 2 left.", "Only 2 left."],
    ["  a\r\n\tb\u0000c\u2028d ", "a b c d"],
    ["1 \u202Elive\u202C", "1 live"],
    ["", null],
    [" \n ", null],
    [undefined, null],
    [null, null],
    [5, null],
    [{ text: "a" }, null],
    [["a"], null],
    ["a\ud800b", "a\ufffdb"],
  ])("that is %j is shown as %j", (value, shown) => {
    expect(readDeclaredFailure(value, undefined).message).toBe(shown);
  });

  test("is shown whole up to 500 characters and cut beyond, between characters", () => {
    const shown = (text: string): string | null => readDeclaredFailure(text, null).message;
    expect(shown("x".repeat(499))).toBe("x".repeat(499));
    expect(shown("x".repeat(500))).toBe("x".repeat(500));
    expect(shown("x".repeat(501))).toBe(`${"x".repeat(499)}…`);
    expect(shown(`${"x".repeat(498)}😀😀`)).toBe(`${"x".repeat(498)}…`);
    expect(shown("x".repeat(10_000_000))).toBe(`${"x".repeat(499)}…`);
    expect(shown(`${" ".repeat(3000)}x`)).toBeNull();
  });
});

describe("a declared code", () => {
  test.each([
    ["OUT_OF_STOCK", "OUT_OF_STOCK"],
    ["urn:problem/out-of.stock", "urn:problem/out-of.stock"],
    [4711, "4711"],
    ["x".repeat(64), "x".repeat(64)],
    ["x".repeat(65), null],
    ["", null],
    ["-a", null],
    ["a b", null],
    ["a\n", null],
    ["ä", null],
    ["<script>", null],
    [true, null],
    [null, null],
    [{ code: 1 }, null],
  ])("that is %j is shown as %j", (value, shown) => {
    expect(readDeclaredFailure(undefined, value).code).toBe(shown);
  });
});

describe("an error with a declared failure", () => {
  test("shows what is declared, and the registry's sentence for what is not", () => {
    const error = (declared: { message: string | null; code: string | null } | null): OverlockError =>
      new OverlockError("UPSTREAM_REJECTED", "HTTP status 409", { declared });
    const both = error({ message: "Sold out.", code: "OUT_OF_STOCK" });
    expect([both.publicMessage, both.upstreamCode]).toEqual(["Sold out.", "OUT_OF_STOCK"]);
    const sentence = "A backend refused the call.";
    const code = error({ message: null, code: "OUT_OF_STOCK" });
    expect([code.publicMessage, code.upstreamCode]).toEqual([sentence, "OUT_OF_STOCK"]);
    expect([error(null).publicMessage, error(null).upstreamCode]).toEqual([sentence, null]);
  });
});
