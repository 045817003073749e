import type { BudgetSettings } from "../config/demand-control.ts";
import type { BudgetRule, Charge, Settlement } from "../state/budget-store.ts";
import { type Consumer, consumerKey } from "./consumer-key.ts";
import type { TierRules } from "./tiers.ts";

/** What one request costs in each unit that a budget may count, each at least 0. Of requests it is 1. */
export type Spending = Readonly<Record<BudgetSettings["of"], number>>;

/** A budget as it holds for callers of one tier. */
export interface Budget {
  readonly settings: BudgetSettings;
  readonly rule: BudgetRule;
}

/** A charge, and what it is for. */
export interface BudgetCharge extends Charge {
  readonly budget: BudgetSettings;
}

/** The budgets of a tier. Tiers that say nothing of budgets share the BFF's; what a budget counts is part of its name. */
export function compileBudgets(
  bff: string,
  { budgets, budgetsOf }: Pick<TierRules, "budgets" | "budgetsOf">,
): readonly Budget[] {
  return budgets.map((settings) => {
    const { name, of, capacity, refillPerSecond, window } = settings;
    // Only a tier may be called anything: it stands last.
    const parts = [bff, name, of, window ?? "bucket", ...(budgetsOf === null ? [] : [budgetsOf])];
    return { settings, rule: { id: parts.join(":"), capacity, refillPerMs: refillPerSecond / 1000, window } };
  });
}

/** The budgets of each tier of a BFF, compiled when the first of its callers comes. */
export function compileTierBudgets(bff: string): (rules: TierRules) => readonly Budget[] {
  const compiled = new Map<TierRules, readonly Budget[]>();
  return (rules) => {
    let budgets = compiled.get(rules);
    if (budgets === undefined) compiled.set(rules, (budgets = compileBudgets(bff, rules)));
    return budgets;
  };
}

/** What a request takes of its consumer's budgets when it begins, in their order: what it is estimated to cost. */
export function chargesFor(
  budgets: readonly Budget[],
  consumer: Consumer,
  estimate: Spending,
): readonly BudgetCharge[] {
  return budgets.map(({ settings, rule }) => ({
    rule,
    consumer: consumerKey(consumer, settings.by),
    amount: estimate[settings.of],
    budget: settings,
  }));
}

/**
 * What is given back of charges, or taken in addition (below 0), when it is known what the request cost: never more than was
 * taken. What costs as much as was estimated, or an amount that is no number, settles nothing.
 */
export function settlementsFor(charges: readonly BudgetCharge[], actual: Spending): readonly Settlement[] {
  return charges.flatMap(({ rule, consumer, amount, budget }) => {
    const difference = amount - Math.max(0, actual[budget.of]);
    return difference === 0 || !Number.isFinite(difference) ? [] : [{ rule, consumer, amount: difference }];
  });
}
