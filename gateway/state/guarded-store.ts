import { setTimeout as sleep } from "node:timers/promises";
import { OverlockError } from "../core/errors.ts";
import type { BudgetStore, Charge, Reservation, Settlement, Taken } from "./budget-store.ts";
import type { LocalStore } from "./local-store.ts";
import { StoreFailure, type StoreFailureReason } from "./store-failure.ts";

/** A store behind a connection, which it renews itself. Each promise rejects with a {@link StoreFailure}, or never settles. */
export interface RemoteStore {
  reserve(charges: readonly Charge[]): Promise<Reservation>;
  settle(settlements: readonly Settlement[], taken: Taken): Promise<void>;
  /** Resolves where the store does what it is for. */
  probe(): Promise<void>;
  dispose(): Promise<void>;
}

export interface StoreObserver {
  /** Once for each outage, when the first failure is met. */
  readonly onLost: (failure: StoreFailure) => void;
  /** The store answers, for the first time or again. */
  readonly onBack: () => void;
  /** For each reservation or settlement that the store did not get, or did not answer in time. */
  readonly onFailure: (reason: StoreFailureReason) => void;
}

export interface GuardSettings {
  /** What the store may take for one answer, in milliseconds of a process that is free to ask and to read. */
  readonly timeoutMs: number;
  /** Between two tries of a lost store, in milliseconds. */
  readonly probeEveryMs: number;
  /** Between two looks at a store that nobody has asked for anything, in milliseconds: an outage is told before it is met. */
  readonly watchEveryMs: number;
  /** The budgets of this process alone, which hold while the store is away; null: nothing is let through then. */
  readonly local: LocalStore | null;
  readonly observer: StoreObserver;
}

/**
 * Lets nobody wait for a store that is not there. One that fails, or does not answer in time, is not asked again until it has
 * answered a probe; meanwhile this process grants from budgets of its own, each beginning full, or refuses everything.
 */
export class GuardedStore implements BudgetStore {
  readonly #remote: RemoteStore;
  readonly #settings: GuardSettings;
  readonly #ending = new AbortController();
  #isLost = false;
  #recovery: Promise<void> = Promise.resolve();
  #watch: Promise<void> = Promise.resolve();

  constructor(remote: RemoteStore, settings: GuardSettings) {
    this.#remote = remote;
    this.#settings = settings;
  }

  /** Tries the store until it answers, for at most so many milliseconds; then goes on trying on the side. */
  async open(maxMs: number): Promise<void> {
    await this.#openWithin(maxMs);
    this.#watch = this.#watchOver();
  }

  reserve(charges: readonly Charge[]): Reservation | Promise<Reservation> {
    if (!this.#isLost) return this.#reserveRemotely(charges);
    this.#settings.observer.onFailure("away");
    return this.#reserveLocally(charges);
  }

  settle(settlements: readonly Settlement[], taken: Taken): void {
    const { local, observer } = this.#settings;
    if (taken.isLocalShare) local?.settle(settlements, taken);
    else if (this.#isLost) observer.onFailure("away");
    else this.#settleRemotely(settlements, taken);
  }

  async dispose(): Promise<void> {
    this.#ending.abort();
    await Promise.all([this.#recovery, this.#watch]);
    await this.#remote.dispose();
    await this.#settings.local?.dispose();
  }

  async #openWithin(maxMs: number): Promise<void> {
    const endMs = performance.now() + maxMs;
    for (;;) {
      try {
        await this.#inTime(this.#remote.probe());
        return this.#settings.observer.onBack();
      } catch (error) {
        if (performance.now() >= endMs) return this.#lose(asFailure(error));
      }
      await sleep(openEveryMs, undefined, { signal: this.#ending.signal }).catch(() => {});
      if (this.#ending.signal.aborted) return;
    }
  }

  async #reserveRemotely(charges: readonly Charge[]): Promise<Reservation> {
    const asked = this.#remote.reserve(charges);
    try {
      return await this.#inTime(asked);
    } catch (error) {
      this.#fail(asFailure(error));
    }
    // What the store takes after all is given back: this request is served, or refused, without it.
    asked.then(
      (late) => {
        if (late.refused === null) this.#settleRemotely(charges, late);
      },
      () => {},
    );
    return this.#reserveLocally(charges);
  }

  #settleRemotely(settlements: readonly Settlement[], taken: Taken): void {
    this.#inTime(this.#remote.settle(settlements, taken)).catch((error: unknown) => {
      this.#fail(asFailure(error));
    });
  }

  #reserveLocally(charges: readonly Charge[]): Reservation {
    const { local } = this.#settings;
    if (local === null)
      throw new OverlockError("STATE_UNAVAILABLE", "the store of budgets is away, and REDIS_LOST is refuse");
    return { ...local.reserve(charges), isLocalShare: true };
  }

  #fail(failure: StoreFailure): void {
    this.#settings.observer.onFailure(failure.reason);
    this.#lose(failure);
  }

  #lose(failure: StoreFailure): void {
    if (this.#isLost || this.#ending.signal.aborted) return;
    this.#isLost = true;
    this.#settings.observer.onLost(failure);
    this.#recovery = this.#recover();
  }

  async #recover(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      try {
        await this.#inTime(this.#remote.probe());
        if (signal.aborted) return;
        this.#isLost = false;
        this.#settings.observer.onBack();
        return;
      } catch {
        await sleep(this.#settings.probeEveryMs, undefined, { signal, ref: false }).catch(() => {});
      }
    }
  }

  async #watchOver(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      await sleep(this.#settings.watchEveryMs, undefined, { signal, ref: false }).catch(() => {});
      if (this.#isLost || signal.aborted) continue;
      await this.#inTime(this.#remote.probe()).catch((error: unknown) => this.#lose(asFailure(error)));
    }
  }

  /**
   * Rejects where an answer takes too long. A process that is busy itself may not even have sent the question, and does not
   * read the answer: however long one turn of its event loop is, it takes up one part of the time, and each ends with a look
   * at the sockets.
   */
  #inTime<Answer>(asked: Promise<Answer>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { timeoutMs } = this.#settings;
      let partsLeft = partsOfTimeout;
      let isAnswered = false;
      let timer: NodeJS.Timeout;
      const waitOn = (): void => {
        if (isAnswered) return;
        if (partsLeft === 0) return reject(new StoreFailure("timeout", `no answer in ${timeoutMs} ms`));
        partsLeft--;
        timer = setTimeout(() => setImmediate(() => setImmediate(waitOn)), timeoutMs / partsOfTimeout);
      };
      waitOn();
      asked.then(resolve, reject).finally(() => {
        isAnswered = true;
        clearTimeout(timer);
      });
    });
  }
}

function asFailure(error: unknown): StoreFailure {
  return error instanceof StoreFailure ? error : new StoreFailure("answer", String(error));
}

const openEveryMs = 20;
const partsOfTimeout = 4;
