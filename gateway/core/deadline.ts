import { OverlockError } from "./errors.ts";

/**
 * A point in time that only moves closer, and the signal that fires when it is reached (reason: REQUEST_TIMEOUT) or
 * when whoever waits goes away (reason: CANCELLED, or the parent's where that is coded).
 * Whoever makes one must {@link Deadline.dispose} it; that removes its timer and its listener on the parent.
 */
export class Deadline {
  /** Milliseconds on the clock of `performance.now()`. */
  readonly expiresAtMs: number;
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #parent: AbortSignal | null;
  readonly #onParentAbort = (): void => this.#controller.abort(codedReason(this.#parent?.reason));

  private constructor(expiresAtMs: number, parent: AbortSignal | null) {
    this.expiresAtMs = expiresAtMs;
    this.#parent = parent;
    this.#timer = setTimeout(
      () => this.#controller.abort(new OverlockError("REQUEST_TIMEOUT", "The request's time ran out.")),
      Math.max(0, expiresAtMs - performance.now()),
    );
    this.#timer.unref();
    if (parent?.aborted) this.#onParentAbort();
    else parent?.addEventListener("abort", this.#onParentAbort, { once: true });
  }

  /** A deadline `timeoutMs` from now, 0 to 2147483647; `client` fires when the client goes away. */
  static start(timeoutMs: number, client: AbortSignal | null): Deadline {
    return new Deadline(performance.now() + timeoutMs, client);
  }

  /** A deadline of one call: the sooner of `timeoutMs` from now and this one. */
  shrink(timeoutMs: number): Deadline {
    return new Deadline(Math.min(this.expiresAtMs, performance.now() + timeoutMs), this.signal);
  }

  /** The same for a call that goes on where the client went away: only time ends it. */
  detach(timeoutMs: number): Deadline {
    return new Deadline(Math.min(this.expiresAtMs, performance.now() + timeoutMs), null);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What ended it, as the signal's reason; null while it goes on. */
  get expiredBy(): OverlockError | null {
    return this.signal.aborted ? (this.signal.reason as OverlockError) : null;
  }

  /**
   * Calls `callback` once, when the deadline is reached or whoever waits goes away; never where that has happened before.
   * Cheaper than a listener on the signal. Returns what takes the callback back, to be called when it is not needed any more.
   */
  onExpire(callback: (reason: OverlockError) => void): () => void {
    const { signal } = this;
    const listener = (): void => callback(signal.reason as OverlockError);
    signal.addEventListener("abort", listener, { once: true });
    return () => signal.removeEventListener("abort", listener);
  }

  /** Whole milliseconds left, at least 0. */
  get remainingMs(): number {
    return Math.max(0, Math.ceil(this.expiresAtMs - performance.now()));
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#parent?.removeEventListener("abort", this.#onParentAbort);
  }
}

function codedReason(reason: unknown): OverlockError {
  if (reason instanceof OverlockError) return reason;
  return new OverlockError("CANCELLED", "The client went away.", { cause: reason });
}
