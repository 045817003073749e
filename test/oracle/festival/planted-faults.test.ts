import { afterEach, describe, expect, test } from "vitest";
import type { RequestScope } from "../../../gateway/core/request-scope.ts";
import type { ExecutedOperation, FieldError } from "../../../gateway/execute/executed-operation.ts";
import { compareExecutors } from "../compare-executors.ts";
import { type Festival, openFestival } from "./festival.ts";

// A comparison that can't fail shows nothing: an executor that is a little wrong has to be found.

type Spoil = (result: ExecutedOperation, scope: RequestScope) => ExecutedOperation;

let festival: Festival | null = null;
afterEach(async () => {
  await festival?.stop();
  festival = null;
});

async function reportOf(spoil: Spoil): Promise<string> {
  festival = await openFestival("views", ({ execute }) => ({
    execute: async (request, scope) => {
      const result = await execute(request, scope);
      return request.variant === null ? result : spoil(result, scope);
    },
  }));
  const bff = festival.bffs.get("views");
  if (bff === undefined) throw new Error("Expected the client schema views.");
  const { report, costlier, miscounted } = await compareExecutors({ ...bff, count: 400, from: 0 });
  // Where answers differ, what they took may differ, too.
  if (report !== "none") return report;
  if (miscounted.length > 0) return `miscounted: ${miscounted.length}`;
  return costlier.length === 0 ? report : `costlier: ${costlier.length}`;
}

/** The data with whatever `change` makes of its leaves. */
function withLeaves(value: unknown, change: (leaf: unknown, name: string) => unknown, name = ""): unknown {
  if (Array.isArray(value)) return value.map((element) => withLeaves(element, change, name));
  if (typeof value !== "object" || value === null) return change(value, name);
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, withLeaves(member, change, key)]),
  );
}

function spoilLeaves(change: (leaf: unknown, name: string) => unknown): Spoil {
  return (result) => ({ ...result, data: withLeaves(result.data, change) });
}

describe("an executor is found out that", () => {
  test.each<[what: string, spoil: Spoil, words: string]>([
    ["shows another number", spoilLeaves((leaf) => (leaf === 3 ? 0 : leaf)), "3 and 0"],
    ["shows an empty text as null", spoilLeaves((leaf) => (leaf === "" ? null : leaf)), "and null"],
    ["takes null for an empty list", (result) => spoilLists(result), "and null"],
    [
      "turns the members of an object round",
      (result) => ({ ...result, data: turned(result.data) }),
      "members",
    ],
    [
      "keeps an error to itself",
      ({ errors, ...result }) =>
        errors.length > 1 ? { ...result, errors: errors.slice(1) } : { ...result, errors },
      "error at",
    ],
    [
      "gives an error another code",
      (result) => withErrors(result, (error) => ({ ...error, code: "UPSTREAM_TIMEOUT" })),
      "UPSTREAM_TIMEOUT",
    ],
    [
      "locates an error elsewhere",
      (result) => withErrors(result, (error) => ({ ...error, locations: [] })),
      "error at",
    ],
    [
      "forgets what was absorbed",
      (result, { absorbed }) => {
        absorbed.length = 0;
        return result;
      },
      "absorbed error at",
    ],
    [
      "asks a backend once more",
      (result, scope) => {
        scope.recordUpstreamCall({
          source: "stage",
          coordinate: "Query.shows",
          durationMs: 1,
          code: null,
          isJoined: false,
        });
        return result;
      },
      "costlier",
    ],
    [
      "counts an object less",
      ({ actual, ...result }) => ({
        ...result,
        actual: actual === null ? null : { ...actual, typeCost: actual.typeCost - 1 },
      }),
      "miscounted",
    ],
  ])(
    "%s",
    async (_what, spoil, words) => {
      const report = await reportOf(spoil);
      expect(report).toContain(words);
    },
    60_000,
  );

  test("and nobody else", async () => {
    expect(await reportOf((result) => result)).toBe("none");
  }, 60_000);
});

function withErrors(result: ExecutedOperation, change: (error: FieldError) => FieldError): ExecutedOperation {
  return { ...result, errors: result.errors.map(change) };
}

function spoilLists(result: ExecutedOperation): ExecutedOperation {
  const spoil = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.length === 0 ? null : value.map(spoil);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, spoil(member)]));
  };
  return { ...result, data: spoil(result.data) };
}

function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map(([key, member]) => [key, turned(member)]);
  return Object.fromEntries(members.toReversed());
}
