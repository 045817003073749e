import { setImmediate as turn } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { nextTurn, turnToBegin } from "../../gateway/core/next-turn.ts";

/** Notes in which turn of the event loop, counted from now, each of these goes on. */
async function noteTurns(waiting: Readonly<Record<string, Promise<void> | null>>): Promise<string[]> {
  const noted: string[] = [];
  let turns = 0;
  for (const [name, promise] of Object.entries(waiting))
    void promise?.then(() => void noted.push(`${name}: ${turns}`));
  for (const count = Object.keys(waiting).length + 2; turns < count; turns++) await turn();
  return noted;
}

describe("long work", () => {
  // What was before has had its turns.
  beforeEach(async () => {
    for (let turns = 0; turns < 10; turns++) await turn();
  });

  it("has one piece in each turn, in the order in which it came", async () => {
    const noted = await noteTurns({ a: nextTurn(), b: nextTurn(), c: nextTurn() });
    expect(noted).toEqual(["a: 0", "b: 1", "c: 2"]);
  });

  it("begins at once where nothing else is under way", async () => {
    expect(turnToBegin()).toBeNull();
    await turn();
    await turn();
    expect(turnToBegin()).toBeNull();
  });

  it("begins when nothing is left of what has begun", async () => {
    expect(turnToBegin()).toBeNull();
    const [late, later] = [turnToBegin(), turnToBegin()];
    const noted = await noteTurns({ late, later, begun: nextTurn(), other: nextTurn() });
    expect(noted).toEqual(["begun: 0", "other: 1", "late: 2", "later: 3"]);
  });

  it("that goes on in the turn before has the turn before what has not begun", async () => {
    const order: string[] = [];
    const work = async (name: string): Promise<void> => {
      await turnToBegin();
      for (const part of [1, 2, 3]) {
        order.push(`${name}${part}`);
        await nextTurn();
      }
    };
    await Promise.all([work("a"), work("b"), work("c")]);
    expect(order.join(" ")).toBe("a1 a2 a3 b1 b2 b3 c1 c2 c3");
  });
});
