import { type FragmentDefinitionNode, type GraphQLSchema, Kind } from "graphql";
import type { BoundClientSchema } from "../compose/bindings.ts";
import type { SupergraphModel } from "../compose/supergraph-model.ts";
import type { RequestScope } from "../core/request-scope.ts";
import type { OperationCost } from "../policy/settle-cost.ts";
import { CompileQueue, type CompileResult } from "../prepare/compile-queue.ts";
import type { CompiledForm, OperationRequest, OperationVariant } from "../prepare/prepared-operation.ts";
import { CallBounds } from "../prepare/call-bounds.ts";
import { type CallFormula, compileCallFormula, unboundedCalls } from "../prepare/call-formula.ts";
import { describePlan, findResolvedFields, type PlanDescription } from "../prepare/describe-plan.ts";
import { planOperation } from "../prepare/plan-operation.ts";
import { findSharingRule, type SharingRule } from "../prepare/sharing-rule.ts";
import { specialize, withAllSelections } from "../prepare/specialize.ts";
import { type CompiledLimits, type CompiledOperation, compileOperation } from "./compiled-executor.ts";
import { PlanTooLargeError } from "../prepare/plan-numbers.ts";
import { NotPlannedError } from "../prepare/plan-place.ts";
import { type ExecutedOperation, toExecuted } from "./executed-operation.ts";
import { addRootTo, ObjectCounts } from "./object-counts.ts";
import { withoutDenied } from "./object-counters.ts";
import { withoutAbsent } from "./plan-run.ts";
import { type PlannedVariant, RecentPlans } from "./recent-plans.ts";
import { createReferenceExecutor } from "./reference-executor.ts";

/** Runs the operations of one client schema: those that come again by code that is made for them. */
export interface Executor {
  /** Data, errors and their paths exactly as GraphQL says. Refuses what has no stack left for its variables. */
  execute(request: OperationRequest, scope: RequestScope): Promise<ExecutedOperation>;
  /**
   * How many upstream calls a request may make, worked out when it is first asked for: nothing is called for that. It holds
   * for whichever way the operation is run. Where it is not known yet, `spend` does the work, or refuses to.
   */
  callFormula(
    request: Pick<OperationRequest, "prepared" | "variant">,
    spend?: (work: () => CallFormula) => CallFormula,
  ): CallFormula;
  /** Code that waits to be made is not made any more. */
  dispose(): void;
}

/** An executor that tells people what it does. */
export interface ExplainingExecutor extends Executor {
  /** Executes the same way, and tells how. */
  explain(request: OperationRequest, scope: RequestScope): Promise<ExplainedExecution>;
  /** What an operation fetches where its conditions have these values, for callers who are denied this. */
  describe(variant: VariantFacts): PlanDescription | UnplannedOperation;
}

type VariantFacts = Pick<OperationVariant, "prepared" | "conditions" | "denials">;

/** A result and how it came about. */
export interface ExplainedExecution {
  readonly executed: ExecutedOperation;
  readonly tier: "reference" | "compiled";
  readonly plan: PlanDescription | UnplannedOperation;
}

/** An operation that is left to the reference executor as a whole. */
export interface UnplannedOperation {
  readonly operation: string | null;
  readonly reason: string;
}

export interface ExecutorSettings extends CompiledLimits {
  /** The request for a variant of an operation from which on code is made for it; 1: its first. */
  readonly compileFromRequest: number;
}

/** Takes the schema over. `onCompile` is told how making code ended; `error` is a fault, null where it is none. */
export function createExecutor(
  bound: BoundClientSchema,
  model: SupergraphModel,
  settings: ExecutorSettings,
  onCompile: (result: CompileResult, error: unknown) => void,
): ExplainingExecutor {
  const reference = createReferenceExecutor(bound, model, settings);
  const plans = new RecentPlans();
  let compiledVariants = 0;
  const planVariant = ({ prepared, conditions, denials }: VariantFacts): PlannedVariant => {
    const specialized = specialize(prepared.document, prepared.operation, conditions);
    const operation = { ...specialized, schema: bound.schema, denials };
    return { operation, plan: planOperation(bound, model, operation) };
  };
  const compile = (variant: OperationVariant): CompiledVariant | null => {
    try {
      const planned = plans.take(variant) ?? planVariant(variant);
      const compiled = compileOperation(bound, model, planned, settings);
      const sharing = findSharingRule(planned.plan, variant.prepared.guards, compiledVariants++);
      return new CompiledVariant(compiled, sharing);
    } catch (error) {
      if (error instanceof NotPlannedError || error instanceof PlanTooLargeError) return null;
      throw error;
    }
  };
  const compiledOf = ({ prepared, variant }: OperationRequest): CompiledVariant | null => {
    // What it asks about the schema would be answered after what it waits for, where nobody knows whose work it is.
    if (prepared.introspection !== null) return null;
    if (variant?.compiled === null && variant.uses >= compileFromRequest) {
      // A request does not wait for what only those after it gain by.
      if (compileFromRequest === 1) queue.compileNow(variant);
      else queue.offer(variant);
    }
    return variant?.compiled instanceof CompiledVariant ? variant.compiled : null;
  };
  const describe: ExplainingExecutor["describe"] = (variant) => {
    const { prepared, denials } = variant;
    try {
      return describePlan(planVariant(variant).plan, { operationName: prepared.name, denials });
    } catch (error) {
      if (error instanceof NotPlannedError || error instanceof PlanTooLargeError)
        return { operation: prepared.name, reason: error.message };
      throw error;
    }
  };
  const queue = new CompileQueue({ compile, onResult: onCompile, maxWaiting: maxWaitingVariants });
  const { compileFromRequest } = settings;
  const interpret = async (request: OperationRequest, scope: RequestScope): Promise<ExecutedOperation> => {
    const counts = new ObjectCounts();
    const receivedCost = (): OperationCost =>
      countedCost(bound.schema, settings.costs, { request, scope, counts });
    scope.progress.received = receivedCost;
    return toExecuted(await reference.execute(request, scope, counts), receivedCost);
  };
  return {
    execute(request, scope) {
      const compiled = compiledOf(request);
      return compiled === null ? interpret(request, scope) : compiled.run(request.coerced, scope);
    },
    async explain(request, scope) {
      const compiled = compiledOf(request);
      const { prepared, variant, coerced } = request;
      const executed = await (compiled?.run(coerced, scope) ?? interpret(request, scope));
      const plan =
        variant === null
          ? { operation: prepared.name, reason: "no variant is kept for these conditions" }
          : describe(variant);
      return { executed, tier: compiled === null ? "reference" : "compiled", plan };
    },
    callFormula({ prepared, variant }, spend = (work) => work()) {
      const compileFormula = (): CallFormula => {
        const { formula, planned } = compileCalls(bound, model, { prepared, variant });
        if (variant !== null && planned !== null) plans.add(variant, planned);
        return formula;
      };
      return (variant ?? prepared).callFormula(() => spend(compileFormula));
    },
    describe,
    dispose() {
      queue.dispose();
      plans.clear();
    },
  };
}

/** What an operation may call, by its plan, if it has one; what is not planned is counted object by object. */
function compileCalls(
  bound: BoundClientSchema,
  model: SupergraphModel,
  { prepared, variant }: Pick<OperationRequest, "prepared" | "variant">,
): { readonly formula: CallFormula; readonly planned: PlannedVariant | null } {
  // Without a variant, whatever conditions take away may be selected.
  const selected =
    variant === null
      ? withAllSelections(prepared.document, prepared.operation)
      : specialize(prepared.document, prepared.operation, variant.conditions);
  const denials = variant?.denials ?? null;
  const operation = { ...selected, schema: bound.schema, denials };
  const bounds = new CallBounds(bound, model, operation);
  try {
    try {
      const plan = planOperation(bound, model, operation);
      const described = describePlan(plan, { operationName: prepared.name, denials });
      const unplanned = findResolvedFields(plan).flatMap(({ field, path, lists }) =>
        bounds.ofField({ type: field.parent, nodes: field.nodes, path }, lists),
      );
      return { formula: compileCallFormula(described, unplanned), planned: { operation, plan } };
    } catch (error) {
      if (!(error instanceof NotPlannedError || error instanceof PlanTooLargeError)) throw error;
      return { formula: compileCallFormula(noSteps, bounds.ofOperation()), planned: null };
    }
  } catch (error) {
    if (error instanceof PlanTooLargeError) return { formula: unboundedCalls, planned: null };
    throw error;
  }
}

const noSteps = { steps: [], places: [] };

/** What was received object by object for an operation in which `@skip` and `@include` still stand. */
function countedCost(
  schema: GraphQLSchema,
  costs: ExecutorSettings["costs"],
  {
    request: { prepared, coerced, denials },
    scope,
    counts,
  }: {
    readonly request: OperationRequest;
    readonly scope: RequestScope;
    readonly counts: ObjectCounts;
  },
): OperationCost {
  const rules = withoutDenied(costs, denials);
  const fragments: Record<string, FragmentDefinitionNode> = {};
  for (const node of prepared.document.definitions)
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments[node.name.value] = node;
  const counted = { schema, fragments, variables: withoutAbsent(coerced) };
  const sum = { typeCost: 0, fieldCost: 0 };
  addRootTo(sum, rules, counted, prepared.operation);
  counts.addTo(sum, rules, counted);
  return { ...sum, upstreamCalls: scope.progress.startedCalls };
}

/** More than prove hot in a moment, unless by somebody who wants it so. */
const maxWaitingVariants = 100;

class CompiledVariant implements CompiledForm {
  readonly estimatedBytes: number;
  readonly sharing: SharingRule | null;
  readonly #operation: CompiledOperation;

  constructor(operation: CompiledOperation, sharing: SharingRule | null) {
    this.sharing = sharing;
    this.#operation = operation;
    this.estimatedBytes = operation.plan.fields * estimatedBytesPerField;
  }

  run(variables: OperationRequest["coerced"], scope: RequestScope): Promise<ExecutedOperation> {
    return this.#operation.run(variables, scope);
  }
}

/** Its part of the plan, its closures, its generated code and what the engine makes of that. */
const estimatedBytesPerField = 4000;
