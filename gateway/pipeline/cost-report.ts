import type { BudgetSettings, LimitSettings } from "../config/demand-control.ts";
import { type CostExcess, type CostLimit, findCostExcess } from "../policy/cost-limits.ts";
import type { RateUse } from "../policy/operation-rates.ts";
import type { OperationCost } from "../policy/settle-cost.ts";
import type { FanOut } from "../prepare/fan-out.ts";
import type { BudgetState } from "../state/budget-store.ts";

/** What a client is told of an operation's cost, as it stands in `extensions.cost`. */
export interface CostReport {
  readonly estimate: OperationCost;
  /** What it cost in the end, as it is charged; left out where it was not run. */
  readonly actual?: OperationCost;
  readonly limits: Pick<LimitSettings, CostLimit>;
  /** The limits that it is beyond; they are enforced unless it is said that they are only measured. */
  readonly exceeded: readonly CostExcess[];
  /** What is left of the caller's budgets; of a report, when the operation is paid for. */
  readonly remaining: readonly RemainingBudget[];
  /** The limits of fields that it uses; of many those of which the least is left. */
  readonly rateLimits: readonly RemainingUses[];
  /** Where plans are shown and it was not run: to which calls it leads; null: it is not planned as a whole. */
  readonly plan?: FanOut | null;
}

interface RemainingBudget extends Pick<BudgetSettings, "name" | "of" | "capacity"> {
  /** Below 0 where more was spent than was there. */
  readonly remaining: number;
  readonly resetAfterSeconds: number;
}

/** What one operation takes of a `@rateLimit`; it runs only where that much remains. */
interface RemainingUses extends Pick<RateUse, "coordinate"> {
  readonly max: number;
  /** As the schema says it. */
  readonly window: string;
  readonly uses: number;
  readonly remaining: number;
  readonly resetAfterSeconds: number;
}

/** What is known of an operation's cost when it is told. */
export interface KnownCost {
  readonly estimate: OperationCost;
  readonly actual: OperationCost | null;
  readonly limits: LimitSettings;
  readonly budgets: readonly Pick<BudgetSettings, "name" | "of" | "capacity">[];
  readonly uses: readonly RateUse[];
  /** Of the budgets, in their order, and then of the uses. */
  readonly states: readonly BudgetState[];
}

/** Puts together what a client is told. */
export function reportCost({ estimate, actual, limits, budgets, uses, states }: KnownCost): CostReport {
  const { maxTypeCost, maxFieldCost, maxUpstreamCalls } = limits;
  return {
    estimate,
    ...(actual !== null && { actual }),
    limits: { maxTypeCost, maxFieldCost, maxUpstreamCalls },
    exceeded: findCostExcess(limits, estimate),
    remaining: budgets.flatMap(({ name, of, capacity }, index) => {
      const state = states[index];
      if (state === undefined) return [];
      const { remaining, resetAfterMs } = state;
      return [{ name, of, capacity, remaining, resetAfterSeconds: Math.ceil(resetAfterMs / 1000) }];
    }),
    rateLimits: scarcest(uses, states.slice(budgets.length)),
  };
}

function scarcest(uses: readonly RateUse[], states: readonly BudgetState[]): readonly RemainingUses[] {
  return uses
    .flatMap(({ coordinate, count, limit: { max, window } }, index) => {
      const state = states[index];
      if (state === undefined) return [];
      const { remaining, resetAfterMs } = state;
      const resetAfterSeconds = Math.ceil(resetAfterMs / 1000);
      return [{ coordinate, max, window, uses: count, remaining, resetAfterSeconds }];
    })
    .toSorted((one, other) => one.remaining - other.remaining)
    .slice(0, maxToldLimits);
}

const maxToldLimits = 20;
