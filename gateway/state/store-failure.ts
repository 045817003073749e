/**
 * Why a store that is shared did not do what it was asked: `timeout` (no answer in time), `connection` (there is none),
 * `answer` (it answered with an error), `away` (it was not asked, because it had failed before and is not back yet).
 */
export type StoreFailureReason = "timeout" | "connection" | "answer" | "away";

/** What a store that is shared could not do. The message names no credential. */
export class StoreFailure extends Error {
  readonly reason: StoreFailureReason;

  constructor(reason: StoreFailureReason, message: string) {
    super(message);
    this.name = "StoreFailure";
    this.reason = reason;
  }
}
