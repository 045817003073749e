import { describe, expect, test } from "vitest";
import { OverlockError } from "../../gateway/core/errors.ts";
import { RequestRefusal } from "../../gateway/core/request-refusal.ts";

describe("a refusal", () => {
  test("says what its code says, or something better", () => {
    expect(RequestRefusal.of("NOT_FOUND").reasons).toEqual([
      { message: "There is nothing at this URL.", locations: [] },
    ]);
    expect(RequestRefusal.of("BAD_REQUEST", "The body is not JSON.")).toMatchObject({
      code: "BAD_REQUEST",
      message: "The body is not JSON.",
    });
  });

  test("of a coded error shows its public message only", () => {
    const error = new OverlockError("IDENTITY_UNAVAILABLE", "jwks at 10.0.0.7 timed out");
    const refusal = RequestRefusal.from(error);
    expect(refusal).toMatchObject({ code: "IDENTITY_UNAVAILABLE", cause: error, headers: {} });
    expect(refusal.message).toBe("The caller's credential could not be checked at the moment.");
  });

  test("of anything else is internal and shows nothing of it", () => {
    const thrown = new TypeError("x is undefined");
    expect(RequestRefusal.from(thrown)).toMatchObject({ code: "INTERNAL_SERVER_ERROR", cause: thrown });
    expect(RequestRefusal.from(thrown).message).not.toContain("undefined");
  });

  test("stays itself", () => {
    const refusal = RequestRefusal.of("NOT_ACCEPTABLE");
    expect(RequestRefusal.from(refusal)).toBe(refusal);
  });
});
