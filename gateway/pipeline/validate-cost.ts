import { consumerKey } from "../policy/consumer-key.ts";
import type { RateUse } from "../policy/operation-rates.ts";
import { rateCharges } from "../policy/rate-charges.ts";
import { type FanOut, fanOut } from "../prepare/fan-out.ts";
import type { OperationRequest } from "../prepare/prepared-operation.ts";
import type { BudgetState } from "../state/budget-store.ts";
import type { BffRuntime } from "./bff-runtime.ts";
import { type ChargeRuntime, estimateCost, usesOf } from "./charge.ts";
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
 * Tells what an operation would cost, whatever limits it is beyond, and which limits of fields it would use. Takes nothing of
 * its caller's budgets but one request, and no use of a field. Refuses it with RATE_LIMITED where that is more than is left.
 * `data` is null: nothing was run, and nothing was wrong.
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
  const uses = usesOf(bff, operation);
  const states = [...(reservation?.states ?? []), ...(await statesOfUses(bff, uses, gated))];
  const report = reportCost({ estimate, actual: null, limits: gated.limits, budgets, uses, states });
  const cost: CostReport = bff.showsPlan ? { ...report, plan: planOf(bff, operation, gated) } : report;
  return {
    text: JSON.stringify({ data: null, extensions: { cost } }),
    headers: countedHeaders(gated) ?? {},
  };
}

const noBudgets = { charges: [], reservation: null };

/** What is left for the uses of an operation, of which nothing is taken. */
async function statesOfUses(
  { budgets }: Pick<ChargeRuntime, "budgets">,
  uses: readonly RateUse[],
  gated: GatedRequest,
): Promise<readonly BudgetState[]> {
  const charged = uses.filter(({ limit }) => limit.max > 0);
  if (charged.length === 0) return uses.map(() => neverAny);
  const charges = rateCharges(charged, consumerKey(gated, null)).map((one) => ({ ...one, amount: 0 }));
  const { states } = await budgets.reserve(charges);
  const known = new Map(charged.map((use, index) => [use, states[index]]));
  return uses.map((use) => known.get(use) ?? neverAny);
}

/** Of a limit that lets nobody. */
const neverAny: BudgetState = { remaining: 0, resetAfterMs: 0 };

/** Plans the operation for that, at the caller's expense. */
function planOf(
  { executor }: Pick<BffRuntime, "executor">,
  { prepared, variant, coerced, denials }: OperationRequest,
  gated: Pick<GatedRequest, "spend">,
): FanOut | null {
  if (variant === null) return null;
  const described = gated.spend(() => executor.describe(variant));
  if ("reason" in described) return null;
  const estimate = prepared.cost.estimate(coerced, denials);
  return fanOut(described, (list) => estimate.lengthOf(list));
}
