import type { Rows } from "../batching/request-loaders.ts";
import { type OverlockError, toOverlockError } from "../core/errors.ts";
import type { Finder, Reader } from "./compile-read.ts";
import type { PlanRun } from "./plan-run.ts";

/** What a step does in a run. */
export interface StepRunner {
  /** Asks for what these objects need; `run.tables` has it in the end. */
  start(run: PlanRun, objects: readonly unknown[]): void;
  /** What was found for an object, after that. Never raises. */
  readonly find: Finder;
}

/** What a step has found that had nothing to ask for. */
export const noRows: Rows = new Map();

/** Stands for the text of what is no key: no row has it. */
export const unusable = "";

/** Stands for the text of a value that has none, and that a call is tried with all the same. */
export const textless = Symbol("a key without a text");

/** Nothing could be sent, whatever the key. */
export class Uncalled {
  readonly #error: OverlockError;
  readonly #isLookup: boolean;

  constructor(error: OverlockError, isLookup: boolean) {
    this.#error = error;
    this.#isLookup = isLookup;
  }

  /** A lookup is for objects that have a key; a field's own call fails before its key is looked at. */
  get(text: unknown): OverlockError | null {
    return this.#isLookup && text === unusable ? null : this.#error;
  }
}

/** What is the same for every object. */
export class OneResult {
  readonly #found: unknown;

  constructor(found: unknown) {
    this.#found = found;
  }

  get(): unknown {
    return this.#found;
  }
}

export function tryRead(read: Reader, run: PlanRun, object: unknown): unknown {
  try {
    return read(run, object);
  } catch (error) {
    return toOverlockError(error);
  }
}
