import DataLoader from "dataloader";
import { toOverlockError } from "../core/errors.ts";
import type { RequestScope } from "../core/request-scope.ts";
import { RunTurns } from "../core/run-turns.ts";

/** How a key that is asked for becomes part of one call with other keys. */
export interface KeyedCall<Key> {
  /** The declared call; keys of different calls never meet. */
  readonly owner: object;
  /** Everything else that the call sends, as text; keys with other values here are asked for separately. */
  readonly group: string;
  /** The most keys of one call; 1: nothing waits for company. */
  readonly maxSize: number;
  /** Text that is equal for equal keys. */
  textOf(key: Key): string;
  /** Rows by the text of their key. A key that is not in the answer is a missing row: `missing`. */
  fetch(keys: readonly Key[]): Promise<ReadonlyMap<string, unknown>>;
  readonly missing: unknown;
}

/** Rows by the text of their key; of a call that failed, its error for each of its keys. It may hold more than was asked for. */
export type Rows = ReadonlyMap<string, unknown>;

/**
 * The rows that one request has asked for. Keys that become known in the same turn of the event loop share a call, cut
 * into pieces of `maxSize`; a key that was asked for before is not asked for again, even where its call failed.
 */
export class RequestLoaders {
  readonly #scope: Pick<RequestScope, "kept">;
  readonly #byOwner = new Map<object, Map<string, RowLoader<unknown>>>();

  constructor(scope: Pick<RequestScope, "kept">) {
    this.#scope = scope;
  }

  /** The key's row. Rejects, for every key of the call, with what `fetch` raised. */
  async load<Key>(call: KeyedCall<Key>, key: Key): Promise<unknown> {
    const text = call.textOf(key);
    const rows = await this.loadRows(call, new Map([[text, key]]));
    const row = rows.get(text);
    if (row instanceof Error) throw row;
    return row;
  }

  /** The rows of all these keys, given by their texts. Never rejects. */
  loadRows<Key>(call: KeyedCall<Key>, keys: ReadonlyMap<string, Key>): Promise<Rows> {
    let groups = this.#byOwner.get(call.owner);
    if (groups === undefined) {
      groups = new Map<string, RowLoader<unknown>>();
      this.#byOwner.set(call.owner, groups);
    }
    let loader = groups.get(call.group);
    if (loader === undefined) {
      loader = new RowLoader(call, this.#scope);
      groups.set(call.group, loader);
    }
    return loader.load(keys);
  }

  /** Forgets all rows, as every mutation field requires. */
  clear(): void {
    this.#byOwner.clear();
  }
}

const loadersKey = Symbol("loaders");

/** The loaders of a request. They live exactly as long as what its scope keeps. */
export function loadersOf({ kept }: RequestScope): RequestLoaders {
  const known = kept.get(loadersKey);
  if (known instanceof RequestLoaders) return known;
  const loaders = new RequestLoaders({ kept });
  kept.set(loadersKey, loaders);
  return loaders;
}

type Keys<Key> = ReadonlyMap<string, Key>;

/**
 * What one call has been asked for. DataLoader collects the lists of keys that become known in one turn; which of them
 * are new is decided when the turn is over, so that nothing is done for each key but to look it up.
 */
class RowLoader<Key> {
  readonly #call: KeyedCall<Key>;
  readonly #scope: Pick<RequestScope, "kept">;
  /** Rows, errors in their place, and the calls that are going to bring those that are not here yet. */
  readonly #rows = new Map<string, unknown>();
  /** Null: nothing waits for company. */
  readonly #turns: DataLoader<Keys<Key>, Rows> | null;

  constructor(call: KeyedCall<Key>, scope: Pick<RequestScope, "kept">) {
    this.#call = call;
    this.#scope = scope;
    if (call.maxSize === 1) {
      this.#turns = null;
      return;
    }
    this.#turns = new DataLoader<Keys<Key>, Rows>(
      (lists) => Promise.resolve(this.#answer(lists) as readonly unknown[] as readonly Rows[]),
      { cache: false, batchScheduleFn: (send) => afterTurn(scope, send) },
    );
  }

  load(keys: Keys<Key>): Promise<Rows> {
    if (this.#areHere(keys)) return Promise.resolve(this.#rows);
    return this.#turns === null ? this.#answerOne(keys) : this.#turns.load(keys);
  }

  #areHere(keys: Keys<Key>): boolean {
    for (const text of keys.keys()) {
      const row = this.#rows.get(text);
      if (row === undefined || row instanceof Promise) return false;
    }
    return true;
  }

  /** Each list is answered as soon as its own rows are here: DataLoader hands a promise on as one. */
  #answer(lists: readonly Keys<Key>[]): Promise<Rows>[] {
    const [only, ...others] = lists;
    if (only !== undefined && others.length === 0) return [this.#answerOne(only)];
    this.#fetchNew(lists);
    const byCall = new Map<unknown, ((rows: Rows) => void)[]>();
    const answers = lists.map((list) => {
      const calls = this.#callsOf(list);
      const [call] = calls;
      if (call === undefined || calls.size > 1) return this.#whenDone(calls);
      const { promise, resolve } = Promise.withResolvers<Rows>();
      const waiting = byCall.get(call);
      if (waiting === undefined) byCall.set(call, [resolve]);
      else waiting.push(resolve);
      return promise;
    });
    // Thousands may wait for the same call, and each of them goes on.
    for (const [call, waiting] of byCall)
      void (call as Promise<Rows>).then((rows) =>
        RunTurns.add(this.#scope, waiting.length, (index) => waiting[index]?.(rows)),
      );
    return answers;
  }

  #answerOne(list: Keys<Key>): Promise<Rows> {
    // Nearly always there is one list, and nothing was asked for before.
    if (this.#rows.size === 0 && list.size <= this.#call.maxSize) return this.#fetch(list);
    this.#fetchNew([list]);
    return this.#whenDone(this.#callsOf(list));
  }

  #fetchNew(lists: readonly Keys<Key>[]): void {
    let fresh = new Map<string, Key>();
    for (const list of lists) {
      for (const [text, key] of list) {
        if (this.#rows.has(text)) continue;
        fresh.set(text, key);
        if (fresh.size < this.#call.maxSize) continue;
        void this.#fetch(fresh);
        fresh = new Map<string, Key>();
      }
    }
    if (fresh.size > 0) void this.#fetch(fresh);
  }

  #fetch(keys: Keys<Key>): Promise<Rows> {
    const { missing } = this.#call;
    const rows = this.#rows;
    const done = this.#call.fetch([...keys.values()]).then(
      (found) => {
        for (const text of keys.keys()) {
          const row = found.get(text);
          rows.set(text, row === undefined ? missing : row);
        }
        return rows;
      },
      // An error as the row of each key is kept like a row: the request does not repeat a call that failed.
      (thrown: unknown) => {
        const error = toOverlockError(thrown);
        for (const text of keys.keys()) rows.set(text, error);
        return rows;
      },
    );
    for (const text of keys.keys()) rows.set(text, done);
    return done;
  }

  /** Those under way that bring a list's rows. */
  #callsOf(list: Keys<Key>): Set<unknown> {
    const calls = new Set<unknown>();
    for (const text of list.keys()) {
      const row = this.#rows.get(text);
      if (row instanceof Promise) calls.add(row);
    }
    return calls;
  }

  #whenDone(calls: ReadonlySet<unknown>): Promise<Rows> {
    return Promise.all(calls).then(() => this.#rows);
  }
}

/**
 * As DataLoader itself does, after the promises of this turn; where a run takes several turns for what it can do without
 * waiting, after the last of them.
 */
function afterTurn(scope: Pick<RequestScope, "kept">, send: () => void): void {
  void settled.then(() => process.nextTick(() => RunTurns.whenDone(scope, send)));
}

const settled = Promise.resolve();
