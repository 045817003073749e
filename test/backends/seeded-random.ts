/**
 * Pseudo-random numbers that are the same for the same seed (Park and Miller's generator), so that the shop's data
 * and the order of its answers never change between runs.
 */
export class SeededRandom {
  #state: number;

  /** `seed`: an integer from 0. */
  constructor(seed: number) {
    // Seeds that lie side by side would begin alike.
    this.#state = ((seed + 1) * 1_000_003) % modulus;
  }

  /** A fraction in [0, 1). */
  next(): number {
    this.#state = (this.#state * 48_271) % modulus;
    return (this.#state - 1) / (modulus - 1);
  }

  /** An integer from `min` to `max`, both included. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /** One of `items`; the higher `skew` is above 1, the likelier the first ones. */
  pick<Item>(items: readonly Item[], skew = 1): Item {
    return itemAt(items, Math.floor(this.next() ** skew * items.length));
  }

  /** A copy of `items` in which none keeps its place, if there are at least two (Sattolo's algorithm). */
  shuffle<Item>(items: readonly Item[]): Item[] {
    const shuffled = [...items];
    for (let last = shuffled.length - 1; last > 0; last -= 1) {
      const other = this.integer(0, last - 1);
      const held = itemAt(shuffled, last);
      shuffled[last] = itemAt(shuffled, other);
      shuffled[other] = held;
    }
    return shuffled;
  }
}

const modulus = 2 ** 31 - 1;

function itemAt<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new RangeError(`Expected one of ${items.length} items, got index ${index}.`);
  return item;
}
