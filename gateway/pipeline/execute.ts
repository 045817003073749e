import { type ExecutionResult, GraphQLError, Kind } from "graphql";
import { OverlockError } from "../core/errors.ts";
import type { ErrorCode } from "../core/error-codes.ts";
import { RequestRefusal } from "../core/request-refusal.ts";
import type { RequestScope } from "../core/request-scope.ts";
import type { BffRuntime } from "./bff-runtime.ts";
import type { OperationRequest } from "./prepare.ts";

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

/** Runs the operation. Refuses it with BAD_USER_INPUT where the variables do not fit; nothing is sent upstream then. */
export async function executeOperation(
  bff: BffRuntime,
  { prepared, variables }: OperationRequest,
  scope: RequestScope,
): Promise<ExecutedOperation> {
  const result = await bff.executor.execute(prepared, variables, scope);
  if (!("data" in result)) throw refusalOf(result);
  return { data: result.data, errors: (result.errors ?? []).map(toFieldError) };
}

function refusalOf(result: ExecutionResult): RequestRefusal {
  const reasons = (result.errors ?? []).map((error) => ({
    // The executor hands on what overflowed while it read the variables.
    message: isOverflow(error) ? "The variables are nested too deeply." : error.message,
    locations: error.locations ?? [],
  }));
  return new RequestRefusal("BAD_USER_INPUT", reasons);
}

function isOverflow(error: unknown): boolean {
  return error instanceof RangeError || (error instanceof GraphQLError && isOverflow(error.originalError));
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
