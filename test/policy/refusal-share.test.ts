import { describe, expect, it } from "vitest";
import { refusalShare } from "../../gateway/policy/refusal-share.ts";

function startOf(priority: number, isMutation: boolean): number {
  for (let load = 0; load <= 1000; load++)
    if (refusalShare(load / 1000, { priority, isMutation }) > 0.005) return load / 1000;
  return Number.POSITIVE_INFINITY;
}

describe("the share of requests that is refused", () => {
  it("is none for anybody up to half the bound", () => {
    for (const load of [0, 0.25, 0.5]) expect(refusalShare(load, { priority: 0, isMutation: false })).toBe(0);
  });

  it("is all of everybody at the bound and beyond it", () => {
    for (const load of [1, 1.01, 50, Number.POSITIVE_INFINITY])
      expect(refusalShare(load, { priority: 100, isMutation: true })).toBeCloseTo(1);
  });

  it.each([
    [0, false, 0.5],
    [50, false, 0.654],
    [50, true, 0.746],
    [100, false, 0.808],
    [100, true, 0.9],
  ])("of priority %d (mutation: %s) begins at %d of the bound", (priority, isMutation, start) => {
    expect(Math.abs(startOf(priority, isMutation) - start)).toBeLessThanOrEqual(0.002);
  });

  it("rises to all of a rank within a tenth of the bound", () => {
    const rank = { priority: 0, isMutation: false };
    expect([0.55, 0.6].map((load) => refusalShare(load, rank))).toEqual([
      expect.closeTo(0.5),
      expect.closeTo(1),
    ]);
  });

  it("is never larger for a higher priority, nor for a mutation", () => {
    for (let load = 0; load <= 1.2; load += 0.07)
      for (let priority = 0; priority < 100; priority++) {
        const share = refusalShare(load, { priority, isMutation: false });
        expect(refusalShare(load, { priority: priority + 1, isMutation: false })).toBeLessThanOrEqual(share);
        expect(refusalShare(load, { priority, isMutation: true })).toBeLessThanOrEqual(share);
      }
  });
});
