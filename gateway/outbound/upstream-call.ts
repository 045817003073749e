import type { Deadline } from "../core/deadline.ts";
import { OverlockError, toOverlockError } from "../core/errors.ts";
import type { RequestScope } from "../core/request-scope.ts";

/** Whose call it is, for the log, the metrics and the messages. */
export interface CallOwner {
  readonly source: string;
  /** The coordinate of the field that declares the call. */
  readonly coordinate: string;
  /** The longest that the call may take. */
  readonly timeoutMs: number;
  /** Once sent, it is not cancelled by a client that goes away, which would leave open whether it was done. */
  readonly isMutation: boolean;
}

/**
 * Runs one call under its deadline: the sooner of the source's and the request's. Records how it went, and raises only
 * registered errors: UPSTREAM_TIMEOUT where the source's time ran out, REQUEST_TIMEOUT or CANCELLED where the request's
 * did or its client went away.
 */
export async function runUpstreamCall<Answer>(
  scope: RequestScope,
  owner: CallOwner,
  send: (deadline: Deadline) => Promise<Answer>,
): Promise<Answer> {
  const startedMs = performance.now();
  const { isMutation, timeoutMs } = owner;
  const deadline = isMutation ? scope.deadline.detach(timeoutMs) : scope.deadline.shrink(timeoutMs);
  let code: OverlockError["code"] | null = null;
  try {
    if (isMutation) scope.deadline.signal.throwIfAborted();
    return await send(deadline);
  } catch (thrown) {
    const error = classify({ thrown, scope, deadline, owner });
    code = error.code;
    throw error;
  } finally {
    deadline.dispose();
    const durationMs = performance.now() - startedMs;
    scope.recordUpstreamCall({ source: owner.source, coordinate: owner.coordinate, durationMs, code });
  }
}

interface FailedCall {
  readonly thrown: unknown;
  readonly scope: RequestScope;
  readonly deadline: Deadline;
  readonly owner: CallOwner;
}

function classify({ thrown, scope, deadline, owner }: FailedCall): OverlockError {
  const request = scope.deadline;
  if (request.signal.aborted && !hasOutlivedClient(thrown, request, owner))
    return toOverlockError(request.signal.reason);
  const error = toOverlockError(thrown);
  const isAborted = deadline.signal.aborted;
  if (!isAborted && error.code !== "UPSTREAM_TIMEOUT") return error;
  // The timers of the request, of the call and of the client library below run separately: whichever fired first, the
  // sooner of the two deadlines is to blame.
  const isRequestsTime = deadline.expiresAtMs >= request.expiresAtMs;
  if (isRequestsTime && (isAborted || deadline.remainingMs === 0))
    return new OverlockError("REQUEST_TIMEOUT", "The request's time ran out.", { cause: thrown });
  if (!isAborted && deadline.remainingMs > 0) return error;
  const message = `${owner.source} did not answer ${owner.coordinate} within ${owner.timeoutMs} ms`;
  return new OverlockError("UPSTREAM_TIMEOUT", message, { cause: thrown });
}

/** A mutation that was sent, and failed by itself after its client had gone. */
function hasOutlivedClient(thrown: unknown, { signal }: Deadline, { isMutation }: CallOwner): boolean {
  return isMutation && thrown !== signal.reason && toOverlockError(signal.reason).code === "CANCELLED";
}
