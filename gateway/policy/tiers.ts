import type { BffSettings } from "../config/define-bff.ts";
import type { BudgetSettings, LimitSettings } from "../config/demand-control.ts";

/** What holds for callers of one tier, complete. */
export interface TierRules {
  /** Null: callers without a tier, or of one that the BFF says nothing of. */
  readonly tier: string | null;
  readonly limits: LimitSettings;
  readonly budgets: readonly BudgetSettings[];
  /** Whose budgets these are: the tier's name where it has budgets of its own; null: the BFF's, whatever the tier. */
  readonly budgetsOf: string | null;
  /** 0 to 100: the higher, the longer such callers are answered where there is too much to do. */
  readonly priority: number;
}

/** The rules of a BFF's tiers. */
export interface Tiers {
  /** Of callers of a tier as their credentials tell it; null: of none. */
  rulesFor(tier: string | null): TierRules;
}

/** Puts together what holds for each tier of a BFF: what the tier says, and what it does not say as the BFF says it. */
export function compileTiers({
  limits,
  budgets,
  tiers,
}: Pick<BffSettings, "limits" | "budgets" | "tiers">): Tiers {
  const standard: TierRules = { tier: null, limits, budgets, budgetsOf: null, priority: standardPriority };
  const rules = new Map(
    Object.entries(tiers).map(([tier, own]): [string, TierRules] => [
      tier,
      {
        tier,
        limits: { ...limits, ...own.limits },
        budgets: own.budgets ?? budgets,
        budgetsOf: own.budgets === null ? null : tier,
        priority: own.priority,
      },
    ]),
  );
  return { rulesFor: (tier) => (tier === null ? standard : (rules.get(tier) ?? standard)) };
}

const standardPriority = 50;
