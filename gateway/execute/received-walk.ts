import { nextTurn } from "../core/next-turn.ts";
import type { PlanRun } from "./plan-run.ts";

/** Counts objects that were received, and looks for what was received below them. Does not raise. */
export type CountReceived = (walk: ReceivedWalk, objects: readonly unknown[]) => void;

/**
 * One look through all that a run has received until now, for runs that end without an answer that shows it. Objects are
 * gone through in portions, those of a list before those that it stands beside, and everybody else has turns of the event loop.
 */
export class ReceivedWalk {
  readonly run: PlanRun;
  /** How many objects were found, by the index of their counter. */
  readonly counts: number[];
  /** How many more are counted; below 0: no more are. */
  #left: number;
  readonly #waiting: Portions[] = [];

  /** `counts`: of a run that has received nothing. It ends soon after `maxObjects`. */
  constructor(run: PlanRun, counts: number[], maxObjects: number) {
    this.run = run;
    this.counts = counts;
    this.#left = maxObjects;
  }

  add(index: number, objects: number): void {
    this.counts[index] = (this.counts[index] ?? 0) + objects;
    this.#left -= objects;
  }

  /** Whether so many more are enough. */
  isEnough(objects: number): boolean {
    return objects > this.#left;
  }

  /** These are counted later. */
  push(count: CountReceived, objects: readonly unknown[]): void {
    if (objects.length > 0) this.#waiting.push({ count, objects, next: 0 });
  }

  /** Counts all that is there; a promise where it takes more than one turn of the event loop. */
  finish(): number[] | Promise<number[]> {
    return this.#goOn() ? this.counts : this.#finishInTurns();
  }

  async #finishInTurns(): Promise<number[]> {
    do await nextTurn();
    while (!this.#goOn());
    return this.counts;
  }

  /** Whether all is counted; otherwise this turn's part of it. */
  #goOn(): boolean {
    const endsAtMs = performance.now() + maxPartMs;
    for (;;) {
      const last = this.#waiting.at(-1);
      if (last === undefined || this.#left < 0) return true;
      if (performance.now() >= endsAtMs) return false;
      const { count, objects, next } = last;
      last.next += portion;
      if (last.next >= objects.length) this.#waiting.pop();
      count(this, objects.length <= portion ? objects : objects.slice(next, next + portion));
    }
  }
}

interface Portions {
  readonly count: CountReceived;
  readonly objects: readonly unknown[];
  next: number;
}

const maxPartMs = 10;
/** In objects: a fraction of a millisecond. */
const portion = 500;
