import type { CompiledForm, OperationVariant } from "./prepared-operation.ts";

/** How compiling a variant ended; `dropped`: others came, and it may be offered again. */
export type CompileResult = "compiled" | "failed" | "dropped";

export interface CompileQueueParts {
  /** Whatever it throws is the variant's failure: it is not tried again. */
  readonly compile: (variant: OperationVariant) => CompiledForm;
  readonly onResult: (result: CompileResult, variant: OperationVariant, error?: unknown) => void;
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
  readonly #failed = new WeakSet<OperationVariant>();
  #next: NodeJS.Immediate | null = null;

  constructor(parts: CompileQueueParts) {
    this.#parts = parts;
  }

  /**
   * Compiles the variant soon. Nothing happens where it is compiled, waits or has failed already. Where too many wait, the
   * one that has waited longest is dropped.
   */
  offer(variant: OperationVariant): void {
    if (variant.compiled !== null || this.#failed.has(variant)) return;
    this.#waiting.add(variant);
    if (this.#waiting.size > this.#parts.maxWaiting) this.#dropOldest();
    this.#next ??= setImmediate(() => this.#compileNext());
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
    this.#parts.onResult("dropped", oldest);
  }

  #compileNext(): void {
    const variant = mostUsed(this.#waiting);
    if (variant !== null) this.#waiting.delete(variant);
    this.#next = this.#waiting.size === 0 ? null : setImmediate(() => this.#compileNext());
    if (variant !== null) this.#compile(variant);
  }

  #compile(variant: OperationVariant): void {
    let compiled: CompiledForm;
    try {
      compiled = this.#parts.compile(variant);
    } catch (error) {
      this.#failed.add(variant);
      this.#parts.onResult("failed", variant, error);
      return;
    }
    variant.attach(compiled);
    this.#parts.onResult("compiled", variant);
  }
}

function mostUsed(variants: ReadonlySet<OperationVariant>): OperationVariant | null {
  let most: OperationVariant | null = null;
  for (const variant of variants) if (most === null || variant.uses > most.uses) most = variant;
  return most;
}
