import { type ExecutionResult, GraphQLError, Kind } from "graphql";
import { OverlockError } from "../core/errors.ts";
import type { ErrorCode } from "../core/error-codes.ts";
import type { RequestScope } from "../core/request-scope.ts";
import type { Executor } from "../execute/executor.ts";
import { refusalOfVariables } from "../execute/standard-variables.ts";
import type { OperationRequest } from "../prepare/prepared-operation.ts";

/** One error of an answer, as the client sees it; `cause` is for the log. */
export interface FieldError {
  readonly message: string;
  readonly locations: readonly { readonly line: number; readonly column: number }[];
  readonly path: readonly (string | number)[];
  readonly code: ErrorCode;
  /** The backend's own code, where its source schema lets clients see it. */
  readonly upstreamCode: string | null;
  readonly cause: unknown;
}

export interface ExecutedOperation {
  readonly data: unknown;
  readonly errors: readonly FieldError[];
}

/** Runs the operation. Refuses it with BAD_USER_INPUT where there is no stack left to read the variables. */
export async function executeOperation(
  { executor }: { readonly executor: Executor },
  request: OperationRequest,
  scope: RequestScope,
): Promise<ExecutedOperation> {
  return toExecuted(await executor.execute(request, scope));
}

/** What an executor's result comes to. Raises like {@link executeOperation}. */
export function toExecuted(result: ExecutionResult): ExecutedOperation {
  if (!("data" in result)) throw refusalOfVariables(result.errors ?? []);
  return { data: result.data, errors: (result.errors ?? []).map(toFieldError) };
}

function toFieldError(error: GraphQLError): FieldError {
  const origin = originOf(error);
  return {
    message: origin.publicMessage,
    locations: error.locations ?? [],
    path: error.path ?? [],
    code: origin.code,
    upstreamCode: origin.upstreamCode,
    cause: origin,
  };
}

/** Resolvers raise coded errors only; the rest is the executor's own judgement of a value, or a fault of ours. */
function originOf(error: GraphQLError): OverlockError {
  for (let cause: unknown = error; cause instanceof Error; cause = nextCause(cause)) {
    if (cause instanceof OverlockError) return cause;
    if (
      !(cause instanceof GraphQLError) &&
      cause.message.startsWith("Cannot return null for non-nullable field ")
    ) {
      return new OverlockError("NULL_IN_NON_NULL", cause.message, { cause });
    }
  }
  const { originalError } = error;
  if (originalError === undefined || originalError instanceof GraphQLError) {
    const { nodes, message } = originalError ?? error;
    // It is about a value in the operation, as a null variable of a non-null argument, and not about a field's.
    if (nodes?.some((node) => node.kind !== Kind.FIELD) === true)
      return new OverlockError("BAD_USER_INPUT", message, { cause: error });
    return new OverlockError("INVALID_VALUE", error.message, { cause: error });
  }
  return new OverlockError("INTERNAL_SERVER_ERROR", error.message, { cause: originalError });
}

function nextCause(error: Error): unknown {
  return error instanceof GraphQLError ? error.originalError : undefined;
}
