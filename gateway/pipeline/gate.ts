import type { LimitSettings } from "../config/demand-control.ts";
import type { Caller } from "../core/caller.ts";
import { consumerKey } from "../policy/consumer-key.ts";
import { type LimitMode, refuseBeyond, type SizeLimit } from "../policy/limits.ts";
import type { TierRules } from "../policy/tiers.ts";
import type { PrepareTerms } from "../prepare/prepare-operation.ts";
import type { BffRuntime } from "./bff-runtime.ts";
import type { GatewayRequest, RequestParams } from "./gateway-request.ts";

/** What the gate needs of a BFF. */
export type GateRuntime = Pick<BffRuntime, "settings" | "tiers" | "preparing" | "metrics">;

/** What holds for a request that was let through: its caller's rules, and on whose account it may make work. */
export class GatedRequest implements PrepareTerms {
  readonly tier: TierRules;
  readonly #bff: GateRuntime;
  readonly #request: Pick<GatewayRequest, "clientAddress">;
  readonly #caller: Caller;

  constructor(bff: GateRuntime, request: Pick<GatewayRequest, "clientAddress">, caller: Caller) {
    this.tier = bff.tiers.rulesFor(caller.tier);
    this.#bff = bff;
    this.#request = request;
    this.#caller = caller;
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
    const consumer = consumerKey({ caller: this.#caller, address: this.#request.clientAddress }, null);
    return this.#bff.preparing.spend(consumer, work);
  }
}

/**
 * What can be refused before anybody looks at what the document says. Refuses one of too many bytes with LIMIT_EXCEEDED;
 * parameters of other types are let through, to be refused by the stage that reads them.
 */
export function gate(
  bff: GateRuntime,
  request: Pick<GatewayRequest, "clientAddress">,
  { caller, params }: { readonly caller: Caller; readonly params: RequestParams },
): GatedRequest {
  const gated = new GatedRequest(bff, request, caller);
  const { query } = params;
  const { maxDocumentBytes } = gated.limits;
  // A character takes at most three bytes, so that mostly nothing has to be counted.
  if (typeof query === "string" && query.length * 3 > maxDocumentBytes)
    refuseBeyond(gated.limits, { maxDocumentBytes: Buffer.byteLength(query) }, gated);
  return gated;
}
