import { RequestRefusal } from "../core/request-refusal.ts";
import type { BffRuntime } from "./bff-runtime.ts";
import type { GatewayRequest } from "./gateway-request.ts";

/**
 * What a request wants to know of its cost: nothing; what it cost, beside its answer; what it would cost, without being run.
 */
export type CostRequest = "none" | "report" | "validate";

/**
 * Reads the header `graphql-cost`. Refuses with BAD_REQUEST what it does not know, and `validate` where costs are not told:
 * who says so does not want its operation to be run. `report` is not answered there.
 */
export function readCostRequest(
  { showsCost }: Pick<BffRuntime, "showsCost">,
  { headers }: Pick<GatewayRequest, "headers">,
): CostRequest {
  const value = headers.get("graphql-cost");
  if (value === undefined) return "none";
  switch (value.trim().toLowerCase()) {
    case "report":
      return showsCost ? "report" : "none";
    case "validate":
      if (showsCost) return "validate";
      throw RequestRefusal.of("BAD_REQUEST", "Costs are not told here; nothing was run.");
    default:
      throw RequestRefusal.of("BAD_REQUEST", "Expected report or validate as graphql-cost; nothing was run.");
  }
}
