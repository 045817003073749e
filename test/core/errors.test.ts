import { describe, expect, test } from "vitest";
import { errorCodes } from "../../gateway/core/error-codes.ts";
import { OverlockError, quoted, shortened, toOverlockError } from "../../gateway/core/errors.ts";

describe("an error", () => {
  test("shows its own message where its code is a client's", () => {
    expect(new OverlockError("BAD_USER_INPUT", "$id is missing").publicMessage).toBe("$id is missing");
  });

  test("shows the registry's sentence where its code is internal", () => {
    const error = new OverlockError("UPSTREAM_ERROR", "secret at db.internal:5432");
    expect(error.publicMessage).toBe("A backend failed.");
    expect(error.entry).toBe(errorCodes.UPSTREAM_ERROR);
  });

  test("of any other kind becomes an internal one that keeps it as its cause", () => {
    const thrown = new TypeError("x is not a function");
    const error = toOverlockError(thrown);
    expect(error).toMatchObject({ code: "INTERNAL_SERVER_ERROR", message: thrown.message, cause: thrown });
    expect(error.publicMessage).not.toContain("function");
    expect(toOverlockError("text")).toMatchObject({ code: "INTERNAL_SERVER_ERROR", message: "text" });
    expect(toOverlockError(undefined)).toMatchObject({ code: "INTERNAL_SERVER_ERROR" });
  });

  test("of our own stays what it is", () => {
    const error = new OverlockError("NOT_FOUND", "nothing here");
    expect(toOverlockError(error)).toBe(error);
  });
});

describe("the registry of error codes", () => {
  test("never lets an internal sentence name a place inside", () => {
    for (const { publicMessage } of Object.values(errorCodes)) {
      expect(publicMessage).toMatch(/^[A-Z][^{}$]*\.$/);
    }
  });

  test("has a status that HTTP knows for every code", () => {
    for (const { status } of Object.values(errorCodes)) expect(status).toBeGreaterThanOrEqual(400);
    for (const { status } of Object.values(errorCodes)) expect(status).toBeLessThan(600);
  });
});

describe("text from outside in a message", () => {
  test("is left alone up to 100 characters and cut beyond", () => {
    expect(shortened("x".repeat(100))).toBe("x".repeat(100));
    expect(shortened("x".repeat(101))).toBe(`${"x".repeat(99)}…`);
    expect(quoted('a"b\n')).toBe('"a\\"b\\n"');
    expect(quoted("x".repeat(101))).toBe(`"${"x".repeat(99)}…"`);
  });

  test("is not cut into half a character", () => {
    expect(shortened("😀".repeat(60)).isWellFormed()).toBe(true);
  });
});
