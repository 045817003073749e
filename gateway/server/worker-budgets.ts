import type { BudgetStore, Charge, Reservation, Settlement, Taken } from "../state/budget-store.ts";
import type { RemoteStore } from "../state/guarded-store.ts";
import type { BudgetQuestion, PrimaryMessage, WorkerMessage } from "./worker-messages.ts";

type BudgetAnswer = Extract<PrimaryMessage, { readonly type: "budgets" }>;
type Settle = (reservation: Reservation) => void;

/**
 * A worker's way to the budgets that the primary keeps for all workers. What the requests of one turn of the event loop want is
 * one message, and so is the answer.
 */
export class WorkerBudgets implements RemoteStore {
  readonly #send: (message: WorkerMessage) => Promise<void>;
  readonly #waiting = new Map<number, readonly Settle[]>();
  #next: {
    readonly reserve: (readonly Charge[])[];
    readonly waiting: Settle[];
    readonly settle: ToSettle[];
  } = nothing();
  #isScheduled = false;
  #nextId = 0;

  /** `send` resolves when the message is on its way. */
  constructor(send: (message: WorkerMessage) => Promise<void>) {
    this.#send = send;
  }

  reserve(charges: readonly Charge[]): Promise<Reservation> {
    return new Promise((resolve) => {
      this.#next.reserve.push(charges.map(sendable));
      this.#next.waiting.push(resolve);
      this.#schedule();
    });
  }

  async settle(settlements: readonly Settlement[], { takenAtMs, isLocalShare }: Taken): Promise<void> {
    const sound = settlements.filter(({ amount }) => !Number.isNaN(amount)).map(sendable);
    if (sound.length === 0) return;
    this.#next.settle.push({ settlements: sound, taken: { takenAtMs, isLocalShare } });
    this.#schedule();
  }

  /** What the primary answers. */
  receive({ id, reservations }: BudgetAnswer): void {
    const waiting = this.#waiting.get(id) ?? [];
    this.#waiting.delete(id);
    for (const [index, reservation] of reservations.entries()) waiting[index]?.(reservation);
  }

  async probe(): Promise<void> {
    await this.reserve([]);
  }

  async dispose(): Promise<void> {
    await this.#flush();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // When all sockets that have something have been read.
    setImmediate(() => void this.#flush());
  }

  async #flush(): Promise<void> {
    const { reserve, waiting, settle } = this.#next;
    this.#isScheduled = false;
    if (reserve.length + settle.length === 0) return;
    this.#next = nothing();
    const id = this.#nextId++;
    if (waiting.length > 0) this.#waiting.set(id, waiting);
    await this.#send({ type: "budgets", id, reserve, settle });
  }
}

/** What the primary answers to a worker's question, from the budgets that it keeps. */
export async function answerBudgets(
  budgets: BudgetStore,
  { reserve, settle }: BudgetQuestion,
): Promise<readonly Reservation[]> {
  for (const { settlements, taken } of settle) budgets.settle(settlements, taken);
  return Promise.all(reserve.map(async (charges) => budgets.reserve(charges)));
}

type ToSettle = BudgetQuestion["settle"][number];

function nothing(): { reserve: (readonly Charge[])[]; waiting: Settle[]; settle: ToSettle[] } {
  return { reserve: [], waiting: [], settle: [] };
}

/** The channel speaks JSON, which knows neither infinity nor what is no number: neither ever fits. */
function sendable<Told extends Charge | Settlement>(told: Told): Told {
  const { amount } = told;
  return Number.isFinite(amount) ? told : { ...told, amount: Math.sign(amount || 1) * Number.MAX_VALUE };
}
