import type { CostRules } from "../../gateway/policy/cost-rules.ts";

/** Every object costs 1, and nothing else does. */
export const plainCosts: CostRules = {
  assumedListSize: 10,
  weightOfType: () => 1,
  fieldOf: () => null,
  objectCost: () => () => ({ typeCost: 1, fieldCost: 0 }),
};
