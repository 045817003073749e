import type { Caller } from "../core/caller.ts";
import { consumerKey } from "../policy/consumer-key.ts";
import type { OperationRequest } from "../prepare/prepared-operation.ts";
import type { BffRuntime } from "./bff-runtime.ts";
import type { GatewayRequest } from "./gateway-request.ts";

/** Who pays. */
export interface Payer {
  readonly caller: Caller;
  readonly request: Pick<GatewayRequest, "clientAddress">;
}

/**
 * Takes what an operation uses of its caller's limits, all at once and before anything is sent upstream. Refuses with
 * RATE_LIMITED where one of them does not hold it, and with STATE_UNAVAILABLE where that can't be told; nothing is taken
 * then. A promise only where something of it is limited.
 */
export function charge(
  { budgets, rateLimiter }: Pick<BffRuntime, "budgets" | "rateLimiter">,
  { prepared, coerced, denials }: OperationRequest,
  { caller, request }: Payer,
): Promise<void> | null {
  if (rateLimiter === null || prepared.rates === null) return null;
  const uses = prepared.rates.usesFor(coerced, denials);
  if (uses.length === 0) return null;
  const consumer = consumerKey({ caller, address: request.clientAddress }, null);
  return rateLimiter.reserve(budgets, { uses, consumer, others: [] }).then(({ refusal }) => {
    if (refusal !== null) throw refusal;
  });
}
