import { OperationTypeNode } from "graphql";
import { RequestRefusal } from "../core/request-refusal.ts";
import type { Caller } from "../core/caller.ts";
import type { LoadReason, ProcessLoad } from "../observe/process-load.ts";
import { refusalShare } from "../policy/refusal-share.ts";
import type { BffRuntime } from "./bff-runtime.ts";
import type { GatewayRequest, RequestParams } from "./gateway-request.ts";

/** What shedding needs of a BFF. */
export interface SheddingBff extends Pick<BffRuntime, "metrics" | "tiers"> {
  readonly settings: Pick<BffRuntime["settings"], "name">;
  readonly load: Pick<ProcessLoad, LoadReason>;
  readonly preparer: { readonly kindOf: BffRuntime["preparer"]["kindOf"] };
}

/** Refuses with OVERLOADED where the process is beyond a bound, whoever asks: nobody needs to be told who that is. */
export function shedAnybody(bff: SheddingBff, random = Math.random): void {
  const reason = nearestBound(bff.load);
  if (bff.load[reason] >= 1) throw overloaded(bff, reason, random);
}

/**
 * Refuses with OVERLOADED, the nearer the process is to a bound, the lower the priority of the caller's tier, and queries
 * before mutations of the same tier. What has not been prepared yet counts as a query: preparing it to find out would cost more
 * than it is to save.
 */
export function shed(
  bff: SheddingBff,
  { tier }: Pick<Caller, "tier">,
  { method, params }: Pick<GatewayRequest, "method"> & { readonly params: RequestParams },
  random = Math.random,
): void {
  const reason = nearestBound(bff.load);
  const load = bff.load[reason];
  // The usual case, in which nobody's tier has to be looked up.
  if (refusalShare(load, { priority: 0, isMutation: false }) === 0) return;
  const { priority } = bff.tiers.rulesFor(tier);
  const draw = random();
  if (draw >= refusalShare(load, { priority, isMutation: false })) return;
  const isMutation = method === "POST" && kindOf(bff, params) === OperationTypeNode.MUTATION;
  if (isMutation && draw >= refusalShare(load, { priority, isMutation })) return;
  throw overloaded(bff, reason, random);
}

function nearestBound({ eventLoop, inFlight }: Pick<ProcessLoad, LoadReason>): LoadReason {
  return inFlight >= eventLoop ? "inFlight" : "eventLoop";
}

function kindOf(
  { preparer }: SheddingBff,
  { query, operationName }: RequestParams,
): OperationTypeNode | null {
  if (typeof query !== "string") return null;
  return preparer.kindOf(
    query,
    typeof operationName === "string" && operationName !== "" ? operationName : null,
  );
}

function overloaded(
  { settings, metrics }: SheddingBff,
  reason: LoadReason,
  random: () => number,
): RequestRefusal {
  metrics.increment("overlock_shed_requests_total", { bff: settings.name, reason });
  return refusals[Math.floor(random() * refusals.length)] ?? RequestRefusal.of("OVERLOADED");
}

/**
 * Whoever is refused comes back after 1 to 5 seconds, not all of them at the same moment. Made once: to make an error, with its
 * stack, would be a third of what refusing costs.
 */
const refusals: readonly RequestRefusal[] = [1, 2, 3, 4, 5].map(
  (seconds) =>
    new RequestRefusal("OVERLOADED", RequestRefusal.of("OVERLOADED").reasons, {
      "retry-after": `${seconds}`,
    }),
);
