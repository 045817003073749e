import { OverlockError } from "./errors.ts";

/** Whoever waits for something, and may go away. The signal is asked for only where somebody has to know. */
export interface Waiter {
  readonly signal: AbortSignal;
}

type Callback = (reason: OverlockError) => void;

/**
 * A point in time that only moves closer, and what happens when it is reached (reason: REQUEST_TIMEOUT) or when whoever
 * waits goes away (reason: CANCELLED, or the waiter's where that is coded).
 * Whoever makes one must {@link Deadline.dispose} it; that removes its timer and its listener on who waits. Both are
 * there only while somebody wants to be told, so that a deadline nobody waits with costs next to nothing.
 */
export class Deadline implements Waiter {
  /** Milliseconds on the clock of `performance.now()`. */
  readonly expiresAtMs: number;
  readonly #parent: Deadline | Waiter | null;
  #callbacks: Set<Callback> | null = null;
  #expiredBy: OverlockError | null = null;
  #state: "unwatched" | "watched" | "disposed" = "unwatched";
  #timer: NodeJS.Timeout | null = null;
  #stopWatchingParent: (() => void) | null = null;
  #controller: AbortController | null = null;

  private constructor(expiresAtMs: number, parent: Deadline | Waiter | null) {
    this.expiresAtMs = expiresAtMs;
    this.#parent = parent;
  }

  /** A deadline `timeoutMs` from now, 0 to 2147483647; `client` fires when the client goes away. */
  static start(timeoutMs: number, client: AbortSignal | null): Deadline {
    return Deadline.startFor(timeoutMs, client === null ? null : { signal: client });
  }

  /** The same, for whoever makes a signal only where it is asked for. */
  static startFor(timeoutMs: number, waiter: Waiter | null): Deadline {
    return new Deadline(performance.now() + timeoutMs, waiter);
  }

  /** A deadline of one call: the sooner of `timeoutMs` from now and this one. */
  shrink(timeoutMs: number): Deadline {
    return new Deadline(Math.min(this.expiresAtMs, performance.now() + timeoutMs), this);
  }

  /** The same for a call that goes on where the client went away: only time ends it. */
  detach(timeoutMs: number): Deadline {
    return new Deadline(Math.min(this.expiresAtMs, performance.now() + timeoutMs), null);
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      const controller = new AbortController();
      this.#controller = controller;
      const reason = this.expiredBy;
      if (reason === null) this.onExpire((ended) => controller.abort(ended));
      else controller.abort(reason);
    }
    return this.#controller.signal;
  }

  /** What ended it, as the signal's reason; null while it goes on. */
  get expiredBy(): OverlockError | null {
    this.#watch();
    return this.#expiredBy;
  }

  /**
   * Calls `callback` once, when the deadline is reached or whoever waits goes away; never where that has happened before.
   * Cheaper than a listener on the signal. Returns what takes the callback back, to be called when it is not needed any more.
   */
  onExpire(callback: Callback): () => void {
    this.#watch();
    if (this.#expiredBy !== null || this.#state === "disposed") return nothing;
    this.#callbacks ??= new Set();
    const callbacks = this.#callbacks;
    callbacks.add(callback);
    return () => callbacks.delete(callback);
  }

  /** Whole milliseconds left, at least 0. */
  get remainingMs(): number {
    return Math.max(0, Math.ceil(this.expiresAtMs - performance.now()));
  }

  /** Ends it now, for a reason of its maker's. */
  cancel(reason: OverlockError): void {
    if (this.expiredBy === null && this.#state === "watched") this.#expire(reason);
  }

  dispose(): void {
    this.#state = "disposed";
    this.#callbacks = null;
    this.#stopWatching();
  }

  /** Notes what ends it from now on, or has ended it already. */
  #watch(): void {
    if (this.#state !== "unwatched") return;
    this.#state = "watched";
    const parent = this.#parent;
    const byParent = parent instanceof Deadline ? parent.expiredBy : reasonOf(parent?.signal);
    const leftMs = this.expiresAtMs - performance.now();
    if (byParent !== null || leftMs <= 0) {
      this.#expiredBy = byParent ?? outOfTime();
      return;
    }
    this.#timer = setTimeout(() => this.#expire(outOfTime()), leftMs);
    if (parent instanceof Deadline)
      this.#stopWatchingParent = parent.onExpire((reason) => this.#expire(reason));
    else if (parent !== null) this.#watchSignal(parent.signal);
  }

  #watchSignal(signal: AbortSignal): void {
    const onAbort = (): void => this.#expire(codedReason(signal.reason));
    signal.addEventListener("abort", onAbort, { once: true });
    this.#stopWatchingParent = () => signal.removeEventListener("abort", onAbort);
  }

  #expire(reason: OverlockError): void {
    this.#expiredBy = reason;
    this.#stopWatching();
    const callbacks = this.#callbacks;
    this.#callbacks = null;
    for (const callback of callbacks ?? []) callback(reason);
  }

  #stopWatching(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#stopWatchingParent?.();
    this.#stopWatchingParent = null;
  }
}

function nothing(): void {}

function reasonOf(signal: AbortSignal | undefined): OverlockError | null {
  return signal?.aborted === true ? codedReason(signal.reason) : null;
}

function outOfTime(): OverlockError {
  return new OverlockError("REQUEST_TIMEOUT", "The request's time ran out.");
}

function codedReason(reason: unknown): OverlockError {
  if (reason instanceof OverlockError) return reason;
  return new OverlockError("CANCELLED", "The client went away.", { cause: reason });
}
