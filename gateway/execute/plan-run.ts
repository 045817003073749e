import { type OverlockError, toOverlockError } from "../core/errors.ts";
import type { RequestScope } from "../core/request-scope.ts";
import { type CompiledSelection, rawRoots } from "../language/evaluate-selection.ts";
import type { Denials } from "../policy/access-rules.ts";
import type { Step } from "../prepare/plan.ts";
import { type AssemblyTurns, LongAssemblyError, type TurnPart } from "./assembly-turns.ts";
import { type Assembly, type Note, RunTooLargeError } from "./complete-value.ts";
import { Execution } from "./execution.ts";
import type { FirstPage } from "./first-page.ts";
import { ObjectCounts } from "./object-counts.ts";

/** What a step has found: rows by the text of their key, results by object, or one result for all objects. */
export interface StepTable {
  get(key: unknown): unknown;
}

interface RunParts {
  readonly steps: readonly null[];
  readonly args: unknown[];
  readonly pages: readonly (FirstPage | Error)[];
  readonly maxResolvedValues: number;
  readonly assemblyTurns: AssemblyTurns;
  /** Nothing was received yet. */
  readonly counts: number[];
  /** What those may not read for whom the plan was made; null: nothing. */
  readonly denials: Denials | null;
}

/** One run of a plan. */
export class PlanRun implements Assembly, TurnPart {
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
  #argsOfObjects: Map<Step, ReadonlyMap<unknown, Readonly<Record<string, unknown>>>> | null = null;
  /** By step; null where it is not done. */
  readonly tables: (StepTable | null)[];
  #resolved: Map<object, Map<unknown, unknown>> | null = null;
  readonly notes: Note[] = [];
  /** How many objects were received, by the index of their counter. */
  counts: number[];
  #resolvedCounts: ObjectCounts | null = null;
  /** What mappings built, by the mapping and what they built it from. */
  #built: Map<CompiledSelection, Map<unknown, unknown>> | null = null;
  /** How many more values may be assembled before {@link PlanRun.overdraw} is asked. */
  valuesLeft: number;
  /** How many more after these. */
  #valuesKept = 0;
  readonly #turns: AssemblyTurns;
  /** On the clock of `performance.now()`; null: it is not measured. */
  #partEndsAtMs: number | null = null;
  #elementsToLook = 0;
  /** Who waits for a step, by step. */
  readonly #waiting: ((() => void)[] | null)[];
  #pending = 0;
  #done: { resolve(): void; reject(error: unknown): void } | null = null;
  #failure: { readonly error: unknown } | null = null;
  /** How many roots were begun, in their order. */
  begunRoots = 0;
  /** How many steps have their tables. */
  doneSteps = 0;

  constructor(
    scope: RequestScope,
    variables: Readonly<Record<string, unknown>>,
    { steps, args, pages, counts, maxResolvedValues, assemblyTurns: turns, denials }: RunParts,
  ) {
    this.scope = scope;
    this.#denials = denials;
    this.#variables = variables;
    this.args = args;
    this.pages = pages;
    this.tables = steps.slice();
    this.#waiting = steps.slice();
    this.valuesLeft = maxResolvedValues;
    this.counts = counts;
    this.#turns = turns;
  }

  /** Client arguments that objects have each of their own, by step. */
  get argsOfObjects(): Map<Step, ReadonlyMap<unknown, Readonly<Record<string, unknown>>>> {
    return (this.#argsOfObjects ??= new Map());
  }

  /** What is found out beside the steps, by field and object: connections, and what was read object by object. */
  get resolved(): Map<object, Map<unknown, unknown>> {
    return (this.#resolved ??= new Map());
  }

  /** For what is read object by object. */
  get execution(): Execution {
    if (this.#execution === null) {
      this.#resolvedCounts ??= new ObjectCounts();
      this.#execution = Execution.begin(this.scope, this.#denials, {
        maxResolvedValues: this.valuesLeft,
        counts: this.#resolvedCounts,
      });
      // What it has not begun by then does not come to an end.
      this.#execution.givenUp.catch((reason: unknown) => {
        this.fail(reason);
        this.#endIfOver();
      });
    }
    return this.#execution;
  }

  /** The objects that were received one by one; null where none were read so. */
  get resolvedCounts(): ObjectCounts | null {
    return this.#resolvedCounts;
  }

  /** Everything that was found is assembled: nobody reads it here again. */
  letGo(): void {
    this.tables.fill(null);
    this.#argsOfObjects = null;
    this.#resolved = null;
    this.#built = null;
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

  /** Assembles in one turn. Raises LongAssemblyError where that is too long, and then nothing of it is left. */
  assembleAtOnce(assemble: () => unknown): unknown {
    const { valuesLeft } = this;
    const noted = this.notes.length;
    const counts = this.counts.slice();
    this.valuesLeft = Math.min(valuesLeft, this.#turns.freeValues);
    this.#valuesKept = valuesLeft - this.valuesLeft;
    this.#partEndsAtMs = null;
    try {
      const assembled = assemble();
      this.valuesLeft += this.#valuesKept;
      this.#valuesKept = 0;
      return assembled;
    } catch (error) {
      this.valuesLeft = valuesLeft;
      this.#valuesKept = 0;
      this.notes.length = noted;
      this.counts = counts;
      throw error;
    }
  }

  /** The answer has more values than were free: raises why it ends, where it does. */
  overdraw(): void {
    if (this.valuesLeft + this.#valuesKept < 0) throw new RunTooLargeError();
    const nowMs = performance.now();
    this.#partEndsAtMs ??= nowMs + this.#turns.maxPartMs;
    if (nowMs >= this.#partEndsAtMs) throw new LongAssemblyError();
    const more = Math.min(this.#valuesKept, this.#turns.freeValues - this.valuesLeft);
    this.#valuesKept -= more;
    this.valuesLeft += more;
  }

  /** Before the leaves of a list are shaped at once: raises LongAssemblyError where there are too many of them. */
  foresee(leaves: unknown): void {
    const { freeValues } = this.#turns;
    if (this.#valuesKept > 0 && Array.isArray(leaves) && countElements(leaves, freeValues) > freeValues)
      throw new LongAssemblyError();
  }

  /** Work that is done in parts has another one, in a turn that has just begun. */
  beginPart(): void {
    this.#partEndsAtMs = performance.now() + this.#turns.maxPartMs;
    this.#elementsToLook = this.#turns.elementsPerLook;
  }

  isPartOver(elements = 1): boolean {
    if ((this.#elementsToLook -= elements) > 0) return false;
    this.#elementsToLook = this.#turns.elementsPerLook;
    return performance.now() >= (this.#partEndsAtMs ?? 0);
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
    const waiting = this.#waiting[step] ?? null;
    if (waiting === null) this.#waiting[step] = [callback];
    else waiting.push(callback);
  }

  isDone(step: number): boolean {
    return this.tables[step] !== null;
  }

  finish(step: number, table: StepTable): void {
    this.tables[step] = table;
    this.doneSteps++;
    const waiting = this.#waiting[step] ?? null;
    if (waiting === null) return;
    this.#waiting[step] = null;
    for (const callback of waiting) callback();
  }

  /** Something is under way: `then` goes on when it is here, unless the run has failed as a whole by then. */
  await<Value>(work: Promise<Value>, then: (value: Value) => void): void {
    work.then(this.begin(then), (error: unknown) => {
      this.fail(error);
      this.#settle();
    });
  }

  /** The same for what never fails: to be called, once, with what was under way. */
  begin<Value>(then: (value: Value) => void): (value: Value) => void {
    this.#pending++;
    return (value) => {
      try {
        if (this.#failure === null) then(value);
      } catch (error) {
        this.fail(error);
      }
      this.#settle();
    };
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

/** Of all lists in a list; not all of them where there are more than `most`. */
function countElements(list: readonly unknown[], most: number): number {
  let count = list.length;
  for (const element of list) {
    if (count > most) break;
    if (Array.isArray(element)) count += countElements(element, most - count);
  }
  return count;
}

export function withoutAbsent(variables: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined));
}
