import { refuseBeyond } from "../policy/limits.ts";
import type { BffRuntime } from "./bff-runtime.ts";
import { countRequest, type CountingRuntime, hasBudgetOfRequests } from "./count-request.ts";
import type { GatedRequest } from "./gated-request.ts";
import type { RequestParams } from "./gateway-request.ts";

/** What the gate needs of a BFF. */
export interface GateRuntime extends CountingRuntime {
  readonly preparer: Pick<BffRuntime["preparer"], "isPrepared">;
}

/**
 * What can be refused before anybody looks at what the document says. Refuses one of too many bytes with LIMIT_EXCEEDED;
 * parameters of other types are let through, to be refused by the stage that reads them. What is not prepared is counted
 * here, and refused with RATE_LIMITED where its caller's budgets of requests are spent; what is prepared is counted when it
 * is charged, in the same step. Null where there is nothing to wait for.
 */
export function gate(bff: GateRuntime, gated: GatedRequest, params: RequestParams): Promise<void> | null {
  const { query } = params;
  const { maxDocumentBytes } = gated.limits;
  // A character takes at most three bytes, so that mostly nothing has to be counted.
  if (typeof query === "string" && query.length * 3 > maxDocumentBytes)
    refuseBeyond(gated.limits, { maxDocumentBytes: Buffer.byteLength(query) }, gated);
  if (!hasBudgetOfRequests(gated) || isPrepared(bff, params)) return null;
  return countRequest(bff, gated);
}

function isPrepared({ preparer }: GateRuntime, { query, operationName }: RequestParams): boolean {
  if (typeof query !== "string") return false;
  if ((operationName ?? null) === null || operationName === "") return preparer.isPrepared(query, null);
  return typeof operationName === "string" && preparer.isPrepared(query, operationName);
}
