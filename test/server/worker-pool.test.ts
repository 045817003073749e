import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { createLogger } from "../../gateway/observe/logger.ts";
import { respawnDelayMs, WorkerPool } from "../../gateway/server/worker-pool.ts";
import { openLocalStore } from "../../gateway/state/local-store.ts";
import { bucket, charge } from "../support/budget-rules.ts";

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

it("workers that ask at once are let through exactly what the primary's budgets hold", {
  timeout: 60_000,
}, async () => {
  const budgets = openLocalStore(() => {});
  const runs = 20;
  const counts: (readonly number[])[] = [];
  const write = (lines: string): void => {
    for (const line of lines.trim().split("\n")) counts.push(JSON.parse(line) as readonly number[]);
  };
  const pool = new WorkerPool({
    program: fileURLToPath(new URL("../support/budget-worker.ts", import.meta.url)),
    args: [String(runs)],
    workers: 4,
    budgets,
    logger: createLogger("silent", null),
    output: { write },
    onReady: () => {},
    onCrash: () => {},
  });
  try {
    await pool.start();
  } finally {
    await pool.end(0, 5000);
  }
  expect(counts).toHaveLength(4);
  for (let run = 0; run < runs; run++) {
    expect(counts.reduce((sum, ofWorker) => sum + (ofWorker[run] ?? 0), 0)).toBe(100);
    // What workers took is not theirs to lose: it is taken when they are gone, too.
    expect(budgets.reserve([charge(bucket(100, 1e-9, `run ${run}`))])).toMatchObject({ refused: 0 });
  }
});
