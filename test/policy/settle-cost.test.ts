import { describe, expect, test } from "vitest";
import { settleCost } from "../../gateway/policy/settle-cost.ts";

const estimate = { typeCost: 100, fieldCost: 50, upstreamCalls: 10 };
const less = { typeCost: 7, fieldCost: 5, upstreamCalls: 2 };
const more = { typeCost: 700, fieldCost: 500, upstreamCalls: 20 };

describe("what a run is charged in the end", () => {
  test("is what it has received and called, where its answer is whole", () => {
    const run = { estimate, startedCalls: 2, isWhole: true };
    expect(settleCost({ ...run, actual: less })).toEqual(less);
    expect(settleCost({ ...run, actual: more, startedCalls: 20 })).toEqual(more);
  });

  test("is no less than the estimate, but for calls that were never begun, where something failed", () => {
    const run = { estimate, startedCalls: 2, isWhole: false };
    expect(settleCost({ ...run, actual: less })).toEqual({ ...estimate, upstreamCalls: 2 });
    const uneven = { typeCost: 700, fieldCost: 5, upstreamCalls: 2 };
    expect(settleCost({ ...run, actual: uneven })).toEqual({
      typeCost: 700,
      fieldCost: 50,
      upstreamCalls: 2,
    });
  });

  test("is the estimate where the run came to no answer, or nobody counted", () => {
    for (const isWhole of [false, true]) {
      const run = { estimate, actual: null, isWhole };
      expect(settleCost({ ...run, startedCalls: 0 })).toEqual({ ...estimate, upstreamCalls: 0 });
      expect(settleCost({ ...run, startedCalls: 3 })).toEqual({ ...estimate, upstreamCalls: 3 });
    }
  });

  test("has every call that was begun, those that began when the answer was there included", () => {
    expect(settleCost({ estimate, actual: less, startedCalls: 12, isWhole: true }).upstreamCalls).toBe(12);
  });
});
