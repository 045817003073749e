import type { LimitSettings } from "../config/demand-control.ts";
import type { Caller } from "../core/caller.ts";
import type { BudgetCharge } from "../policy/budgets.ts";
import { type Consumer, consumerKey } from "../policy/consumer-key.ts";
import type { LimitMode, SizeLimit } from "../policy/limits.ts";
import type { TierRules } from "../policy/tiers.ts";
import type { PrepareTerms } from "../prepare/prepare-operation.ts";
import type { Reservation } from "../state/budget-store.ts";
import type { BffRuntime } from "./bff-runtime.ts";
import type { GatewayRequest } from "./gateway-request.ts";

/** What a request at the gate needs of a BFF. */
export type GatedRuntime = Pick<BffRuntime, "settings" | "tiers" | "preparing" | "metrics">;

/** What was taken of budgets, or was to be taken: the charges, and what came of them. */
export interface ChargedBudgets {
  readonly charges: readonly BudgetCharge[];
  readonly reservation: Reservation;
}

/** A request of which it is known who sends it: the rules that hold for it, and on whose account it makes work. */
export class GatedRequest implements PrepareTerms, Consumer {
  readonly tier: TierRules;
  readonly caller: Caller;
  readonly address: string | null;
  /** Set as soon as it is decided whether the request counts as one, apart from what its operation costs. */
  counted: ChargedBudgets | null = null;
  readonly #bff: GatedRuntime;

  constructor(bff: GatedRuntime, { clientAddress }: Pick<GatewayRequest, "clientAddress">, caller: Caller) {
    this.tier = bff.tiers.rulesFor(caller.tier);
    this.caller = caller;
    this.address = clientAddress;
    this.#bff = bff;
  }

  get limits(): LimitSettings {
    return this.tier.limits;
  }

  /** Counts an operation that is beyond a limit. */
  onExcess(limit: SizeLimit, mode: LimitMode): void {
    const { settings, metrics } = this.#bff;
    metrics.increment("overlock_limit_exceeded_total", { bff: settings.name, limit, mode });
  }

  /** Does work on an unseen document at the caller's expense. Refuses with RATE_LIMITED where that is spent. */
  spend<Value>(work: () => Value): Value {
    // Whose expense it is costs something to find out, which documents that are known do not need.
    return this.#bff.preparing.spend(consumerKey(this, null), work);
  }
}
