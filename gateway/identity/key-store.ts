import {
  createLocalJWKSet,
  type CryptoKey,
  errors,
  type JSONWebKeySet,
  type JWSHeaderParameters,
} from "jose";
import { OverlockError } from "../core/errors.ts";
import type { Logger } from "../observe/logger.ts";
import type { Metrics } from "../observe/metrics.ts";
import { type KeyLocation, type KeyReader, openKeyLocation } from "./key-location.ts";

/** What key stores tell of themselves. */
export interface KeyStoreWatch {
  readonly logger: Pick<Logger, "info" | "warn">;
  readonly metrics: Pick<Metrics, "increment">;
}

/** The key stores of a generation: one for each issuer and location, whoever asks for it. */
export interface KeyStores {
  open(issuer: string, location: KeyLocation): KeyStore;
  dispose(): Promise<void>;
}

export function createKeyStores(watch: KeyStoreWatch): KeyStores {
  const stores = new Map<string, KeyStore>();
  return {
    open(issuer, location) {
      const name = JSON.stringify([issuer, location]);
      const store = stores.get(name) ?? new KeyStore(issuer, openKeyLocation(location), watch);
      stores.set(name, store);
      return store;
    },
    async dispose() {
      await Promise.all([...stores.values()].map((store) => store.dispose()));
    },
  };
}

/** Every so often the set is read again, used or not, once somebody has asked for a key. */
export const refreshEveryMs = 30_000;
/** For so long a set is good that can't be read again. */
export const maxKeyAgeMs = 24 * 3_600_000;
/** Keys that are not in the set make it be read again, not more often than this. */
const unknownKeyPauseMs = 30_000;
/** A set that was read just now does not know more a moment later. */
const justReadMs = 1000;
/** While there is no set at all, it is asked for not more often than this. */
const failurePauseMs = 1000;
/** Until then a set that does not have a key is proof that there is none. */
const currentForMs = 35_000;
const warnEveryMs = 60_000;

/**
 * The public keys of one issuer. Who asks for a key of the set that is known never waits: it is read again in the
 * background, and where that fails the known one stays good for {@link maxKeyAgeMs}.
 */
export class KeyStore {
  readonly #issuer: string;
  readonly #reader: KeyReader;
  readonly #watch: KeyStoreWatch;
  #set: KnownSet | null = null;
  #version = 0;
  #reading: Promise<void> | null = null;
  #failure: { readonly error: OverlockError; readonly atMs: number } | null = null;
  #unknownAtMs = Number.NEGATIVE_INFINITY;
  #warnedAtMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;
  #isDisposed = false;

  constructor(issuer: string, reader: KeyReader, watch: KeyStoreWatch) {
    this.#issuer = issuer;
    this.#reader = reader;
    this.#watch = watch;
  }

  /** Of the set that is known: another one for each that differs; null while none is known, or only one that is too old. */
  get version(): number | null {
    return this.#known === null ? null : this.#version;
  }

  /**
   * The keys by which a token with such a header may have been signed: the one that it names, or the first
   * {@link maxKeysTried} of those that fit where it names none, or several are called so. Raises jose's JWKSNoMatchingKey
   * where there is none such, IDENTITY_UNAVAILABLE where that can't be told at the moment.
   */
  async find(header: JWSHeaderParameters): Promise<FoundKeys> {
    const known = this.#known ?? (await this.#readFirst());
    try {
      return await findIn(known, header);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      return findIn(await this.#readAgain(known, error), header);
    }
  }

  async dispose(): Promise<void> {
    this.#isDisposed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#reader.dispose();
  }

  get #known(): KnownSet | null {
    const set = this.#set;
    return set !== null && performance.now() - set.readAtMs < maxKeyAgeMs ? set : null;
  }

  async #readFirst(): Promise<KnownSet> {
    const failure = this.#failure;
    if (this.#reading === null && failure !== null && performance.now() - failure.atMs < failurePauseMs)
      throw failure.error;
    await this.#read();
    const known = this.#known;
    if (known === null) throw this.#failure?.error ?? unavailable(null);
    return known;
  }

  /** The set again, for a key that is not in `known`. Raises `missing` where there is no newer one. */
  async #readAgain(known: KnownSet, missing: Error): Promise<KnownSet> {
    const nowMs = performance.now();
    const mayRead = nowMs - known.readAtMs > justReadMs && nowMs - this.#unknownAtMs > unknownKeyPauseMs;
    if (this.#reading !== null || mayRead) {
      if (mayRead) this.#unknownAtMs = nowMs;
      await this.#read();
    }
    const newest = this.#known;
    if (newest !== null && newest !== known) return newest;
    if (performance.now() - known.readAtMs < currentForMs) throw missing;
    throw this.#failure?.error ?? unavailable(missing);
  }

  /** Reads the set, or waits for who does already; never rejects. */
  #read(): Promise<void> {
    this.#reading ??= this.#readOnce().finally(() => {
      this.#reading = null;
      if (this.#set !== null && !this.#isDisposed)
        this.#timer = setTimeout(() => void this.#read(), refreshEveryMs).unref();
    });
    return this.#reading;
  }

  async #readOnce(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    try {
      this.#take(await this.#reader.read());
      this.#report(null);
    } catch (cause) {
      const error = unavailable(cause);
      if (!this.#isDisposed) this.#report(error);
      this.#failure = { error, atMs: performance.now() };
    }
  }

  #take(answer: unknown): void {
    const text = JSON.stringify(answer);
    const former = this.#set;
    // Raises where it is no key set.
    const find = former?.text === text ? former.find : createLocalJWKSet(answer as JSONWebKeySet);
    if (former?.text !== text) this.#version += 1;
    this.#set = { text, version: this.#version, find, readAtMs: performance.now() };
  }

  #report(error: OverlockError | null): void {
    const { logger, metrics } = this.#watch;
    const issuer = this.#issuer;
    metrics.increment("overlock_key_fetches_total", { issuer, result: error === null ? "ok" : "failed" });
    const nowMs = performance.now();
    if (error === null) {
      if (this.#failure !== null) logger.info({ issuer }, "the issuer's keys can be had again");
      this.#failure = null;
    } else if (this.#failure === null || nowMs - this.#warnedAtMs >= warnEveryMs) {
      this.#warnedAtMs = nowMs;
      const keys = this.#known === null ? "none" : "those from before";
      logger.warn({ issuer, keys, err: error }, "the issuer's keys could not be had");
    }
  }
}

/** At least one key, and the version of the set that has them. */
export interface FoundKeys {
  readonly keys: readonly CryptoKey[];
  readonly version: number;
}

/** Anybody can send tokens that name no key, and each key that is tried costs as much as a token. */
export const maxKeysTried = 5;

async function findIn({ find, version }: KnownSet, header: JWSHeaderParameters): Promise<FoundKeys> {
  try {
    return { keys: [await find(header)], version };
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    const keys: CryptoKey[] = [];
    for await (const key of error) {
      keys.push(key);
      if (keys.length === maxKeysTried) break;
    }
    // All that fit by what the set says of them were no keys after all.
    if (keys.length === 0) throw new errors.JWKSNoMatchingKey();
    return { keys, version };
  }
}

interface KnownSet {
  readonly version: number;
  /** The whole answer, by which a set is told from another. */
  readonly text: string;
  readonly find: (header: JWSHeaderParameters) => Promise<CryptoKey>;
  /** On the clock of `performance.now()`. */
  readonly readAtMs: number;
}

function unavailable(cause: unknown): OverlockError {
  return new OverlockError("IDENTITY_UNAVAILABLE", "the issuer's keys could not be had", { cause });
}
