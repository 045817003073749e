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
    return new Execution(scope, { controller: new AbortController(), valuesLeft: maxResolvedValues });
  }

  /** The same run, for a part of it that records what it absorbs in a scope of its own. */
  within(scope: RequestScope): Execution {
    return new Execution(scope, this.#budget);
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
    const { signal } = this.#budget.controller;
    if (signal.aborted) throw signal.reason as OverlockError;
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

interface Budget {
  readonly controller: AbortController;
  valuesLeft: number;
}

/** What failed in time may still be told field by field. */
const graceMs = 500;
