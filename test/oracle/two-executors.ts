import { print } from "graphql";
import type { BoundClientSchema } from "../../gateway/compose/bindings.ts";
import type { SupergraphModel } from "../../gateway/compose/supergraph-model.ts";
import { RequestRefusal } from "../../gateway/core/request-refusal.ts";
import {
  noProgress,
  type ReceivedCost,
  type RequestScope,
  type UpstreamCall,
} from "../../gateway/core/request-scope.ts";
import { type AssemblyTurns, assemblyTurns } from "../../gateway/execute/assembly-turns.ts";
import { createExecutor, type Executor } from "../../gateway/execute/executor.ts";
import { coerce } from "../../gateway/pipeline/coerce.ts";
import type { ExecutedOperation } from "../../gateway/execute/executed-operation.ts";
import { executeOperation } from "../../gateway/pipeline/execute.ts";
import type { AccessRules } from "../../gateway/policy/access-rules.ts";
import type { CostRules } from "../../gateway/policy/cost-rules.ts";
import { decideAccess } from "../../gateway/policy/decide-access.ts";
import type { CallFormula } from "../../gateway/prepare/call-formula.ts";
import type { PlanDescription } from "../../gateway/prepare/describe-plan.ts";
import { OperationPreparer } from "../../gateway/prepare/prepare-operation.ts";
import type {
  OperationRequest,
  OperationVariant,
  PreparedOperation,
} from "../../gateway/prepare/prepared-operation.ts";
import { openAccess } from "../support/open-access.ts";
import type { Answer } from "./compare-answers.ts";
import type { RandomOperation } from "./operation.ts";
import { unevenCosts } from "./uneven-costs.ts";
import { ampleLimits } from "../support/ample-limits.ts";
import { plainCosts } from "../support/plain-costs.ts";

/** An answer, and what it took. */
export interface CountedAnswer extends Answer {
  /** Upstream calls by what declares them; of a GraphQL source, of whose fields several are one call, by the source. */
  readonly calls: ReadonlyMap<string, number>;
  /** How many calls were begun. */
  readonly startedCalls: number;
  /** How many calls the formulas allow it that it may be held to. */
  readonly estimates: readonly CallFormula[];
  /** What was run; null where it was refused before. */
  readonly request: OperationRequest | null;
  /** What the executor says that it took; null where it was refused. */
  readonly actual: ExecutedOperation["actual"];
  /** What it would have been charged for had nobody got its answer; null where it was refused. */
  readonly received: ReceivedCost | null;
  /** What is behind errors and failed calls, in words: for people, when answers differ. */
  readonly reasons: readonly string[];
  /** The operation was run by code that was made for it. */
  readonly isCompiled?: boolean;
  /** What it fetches; null where it is not planned. */
  readonly describePlan?: () => PlanDescription | null;
  /** The caller may not read all of it. */
  readonly isDenied: boolean;
}

/** One client schema with the reference and whatever is compared with it, on the same sources. */
export interface TwoExecutors {
  readonly reference: CountingAnswerer;
  readonly compiled: CountingAnswerer;
}

export type CountingAnswerer = (operation: RandomOperation) => Promise<CountedAnswer>;

/** Puts something around the executor that is compared with the reference. */
export type WrapExecutor = (executor: RunningExecutor) => RunningExecutor;

type RunningExecutor = Pick<Executor, "execute">;

/** A request's scope but for what is recorded in it; its deadline is disposed of after the run. */
export type ScopeParts = Omit<RequestScope, "absorbed" | "kept" | "progress" | "recordUpstreamCall">;

/** Who asks, and what it may read. */
export interface ExecutorCallers {
  readonly access: AccessRules;
  /** What objects cost; those that tell them apart where it is left out. */
  readonly costs?: Pick<CostRules, "objectCost">;
  /** Asked for every run. */
  readonly scopeOf: (operation: RandomOperation) => ScopeParts;
  /** Whether a policy lets whoever sends an operation. */
  readonly letsCaller: (policy: string, operation: RandomOperation) => boolean;
}

/** Both on one schema that is taken over: what runs without a variant is run by the reference. */
export function openTwoExecutors(
  bound: BoundClientSchema,
  model: SupergraphModel,
  { access, costs = unevenCosts, scopeOf, letsCaller }: ExecutorCallers,
  wrap: WrapExecutor = (executor) => executor,
): TwoExecutors {
  const { schema } = bound;
  const subquerySources = new Set(
    model.sources.filter(({ subqueries }) => subqueries !== null).map(({ name }) => name),
  );
  const nameOf: NameOfCall = ({ source, coordinate }) => (subquerySources.has(source) ? source : coordinate);
  const preparer = new OperationPreparer(
    { schema, access: { ...openAccess, ...access }, costs: plainCosts, showsSuggestions: false },
    prepareLimits,
    () => {},
  );
  const faults: unknown[] = [];
  const open = (turns: AssemblyTurns): ReturnType<typeof createExecutor> =>
    createExecutor(bound, model, { ...executorSettings, costs, assemblyTurns: turns }, (_result, fault) => {
      if (fault !== null) faults.push(fault);
    });
  const executor = open(assemblyTurns);
  const inTurns = open({ freeValues: 0, maxPartMs: 0, elementsPerLook: 1 });
  let runs = 0;
  const running = {
    // Answers here are short: every other one is assembled as if it were not.
    execute: (...args: Parameters<Executor["execute"]>) =>
      (runs++ % 2 === 0 ? executor : inTurns).execute(...args),
  };
  const compared: Executor = {
    ...wrap(running),
    callFormula: (request) => executor.callFormula(request),
    dispose: () => undefined,
  };
  const prepare = ({ document, operationName }: RandomOperation) =>
    preparer.prepare(print(document), operationName);
  const decide = async (
    operation: RandomOperation,
    { guards }: PreparedOperation,
    { caller }: RequestScope,
  ) => decideAccess(access, guards.guards, caller, (policy) => letsCaller(policy, operation));
  const tryCoerce = (prepared: PreparedOperation, variables: RandomOperation["variables"]) => {
    try {
      return coerce({ schema, showsSuggestions: false }, { prepared, variables }, terms).coerced;
    } catch {
      // The executor tells by itself.
      return {};
    }
  };
  return {
    reference: async (operation) => {
      let isDenied = false;
      let estimates: readonly CallFormula[] = [];
      let asked: OperationRequest | null = null;
      const answer = await record(scopeOf(operation), nameOf, async (scope) => {
        const prepared = prepare(operation);
        const denials = await decide(operation, prepared, scope);
        isDenied = denials !== null;
        const { variables } = operation;
        const coerced = tryCoerce(prepared, variables);
        const request = { prepared, variant: null, variables, coerced, denials };
        const variant = prepared.variantFor(coerced, denials);
        estimates = [executor.callFormula({ prepared, variant }), executor.callFormula(request)];
        asked = request;
        return executeOperation({ executor }, request, scope);
      });
      return { ...answer, isDenied, estimates, request: asked };
    },
    compiled: async (operation) => {
      let variant: OperationVariant | null = null;
      let isDenied = false;
      let estimates: readonly CallFormula[] = [];
      let asked: OperationRequest | null = null;
      const answer = await record(scopeOf(operation), nameOf, async (scope) => {
        const { variables } = operation;
        const coerced = coerce(
          { schema, showsSuggestions: false },
          { prepared: prepare(operation), variables },
          terms,
        );
        const denials = await decide(operation, coerced.prepared, scope);
        isDenied = denials !== null;
        variant = coerced.prepared.variantFor(coerced.coerced, denials);
        const request = { ...coerced, variant, denials };
        estimates = [executor.callFormula(request)];
        asked = request;
        return executeOperation({ executor: compared }, request, scope);
      });
      const [fault] = faults.splice(0);
      if (fault !== undefined) throw new Error("An operation could not be compiled.", { cause: fault });
      const describePlan = (): PlanDescription | null => {
        const plan = variant === null ? null : executor.describe(variant);
        return plan !== null && "steps" in plan ? plan : null;
      };
      return {
        ...answer,
        isCompiled: isCompiled(variant),
        isDenied,
        describePlan,
        estimates,
        request: asked,
      };
    },
  };
}

function isCompiled(variant: OperationVariant | null): boolean {
  return variant !== null && variant.compiled !== null;
}

/** Sizes are no part of what is compared. */
const executorSettings = {
  maxResolvedValues: 100_000_000,
  compileFromRequest: 1,
  costs: unevenCosts,
};
const terms = { limits: ampleLimits, onExcess: () => undefined };
const prepareLimits = { limits: ampleLimits, maxPreparedOperations: 200 };

type NameOfCall = (call: UpstreamCall) => string;

async function record(
  parts: ScopeParts,
  nameOf: NameOfCall,
  run: (scope: RequestScope) => Promise<ExecutedOperation>,
): Promise<Omit<CountedAnswer, "isDenied" | "estimates" | "request">> {
  const calls = new Map<string, number>();
  const reasons: string[] = [];
  const scope: RequestScope = {
    ...parts,
    absorbed: [],
    kept: new Map(),
    progress: noProgress(),
    recordUpstreamCall(call) {
      const name = nameOf(call);
      calls.set(name, (calls.get(name) ?? 0) + 1);
      const { coordinate, code, durationMs } = call;
      if (code !== null) reasons.push(`call ${coordinate}: ${code} after ${Math.round(durationMs)} ms`);
    },
  };
  try {
    const { data, errors, actual } = await run(scope);
    const text = JSON.stringify(data);
    for (const { path, cause } of errors) reasons.push(`${path.join(".")}: ${reasonOf(cause)}`);
    return {
      // As a client gets it.
      data: JSON.parse(text) as unknown,
      errors: errors.map(({ path, code, upstreamCode, locations }) => ({
        path,
        code: upstreamCode === null ? code : `${code} ${upstreamCode}`,
        locations: locations.map(({ line, column }) => `${line}:${column}`).join(" "),
      })),
      absorbed: scope.absorbed.map(({ path, code, upstreamCode = null }) => {
        return { path, code: upstreamCode === null ? code : `${code} ${upstreamCode}` };
      }),
      calls,
      startedCalls: scope.progress.startedCalls,
      actual,
      received: (await scope.progress.received?.()) ?? null,
      reasons,
    };
  } catch (thrown) {
    const { code, reasons: told } = RequestRefusal.from(thrown);
    const errors = told.map(({ message }) => ({ path: [], code: `${code} ${message}` }));
    return {
      data: undefined,
      errors,
      absorbed: [],
      calls,
      startedCalls: 0,
      actual: null,
      received: null,
      reasons: [...reasons, reasonOf(thrown)],
    };
  } finally {
    scope.deadline.dispose();
  }
}

/** An error and what caused it, as only a log may tell. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? `${String(error.code)} ` : "";
  const text = `${error.name} ${code}${error.message}`;
  return error.cause === undefined ? text : `${text}, because of ${reasonOf(error.cause)}`;
}
