import { expect, test } from "vitest";
import type { OperationVariant } from "../../gateway/prepare/prepared-operation.ts";
import { type RecentPlan, RecentPlans } from "../../gateway/prepare/recent-plans.ts";

/** Of a plan, only its size matters here, of a variant that it is the same. */
function planOf(fields: number): RecentPlan {
  return { operation: {}, plan: { fields } } as unknown as RecentPlan;
}

function variants(count: number): readonly OperationVariant[] {
  return Array.from({ length: count }, () => ({}) as OperationVariant);
}

test("a plan is handed out once, to its own variant", () => {
  const recent = new RecentPlans(100);
  const [one, other] = variants(2) as [OperationVariant, OperationVariant];
  const plan = planOf(10);
  recent.keep(one, plan);
  expect(recent.take(other)).toBeNull();
  expect(recent.take(one)).toBe(plan);
  expect(recent.take(one)).toBeNull();
});

test("plans are kept up to so many fields; the oldest go first", () => {
  const recent = new RecentPlans(100);
  const [one, two, three] = variants(3) as [OperationVariant, OperationVariant, OperationVariant];
  recent.keep(one, planOf(50));
  recent.keep(two, planOf(50));
  recent.keep(three, planOf(1));
  expect(recent.take(one)).toBeNull();
  expect(recent.take(two)?.plan.fields).toBe(50);
  expect(recent.take(three)?.plan.fields).toBe(1);
});

test("a plan that is larger than all may be is not kept, and pushes none out", () => {
  const recent = new RecentPlans(100);
  const [one, two] = variants(2) as [OperationVariant, OperationVariant];
  recent.keep(one, planOf(100));
  recent.keep(two, planOf(101));
  expect(recent.take(two)).toBeNull();
  expect(recent.take(one)).not.toBeNull();
});

test("a variant's new plan takes the place of its old one, and counts alone", () => {
  const recent = new RecentPlans(100);
  const [one, two] = variants(2) as [OperationVariant, OperationVariant];
  recent.keep(one, planOf(90));
  recent.keep(one, planOf(20));
  recent.keep(two, planOf(80));
  expect(recent.take(one)?.plan.fields).toBe(20);
  expect(recent.take(two)?.plan.fields).toBe(80);
});

test("what is cleared is gone, and leaves room", () => {
  const recent = new RecentPlans(100);
  const [one, two] = variants(2) as [OperationVariant, OperationVariant];
  recent.keep(one, planOf(100));
  recent.clear();
  expect(recent.take(one)).toBeNull();
  recent.keep(two, planOf(100));
  expect(recent.take(two)).not.toBeNull();
});
