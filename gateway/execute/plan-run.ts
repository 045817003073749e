import { type OverlockError, toOverlockError } from "../core/errors.ts";
import type { RequestScope } from "../core/request-scope.ts";
import { type CompiledSelection, rawRoots } from "../language/evaluate-selection.ts";
import type { Denials } from "../policy/access-rules.ts";
import type { Step } from "../prepare/plan.ts";
import type { Assembly, Note } from "./complete-value.ts";
import { Execution } from "./execution.ts";
import type { FirstPage } from "./first-page.ts";

/** What a step has found: rows by the text of their key, results by object, or one result for all objects. */
export interface StepTable {
  get(key: unknown): unknown;
}

interface RunParts {
  readonly steps: readonly null[];
  readonly args: unknown[];
  readonly pages: readonly (FirstPage | Error)[];
  readonly maxResolvedValues: number;
  /** What those may not read for whom the plan was made; null: nothing. */
  readonly denials: Denials | null;
}

/** One run of a plan. */
export class PlanRun implements Assembly {
  readonly scope: RequestScope;
  readonly #denials: Denials | null;
  #execution: Execution | null = null;
  readonly #variables: Readonly<Record<string, unknown>>;
  #given: Readonly<Record<string, unknown>> | null = null;
  /** Coerced arguments, or what was wrong with them, by index. */
  readonly args: unknown[];
  /** Under which names fields of subqueries come back, or why they are not asked for, by index. */
  readonly responseKeys: (string | OverlockError)[] = [];
  /** What connections ask for, each a first page or what is wrong with it, by index. */
  readonly pages: readonly (FirstPage | Error)[];
  /** Client arguments that objects have each of their own, by step. */
  readonly argsOfObjects = new Map<Step, ReadonlyMap<unknown, Readonly<Record<string, unknown>>>>();
  /** By step; null where it is not done. */
  readonly tables: (StepTable | null)[];
  /** What is found out beside the steps, by field and object: connections, and what was read object by object. */
  readonly resolved = new Map<object, Map<unknown, unknown>>();
  readonly notes: Note[] = [];
  /** What mappings built, by the mapping and what they built it from. */
  #built: Map<CompiledSelection, Map<unknown, unknown>> | null = null;
  /** How many more values may be assembled. */
  valuesLeft: number;
  readonly #waiting = new Map<number, (() => void)[]>();
  #pending = 0;
  #done: { resolve(): void; reject(error: unknown): void } | null = null;
  #failure: { readonly error: unknown } | null = null;

  constructor(
    scope: RequestScope,
    variables: Readonly<Record<string, unknown>>,
    { steps, args, pages, maxResolvedValues, denials }: RunParts,
  ) {
    this.scope = scope;
    this.#denials = denials;
    this.#variables = variables;
    this.args = args;
    this.pages = pages;
    this.tables = [...steps];
    this.valuesLeft = maxResolvedValues;
  }

  /** For what is read object by object. */
  get execution(): Execution {
    if (this.#execution === null) {
      this.#execution = Execution.begin(this.scope, this.#denials, this.valuesLeft);
      // What it has not begun by then does not come to an end.
      this.#execution.givenUp.catch((reason: unknown) => {
        this.fail(reason);
        this.#endIfOver();
      });
    }
    return this.#execution;
  }

  /** What a mapping builds of a row: the same objects, however often it is asked. */
  build(read: CompiledSelection, row: unknown): unknown {
    this.#built ??= new Map<CompiledSelection, Map<unknown, unknown>>();
    let byRow = this.#built.get(read);
    if (byRow === undefined) this.#built.set(read, (byRow = new Map<unknown, unknown>()));
    let built = byRow.get(row);
    if (built === undefined) byRow.set(row, (built = read(rawRoots(row)) ?? null));
    return built;
  }

  /** Counts what was read object by object as assembled. Raises why the run was given up as a whole, where it was. */
  takeResolved(): void {
    if (this.#execution === null) return;
    this.#execution.throwIfGivenUp();
    this.valuesLeft = Math.min(this.valuesLeft, this.#execution.valuesLeft);
    // What comes after it, as the next field of a mutation, has the rest.
    this.#execution = null;
  }

  /** The run has failed as a whole. */
  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  /** The coerced variables without those that are absent, as GraphQL's own functions want them. */
  get variables(): Readonly<Record<string, unknown>> {
    this.#given ??= withoutAbsent(this.#variables);
    return this.#given;
  }

  /** Calls back, at once or later, when the step's table is here. */
  whenDone(step: number, callback: () => void): void {
    if (this.isDone(step)) {
      callback();
      return;
    }
    const waiting = this.#waiting.get(step);
    if (waiting === undefined) this.#waiting.set(step, [callback]);
    else waiting.push(callback);
  }

  isDone(step: number): boolean {
    return this.tables[step] !== null;
  }

  finish(step: number, table: StepTable): void {
    this.tables[step] = table;
    const waiting = this.#waiting.get(step);
    if (waiting === undefined) return;
    this.#waiting.delete(step);
    for (const callback of waiting) callback();
  }

  /** Something is under way: `then` goes on when it is here, unless the run has failed as a whole by then. */
  await<Value>(work: Promise<Value>, then: (value: Value) => void): void {
    this.#pending++;
    work.then(
      (value) => {
        try {
          if (this.#failure === null) then(value);
        } catch (error) {
          this.fail(error);
        }
        this.#settle();
      },
      (error: unknown) => {
        this.fail(error);
        this.#settle();
      },
    );
  }

  /** Everything that was begun has come to its end; rejects, or raises, what the run as a whole failed with. Null: it has already. */
  end(): Promise<void> | null {
    if (this.#failure !== null) throw toOverlockError(this.#failure.error);
    if (this.#pending === 0) return null;
    return new Promise((resolve, reject) => {
      this.#done = { resolve, reject };
    });
  }

  #settle(): void {
    this.#pending--;
    this.#endIfOver();
  }

  #endIfOver(): void {
    const done = this.#done;
    if (done === null || (this.#pending > 0 && this.#failure === null)) return;
    this.#done = null;
    if (this.#failure === null) done.resolve();
    else done.reject(toOverlockError(this.#failure.error));
  }
}

export function withoutAbsent(variables: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined));
}
