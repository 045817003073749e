import type { Problem } from "../core/problems.ts";
import type { MetricsSnapshot } from "../observe/metrics.ts";
import type { Charge, Reservation, Settlement, Taken } from "../state/budget-store.ts";

/** What the primary says to a worker, over the channel between the two processes. */
export type PrimaryMessage =
  | { readonly type: "drain"; readonly idleGraceMs: number }
  /** Read certificates and files of API keys again. */
  | { readonly type: "reload" }
  | { readonly type: "metrics"; readonly id: number }
  /** What became of the reservations of one question, in their order. */
  | { readonly type: "budgets"; readonly id: number; readonly reservations: readonly Reservation[] };

/** What a worker says to the primary. */
export type WorkerMessage =
  | { readonly type: "ready"; readonly url: string }
  /** The start was refused, with everything that is wrong. */
  | { readonly type: "refused"; readonly problems: readonly Problem[] }
  | { readonly type: "metrics"; readonly id: number; readonly snapshot: MetricsSnapshot }
  /** What the requests of one turn of the event loop reserve and settle. */
  | ({ readonly type: "budgets"; readonly id: number } & BudgetQuestion);

export interface BudgetQuestion {
  readonly reserve: readonly (readonly Charge[])[];
  readonly settle: readonly { readonly settlements: readonly Settlement[]; readonly taken: Taken }[];
}

/** Node and libraries send messages of their own over the same channel. */
export function isMessage<Message extends { readonly type: string }>(
  message: unknown,
  types: readonly Message["type"][],
): message is Message {
  if (typeof message !== "object" || message === null || !("type" in message)) return false;
  return types.some((type) => type === message.type);
}

/** Of the snapshot that a worker sends without being asked, as its last word. */
export const lastSnapshotId = -1;
