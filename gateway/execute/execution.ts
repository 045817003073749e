import { OverlockError } from "../core/errors.ts";
import type { RequestScope } from "../core/request-scope.ts";

/** One run of an operation: the request's scope, and how much it may still cost this process. */
export class Execution {
  readonly scope: RequestScope;
  readonly #budget: Budget;

  private constructor(scope: RequestScope, budget: Budget) {
    this.scope = scope;
    this.#budget = budget;
  }

  static begin(scope: RequestScope, maxResolvedValues: number): Execution {
    return new Execution(scope, new Budget(maxResolvedValues));
  }

  /** The same run, for a part of it that records what it absorbs in a scope of its own. */
  within(scope: RequestScope): Execution {
    return new Execution(scope, this.#budget);
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

  /** Fires when the run is given up as a whole. */
  get signal(): AbortSignal {
    return this.#budget.controller.signal;
  }

  /**
   * Takes note of one field. Gives the run up, and raises RESPONSE_TOO_LARGE or REQUEST_TIMEOUT, where it resolves more
   * than it may, or goes on although its time ran out: a deadline's timer can't fire while a run keeps the event
   * loop busy.
   */
  countField(): void {
    this.#count(1);
  }

  /** Takes note of the elements of a list, before anything is done with them. */
  countElements(elements: number): void {
    this.#count(elements);
  }

  #count(values: number): void {
    this.throwIfGivenUp();
    this.#budget.valuesLeft -= values;
    if (this.#budget.valuesLeft < 0) {
      this.#giveUp(
        new OverlockError("RESPONSE_TOO_LARGE", "The operation selects more than one answer may hold."),
      );
    }
    if (performance.now() > this.scope.deadline.expiresAtMs + graceMs) {
      this.#giveUp(new OverlockError("REQUEST_TIMEOUT", "The request's time ran out."));
    }
  }

  #giveUp(error: OverlockError): never {
    this.#budget.controller.abort(error);
    throw error;
  }
}

/** What all parts of a run may cost together. */
class Budget {
  valuesLeft: number;
  #controller: AbortController | null = null;

  constructor(valuesLeft: number) {
    this.valuesLeft = valuesLeft;
  }

  /** Most runs never ask for it. */
  get controller(): AbortController {
    this.#controller ??= new AbortController();
    return this.#controller;
  }

  /** Why the run was given up; null where it goes on. */
  get reason(): OverlockError | null {
    const signal = this.#controller?.signal;
    return signal?.aborted === true ? (signal.reason as OverlockError) : null;
  }
}

/** What failed in time may still be told field by field. */
const graceMs = 500;
