import { describe, expect, it } from "vitest";
import { type PlannedVariant, RecentPlans } from "../../gateway/execute/recent-plans.ts";
import type { OperationVariant } from "../../gateway/prepare/prepared-operation.ts";

// Neither is looked into but for the number of fields.
const variantOf = (name: string): OperationVariant => ({ name }) as unknown as OperationVariant;
const planOf = (fields: number): PlannedVariant => ({ plan: { fields } }) as PlannedVariant;

describe("plans by which calls were counted", () => {
  it("are there for who takes them, once", () => {
    const plans = new RecentPlans();
    const [variant, plan] = [variantOf("a"), planOf(10)];
    plans.add(variant, plan);
    expect(plans.take(variantOf("a"))).toBeNull();
    expect(plans.take(variant)).toBe(plan);
    expect(plans.take(variant)).toBeNull();
  });

  it("are the last 32", () => {
    const plans = new RecentPlans();
    const variants = Array.from({ length: 40 }, (_, index) => variantOf(String(index)));
    for (const variant of variants) plans.add(variant, planOf(1));
    const kept = variants.filter((variant) => plans.take(variant) !== null);
    expect(kept).toEqual(variants.slice(8));
  });

  it.each([
    ["5000 fields", [2500, 1500, 1000], [true, true, true]],
    ["no more fields than 5000", [2500, 1500, 1001], [false, true, true]],
    ["not one that has more by itself", [10, 5001], [true, false]],
  ])("have %s together", (_what, sizes, kept) => {
    const plans = new RecentPlans();
    const variants = sizes.map((size) => {
      const variant = variantOf(String(size));
      plans.add(variant, planOf(size));
      return variant;
    });
    expect(variants.map((variant) => plans.take(variant) !== null)).toEqual(kept);
  });

  it("count once where one is planned again, and make room when they are taken", () => {
    const plans = new RecentPlans();
    const [first, second] = [variantOf("a"), variantOf("b")];
    plans.add(first, planOf(3000));
    plans.add(first, planOf(3000));
    plans.take(first);
    plans.add(first, planOf(2000));
    plans.add(second, planOf(3000));
    expect([first, second].map((variant) => plans.take(variant)?.plan.fields)).toEqual([2000, 3000]);
  });

  it("are all gone when they are cleared", () => {
    const plans = new RecentPlans();
    const variant = variantOf("a");
    plans.add(variant, planOf(5000));
    plans.clear();
    expect(plans.take(variant)).toBeNull();
    plans.add(variant, planOf(5000));
    expect(plans.take(variant)).not.toBeNull();
  });
});
