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
  /** Rows by the text of their key, in a map for nobody else. A key that is not in it is a missing row: `missing`. */
  fetch(keys: readonly Key[]): Promise<Map<string, unknown>>;
  readonly missing: unknown;
}

/** Rows by the text of their key; of a call that failed, its error for each of its keys. It may hold more than was asked for. */
export type Rows = ReadonlyMap<string, unknown>;

type Keys = ReadonlyMap<string, unknown>;

/** Told of rows when they are here. Must not raise. */
type RowsCallback = (rows: Rows) => void;

/**
 * The rows that one request has asked for. Keys that become known in the same turn of the event loop share a call, cut
 * into pieces of `maxSize`; a key that was asked for before is not asked for again, even where its call failed.
 */
export class RequestLoaders {
  readonly #scope: Pick<RequestScope, "kept">;
  /** Of each call the first loader: nearly all calls have one. */
  readonly #firstOf = new Map<object, RowLoader>();
  /** The others, by their groups. */
  readonly #othersOf = new Map<object, Map<string, RowLoader>>();
  /** Collects what all loaders are asked for in one turn. Null: nothing waited for company yet. */
  #turns: DataLoader<AskedRows, null> | null = null;

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
    return new Promise((resolve) => this.whenLoaded(call, keys, resolve));
  }

  /** The same for who is called back: at once where all rows are here. */
  whenLoaded<Key>(call: KeyedCall<Key>, keys: ReadonlyMap<string, Key>, onRows: RowsCallback): void {
    const loader = this.#loaderOf(call);
    const known = loader.find(keys);
    if (known !== null) onRows(known);
    else if (call.maxSize === 1) loader.answer([{ loader, keys, onRows }]);
    else void this.#collect().load({ loader, keys, onRows });
  }

  /** Forgets all rows, as every mutation field requires. */
  clear(): void {
    this.#firstOf.clear();
    this.#othersOf.clear();
  }

  /** Empties what rows were found in: whoever asked has had them. */
  letGo(): void {
    for (const loader of this.#firstOf.values()) loader.letGo();
    for (const others of this.#othersOf.values()) for (const loader of others.values()) loader.letGo();
  }

  #loaderOf(call: KeyedCall<unknown>): RowLoader {
    const { owner, group } = call;
    const first = this.#firstOf.get(owner);
    if (first?.group === group) return first;
    const others = first && this.#othersOf.get(owner);
    const known = others?.get(group);
    if (known !== undefined) return known;
    const loader = new RowLoader(call, this.#scope);
    if (first === undefined) this.#firstOf.set(owner, loader);
    else if (others === undefined) this.#othersOf.set(owner, new Map([[group, loader]]));
    else others.set(group, loader);
    return loader;
  }

  #collect(): DataLoader<AskedRows, null> {
    this.#turns ??= new DataLoader(answerAll, {
      cache: false,
      batchScheduleFn: (send) => afterTurn(this.#scope, send),
    });
    return this.#turns;
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

/** Rows that nobody is going to ask for again, where there are so many that others should not keep them; decision 0107. */
export function letGoOfRows({ kept }: Pick<RequestScope, "kept">): void {
  const known = kept.get(loadersKey);
  if (known instanceof RequestLoaders) known.letGo();
}

/** A list of keys, and who waits for their rows. */
interface AskedRows {
  readonly loader: RowLoader;
  readonly keys: Keys;
  readonly onRows: RowsCallback;
}

/** Hands each loader what it was asked for in one turn. */
function answerAll(asked: readonly AskedRows[]): Promise<readonly null[]> {
  const [first] = asked;
  if (first !== undefined && asked.every(({ loader }) => loader === first.loader)) first.loader.answer(asked);
  else for (const [loader, lists] of Map.groupBy(asked, (one) => one.loader)) loader.answer(lists);
  return Promise.resolve(asked.map(() => null));
}

/** What one call has been asked for. */
class RowLoader {
  readonly group: string;
  readonly #call: KeyedCall<unknown>;
  readonly #scope: Pick<RequestScope, "kept">;
  /**
   * Rows, errors in their place, and the calls that are going to bring those that are not here yet. Null: nothing was asked
   * for but by the first call.
   */
  #rows: Map<string, unknown> | null = null;
  /** The first call, as long as nobody asked for anything else: its keys are not among the rows yet. */
  #first: RowCall | null = null;

  constructor(call: KeyedCall<unknown>, scope: Pick<RequestScope, "kept">) {
    this.group = call.group;
    this.#call = call;
    this.#scope = scope;
  }

  get #known(): Map<string, unknown> {
    return (this.#rows ??= new Map<string, unknown>());
  }

  /** All rows there are; null where one of these keys has none yet. */
  find(keys: Keys): Rows | null {
    for (const text of keys.keys()) {
      const row = this.#rows?.get(text);
      if (row === undefined || row instanceof RowCall) return null;
    }
    return this.#known;
  }

  letGo(): void {
    this.#rows?.clear();
  }

  /** Each list is answered as soon as its own rows are here. Which keys are new is decided once for all lists of a turn. */
  answer(lists: readonly AskedRows[]): void {
    const [only] = lists;
    // Nearly always there is one list, and nothing was asked for before.
    const isFirst = lists.length === 1 && this.#rows === null && this.#first === null;
    if (isFirst && only !== undefined && only.keys.size <= this.#call.maxSize) {
      this.#first = this.#send(only.keys);
      this.#first.waiting.push(only.onRows);
      return;
    }
    this.#fetchNew(lists);
    for (const { keys, onRows } of lists) this.#tellWhenHere(keys, onRows);
  }

  #fetchNew(lists: readonly AskedRows[]): void {
    if (this.#first !== null) this.#mark(this.#first);
    this.#first = null;
    let fresh = new Map<string, unknown>();
    for (const { keys } of lists) {
      for (const [text, key] of keys) {
        if (this.#known.has(text)) continue;
        fresh.set(text, key);
        if (fresh.size < this.#call.maxSize) continue;
        this.#mark(this.#send(fresh));
        fresh = new Map<string, unknown>();
      }
    }
    if (fresh.size > 0) this.#mark(this.#send(fresh));
  }

  /** Whoever asks for its keys from now on waits for this call. */
  #mark(call: RowCall): void {
    for (const text of call.keys.keys()) this.#known.set(text, call);
  }

  #send(keys: Keys): RowCall {
    const call = new RowCall(keys);
    void this.#fetch(keys).then(
      (found) => this.#take(call, found),
      // An error as the row of each key is kept like a row: the request does not repeat a call that failed.
      (thrown: unknown) => {
        const error = toOverlockError(thrown);
        if (this.#first === call) this.#first = null;
        for (const text of keys.keys()) this.#known.set(text, error);
        this.#tell(call);
      },
    );
    return call;
  }

  /** A call that raises fails like one that rejects: others wait beside it. */
  #fetch(keys: Keys): Promise<Map<string, unknown>> {
    try {
      return this.#call.fetch([...keys.values()]);
    } catch (thrown) {
      return Promise.reject(toOverlockError(thrown));
    }
  }

  #take(call: RowCall, found: Map<string, unknown>): void {
    const { missing } = this.#call;
    for (const text of call.keys.keys()) if (found.get(text) === undefined) found.set(text, missing);
    // Nothing else is known, and nothing was found that nobody asked for.
    if (this.#first === call && found.size === call.keys.size) this.#rows = found;
    else for (const text of call.keys.keys()) this.#known.set(text, found.get(text));
    if (this.#first === call) this.#first = null;
    this.#tell(call);
  }

  #tell({ waiting }: RowCall): void {
    const rows = this.#known;
    const [only] = waiting;
    if (only !== undefined && waiting.length === 1) only(rows);
    // Thousands may wait for the same call, and each of them goes on.
    else RunTurns.add(this.#scope, waiting.length, (index) => waiting[index]?.(rows));
  }

  #tellWhenHere(keys: Keys, onRows: RowsCallback): void {
    const calls = new Set<RowCall>();
    for (const text of keys.keys()) {
      const row = this.#known.get(text);
      if (row instanceof RowCall) calls.add(row);
    }
    let left = calls.size;
    if (left === 0) onRows(this.#known);
    for (const { waiting } of calls)
      waiting.push((rows) => {
        if (--left === 0) onRows(rows);
      });
  }
}

/** A call under way. */
class RowCall {
  readonly keys: Keys;
  /** Those who need some of its rows. */
  readonly waiting: RowsCallback[] = [];

  constructor(keys: Keys) {
    this.keys = keys;
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
