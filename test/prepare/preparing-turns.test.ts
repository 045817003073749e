import { setImmediate as eventLoopTurn } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { Deadline } from "../../gateway/core/deadline.ts";
import { PreparingTurns } from "../../gateway/prepare/preparing-turns.ts";

const deadlines: Deadline[] = [];
afterEach(() => {
  for (const deadline of deadlines.splice(0)) deadline.dispose();
});

function patient(timeoutMs = 60_000, client: AbortSignal | null = null): Deadline {
  const deadline = Deadline.start(timeoutMs, client);
  deadlines.push(deadline);
  return deadline;
}

const silent = { onWaiting: () => {}, onWaited: () => {} };

/** Turns of 10 ms in which every work takes as long as it says. */
function scripted() {
  let nowMs = 0;
  const begun: string[] = [];
  const observed = { waiting: 0, waitedMs: [] as number[] };
  const observer = {
    onWaiting: (difference: number) => void (observed.waiting += difference),
    onWaited: (waitedMs: number) => void observed.waitedMs.push(waitedMs),
  };
  const turns = new PreparingTurns(observer, 10, () => nowMs);
  const add = (name: string, takesMs: number, deadline = patient()) => {
    const work = (): string => {
      begun.push(name);
      nowMs += takesMs;
      return name;
    };
    return turns.run(name, work, deadline);
  };
  return { turns, begun, add, observed };
}

describe("unseen documents", () => {
  it("are prepared at once as long as a turn's part is not used up", async () => {
    const { begun, add } = scripted();
    expect([add("a", 4), add("b", 4), add("c", 4)]).toEqual(["a", "b", "c"]);
    const waits = add("d", 4);
    expect(waits).toBeInstanceOf(Promise);
    expect(begun).toEqual(["a", "b", "c"]);
    await expect(waits).resolves.toBe("d");
  });

  it("that wait are prepared in the order in which they came, a part in each turn", async () => {
    const { turns, begun, add } = scripted();
    void add("a", 10);
    const waiting = ["b", "c", "d", "e", "f"].map(async (name) => add(name, 5));
    expect(turns.waiting).toBe(5);
    await eventLoopTurn();
    expect(begun).toEqual(["a", "b", "c"]);
    await eventLoopTurn();
    expect(begun).toEqual(["a", "b", "c", "d", "e"]);
    // Nobody passes those who wait.
    const last = add("g", 1);
    expect(begun).not.toContain("g");
    await expect(Promise.all([...waiting, last])).resolves.toEqual(["b", "c", "d", "e", "f", "g"]);
    expect(begun.join("")).toBe("abcdefg");
    expect(turns.waiting).toBe(0);
  });

  it("take a turn each where each takes longer than a part", async () => {
    const { begun, add } = scripted();
    const waiting = ["a", "b", "c"].map(async (name) => add(name, 100));
    for (const count of [2, 3]) {
      await eventLoopTurn();
      expect(begun).toHaveLength(count);
    }
    await Promise.all(waiting);
  });

  it("count with what follows from them at once", async () => {
    let nowMs = 0;
    const begun: string[] = [];
    const turns = new PreparingTurns(silent, 10, () => nowMs);
    const add = async (name: string): Promise<void> => {
      await turns.run(name, () => begun.push(name), patient());
      await Promise.resolve();
      nowMs += 20;
    };
    await add("a");
    const waiting = [add("b"), add("c")];
    await eventLoopTurn();
    expect(begun).toEqual(["a", "b"]);
    await Promise.all(waiting);
    expect(begun).toEqual(["a", "b", "c"]);
  });

  it("that fail fail for whoever asked, and nobody else", async () => {
    const { turns, add } = scripted();
    const fails = (): never => {
      throw new RangeError("no");
    };
    expect(() => turns.run("fails", fails, patient())).toThrow("no");
    void add("a", 10);
    const failing = turns.run("fails", fails, patient());
    const other = add("b", 1);
    await expect(failing).rejects.toThrow("no");
    await expect(other).resolves.toBe("b");
  });

  it("are not prepared for who has gone away meanwhile", async () => {
    const { turns, begun, add } = scripted();
    const client = new AbortController();
    void add("a", 10);
    const left = add("b", 1, patient(60_000, client.signal));
    const other = add("c", 1);
    client.abort();
    await expect(left).rejects.toMatchObject({ code: "CANCELLED" });
    await expect(other).resolves.toBe("c");
    void add("d", 10);
    await expect(add("e", 1, patient(60_000, client.signal))).rejects.toMatchObject({ code: "CANCELLED" });
    expect(begun).toEqual(["a", "c", "d"]);
    expect(turns.waiting).toBe(0);
  });

  it("are waited for by everybody who asks for the same, and go on together", async () => {
    const { turns, begun, add } = scripted();
    void add("a", 10);
    const waiting = ["b", "c", "b", "b"].map(async (name) => add(name, 10));
    expect(turns.waiting).toBe(2);
    await eventLoopTurn();
    expect(begun.join("")).toBe("abbb");
    await Promise.all(waiting);
    expect(begun.join("")).toBe("abbbc");
  });

  it("are begun at once where too many wait already, or too long ones", async () => {
    const many = scripted();
    void many.add("a", 10);
    const waiting = Array.from({ length: 1000 }, async (_, index) => many.add(`b${index}`, 0));
    expect(many.turns.waiting).toBe(1000);
    expect(many.add("c", 0)).toBe("c");
    await Promise.all(waiting);
    const long = scripted();
    void long.add("a", 10);
    const text = "x".repeat(4_000_000);
    const first = [`${text}1`.slice(1), `${text}2`.slice(1)].map(async (name) => long.add(name, 0));
    expect(long.turns.waiting).toBe(2);
    expect(long.add("d", 0)).toBe("d");
    await Promise.all(first);
    void long.add("e", 10);
    expect(long.add("f", 0)).toBeInstanceOf(Promise);
  });

  it("are told of while they wait, and each request of how long it did, whatever became of it", async () => {
    const { add, observed } = scripted();
    const client = new AbortController();
    void add("a", 10);
    const waiting = [add("b", 10), add("b", 10), add("c", 10), add("d", 1, patient(60_000, client.signal))];
    expect(observed).toEqual({ waiting: 3, waitedMs: [] });
    client.abort();
    expect(observed).toEqual({ waiting: 2, waitedMs: [0] });
    await Promise.allSettled(waiting.map(async (one) => one));
    expect(observed).toEqual({ waiting: 0, waitedMs: [0, 0, 0, 20] });
  });

  it("are not waited for longer than a request may take", async () => {
    const { begun, add } = scripted();
    void add("a", 10);
    const late = add("b", 1, patient(0));
    await expect(late).rejects.toMatchObject({ code: "REQUEST_TIMEOUT" });
    expect(begun).toEqual(["a"]);
  });
});
