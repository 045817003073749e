import { nextTurn } from "./next-turn.ts";
import type { RequestScope } from "./request-scope.ts";

/** What a run tells its turns. */
export interface TurnsOfRun {
  /** How many values it has resolved so far. */
  countResolved(): number;
  /** A new turn begins: whether the run goes on. */
  goesOn(): boolean;
}

/**
 * Does the many things of a run one after the other, with whatever follows at once from each before the next, and gives
 * everybody else a turn of the event loop whenever the run has used up its part of one. Runs of few values are never
 * interrupted.
 *
 * What was added last is done first: the objects of a list are gone into before those of the lists around it, so that a
 * run never holds many that are half done. Things that were added together, or in a row, are done in their order.
 */
export class RunTurns {
  readonly #run: TurnsOfRun;
  #waiting: Sequence[] = [];
  #whenDone: (() => void)[] = [];
  #isGoing = false;
  #worked = 0;
  /** Up to so many values nobody looks at the clock. */
  #freeUntil = freeValues;
  /** When the run's part of this turn is over, on the clock of `performance.now()`; null: it is not measured yet. */
  #endsAtMs: number | null = null;

  private constructor(run: TurnsOfRun) {
    this.#run = run;
  }

  /** Turns for a run in this scope, in place of those of a run before it. */
  static begin({ kept }: Pick<RequestScope, "kept">, run: TurnsOfRun): RunTurns {
    const turns = new RunTurns(run);
    kept.set(turnsKey, turns);
    return turns;
  }

  /** Calls back when all that a run in this scope can do without waiting is done: at once, or in a later turn. */
  static whenDone({ kept }: Pick<RequestScope, "kept">, callback: () => void): void {
    const turns = kept.get(turnsKey);
    if (turns instanceof RunTurns && turns.#isGoing) turns.#whenDone.push(callback);
    else callback();
  }

  /**
   * What was waited for, when its turn comes in the run of this scope: many others may have waited for the same. At once
   * where nothing is done in turns. `onArrival` is told of it as soon as it is here, and must not raise.
   */
  static inTurn<Value>(
    { kept }: Pick<RequestScope, "kept">,
    waited: Promise<Value>,
    onArrival: (value: Value) => void = () => undefined,
  ): Promise<Value> {
    const turns = kept.get(turnsKey);
    if (!(turns instanceof RunTurns))
      return waited.then((value) => {
        onArrival(value);
        return value;
      });
    const { promise, resolve, reject } = Promise.withResolvers<Value>();
    waited.then(
      (value) => {
        onArrival(value);
        turns.#addOne(() => resolve(value));
      },
      (error: unknown) => turns.#addOne(() => reject(error)),
    );
    return promise;
  }

  /** The same as `add`, for the run of this scope; at once where nothing is done in turns. */
  static add({ kept }: Pick<RequestScope, "kept">, count: number, begin: (index: number) => void): void {
    const turns = kept.get(turnsKey);
    if (turns instanceof RunTurns) turns.add(count, begin);
    else for (let index = 0; index < count; index++) begin(index);
  }

  /**
   * Calls `begin`, which must not raise, for 0 to before `count`, at once or later. `weight`: how many values each of them
   * works on that are not counted as resolved.
   */
  add(count: number, begin: (index: number) => void, weight = 1): void {
    this.#push({ begin, count, weight, next: 0, singles: null });
  }

  #addOne(begin: () => void): void {
    const last = this.#waiting.at(-1);
    const count = last?.singles?.push(begin);
    if (last !== undefined && count !== undefined) {
      last.count = count;
      return;
    }
    const singles = [begin];
    this.#push({ begin: (index) => singles[index]?.(), count: 1, weight: 1, next: 0, singles });
  }

  #push(sequence: Sequence): void {
    this.#waiting.push(sequence);
    if (this.#isGoing) return;
    this.#isGoing = true;
    void this.#go();
  }

  async #go(): Promise<void> {
    for (let last = this.#waiting.at(-1); last !== undefined; last = this.#waiting.at(-1)) {
      if (last.next === last.count) {
        this.#waiting.pop();
        continue;
      }
      if (this.#isOver()) {
        await nextTurn();
        if (!this.#run.goesOn()) {
          this.#waiting = [];
          this.#whenDone = [];
          break;
        }
      }
      this.#worked += last.weight;
      last.begin(last.next++);
      // What follows from it at once has its place before this goes on.
      await rest;
    }
    this.#isGoing = false;
    if (this.#whenDone.length > 0) process.nextTick(() => this.#tellDone());
  }

  /** After what has followed from the last thing, which may have been more to do. */
  #tellDone(): void {
    if (this.#isGoing) return;
    const callbacks = this.#whenDone;
    this.#whenDone = [];
    for (const callback of callbacks) callback();
  }

  #isOver(): boolean {
    if (this.#countDone() < this.#freeUntil) return false;
    if (this.#endsAtMs !== null) return performance.now() >= this.#endsAtMs;
    this.#endsAtMs = performance.now() + maxPartMs;
    // Where the run itself waits, for a backend, its next part begins anew.
    setImmediate(() => {
      this.#endsAtMs = null;
      this.#freeUntil = this.#countDone() + freeValues;
    });
    return false;
  }

  #countDone(): number {
    return this.#run.countResolved() + this.#worked;
  }
}

const rest = Promise.resolve();
const turnsKey = Symbol("turns");

/** Things that were added together, or one after the other with nothing else between. */
interface Sequence {
  readonly begin: (index: number) => void;
  /** Null: there will not be more. */
  readonly singles: (() => void)[] | null;
  readonly weight: number;
  count: number;
  next: number;
}

/** Some milliseconds, where the code is warm. */
const freeValues = 500;
const maxPartMs = 10;
