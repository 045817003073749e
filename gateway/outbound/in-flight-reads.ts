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
  #epoch = 0;

  /** `maxCalls`: beyond so many that are under way at once, each read is sent for its caller alone. */
  constructor(maxCalls = 10_000) {
    this.#maxCalls = maxCalls;
  }

  /** How many could be joined now. */
  get size(): number {
    return this.#calls.size;
  }

  /** How many epochs have begun. Whoever began to read in another one may not have seen what was changed since. */
  get epoch(): number {
    return this.#epoch;
  }

  /**
   * From now on nobody joins what is under way. Called where something may change at the backend, before it begins and
   * when it has ended, so that whoever asks after a change is never answered from before its end.
   */
  startEpoch(): void {
    this.#epoch++;
    // To clear an empty map costs more than a microsecond.
    if (this.#calls.size > 0) this.#calls.clear();
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
    const call = new SharedCall(this.#calls, key, timeoutMs);
    if (this.#calls.size < this.#maxCalls) this.#calls.set(key, call);
    return call;
  }
}

/** Who waits for a shared call. */
class Waiter {
  readonly resolve: (raw: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly #unwatch: () => void;

  constructor(call: SharedCall, deadline: Deadline, { resolve, reject }: Pick<Waiter, "resolve" | "reject">) {
    this.resolve = resolve;
    this.reject = reject;
    this.#unwatch = deadline.onExpire((reason) => call.leave(this, reason));
  }

  unwatch(): void {
    this.#unwatch();
  }
}

class SharedCall {
  readonly deadline: Deadline;
  readonly #calls: Map<string, SharedCall>;
  readonly #key: string;
  /** Most calls are waited for by one caller only. */
  #first: Waiter | null = null;
  #others: Set<Waiter> | null = null;

  /** `calls` is where it may be joined, under `key`. */
  constructor(calls: Map<string, SharedCall>, key: string, timeoutMs: number) {
    this.#calls = calls;
    this.#key = key;
    this.deadline = Deadline.start(timeoutMs, null);
  }

  start(send: (deadline: Deadline) => Promise<unknown>): void {
    send(this.deadline).then(
      (raw) => {
        for (const waiter of this.#end()) waiter.resolve(raw);
      },
      (error: unknown) => {
        for (const waiter of this.#end()) waiter.reject(error);
      },
    );
  }

  wait(deadline: Deadline): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const waiter = new Waiter(this, deadline, { resolve, reject });
      if (this.#first === null) this.#first = waiter;
      else (this.#others ??= new Set()).add(waiter);
    });
  }

  leave(waiter: Waiter, reason: OverlockError): void {
    if (this.#first === waiter) this.#first = null;
    else this.#others?.delete(waiter);
    waiter.reject(reason);
    if (this.#first !== null || (this.#others?.size ?? 0) > 0) return;
    this.#forget();
    this.deadline.cancel(reason);
  }

  /** There is nothing to wait for any more. */
  #end(): Waiter[] {
    this.#forget();
    this.deadline.dispose();
    const waiters = [...(this.#first === null ? [] : [this.#first]), ...(this.#others ?? [])];
    this.#first = null;
    this.#others = null;
    for (const waiter of waiters) waiter.unwatch();
    return waiters;
  }

  /** Nobody joins it any more; another call may stand in its place since an epoch began. */
  #forget(): void {
    if (this.#calls.get(this.#key) === this) this.#calls.delete(this.#key);
  }
}
