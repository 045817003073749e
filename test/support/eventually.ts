import { vi } from "vitest";

/** Waits, a few milliseconds as a rule, until `check` no longer throws. */
export function eventually<Result>(check: () => Result | Promise<Result>): Promise<Result> {
  return vi.waitFor(check, { interval: 2, timeout: 3000 });
}
