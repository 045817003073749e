import { type BudgetCharge, chargesFor } from "../policy/budgets.ts";
import { type FanOut, fanOut } from "../prepare/fan-out.ts";
import type { OperationRequest } from "../prepare/prepared-operation.ts";
import type { BffRuntime } from "./bff-runtime.ts";
import { type ChargeRuntime, estimateCost, type Payer, refusalOf } from "./charge.ts";
import { type CostReport, reportCost } from "./cost-report.ts";
import { rateLimitHeaders } from "./rate-limit-headers.ts";

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
  payer: Payer,
): Promise<Validation> {
  const { gated } = payer;
  const estimate = estimateCost(bff, operation, gated);
  const nothing = { typeCost: 0, fieldCost: 0, upstreamCalls: 0 };
  const charges = chargesFor(bff.budgetsOf(gated.tier), payer, { requests: 1, ...nothing });
  const reservation = charges.length === 0 ? null : await bff.budgets.reserve(charges);
  if (reservation !== null && reservation.refused !== null) throw refusalOf(charges, reservation, estimate);
  const budgets = charges.map(({ budget }: BudgetCharge) => budget);
  const states = reservation?.states ?? [];
  const report = reportCost({ estimate, actual: null, limits: gated.limits, budgets, states });
  const cost: CostReport = bff.showsPlan ? { ...report, plan: planOf(bff, operation) } : report;
  return {
    text: JSON.stringify({ data: null, extensions: { cost } }),
    headers: reservation === null ? {} : rateLimitHeaders(budgets, reservation),
  };
}

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
