import type { RequestScope, UpstreamCall } from "../core/request-scope.ts";
import type { ExecutedOperation } from "../execute/executed-operation.ts";
import type { UnplannedOperation } from "../execute/executor.ts";
import type { PlanDescription } from "../prepare/describe-plan.ts";
import type { OperationRequest } from "../prepare/prepared-operation.ts";
import type { BffRuntime } from "./bff-runtime.ts";
import type { RequestParams } from "./gateway-request.ts";

/** The plan of an operation that was run, as it stands in `extensions.plan`, and what the run made of it. */
export type ExecutedPlan = (PlanDescription | UnplannedOperation) & {
  /** What ran the operation: the first requests for it are not compiled yet. */
  readonly tier: "reference" | "compiled";
  /** The calls of this run, by what declares them, in the order in which the first of each ended. */
  readonly calls: readonly MadeCalls[];
};

interface MadeCalls {
  readonly source: string;
  readonly coordinate: string;
  /** The steps that such a call may be of; none: it is of what is read object by object. */
  readonly steps: readonly number[];
  readonly sent: number;
  /** Under way for other requests, and waited for. */
  readonly joined: number;
  /** Sent or joined, and in vain. */
  readonly failed: number;
  /** Of the longest one. */
  readonly maxDurationMs: number;
}

/** A request asks with `extensions: { "plan": true }`. Where it may not, it is answered as if it had not. */
export function asksForPlan(
  { showsPlan }: Pick<BffRuntime, "showsPlan">,
  { extensions }: RequestParams,
): boolean {
  return showsPlan && (extensions as { readonly plan?: unknown } | null | undefined)?.plan === true;
}

/** Runs the operation like executeOperation, and notes its plan in the record. */
export async function explainOperation(
  { executor }: Pick<BffRuntime, "executor">,
  request: OperationRequest,
  scope: RequestScope,
  record: { readonly upstreamCalls: readonly UpstreamCall[]; plan: ExecutedPlan | null },
): Promise<ExecutedOperation> {
  const { executed, tier, plan } = await executor.explain(request, scope);
  record.plan = { ...plan, tier, calls: countMade(record.upstreamCalls, plan) };
  return executed;
}

function countMade(
  upstreamCalls: readonly UpstreamCall[],
  plan: PlanDescription | UnplannedOperation,
): MadeCalls[] {
  const steps = "steps" in plan ? plan.steps : [];
  return [...Map.groupBy(upstreamCalls, ({ coordinate }) => coordinate)].map(([coordinate, calls]) => ({
    source: calls[0]?.source ?? "",
    coordinate,
    steps: steps.filter((step) => step.coordinate === coordinate).map(({ id }) => id),
    sent: calls.filter(({ isJoined }) => !isJoined).length,
    joined: calls.filter(({ isJoined }) => isJoined).length,
    failed: calls.filter(({ code }) => code !== null).length,
    maxDurationMs: Math.round(Math.max(...calls.map(({ durationMs }) => durationMs)) * 100) / 100,
  }));
}
