import type { BffSettings } from "../config/define-bff.ts";
import { RequestRefusal } from "../core/request-refusal.ts";

/** Clocks, in milliseconds. */
export interface PreparingClock {
  /** Never goes back. */
  nowMs(): number;
  /** The processor time that this thread has taken. */
  processorMs(): number;
}

/**
 * The processor time that consumers may spend on documents that the gateway has not seen before: a bucket for each of them,
 * in this process. What something takes is known afterwards only, so that it is begun as long as the bucket is not below
 * zero, and waited for until it no longer is.
 */
export class PreparingBudgets {
  readonly #capacityMs: number;
  readonly #refillPerMs: number;
  readonly #clock: PreparingClock;
  /** Those of whom the budget is not full, who spent longest ago first. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(settings: BffSettings["preparing"], clock: PreparingClock = processClock) {
    this.#capacityMs = settings.capacityMs;
    this.#refillPerMs = settings.refillMsPerSecond / 1000;
    this.#clock = clock;
  }

  /**
   * Does `work` at the expense of a consumer, whether it succeeds or not. Refuses it with RATE_LIMITED, and says when to
   * come again, where the consumer's budget is below zero.
   */
  spend<Value>(consumer: string, work: () => Value): Value {
    const leftMs = this.#leftOf(consumer);
    if (leftMs < 0) throw refusalUntil(-leftMs / this.#refillPerMs);
    const startedMs = this.#clock.processorMs();
    try {
      return work();
    } finally {
      this.#take(consumer, this.#clock.processorMs() - startedMs);
    }
  }

  /** For how many consumers a bucket is kept. */
  get size(): number {
    return this.#buckets.size;
  }

  #take(consumer: string, spentMs: number): void {
    const leftMs = Math.max(this.#leftOf(consumer) - spentMs, -this.#capacityMs);
    this.#buckets.delete(consumer);
    this.#buckets.set(consumer, { leftMs, sinceMs: this.#clock.nowMs() });
    this.#forget();
  }

  #leftOf(consumer: string): number {
    const bucket = this.#buckets.get(consumer);
    if (bucket === undefined) return this.#capacityMs;
    const gainedMs = (this.#clock.nowMs() - bucket.sinceMs) * this.#refillPerMs;
    return Math.min(this.#capacityMs, bucket.leftMs + gainedMs);
  }

  /** A full bucket is as good as none; beyond the bound those go who have waited longest, and have most of theirs back. */
  #forget(): void {
    for (const consumer of this.#buckets.keys()) {
      if (this.#buckets.size <= maxConsumers && this.#leftOf(consumer) < this.#capacityMs) return;
      this.#buckets.delete(consumer);
    }
  }
}

interface Bucket {
  readonly leftMs: number;
  readonly sinceMs: number;
}

/** Some 200 bytes each. */
const maxConsumers = 50_000;

const processClock: PreparingClock = {
  nowMs: () => performance.now(),
  processorMs() {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  },
};

function refusalUntil(waitMs: number): RequestRefusal {
  const message = "The caller has used up its time for new documents and introspection for now.";
  const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000));
  return new RequestRefusal("RATE_LIMITED", [{ message, locations: [], extensions: { retryAfterSeconds } }], {
    "retry-after": String(retryAfterSeconds),
  });
}
