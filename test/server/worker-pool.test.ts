import { expect, it } from "vitest";
import { respawnDelayMs } from "../../gateway/server/worker-pool.ts";

it.each([
  [0, 0],
  [1, 100],
  [2, 200],
  [9, 25_600],
  [10, 30_000],
  [10_000, 30_000],
])("after %i short lives in a row, the next worker starts after %i ms", (failures, delayMs) => {
  expect(respawnDelayMs(failures)).toBe(delayMs);
});
