import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Lifecycle } from "../../gateway/server/lifecycle.ts";

describe("a lifecycle", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it("is live all along, and ready only between start and drain", () => {
    const lifecycle = new Lifecycle();
    const health = (): unknown[] =>
      ["/health/live", "/health/ready"].flatMap((path) => {
        const answer = lifecycle.answerHealth(path);
        return [answer?.status, answer?.body];
      });
    expect(health()).toEqual([200, '{"status":"live"}', 503, '{"status":"starting"}']);
    lifecycle.ready();
    expect(health()).toEqual([200, '{"status":"live"}', 200, '{"status":"ready"}']);
    lifecycle.drain();
    expect(health()).toEqual([200, '{"status":"live"}', 503, '{"status":"draining"}']);
    expect(lifecycle.answerHealth("/health")).toBeNull();
  });

  it("waits until the last request is done", async () => {
    const lifecycle = new Lifecycle();
    await lifecycle.idle(1000);
    lifecycle.requestBegan();
    lifecycle.requestBegan();
    let isIdle = false;
    const idle = lifecycle.idle(1000).then(() => (isIdle = true));
    lifecycle.requestEnded();
    await vi.advanceTimersByTimeAsync(500);
    expect(isIdle).toBe(false);
    lifecycle.requestEnded();
    await idle;
    expect(isIdle).toBe(true);
  });

  it("waits no longer than it is told to", async () => {
    const lifecycle = new Lifecycle();
    lifecycle.requestBegan();
    const idle = lifecycle.idle(1000);
    await vi.advanceTimersByTimeAsync(1000);
    await expect(idle).resolves.toBeUndefined();
  });
});
