import type { ErrorCode } from "../../core/error-codes.ts";
import { OverlockError } from "../../core/errors.ts";
import type { GrpcStatusError } from "../../outbound/grpc-channel.ts";

/** NOT_FOUND: where one thing was asked for, it is a missing row and no error. */
export const notFoundStatus = 5;

/** https://grpc.io/docs/guides/status-codes/; those not listed mean that the backend failed. */
const codesByStatus: ReadonlyMap<number, ErrorCode> = new Map([
  [3, "UPSTREAM_REJECTED"], // INVALID_ARGUMENT
  [4, "UPSTREAM_TIMEOUT"], // DEADLINE_EXCEEDED
  [notFoundStatus, "UPSTREAM_REJECTED"],
  [6, "UPSTREAM_REJECTED"], // ALREADY_EXISTS
  [7, "UPSTREAM_DENIED"], // PERMISSION_DENIED
  [9, "UPSTREAM_REJECTED"], // FAILED_PRECONDITION
  [11, "UPSTREAM_REJECTED"], // OUT_OF_RANGE
  [12, "UPSTREAM_REJECTED"], // UNIMPLEMENTED
  [14, "UPSTREAM_UNREACHABLE"], // UNAVAILABLE
  [16, "UPSTREAM_DENIED"], // UNAUTHENTICATED
]);

/** The registered error for a gRPC status other than OK. */
export function grpcStatusError(error: GrpcStatusError): OverlockError {
  const code = codesByStatus.get(error.status) ?? "UPSTREAM_ERROR";
  return new OverlockError(code, `gRPC status ${error.status}: ${error.message}`, { cause: error });
}
