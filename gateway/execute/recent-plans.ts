import type { OperationVariant } from "../prepare/prepared-operation.ts";
import type { Plan } from "../prepare/plan.ts";
import type { PlannedOperation } from "../prepare/plan-operation.ts";

/** An operation without conditions, and its plan. */
export interface PlannedVariant {
  readonly operation: PlannedOperation;
  readonly plan: Plan;
}

/**
 * Plans by which calls were counted, for the code that is made where the operation comes again soon. Only the last ones:
 * most documents of a flood never come again, and each of their plans takes some 15 kB.
 */
export class RecentPlans {
  readonly #plans = new Map<OperationVariant, PlannedVariant>();
  #fields = 0;

  add(variant: OperationVariant, planned: PlannedVariant): void {
    this.take(variant);
    if (planned.plan.fields > maxFields) return;
    this.#plans.set(variant, planned);
    this.#fields += planned.plan.fields;
    for (const oldest of this.#plans.keys()) {
      if (this.#plans.size <= maxPlans && this.#fields <= maxFields) break;
      this.take(oldest);
    }
  }

  /** Forgets it. */
  take(variant: OperationVariant): PlannedVariant | null {
    const planned = this.#plans.get(variant);
    if (planned === undefined) return null;
    this.#plans.delete(variant);
    this.#fields -= planned.plan.fields;
    return planned;
  }

  clear(): void {
    this.#plans.clear();
    this.#fields = 0;
  }
}

const maxPlans = 32;
/** In all of them together; a plan that has more by itself is not kept. */
const maxFields = 5000;
