import { hash } from "node:crypto";
import type { Charge } from "../state/budget-store.ts";
import type { RateUse } from "./operation-rates.ts";

/**
 * What is taken of a consumer's limits for the uses of one operation, in their order. A limit is a token bucket that holds
 * `max` and fills within its window, so `max` has to be above 0.
 */
export function rateCharges(uses: readonly RateUse[], consumer: string): readonly Charge[] {
  return uses.map(({ id, limit: { max, windowMs }, count }) => ({
    rule: { id: ruleId(id), capacity: max, refillPerMs: max / windowMs, window: null },
    consumer,
    amount: count,
  }));
}

/** What clients write may be long, and has no place in the keys of a store. Names of fields hold no space. */
function ruleId(id: string): string {
  return id.includes(" ") || id.length > maxPlainLength
    ? `rate:#${hash("sha256", id, "base64url")}`
    : `rate:${id}`;
}

const maxPlainLength = 100;
