import DataLoader from "dataloader";
import { OverlockError, toOverlockError } from "../core/errors.ts";
import type { RequestScope } from "../core/request-scope.ts";

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

/**
 * The rows that one request has asked for. Keys that become known in the same turn of the event loop share a call, cut
 * into pieces of `maxSize`; a key that was asked for before is not asked for again, even where its call failed.
 */
export class RequestLoaders {
  readonly #byOwner = new Map<object, Map<string, RowLoader>>();

  /** The key's row. Rejects, for every key of the call, with what `fetch` raised. */
  load<Key>(call: KeyedCall<Key>, key: Key): Promise<unknown> {
    let groups = this.#byOwner.get(call.owner);
    if (groups === undefined) {
      groups = new Map<string, RowLoader>();
      this.#byOwner.set(call.owner, groups);
    }
    let loader = groups.get(call.group);
    if (loader === undefined) {
      loader = createLoader(call);
      groups.set(call.group, loader);
    }
    return loader.load(key);
  }

  /** Forgets all rows, as every mutation field requires. */
  clear(): void {
    this.#byOwner.clear();
  }
}

type RowLoader = DataLoader<unknown, unknown, string>;

const loadersByScope = new WeakMap<RequestScope, RequestLoaders>();

/** The loaders of a request. They live exactly as long as its scope. */
export function loadersOf(scope: RequestScope): RequestLoaders {
  let loaders = loadersByScope.get(scope);
  if (loaders === undefined) {
    loaders = new RequestLoaders();
    loadersByScope.set(scope, loaders);
  }
  return loaders;
}

function createLoader<Key>(call: KeyedCall<Key>): RowLoader {
  return new DataLoader<Key, unknown, string>(
    async (keys) => {
      const rows = await call.fetch(keys).catch(toOverlockError);
      // An error as the row of each key is kept like a row: the request does not repeat a call that failed.
      if (rows instanceof OverlockError) return keys.map(() => rows);
      return keys.map((key) => {
        const row = rows.get(call.textOf(key));
        return row === undefined ? call.missing : row;
      });
    },
    { maxBatchSize: call.maxSize, batch: call.maxSize > 1, cacheKeyFn: (key) => call.textOf(key) },
  );
}
