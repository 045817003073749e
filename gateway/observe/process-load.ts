/** How much a process may have to do; 0 in both: as much as comes. */
export interface LoadBounds {
  /** In milliseconds. */
  readonly maxEventLoopDelayMs: number;
  readonly maxRequestsInFlight: number;
}

/** Which bound a process is nearest to. */
export type LoadReason = "eventLoop" | "inFlight";

/** 0: nothing to do; 1: at the bound; above 1: beyond it. */
export type LoadListener = (load: Readonly<Record<LoadReason, number>>) => void;

/**
 * How near this process is to its bounds: requests that are worked on, and how late the event loop gets to what is due. Both
 * are as of the moment they are asked for. `clock` is in milliseconds.
 *
 * The delay is the average lateness of a timer that is due every 25 ms. It rises fast, so that two late turns of the event
 * loop that follow each other count and a single one does not, and falls slowly, within a second or so, so that it does not go
 * up and down with every turn. Where the turn before was late already, this one counts while it lasts: all that has arrived in a
 * long turn is read in the next, and nobody would be told otherwise before all of it was taken on.
 */
export class ProcessLoad {
  readonly #bounds: LoadBounds;
  readonly #clock: () => number;
  #inFlight = 0;
  #averageMs = 0;
  #lastDelayMs = 0;
  #dueAtMs = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;
  #toldAtMs = Number.NEGATIVE_INFINITY;
  #highest: Record<LoadReason, number> = { eventLoop: 0, inFlight: 0 };

  constructor(bounds: LoadBounds, clock: () => number = () => performance.now()) {
    this.#bounds = bounds;
    this.#clock = clock;
  }

  /** Measures until {@link dispose}, and tells about once a second the most that there was since the last time. */
  start(onLoad: LoadListener): void {
    this.#dueAtMs = this.#clock() + sampleEveryMs;
    this.#timer ??= setInterval(() => this.sample(onLoad), sampleEveryMs).unref();
  }

  /** What the timer does. */
  sample(onLoad: LoadListener): void {
    const nowMs = this.#clock();
    this.#lastDelayMs = Math.max(nowMs - this.#dueAtMs, 0);
    this.#dueAtMs = nowMs + sampleEveryMs;
    // However long, a single turn alone brings the average to half the bound at most.
    const delayMs = Math.min(this.#lastDelayMs, 2 * this.#bounds.maxEventLoopDelayMs);
    this.#averageMs += (delayMs - this.#averageMs) * (delayMs > this.#averageMs ? riseWeight : fallWeight);
    this.#highest.eventLoop = Math.max(this.#highest.eventLoop, this.eventLoop);
    this.#highest.inFlight = Math.max(this.#highest.inFlight, this.#shareOf(this.#inFlight));
    if (nowMs - this.#toldAtMs < tellEveryMs) return;
    this.#toldAtMs = nowMs;
    onLoad(this.#highest);
    this.#highest = { eventLoop: 0, inFlight: 0 };
  }

  requestBegan(): void {
    this.#inFlight++;
  }

  requestEnded(): void {
    this.#inFlight--;
  }

  /** The event loop's delay as a share of its bound; 0 where there is none. */
  get eventLoop(): number {
    const { maxEventLoopDelayMs } = this.#bounds;
    if (maxEventLoopDelayMs === 0) return 0;
    const isLateAgain = this.#lastDelayMs >= maxEventLoopDelayMs / 2;
    const thisTurnMs = isLateAgain ? this.#clock() - this.#dueAtMs : 0;
    return Math.max(this.#averageMs, thisTurnMs) / maxEventLoopDelayMs;
  }

  /** Requests that are worked on besides the one that asks, as a share of their bound; 0 where there is none. */
  get inFlight(): number {
    return this.#shareOf(Math.max(this.#inFlight - 1, 0));
  }

  #shareOf(requests: number): number {
    const { maxRequestsInFlight } = this.#bounds;
    return maxRequestsInFlight === 0 ? 0 : requests / maxRequestsInFlight;
  }

  dispose(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }
}

/** A process that takes on whatever comes. */
export const unboundedLoad: LoadBounds = { maxEventLoopDelayMs: 0, maxRequestsInFlight: 0 };

const sampleEveryMs = 25;
const tellEveryMs = 1000;
const riseWeight = 1 / 4;
const fallWeight = 1 / 20;
