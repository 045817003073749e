import type { DeclaredFailure } from "../../core/declared-failure.ts";
import type { ErrorCode } from "../../core/error-codes.ts";
import { OverlockError } from "../../core/errors.ts";
import { grpcStatusNames } from "../../language/grpc-declaration.ts";
import type { GrpcStatusError } from "../../outbound/grpc-failure.ts";

/** NOT_FOUND: where one thing was asked for, it is a missing row and no error. */
export const notFoundStatus = 5;

/** Those not listed mean that the backend failed. */
const codesByStatus: ReadonlyMap<string, ErrorCode> = new Map([
  ["INVALID_ARGUMENT", "UPSTREAM_REJECTED"],
  ["DEADLINE_EXCEEDED", "UPSTREAM_TIMEOUT"],
  ["NOT_FOUND", "UPSTREAM_REJECTED"],
  ["ALREADY_EXISTS", "UPSTREAM_REJECTED"],
  ["PERMISSION_DENIED", "UPSTREAM_DENIED"],
  ["FAILED_PRECONDITION", "UPSTREAM_REJECTED"],
  ["OUT_OF_RANGE", "UPSTREAM_REJECTED"],
  ["UNIMPLEMENTED", "UPSTREAM_REJECTED"],
  ["UNAVAILABLE", "UPSTREAM_UNREACHABLE"],
  ["UNAUTHENTICATED", "UPSTREAM_DENIED"],
]);

/** What else is known of a failed call. */
export interface FailureFacts {
  /** What the source schema lets clients see; null: nothing. */
  readonly declared: DeclaredFailure | null;
  /** As the backend's RetryInfo asks for; null where it does not. */
  readonly retryDelayMs: number | null;
}

/** A gRPC status other than OK with what the backend said besides, the cause of the registered error. */
export class GrpcFailure extends Error {
  /** `FAILED_PRECONDITION`. */
  readonly status: string;
  readonly retryDelayMs: number | null;

  constructor(error: GrpcStatusError, retryDelayMs: number | null) {
    super(error.message, { cause: error });
    this.name = "GrpcFailure";
    this.status = grpcStatusNames[error.status] ?? "UNKNOWN";
    this.retryDelayMs = retryDelayMs;
  }
}

/** The registered error for a gRPC status other than OK. */
export function grpcStatusError(
  error: GrpcStatusError,
  { declared, retryDelayMs }: FailureFacts,
): OverlockError {
  const cause = new GrpcFailure(error, retryDelayMs);
  const code = codesByStatus.get(cause.status) ?? "UPSTREAM_ERROR";
  const wait = retryDelayMs === null ? "" : ` (retry in ${retryDelayMs} ms)`;
  const message = `gRPC status ${error.status} ${cause.status}${wait}: ${error.message}`;
  return new OverlockError(code, message, { cause, declared });
}
