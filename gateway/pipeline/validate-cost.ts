import { type FanOut, fanOut } from "../prepare/fan-out.ts";
import type { OperationRequest } from "../prepare/prepared-operation.ts";
import type { BffRuntime } from "./bff-runtime.ts";
import { type ChargeRuntime, estimateCost } from "./charge.ts";
import { type CostReport, reportCost } from "./cost-report.ts";
import { countedHeaders, countRequest } from "./count-request.ts";
import type { GatedRequest } from "./gated-request.ts";

/** What validating needs of a BFF. */
export type ValidatingRuntime = ChargeRuntime & Pick<BffRuntime, "showsPlan">;

/** The answer to a request whose operation is not run. */
export interface Validation {
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Tells what an operation would cost, whatever limits it is beyond, and takes nothing of its caller's budgets but one request.
 * Refuses it with RATE_LIMITED where that is more than is left. `data` is null: nothing was run, and nothing was wrong.
 */
export async function validateCost(
  bff: ValidatingRuntime,
  operation: OperationRequest,
  gated: GatedRequest,
): Promise<Validation> {
  const estimate = estimateCost(bff, operation, gated);
  if (gated.counted === null && gated.tier.budgets.length > 0) await countRequest(bff, gated);
  const { charges, reservation } = gated.counted ?? noBudgets;
  const budgets = charges.map(({ budget }) => budget);
  const states = reservation?.states ?? [];
  const report = reportCost({ estimate, actual: null, limits: gated.limits, budgets, states });
  const cost: CostReport = bff.showsPlan ? { ...report, plan: planOf(bff, operation) } : report;
  return {
    text: JSON.stringify({ data: null, extensions: { cost } }),
    headers: countedHeaders(gated) ?? {},
  };
}

const noBudgets = { charges: [], reservation: null };

function planOf(
  { executor }: Pick<BffRuntime, "executor">,
  { prepared, variant, coerced, denials }: OperationRequest,
): FanOut | null {
  if (variant === null) return null;
  const described = executor.describe(variant);
  if ("reason" in described) return null;
  const estimate = prepared.cost.estimate(coerced, denials);
  return fanOut(described, (list) => estimate.lengthOf(list));
}
