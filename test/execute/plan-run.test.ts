import { describe, expect, it } from "vitest";
import { assemblyTurns } from "../../gateway/execute/assembly-turns.ts";
import { PlanRun } from "../../gateway/execute/plan-run.ts";
import { createScope } from "../support/request-scope.ts";

function startRun(): PlanRun {
  const limits = { maxResolvedValues: 100, assemblyTurns, counts: [] };
  const parts = { steps: [null, null], args: [], pages: [], denials: null, ...limits };
  return new PlanRun(createScope(), {}, parts);
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

  it("holds nothing of what it found once that is let go", () => {
    const run = startRun();
    run.finish(0, new Map([["found", 2]]));
    run.resolved.set({}, new Map([[{}, 1]]));
    run.letGo();
    expect(run.tables).toEqual([null, null]);
    expect(run.resolved.size).toBe(0);
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

  it("that failed while it began goes on with nothing of what was begun before", async () => {
    const run = startRun();
    const begun: number[] = [];
    const work = Promise.resolve(1);
    run.await(work, (value) => begun.push(value));
    run.fail(new TypeError("a fault"));
    await work;
    expect(begun).toEqual([]);
    expect(() => run.end()).toThrow(expect.objectContaining({ code: "INTERNAL_SERVER_ERROR" }));
  });

  it("counts what is read object by object among its values, over all fields of a mutation", () => {
    const run = startRun();
    run.execution.countElements(60);
    run.takeResolved();
    expect(run.valuesLeft).toBe(40);
    run.execution.countElements(40);
    run.takeResolved();
    expect(run.valuesLeft).toBe(0);
    expect(() => run.execution.countField()).toThrow(expect.objectContaining({ code: "RESPONSE_TOO_LARGE" }));
  });
});
