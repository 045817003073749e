import type { Deadline } from "../core/deadline.ts";
import { OverlockError } from "../core/errors.ts";
import type { RequestScope } from "../core/request-scope.ts";
import type { Denials } from "../policy/access-rules.ts";
import { RunTurns } from "../core/run-turns.ts";
import type { ObjectCounts } from "./object-counts.ts";

/** One run of an operation: the request's scope, and how much it may still cost this process. */
export class Execution {
  readonly scope: RequestScope;
  /** What the caller may not read; null: nothing is kept from it. */
  readonly denials: Denials | null;
  readonly #budget: Budget;

  private constructor(scope: RequestScope, denials: Denials | null, budget: Budget) {
    this.scope = scope;
    this.denials = denials;
    this.#budget = budget;
  }

  /** `counts` is told of the objects that it receives. */
  static begin(
    scope: RequestScope,
    denials: Denials | null,
    { maxResolvedValues, counts }: { readonly maxResolvedValues: number; readonly counts: ObjectCounts },
  ): Execution {
    return new Execution(scope, denials, new Budget(scope, maxResolvedValues, counts));
  }

  /** The same run, for a part of it that records what it absorbs in a scope of its own. */
  within(scope: RequestScope): Execution {
    return new Execution(scope, this.denials, this.#budget);
  }

  /** The objects that it has received. */
  get counts(): ObjectCounts {
    return this.#budget.counts;
  }

  /** How many more values the run may resolve. */
  get valuesLeft(): number {
    return this.#budget.valuesLeft;
  }

  /** Raises why the run was given up, where it was. */
  throwIfGivenUp(): void {
    const { reason } = this.#budget;
    if (reason !== null) throw reason;
  }

  /** The run is answered: what has not been called by then, below a field that is null by now, is not called any more. */
  end(): void {
    this.scope.deadline.cancel(new OverlockError("CANCELLED", "the operation has been answered"));
  }

  /** Rejects where the run is given up as a whole: nothing that it has begun may be waited for then. */
  get givenUp(): Promise<never> {
    return this.#budget.givenUp;
  }

  /**
   * Calls `begin` for 0 to before `count`, at once or later: one after the other, each with what follows from it at once, in
   * this turn of the event loop or others. Those that remain when the run is given up are not begun. `begin` must not raise.
   * `weight`: see {@link RunTurns.add}.
   */
  inTurn(count: number, begin: (index: number) => void, weight = 1): void {
    this.#budget.turns.add(count, begin, weight);
  }

  /**
   * Takes note of one field. Gives the run up, and raises RESPONSE_TOO_LARGE or REQUEST_TIMEOUT, where it resolves more
   * than it may, or goes on although its time ran out.
   */
  countField(): void {
    this.#budget.count(1);
  }

  /** Takes note of the elements of a list, before anything is done with them. */
  countElements(elements: number): void {
    this.#budget.count(elements);
  }
}

/** What all parts of a run may cost together. */
class Budget {
  valuesLeft: number;
  readonly counts: ObjectCounts;
  readonly turns: RunTurns;
  readonly #deadline: Deadline;
  readonly #giveUp: (reason: OverlockError) => void;
  /** Rejects when the run is given up. */
  readonly givenUp: Promise<never>;
  /** Why the run was given up; null where it goes on. */
  reason: OverlockError | null = null;

  constructor(scope: RequestScope, maxValues: number, counts: ObjectCounts) {
    this.valuesLeft = maxValues;
    this.counts = counts;
    this.#deadline = scope.deadline;
    const { promise, reject } = Promise.withResolvers<never>();
    this.givenUp = promise;
    this.#giveUp = reject;
    promise.catch(() => {});
    this.turns = RunTurns.begin(scope, {
      countResolved: () => maxValues - this.valuesLeft,
      goesOn: () => this.#goesOn(),
    });
  }

  /** Raises why the run is given up, where it is. */
  count(values: number): void {
    this.valuesLeft -= values;
    if (this.reason === null && this.valuesLeft < 0)
      this.giveUp(
        new OverlockError("RESPONSE_TOO_LARGE", "The operation selects more than one answer may hold."),
      );
    if (this.reason === null) this.#watchClock();
    if (this.reason !== null) throw this.reason;
  }

  giveUp(reason: OverlockError): void {
    if (this.reason !== null) return;
    this.reason = reason;
    this.#giveUp(reason);
    // What waits for its turn to call would call when the request has long been answered, and charged.
    this.#deadline.cancel(reason);
  }

  #watchClock(): void {
    if (performance.now() > this.#deadline.expiresAtMs + graceMs)
      this.giveUp(new OverlockError("REQUEST_TIMEOUT", "The request's time ran out."));
  }

  /** In the middle of a long run: nobody waits for the answer of a client that is gone. */
  #goesOn(): boolean {
    const ended = this.#deadline.expiredBy;
    if (ended?.code === "CANCELLED") this.giveUp(ended);
    else this.#watchClock();
    return this.reason === null;
  }
}

/** What failed in time may still be told field by field. */
const graceMs = 500;
