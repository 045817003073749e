import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Deadline } from "../../gateway/core/deadline.ts";
import { OverlockError } from "../../gateway/core/errors.ts";
import { InFlightReads } from "../../gateway/outbound/in-flight-reads.ts";
import { type CallOwner, exchangeUpstream } from "../../gateway/outbound/upstream-call.ts";
import { caught } from "../support/caught.ts";
import { createScope, type ScopeOptions, type TestScope } from "../support/request-scope.ts";

const reads = new InFlightReads();
const owner = {
  source: "shop",
  coordinate: "Query.a",
  timeoutMs: 100,
  isMutation: false,
  isSafe: true,
  reads,
};
let scope: TestScope;

/** Sends a call for its caller alone. */
function sendAlone<Answer>(
  caller: TestScope,
  callOwner: CallOwner,
  call: (deadline: Deadline) => Promise<Answer>,
): Promise<Answer> {
  return exchangeUpstream(caller, callOwner, { key: null, send: call, read: (answer) => answer });
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  expect(getEventListeners(scope.deadline.signal, "abort")).toEqual([]);
  scope.deadline.dispose();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe("a call", () => {
  test("that succeeds yields its answer, and is recorded with the time that it took", async () => {
    open();
    const answer = await sendAlone(scope, owner, async () => {
      await vi.advanceTimersByTimeAsync(30);
      return "answer";
    });
    expect(answer).toBe("answer");
    expect(scope.calls).toEqual([
      { source: "shop", coordinate: "Query.a", durationMs: 30, isJoined: false, code: null },
    ]);
  });

  test("that fails is recorded with its code", async () => {
    open();
    const error = new OverlockError("UPSTREAM_ERROR", "HTTP status 500");
    await expect(sendAlone(scope, owner, () => Promise.reject(error))).rejects.toBe(error);
    expect(scope.calls).toMatchObject([{ code: "UPSTREAM_ERROR" }]);
  });

  test("that fails without a code is an error of the gateway's own", async () => {
    open();
    const thrown = new TypeError("x");
    const call = sendAlone(scope, owner, () => {
      throw thrown;
    });
    await expect(call).rejects.toMatchObject({ code: "INTERNAL_SERVER_ERROR", cause: thrown });
    expect(scope.calls).toMatchObject([{ code: "INTERNAL_SERVER_ERROR" }]);
  });
});

describe("a call that was begun", () => {
  test("is counted before it has ended, and whatever becomes of it", async () => {
    open();
    const never = sendAlone(scope, owner, () => {
      expect(scope.progress.startedCalls).toBe(1);
      return Promise.reject(new OverlockError("UPSTREAM_ERROR", "HTTP status 500"));
    });
    await expect(never).rejects.toMatchObject({ code: "UPSTREAM_ERROR" });
    expect(scope.progress.startedCalls).toBe(1);
  });

  test("is counted where it joins another one", async () => {
    open();
    const answers = [1, 2].map(() =>
      exchangeUpstream(scope, owner, { key: "same", send: () => Promise.resolve(1), read: (raw) => raw }),
    );
    expect(await Promise.all(answers)).toEqual([1, 1]);
    expect(scope.progress.startedCalls).toBe(2);
  });
});

describe("time that runs out", () => {
  test("of the source is UPSTREAM_TIMEOUT and says how long it waited", async () => {
    open();
    const call = caught(sendAlone(scope, owner, hang));
    await vi.advanceTimersByTimeAsync(99);
    expect(scope.calls).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(await call).toMatchObject({
      code: "UPSTREAM_TIMEOUT",
      message: "shop did not answer Query.a within 100 ms",
    });
    expect(scope.calls).toMatchObject([{ code: "UPSTREAM_TIMEOUT", durationMs: 100 }]);
  });

  test.each([
    ["with the request's", 50],
    ["at the same time", 100],
  ])("of the source %s is the request's: REQUEST_TIMEOUT", async (_when, timeoutMs) => {
    open({ timeoutMs });
    const call = caught(sendAlone(scope, owner, hang));
    await vi.advanceTimersByTimeAsync(timeoutMs);
    expect(await call).toMatchObject({ code: "REQUEST_TIMEOUT" });
  });

  test("of the request is REQUEST_TIMEOUT, though the call's own timer fires first", async () => {
    open({ timeoutMs: 50 });
    // The request's timer stands still: only the call's, made later for the same moment, fires.
    vi.spyOn(scope.deadline, "expiredBy", "get").mockReturnValue(null);
    const call = caught(sendAlone(scope, owner, hang));
    await vi.advanceTimersByTimeAsync(50);
    expect(await call).toMatchObject({ code: "REQUEST_TIMEOUT" });
  });

  test("of the request is REQUEST_TIMEOUT, though a client library noticed it first", async () => {
    open({ timeoutMs: 50 });
    const call = caught(
      sendAlone(scope, owner, async () => {
        vi.spyOn(performance, "now").mockReturnValue(performance.now() + 50);
        throw new OverlockError("UPSTREAM_TIMEOUT", "Deadline exceeded");
      }),
    );
    expect(await call).toMatchObject({ code: "REQUEST_TIMEOUT" });
    vi.restoreAllMocks();
  });

  test("at the backend before it does here stays UPSTREAM_TIMEOUT", async () => {
    open();
    const error = new OverlockError("UPSTREAM_TIMEOUT", "HTTP status 504");
    await expect(sendAlone(scope, owner, () => Promise.reject(error))).rejects.toBe(error);
  });
});

describe("a client that goes away", () => {
  test("cancels the call", async () => {
    const client = new AbortController();
    open({ client: client.signal });
    const call = caught(sendAlone(scope, owner, hang));
    client.abort();
    expect(await call).toMatchObject({ code: "CANCELLED" });
    expect(scope.calls).toMatchObject([{ code: "CANCELLED" }]);
  });

  test("explains whatever else went wrong then", async () => {
    const client = new AbortController();
    open({ client: client.signal });
    const call = sendAlone(scope, owner, async () => {
      client.abort();
      throw new OverlockError("UPSTREAM_UNREACHABLE", "socket closed");
    });
    await expect(call).rejects.toMatchObject({ code: "CANCELLED" });
  });
});

function open(options: ScopeOptions = {}): void {
  scope = createScope(options);
}

/** As every client library does: rejects with the signal's reason. */
function hang(deadline: Deadline): Promise<never> {
  return new Promise((_resolve, reject) => {
    deadline.signal.addEventListener("abort", () => reject(deadline.signal.reason as Error), { once: true });
  });
}

describe("a mutation", () => {
  const mutation = { ...owner, isMutation: true, isSafe: false };

  test("that was sent goes on where its client went away, and is recorded as what it came to", async () => {
    const client = new AbortController();
    open({ client: client.signal });
    const signals: AbortSignal[] = [];
    const call = sendAlone(scope, mutation, async ({ signal }) => {
      signals.push(signal);
      await vi.advanceTimersByTimeAsync(50);
      return "answer";
    });
    client.abort();
    expect(await call).toBe("answer");
    expect(signals.map((signal) => signal.aborted)).toEqual([false]);
    expect(scope.calls).toMatchObject([{ code: null, durationMs: 50 }]);
  });

  test("that fails without its client fails with its own code", async () => {
    const client = new AbortController();
    open({ client: client.signal });
    const call = caught(
      sendAlone(scope, mutation, async () => {
        client.abort();
        throw new OverlockError("UPSTREAM_REJECTED", "HTTP status 422");
      }),
    );
    expect(await call).toMatchObject({ code: "UPSTREAM_REJECTED" });
  });

  test("is not sent for a client that has gone", async () => {
    const client = new AbortController();
    open({ client: client.signal });
    client.abort();
    const send = vi.fn();
    expect(await caught(sendAlone(scope, mutation, send))).toMatchObject({ code: "CANCELLED" });
    expect(send).not.toHaveBeenCalled();
  });

  test("ends when its time runs out, the source's or the request's", async () => {
    open({ timeoutMs: 60 });
    const call = caught(sendAlone(scope, mutation, hang));
    await vi.advanceTimersByTimeAsync(60);
    expect(await call).toMatchObject({ code: "REQUEST_TIMEOUT" });
  });
});
