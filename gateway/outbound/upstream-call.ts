import type { Deadline } from "../core/deadline.ts";
import { OverlockError, toOverlockError } from "../core/errors.ts";
import type { RequestScope } from "../core/request-scope.ts";
import type { InFlightReads, SharedAnswer } from "./in-flight-reads.ts";

/** Whose call it is, for the log, the metrics and the messages. */
export interface CallOwner {
  readonly source: string;
  /** The coordinate of the field that declares the call. */
  readonly coordinate: string;
  /** The longest that the call may take. */
  readonly timeoutMs: number;
  /** Once sent, it is not cancelled by a client that goes away, which would leave open whether it was done. */
  readonly isMutation: boolean;
  /** It changes nothing. Whatever else is sent ends an epoch of `reads`, when it begins and again when it ends. */
  readonly isSafe: boolean;
  /** Of the source, what is under way. */
  readonly reads: InFlightReads;
}

/** How a call is sent, and what its caller makes of the answer, which is nobody's to change. */
export interface UpstreamExchange<Raw, Answer> {
  /**
   * The whole request as the backend sees it, but for what is about this one call only; null where it is sent for its
   * caller alone. Only safe calls have one.
   */
  readonly key: string | null;
  readonly send: (deadline: Deadline) => Promise<Raw>;
  /** A promise where the answer takes long to read. */
  readonly read: (raw: Raw) => Answer | Promise<Answer>;
}

/**
 * Sends one call, or joins one with the same key that is under way. A call that may be joined has the source's time,
 * whatever is left of its caller's; one caller's end is of no concern to the others. Errors are the caller's own.
 *
 */
export function exchangeUpstream<Raw, Answer>(
  scope: RequestScope,
  owner: CallOwner,
  exchange: UpstreamExchange<Raw, Answer>,
): Promise<Answer> {
  const { key, send, read } = exchange;
  if (key === null || key.length > maxKeyLength) return runUpstreamCall(scope, owner, send, read);
  return joinUpstream(scope, owner, { ...exchange, key });
}

async function joinUpstream<Raw, Answer>(
  scope: RequestScope,
  owner: CallOwner,
  { key, send, read }: UpstreamExchange<Raw, Answer> & { readonly key: string },
): Promise<Answer> {
  const startedMs = performance.now();
  let shared: SharedAnswer<Raw> | null = null;
  let code: OverlockError["code"] | null = null;
  try {
    const gone = scope.deadline.expiredBy;
    if (gone !== null) throw gone;
    scope.progress.startedCalls++;
    shared = owner.reads.share(key, { timeoutMs: owner.timeoutMs, waiter: scope.deadline }, send);
    const answer = read(await (shared.isJoined ? ownErrors(shared.answer) : shared.answer));
    return answer instanceof Promise ? await answer : answer;
  } catch (thrown) {
    const deadline = shared?.deadline ?? scope.deadline;
    const error = classify({ thrown, scope, deadline, owner });
    code = error.code;
    throw error;
  } finally {
    const durationMs = performance.now() - startedMs;
    const isJoined = shared?.isJoined ?? false;
    scope.recordUpstreamCall({
      source: owner.source,
      coordinate: owner.coordinate,
      durationMs,
      isJoined,
      code,
    });
  }
}

/** What is longer is sent for its caller alone, so that keys under way take little memory. */
const maxKeyLength = 65_536;

/** An error says what went wrong in one request; who joined a call gets one of its own. */
async function ownErrors<Raw>(answer: Promise<Raw>): Promise<Raw> {
  try {
    return await answer;
  } catch (cause) {
    if (!(cause instanceof OverlockError)) throw cause;
    throw new OverlockError(cause.code, cause.message, { cause, declared: cause.declared });
  }
}

/**
 * Runs one call under its deadline: the sooner of the source's and the request's. Records how it went, and raises only
 * registered errors: UPSTREAM_TIMEOUT where the source's time ran out, REQUEST_TIMEOUT or CANCELLED where the request's
 * did or its client went away.
 */
async function runUpstreamCall<Raw, Answer>(
  scope: RequestScope,
  owner: CallOwner,
  send: (deadline: Deadline) => Promise<Raw>,
  read: (raw: Raw) => Answer | Promise<Answer>,
): Promise<Answer> {
  const startedMs = performance.now();
  const { isMutation, timeoutMs } = owner;
  const deadline = isMutation ? scope.deadline.detach(timeoutMs) : scope.deadline.shrink(timeoutMs);
  let code: OverlockError["code"] | null = null;
  if (!owner.isSafe) owner.reads.startEpoch();
  try {
    const gone = isMutation ? scope.deadline.expiredBy : null;
    if (gone !== null) throw gone;
    scope.progress.startedCalls++;
    const answer = read(await send(deadline));
    return answer instanceof Promise ? await answer : answer;
  } catch (thrown) {
    const error = classify({ thrown, scope, deadline, owner });
    code = error.code;
    throw error;
  } finally {
    if (!owner.isSafe) owner.reads.startEpoch();
    deadline.dispose();
    const durationMs = performance.now() - startedMs;
    const isJoined = false;
    scope.recordUpstreamCall({
      source: owner.source,
      coordinate: owner.coordinate,
      durationMs,
      isJoined,
      code,
    });
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
  const reason = request.expiredBy;
  if (reason !== null && !hasOutlivedClient(thrown, reason, owner)) return reason;
  const error = toOverlockError(thrown);
  const isAborted = deadline.expiredBy !== null;
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
function hasOutlivedClient(thrown: unknown, reason: OverlockError, { isMutation }: CallOwner): boolean {
  return isMutation && thrown !== reason && reason.code === "CANCELLED";
}
