import { hash } from "node:crypto";
import { type Account, Accounts } from "./accounts.ts";
import {
  boundedSpent,
  fullAtMs,
  spentNow,
  spentSinceMs,
  stateOf,
  waitMs,
  windowStartMs,
} from "./budget-arithmetic.ts";
import type { BudgetRule, BudgetStore, Charge, Reservation, Settlement, Taken } from "./budget-store.ts";

export interface LocalStoreSettings {
  /** Of how many budgets something may be spent at one time: so many token buckets, and so many quotas. At least 1. */
  readonly maxBudgets: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Called for each budget that was forgotten before it was full: its consumer begins anew. */
  readonly onForgotten: () => void;
}

/**
 * Budgets of this process alone. Exact: what is taken is taken in the same turn of the event loop. Of so many budgets that
 * there is no room for one more, the one that would be full first is forgotten; token buckets and quotas have each their
 * own room, so that quotas, which are full so much later, don't leave none.
 */
export class LocalStore implements BudgetStore {
  readonly #now: () => number;
  readonly #buckets: Accounts;
  readonly #quotas: Accounts;

  constructor({ maxBudgets, now, onForgotten }: LocalStoreSettings) {
    this.#now = now;
    this.#buckets = new Accounts(maxBudgets, onForgotten);
    this.#quotas = new Accounts(maxBudgets, onForgotten);
  }

  /** Of how many budgets something is spent, as far as that was noticed. */
  get size(): number {
    return this.#buckets.size + this.#quotas.size;
  }

  reserve(charges: readonly Charge[]): Reservation {
    const nowMs = this.#now();
    const byKey = new Map<string, Draft>();
    const drafts: Draft[] = [];
    let refused: number | null = null;
    let longestMs = 0;
    for (const [index, { rule, consumer, amount }] of charges.entries()) {
      const draft = this.#draft(byKey, rule, consumer, nowMs);
      drafts.push(draft);
      if (amount === 0) continue;
      draft.wanted += amount;
      const forMs = waitMs(rule, draft.spent, draft.wanted, nowMs);
      if (forMs <= longestMs) continue;
      longestMs = forMs;
      refused = index;
    }
    const isTaken = refused === null;
    for (const { key, rule, spent, wanted } of isTaken ? byKey.values() : [])
      if (wanted !== 0) this.#keep(key, rule, spent + wanted, nowMs);
    return {
      refused,
      retryAfterMs: isTaken || longestMs === Infinity ? null : longestMs,
      states: drafts.map(({ rule, spent, wanted }) => stateOf(rule, spent + (isTaken ? wanted : 0), nowMs)),
      takenAtMs: nowMs,
      isLocalShare: false,
    };
  }

  settle(settlements: readonly Settlement[], { takenAtMs }: Pick<Taken, "takenAtMs">): void {
    const nowMs = this.#now();
    for (const { rule, consumer, amount } of settlements) {
      if (Number.isNaN(amount)) continue;
      const { window } = rule;
      if (window !== null && windowStartMs(window, takenAtMs) < windowStartMs(window, nowMs)) continue;
      const key = keyOf(rule, consumer);
      const account = this.#accountsOf(rule).get(key);
      const spent = account === undefined ? 0 : spentNow(rule, account, nowMs);
      this.#keep(key, rule, spent - amount, nowMs);
    }
  }

  async dispose(): Promise<void> {}

  /** A budget as it is, or the draft of it where an earlier charge has one. */
  #draft(byKey: Map<string, Draft>, rule: BudgetRule, consumer: string, nowMs: number): Draft {
    const key = keyOf(rule, consumer);
    const same = byKey.get(key);
    if (same !== undefined) return same;
    const account = this.#accountsOf(rule).get(key);
    const spent = account === undefined ? 0 : spentNow(rule, account, nowMs);
    const draft: Draft = { key, rule, spent, wanted: 0 };
    byKey.set(key, draft);
    return draft;
  }

  #keep(key: string, rule: BudgetRule, spent: number, nowMs: number): void {
    const accounts = this.#accountsOf(rule);
    const bounded = boundedSpent(rule, spent);
    if (bounded === 0) return accounts.remove(key);
    const account: Account = accounts.get(key) ?? {
      key,
      spent: 0,
      atMs: nowMs,
      fullAtMs: 0,
      spentShare: 0,
    };
    account.spent = bounded;
    account.atMs = spentSinceMs(rule, account.atMs, nowMs);
    account.fullAtMs = fullAtMs(rule, account);
    account.spentShare = bounded / rule.capacity;
    accounts.put(account, nowMs);
  }

  #accountsOf({ window }: BudgetRule): Accounts {
    return window === null ? this.#buckets : this.#quotas;
  }
}

/** For token buckets and for quotas each; all together take at most some 80 MB. */
const standardMaxBudgets = 100_000;

/** A store of this process with the room that every process has. */
export function openLocalStore(onForgotten: () => void): LocalStore {
  return new LocalStore({ maxBudgets: standardMaxBudgets, now: Date.now, onForgotten });
}

/** One budget while charges, of which several may be its, are held against it. */
interface Draft {
  readonly key: string;
  readonly rule: BudgetRule;
  readonly spent: number;
  wanted: number;
}

/** What a consumer is called may be long, and is kept for long. */
function keyOf({ id }: BudgetRule, consumer: string): string {
  return consumer.length <= maxPlainLength
    ? `${id}\n=${consumer}`
    : `${id}\n#${hash("sha256", consumer, "base64")}`;
}

const maxPlainLength = 100;
