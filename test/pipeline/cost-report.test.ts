import { describe, expect, it } from "vitest";
import { standardLimits } from "../../gateway/config/demand-control.ts";
import { type KnownCost, reportCost } from "../../gateway/pipeline/cost-report.ts";
import type { RateUse } from "../../gateway/policy/operation-rates.ts";
import { writeResult } from "../../gateway/pipeline/write-result.ts";

const known: KnownCost = {
  estimate: { typeCost: 100, fieldCost: 50, upstreamCalls: 3 },
  actual: null,
  limits: {
    ...standardLimits,
    maxTypeCost: 100,
    maxFieldCost: 49,
    maxUpstreamCalls: 2,
    measure: ["maxUpstreamCalls"],
  },
  budgets: [{ name: "burst", of: "fieldCost", capacity: 500 }],
  uses: [use("Query.search", 2), use("Mutation.send", 1)],
  states: [
    { remaining: -12.5, resetAfterMs: 1001 },
    { remaining: 4.5, resetAfterMs: 2001 },
    { remaining: 0, resetAfterMs: 3000 },
  ],
};

function use(coordinate: string, count: number): RateUse {
  const limit = { max: 5, window: "10s", windowMs: 10_000, message: null, identityArguments: [] };
  return { id: coordinate, coordinate, count, limit: { ...limit, coordinate, lengthArgument: null } };
}

describe("the report of a cost", () => {
  it("has estimate, limits, what is beyond them, and what is left of budgets", () => {
    expect(reportCost(known)).toEqual({
      estimate: { typeCost: 100, fieldCost: 50, upstreamCalls: 3 },
      limits: { maxTypeCost: 100, maxFieldCost: 49, maxUpstreamCalls: 2 },
      exceeded: [
        { limit: "maxFieldCost", max: 49, found: 50, isEnforced: true },
        { limit: "maxUpstreamCalls", max: 2, found: 3, isEnforced: false },
      ],
      remaining: [{ name: "burst", of: "fieldCost", capacity: 500, remaining: -12.5, resetAfterSeconds: 2 }],
      rateLimits: [
        { coordinate: "Mutation.send", max: 5, window: "10s", uses: 1, remaining: 0, resetAfterSeconds: 3 },
        { coordinate: "Query.search", max: 5, window: "10s", uses: 2, remaining: 4.5, resetAfterSeconds: 3 },
      ],
    });
  });

  it("has what an operation cost that was run", () => {
    const actual = { typeCost: 1, fieldCost: 2, upstreamCalls: 3 };
    expect(reportCost({ ...known, actual }).actual).toEqual(actual);
  });

  it("has no budgets and no rate limits where there are none", () => {
    expect(reportCost({ ...known, budgets: [], uses: [], states: [] })).toMatchObject({
      remaining: [],
      rateLimits: [],
    });
  });

  it("has the twenty rate limits of which the least is left", () => {
    const uses = Array.from({ length: 50 }, (_, index) => use(`Query.f${index}`, 1));
    const states = uses.map((_, index) => ({ remaining: 50 - index, resetAfterMs: 0 }));
    const { rateLimits } = reportCost({ ...known, budgets: [], uses, states });
    expect(rateLimits.map(({ remaining }) => remaining)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
  });
});

describe("an answer with one more extension", () => {
  const absorbed = [{ message: "lost", path: ["a"], code: "UPSTREAM_ERROR" as const, cause: null }];
  const parts = { errors: [], actual: null };
  it.each([
    ["nothing else to say", { data: { a: {} }, ...parts }, null, { data: { a: {} } }],
    ["no data", { data: null, ...parts }, null, { data: null }],
    ["a plan", { data: {}, ...parts }, { steps: [] }, { data: {}, extensions: { plan: { steps: [] } } }],
  ])("is whole, with %s", async (_what, executed, plan, body) => {
    const result = await writeResult(executed, [], plan);
    const { extensions = {} } = body as { readonly extensions?: object };
    expect(JSON.parse(result.textWith("cost", { estimate: 1 }))).toEqual({
      ...body,
      extensions: { ...extensions, cost: { estimate: 1 } },
    });
    expect(JSON.parse(result.text)).toEqual(body);
  });

  it.each([1, 5000])("is whole, with %d that defaults stand in for", async (count) => {
    const many = Array.from({ length: count }, () => absorbed[0]).flatMap((one) =>
      one === undefined ? [] : [one],
    );
    const result = await writeResult({ data: { a: 1 }, ...parts }, many, null);
    const told = JSON.parse(result.textWith("cost", {})) as { readonly extensions: Record<string, unknown> };
    expect(Object.keys(told.extensions)).toEqual(["completeness", "cost"]);
  });
});
