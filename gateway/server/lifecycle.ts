import { HttpAnswer } from "../pipeline/gateway-request.ts";

/** Whether the process is starting, serving or shutting down, and what is under way. */
export class Lifecycle {
  #state: "starting" | "ready" | "draining" = "starting";
  #underWay = 0;
  readonly #onIdle = new Set<() => void>();

  ready(): void {
    if (!this.isDraining) this.#state = "ready";
  }

  /** Not ready any more, for a while. */
  starting(): void {
    if (!this.isDraining) this.#state = "starting";
  }

  drain(): void {
    this.#state = "draining";
  }

  get isDraining(): boolean {
    return this.#state === "draining";
  }

  /** Counts one request as under way until {@link requestEnded}. */
  requestBegan(): void {
    this.#underWay++;
  }

  requestEnded(): void {
    this.#underWay--;
    if (this.#underWay > 0) return;
    for (const resolve of this.#onIdle) resolve();
    this.#onIdle.clear();
  }

  /** Resolves when nothing is under way, or after `timeoutMs`. */
  async idle(timeoutMs: number): Promise<void> {
    if (this.#underWay === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#onIdle.add(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** `/health/live` and `/health/ready`; null for any other path. */
  answerHealth(path: string): HttpAnswer | null {
    if (path === "/health/live") return healthAnswer(200, "live");
    if (path !== "/health/ready") return null;
    return this.#state === "ready" ? healthAnswer(200, "ready") : healthAnswer(503, this.#state);
  }
}

function healthAnswer(status: number, state: string): HttpAnswer {
  const headers = { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" };
  return new HttpAnswer(status, headers, JSON.stringify({ status: state }));
}
