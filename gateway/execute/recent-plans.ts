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
  /**
   * In the order in which they come, over and over. In a Map, whose tables follow each other, those that have grown old
   * would keep the plans of all later ones from being collected while they are young: 50 MB in a flood.
   */
  readonly #kept: (KeptPlan | null)[] = Array.from({ length: maxPlans }, () => null);
  #next = 0;
  #fields = 0;

  add(variant: OperationVariant, planned: PlannedVariant): void {
    this.take(variant);
    if (planned.plan.fields > maxFields) return;
    this.#forget(this.#next);
    this.#kept[this.#next] = { variant, planned };
    this.#fields += planned.plan.fields;
    this.#next = (this.#next + 1) % maxPlans;
    for (let oldest = this.#next; this.#fields > maxFields; oldest = (oldest + 1) % maxPlans)
      this.#forget(oldest);
  }

  /** Forgets it. */
  take(variant: OperationVariant): PlannedVariant | null {
    const index = this.#kept.findIndex((kept) => kept?.variant === variant);
    return index === -1 ? null : this.#forget(index);
  }

  clear(): void {
    this.#kept.fill(null);
    this.#fields = 0;
  }

  #forget(index: number): PlannedVariant | null {
    const planned = this.#kept[index]?.planned ?? null;
    this.#kept[index] = null;
    this.#fields -= planned?.plan.fields ?? 0;
    return planned;
  }
}

interface KeptPlan {
  readonly variant: OperationVariant;
  readonly planned: PlannedVariant;
}

const maxPlans = 32;
/** In all of them together; a plan that has more by itself is not kept. */
const maxFields = 5000;
