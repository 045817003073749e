import { describe, expect, it } from "vitest";
import { RequestRefusal } from "../../gateway/core/request-refusal.ts";
import { readCostRequest } from "../../gateway/pipeline/cost-request.ts";

function asked(value: string | undefined, showsCost = true) {
  const headers = new Map(value === undefined ? [] : [["graphql-cost", value]]);
  try {
    return readCostRequest({ showsCost }, { headers });
  } catch (error) {
    if (!(error instanceof RequestRefusal)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

describe("the header graphql-cost", () => {
  it("asks for a report, or for nothing but the cost, in whatever letters", () => {
    expect([undefined, "report", "validate", "Report", " VALIDATE "].map((value) => asked(value))).toEqual([
      "none",
      "report",
      "validate",
      "report",
      "validate",
    ]);
  });

  it.each(["", "validat", "true", "validate, report", "report;x=1", "__proto__"])(
    "is refused where it says anything else, as it may have meant not to run: %j",
    (value) => {
      const message = "BAD_REQUEST: Expected report or validate as graphql-cost; nothing was run.";
      expect([asked(value), asked(value, false)]).toEqual([message, message]);
    },
  );

  it("is not heard by a BFF that tells no costs, but nothing is run that was to be validated", () => {
    expect(asked("report", false)).toBe("none");
    expect(asked("validate", false)).toBe("BAD_REQUEST: Costs are not told here; nothing was run.");
  });
});
