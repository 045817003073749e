import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { limitCeilings, measurableLimits, standardLimits } from "../../gateway/config/demand-control.ts";
import type { CostLimit } from "../../gateway/policy/cost-limits.ts";
import type { SizeLimit } from "../../gateway/policy/limits.ts";
import {
  type Asked,
  type BorderAnswer,
  type BorderError,
  BorderGateway,
  outcomeOf,
  ways,
} from "./border-gateway.ts";
import { beyondAllCosts, costRows } from "./cost-rows.ts";
import { beyondCeilings, type Sized, sizeRows } from "./size-rows.ts";

// Every limit of operations from outside: just under, at, just over, and what might pass it, by each way that requests come.

const maxErrors = 3;
const maxOf: Readonly<Record<string, number>> = {
  ...Object.fromEntries(Object.entries({ ...sizeRows, ...costRows }).map(([limit, { max }]) => [limit, max])),
  maxErrors,
};
const measurable: readonly string[] = measurableLimits;

interface Tier {
  readonly name: string;
  readonly limits: Readonly<Record<string, unknown>>;
}

/** Each limit has a tier that it holds for, and one for which it is only measured; both have no other. */
const tiers = Object.entries(maxOf).flatMap(([limit, max]): Tier[] => [
  { name: `${limit} enforced`, limits: { [limit]: max } },
  ...(measurable.includes(limit)
    ? [{ name: `${limit} measured`, limits: { [limit]: max, measure: [limit] } }]
    : []),
]);

const gateway = new BorderGateway();
beforeAll(() =>
  gateway.start({
    config: {
      limits: limitCeilings,
      tiers: Object.fromEntries(tiers.map(({ name, limits }) => [name, { limits }])),
      preparing: { capacityMs: 600_000, refillMsPerSecond: 1000 },
    },
    consumers: new Map([["unlimited", null], ...tiers.map(({ name }) => [name, name] as const)]),
    environment: { MAX_BODY_BYTES: "10000000" },
  }),
);
afterAll(() => gateway.stop());
beforeEach(() => {
  gateway.backend.requests.length = 0;
});

/** What becomes of an operation by each way that it may come. */
function byEachWay(asked: Asked, by: string): Promise<readonly unknown[]> {
  return Promise.all(ways.map(async (way) => outcomeOf(await gateway.ask(asked, { by, way }))));
}

const eachWay = (outcome: unknown): readonly unknown[] => ways.map(() => outcome);
const refusal = (errors: readonly BorderError[]): unknown => ({ status: 400, data: undefined, errors });

/** That what is just under a limit and at it is let through. */
async function expectWithin(by: string, max: number, sized: Sized): Promise<void> {
  for (const count of [max - 1, max])
    expect([count, await byEachWay(sized(count), by)]).toEqual([count, eachWay("ok")]);
  gateway.backend.requests.length = 0;
}

/** That a limit which is only measured lets everything through, and counts what is beyond it. */
async function expectMeasured(limit: string, max: number, sized: Sized): Promise<void> {
  const before = await gateway.excesses(limit, "measure");
  for (const count of [max - 1, max, max + 1])
    expect([count, await byEachWay(sized(count), `${limit} measured`)]).toEqual([count, eachWay("ok")]);
  expect((await gateway.excesses(limit, "measure")) - before).toBe(ways.length);
}

test("every limit of the settings has a row, and so has every one that may be measured", () => {
  const { measure, ...limits } = standardLimits;
  expect(measure).toEqual([]);
  expect(Object.keys(maxOf).toSorted()).toEqual(Object.keys(limits).toSorted());
  expect(measurable.filter((limit) => !(limit in sizeRows || limit in costRows))).toEqual([]);
});

describe.each(Object.entries(sizeRows))("%s", (name, { max, counts, plain, around }) => {
  const limit = name as SizeLimit;
  const rows = Object.entries({ "as anybody writes it": plain, ...around });
  const refusalOf = (found: number, most: number): BorderError => ({
    message: `The operation has ${found} ${counts}; at most ${most} are allowed.`,
    extensions: { code: "LIMIT_EXCEEDED", limit, max: most, found },
  });
  const refused = eachWay(refusal([refusalOf(max + 1, max)]));

  test.each(rows)("%s", async (_how, sized) => {
    const by = `${limit} enforced`;
    const before = await gateway.excesses(limit, "enforce");
    await expectWithin(by, max, sized);
    expect(await byEachWay(sized(max + 1), by)).toEqual(refused);
    // Now it is known, from somebody who may send it.
    expect(outcomeOf(await gateway.ask(sized(max + 1), { by: "unlimited" }))).toBe("ok");
    gateway.backend.requests.length = 0;
    expect(await byEachWay(sized(max + 1), by)).toEqual(refused);
    expect(gateway.backend.requests).toEqual([]);
    expect((await gateway.excesses(limit, "enforce")) - before).toBe(2 * ways.length);
  });

  test.skipIf(!measurable.includes(limit))("where it is only measured, refuses none of these", async () => {
    for (const [, sized] of rows) await expectMeasured(limit, max, sized);
  });

  const beyond = beyondCeilings[limit];
  test.skipIf(beyond === undefined)("where it is only measured, has an end", async () => {
    const [asked = { query: "" }, found = 0] = beyond ?? [];
    const { status, errors } = await gateway.ask(asked, { by: `${limit} measured` });
    expect(status).toBe(400);
    expect(errors).toContainEqual(refusalOf(found, limitCeilings[limit]));
    expect(gateway.backend.requests).toEqual([]);
  });
});

describe.each(Object.entries(costRows))("%s", (name, { max, of, counts, plain, around }) => {
  const limit = name as CostLimit;
  const rows = Object.entries({ "as anybody writes it": plain, ...around });
  const validate = async (asked: Asked, by: string): Promise<Readonly<Record<string, unknown>>> => {
    const { extensions } = await gateway.ask(asked, { by, headers: { "graphql-cost": "validate" } });
    return extensions?.["cost"] as Readonly<Record<string, unknown>>;
  };

  test.each(rows)("%s", async (_how, sized) => {
    const by = `${limit} enforced`;
    const before = await gateway.excesses(limit, "enforce");
    await expectWithin(by, max, sized);
    const { estimate, exceeded } = await validate(sized(max + 1), by);
    expect(estimate).toMatchObject({ [of]: max + 1 });
    expect(exceeded).toEqual([{ limit, max, found: max + 1, isEnforced: true }]);
    const answers = await Promise.all(ways.map((way) => gateway.ask(sized(max + 1), { by, way })));
    const longest = answers[0]?.errors?.[0]?.extensions["longestList"] as LongestList | undefined;
    const hint =
      longest === undefined ? "" : ` Its longest list, ${longest.path}, may have ${longest.length} elements.`;
    const reason = {
      message: `The operation is estimated at ${max + 1} ${counts}; at most ${max} are allowed.${hint}`,
      extensions: {
        code: "COST_LIMIT_EXCEEDED",
        limit,
        max,
        found: max + 1,
        cost: estimate,
        ...(longest !== undefined && { longestList: longest }),
      },
    };
    expect(answers.map(outcomeOf)).toEqual(eachWay(refusal([reason])));
    expect(gateway.backend.requests).toEqual([]);
    expect((await gateway.excesses(limit, "enforce")) - before).toBe(ways.length);
  });

  test("where it is only measured, refuses none of these, and says so", async () => {
    for (const [, sized] of rows) {
      await expectMeasured(limit, max, sized);
      expect(await validate(sized(max + 1), `${limit} measured`)).toMatchObject({
        exceeded: [{ limit, max, found: max + 1, isEnforced: false }],
      });
    }
  });

  test("where it is only measured, has an end", async () => {
    const { status, errors = [] } = await gateway.ask(beyondAllCosts, { by: `${limit} measured` });
    const told = errors.map(({ extensions }) => [extensions["code"], extensions["limit"], extensions["max"]]);
    expect(status).toBe(400);
    expect(told).toContainEqual(["COST_LIMIT_EXCEEDED", limit, limitCeilings[limit]]);
    expect(gateway.backend.requests).toEqual([]);
  });
});

test("what nobody reckons costs more than any limit allows, in figures that can be told", async () => {
  const doubling = Array.from(
    { length: 14 },
    (_, n) => `fragment F${n} on Thing { a: next { ...F${n + 1} } b: next { ...F${n + 1} } }`,
  );
  const roots = Array.from({ length: 9 }, (_, n) => `o${n}: one { ...F0 }`);
  const query = `{ ${roots.join(" ")} } ${doubling.join(" ")} fragment F14 on Thing { own }`;
  const most = Number.MAX_SAFE_INTEGER;
  const estimate = { typeCost: most, fieldCost: most, upstreamCalls: most };
  for (const by of ["unlimited", "maxUpstreamCalls measured"]) {
    const { status, errors } = await gateway.ask({ query }, { by });
    expect([status, errors?.map(({ extensions }) => extensions)]).toEqual([
      400,
      (["maxTypeCost", "maxFieldCost", "maxUpstreamCalls"] as const).map((limit) => ({
        code: "COST_LIMIT_EXCEEDED",
        limit,
        max: limitCeilings[limit],
        found: most,
        cost: estimate,
      })),
    ]);
  }
  expect(gateway.backend.requests).toEqual([]);
});

interface LongestList {
  readonly path: string;
  readonly length: number;
}

describe("maxErrors", () => {
  const by = "maxErrors enforced";
  const more = {
    message: `There are more errors than these ${maxErrors}, and no more are told.`,
    limit: "maxErrors",
    max: maxErrors,
  };
  const toldOf = ({ errors = [] }: BorderAnswer): readonly unknown[] =>
    errors.map(({ message, extensions: { code, ...rest } }) =>
      rest["limit"] === "maxErrors" ? { message, ...rest } : code,
    );
  const unknownFields = (count: number): string =>
    Array.from({ length: count }, (_, n) => `no${n}`).join(" ");

  test.each<[what: string, code: string, sized: Sized]>([
    [
      "errors of a document",
      "GRAPHQL_VALIDATION_FAILED",
      (count) => ({ query: `{ ${unknownFields(count)} }` }),
    ],
    [
      "errors of what a fragment spreads",
      "GRAPHQL_VALIDATION_FAILED",
      (count) => ({ query: `{ ...F dear } fragment F on Query { ${unknownFields(count)} }` }),
    ],
    [
      "errors of several operations",
      "GRAPHQL_VALIDATION_FAILED",
      (count) => ({ query: `query A { ${unknownFields(count - 1)} } query B { no }`, operationName: "B" }),
    ],
    [
      "errors of one variable",
      "BAD_USER_INPUT",
      (count) => ({
        query: "query ($ids: [Int!]) { find(ids: $ids) }",
        variables: { ids: Array<string>(count).fill("x") },
      }),
    ],
    [
      "errors of several variables",
      "BAD_USER_INPUT",
      (count) => ({
        query: "query ($ids: [Int!], $by: Filter) { find(ids: $ids, by: $by) }",
        variables: { ids: Array<string>(count - 1).fill("x"), by: { ids: ["x"] } },
      }),
    ],
  ])("tells so many %s, and that there are more", async (_what, code, sized) => {
    for (const way of ways) {
      const told = await Promise.all(
        [maxErrors - 1, maxErrors, maxErrors + 1, 50].map(async (count) =>
          toldOf(await gateway.ask(sized(count), { by, way })),
        ),
      );
      const all = Array<string>(maxErrors).fill(code);
      expect([way, ...told]).toEqual([way, all.slice(1), all, [...all, more], [...all, more]]);
    }
    expect(gateway.backend.requests).toEqual([]);
  });
});

describe("a batch", () => {
  test.each([
    ["of two operations", [{ query: "{ dear }" }, { query: "{ one { id } }" }]],
    ["of one", [{ query: "{ dear }" }]],
    ["of none", []],
  ])("%s is refused, whoever sends it", async (_what, batch) => {
    const body = JSON.stringify(batch);
    for (const way of ["POST", "POST by HTTP/2"] as const)
      expect(await gateway.send({ way, target: "", body }, { by: "unlimited" })).toMatchObject({
        status: 400,
        data: undefined,
        errors: [{ extensions: { code: "BAD_REQUEST" } }],
      });
    expect(gateway.backend.requests).toEqual([]);
  });
});
