import { LRUCache } from "lru-cache";

/** A least-recently-used cache with two bounds: entries, and the sum of the sizes its owner states. */
export class BoundedCache<Value extends object> {
  readonly #cache: LRUCache<string, Value>;

  /** An entry larger than `maxSize` is not kept at all. */
  constructor(limits: { readonly maxEntries: number; readonly maxSize: number }) {
    this.#cache = new LRUCache({ max: limits.maxEntries, maxSize: limits.maxSize });
  }

  get(key: string): Value | undefined {
    return this.#cache.get(key);
  }

  /** `size` in the unit of `maxSize`, at least 1. */
  set(key: string, value: Value, size: number): void {
    this.#cache.set(key, value, { size: Math.max(1, Math.ceil(size)) });
  }

  get entries(): number {
    return this.#cache.size;
  }

  clear(): void {
    this.#cache.clear();
  }
}
