import { setImmediate as nextTurn } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import type { Charge } from "../../gateway/state/budget-store.ts";
import { GuardedStore } from "../../gateway/state/guarded-store.ts";
import { LocalStore } from "../../gateway/state/local-store.ts";
import { answerBudgets, WorkerBudgets } from "../../gateway/server/worker-budgets.ts";
import type { WorkerMessage } from "../../gateway/server/worker-messages.ts";
import { bucket, charge } from "../support/budget-rules.ts";
import { eventually } from "../support/eventually.ts";

let messages: WorkerMessage[];
let primary: LocalStore;
let isPrimaryBusy: boolean;

beforeEach(() => {
  messages = [];
  primary = newStore();
  isPrimaryBusy = false;
});

function newStore(): LocalStore {
  return new LocalStore({
    maxBudgets: 100,
    now: () => Date.now(),
    monotonicNow: () => performance.now(),
    onForgotten: () => {},
  });
}

/** What the channel makes of a message: structuredClone would keep what JSON loses. */
function overChannel<Message>(message: Message): Message {
  const text = JSON.stringify(message);
  return JSON.parse(text) as Message;
}

/** A worker's end, with the JSON of the channel between it and the primary's. */
function openWorker(): WorkerBudgets {
  const held: WorkerMessage[] = [];
  const worker = new WorkerBudgets(async (message) => {
    messages.push(message);
    held.push(overChannel(message));
    setImmediate(answer);
  });
  const answer = (): void => {
    if (isPrimaryBusy) return void setTimeout(answer, 5);
    for (const message of held.splice(0)) {
      if (message.type !== "budgets") continue;
      void answerBudgets(primary, message).then((reservations) => {
        const told = { type: "budgets", id: message.id, reservations } as const;
        worker.receive(overChannel(told));
      });
    }
  };
  return worker;
}

async function remaining(worker: WorkerBudgets, one: Charge): Promise<number | undefined> {
  const { states } = await worker.reserve([{ ...one, amount: 0 }]);
  return states[0]?.remaining;
}

describe("a worker's budgets", () => {
  it("are the primary's, which all workers share", async () => {
    const workers = Array.from({ length: 4 }, openWorker);
    const asked = workers.flatMap((worker) =>
      Array.from({ length: 50 }, () => worker.reserve([charge(bucket(37)), charge(bucket(90), 1, "bob")])),
    );
    const reserved = await Promise.all(asked);
    expect(reserved.filter(({ refused }) => refused === null)).toHaveLength(37);
    expect(messages).toHaveLength(4);
  });

  it("are asked for in one message by all requests of a turn, and settled in it", async () => {
    const worker = openWorker();
    const reserved = await worker.reserve([charge(bucket(10), 5)]);
    const asked = [worker.reserve([charge(bucket(10), 2)]), worker.reserve([charge(bucket(10), 9)])];
    await worker.settle([charge(bucket(10), 4)], reserved);
    const [second, third] = await Promise.all(asked);
    expect(messages).toHaveLength(2);
    expect([second, third]).toMatchObject([{ refused: null }, { refused: 0 }]);
    // In the order in which they were meant: what is given back can be taken at once.
    expect(second?.states[0]?.remaining).toBeCloseTo(7, 6);
  });

  it("are charged amounts that JSON can't write", async () => {
    const worker = openWorker();
    for (const amount of [Infinity, Number.NaN])
      expect(await worker.reserve([charge(bucket(10), amount)])).toMatchObject({
        refused: 0,
        retryAfterMs: null,
      });
    const reserved = await worker.reserve([charge(bucket(10), 5)]);
    await worker.settle([charge(bucket(10), Number.NaN)], reserved);
    expect(await remaining(worker, charge(bucket(10)))).toBeCloseTo(5, 6);
    await worker.settle([charge(bucket(10), -Infinity)], reserved);
    expect(await remaining(worker, charge(bucket(10)))).toBeCloseTo(-10, 6);
  });

  it("are settled before the worker ends", async () => {
    const worker = openWorker();
    const reserved = await worker.reserve([charge(bucket(10), 5)]);
    await worker.settle([charge(bucket(10), 5)], reserved);
    await worker.dispose();
    await nextTurn();
    expect(primary.size).toBe(0);
  });

  it("are not the worker's own share because it was busy itself when it asked", async () => {
    const timeoutMs = 60;
    const events: string[] = [];
    const store = new GuardedStore(openWorker(), {
      timeoutMs,
      probeEveryMs: 10,
      watchEveryMs: 60_000,
      local: newStore(),
      observer: { onLost: ({ reason }) => events.push(reason), onBack() {}, onFailure() {} },
    });
    const asked = store.reserve([charge(bucket(10), 4)]);
    isPrimaryBusy = true;
    // The rest of the turn; only then the question is sent.
    const endMs = performance.now() + 2 * timeoutMs;
    while (performance.now() < endMs);
    setTimeout(() => (isPrimaryBusy = false), timeoutMs / 4);
    expect(await asked).toMatchObject({ isLocalShare: false });
    expect(events).toEqual([]);
    await store.dispose();
  });

  it("are the worker's own share while the primary is busy, and the primary's again by themselves", async () => {
    const worker = openWorker();
    const events: string[] = [];
    const store = new GuardedStore(worker, {
      timeoutMs: 30,
      probeEveryMs: 10,
      watchEveryMs: 60_000,
      local: newStore(),
      observer: {
        onLost: ({ reason }) => events.push(reason),
        onBack: () => events.push("back"),
        onFailure: () => {},
      },
    });
    await store.reserve([charge(bucket(10), 4)]);
    isPrimaryBusy = true;
    const beganMs = performance.now();
    expect(await store.reserve([charge(bucket(10), 9)])).toMatchObject({ refused: null, isLocalShare: true });
    expect(performance.now() - beganMs).toBeLessThan(30 + 100);
    expect(await store.reserve([charge(bucket(10), 9)])).toMatchObject({ refused: 0, isLocalShare: true });
    isPrimaryBusy = false;
    await eventually(() => expect(events).toEqual(["timeout", "back"]));
    expect((await store.reserve([charge(bucket(10), 6)])).refused).toBeNull();
    await store.dispose();
  });
});
