import type { CompiledForm, OperationVariant } from "./prepared-operation.ts";

/**
 * How it ended for a variant: `declined` is not to be compiled, `failed` could not be, both for good; `dropped` waited
 * longest when there were too many, and may be offered again.
 */
export type CompileResult = "compiled" | "declined" | "failed" | "dropped";

export interface CompileQueueParts {
  /** Null for what is not to be compiled. Whatever it throws is the variant's failure. */
  readonly compile: (variant: OperationVariant) => CompiledForm | null;
  /** `error`: of a failure, null otherwise. */
  readonly onResult: (result: CompileResult, error: unknown) => void;
  /** The most variants that wait. */
  readonly maxWaiting: number;
}

/**
 * Compiles variants beside the requests that use them: in turns of the event loop of their own, one in each at most, those
 * first that are used most.
 */
export class CompileQueue {
  readonly #parts: CompileQueueParts;
  readonly #waiting = new Set<OperationVariant>();
  readonly #uncompiled = new WeakSet<OperationVariant>();
  #next: NodeJS.Immediate | null = null;

  constructor(parts: CompileQueueParts) {
    this.#parts = parts;
  }

  /**
   * Compiles the variant soon. Nothing happens where it was tried already, or waits. Where too many wait, the one that has
   * waited longest is dropped.
   */
  offer(variant: OperationVariant): void {
    if (variant.compiled !== null || this.#uncompiled.has(variant)) return;
    this.#waiting.add(variant);
    if (this.#waiting.size > this.#parts.maxWaiting) this.#dropOldest();
    this.#next ??= setImmediate(() => this.#compileNext());
  }

  /** Compiles the variant at once, unless it was tried already. */
  compileNow(variant: OperationVariant): void {
    this.#waiting.delete(variant);
    if (variant.compiled === null && !this.#uncompiled.has(variant)) this.#compile(variant);
  }

  /** Forgets all that wait. */
  dispose(): void {
    if (this.#next !== null) clearImmediate(this.#next);
    this.#next = null;
    this.#waiting.clear();
  }

  #dropOldest(): void {
    const [oldest] = this.#waiting;
    if (oldest === undefined) return;
    this.#waiting.delete(oldest);
    this.#parts.onResult("dropped", null);
  }

  #compileNext(): void {
    const variant = mostUsed(this.#waiting);
    if (variant !== null) this.#waiting.delete(variant);
    this.#next = this.#waiting.size === 0 ? null : setImmediate(() => this.#compileNext());
    if (variant !== null) this.#compile(variant);
  }

  #compile(variant: OperationVariant): void {
    try {
      const compiled = this.#parts.compile(variant);
      if (compiled === null) this.#uncompiled.add(variant);
      else variant.attach(compiled);
      this.#parts.onResult(compiled === null ? "declined" : "compiled", null);
    } catch (error) {
      this.#uncompiled.add(variant);
      this.#parts.onResult("failed", error);
    }
  }
}

function mostUsed(variants: ReadonlySet<OperationVariant>): OperationVariant | null {
  let most: OperationVariant | null = null;
  for (const variant of variants) if (most === null || variant.uses > most.uses) most = variant;
  return most;
}
