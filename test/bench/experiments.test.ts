import { expect, test } from "vitest";
import { measureBudgets, measureCredentials } from "../../bench/experiments.ts";

// It starts two processes, and raises an error where a request is not answered as it should be.
test("credentials are measured by requests that are answered, and refused where the token or its scope is missing", async () => {
  const settings = { rounds: 2, connections: 2, slotMs: 20, turns: 2, warmUpMs: 20 };
  const { headerBytes, ...measured } = await measureCredentials(settings);
  expect(headerBytes).toBeGreaterThan(700);
  for (const cpuMs of Object.values(measured)) {
    expect(cpuMs).toHaveLength(2);
    for (const ms of cpuMs) expect(ms).toBeGreaterThan(0);
  }
});

test("budgets are measured by requests that are charged, and others that are not", async () => {
  const settings = { rounds: 2, connections: 2, slotMs: 20, turns: 2, warmUpMs: 20 };
  for (const cpuMs of Object.values(await measureBudgets(settings))) {
    expect(cpuMs).toHaveLength(2);
    for (const ms of cpuMs) expect(ms).toBeGreaterThan(0);
  }
});
