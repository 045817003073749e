import type { Waiter } from "../core/deadline.ts";

/** Told of the documents that wait for their turn. */
export interface PreparingObserver {
  /** So many more wait; below 0: fewer. */
  onWaiting(difference: number): void;
  /** A request has waited so long for its document's turn, or until it was over before. */
  onWaited(waitedMs: number): void;
}

/**
 * Spreads the work that unseen documents make over turns of the event loop: of what arrives in one turn, so much is begun in
 * it as takes some milliseconds, and the rest waits for the next turns, in the order in which it came. So who asks for what is
 * known waits for a few unseen documents at most, however many have arrived at once.
 *
 * No more waits than takes little memory. What comes beyond that is begun at once: the process gets late then, and refuses
 * requests because of that.
 */
export class PreparingTurns {
  readonly #observer: PreparingObserver;
  readonly #maxPartMs: number;
  readonly #clock: () => number;
  /** By document: who waits for the same goes on together. */
  readonly #waiting = new Map<string, Set<() => void>>();
  #waitingCharacters = 0;
  /** When this turn's part is over; null: nothing was begun in this turn. */
  #endsAtMs: number | null = null;

  /** `clock`: in milliseconds; it never goes back. */
  constructor(
    observer: PreparingObserver,
    maxPartMs: number = standardPartMs,
    clock: () => number = () => performance.now(),
  ) {
    this.#observer = observer;
    this.#maxPartMs = maxPartMs;
    this.#clock = clock;
  }

  /** How many documents wait for their turn. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Does `work` on a document at once where this turn has time left and nobody waits, else in a later turn. Rejects where
   * `waiter` has gone away by then, as soon as it does.
   */
  run<Value>(document: string, work: () => Value, waiter: Waiter): Value | Promise<Value> {
    const isFree = this.#waiting.size === 0 && !this.#isOver();
    if (!isFree && this.#mayWait(document)) return this.#turn(document, waiter).then(work);
    this.#begin();
    return work();
  }

  #mayWait(document: string): boolean {
    return (
      this.#waiting.size < maxWaitingDocuments &&
      this.#waitingCharacters + document.length <= maxWaitingCharacters
    );
  }

  #turn(document: string, waiter: Waiter): Promise<void> {
    return new Promise((resolve, reject) => {
      const sinceMs = this.#clock();
      const leave = (): void => {
        this.#leave(document, begin);
        this.#observer.onWaited(this.#clock() - sinceMs);
      };
      const begin = (): void => {
        takeBack();
        leave();
        resolve();
      };
      const takeBack = waiter.onExpire((reason) => {
        leave();
        reject(reason);
      });
      const { expiredBy } = waiter;
      if (expiredBy === null) this.#join(document, begin);
      else reject(expiredBy);
    });
  }

  #join(document: string, begin: () => void): void {
    const others = this.#waiting.get(document);
    if (others === undefined) {
      this.#waiting.set(document, new Set([begin]));
      this.#observer.onWaiting(1);
    } else others.add(begin);
    this.#waitingCharacters += document.length;
  }

  #leave(document: string, begin: () => void): void {
    const others = this.#waiting.get(document);
    if (others?.delete(begin) !== true) return;
    this.#waitingCharacters -= document.length;
    if (others.size > 0) return;
    this.#waiting.delete(document);
    this.#observer.onWaiting(-1);
  }

  #isOver(): boolean {
    return this.#endsAtMs !== null && this.#clock() >= this.#endsAtMs;
  }

  /** This turn's part begins, unless it has. */
  #begin(): void {
    if (this.#endsAtMs !== null) return;
    this.#endsAtMs = this.#clock() + this.#maxPartMs;
    setImmediate(() => {
      this.#endsAtMs = null;
      if (this.#waiting.size > 0) {
        this.#begin();
        this.#next();
      }
    });
  }

  /** Begins what waits, one document after the other, with whatever follows at once from each before the next. */
  #next(): void {
    const [first] = this.#waiting;
    if (first === undefined) return;
    const [, waiters] = first;
    for (const begin of waiters) begin();
    queueMicrotask(() =>
      process.nextTick(() => {
        if (!this.#isOver() && this.#endsAtMs !== null) this.#next();
      }),
    );
  }
}

/** Some documents of usual length, with the beginning of their runs; one that takes longer is a part by itself. */
const standardPartMs = 2;
const maxWaitingDocuments = 1000;
/** Some 16 MB at most. */
const maxWaitingCharacters = 8_000_000;
