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

  /** Changes the size of an entry by `difference`; nothing happens where it is no longer kept. */
  grow(key: string, value: Value, difference: number): void {
    if (this.#cache.peek(key) !== value) return;
    const size = this.#cache.info(key)?.size ?? 0;
    this.#cache.delete(key);
    this.set(key, value, size + difference);
  }

  get entries(): number {
    return this.#cache.size;
  }

  clear(): void {
    this.#cache.clear();
  }
}
