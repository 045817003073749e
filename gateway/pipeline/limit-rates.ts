import type { getGraphQLRateLimiter } from "graphql-rate-limit";
import type { RateUse } from "../policy/operation-rates.ts";
import { rateCharges } from "../policy/rate-charges.ts";
import type { BudgetStore, Charge, Reservation } from "../state/budget-store.ts";

/** What an operation takes in one step. */
export interface RatedCharges {
  readonly uses: readonly RateUse[];
  /** Whose limits they are. */
  readonly consumer: string;
  /** What else is taken, or not, together with them. */
  readonly others: readonly Charge[];
}

/** What came of it. */
export interface RatedReservation {
  /**
   * Of the others first, then of the uses. Null: the store was not asked, as the operation uses a field more often than its
   * limit ever allows.
   */
  readonly reservation: Reservation | null;
  /** Those for which the operation may not run; none: no `@rateLimit` is exceeded. */
  readonly exceeded: readonly RateUse[];
}

/** Takes what operations use of `@rateLimit`s. */
export interface RateLimiter {
  /** Takes everything or nothing, in one step of the store, and raises what the store raises. */
  reserve(store: BudgetStore, charges: RatedCharges): Promise<RatedReservation>;
}

/**
 * Loads graphql-rate-limit, which takes some 100 ms, and so is done where a schema has a `@rateLimit` only. The library says
 * of each limit whether it is exceeded. What it does not do is done here: it asks a store for what was used, compares, and
 * writes back, so that calls beside each other all see the same; it counts what it refuses; it joins names and values to
 * keys that can be equal; and it takes a `max` of 0 for 5. Here all limits of an operation are asked for together, the first
 * question waits until the last is known, and one step of the gateway's own store takes all of them or nothing.
 */
export async function openRateLimiter(): Promise<RateLimiter> {
  const library = await import("graphql-rate-limit");
  return {
    async reserve(store, { uses, consumer, others }) {
      const excessive = uses.filter(({ limit, count }) => count > limit.max);
      if (excessive.length > 0) return { reservation: null, exceeded: excessive };
      const step = new ReservingStep(uses);
      const isExceeded = library.getGraphQLRateLimiter({ identifyContext: () => consumer, store: step });
      const asked = uses.map((use) => isExceeded(...questionOf(use)));
      const charges = [...others, ...rateCharges(uses, consumer)];
      const reservation = await step.answer(store, charges);
      const answers = await Promise.all(asked);
      return { reservation, exceeded: uses.filter((_, index) => answers[index] !== undefined) };
    },
  };
}

type Limiter = ReturnType<typeof getGraphQLRateLimiter>;

/** What the library is asked of one limit. It counts what an array's length says. */
function questionOf({ id, limit, count }: RateUse): Parameters<Limiter> {
  const info = { fieldName: id } as Parameters<Limiter>[0]["info"];
  return [
    { parent: null, args: { uses: { length: count } }, context: null, info },
    // Both sides of its comparison are less by what `used` leaves away: what a limit has used may be many.
    { max: count, window: `${limit.windowMs}ms`, arrayLengthField: "uses", message: exceededMessage },
  ];
}

const exceededMessage = "exceeded";

/** A store for the library, of one operation: reading is the step that takes, and nothing is written back. */
class ReservingStep {
  readonly #uses: readonly RateUse[];
  readonly #waiting = new Map<string, PromiseWithResolvers<readonly number[]>>();

  constructor(uses: readonly RateUse[]) {
    this.#uses = uses;
  }

  /** Times of former uses, no more than the comparison needs: one where the limit does not hold the uses, else none. */
  getForIdentity({ fieldIdentity }: { readonly fieldIdentity: string }): Promise<readonly number[]> {
    const question = Promise.withResolvers<readonly number[]>();
    this.#waiting.set(fieldIdentity, question);
    return question.promise;
  }

  setForIdentity(): void {}

  /** Takes the charges, the last of which are those of the uses, and answers what was asked. */
  async answer(store: BudgetStore, charges: readonly Charge[]): Promise<Reservation> {
    try {
      const reservation = await store.reserve(charges);
      const first = charges.length - this.#uses.length;
      const states = reservation.states.slice(first);
      for (const [index, { id, count }] of this.#uses.entries()) {
        // Where nothing was taken, states are as they were before. Of sums of fractions a little is missing.
        const isFull =
          reservation.refused !== null &&
          (reservation.refused === first + index || (states[index]?.remaining ?? 0) < count - 1e-6);
        this.#waiting.get(id)?.resolve(isFull ? [Date.now()] : []);
      }
      return reservation;
    } catch (error) {
      // Nobody is left waiting; what is answered is read by nobody.
      for (const { resolve } of this.#waiting.values()) resolve([]);
      throw error;
    }
  }
}
