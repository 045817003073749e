import type { Deadline } from "../core/deadline.ts";
import { OverlockError, toOverlockError } from "../core/errors.ts";
import type { RequestScope } from "../core/request-scope.ts";
import type { InFlightReads } from "./in-flight-reads.ts";

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
 * whatever is left of its caller's; one caller's end is of no concern to the others. Any other call runs under the sooner
 * of the source's and the request's deadline. Records how it went, and rejects with registered errors only, the caller's
 * own: UPSTREAM_TIMEOUT where the source's time ran out, REQUEST_TIMEOUT or CANCELLED where the request's did or its client
 * went away.
 */
export function exchangeUpstream<Raw, Answer>(
  scope: RequestScope,
  owner: CallOwner,
  exchange: UpstreamExchange<Raw, Answer>,
): Promise<Answer> {
  const { key } = exchange;
  return key === null || key.length > maxKeyLength
    ? sendAlone(scope, owner, exchange)
    : joinOrSend(scope, owner, { ...exchange, key });
}

/** What is longer is sent for its caller alone, so that keys under way take little memory. */
const maxKeyLength = 65_536;

function joinOrSend<Raw, Answer>(
  scope: RequestScope,
  owner: CallOwner,
  { key, send, read }: UpstreamExchange<Raw, Answer> & { readonly key: string },
): Promise<Answer> {
  const part = new CallPart(scope, owner);
  try {
    const gone = scope.deadline.expiredBy;
    if (gone !== null) throw gone;
    scope.progress.startedCalls++;
    const shared = owner.reads.share(key, { timeoutMs: owner.timeoutMs, waiter: scope.deadline }, send);
    part.deadline = shared.deadline;
    part.isJoined = shared.isJoined;
    return part.follow(shared.isJoined ? ownErrors(shared.answer) : shared.answer, read);
  } catch (thrown) {
    return Promise.reject(part.fail(thrown));
  }
}

/** An error says what went wrong in one request; who joined a call gets one of its own. */
async function ownErrors<Raw>(answer: Promise<Raw>): Promise<Raw> {
  try {
    return await answer;
  } catch (cause) {
    if (!(cause instanceof OverlockError)) throw cause;
    throw new OverlockError(cause.code, cause.message, { cause, declared: cause.declared });
  }
}

function sendAlone<Raw, Answer>(
  scope: RequestScope,
  owner: CallOwner,
  { send, read }: UpstreamExchange<Raw, Answer>,
): Promise<Answer> {
  const part = new OwnCall(scope, owner);
  try {
    const gone = owner.isMutation ? scope.deadline.expiredBy : null;
    if (gone !== null) throw gone;
    scope.progress.startedCalls++;
    return part.follow(send(part.deadline), read);
  } catch (thrown) {
    return Promise.reject(part.fail(thrown));
  }
}

/** One caller's part in a call, until it is recorded. */
class CallPart {
  /** Of the call, or of the request as long as there is none. */
  deadline: Deadline;
  isJoined = false;
  protected readonly owner: CallOwner;
  readonly #scope: RequestScope;
  readonly #startedMs: number;

  constructor(scope: RequestScope, owner: CallOwner, startedMs = performance.now()) {
    this.deadline = scope.deadline;
    this.owner = owner;
    this.#scope = scope;
    this.#startedMs = startedMs;
  }

  /** What is read of the answer that was sent for. */
  follow<Raw, Answer>(sent: Promise<Raw>, read: UpstreamExchange<Raw, Answer>["read"]): Promise<Answer> {
    const fail = (thrown: unknown): never => {
      throw this.fail(thrown);
    };
    return sent.then((raw) => {
      let answer: Answer | Promise<Answer>;
      try {
        answer = read(raw);
      } catch (thrown) {
        throw this.fail(thrown);
      }
      if (answer instanceof Promise)
        return answer.then((value: Answer) => {
          this.end(null);
          return value;
        }, fail);
      this.end(null);
      return answer;
    }, fail);
  }

  /** Its end; returns what went wrong. */
  fail(thrown: unknown): OverlockError {
    const error = classify({ thrown, scope: this.#scope, deadline: this.deadline, owner: this.owner });
    this.end(error.code);
    return error;
  }

  protected end(code: OverlockError["code"] | null): void {
    const { source, coordinate } = this.owner;
    const durationMs = performance.now() - this.#startedMs;
    this.#scope.recordUpstreamCall({ source, coordinate, durationMs, isJoined: this.isJoined, code });
  }
}

/** A call for its caller alone. */
class OwnCall extends CallPart {
  constructor(scope: RequestScope, owner: CallOwner) {
    const startedMs = performance.now();
    super(scope, owner, startedMs);
    const { isMutation, isSafe, timeoutMs, reads } = owner;
    const { deadline } = scope;
    this.deadline = isMutation
      ? deadline.detach(timeoutMs, startedMs)
      : deadline.shrink(timeoutMs, startedMs);
    if (!isSafe) reads.startEpoch();
  }

  protected override end(code: OverlockError["code"] | null): void {
    if (!this.owner.isSafe) this.owner.reads.startEpoch();
    this.deadline.dispose();
    super.end(code);
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
