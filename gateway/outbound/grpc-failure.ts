import { status, type StatusObject } from "@grpc/grpc-js";
import type { ErrorCode } from "../core/error-codes.ts";
import { OverlockError, shortened } from "../core/errors.ts";

/** A call that the backend ended with a status other than OK. */
export class GrpcStatusError extends Error {
  /** 1 to 16, https://grpc.io/docs/guides/status-codes/; 2 (UNKNOWN) for a number that is none of them. */
  readonly status: number;
  /** `grpc-status-details-bin`, a google.rpc.Status, as it came; null where there is none. */
  readonly statusDetails: Buffer | null;

  constructor(
    code: number,
    details: string,
    options: ErrorOptions & { readonly statusDetails?: Buffer | null },
  ) {
    super(details, options);
    this.name = "GrpcStatusError";
    this.status = code;
    this.statusDetails = options.statusDetails ?? null;
  }
}

/**
 * What a failed call means. grpc-js has one family of statuses for what the backend told, what went wrong on the way and
 * what it could not read itself, and tells them apart by text only; so does this, so that a proxy's page is no status of
 * the backend and a broken stream no fault of its code. `contentType`: of the response's headers, null where none came.
 */
export function translateGrpcStatus(end: StatusObject, contentType: string | null): Error {
  // An encoding that grpc-js does not know ends the call without code and text.
  const details = typeof end.details === "string" ? end.details : "the message could not be read";
  const httpStatus = /^Received HTTP status code (\d{3})$/.exec(details)?.[1];
  const own =
    httpStatus === undefined
      ? (ownTexts.find(([text]) => details.startsWith(text))?.[1] ?? null)
      : codeOfHttpStatus(Number(httpStatus));
  if (contentType !== null && !isGrpc(contentType) && httpStatus === undefined)
    return wrongContentType(contentType, new Error(details));
  if (own !== null) return new OverlockError(own, details);
  const [statusDetails] = end.metadata.get("grpc-status-details-bin");
  const bytes = Buffer.isBuffer(statusDetails) ? statusDetails : null;
  // A backend may send any number.
  const code = Object.hasOwn(status, end.code) && end.code !== status.OK ? end.code : status.UNKNOWN;
  return new GrpcStatusError(code, details, { statusDetails: bytes });
}

/** An answer of another protocol, whatever else it says. */
export function wrongContentType(contentType: string, cause: unknown): OverlockError {
  const message = `expected application/grpc, found ${JSON.stringify(shortened(contentType))}`;
  return new OverlockError("UPSTREAM_INVALID_RESPONSE", message, { cause });
}

/** https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#responses: with a suffix such as `+proto`. */
export function isGrpc(contentType: string): boolean {
  // By far the most common one.
  return contentType === "application/grpc" || /^application\/grpc(?:$|[+;])/i.test(contentType);
}

/** The call was ended here, by its deadline or because nobody waits for it any more. */
export function isOwnEnd({ details }: StatusObject): boolean {
  return (
    typeof details === "string" &&
    (details.startsWith("Deadline exceeded after") || details === cancelledText)
  );
}

/** The details of a call that was cancelled here. */
export const cancelledText = "Cancelled on client";

/** As for REST, except that a proxy without a backend behind it is no failure of the backend. */
function codeOfHttpStatus(httpStatus: number): ErrorCode {
  if (httpStatus === 401 || httpStatus === 403) return "UPSTREAM_DENIED";
  if (httpStatus === 408 || httpStatus === 504) return "UPSTREAM_TIMEOUT";
  if (httpStatus === 502 || httpStatus === 503) return "UPSTREAM_UNREACHABLE";
  if (httpStatus < 400) return "UPSTREAM_INVALID_RESPONSE";
  return httpStatus === 429 || httpStatus >= 500 ? "UPSTREAM_ERROR" : "UPSTREAM_REJECTED";
}

/** How the texts begin that grpc-js writes itself, in grpc-js 1.14. */
const ownTexts: readonly (readonly [text: string, code: ErrorCode])[] = [
  ["Received message larger than max", "UPSTREAM_RESPONSE_TOO_LARGE"],
  ["Received message that decompresses to a size larger", "UPSTREAM_RESPONSE_TOO_LARGE"],
  ["Deadline exceeded after", "UPSTREAM_TIMEOUT"],
  // The stream ended, but not with a status.
  ["Received RST_STREAM with code 0", "UPSTREAM_INVALID_RESPONSE"],
  ["No status information received", "UPSTREAM_INVALID_RESPONSE"],
  ["No message received", "UPSTREAM_INVALID_RESPONSE"],
  ["the message could not be read", "UPSTREAM_INVALID_RESPONSE"],
  ["Failed to decompress", "UPSTREAM_INVALID_RESPONSE"],
  ["Compression method not supported", "UPSTREAM_INVALID_RESPONSE"],
  ['Received compressed message but "grpc-encoding"', "UPSTREAM_INVALID_RESPONSE"],
  ["Received RST_STREAM with code", "UPSTREAM_UNREACHABLE"],
  ["Stream refused by server", "UPSTREAM_UNREACHABLE"],
  ["Connection dropped", "UPSTREAM_UNREACHABLE"],
  ["Call cancelled", "UPSTREAM_UNREACHABLE"],
  ["Bandwidth exhausted or memory limit exceeded", "UPSTREAM_UNREACHABLE"],
  ["Protocol not secure enough", "UPSTREAM_UNREACHABLE"],
  ["No connection established", "UPSTREAM_UNREACHABLE"],
  ["Name resolution failed", "UPSTREAM_UNREACHABLE"],
];
