import { Kind, parse } from "graphql";
import type { Environment } from "../config/environment.ts";
import type { LimitSettings } from "../config/demand-control.ts";
import { RequestRefusal } from "../core/request-refusal.ts";
import type { BffRuntime } from "../pipeline/bff-runtime.ts";
import { coerce } from "../pipeline/coerce.ts";
import { estimateCost, usesOf } from "../pipeline/charge.ts";
import { type CostExcess, type CostLimit, findCostExcess } from "../policy/cost-limits.ts";
import { refuseBeyond } from "../policy/limits.ts";
import type { RateUse } from "../policy/operation-rates.ts";
import type { OperationCost } from "../policy/settle-cost.ts";
import { type FanOut, fanOut } from "../prepare/fan-out.ts";
import type { PrepareTerms } from "../prepare/prepare-operation.ts";
import type { OperationRequest } from "../prepare/prepared-operation.ts";
import { UnknownNameError, withRuntime } from "./open-runtime.ts";

/** Which costs are asked for. */
export interface CostQuestion {
  readonly bff: string;
  /** Null: of callers without a tier. */
  readonly tier: string | null;
  readonly documents: readonly string[];
  /** Of all operations; one takes those that it declares. */
  readonly variables: Readonly<Record<string, unknown>>;
}

/** What one operation would cost a caller who may read everything. */
export interface CostedOperation {
  /** Null where it has none. */
  readonly operation: string | null;
  readonly kind: "query" | "mutation" | "subscription";
  readonly estimate: OperationCost;
  readonly limits: Pick<LimitSettings, CostLimit>;
  readonly exceeded: readonly CostExcess[];
  /** The `@rateLimit`s that it uses, each for as many values as it tells apart; more uses than `max` are never let through. */
  readonly rateLimits: readonly UsedLimit[];
  /** Null where it is not planned as a whole. */
  readonly plan: FanOut | null;
}

/** An operation of a document that the BFF takes which it refuses with these variables, or whatever they are. */
export interface RefusedOperation {
  /** Null where it has none. */
  readonly operation: string | null;
  readonly refusal: RequestRefusal;
}

interface UsedLimit extends Pick<RateUse, "coordinate"> {
  readonly max: number;
  readonly window: string;
  readonly uses: number;
}

/**
 * Does all of a start but listening, calls nobody, and works out what each operation of each document would cost, or why it
 * is refused; in place of the operations of a document that the BFF would not take, it has the refusal. Raises StartupError, and UnknownNameError where there is no such BFF or tier.
 */
export function costProject(
  root: string,
  environment: Environment,
  { bff, tier, documents, variables }: CostQuestion,
): Promise<readonly (readonly (CostedOperation | RefusedOperation)[] | RequestRefusal)[]> {
  return withRuntime(root, environment, bff, (runtime) => {
    const { limits } = rulesOf(runtime, tier);
    // What is only measured is counted by nobody here.
    const terms: PrepareTerms = { limits, onExcess: () => undefined, spend: (work) => work() };
    return documents.map((document) => {
      const names = orRefusal(() => {
        refuseBeyond(limits, { maxDocumentBytes: Buffer.byteLength(document) }, terms);
        return operationNames(runtime, document, terms);
      });
      if (names instanceof RequestRefusal) return names;
      return names.map((name) => {
        const cost = orRefusal(() =>
          costOf(runtime, terms, requestFor(runtime, { document, name, variables }, terms)),
        );
        return cost instanceof RequestRefusal ? { operation: name, refusal: cost } : cost;
      });
    });
  });
}

function orRefusal<Result>(work: () => Result): Result | RequestRefusal {
  try {
    return work();
  } catch (error) {
    if (error instanceof RequestRefusal) return error;
    throw error;
  }
}

function rulesOf({ settings, tiers }: BffRuntime, tier: string | null) {
  const rules = tiers.rulesFor(tier);
  if (rules.tier === tier) return rules;
  const names = Object.keys(settings.tiers);
  const expected =
    names.length === 0
      ? `no tier, as ${settings.name} has none`
      : `${names.join(" or ")} as a tier of ${settings.name}`;
  throw new UnknownNameError(expected, tier ?? "");
}

/** Refuses a document that the BFF would not take. */
function operationNames(
  { preparer }: BffRuntime,
  document: string,
  terms: PrepareTerms,
): readonly (string | null)[] {
  try {
    return [preparer.prepare(document, null, terms).name];
  } catch (error) {
    if (!(error instanceof RequestRefusal) || error.code !== "OPERATION_RESOLUTION_FAILURE") throw error;
    // Valid, and with several operations, or none at all.
    const names = parse(document).definitions.flatMap((node) =>
      node.kind === Kind.OPERATION_DEFINITION ? [node.name?.value ?? null] : [],
    );
    if (names.length === 0) throw error;
    return names;
  }
}

function requestFor(
  runtime: BffRuntime,
  {
    document,
    name,
    variables,
  }: { readonly document: string; readonly name: string | null } & Pick<CostQuestion, "variables">,
  terms: PrepareTerms,
): OperationRequest {
  const prepared = runtime.preparer.prepare(document, name, terms);
  const { coerced } = coerce(runtime, { prepared, variables }, terms);
  return { prepared, variant: prepared.variantFor(coerced, null), variables, coerced, denials: null };
}

function costOf(runtime: BffRuntime, terms: PrepareTerms, request: OperationRequest): CostedOperation {
  const { prepared, variant, coerced } = request;
  const { limits } = terms;
  const estimate = estimateCost(runtime, request, terms);
  const described = variant === null ? null : runtime.executor.describe(variant);
  const cost = prepared.cost.estimate(coerced, null);
  return {
    operation: prepared.name,
    kind: prepared.operation.operation,
    estimate,
    limits: {
      maxTypeCost: limits.maxTypeCost,
      maxFieldCost: limits.maxFieldCost,
      maxUpstreamCalls: limits.maxUpstreamCalls,
    },
    exceeded: findCostExcess(limits, estimate),
    rateLimits: usesOf(runtime, request).map(({ coordinate, count, limit: { max, window } }) => ({
      coordinate,
      max,
      window,
      uses: count,
    })),
    plan:
      described === null || "reason" in described ? null : fanOut(described, (list) => cost.lengthOf(list)),
  };
}
