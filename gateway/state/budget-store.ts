/**
 * How one budget fills. A token bucket holds at most `capacity` and gains `refillPerMs` in every millisecond; a quota holds
 * `capacity` at the beginning of each day or month (UTC) and gains nothing until the next.
 */
export interface BudgetRule {
  /** Tells it apart from all others of the gateway: BFF, tier and name. At most 200 characters. */
  readonly id: string;
  /** Above 0, at most 10^12. */
  readonly capacity: number;
  /** Above 0 for a token bucket; 0 for a quota. */
  readonly refillPerMs: number;
  /** Null: a token bucket. */
  readonly window: "day" | "month" | null;
}

/** What one request takes of one consumer's budget. */
export interface Charge {
  readonly rule: BudgetRule;
  /** Whose budget it is; of any length, and of whatever characters. */
  readonly consumer: string;
  /** At least 0; may have a fraction. */
  readonly amount: number;
}

/** What is left of a budget. */
export interface BudgetState {
  /** Below 0 where more was spent than was there, by at most the capacity. */
  readonly remaining: number;
  /** Until the budget is full again: of a quota, until the window ends. */
  readonly resetAfterMs: number;
}

export interface Reservation {
  /** The index of the first charge that did not fit; nothing was taken of any then. Null: all were taken. */
  readonly refused: number | null;
  /** Until that charge would fit if nobody else spent anything; null where it never will, or where nothing was refused. */
  readonly retryAfterMs: number | null;
  /** In the order of the charges, as they are afterwards. */
  readonly states: readonly BudgetState[];
  /** When the charges were taken, in milliseconds of the store's own clock; says to {@link BudgetStore.settle} which window they were taken from. */
  readonly takenAtMs: number;
}

/** What was estimated too high or too low, told afterwards. */
export interface Settlement extends Omit<Charge, "amount"> {
  /** What is given back; below 0, what is taken in addition. */
  readonly amount: number;
}

/**
 * Keeps budgets. Whoever shares a store shares the budgets: however many reserve at once, what is let through is exactly what
 * the budgets hold.
 */
export interface BudgetStore {
  /**
   * Takes all charges or none, in one atomic step. At once where the store is in this process. Raises STATE_UNAVAILABLE where
   * the store can't be had and nothing may be let through without it.
   */
  reserve(charges: readonly Charge[]): Reservation | Promise<Reservation>;
  /**
   * Corrects charges that were taken: gives back, up to the capacity, or takes in addition, down to −capacity. What was taken
   * of a quota's window that is over changes nothing. Never raises; what can't be told to the store is lost, and counted.
   */
  settle(settlements: readonly Settlement[], takenAtMs: number): void;
  dispose(): Promise<void>;
}
