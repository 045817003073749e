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

/** When and where charges were taken; {@link BudgetStore.settle} has to know. */
export interface Taken {
  /** In milliseconds of the store's own clock: says which window of a quota they were taken from. */
  readonly takenAtMs: number;
  /** They were taken from this process's own share, because the store that is shared could not be had. */
  readonly isLocalShare: boolean;
}

export interface Reservation extends Taken {
  /** The index of the charge that has to wait longest, the first of several; nothing was taken then. Null: all were taken. */
  readonly refused: number | null;
  /**
   * Until all charges would fit if nobody else spent anything, rounded up to a whole millisecond; null where they never
   * will, because one is above its capacity, and where nothing was refused.
   */
  readonly retryAfterMs: number | null;
  /** In the order of the charges, as they are afterwards. */
  readonly states: readonly BudgetState[];
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
   * Takes all charges or none, in one atomic step. Several of one budget count together; one of nothing always fits. At
   * once where the store is in this process. Raises STATE_UNAVAILABLE where the store can't be had and nothing may be let
   * through without it.
   */
  reserve(charges: readonly Charge[]): Reservation | Promise<Reservation>;
  /**
   * Corrects charges that were taken: gives back, up to the capacity, or takes in addition, down to −capacity. What was taken
   * of a quota's window that is over changes nothing. Never raises; what can't be told to the store is lost, and counted.
   * `taken` is the reservation.
   */
  settle(settlements: readonly Settlement[], taken: Taken): void;
  dispose(): Promise<void>;
}
