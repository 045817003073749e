import type { ExecutionResult } from "graphql";
import type { BoundClientSchema } from "../compose/bindings.ts";
import type { SupergraphModel } from "../compose/supergraph-model.ts";
import type { RequestScope } from "../core/request-scope.ts";
import type { CompiledForm, OperationRequest, OperationVariant } from "../prepare/prepared-operation.ts";
import { specialize } from "../prepare/specialize.ts";
import { type CompiledOperation, compileOperation } from "./compiled-executor.ts";
import { NotPlannedError, PlanTooLargeError } from "../prepare/plan-place.ts";
import { createReferenceExecutor, type ExecutionLimits } from "./reference-executor.ts";

/** Runs the operations of one client schema: those that come again by code that is made for them. */
export interface Executor {
  /** Data, errors and their paths exactly as GraphQL says; every error's origin is in `originalError`. */
  execute(request: OperationRequest, scope: RequestScope): Promise<ExecutionResult>;
}

export interface ExecutorSettings extends ExecutionLimits {
  /** The request for a variant of an operation from which on code is made for it; 1: its first. */
  readonly compileFromRequest: number;
}

/** Takes the schema over. `onFault` is told what went wrong with an operation that is left to the reference executor. */
export function createExecutor(
  bound: BoundClientSchema,
  model: SupergraphModel,
  settings: ExecutorSettings,
  onFault: (error: unknown) => void,
): Executor {
  const reference = createReferenceExecutor(bound, model, settings);
  const given = new WeakSet<OperationVariant>();
  const compile = (variant: OperationVariant): void => {
    if (given.has(variant)) return;
    given.add(variant);
    try {
      variant.attach(new CompiledVariant(compileVariant(variant)));
    } catch (error) {
      if (!(error instanceof NotPlannedError || error instanceof PlanTooLargeError)) onFault(error);
    }
  };
  const compileVariant = ({ prepared, conditions }: OperationVariant): CompiledOperation => {
    const specialized = specialize(prepared.document, prepared.operation, conditions);
    return compileOperation(bound, model, { ...specialized, schema: bound.schema }, settings);
  };
  const { compileFromRequest } = settings;
  return {
    execute({ prepared, variant, variables, coerced }, scope) {
      if (variant?.compiled === null && variant.uses >= compileFromRequest) {
        // A request does not wait for what only those after it gain by.
        if (compileFromRequest === 1) compile(variant);
        else if (!given.has(variant)) setImmediate(compile, variant);
      }
      if (variant?.compiled instanceof CompiledVariant) return variant.compiled.run(coerced, scope);
      return reference.execute(prepared, variables, scope);
    },
  };
}

class CompiledVariant implements CompiledForm {
  readonly estimatedBytes: number;
  readonly #operation: CompiledOperation;

  constructor(operation: CompiledOperation) {
    this.#operation = operation;
    this.estimatedBytes = operation.plan.fields * estimatedBytesPerField;
  }

  run(variables: OperationRequest["coerced"], scope: RequestScope): Promise<ExecutionResult> {
    return this.#operation.run(variables, scope);
  }
}

/** Its part of the plan, its closures, its generated code and what the engine makes of that. */
const estimatedBytesPerField = 4000;
