import { describe, expect, test } from "vitest";
import type { PlanDescription } from "../../gateway/prepare/describe-plan.ts";
import type { DescribedStep } from "../../gateway/prepare/describe-step.ts";
import { excusedCalls } from "./excused-calls.ts";

/** Places by their paths; each has a step of its own, whose coordinate is the letter before it. */
function planOf(places: Readonly<Record<string, string>>): PlanDescription {
  const entries = Object.entries(places);
  return {
    operation: null,
    kind: "query",
    places: entries.map(([, path], id) => ({ id, path, type: "Show", base: "row", source: "stage" })),
    steps: entries.map(
      ([coordinate], place) => ({ place, coordinate, source: `source of ${coordinate}` }) as DescribedStep,
    ),
    resolved: [],
    denied: [],
  };
}

function excused(data: unknown): string[] {
  const plan = planOf({
    a: "",
    b: "shows[]",
    c: "shows[].venue",
    d: "shows[].venue.halls[][]<Big>",
    e: "shows[].venueName",
  });
  return [...excusedCalls(plan, { data }).keys()].filter((name) => name.length === 1);
}

describe("calls that the compiled executor may make more of", () => {
  test("are none where the answer has no null", () => {
    expect(excused({ shows: [{ venue: { halls: [[{ name: "x" }]] }, venueName: "" }] })).toEqual([]);
    expect(excused({ shows: [] })).toEqual([]);
  });

  test("are those for objects that are null, and for what is below them", () => {
    expect(excused({ shows: [{ venue: { halls: [[{}], [null]] } }] })).toEqual(["d"]);
    expect(excused({ shows: [{ venue: { halls: [[], []] } }, { venue: null }] })).toEqual(["c", "d"]);
    expect(excused({ shows: [{ venue: { halls: [] }, venueName: null }] })).toEqual(["e"]);
    expect(excused({ shows: [null] })).toEqual(["b", "c", "d", "e"]);
    expect(excused({ shows: null })).toEqual(["b", "c", "d", "e"]);
    expect(excused(null)).toEqual(["a", "b", "c", "d", "e"]);
  });

  test("are not those for objects of fields that only begin with the same letters", () => {
    expect(excused({ shows: [{ venue: { halls: [] } }], show: null })).toEqual([]);
  });

  test("are the same where a client's list is flat and the backend's is not", () => {
    expect(excused({ shows: [{ venue: { halls: [null] } }] })).toEqual(["d"]);
  });

  test("are told of the source, too, whose fields may be one call", () => {
    const plan = planOf({ b: "shows[]" });
    expect([...excusedCalls(plan, { data: { shows: [null] } }).keys()]).toEqual(["source of b", "b"]);
  });

  test("are one for each step of a reference, where other steps make the same", () => {
    const { places, steps, ...plan } = planOf({ a: "", b: "show", c: "show.(tips)[]" });
    const withReference = places.map((place) =>
      place.path === "show" ? { ...place, base: "reference" as const } : place,
    );
    const guide = steps.map((step) => ({ ...step, source: "guide" }));
    const found = excusedCalls({ ...plan, places: withReference, steps: guide }, { data: { show: {} } });
    expect([...found]).toEqual([["guide", 2]]);
  });
});
