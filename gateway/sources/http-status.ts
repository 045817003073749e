import type { DeclaredFailure } from "../core/declared-failure.ts";
import { OverlockError } from "../core/errors.ts";

/** What an HTTP status that is no success means, with what the source schema lets clients see of it. */
export function statusError(status: number, declared: DeclaredFailure | null): OverlockError {
  const message = `HTTP status ${status}`;
  if (status < 400) {
    return new OverlockError("UPSTREAM_INVALID_RESPONSE", `${message}; redirects are not followed`);
  }
  return new OverlockError(statusCode(status), message, { declared });
}

function statusCode(status: number): OverlockError["code"] {
  if (status === 401 || status === 403) return "UPSTREAM_DENIED";
  if (status === 408 || status === 504) return "UPSTREAM_TIMEOUT";
  return status === 429 || status >= 500 ? "UPSTREAM_ERROR" : "UPSTREAM_REJECTED";
}
