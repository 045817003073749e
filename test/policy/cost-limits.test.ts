import { describe, expect, test } from "vitest";
import { standardLimits } from "../../gateway/config/demand-control.ts";
import { findCostExcess, refuseExcess } from "../../gateway/policy/cost-limits.ts";
import { caught } from "../support/caught.ts";

const limits = { ...standardLimits, maxTypeCost: 10, maxFieldCost: 20, maxUpstreamCalls: 3 };
const within = { typeCost: 10, fieldCost: 20, upstreamCalls: 3 };

describe("an operation's cost", () => {
  test("may be exactly what the limits allow", () => {
    expect(findCostExcess(limits, within)).toEqual([]);
  });

  test.each([
    ["maxTypeCost", { typeCost: 10.5 }, 10, 10.5],
    ["maxFieldCost", { fieldCost: 21 }, 20, 21],
    ["maxUpstreamCalls", { upstreamCalls: 4 }, 3, 4],
  ])("is beyond %s where it is %j", (limit, more, max, found) => {
    expect(findCostExcess(limits, { ...within, ...more })).toEqual([{ limit, max, found, isEnforced: true }]);
  });

  test("is told with every limit that it is beyond, and refused for those that are enforced", async () => {
    const cost = { typeCost: 11, fieldCost: 21, upstreamCalls: 4 };
    const excess = findCostExcess({ ...limits, measure: ["maxFieldCost"] }, cost);
    expect(excess.map(({ limit, isEnforced }) => [limit, isEnforced])).toEqual([
      ["maxTypeCost", true],
      ["maxFieldCost", false],
      ["maxUpstreamCalls", true],
    ]);
    expect(await caught(Promise.resolve().then(() => refuseExcess(excess, cost, null)))).toMatchObject({
      code: "COST_LIMIT_EXCEEDED",
      reasons: [
        {
          message: "The operation is estimated at 11 as type cost; at most 10 are allowed.",
          extensions: { limit: "maxTypeCost", max: 10, found: 11, cost },
        },
        { message: "The operation is estimated at 4 calls of backends; at most 3 are allowed." },
      ],
    });
  });

  test("is refused beyond all that a limit could be set to, although it is only measured", async () => {
    const measured: typeof limits = {
      ...limits,
      measure: ["maxTypeCost", "maxFieldCost", "maxUpstreamCalls"],
    };
    const most = { typeCost: 1e12, fieldCost: 1e12, upstreamCalls: 1e12 };
    expect(findCostExcess(measured, most).map(({ isEnforced }) => isEnforced)).toEqual([false, false, false]);
    const excess = findCostExcess(measured, { ...most, typeCost: 1e12 + 1 });
    expect(excess.map(({ max, isEnforced }) => [max, isEnforced])).toEqual([
      [1e12, true],
      [20, false],
      [3, false],
    ]);
    expect(await caught(Promise.resolve().then(() => refuseExcess(excess, most, null)))).toMatchObject({
      reasons: [{ extensions: { limit: "maxTypeCost", max: 1e12, found: 1e12 + 1 } }],
    });
  });

  test("is let through where all that it is beyond is only measured", () => {
    const cost = { ...within, fieldCost: 21 };
    const excess = findCostExcess({ ...limits, measure: ["maxFieldCost"] }, cost);
    expect(excess).toHaveLength(1);
    expect(() => refuseExcess(excess, cost, null)).not.toThrow();
  });
});
