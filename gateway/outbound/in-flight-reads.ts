import { Deadline } from "../core/deadline.ts";
import type { OverlockError } from "../core/errors.ts";

/** One caller's part in a call. */
export interface SharedAnswer<Raw> {
  /** Somebody else has sent it. */
  readonly isJoined: boolean;
  /** Of the call itself: its source's time, whoever waits for it. */
  readonly deadline: Deadline;
  /** What the call came to; rejects with the caller's own reason where its own deadline ends first. */
  readonly answer: Promise<Raw>;
}

/**
 * The reads of one source that are under way and may be joined: requests that are the same in every byte that the backend
 * sees are sent once. The source's connections, credentials and generation are told apart by there being one object for
 * each; everything else has to be in the key.
 */
export class InFlightReads {
  readonly #calls = new Map<string, SharedCall>();
  readonly #maxCalls: number;

  /** `maxCalls`: beyond so many that are under way at once, each read is sent for its caller alone. */
  constructor(maxCalls = 10_000) {
    this.#maxCalls = maxCalls;
  }

  /** How many could be joined now. */
  get size(): number {
    return this.#calls.size;
  }

  /**
   * From now on nobody joins what is under way. Called where something may change at the backend, before it begins and
   * when it has ended, so that whoever asks after a change is never answered from before its end.
   */
  startEpoch(): void {
    this.#calls.clear();
  }

  /**
   * Joins the read with this key, or sends it under a deadline of its own, `timeoutMs` long. Whoever waits leaves when
   * `waiter` ends, without the others noticing; the last to leave cancels the call. Rejections are one error for all.
   */
  share<Raw>(
    key: string,
    { timeoutMs, waiter }: { readonly timeoutMs: number; readonly waiter: Deadline },
    send: (deadline: Deadline) => Promise<Raw>,
  ): SharedAnswer<Raw> {
    const joined = this.#calls.get(key);
    const call = joined ?? this.#open(key, timeoutMs);
    // Calls with equal keys are sent by the same code, so that their answers are of one type.
    const answer = call.wait(waiter) as Promise<Raw>;
    if (joined === undefined) call.start(send);
    return { isJoined: joined !== undefined, deadline: call.deadline, answer };
  }

  #open(key: string, timeoutMs: number): SharedCall {
    const call = new SharedCall(timeoutMs, () => {
      if (this.#calls.get(key) === call) this.#calls.delete(key);
    });
    if (this.#calls.size < this.#maxCalls) this.#calls.set(key, call);
    return call;
  }
}

interface Waiter {
  readonly resolve: (raw: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly stopWatching: () => void;
}

class SharedCall {
  readonly deadline: Deadline;
  readonly #waiters = new Set<Waiter>();
  readonly #onEnd: () => void;

  /** `onEnd`: there is nothing to join any more. */
  constructor(timeoutMs: number, onEnd: () => void) {
    this.deadline = Deadline.start(timeoutMs, null);
    this.#onEnd = onEnd;
  }

  start(send: (deadline: Deadline) => Promise<unknown>): void {
    send(this.deadline).then(
      (raw) => this.#settle((waiter) => waiter.resolve(raw)),
      (error: unknown) => this.#settle((waiter) => waiter.reject(error)),
    );
  }

  wait(deadline: Deadline): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        resolve,
        reject,
        stopWatching: deadline.onExpire((reason) => this.#leave(waiter, reason)),
      };
      this.#waiters.add(waiter);
    });
  }

  #leave(waiter: Waiter, reason: OverlockError): void {
    this.#waiters.delete(waiter);
    waiter.reject(reason);
    if (this.#waiters.size > 0) return;
    this.#onEnd();
    this.deadline.cancel(reason);
  }

  #settle(tell: (waiter: Waiter) => void): void {
    this.#onEnd();
    this.deadline.dispose();
    for (const waiter of this.#waiters) {
      waiter.stopWatching();
      tell(waiter);
    }
    this.#waiters.clear();
  }
}
