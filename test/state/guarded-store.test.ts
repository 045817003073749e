import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { RedisSettings } from "../../gateway/config/redis-url.ts";
import type { Charge, Reservation } from "../../gateway/state/budget-store.ts";
import { GuardedStore, type RemoteStore } from "../../gateway/state/guarded-store.ts";
import { LocalStore } from "../../gateway/state/local-store.ts";
import { RedisStore } from "../../gateway/state/redis-store.ts";
import { StoreFailure } from "../../gateway/state/store-failure.ts";
import { bucket, charge } from "../support/budget-rules.ts";
import { caught } from "../support/caught.ts";
import { eventually } from "../support/eventually.ts";
import { startRawServer } from "../support/raw-server.ts";
import { isWithoutRedis, TestRedis } from "../support/redis-server.ts";
import { SilentProxy } from "../support/silent-proxy.ts";

const standardTimeoutMs = 100;
/** For tests in which Redis answers, on a machine that may have much else to do. */
const calmTimeoutMs = 500;
/** What such a machine may add before a request is answered. */
const patienceMs = 400;

interface Guarded {
  readonly store: GuardedStore;
  /** In the order in which it was told. */
  readonly events: string[];
  readonly messages: string[];
}

const opened: GuardedStore[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.dispose()));
});

function guard(
  remote: RemoteStore,
  lost: "local" | "refuse" = "local",
  timeoutMs = standardTimeoutMs,
): Guarded {
  const events: string[] = [];
  const messages: string[] = [];
  const local = new LocalStore({
    maxBudgets: 100,
    now: () => Date.now(),
    monotonicNow: () => performance.now(),
    onForgotten: () => {},
  });
  const store = new GuardedStore(remote, {
    timeoutMs,
    probeEveryMs: 20,
    watchEveryMs: 50,
    local: lost === "local" ? local : null,
    observer: {
      onLost(failure) {
        events.push(`lost: ${failure.reason}`);
        messages.push(failure.message);
      },
      onBack: () => events.push("back"),
      onFailure: (reason) => events.push(reason),
    },
  });
  opened.push(store);
  return { store, events, messages };
}

async function remaining(store: GuardedStore, one: Charge): Promise<number | undefined> {
  const { states } = await store.reserve([{ ...one, amount: 0 }]);
  return states[0] === undefined ? undefined : Math.round(states[0].remaining);
}

describe("a store that answers too late", () => {
  /** Answers when it is told to; what is settled is noted. */
  class LateStore implements RemoteStore {
    readonly settled: number[] = [];
    readonly reservations: ((reservation: Reservation) => void)[] = [];
    isBack = true;

    reserve(): Promise<Reservation> {
      return new Promise((resolve) => void this.reservations.push(resolve));
    }
    async settle(settlements: readonly Charge[]): Promise<void> {
      this.settled.push(...settlements.map(({ amount }) => amount));
    }
    async probe(): Promise<void> {
      if (!this.isBack) throw new StoreFailure("connection", "not yet");
    }
    async dispose(): Promise<void> {}
  }
  const taken: Reservation = {
    refused: null,
    retryAfterMs: null,
    states: [],
    takenAtMs: 1,
    isLocalShare: false,
  };

  it("is given back what it took, because the process's own share was charged", async () => {
    const late = new LateStore();
    const { store } = guard(late);
    const reserved = await store.reserve([charge(bucket(10), 3)]);
    expect(reserved).toMatchObject({ refused: null, isLocalShare: true, states: [{ remaining: 7 }] });
    late.reservations[0]?.(taken);
    await eventually(() => expect(late.settled).toEqual([3]));
  });

  it("is given that back though it is not asked for anything else yet", async () => {
    const late = new LateStore();
    late.isBack = false;
    const { store, events } = guard(late);
    await store.reserve([charge(bucket(10), 3)]);
    late.reservations[0]?.(taken);
    await eventually(() => expect(late.settled).toEqual([3]));
    expect(events).toEqual(["timeout", "lost: timeout"]);
  });

  it("is given nothing back where it took nothing", async () => {
    const late = new LateStore();
    const { store } = guard(late);
    await store.reserve([charge(bucket(10), 3)]);
    late.reservations[0]?.({ ...taken, refused: 0, retryAfterMs: 1 });
    await sleep(10);
    expect(late.settled).toEqual([]);
  });

  it("is not a store that answered while the process itself was busy", async () => {
    const late = new LateStore();
    const { store, events } = guard(late);
    const asked = store.reserve([charge(bucket(10), 3)]);
    // As a socket's data would be: there, and to be read in the turn after the timers.
    const server = await startRawServer((socket) => socket.end("answer"));
    const [host = "", port = ""] = server.address.split(":");
    const socket = connect(Number(port), host, () => socket.write("ask"));
    socket.once("data", () => late.reservations[0]?.(taken));
    await eventually(() => expect(server.received).toBe("ask"));
    const endMs = performance.now() + 2 * standardTimeoutMs;
    while (performance.now() < endMs);
    expect(await asked).toMatchObject({ isLocalShare: false });
    expect(events).toEqual([]);
    socket.destroy();
    await server.stop();
  });

  it("settles what was granted meanwhile where it was granted", async () => {
    const late = new LateStore();
    late.isBack = false;
    const { store } = guard(late);
    const reserved = await store.reserve([charge(bucket(10), 3)]);
    late.isBack = true;
    store.settle([charge(bucket(10), 2)], reserved);
    expect(late.settled).toEqual([]);
    late.isBack = false;
    expect(await remaining(store, charge(bucket(10)))).toBe(9);
  });
});

describe("a Redis that is not there", () => {
  const nowhere: RedisSettings = {
    isTls: false,
    host: "127.0.0.1",
    port: 1,
    username: "gateway",
    password: "hunter2",
    database: 0,
  };

  it("keeps no start waiting for long, and no request", async () => {
    const { store, events } = guard(new RedisStore(nowhere));
    await store.open(100);
    expect(events).toEqual(["lost: connection"]);
    const beganMs = performance.now();
    expect(await store.reserve([charge(bucket(1))])).toMatchObject({ refused: null, isLocalShare: true });
    expect(await store.reserve([charge(bucket(1))])).toMatchObject({ refused: 0 });
    expect(performance.now() - beganMs).toBeLessThan(20);
    store.settle([charge(bucket(1))], { takenAtMs: 1, isLocalShare: false });
    expect(events).toEqual(["lost: connection", "away", "away", "away"]);
  });

  it("lets nothing through where that is wanted", async () => {
    const { store } = guard(new RedisStore(nowhere), "refuse");
    await store.open(0);
    await expect(async () => store.reserve([charge(bucket(1))])).rejects.toMatchObject({
      code: "STATE_UNAVAILABLE",
      entry: { status: 503, isRetryable: true, isDenial: true },
    });
  });
});

it("a server that takes the connection and says nothing delays nobody for longer than the timeout", async () => {
  const silent = await startRawServer(() => {});
  const [host = "", port = "0"] = silent.address.split(":");
  const remote = new RedisStore({
    isTls: false,
    host,
    port: Number(port),
    username: null,
    password: null,
    database: 0,
  });
  const { store, events } = guard(remote);
  await store.open(0);
  const beganMs = performance.now();
  expect(await store.reserve([charge(bucket(1))])).toMatchObject({ isLocalShare: true });
  expect(performance.now() - beganMs).toBeLessThan(standardTimeoutMs + patienceMs);
  expect(events[0]).toMatch(/^lost/);
  await store.dispose();
  opened.splice(0);
  await silent.stop();
});

describe.skipIf(isWithoutRedis)("a Redis that goes away (needs redis-server)", () => {
  let redis: TestRedis;
  afterEach(() => redis.stop());

  async function open(lost?: "local" | "refuse", settings: Partial<RedisSettings> = {}): Promise<Guarded> {
    const guarded = guard(new RedisStore({ ...redis.settings, ...settings }), lost, calmTimeoutMs);
    await guarded.store.open(3000);
    return guarded;
  }

  it.each<[how: string, away: () => unknown, back: () => unknown]>([
    ["is frozen", () => redis.freeze(), () => redis.thaw()],
    ["is killed", () => redis.stop(), () => redis.restart()],
  ])(
    "and %s under load lets no request wait, and is used again by itself",
    { timeout: 60_000 },
    async (_how, away, back) => {
      redis = await TestRedis.start();
      const { store, events } = await open();
      expect(events).toEqual(["back"]);
      const rule = bucket(1e9);
      const ending = new AbortController();
      let slowestMs = 0;
      let local = 0;
      const load = Array.from({ length: 20 }, async () => {
        while (!ending.signal.aborted) {
          const beganMs = performance.now();
          const reserved = await store.reserve([charge(rule)]);
          slowestMs = Math.max(slowestMs, performance.now() - beganMs);
          if (reserved.isLocalShare) local += 1;
          store.settle([charge(rule, 0.5)], reserved);
          await sleep(1);
        }
      });
      await sleep(100);
      expect(local).toBe(0);
      await away();
      await eventually(() => expect(events.some((event) => event.startsWith("lost"))).toBe(true));
      await sleep(100);
      expect(local).toBeGreaterThan(0);
      await back();
      await eventually(() => expect(events.at(-1)).toBe("back"));
      const localBefore = local;
      await sleep(100);
      ending.abort();
      await Promise.all(load);
      expect(local).toBe(localBefore);
      expect(slowestMs).toBeLessThan(calmTimeoutMs + patienceMs);
      expect(events.filter((event) => event.startsWith("lost"))).toHaveLength(1);
    },
  );

  it("has its budgets as they were where it only was out of reach, and each process grants a share meanwhile", async () => {
    redis = await TestRedis.start();
    const [one, other] = [await open(), await open()];
    const rule = bucket(10);
    await one.store.reserve([charge(rule, 8)]);
    redis.freeze();
    expect(await one.store.reserve([charge(rule, 9)])).toMatchObject({ refused: null, isLocalShare: true });
    expect(await other.store.reserve([charge(rule, 9)])).toMatchObject({ refused: null, isLocalShare: true });
    expect(await one.store.reserve([charge(rule, 9)])).toMatchObject({ refused: 0, isLocalShare: true });
    redis.thaw();
    await eventually(async () => expect(one.events.at(-1)).toBe("back"));
    await eventually(async () => expect(await remaining(one.store, charge(rule))).toBe(2));
  });

  it("has a share once, however often it comes and goes", async () => {
    redis = await TestRedis.start();
    const { store, events } = await open();
    for (const [round, refused] of [null, 0].entries()) {
      await redis.stop();
      await eventually(async () => {
        await store.reserve([charge(bucket(1e9, 1, "other"))]);
        expect(events.at(-1)).toBe("away");
      });
      expect(await store.reserve([charge(bucket(5), 5)])).toMatchObject({ refused, isLocalShare: true });
      await redis.restart();
      await eventually(() => expect(events.filter((event) => event === "back")).toHaveLength(round + 2));
    }
  });

  it("lets nothing through until it is back where that is wanted", async () => {
    redis = await TestRedis.start();
    const { store, events } = await open("refuse");
    redis.freeze();
    expect(await caught((async () => store.reserve([charge(bucket(1))]))())).toMatchObject({
      code: "STATE_UNAVAILABLE",
    });
    redis.thaw();
    await eventually(() => expect(events.at(-1)).toBe("back"));
    expect(await store.reserve([charge(bucket(5))])).toMatchObject({ refused: null, isLocalShare: false });
  });

  it.each([false, true])(
    "without a word, as a network does, is reached by a new connection, be that silent at first: %s",
    {
      timeout: 30_000,
    },
    async (isSilentAtFirst) => {
      redis = await TestRedis.start();
      const proxy = await SilentProxy.start(redis.port);
      const { store, events } = await open("local", { port: proxy.port });
      await store.reserve([charge(bucket(10), 4)]);
      expect(events).toEqual(["back"]);
      proxy.silence();
      proxy.isSilent = isSilentAtFirst;
      expect(await store.reserve([charge(bucket(10), 4)])).toMatchObject({ isLocalShare: true });
      await sleep(isSilentAtFirst ? 3000 : 0);
      expect(events.filter((event) => event === "back")).toHaveLength(1);
      proxy.isSilent = false;
      await vi.waitFor(() => expect(events.at(-1)).toBe("back"), { timeout: 10_000, interval: 10 });
      expect(await remaining(store, charge(bucket(10)))).toBe(6);
      await store.dispose();
      opened.splice(0);
      await proxy.stop();
    },
  );

  it("and is full is one that is away, until it has room", async () => {
    redis = await TestRedis.start("--maxmemory", "1", "--maxmemory-policy", "noeviction");
    const { store, events, messages } = await open();
    expect(events).toEqual(["lost: answer"]);
    expect(messages[0]).toMatch(/OOM/);
    expect(await store.reserve([charge(bucket(1))])).toMatchObject({ isLocalShare: true });
  });

  it("is noticed by who asks for nothing", async () => {
    redis = await TestRedis.start();
    const { store, events } = await open();
    await redis.stop();
    await eventually(() => expect(events).toEqual(["back", "lost: connection"]));
    expect(await store.reserve([charge(bucket(1))])).toMatchObject({ isLocalShare: true });
    expect(events.at(-1)).toBe("away");
  });

  it("asks for a password, which no message tells", async () => {
    redis = await TestRedis.start("--requirepass", "hunter2");
    const right = await open("local", { password: "hunter2" });
    expect(right.events).toEqual(["back"]);
    for (const password of ["hunter3", null]) {
      const { store, events, messages } = guard(
        new RedisStore({ ...redis.settings, password }),
        "local",
        calmTimeoutMs,
      );
      await store.open(100);
      expect(events[0]).toMatch(/^lost/);
      expect(messages.join()).toMatch(password === null ? /NOAUTH/ : /WRONGPASS/);
      expect(messages.join()).not.toMatch(/hunter/);
    }
  });

  it("keeps databases apart", async () => {
    redis = await TestRedis.start();
    const [one, other] = [await open(), await open("local", { database: 3 })];
    await one.store.reserve([charge(bucket(5), 5)]);
    expect(await remaining(other.store, charge(bucket(5)))).toBe(5);
  });
});
