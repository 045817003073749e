import type { Spending } from "./budget-arithmetic.ts";

/** One consumer's spending of one budget. */
export interface Account extends Spending {
  readonly key: string;
  /** When the first of it was spent in its window, on the clock that nobody sets. */
  begunMs: number;
  /** When its window ends by the clock; of a token bucket Infinity. */
  endsAtMs: number;
  /** When nothing of it is spent any more, whatever the clock is set to; on the one that nobody sets. */
  fullAtMs: number;
  /** Of the capacity. */
  spentShare: number;
}

/** The time by the clock, which somebody may set, and by one that nobody sets. */
export interface Now {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

/**
 * Accounts by key, at most so many. Those that are full again go by themselves. Where there are too many, the one goes that
 * would be full first, of several the one that has spent the smallest share: it loses the least.
 */
export class Accounts {
  readonly #maxAccounts: number;
  readonly #onForgotten: () => void;
  readonly #places = new Map<string, { readonly account: Account; index: number }>();
  /** A binary heap: no account is full before the one above it, at half its index. */
  readonly #heap: Account[] = [];

  /** `onForgotten` is called for each that goes before it is full. */
  constructor(maxAccounts: number, onForgotten: () => void) {
    this.#maxAccounts = maxAccounts;
    this.#onForgotten = onForgotten;
  }

  get size(): number {
    return this.#heap.length;
  }

  get(key: string): Account | undefined {
    return this.#places.get(key)?.account;
  }

  /** Keeps a new account, or notes that one has changed. */
  put(account: Account, now: Now): void {
    const place = this.#places.get(account.key);
    if (place !== undefined) return this.#settle(place.index);
    this.#makeRoom(now);
    this.#places.set(account.key, { account, index: this.#heap.length });
    this.#heap.push(account);
    this.#rise(this.#heap.length - 1);
  }

  remove(key: string): void {
    const place = this.#places.get(key);
    if (place === undefined) return;
    const last = this.#heap.pop();
    this.#places.delete(key);
    if (last === undefined || last === place.account) return;
    this.#set(place.index, last);
    this.#settle(place.index);
  }

  #makeRoom({ wallMs, monotonicMs }: Now): void {
    // Two for one: after a flood there are fewer with each that comes.
    for (let dropped = 0; dropped < 2; dropped++) {
      const [first] = this.#heap;
      if (first === undefined) return;
      const isFull = first.fullAtMs <= monotonicMs;
      if (!isFull && this.size < this.#maxAccounts) return;
      if (!isFull && first.endsAtMs > wallMs) this.#onForgotten();
      this.remove(first.key);
    }
  }

  #settle(index: number): void {
    this.#sink(this.#rise(index));
  }

  #rise(from: number): number {
    let index = from;
    const account = this.#at(index);
    while (index > 0) {
      const above = (index - 1) >> 1;
      if (!goesFirst(account, this.#at(above))) break;
      this.#set(index, this.#at(above));
      index = above;
    }
    this.#set(index, account);
    return index;
  }

  #sink(from: number): void {
    let index = from;
    const account = this.#at(index);
    for (;;) {
      const left = 2 * index + 1;
      if (left >= this.#heap.length) break;
      const right = left + 1;
      const isRight = right < this.#heap.length && goesFirst(this.#at(right), this.#at(left));
      const below = isRight ? right : left;
      if (!goesFirst(this.#at(below), account)) break;
      this.#set(index, this.#at(below));
      index = below;
    }
    this.#set(index, account);
  }

  #at(index: number): Account {
    return this.#heap[index] as Account;
  }

  #set(index: number, account: Account): void {
    this.#heap[index] = account;
    const place = this.#places.get(account.key);
    if (place !== undefined) place.index = index;
  }
}

function goesFirst(left: Account, right: Account): boolean {
  return left.fullAtMs === right.fullAtMs
    ? left.spentShare < right.spentShare
    : left.fullAtMs < right.fullAtMs;
}
