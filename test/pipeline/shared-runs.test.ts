import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Deadline } from "../../gateway/core/deadline.ts";
import { OverlockError } from "../../gateway/core/errors.ts";
import type { UpstreamCall } from "../../gateway/core/request-scope.ts";
import { type RunParts, type Share, SharedRuns } from "../../gateway/pipeline/shared-runs.ts";
import { caught } from "../support/caught.ts";
import { createScope, type TestScope } from "../support/request-scope.ts";

const call: UpstreamCall = {
  source: "catalog",
  coordinate: "Query.a",
  durationMs: 1,
  isJoined: false,
  code: null,
};

/** A request that waits. */
class Request {
  readonly #abort = new AbortController();
  readonly scope: TestScope;
  readonly client = Deadline.start(60_000, this.#abort.signal);

  constructor(timeoutMs = 10_000) {
    this.scope = createScope({ timeoutMs });
  }

  goAway(): void {
    this.#abort.abort();
  }
}

/** A run that ends when the test says so. */
class Run {
  parts: RunParts | null = null;
  readonly #end = Promise.withResolvers<string>();

  readonly start = (parts: RunParts): Promise<string> => {
    expect(this.parts).toBeNull();
    this.parts = parts;
    parts.deadline.onExpire((reason) => this.#end.reject(reason));
    return this.#end.promise;
  };

  get deadline(): Deadline {
    const { parts } = this;
    if (parts === null) throw new Error("Expected a run that was started.");
    return parts.deadline;
  }

  answer(text: string): void {
    this.parts?.recordUpstreamCall(call);
    this.#end.resolve(text);
  }

  fail(error: Error): void {
    this.parts?.recordUpstreamCall(call);
    this.#end.reject(error);
  }
}

let runs: SharedRuns<string>;
beforeEach(() => {
  vi.useFakeTimers();
  runs = new SharedRuns();
});
afterEach(() => vi.useRealTimers());

function share(request: Request, run: Run, key = "a"): Share<string> {
  const found = runs.share(key, request, run.start);
  if (found === null) throw new Error("Expected a share.");
  return found;
}

describe("requests with one key", () => {
  test("have one run while it is under way, and another one afterwards", async () => {
    const [run, next, requests] = [new Run(), new Run(), [new Request(), new Request(), new Request()]];
    const shares = requests.map((request) => share(request, run));
    expect(shares.map(({ isJoined }) => isJoined)).toEqual([false, true, true]);
    run.answer("x");
    expect(await Promise.all(shares.map(({ result }) => result))).toEqual(["x", "x", "x"]);
    expect(runs.size).toBe(0);
    const later = share(new Request(), next);
    next.answer("y");
    expect([later.isJoined, await later.result]).toEqual([false, "y"]);
  });

  test("have a run each where the key differs", async () => {
    const [one, two] = [new Run(), new Run()];
    const shares = [share(new Request(), one, "a"), share(new Request(), two, "b")];
    one.answer("x");
    two.answer("y");
    expect(await Promise.all(shares.map(({ result }) => result))).toEqual(["x", "y"]);
  });

  test("share a failure, and the next one tries again", async () => {
    const [run, next] = [new Run(), new Run()];
    const shares = [share(new Request(), run), share(new Request(), run)];
    const failure = new OverlockError("RESPONSE_TOO_LARGE", "too much");
    run.fail(failure);
    for (const { result } of shares) expect(await caught(result)).toBe(failure);
    expect(share(new Request(), next).isJoined).toBe(false);
  });

  test("leave the calls to the one that began the run, however it ended", async () => {
    for (const end of ["answer", "fail"] as const) {
      const [run, first, second] = [new Run(), new Request(), new Request()];
      const shares = [share(first, run, end), share(second, run, end)];
      if (end === "answer") run.answer("x");
      else run.fail(new Error("no"));
      await Promise.allSettled(shares.map(({ result }) => result));
      expect([first.scope.calls, second.scope.calls]).toEqual([[call], []]);
    }
  });

  test("answer each for all calls that the run has begun, also where they leave", async () => {
    const [run, first, second] = [new Run(), new Request(), new Request()];
    const shares = [share(first, run), share(second, run)];
    if (run.parts !== null) run.parts.progress.startedCalls = 2;
    second.goAway();
    expect(shares.map(({ progress }) => progress.startedCalls)).toEqual([2, 2]);
    run.answer("x");
    await Promise.allSettled(shares.map(({ result }) => result));
    expect(shares.map(({ progress }) => progress.startedCalls)).toEqual([2, 2]);
  });

  test("are 1,000 and more, all answered, some of them in later turns of the event loop", async () => {
    const run = new Run();
    let answered = 0;
    const shares = Array.from({ length: 1001 }, () => share(new Request(), run));
    const all = Promise.all(shares.map(({ result }) => result.then(() => answered++)));
    run.answer("x");
    await vi.advanceTimersByTimeAsync(0);
    expect(answered).toBeGreaterThan(0);
    await vi.runAllTimersAsync();
    await all;
    expect(answered).toBe(1001);
  });

  test("are run each by itself where too many others are under way", async () => {
    runs = new SharedRuns(1);
    const [one, two, three] = [new Run(), new Run(), new Run()];
    const shares = [
      share(new Request(), one, "a"),
      share(new Request(), two, "b"),
      share(new Request(), three, "b"),
    ];
    expect([runs.size, ...shares.map(({ isJoined }) => isJoined)]).toEqual([1, false, false, false]);
    for (const run of [one, two, three]) run.answer("x");
    await Promise.all(shares.map(({ result }) => result));
  });
});

describe("a client that goes away", () => {
  test("leaves the others in peace where it had begun the run, and the calls are the next one's", async () => {
    const [run, first, second, third] = [new Run(), new Request(), new Request(), new Request()];
    const [one, two] = [share(first, run), share(second, run), share(third, run)];
    first.goAway();
    expect(await caught(one.result)).toMatchObject({ code: "CANCELLED" });
    expect(run.deadline.expiredBy).toBeNull();
    expect(share(new Request(), run).isJoined).toBe(true);
    run.answer("x");
    expect(await two.result).toBe("x");
    expect([first.scope.calls, second.scope.calls, third.scope.calls]).toEqual([[], [call], []]);
  });

  test("leaves the others in peace where it had joined", async () => {
    const [run, first, second] = [new Run(), new Request(), new Request()];
    const [one, two] = [share(first, run), share(second, run)];
    second.goAway();
    expect(await caught(two.result)).toMatchObject({ code: "CANCELLED" });
    expect(run.deadline.expiredBy).toBeNull();
    run.answer("x");
    expect([await one.result, first.scope.calls]).toEqual(["x", [call]]);
  });

  test.each([
    ["the first last", [1, 2, 0]],
    ["the first first", [0, 2, 1]],
  ])("cancels the run where nobody is left, %s, and nobody joins it then", async (_what, order) => {
    const [run, requests] = [new Run(), [new Request(), new Request(), new Request()]];
    const shares = requests.map((request) => share(request, run));
    const settled = Promise.allSettled(shares.map(({ result }) => result));
    for (const index of order) {
      expect(run.deadline.expiredBy).toBeNull();
      requests[index]?.goAway();
    }
    expect(run.deadline.expiredBy).toMatchObject({ code: "CANCELLED" });
    expect(share(new Request(), new Run()).isJoined).toBe(false);
    for (const result of await settled)
      expect(result).toMatchObject({ status: "rejected", reason: { code: "CANCELLED" } });
  });

  test("gets what the run came to where it was the last, with its calls", async () => {
    const [run, request] = [new Run(), new Request()];
    let isCancelled = false;
    const { result } = share(request, run);
    run.deadline.onExpire(() => (isCancelled = true));
    request.goAway();
    await caught(result);
    expect(isCancelled).toBe(true);
  });

  test("begins nothing where it has gone before", () => {
    const [run, request] = [new Run(), new Request()];
    request.goAway();
    expect(() => share(request, run)).toThrow(expect.objectContaining({ code: "CANCELLED" }) as Error);
    expect([run.parts, runs.size]).toEqual([null, 0]);
  });

  test("is answered no more where it goes while others are answered", async () => {
    const run = new Run();
    const requests = Array.from({ length: 250 }, () => new Request());
    const shares = requests.map((request) => share(request, run));
    const settled = Promise.allSettled(shares.map(({ result }) => result));
    run.answer("x");
    await vi.advanceTimersByTimeAsync(0);
    requests.at(-1)?.goAway();
    await vi.runAllTimersAsync();
    const statuses = (await settled).map(({ status }) => status);
    expect(statuses.filter((status) => status === "fulfilled").length).toBeGreaterThanOrEqual(249);
  });
});

describe("time", () => {
  test("is that of the request that begins the run", async () => {
    const [run, request] = [new Run(), new Request(700)];
    const { result } = share(request, run);
    const failure = caught(result);
    await vi.advanceTimersByTimeAsync(690);
    expect(run.deadline.expiredBy).toBeNull();
    await vi.advanceTimersByTimeAsync(20);
    expect(await failure).toMatchObject({ code: "REQUEST_TIMEOUT" });
  });

  test("of whoever has less is not risked: it is run by itself", async () => {
    const [run, hasty] = [new Run(), new Request(50)];
    const { result } = share(new Request(100), run);
    expect(runs.share("a", hasty, run.start)).toBeNull();
    run.answer("x");
    expect(await result).toBe("x");
  });

  test("of whoever asks late is not cut short: in the second half there is another run", async () => {
    const [run, next] = [new Run(), new Run()];
    const early = share(new Request(1000), run);
    await vi.advanceTimersByTimeAsync(490);
    const joined = share(new Request(1000), run);
    await vi.advanceTimersByTimeAsync(20);
    const late = share(new Request(1000), next);
    const last = share(new Request(1000), next);
    expect([joined, late, last].map(({ isJoined }) => isJoined)).toEqual([true, false, true]);
    run.answer("x");
    expect(await Promise.all([early.result, joined.result])).toEqual(["x", "x"]);
    // The end of the first run has not taken away the place of the second.
    expect(share(new Request(1000), next).isJoined).toBe(true);
    next.answer("y");
    expect(await Promise.all([late.result, last.result])).toEqual(["y", "y"]);
  });
});
