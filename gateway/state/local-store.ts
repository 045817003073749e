import { hash } from "node:crypto";
import { type Account, Accounts, type Now } from "./accounts.ts";
import { boundedSpent, spentNow, stateOf, waitMs, windowEndMs, windowStartMs } from "./budget-arithmetic.ts";
import type { BudgetRule, BudgetStore, Charge, Reservation, Settlement, Taken } from "./budget-store.ts";

export interface LocalStoreSettings {
  /** Of how many budgets something may be spent at one time: so many token buckets, and so many quotas. At least 1. */
  readonly maxBudgets: number;
  /** Milliseconds since 1970: says when quotas begin anew. Somebody may set it. */
  readonly now: () => number;
  /** Milliseconds on a clock that nobody sets: refills token buckets. */
  readonly monotonicNow: () => number;
  /** Called for each budget that was forgotten before it was full: its consumer begins anew. */
  readonly onForgotten: () => void;
}

/**
 * Budgets of this process alone. Exact: what is taken is taken in the same turn of the event loop. Of so many budgets that
 * there is no room for one more, the one that would be full first is forgotten; token buckets and quotas have each their
 * own room, so that quotas, which are full so much later, don't leave none.
 *
 * A quota's window ends when the clock shows a later one. Where somebody set the clock back, it ends after the time that it
 * is long, by the clock that nobody sets, and what begins then is the next one that the clock comes to: whichever way the
 * clock goes, a window is granted once, and nobody waits longer for the next than a window is long.
 */
export class LocalStore implements BudgetStore {
  readonly #clocks: Pick<LocalStoreSettings, "now" | "monotonicNow">;
  readonly #buckets: Accounts;
  readonly #quotas: Accounts;

  constructor({ maxBudgets, onForgotten, ...clocks }: LocalStoreSettings) {
    this.#clocks = clocks;
    this.#buckets = new Accounts(maxBudgets, onForgotten);
    this.#quotas = new Accounts(maxBudgets, onForgotten);
  }

  /** Of how many budgets something is spent, as far as that was noticed. */
  get size(): number {
    return this.#buckets.size + this.#quotas.size;
  }

  reserve(charges: readonly Charge[]): Reservation {
    const now = this.#readClocks();
    const byKey = new Map<string, Draft>();
    const drafts: Draft[] = [];
    let refused: number | null = null;
    let longestMs = 0;
    for (const [index, { rule, consumer, amount }] of charges.entries()) {
      const draft = this.#draft(byKey, rule, consumer, now);
      drafts.push(draft);
      if (amount === 0) continue;
      draft.wanted += amount;
      const forMs = waitMs(rule, draft.spent, draft.wanted, draft.windowLeftMs);
      if (forMs <= longestMs) continue;
      longestMs = forMs;
      refused = index;
    }
    const isTaken = refused === null;
    for (const draft of isTaken ? byKey.values() : [])
      if (draft.wanted !== 0) this.#keep(draft, draft.spent + draft.wanted, now);
    return {
      refused,
      retryAfterMs: isTaken || longestMs === Infinity ? null : longestMs,
      states: drafts.map(({ rule, spent, wanted, windowLeftMs }) =>
        stateOf(rule, spent + (isTaken ? wanted : 0), windowLeftMs),
      ),
      takenAtMs: now.wallMs,
      isLocalShare: false,
    };
  }

  settle(settlements: readonly Settlement[], { takenAtMs }: Pick<Taken, "takenAtMs">): void {
    const now = this.#readClocks();
    for (const { rule, consumer, amount } of settlements) {
      if (Number.isNaN(amount)) continue;
      const { window } = rule;
      if (window !== null && takenAtMs < windowStartMs(window, now.wallMs)) continue;
      const found = this.#find(keyOf(rule, consumer), rule, now);
      this.#keep(found, found.spent - amount, now);
    }
  }

  async dispose(): Promise<void> {}

  /** A budget as it is, or the draft of it where an earlier charge has one. */
  #draft(byKey: Map<string, Draft>, rule: BudgetRule, consumer: string, now: Now): Draft {
    const key = keyOf(rule, consumer);
    const same = byKey.get(key);
    if (same !== undefined) return same;
    const draft: Draft = { ...this.#find(key, rule, now), wanted: 0 };
    byKey.set(key, draft);
    return draft;
  }

  #find(key: string, rule: BudgetRule, now: Now): Found {
    const account = this.#accountsOf(rule).get(key);
    const { wallMs, monotonicMs } = now;
    const { window } = rule;
    if (account === undefined) return foundFull(key, rule, wallMs, now);
    if (window === null)
      return { ...foundFull(key, rule, wallMs, now), spent: spentNow(rule, account, monotonicMs) };
    const { atMs, begunMs, endsAtMs } = account;
    if (wallMs >= endsAtMs) return foundFull(key, rule, wallMs, now);
    const leftMs = begunMs + endsAtMs - atMs - monotonicMs;
    if (leftMs <= 0) return foundFull(key, rule, windowEndMs(window, wallMs), now);
    const windowLeftMs = Math.ceil(Math.min(endsAtMs - wallMs, leftMs));
    return { key, rule, spent: boundedSpent(rule, account.spent), atMs, begunMs, endsAtMs, windowLeftMs };
  }

  /** `spent`: of what was found. */
  #keep({ key, rule, atMs, begunMs, endsAtMs }: Found, spent: number, now: Now): void {
    const accounts = this.#accountsOf(rule);
    const bounded = boundedSpent(rule, spent);
    if (bounded === 0) return accounts.remove(key);
    const account: Account = accounts.get(key) ?? {
      key,
      spent: 0,
      atMs,
      begunMs,
      endsAtMs,
      fullAtMs: 0,
      spentShare: 0,
    };
    account.spent = bounded;
    account.atMs = atMs;
    account.begunMs = begunMs;
    account.endsAtMs = endsAtMs;
    account.fullAtMs = rule.window === null ? atMs + bounded / rule.refillPerMs : begunMs + endsAtMs - atMs;
    account.spentShare = bounded / rule.capacity;
    accounts.put(account, now);
  }

  #readClocks(): Now {
    const { now, monotonicNow } = this.#clocks;
    return { wallMs: now(), monotonicMs: monotonicNow() };
  }

  #accountsOf({ window }: BudgetRule): Accounts {
    return window === null ? this.#buckets : this.#quotas;
  }
}

/** For token buckets and for quotas each; all together take at most some 80 MB. */
const standardMaxBudgets = 100_000;

/** A store of this process with the room that every process has. */
export function openLocalStore(onForgotten: () => void): LocalStore {
  return new LocalStore({
    maxBudgets: standardMaxBudgets,
    now: () => Date.now(),
    monotonicNow: () => performance.now(),
    onForgotten,
  });
}

/** A budget as it is now. */
interface Found extends Pick<Account, "key" | "atMs" | "begunMs" | "endsAtMs"> {
  readonly rule: BudgetRule;
  readonly spent: number;
  /** Until a quota begins anew. */
  readonly windowLeftMs: number;
}

/** Of which nothing is spent; a quota in the window with `inMs`, which is now or later. */
function foundFull(key: string, rule: BudgetRule, inMs: number, { wallMs, monotonicMs }: Now): Found {
  const { window } = rule;
  const found = { key, rule, spent: 0, begunMs: monotonicMs };
  if (window === null) return { ...found, atMs: monotonicMs, endsAtMs: Infinity, windowLeftMs: 0 };
  const atMs = windowStartMs(window, inMs);
  const endsAtMs = windowEndMs(window, inMs);
  return { ...found, atMs, endsAtMs, windowLeftMs: Math.ceil(endsAtMs - Math.max(wallMs, atMs)) };
}

/** One budget while charges, of which several may be its, are held against it. */
interface Draft extends Found {
  wanted: number;
}

/** What a consumer is called may be long, and is kept for long. */
function keyOf({ id }: BudgetRule, consumer: string): string {
  return consumer.length <= maxPlainLength
    ? `${id}\n=${consumer}`
    : `${id}\n#${hash("sha256", consumer, "base64")}`;
}

const maxPlainLength = 100;
