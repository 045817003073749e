import { describe, expect, it } from "vitest";
import { PlanRun } from "../../gateway/execute/plan-run.ts";
import { createScope } from "../support/request-scope.ts";

function startRun(): PlanRun {
  return new PlanRun(createScope(), {}, { steps: [null, null], args: [], maxResolvedValues: 100 });
}

describe("a run", () => {
  it("ends when all that was begun has come to its end, with what that led to", async () => {
    const run = startRun();
    run.await(Promise.resolve(1), () => {
      run.await(Promise.resolve(2), (value) => run.finish(0, new Map([["found", value]])));
    });
    await run.end();
    expect(run.tables[0]?.get("found")).toBe(2);
  });

  it("that failed as a whole ends at once, and begins nothing more", async () => {
    const run = startRun();
    const later = Promise.withResolvers<number>();
    const begun: number[] = [];
    run.await(later.promise, (value) => begun.push(value));
    run.await(Promise.reject(new TypeError("a fault")), () => begun.push(0));
    await expect(run.end()).rejects.toMatchObject({ code: "INTERNAL_SERVER_ERROR" });
    later.resolve(1);
    await later.promise;
    expect(begun).toEqual([]);
  });

  it("that failed before anybody waits for its end raises why", async () => {
    const run = startRun();
    const failing = Promise.reject(new TypeError("a fault"));
    run.await(failing, () => undefined);
    await failing.catch(() => undefined);
    expect(() => run.end()).toThrow(expect.objectContaining({ code: "INTERNAL_SERVER_ERROR" }));
  });
});
