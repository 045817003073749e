import type { Deadline, Waiter } from "../core/deadline.ts";
import type { OverlockError } from "../core/errors.ts";
import { noProgress, type RequestScope, type RunProgress, type UpstreamCall } from "../core/request-scope.ts";

/** One request's part in a run. */
export interface Share<Result> {
  /** Another request had begun the run. */
  readonly isJoined: boolean;
  /** What the run came to; rejects with the request's own reason where its client goes away and others stay. */
  readonly result: Promise<Result>;
  /** That of the run, which each of its requests has to answer for. */
  readonly progress: RunProgress;
}

/** Who waits for a run. */
export interface RunWaiter {
  /** Whoever is answered may go away. */
  readonly client: Waiter;
  /** Has the request's time. Is told of the run's calls when it has ended: of all who wait to the end, the first. */
  readonly scope: RunParts;
}

/** What a run has of its own, in place of what belongs to those who wait for it. */
export type RunParts = Pick<RequestScope, "deadline" | "progress" | "recordUpstreamCall">;

/** The runs of one BFF's operations that are under way and may be joined, by what requests are the same in. */
export class SharedRuns<Result> {
  readonly #runs = new Map<string, SharedRun<Result>>();
  readonly #maxRuns: number;

  /** `maxRuns`: beyond so many that are under way at once, each is for its own request alone. */
  constructor(maxRuns = 10_000) {
    this.#maxRuns = maxRuns;
  }

  /** How many could be joined now. */
  get size(): number {
    return this.#runs.size;
  }

  /**
   * Joins the run with this key, or starts it. It has the time that is left to the one who starts it, and is joined in the
   * first half of that by whoever has no less. Who goes away leaves without the others noticing; the last to go cancels it,
   * and gets what it comes to then. Null: the request has to be run by itself, because its time ends too soon. Raises why
   * its client is gone already.
   */
  share(key: string, waiter: RunWaiter, start: (parts: RunParts) => Promise<Result>): Share<Result> | null {
    const gone = waiter.client.expiredBy;
    if (gone !== null) throw gone;
    const found = this.#runs.get(key);
    if (found !== undefined) {
      if (waiter.scope.deadline.expiresAtMs < found.deadline.expiresAtMs) return null;
      if (performance.now() < found.joinableUntilMs)
        return { isJoined: true, result: found.wait(waiter), progress: found.progress };
    }
    const run = new SharedRun<Result>(this.#runs, key, waiter.scope.deadline);
    if (this.#runs.size < this.#maxRuns || found !== undefined) this.#runs.set(key, run);
    const result = run.wait(waiter);
    run.start(start);
    return { isJoined: false, result, progress: run.progress };
  }
}

class SharedRun<Result> implements RunParts {
  readonly deadline: Deadline;
  /** On the clock of `performance.now()`. */
  readonly joinableUntilMs: number;
  readonly progress = noProgress();
  readonly #runs: Map<string, SharedRun<Result>>;
  readonly #key: string;
  readonly #calls: UpstreamCall[] = [];
  /** Who started it. Most runs are waited for by nobody else. */
  #first: RunPart<Result> | null = null;
  /** In the order in which they came. */
  #others: Set<RunPart<Result>> | null = null;
  #hasEnded = false;

  /** `runs` is where it may be joined, under `key`; `time` that of the request that starts it. */
  constructor(runs: Map<string, SharedRun<Result>>, key: string, time: Deadline) {
    this.#runs = runs;
    this.#key = key;
    const nowMs = performance.now();
    const leftMs = time.expiresAtMs - nowMs;
    this.deadline = time.detach(leftMs);
    this.joinableUntilMs = nowMs + leftMs / 2;
  }

  recordUpstreamCall(call: UpstreamCall): void {
    this.#calls.push(call);
  }

  start(start: (parts: RunParts) => Promise<Result>): void {
    start(this).then(
      (result) => this.#end((part) => part.resolve(result)),
      (error: unknown) => this.#end((part) => part.reject(error)),
    );
  }

  wait(waiter: RunWaiter): Promise<Result> {
    return new Promise((resolve, reject) => {
      const part = new RunPart(this, waiter, { resolve, reject });
      if (this.#first === null && this.#others === null) this.#first = part;
      else (this.#others ??= new Set()).add(part);
    });
  }

  leave(part: RunPart<Result>, reason: OverlockError): void {
    const count = (this.#first === null ? 0 : 1) + (this.#others?.size ?? 0);
    if (count === 1 && !this.#hasEnded) {
      this.#forget();
      this.deadline.cancel(reason);
      return;
    }
    if (this.#first === part) {
      this.#first = null;
      this.#others ??= new Set();
    } else this.#others?.delete(part);
    part.reject(reason);
  }

  #end(settle: (part: RunPart<Result>) => void): void {
    this.#hasEnded = true;
    this.#forget();
    this.deadline.dispose();
    const [first, others] = [this.#first, this.#others];
    this.#first = null;
    const [recorder = null] = first === null ? (others ?? []) : [first];
    for (const call of this.#calls) recorder?.waiter.scope.recordUpstreamCall(call);
    if (first !== null) settleOne(first, settle);
    if (others !== null) settleAll(others, settle);
  }

  /** Nobody joins it any more; another run may stand in its place. */
  #forget(): void {
    if (this.#runs.get(this.#key) === this) this.#runs.delete(this.#key);
  }
}

/** One request that waits for a run. */
class RunPart<Result> {
  readonly waiter: RunWaiter;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
  readonly unwatch: () => void;

  constructor(
    run: SharedRun<Result>,
    waiter: RunWaiter,
    { resolve, reject }: Pick<RunPart<Result>, "resolve" | "reject">,
  ) {
    this.waiter = waiter;
    this.resolve = resolve;
    this.reject = reject;
    this.unwatch = waiter.client.onExpire((reason) => run.leave(this, reason));
  }
}

function settleOne<Result>(part: RunPart<Result>, settle: (part: RunPart<Result>) => void): void {
  part.unwatch();
  settle(part);
}

/** So many answers take a while to be sent; in between, others have their turn. */
function settleAll<Result>(parts: Set<RunPart<Result>>, settle: (part: RunPart<Result>) => void): void {
  let count = 0;
  for (const part of parts) {
    if (count++ === maxAnswersInTurn) {
      setImmediate(() => settleAll(parts, settle));
      return;
    }
    parts.delete(part);
    settleOne(part, settle);
  }
}

/** In one turn of the event loop. */
const maxAnswersInTurn = 100;
