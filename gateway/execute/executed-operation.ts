import { type ExecutionResult, GraphQLError, Kind } from "graphql";
import { OverlockError } from "../core/errors.ts";
import type { OperationCost } from "../policy/settle-cost.ts";
import type { ErrorCode } from "../core/error-codes.ts";
import { refusalOfVariables } from "./standard-variables.ts";

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
  /** Null as soon as it is written: then nobody needs it. */
  data: unknown;
  readonly errors: readonly FieldError[];
  /**
   * What it has received and called. Where the answer has errors, or some that were absorbed, it may have received more.
   * Null: nobody counted.
   */
  readonly actual: OperationCost | null;
}

/**
 * What the standard executor's result comes to; `countCost`: of what was run. Refuses it with BAD_USER_INPUT where it says
 * that variables do not fit.
 */
export function toExecuted(
  result: ExecutionResult,
  countCost: () => OperationCost | null,
): ExecutedOperation {
  if (!("data" in result)) throw refusalOfVariables(result.errors ?? [], false);
  return { data: result.data, errors: (result.errors ?? []).map(toFieldError), actual: countCost() };
}

/** An error that happened at a place of the answer. */
export function fieldErrorOf(
  origin: OverlockError,
  locations: FieldError["locations"],
  path: FieldError["path"],
): FieldError {
  const { publicMessage: message, code, upstreamCode } = origin;
  return { message, locations, path, code, upstreamCode, cause: origin };
}

function toFieldError(error: GraphQLError): FieldError {
  return fieldErrorOf(originOf(error), error.locations ?? [], error.path ?? []);
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
