import { OverlockError } from "../core/errors.ts";
import type { RequestScope } from "../core/request-scope.ts";

/** One run of an operation: the request's scope, and how much it may still cost this process. */
export class Execution {
  readonly scope: RequestScope;
  readonly #controller = new AbortController();
  #valuesLeft: number;

  constructor(scope: RequestScope, maxResolvedValues: number) {
    this.scope = scope;
    this.#valuesLeft = maxResolvedValues;
  }

  /** Fires when the run is given up as a whole. */
  get signal(): AbortSignal {
    return this.#controller.signal;
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
    if (this.#controller.signal.aborted) throw this.#controller.signal.reason as OverlockError;
    this.#valuesLeft -= values;
    if (this.#valuesLeft < 0) {
      this.#giveUp(
        new OverlockError("RESPONSE_TOO_LARGE", "The operation selects more than one answer may hold."),
      );
    }
    if (performance.now() > this.scope.deadline.expiresAtMs + graceMs) {
      this.#giveUp(new OverlockError("REQUEST_TIMEOUT", "The request's time ran out."));
    }
  }

  #giveUp(error: OverlockError): never {
    this.#controller.abort(error);
    throw error;
  }
}

/** What failed in time may still be told field by field. */
const graceMs = 500;
