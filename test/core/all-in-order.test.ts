import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { allInOrder } from "../../gateway/core/all-in-order.ts";

async function later(ms: number, error: Error): Promise<never> {
  await sleep(ms);
  throw error;
}

test("gives all values in their order, promises or not", async () => {
  expect(await allInOrder([sleep(2, "late"), "now", Promise.resolve("soon")])).toEqual([
    "late",
    "now",
    "soon",
  ]);
  expect(await allInOrder([])).toEqual([]);
});

test("raises the first failure in the list, and not the first in time", async () => {
  const first = new Error("slow");
  const values = [
    "fine",
    later(5, first),
    later(0, new Error("quick")),
    Promise.reject(new Error("at once")),
  ];
  await expect(allInOrder(values)).rejects.toBe(first);
});
