import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Deadline } from "../../gateway/core/deadline.ts";
import { OverlockError } from "../../gateway/core/errors.ts";

describe("a deadline", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  test("fires at its time and not before, with REQUEST_TIMEOUT", () => {
    const deadline = Deadline.start(100, null);
    vi.advanceTimersByTime(99);
    expect([deadline.signal.aborted, deadline.remainingMs]).toEqual([false, 1]);
    vi.advanceTimersByTime(1);
    expect([deadline.signal.aborted, deadline.remainingMs]).toEqual([true, 0]);
    expect(deadline.signal.reason).toMatchObject({ code: "REQUEST_TIMEOUT" });
    deadline.dispose();
  });

  test("never has less than no time left", () => {
    const deadline = Deadline.start(10, null);
    vi.advanceTimersByTime(1000);
    expect(deadline.remainingMs).toBe(0);
    deadline.dispose();
  });

  test("shrinks to the sooner of its own time and the call's", () => {
    const deadline = Deadline.start(100, null);
    vi.advanceTimersByTime(40);
    const [shorter, longer] = [deadline.shrink(20), deadline.shrink(200)];
    expect([shorter.remainingMs, longer.remainingMs]).toEqual([20, 60]);
    vi.advanceTimersByTime(20);
    expect([deadline, shorter, longer].map(({ signal }) => signal.aborted)).toEqual([false, true, false]);
    vi.advanceTimersByTime(40);
    expect([deadline, shorter, longer].map(({ signal }) => signal.aborted)).toEqual([true, true, true]);
    for (const each of [shorter, longer, deadline]) each.dispose();
  });

  test("fires when the client goes away, with CANCELLED", () => {
    const client = new AbortController();
    const deadline = Deadline.start(100, client.signal);
    const call = deadline.shrink(50);
    client.abort();
    expect(deadline.signal.reason).toMatchObject({ code: "CANCELLED", cause: client.signal.reason });
    expect(call.signal.reason).toBe(deadline.signal.reason);
    for (const each of [call, deadline]) each.dispose();
  });

  test("passes a coded reason on as it is", () => {
    const client = new AbortController();
    const deadline = Deadline.start(100, client.signal);
    const reason = new OverlockError("CANCELLED", "gone");
    client.abort(reason);
    expect(deadline.signal.reason).toBe(reason);
    deadline.dispose();
  });

  test("has fired already where the client was gone before", () => {
    const gone = AbortSignal.abort();
    const deadline = Deadline.start(100, gone);
    expect(deadline.signal.aborted).toBe(true);
    expect(getEventListeners(gone, "abort")).toHaveLength(0);
    deadline.dispose();
  });

  test("keeps no timer and no listener after dispose", () => {
    const client = new AbortController();
    const deadline = Deadline.start(100, client.signal);
    const calls = Array.from({ length: 20 }, () => deadline.shrink(50));
    for (const { signal } of calls) expect(signal.aborted).toBe(false);
    expect(getEventListeners(client.signal, "abort")).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(21);
    for (const call of calls) call.dispose();
    expect(vi.getTimerCount()).toBe(1);
    deadline.dispose();
    expect(getEventListeners(client.signal, "abort")).toHaveLength(0);
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(1000);
    expect([deadline, ...calls].some(({ signal }) => signal.aborted)).toBe(false);
  });

  test("calls back once when it ends, with the reason, and not what was taken back", () => {
    const deadline = Deadline.start(100, null);
    const calls: unknown[] = [];
    deadline.onExpire((reason) => calls.push(reason));
    deadline.onExpire(() => calls.push("taken back"))();
    expect(deadline.expiredBy).toBeNull();
    vi.advanceTimersByTime(100);
    expect(calls).toEqual([deadline.expiredBy]);
    expect(deadline.expiredBy).toMatchObject({ code: "REQUEST_TIMEOUT" });
    expect(deadline.expiredBy).toBe(deadline.signal.reason);
    deadline.dispose();
  });

  test("does not call back what another callback took back, or what was added meanwhile", () => {
    const deadline = Deadline.start(100, null);
    const called: string[] = [];
    deadline.onExpire(() => {
      called.push("first");
      takeBack();
      deadline.onExpire(() => called.push("late"));
    });
    const takeBack = deadline.onExpire(() => called.push("second"));
    deadline.onExpire(() => called.push("third"));
    vi.advanceTimersByTime(100);
    expect(called).toEqual(["first", "third"]);
    deadline.dispose();
  });

  test("does not call back those who ask when it has ended, or after dispose", () => {
    const ended = Deadline.start(0, AbortSignal.abort());
    const disposed = Deadline.start(100, null);
    const callback = vi.fn();
    ended.onExpire(callback);
    disposed.onExpire(callback);
    disposed.dispose();
    vi.advanceTimersByTime(1000);
    expect(callback).not.toHaveBeenCalled();
    ended.dispose();
  });

  test("ends its calls that are left, in whichever order others have ended", () => {
    const deadline = Deadline.start(100, null);
    const calls = Array.from({ length: 5 }, () => deadline.shrink(1000));
    const ended: number[] = [];
    for (const [index, call] of calls.entries()) call.listen(() => ended.push(index));
    for (const index of [2, 0, 4]) calls[index]?.dispose();
    const [, late] = calls;
    const added = deadline.shrink(1000);
    expect([late?.expiredBy, added.expiredBy]).toEqual([null, null]);
    // Whoever is told may end others meanwhile.
    added.listen(() => calls[3]?.dispose());
    vi.advanceTimersByTime(100);
    expect(ended).toEqual([1]);
    expect([calls[1], added].map((call) => call?.expiredBy?.code)).toEqual([
      "REQUEST_TIMEOUT",
      "REQUEST_TIMEOUT",
    ]);
    for (const each of [...calls, added, deadline]) each.dispose();
  });

  test("does not listen for who has taken its callback back, or comes too late", () => {
    const deadline = Deadline.start(100, null);
    const callback = vi.fn();
    expect(deadline.listen(callback)).toBe(true);
    deadline.unlisten(callback);
    vi.advanceTimersByTime(100);
    expect(deadline.listen(callback)).toBe(false);
    expect(callback).not.toHaveBeenCalled();
    deadline.dispose();
  });

  test("has neither timer nor listener until somebody waits with it", () => {
    const client = new AbortController();
    const deadline = Deadline.start(100, client.signal);
    const call = deadline.shrink(50);
    expect([call.remainingMs, vi.getTimerCount()]).toEqual([50, 0]);
    expect(getEventListeners(client.signal, "abort")).toHaveLength(0);
    client.abort();
    expect(call.expiredBy).toMatchObject({ code: "CANCELLED" });
    expect(vi.getTimerCount()).toBe(0);
    for (const each of [call, deadline]) each.dispose();
  });

  test("has ended for those who ask for the first time when it is over", () => {
    const deadline = Deadline.start(100, null);
    const call = deadline.detach(200);
    vi.advanceTimersByTime(100);
    expect(call.signal.reason).toMatchObject({ code: "REQUEST_TIMEOUT" });
    expect(deadline.expiredBy).toMatchObject({ code: "REQUEST_TIMEOUT" });
    for (const each of [call, deadline]) each.dispose();
  });

  test("that is reached takes its timer and listener away by itself", () => {
    const client = new AbortController();
    const deadline = Deadline.start(100, client.signal);
    const reasons: unknown[] = [];
    deadline.onExpire((reason) => reasons.push(reason));
    vi.advanceTimersByTime(100);
    expect(getEventListeners(client.signal, "abort")).toHaveLength(0);
    client.abort();
    expect(reasons).toEqual([deadline.signal.reason]);
    expect(deadline.signal.reason).toMatchObject({ code: "REQUEST_TIMEOUT" });
    deadline.dispose();
  });

  test("ends before its time where its maker cancels it, once and not after dispose", () => {
    const reason = new OverlockError("CANCELLED", "nobody waits any more");
    const [cancelled, disposed] = [Deadline.start(100, null), Deadline.start(100, null)];
    const callback = vi.fn();
    cancelled.onExpire(callback);
    cancelled.cancel(reason);
    cancelled.cancel(new OverlockError("CANCELLED", "again"));
    vi.advanceTimersByTime(100);
    expect(callback.mock.calls).toEqual([[reason]]);
    expect(cancelled.signal.reason).toBe(reason);
    disposed.onExpire(callback);
    disposed.dispose();
    disposed.cancel(reason);
    expect(callback).toHaveBeenCalledTimes(1);
    cancelled.dispose();
  });

  test("may be disposed of twice", () => {
    const deadline = Deadline.start(100, null);
    deadline.dispose();
    deadline.dispose();
    expect(deadline.signal.aborted).toBe(false);
  });
});
