import { describe, expect, it } from "vitest";
import { type LoadReason, ProcessLoad, unboundedLoad } from "../../gateway/observe/process-load.ts";

const bounds = { maxEventLoopDelayMs: 200, maxRequestsInFlight: 10 };

/** A process whose turns of the event loop take as long as the test says. */
function measured(of = bounds) {
  const clock = { nowMs: 1000 };
  const told: Readonly<Record<LoadReason, number>>[] = [];
  const load = new ProcessLoad(of, () => clock.nowMs);
  load.start((most) => told.push({ ...most }));
  load.dispose();
  const turn = (delayMs: number): void => {
    clock.nowMs += 25 + delayMs;
    load.sample((most) => told.push({ ...most }));
  };
  return { clock, load, told, turn };
}

function turns(turn: (delayMs: number) => void, delays: readonly number[]): void {
  for (const delayMs of delays) turn(delayMs);
}

describe("the delay of the event loop", () => {
  it("is nothing where timers are in time", () => {
    const { load, turn } = measured();
    turns(turn, Array<number>(100).fill(0));
    expect(load.eventLoop).toBe(0);
  });

  it("is not made by one long turn, however long it is", () => {
    const { load, turn } = measured();
    turn(60_000);
    expect(load.eventLoop).toBe(0.5);
    turns(turn, [0, 0]);
    expect(load.eventLoop).toBeLessThan(0.5);
  });

  it("is beyond its bound when long turns follow each other", () => {
    const { load, turn } = measured();
    turns(turn, [1000, 1000, 1000]);
    expect(load.eventLoop).toBeGreaterThan(1);
  });

  it("comes close to what it is all the time", () => {
    const { load, turn } = measured();
    turns(turn, Array<number>(50).fill(100));
    expect(load.eventLoop).toBeCloseTo(0.5, 3);
  });

  it("falls within a second or so when turns are short again, and not at once", () => {
    const { load, turn } = measured();
    turns(turn, Array<number>(20).fill(300));
    turns(turn, Array<number>(4).fill(0));
    expect(load.eventLoop).toBeGreaterThan(1);
    turns(turn, Array<number>(36).fill(0));
    expect(load.eventLoop).toBeLessThan(0.25);
  });

  it("counts a turn while it lasts where the one before was late", () => {
    const { clock, load, turn } = measured();
    turn(100);
    clock.nowMs += 25 + 150;
    expect(load.eventLoop).toBe(0.75);
  });

  it("does not count a turn while it lasts where the one before was not", () => {
    const { clock, load, turn } = measured();
    turn(99);
    clock.nowMs += 25 + 60_000;
    expect(load.eventLoop).toBeLessThan(0.5);
  });

  it("is nothing before it is measured", () => {
    const load = new ProcessLoad(bounds, () => 1_000_000);
    expect(load.eventLoop).toBe(0);
  });

  it("is nothing where the clock goes back", () => {
    const { clock, load, turn } = measured();
    clock.nowMs -= 5000;
    turn(0);
    expect(load.eventLoop).toBe(0);
  });
});

describe("requests in flight", () => {
  it("are counted without the one that asks", () => {
    const { load } = measured();
    expect(load.inFlight).toBe(0);
    load.requestBegan();
    expect(load.inFlight).toBe(0);
    for (let more = 0; more < 10; more++) load.requestBegan();
    expect(load.inFlight).toBe(1);
    load.requestEnded();
    expect(load.inFlight).toBe(0.9);
  });
});

describe("a process without bounds", () => {
  it("never has too much to do", () => {
    const { load, turn } = measured(unboundedLoad);
    turns(turn, Array<number>(20).fill(10_000));
    for (let more = 0; more < 1000; more++) load.requestBegan();
    expect([load.eventLoop, load.inFlight]).toEqual([0, 0]);
  });
});

describe("what is told of the load", () => {
  it("is the most of each second", () => {
    const { load, told, turn } = measured();
    turn(0);
    expect(told).toEqual([{ eventLoop: 0, inFlight: 0 }]);
    turns(turn, Array<number>(4).fill(100));
    for (let more = 0; more < 6; more++) load.requestBegan();
    turn(0);
    for (let more = 0; more < 6; more++) load.requestEnded();
    turns(turn, Array<number>(18).fill(0));
    expect(told).toHaveLength(1);
    turn(0);
    expect(told.slice(1)).toEqual([{ eventLoop: expect.closeTo(0.34, 2), inFlight: 0.6 }]);
    turns(turn, Array<number>(40).fill(0));
    expect(told[2]?.inFlight).toBe(0);
    expect(told[2]?.eventLoop).toBeLessThan(0.2);
  });

  it("is told in time where turns are long", () => {
    const { told, turn } = measured();
    turns(turn, Array<number>(5).fill(600));
    expect(told.length).toBeGreaterThanOrEqual(3);
  });
});
