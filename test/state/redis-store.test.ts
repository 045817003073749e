import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { windowStartMs } from "../../gateway/state/budget-arithmetic.ts";
import type { BudgetRule, Charge, Reservation } from "../../gateway/state/budget-store.ts";
import { LocalStore } from "../../gateway/state/local-store.ts";
import { windowScript } from "../../gateway/state/redis-scripts.ts";
import { RedisStore } from "../../gateway/state/redis-store.ts";
import type { Errand } from "../support/budget-client.ts";
import { bucket, charge, quota } from "../support/budget-rules.ts";
import { CertificateAuthority } from "../support/certificates.ts";
import { caught } from "../support/caught.ts";
import { eventually } from "../support/eventually.ts";
import { isWithoutRedis, TestRedis } from "../support/redis-server.ts";
import { lockfileNode } from "../support/test-process.ts";

/** Twenty on a machine that has time for it; at least three. */
const exactRuns = Number(process.env["EXACT_RUNS"] ?? "3");
const processes = 4;
const triesEach = 50;

describe.skipIf(isWithoutRedis)("budgets in Redis (needs redis-server)", () => {
  let redis: TestRedis;
  let store: RedisStore;
  let client: Redis;

  beforeAll(async () => {
    redis = await TestRedis.start();
    client = new Redis(redis.port, "127.0.0.1");
  });
  afterAll(async () => {
    client.disconnect();
    await redis.stop();
  });
  beforeEach(async () => {
    await client.flushall();
    store = new RedisStore(redis.settings);
    await eventually(() => store.probe());
  });
  afterEach(() => store.dispose());

  async function granted(tries: number, ...charges: readonly Charge[]): Promise<number> {
    const all = await Promise.all(Array.from({ length: tries }, () => store.reserve(charges)));
    return all.filter(({ refused }) => refused === null).length;
  }

  async function remaining(...charges: readonly Charge[]): Promise<readonly number[]> {
    const { states } = await store.reserve(charges.map((one) => ({ ...one, amount: 0 })));
    return states.map((state) => Math.round(state.remaining * 1000) / 1000);
  }

  it("let through exactly what they hold, however many ask at once", async () => {
    expect(await granted(200, charge(bucket(37)))).toBe(37);
    expect(await granted(200, charge(quota(41, "month")), charge(quota(60)))).toBe(41);
    expect(await remaining(charge(quota(60)))).toEqual([19]);
  });

  it("are taken all or none, of several consumers at once", async () => {
    const [mine, address] = [charge(bucket(10)), charge(bucket(3), 1, "192.0.2.1")];
    expect(await granted(20, mine, address)).toBe(3);
    expect(await remaining(mine, address)).toEqual([7, 0]);
    expect(await store.reserve([mine, charge(bucket(10), 11, "bob")])).toMatchObject({
      refused: 1,
      retryAfterMs: null,
    });
  });

  it("are settled up to the capacity and down to minus the capacity", async () => {
    const rule = bucket(10);
    const reserved = await store.reserve([charge(rule, 6)]);
    await store.settle([charge(rule, 2)], reserved);
    expect(await remaining(charge(rule))).toEqual([6]);
    await store.settle([charge(rule, 100)], reserved);
    expect(await remaining(charge(rule))).toEqual([10]);
    expect(await client.keys("*:test:*")).toEqual([]);
    await store.settle([charge(rule, -1e300)], reserved);
    expect(await remaining(charge(rule))).toEqual([-10]);
    await store.settle([charge(rule, Number.NaN), charge(rule, Infinity)], reserved);
    expect(await remaining(charge(rule))).toEqual([10]);
  });

  it("of a window that is over are not settled", async () => {
    const rule = quota(10);
    const { takenAtMs } = await store.reserve([charge(rule, 6)]);
    await store.settle([charge(rule, 6)], { takenAtMs: takenAtMs - 86_400_000, isLocalShare: false });
    expect(await remaining(charge(rule))).toEqual([4]);
  });

  it("are refilled by the server's clock", async () => {
    const rule = bucket(10, 0.1);
    const { takenAtMs } = await store.reserve([charge(rule, 10)]);
    const again = await eventually(async () => {
      const tried = await store.reserve([charge(rule, 5)]);
      expect(tried.refused).toBeNull();
      return tried;
    });
    const elapsedMs = again.takenAtMs - takenAtMs;
    expect(elapsedMs).toBeGreaterThanOrEqual(50);
    expect(again.states[0]?.remaining).toBeCloseTo(Math.min(10, elapsedMs * 0.1) - 5, 6);
  });

  it("fill from now on where the server's clock was set back since", async () => {
    const rule = bucket(10, 0.1);
    const { takenAtMs } = await store.reserve([charge(rule, 10)]);
    const [key = ""] = await client.keys("*:test:*");
    await client.set(key, `10 ${takenAtMs + 3_600_000}`);
    expect((await store.reserve([charge(rule, 5)])).refused).toBe(0);
    await eventually(async () => expect((await store.reserve([charge(rule, 5)])).refused).toBeNull());
  });

  it("fill as they say from where a lower capacity leaves them, however much was spent before", async () => {
    const before = await store.reserve([charge(bucket(1_000_000), 1_000_000)]);
    const rule = bucket(4, 0.05);
    const refused = await store.reserve([charge(rule)]);
    const elapsedMs = refused.takenAtMs - before.takenAtMs;
    expect(refused.retryAfterMs).toBeCloseTo((8 + 1 - 4) / 0.05 - elapsedMs, -1);
    await sleep((refused.retryAfterMs ?? 0) + 1);
    expect((await store.reserve([charge(rule)])).refused).toBeNull();
  });

  it("leave nothing behind when they are full again", async () => {
    await store.reserve([charge(bucket(10, 0.1), 10), charge(bucket(10, 1000, "fast"), 10)]);
    await eventually(async () => expect(await client.keys("*:test:*")).toEqual([]));
    await store.reserve([charge(quota(10)), charge(quota(10, "month")), charge(bucket(1e12, 1e-9), 1e12)]);
    const keys = await client.keys("*:test:*");
    const lives = await Promise.all(keys.map((key) => client.pttl(key)));
    expect(lives).toHaveLength(3);
    expect(Math.min(...lives)).toBeGreaterThan(0);
    expect(Math.max(...lives)).toBeLessThanOrEqual(315_360_000_000);
  });

  it("have keys that name no consumer, all of one consumer in one slot", async () => {
    const consumer = "ada@example.org";
    await store.reserve([charge(bucket(10), 1, consumer), charge(quota(10), 1, consumer)]);
    const keys = await client.keys("*:test:*");
    expect(keys.toSorted()).toEqual([
      expect.stringMatching(/^overlock:\{[\w-]{22}\}:test:bucket$/),
      expect.stringMatching(/^overlock:\{[\w-]{22}\}:test:day$/),
    ]);
    expect(new Set(keys.map((key) => /\{.*\}/.exec(key)?.[0])).size).toBe(1);
  });

  it("survive that Redis forgets the scripts", async () => {
    await granted(1, charge(bucket(10)));
    await client.script("FLUSH");
    expect(await granted(3, charge(bucket(10)))).toBe(3);
    expect(await remaining(charge(bucket(10)))).toEqual([6]);
  });

  it("begin anew where something else stands under their key", async () => {
    await granted(1, charge(bucket(10), 4));
    const [key = ""] = await client.keys("*:test:*");
    for (const text of ["", "nonsense", "1", "nan x", "nan 0", "-5 0"]) {
      await client.set(key, text);
      expect(await remaining(charge(bucket(10)))).toEqual([10]);
    }
  });

  it.each([
    ["a list", (key: string) => client.lpush(key, "1")],
    ["a hash", (key: string) => client.hset(key, "1", "2")],
    ["a set", (key: string) => client.sadd(key, "1")],
  ])("begin anew and are kept where %s stands under their key", async (_what, put) => {
    const rule = bucket(10);
    await store.reserve([charge(rule, 6)]);
    const [key = ""] = await client.keys("*:test:*");
    await client.del(key);
    await put(key);
    const reserved = await store.reserve([charge(rule, 4)]);
    expect(reserved).toMatchObject({ refused: null, states: [{ remaining: 6 }] });
    expect(await remaining(charge(rule))).toEqual([6]);
    await client.del(key);
    await put(key);
    await store.settle([charge(rule, -3)], reserved);
    expect(await remaining(charge(rule))).toEqual([7]);
  });

  it("say what a store in process says, for whatever is reserved and settled", async () => {
    const rules: readonly BudgetRule[] = [bucket(7), bucket(3, 1e-9, "other"), quota(5), quota(9, "month")];
    const charges = fc.array(
      fc.record({
        rule: fc.constantFrom(...rules),
        consumer: fc.constantFrom("a", "b"),
        amount: fc.nat({ max: 90 }).map((tenths) => tenths / 10),
      }),
      { maxLength: 4 },
    );
    const step = fc.record({ charges, settled: fc.integer({ min: -20, max: 20 }) });
    const told = ({ refused, retryAfterMs, states }: Reservation): unknown => ({
      refused,
      // Buckets here take years; how many milliseconds more is another matter.
      waits: retryAfterMs === null ? null : Math.floor(retryAfterMs / 10_000),
      remaining: states.map((state) => state.remaining.toFixed(4)),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        await client.flushall();
        let nowMs = 0;
        const local = new LocalStore({
          maxBudgets: 100,
          now: () => nowMs,
          monotonicNow: () => nowMs,
          onForgotten: () => {},
        });
        for (const { charges: wanted, settled } of steps) {
          const there = await store.reserve(wanted);
          nowMs = there.takenAtMs;
          const here = local.reserve(wanted);
          expect(told(there)).toEqual(told(here));
          const [first] = wanted;
          if (first === undefined || there.refused !== null) continue;
          await store.settle([{ ...first, amount: settled }], there);
          local.settle([{ ...first, amount: settled }], here);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("have the same days and months as the calendar", async () => {
    const moments = fc.date({
      min: new Date("1999-12-31"),
      max: new Date("2401-01-02"),
      noInvalidDate: true,
    });
    await fc.assert(
      fc.asyncProperty(moments, fc.constantFrom("day", "month"), async (date, window) => {
        const ms = date.getTime();
        const answer = (await client.eval(windowScript, 0, window, String(ms))) as readonly string[];
        const [start = 0, end = 0] = answer.map(Number);
        expect(start).toBe(windowStartMs(window, ms));
        expect([windowStartMs(window, end - 1), windowStartMs(window, end)]).toEqual([start, end]);
      }),
      { numRuns: 300 },
    );
  });

  it(`of ${processes} processes let through what they hold, whatever time their clocks show`, {
    timeout: 120_000,
  }, async () => {
    const children = await Promise.all(
      [0, 3_600_000, -3_600_000, 400 * 86_400_000].map((skewMs) => startProcess(redis.port, skewMs)),
    );
    try {
      for (let run = 0; run < exactRuns; run++) {
        const errand: Errand = { bucketId: `run ${run}`, capacity: 20 + run, tries: triesEach };
        const counts = await Promise.all(children.map((child) => send(child, errand)));
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(errand.capacity);
      }
    } finally {
      for (const child of children) child.disconnect();
      await Promise.all(children.map((child) => once(child, "exit")));
    }
  });

  it("lose the estimate of a process that is killed, no more, and heal", { timeout: 60_000 }, async () => {
    const child = await startProcess(redis.port, 0);
    await send(child, { bucketId: "killed", capacity: 10, tries: 4 });
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(await remaining(charge(bucket(10, 1e-9, "killed")))).toEqual([6]);
    await eventually(async () => expect(await remaining(charge(bucket(10, 0.1, "killed")))).toEqual([10]));
  });
});

it.skipIf(isWithoutRedis)("needs no more rights than the docs say (needs redis-server)", async () => {
  const docs = readFileSync(new URL("../../docs/demand-control.md", import.meta.url), "utf8");
  const rights = /`(~overlock:\* [^`]*)`/.exec(docs)?.[1]?.split(" ") ?? [];
  const redis = await TestRedis.start("--user", "gateway", "on", ">hunter2", ...rights);
  const store = new RedisStore({ ...redis.settings, username: "gateway", password: "hunter2", database: 3 });
  await eventually(() => store.probe());
  const reserved = await store.reserve([charge(bucket(10), 4)]);
  await store.settle([charge(bucket(10), 4)], reserved);
  expect((await store.reserve([charge(bucket(10), 4)])).states[0]?.remaining).toBeCloseTo(6, 3);
  await store.dispose();
  await redis.stop();
});

describe.skipIf(isWithoutRedis)("a Redis behind TLS (needs redis-server)", () => {
  const trustedBefore = getCACertificates("default");
  let authority: CertificateAuthority;
  let redis: TestRedis;
  beforeAll(async () => {
    authority = new CertificateAuthority();
    const { certificateFile, keyFile } = authority.issue("redis", "IP:127.0.0.1");
    const files = ["--tls-cert-file", certificateFile, "--tls-key-file", keyFile, "--tls-auth-clients", "no"];
    redis = await TestRedis.startTls(...files);
  });
  afterAll(async () => {
    setDefaultCACertificates([...trustedBefore]);
    await redis.stop();
    authority.remove();
  });

  it("is asked only where its certificate is trusted", async () => {
    const distrusting = new RedisStore({ ...redis.settings, isTls: true });
    await eventually(async () =>
      expect(await caught(distrusting.probe())).toMatchObject({
        reason: "connection",
        message: expect.stringMatching(/certificate/) as string,
      }),
    );
    await distrusting.dispose();
    setDefaultCACertificates([...trustedBefore, authority.certificate]);
    const trusting = new RedisStore({ ...redis.settings, isTls: true });
    await eventually(() => trusting.probe());
    expect(await trusting.reserve([charge(bucket(1))])).toMatchObject({ refused: null });
    await trusting.dispose();
  });
});

async function startProcess(port: number, skewMs: number): Promise<ChildProcess> {
  const program = fileURLToPath(new URL("../support/budget-client.ts", import.meta.url));
  const child = fork(program, [String(port), String(skewMs)], { execPath: lockfileNode, execArgv: [] });
  await once(child, "message");
  return child;
}

async function send(child: ChildProcess, errand: Errand): Promise<number> {
  child.send(errand);
  const [count] = (await once(child, "message")) as [number];
  return count;
}
