import { describe, expect, test } from "vitest";
import { bffOptions } from "../../gateway/config/define-bff.ts";
import { compileTiers } from "../../gateway/policy/tiers.ts";

const monthly = { name: "monthly", of: "requests", capacity: 10, window: "month" };
const settings = bffOptions.parse({
  name: "web",
  limits: { maxDepth: 7, measure: ["maxDepth"] },
  budgets: [monthly],
  tiers: {
    gold: { limits: { maxAliases: 500, maxDepth: undefined }, budgets: [], priority: 90 },
    silver: { limits: { measure: [] } },
  },
});
const tiers = compileTiers(settings);

describe("the rules of a tier", () => {
  test("are the BFF's for callers without one, and of one that is not known", () => {
    for (const tier of [null, "bronze", "", "__proto__", "constructor"])
      expect(tiers.rulesFor(tier)).toEqual({
        tier: null,
        limits: settings.limits,
        budgets: settings.budgets,
        budgetsOf: null,
        priority: 50,
      });
  });

  test("are what the tier says, and the BFF's where it says nothing", () => {
    expect(tiers.rulesFor("gold")).toEqual({
      tier: "gold",
      limits: { ...settings.limits, maxAliases: 500 },
      budgets: [],
      budgetsOf: "gold",
      priority: 90,
    });
    expect(tiers.rulesFor("silver")).toEqual({
      tier: "silver",
      limits: { ...settings.limits, measure: [] },
      budgets: settings.budgets,
      budgetsOf: null,
      priority: 50,
    });
  });

  test("are put together once", () => {
    expect(tiers.rulesFor("gold")).toBe(tiers.rulesFor("gold"));
  });
});
