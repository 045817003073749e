import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Deadline } from "../../gateway/core/deadline.ts";
import { OverlockError } from "../../gateway/core/errors.ts";
import { InFlightReads } from "../../gateway/outbound/in-flight-reads.ts";
import { type CallOwner, exchangeUpstream } from "../../gateway/outbound/upstream-call.ts";
import { caught } from "../support/caught.ts";
import { createScope, type ScopeOptions, type TestScope } from "../support/request-scope.ts";

/** A call that was sent; the test says when it ends. */
interface SentCall {
  readonly deadline: Deadline;
  answer(value: unknown): void;
  fail(error: unknown): void;
}

let reads: InFlightReads;
let owner: CallOwner;
let sent: SentCall[];
const scopes: TestScope[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  reads = new InFlightReads();
  owner = {
    source: "shop",
    coordinate: "Query.a",
    timeoutMs: 1000,
    isMutation: false,
    isSafe: true,
    reads,
  };
  sent = [];
});
afterEach(() => {
  for (const scope of scopes.splice(0)) scope.deadline.dispose();
  expect(reads.size).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

function caller(options: ScopeOptions = {}): TestScope {
  const scope = createScope(options);
  scopes.push(scope);
  return scope;
}

/** As every client of ours: rejects where its deadline ends. */
function send(deadline: Deadline): Promise<unknown> {
  return new Promise((resolve, reject) => {
    deadline.onExpire(reject);
    sent.push({ deadline, answer: resolve, fail: reject });
  });
}

function read(scope: TestScope, key = "GET /a"): Promise<unknown> {
  return exchangeUpstream(scope, owner, { key, send, read: (raw) => raw });
}

function change(scope: TestScope, changing: CallOwner): Promise<unknown> {
  return exchangeUpstream(scope, changing, { key: null, send, read: (raw) => raw });
}

function write(scope: TestScope): Promise<unknown> {
  return change(scope, { ...owner, isMutation: true, isSafe: false });
}

/** What each caller was told so far: its answer, the code of its error, or that it has to wait. */
function watch(calls: readonly Promise<unknown>[]): () => Promise<readonly unknown[]> {
  const told: unknown[] = calls.map(() => "waiting");
  for (const [index, call] of calls.entries()) {
    call.then(
      (answer) => (told[index] = answer),
      (error: unknown) => (told[index] = (error as OverlockError).code),
    );
  }
  return async () => {
    await vi.advanceTimersByTimeAsync(0);
    return [...told];
  };
}

describe("equal reads", () => {
  test("that are under way together are sent once and answered alike", async () => {
    const callers = Array.from({ length: 64 }, () => caller());
    const calls = callers.map((scope) => read(scope));
    expect(sent).toHaveLength(1);
    const row = { id: "p1" };
    sent[0]?.answer(row);
    for (const answer of await Promise.all(calls)) expect(answer).toBe(row);
    expect(callers.flatMap((scope) => scope.calls.map(({ isJoined }) => isJoined))).toEqual([
      false,
      ...Array.from({ length: 63 }, () => true),
    ]);
  });

  test("one after the other are sent each", async () => {
    for (const value of [1, 2]) {
      const call = read(caller());
      sent.at(-1)?.answer(value);
      expect(await call).toBe(value);
    }
    expect(sent).toHaveLength(2);
  });

  test("are told apart by every character of their key", async () => {
    const keys = ["GET /a", "HEAD /a", "GET /a ", "GET /A", "GET /a\n"];
    const calls = keys.map((key) => read(caller(), key));
    expect(sent).toHaveLength(keys.length);
    for (const [index, call] of sent.entries()) call.answer(index);
    expect(await Promise.all(calls)).toEqual([0, 1, 2, 3, 4]);
  });

  test("are each made something of by their own caller", async () => {
    const [first, second] = [caller(), caller()];
    const calls = [
      exchangeUpstream(first, owner, { key: "k", send, read: (raw) => `first ${String(raw)}` }),
      exchangeUpstream(second, owner, {
        key: "k",
        send,
        read: () => {
          throw new OverlockError("UPSTREAM_INVALID_RESPONSE", "not for me");
        },
      }),
    ];
    const told = watch(calls);
    sent[0]?.answer("row");
    expect(await told()).toEqual(["first row", "UPSTREAM_INVALID_RESPONSE"]);
    expect([first.calls[0]?.code, second.calls[0]?.code]).toEqual([null, "UPSTREAM_INVALID_RESPONSE"]);
  });

  test("without a key, or with one that is too long, are sent each", async () => {
    const long = "x".repeat(65_537);
    for (const key of [null, long]) {
      const calls = [0, 1].map(() => exchangeUpstream(caller(), owner, { key, send, read: (raw) => raw }));
      expect(sent).toHaveLength(2);
      for (const call of sent.splice(0)) call.answer(1);
      await Promise.all(calls);
    }
    const calls = [0, 1].map(() => read(caller(), long.slice(1)));
    expect(sent).toHaveLength(1);
    sent[0]?.answer(1);
    await Promise.all(calls);
  });

  test("beyond as many as may be under way are sent each", async () => {
    reads = new InFlightReads(2);
    owner = { ...owner, reads };
    const calls = ["a", "b", "c", "a", "b", "c"].map((key) => read(caller(), key));
    expect([sent.length, reads.size]).toEqual([4, 2]);
    for (const call of sent) call.answer(1);
    await Promise.all(calls);
  });
});

describe("a failure", () => {
  test("is everybody's, as an error of their own", async () => {
    const callers = [caller(), caller(), caller()];
    const calls = callers.map((scope) => caught(read(scope)));
    sent[0]?.fail(new OverlockError("UPSTREAM_UNREACHABLE", "socket closed"));
    const errors = (await Promise.all(calls)) as OverlockError[];
    expect(errors.map(({ code, message }) => [code, message])).toEqual(
      errors.map(() => ["UPSTREAM_UNREACHABLE", "socket closed"]),
    );
    expect(new Set(errors).size).toBe(3);
    expect(callers.map((scope) => scope.calls[0]?.code)).toEqual(errors.map(({ code }) => code));
  });

  test("is not kept: who asks next asks anew", async () => {
    const failed = caught(read(caller()));
    sent[0]?.fail(new TypeError("x"));
    expect(await failed).toMatchObject({ code: "INTERNAL_SERVER_ERROR" });
    const next = read(caller());
    sent[1]?.answer("fine");
    expect(await next).toBe("fine");
  });
});

describe("a write", () => {
  test("ends what may be joined, when it begins and when it has ended, so that nobody reads what was true before", async () => {
    const early = read(caller());
    const writing = write(caller());
    const during = [read(caller()), read(caller())];
    // The early read, the write, and one read for both that began during it.
    expect(sent).toHaveLength(3);
    sent[1]?.answer("written");
    await writing;
    const late = [read(caller()), read(caller())];
    expect(sent).toHaveLength(4);
    for (const [index, call] of sent.entries()) call.answer(index);
    expect(await Promise.all([early, ...during, ...late])).toEqual([0, 2, 2, 3, 3]);
  });

  test.each([
    ["that fails", (call: SentCall | undefined) => call?.fail(new OverlockError("UPSTREAM_REJECTED", "no"))],
    ["that takes too long", () => vi.advanceTimersByTime(1000)],
  ])("%s has ended like any other", async (_how, end) => {
    owner = { ...owner, timeoutMs: 5000 };
    const writing = caught(change(caller(), { ...owner, isMutation: true, isSafe: false, timeoutMs: 1000 }));
    const during = read(caller());
    end(sent[0]);
    await writing;
    const late = read(caller());
    expect(sent).toHaveLength(3);
    sent[1]?.answer("before");
    sent[2]?.answer("after");
    expect(await Promise.all([during, late])).toEqual(["before", "after"]);
  });

  test("whose client has gone keeps its epochs until it has ended", async () => {
    const client = new AbortController();
    const writing = write(caller({ client: client.signal }));
    client.abort();
    const during = read(caller());
    sent[0]?.answer("written");
    await writing;
    const late = read(caller());
    sent[1]?.answer("before");
    sent[2]?.answer("after");
    expect(await Promise.all([during, late])).toEqual(["before", "after"]);
  });

  test("beside another one is no reason to join what began before the other's end", async () => {
    const writes = [write(caller()), write(caller())];
    const between = read(caller());
    sent[0]?.answer("first");
    await writes[0];
    const after = read(caller());
    sent[1]?.answer("second");
    await writes[1];
    const last = read(caller());
    expect(sent).toHaveLength(5);
    for (const [index, call] of sent.entries()) call.answer(index);
    expect(await Promise.all([between, after, last])).toEqual([2, 3, 4]);
  });

  test("is never shared, whatever it says", async () => {
    const calls = [write(caller()), write(caller())];
    expect(sent).toHaveLength(2);
    for (const call of sent) call.answer(1);
    await Promise.all(calls);
  });

  test("to one source says nothing of another's reads", async () => {
    const other = { ...owner, reads: new InFlightReads() };
    const calls = [exchangeUpstream(caller(), other, { key: "k", send, read: (raw) => raw })];
    const writing = write(caller());
    calls.push(exchangeUpstream(caller(), other, { key: "k", send, read: (raw) => raw }));
    expect(sent).toHaveLength(2);
    for (const call of sent) call.answer(1);
    await Promise.all([...calls, writing]);
  });
});

describe("a caller", () => {
  test.each([0, 1, 2])("that goes away, be it number %i of three, takes nobody along", async (who) => {
    const clients = [new AbortController(), new AbortController(), new AbortController()];
    const callers = clients.map((client) => caller({ client: client.signal }));
    const told = watch(callers.map((scope) => read(scope)));
    clients[who]?.abort();
    expect(await told()).toEqual([0, 1, 2].map((index) => (index === who ? "CANCELLED" : "waiting")));
    expect(sent[0]?.deadline.expiredBy).toBeNull();
    sent[0]?.answer("row");
    expect(await told()).toEqual([0, 1, 2].map((index) => (index === who ? "CANCELLED" : "row")));
    expect(callers.map((scope) => scope.calls.map(({ code }) => code))).toEqual(
      [0, 1, 2].map((index) => [index === who ? "CANCELLED" : null]),
    );
  });

  test("that is the last to go cancels the call, and who comes then sends another", async () => {
    const clients = [new AbortController(), new AbortController()];
    const told = watch(clients.map((client) => read(caller({ client: client.signal }))));
    clients[0]?.abort();
    expect(sent[0]?.deadline.expiredBy).toBeNull();
    clients[1]?.abort();
    expect(sent[0]?.deadline.expiredBy).toMatchObject({ code: "CANCELLED" });
    expect(await told()).toEqual(["CANCELLED", "CANCELLED"]);
    const next = read(caller());
    expect(sent).toHaveLength(2);
    sent[1]?.answer("row");
    expect(await next).toBe("row");
  });

  test("whose time runs out leaves the others theirs", async () => {
    owner = { ...owner, timeoutMs: 3000 };
    const told = watch([50, 5000].map((timeoutMs) => read(caller({ timeoutMs }))));
    await vi.advanceTimersByTimeAsync(50);
    expect(await told()).toEqual(["REQUEST_TIMEOUT", "waiting"]);
    await vi.advanceTimersByTimeAsync(850);
    sent[0]?.answer("row");
    expect(await told()).toEqual(["REQUEST_TIMEOUT", "row"]);
  });

  test("that joins with little time left does not wait for longer", async () => {
    const told = watch([5000, 50].map((timeoutMs) => read(caller({ timeoutMs }))));
    await vi.advanceTimersByTimeAsync(50);
    expect(await told()).toEqual(["waiting", "REQUEST_TIMEOUT"]);
    sent[0]?.answer("row");
    expect(await told()).toEqual(["row", "REQUEST_TIMEOUT"]);
  });

  test("that is gone already sends nothing and joins nothing", async () => {
    const first = read(caller());
    const gone = caller({ client: AbortSignal.abort() });
    expect(await caught(read(gone))).toMatchObject({ code: "CANCELLED" });
    expect(await caught(read(gone, "another"))).toMatchObject({ code: "CANCELLED" });
    expect(gone.calls).toMatchObject([
      { code: "CANCELLED", isJoined: false },
      { code: "CANCELLED", isJoined: false },
    ]);
    expect(sent).toHaveLength(1);
    sent[0]?.answer(1);
    await first;
  });
});

describe("the source's time", () => {
  test("is the call's own, however little its first caller has left", async () => {
    const short = caught(read(caller({ timeoutMs: 10 })));
    const long = read(caller());
    expect(sent[0]?.deadline.remainingMs).toBe(1000);
    await vi.advanceTimersByTimeAsync(900);
    sent[0]?.answer("row");
    expect([await short, await long]).toMatchObject([{ code: "REQUEST_TIMEOUT" }, "row"]);
  });

  test("ends the call for all who wait: UPSTREAM_TIMEOUT, each with the field it waited for", async () => {
    const first = caught(read(caller()));
    await vi.advanceTimersByTimeAsync(600);
    const other = { ...owner, coordinate: "Query.b" };
    const second = caught(exchangeUpstream(caller(), other, { key: "GET /a", send, read: (raw) => raw }));
    await vi.advanceTimersByTimeAsync(400);
    expect([await first, await second]).toMatchObject([
      { code: "UPSTREAM_TIMEOUT", message: "shop did not answer Query.a within 1000 ms" },
      { code: "UPSTREAM_TIMEOUT", message: "shop did not answer Query.b within 1000 ms" },
    ]);
    expect(sent).toHaveLength(1);
  });

  test("that ends with the request's is the request's: REQUEST_TIMEOUT", async () => {
    const calls = [caught(read(caller({ timeoutMs: 1000 }))), caught(read(caller({ timeoutMs: 4000 })))];
    await vi.advanceTimersByTimeAsync(1000);
    expect(await Promise.all(calls)).toMatchObject([
      { code: "REQUEST_TIMEOUT" },
      { code: "UPSTREAM_TIMEOUT" },
    ]);
  });
});
