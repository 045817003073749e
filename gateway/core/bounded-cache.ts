import { hash } from "node:crypto";

/**
 * A cache by text with two bounds: entries, and the sum of the sizes its owner states. A flood of keys that are used once
 * or a few times does not push out what is used much: new entries are on probation and make room among themselves; one
 * that is used again is protected, within four fifths of both bounds, if it is used more than the one whose place it takes.
 * Entries on probation may be held to a part of both bounds, where those that nobody comes back for should take little.
 */
export class BoundedCache<Value extends object> {
  readonly #maxEntries: number;
  readonly #maxSize: number;
  readonly #maxProbation: { readonly entries: number; readonly size: number };
  readonly #entries = new Map<string, Entry<Value>>();
  /** The entry found last among those whose keys have one length: comparing with one text is cheaper than hashing it. */
  readonly #recent = new Map<number, Entry<Value>>();
  readonly #probation = new Segment<Value>();
  readonly #protected = new Segment<Value>();
  #uses = 0;

  /**
   * An entry larger than `maxSize` is not kept at all. `probationShare`: of both bounds, for entries that were used once;
   * 16 of them, and one of any size, are kept in any case.
   */
  constructor({ maxEntries, maxSize, probationShare = 1 }: BoundedCacheSettings) {
    this.#maxEntries = maxEntries;
    this.#maxSize = maxSize;
    this.#maxProbation = {
      entries: Math.max(minProbationEntries, maxEntries * probationShare),
      size: maxSize * probationShare,
    };
  }

  get(key: string): Value | undefined {
    const entry = this.#find(key);
    if (entry === undefined) return undefined;
    this.#recent.set(key.length, entry);
    this.#uses += 1;
    entry.frequency.count(this.#period);
    if (entry.segment === this.#protected) this.#protected.refresh(entry);
    else this.#promote(entry);
    return entry.value;
  }

  /** Without being a use. */
  peek(key: string): Value | undefined {
    return this.#find(key)?.value;
  }

  /** `size` in the unit of `maxSize`, at least 1. Not kept where it would push out what is protected. */
  set(key: string, value: Value, size: number): void {
    const name = nameOf(key);
    const former = this.#entries.get(name);
    if (former !== undefined) this.#remove(former);
    this.#uses += 1;
    const entry = new Entry(key, value, sizeOf(size), this.#probation);
    entry.frequency.count(this.#period);
    if (entry.size > this.#maxSize - this.#protected.size) return;
    this.#entries.set(name, entry);
    this.#probation.add(entry);
    this.#makeRoom();
  }

  /** Changes the size of an entry by `difference`; nothing happens where it is no longer kept. */
  grow(key: string, value: Value, difference: number): void {
    const entry = this.#find(key);
    if (entry === undefined || entry.value !== value) return;
    const isProtected = entry.segment === this.#protected;
    this.#move(entry, this.#probation);
    const size = sizeOf(entry.size + difference);
    this.#probation.size += size - entry.size;
    entry.size = size;
    if (isProtected) this.#promote(entry);
    this.#makeRoom();
  }

  get entries(): number {
    return this.#entries.size;
  }

  /** The sum of the sizes of all entries. */
  get size(): number {
    return this.#probation.size + this.#protected.size;
  }

  clear(): void {
    for (const entry of this.#entries.values()) this.#remove(entry);
  }

  #find(key: string): Entry<Value> | undefined {
    const recent = this.#recent.get(key.length);
    if (recent?.key === key) return recent;
    const entry = this.#entries.get(nameOf(key));
    return entry?.key === key ? entry : undefined;
  }

  #promote(entry: Entry<Value>): void {
    this.#probation.refresh(entry);
    while (!this.#hasProtectedRoom(entry)) {
      const { oldest } = this.#protected;
      if (oldest === null || !this.#isMoreFrequent(entry, oldest)) return;
      this.#move(oldest, this.#probation);
    }
    this.#move(entry, this.#protected);
  }

  #hasProtectedRoom({ size }: Entry<Value>): boolean {
    return (
      this.#protected.entries + 1 <= this.#maxEntries * protectedShare &&
      this.#protected.size + size <= this.#maxSize * protectedShare
    );
  }

  #isMoreFrequent(left: Entry<Value>, right: Entry<Value>): boolean {
    return left.frequency.at(this.#period) > right.frequency.at(this.#period);
  }

  #makeRoom(): void {
    for (let { oldest } = this.#probation; oldest !== null; { oldest } = this.#probation) {
      if (this.entries <= this.#maxEntries && this.size <= this.#maxSize && this.#hasProbationRoom) break;
      this.#remove(oldest);
    }
  }

  get #hasProbationRoom(): boolean {
    const { entries, size } = this.#probation;
    return entries <= this.#maxProbation.entries && (size <= this.#maxProbation.size || entries === 1);
  }

  #move(entry: Entry<Value>, to: Segment<Value>): void {
    entry.segment.remove(entry);
    entry.segment = to;
    to.add(entry);
  }

  #remove(entry: Entry<Value>): void {
    entry.segment.remove(entry);
    this.#entries.delete(nameOf(entry.key));
    if (this.#recent.get(entry.key.length) === entry) this.#recent.delete(entry.key.length);
  }

  get #period(): number {
    return Math.floor(this.#uses / (this.#maxEntries * usesPerPeriod));
  }
}

interface BoundedCacheSettings {
  readonly maxEntries: number;
  readonly maxSize: number;
  readonly probationShare?: number;
}

const protectedShare = 0.8;
const minProbationEntries = 16;
/** For each entry that fits. */
const usesPerPeriod = 8;
/** What is used more often than that is as frequent as anything. */
const maxFrequency = 255;

/** How often something was used of late: what was counted in earlier periods counts half with each that went by. */
class Frequency {
  #count = 0;
  #period = 0;

  count(period: number): void {
    this.#count = Math.min(maxFrequency, this.at(period) + 1);
    this.#period = period;
  }

  at(period: number): number {
    return this.#count >> Math.min(period - this.#period, 31);
  }
}

class Entry<Value> {
  readonly key: string;
  readonly value: Value;
  readonly frequency = new Frequency();
  size: number;
  segment: Segment<Value>;
  newer: Entry<Value> | null = null;
  older: Entry<Value> | null = null;

  constructor(key: string, value: Value, size: number, segment: Segment<Value>) {
    this.key = key;
    this.value = value;
    this.size = size;
    this.segment = segment;
  }
}

/** Entries in the order of their last use. */
class Segment<Value> {
  entries = 0;
  size = 0;
  oldest: Entry<Value> | null = null;
  #newest: Entry<Value> | null = null;

  /** As the newest. */
  add(entry: Entry<Value>): void {
    entry.older = this.#newest;
    entry.newer = null;
    if (this.#newest === null) this.oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
    this.entries += 1;
    this.size += entry.size;
  }

  remove(entry: Entry<Value>): void {
    const { newer, older } = entry;
    if (newer === null) this.#newest = older;
    else newer.older = older;
    if (older === null) this.oldest = newer;
    else older.newer = newer;
    this.entries -= 1;
    this.size -= entry.size;
  }

  refresh(entry: Entry<Value>): void {
    if (this.#newest === entry) return;
    this.remove(entry);
    this.add(entry);
  }
}

function sizeOf(size: number): number {
  return Math.max(1, Math.ceil(size));
}

/**
 * What a key is found by. V8 takes the length alone for the hash of a string of more than 16,383 characters, so that long
 * texts of one length would all be compared with each other.
 */
function nameOf(key: string): string {
  return key.length <= maxHashedLength ? key : hash("sha256", key, "base64");
}

const maxHashedLength = 8192;
