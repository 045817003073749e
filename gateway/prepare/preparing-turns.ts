import type { Waiter } from "../core/deadline.ts";

/**
 * Spreads the work that unseen documents make over turns of the event loop: of what arrives in one turn, so much is begun in
 * it as takes some milliseconds, and the rest waits for the next turns, in the order in which it came. So who asks for what is
 * known waits for a few unseen documents at most, however many have arrived at once.
 */
export class PreparingTurns {
  readonly #maxPartMs: number;
  readonly #clock: () => number;
  readonly #waiting = new Set<() => void>();
  /** When this turn's part is over; null: nothing was begun in this turn. */
  #endsAtMs: number | null = null;

  /** `clock`: in milliseconds; it never goes back. */
  constructor(maxPartMs: number = standardPartMs, clock: () => number = () => performance.now()) {
    this.#maxPartMs = maxPartMs;
    this.#clock = clock;
  }

  /** How much waits for its turn. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Does `work` at once where this turn has time left and nobody waits, else in a later turn. Rejects where `waiter` has gone away
   * by then, as soon as it does.
   */
  run<Value>(work: () => Value, waiter: Waiter): Value | Promise<Value> {
    if (this.#waiting.size === 0 && !this.#isOver()) {
      this.#begin();
      return work();
    }
    return this.#turn(waiter).then(work);
  }

  #turn(waiter: Waiter): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        takeBack();
        resolve();
      };
      const takeBack = waiter.onExpire((reason) => {
        this.#waiting.delete(begin);
        reject(reason);
      });
      const { expiredBy } = waiter;
      if (expiredBy === null) this.#waiting.add(begin);
      else reject(expiredBy);
    });
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

  /** Begins what waits, one after the other, with whatever follows at once from each before the next. */
  #next(): void {
    const [begin] = this.#waiting;
    if (begin === undefined) return;
    this.#waiting.delete(begin);
    begin();
    queueMicrotask(() =>
      process.nextTick(() => {
        if (!this.#isOver() && this.#endsAtMs !== null) this.#next();
      }),
    );
  }
}

/** Some documents of usual length, with the beginning of their runs; one that takes longer is a part by itself. */
const standardPartMs = 2;
