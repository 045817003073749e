import { OverlockError } from "./errors.ts";

/** Whoever waits for something, and may go away. Asked for no more than somebody has to know. */
export interface Waiter {
  /** Why it has gone away; null while it waits. */
  readonly expiredBy: OverlockError | null;
  /** Calls `callback` once, when it goes away; never where it has before. Returns what takes the callback back. */
  onExpire(callback: ExpireCallback): () => void;
}

export type ExpireCallback = (reason: OverlockError) => void;

/**
 * A point in time that only moves closer, and what happens when it is reached (reason: REQUEST_TIMEOUT) or when whoever
 * waits goes away (reason: CANCELLED, or the waiter's where that is coded).
 * Whoever makes one must {@link Deadline.dispose} it; that removes its timer and its listener on who waits. Both are
 * there only while somebody wants to be told, so that a deadline nobody waits with costs next to nothing.
 */
export class Deadline implements Waiter {
  /** Milliseconds on the clock of `performance.now()`. */
  readonly expiresAtMs: number;
  readonly #parent: Waiter | null;
  /** Most deadlines have one. */
  #first: ExpireCallback | null = null;
  #others: Set<ExpireCallback> | null = null;
  #expiredBy: OverlockError | null = null;
  #state: "unwatched" | "watched" | "disposed" = "unwatched";
  #timer: NodeJS.Timeout | null = null;
  #stopWatchingParent: (() => void) | null = null;
  /** Those of its calls that somebody waits with, in a list of their own: there is one for each call. */
  #firstCall: Deadline | null = null;
  #nextCall: Deadline | null = null;
  #previousCall: Deadline | null = null;
  #controller: AbortController | null = null;

  private constructor(expiresAtMs: number, parent: Waiter | null) {
    this.expiresAtMs = expiresAtMs;
    this.#parent = parent;
  }

  /** A deadline `timeoutMs` from now, 0 to 2147483647; `client` fires when the client goes away. */
  static start(timeoutMs: number, client: AbortSignal | null): Deadline {
    return Deadline.startFor(timeoutMs, client === null ? null : new SignalWaiter(client));
  }

  /** The same, for whoever needs no signal. */
  static startFor(timeoutMs: number, waiter: Waiter | null): Deadline {
    return new Deadline(performance.now() + timeoutMs, waiter);
  }

  /** A deadline of one call: the sooner of `timeoutMs` from `nowMs`, on the clock of `performance.now()`, and this one. */
  shrink(timeoutMs: number, nowMs = performance.now()): Deadline {
    return new Deadline(Math.min(this.expiresAtMs, nowMs + timeoutMs), this);
  }

  /** The same for a call that goes on where the client went away: only time ends it. */
  detach(timeoutMs: number, nowMs = performance.now()): Deadline {
    return new Deadline(Math.min(this.expiresAtMs, nowMs + timeoutMs), null);
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
  onExpire(callback: ExpireCallback): () => void {
    return this.listen(callback) ? () => this.unlisten(callback) : nothing;
  }

  /** The same for who keeps the callback, and {@link Deadline.unlisten}s with it. False: it is never called. */
  listen(callback: ExpireCallback): boolean {
    this.#watch();
    if (this.#expiredBy !== null || this.#state === "disposed") return false;
    if (this.#first === null) this.#first = callback;
    else (this.#others ??= new Set()).add(callback);
    return true;
  }

  unlisten(callback: ExpireCallback): void {
    if (this.#first === callback) this.#first = null;
    else this.#others?.delete(callback);
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
    this.#first = null;
    this.#others = null;
    this.#stopWatching();
  }

  /** Notes what ends it from now on, or has ended it already. */
  #watch(): void {
    if (this.#state !== "unwatched") return;
    this.#state = "watched";
    const byParent = this.#parent?.expiredBy ?? null;
    const leftMs = this.expiresAtMs - performance.now();
    if (byParent !== null || leftMs <= 0) {
      this.#expiredBy = byParent ?? outOfTime();
      return;
    }
    // Node keeps timers of one duration, in whole milliseconds, in one list: most find theirs, as most deadlines are
    // watched as soon as they are made.
    this.#timer = setTimeout(() => this.#expire(outOfTime()), Math.ceil(leftMs));
    if (this.#parent instanceof Deadline) this.#parent.#addCall(this);
    else if (this.#parent !== null)
      this.#stopWatchingParent = this.#parent.onExpire((reason) => this.#expire(reason));
  }

  #addCall(call: Deadline): void {
    call.#nextCall = this.#firstCall;
    if (this.#firstCall !== null) this.#firstCall.#previousCall = call;
    this.#firstCall = call;
  }

  #removeCall(call: Deadline): void {
    const previous = call.#previousCall;
    const next = call.#nextCall;
    if (previous !== null) previous.#nextCall = next;
    else if (this.#firstCall === call) this.#firstCall = next;
    if (next !== null) next.#previousCall = previous;
    call.#previousCall = null;
    call.#nextCall = null;
  }

  #expire(reason: OverlockError): void {
    this.#expiredBy = reason;
    this.#stopWatching();
    const first = this.#first;
    this.#first = null;
    first?.(reason);
    // What is taken back meanwhile is not called any more.
    for (const callback of this.#others ?? []) callback(reason);
    this.#others = null;
    // Each leaves the list as it ends.
    while (this.#firstCall !== null) this.#firstCall.#expire(reason);
  }

  #stopWatching(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#parent instanceof Deadline) this.#parent.#removeCall(this);
    this.#stopWatchingParent?.();
    this.#stopWatchingParent = null;
  }
}

/** Who waits as long as a signal does not fire; its reason counts where it is coded. */
class SignalWaiter implements Waiter {
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  get expiredBy(): OverlockError | null {
    return this.#signal.aborted ? codedReason(this.#signal.reason) : null;
  }

  onExpire(callback: ExpireCallback): () => void {
    const signal = this.#signal;
    const onAbort = (): void => callback(codedReason(signal.reason));
    signal.addEventListener("abort", onAbort, { once: true });
    return () => signal.removeEventListener("abort", onAbort);
  }
}

function nothing(): void {}

function outOfTime(): OverlockError {
  return new OverlockError("REQUEST_TIMEOUT", "The request's time ran out.");
}

function codedReason(reason: unknown): OverlockError {
  if (reason instanceof OverlockError) return reason;
  return new OverlockError("CANCELLED", "The client went away.", { cause: reason });
}
