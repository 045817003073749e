import type { CostRules } from "../../gateway/policy/cost-rules.ts";

/** Every object costs 1, and nothing else does. */
export const plainCosts: Pick<CostRules, "objectCost"> = {
  objectCost: () => () => ({ typeCost: 1, fieldCost: 0 }),
};
