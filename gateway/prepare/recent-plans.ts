import type { OperationVariant } from "./prepared-operation.ts";
import type { Plan } from "./plan.ts";
import type { PlannedOperation } from "./plan-operation.ts";

/** An operation without conditions, and its plan. */
export interface RecentPlan {
  readonly operation: PlannedOperation;
  readonly plan: Plan;
}

/**
 * Plans that were made to count calls, for the code that is made of them if the operation comes again soon. Each is handed
 * out once. Those that wait longest are forgotten where all together have too many fields: a plan takes a few thousand
 * bytes for each.
 */
export class RecentPlans {
  readonly #maxFields: number;
  readonly #plans = new Map<OperationVariant, RecentPlan>();
  #fields = 0;

  /** `maxFields`: of all plans that are kept. */
  constructor(maxFields: number) {
    this.#maxFields = maxFields;
  }

  /** Keeps a plan, unless it is larger than all of them may be. */
  keep(variant: OperationVariant, recent: RecentPlan): void {
    this.take(variant);
    if (recent.plan.fields > this.#maxFields) return;
    this.#plans.set(variant, recent);
    this.#fields += recent.plan.fields;
    for (const oldest of this.#plans.keys()) {
      if (this.#fields <= this.#maxFields) return;
      this.take(oldest);
    }
  }

  /** The plan, which is not kept any more; null where there is none. */
  take(variant: OperationVariant): RecentPlan | null {
    const recent = this.#plans.get(variant);
    if (recent === undefined) return null;
    this.#plans.delete(variant);
    this.#fields -= recent.plan.fields;
    return recent;
  }

  clear(): void {
    this.#plans.clear();
    this.#fields = 0;
  }
}
