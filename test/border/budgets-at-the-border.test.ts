import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type BffBudget, budgetUnits, budgetWindows } from "../../gateway/config/demand-control.ts";
import { type Asked, type BorderAnswer, BorderGateway, outcomeOf, type Way, ways } from "./border-gateway.ts";
import { calls, ones } from "./cost-rows.ts";

// Every budget and every kind of rate limit from outside: just under, at, just over, filled again, and what might pass it. The
// store of budgets has a clock that stands still until it is moved; everything else is as it is.

const capacity = 6;
const clock = vi.hoisted(() => ({ nowMs: Date.now() }));
vi.mock(import("../../gateway/state/local-store.ts"), async (importOriginal) => {
  const original = await importOriginal();
  const now = (): number => clock.nowMs;
  return {
    ...original,
    openLocalStore: (onForgotten: () => void) =>
      new original.LocalStore({ maxBudgets: 1000, now, monotonicNow: now, onForgotten }),
  };
});

/** Operations that cost just one of a unit, and one that costs as many as it is asked for. */
const units: Readonly<
  Record<BffBudget["of"], { readonly one: readonly Asked[]; readonly many: Sized | null }>
> = {
  requests: {
    one: [
      { query: "{ dear }" },
      { query: "{ many(first: 5) { id } }" },
      { query: "{ nothing }" },
      { query: "{" },
      { query: "query ($ids: [Int!]!) { find(ids: $ids) }" },
      { query: "query A { dear } query B { dear }" },
    ],
    many: null,
  },
  typeCost: {
    one: [
      { query: "{ __typename }" },
      { query: "{ dear }" },
      { query: "{ many(first: 0) { id } }" },
      { query: "query ($first: Int) { many(first: $first) { id } }", variables: { first: 0 } },
      { query: "query ($yes: Boolean!) { dear one @skip(if: $yes) { id } }", variables: { yes: true } },
      { query: "query A { one { id } } query B { dear }", operationName: "B" },
    ],
    many: (count) => ({ query: `{ many(first: ${count - 1}) { id } }` }),
  },
  fieldCost: {
    one: [
      { query: "{ one { id } }" },
      { query: "{ a: one { id } a: one { text } }" },
      { query: "{ ...F ...F } fragment F on Query { one { id } }" },
      { query: "query ($by: Filter) { find(by: $by) }", variables: { by: {} } },
      { query: "{ find(by: {}) }" },
      { query: "query A { dear } query B { one { id } }", operationName: "B" },
    ],
    many: (count) => ({ query: ones(count) }),
  },
  upstreamCalls: {
    one: [
      { query: "{ dear }" },
      { query: "{ a: one { id } b: one { id } }" },
      { query: "{ find(ids: [1]) again: find(ids: [1]) }" },
      { query: "query ($first: Int) { many(first: $first) { id } }", variables: { first: 50 } },
      { query: "mutation { change }" },
      { query: "query A { dear find } query B { dear }", operationName: "B" },
    ],
    many: (count) => ({ query: calls(count) }),
  },
};
type Sized = (count: number) => Asked;

const kinds = ["bucket", ...budgetWindows] as const;
const tierOf = (unit: string, kind: string): string => `${unit} in a ${kind}`;
const nameOf = (unit: string, kind: string): string => `${unit}-${kind}`.toLowerCase();

function budgetOf(unit: BffBudget["of"], kind: (typeof kinds)[number]): BffBudget {
  const refill = kind === "bucket" ? { refillPerSecond: 1 } : { window: kind };
  return { name: nameOf(unit, kind), of: unit, capacity, ...refill };
}

const budgetTiers = budgetUnits.flatMap((unit) =>
  kinds.map((kind) => [tierOf(unit, kind), { budgets: [budgetOf(unit, kind)] }] as const),
);
const consumersOfEach = ["a", "b", "c", "d", "e"] as const;
const byAddress = { ...budgetOf("requests", "day"), name: "by-address", by: "address" };

const gateway = new BorderGateway();
beforeAll(async () => {
  await gateway.start({
    config: {
      shareRequests: false,
      tiers: { ...Object.fromEntries(budgetTiers), "by address": { budgets: [byAddress] } },
      preparing: { capacityMs: 600_000, refillMsPerSecond: 1000 },
    },
    consumers: new Map([
      ...[...budgetTiers.map(([tier]) => tier), "by address"].flatMap((tier) =>
        consumersOfEach.map((consumer) => [`${consumer} of ${tier}`, tier] as const),
      ),
      ...Array.from({ length: 20 }, (_, index) => [`plain ${index}`, null] as const),
    ]),
  });
});
afterAll(() => gateway.stop());
beforeEach(() => {
  gateway.backend.requests.length = 0;
});

const remainingIn = ({ headers }: BorderAnswer): string | undefined =>
  /;r=(\d+)/.exec(headers["ratelimit"] ?? "")?.[1];

/** 0 until the end of the day or month, by UTC. */
function untilEndMs(kind: (typeof kinds)[number]): number {
  const now = new Date(clock.nowMs);
  const [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()];
  return (kind === "day" ? Date.UTC(year, month, day + 1) : Date.UTC(year, month + 1)) - clock.nowMs;
}

test("every unit and every kind of budget has a row", () => {
  expect(Object.keys(units)).toEqual([...budgetUnits]);
  expect(kinds.slice(1)).toEqual([...budgetWindows]);
});

describe.each(budgetUnits.flatMap((unit) => kinds.map((kind) => [unit, kind] as const)))(
  "%s in a %s",
  (unit, kind) => {
    const tier = tierOf(unit, kind);
    const { one, many } = units[unit];
    const [first = { query: "" }] = one;
    const what = unit === "requests" ? "request" : "operation";

    test("are let through up to the last, and again when there is one again", async () => {
      const by = `a of ${tier}`;
      const left: unknown[] = [];
      for (let count = 0; count < capacity; count++) {
        const answer = await gateway.ask(first, { by });
        left.push([outcomeOf(answer), remainingIn(answer)]);
      }
      const expected = Array.from({ length: capacity }, (_, index) => ["ok", String(capacity - 1 - index)]);
      expect(left).toEqual(expected);
      gateway.backend.requests.length = 0;
      const seconds = kind === "bucket" ? 1 : Math.ceil(untilEndMs(kind) / 1000);
      const answer = await gateway.ask(first, { by });
      expect(outcomeOf(answer)).toEqual({
        status: 429,
        data: undefined,
        errors: [
          {
            message: `The ${what} costs 1 of the budget ${nameOf(unit, kind)}, of which 0 are left.`,
            extensions: {
              code: "RATE_LIMITED",
              budget: nameOf(unit, kind),
              of: unit,
              capacity,
              remaining: 0,
              cost: expect.objectContaining(unit === "requests" ? {} : { [unit]: 1 }) as unknown,
              retryAfterSeconds: seconds,
            },
          },
        ],
      });
      expect(answer.headers["retry-after"]).toBe(String(seconds));
      expect(answer.headers["ratelimit"]).toBe(`"${nameOf(unit, kind)}";r=0;t=${seconds}`);
      expect(gateway.backend.requests).toEqual([]);
      const untilMs = kind === "bucket" ? 1000 : untilEndMs(kind);
      clock.nowMs += untilMs - 1;
      expect((await gateway.ask(first, { by })).status).toBe(429);
      clock.nowMs += 1;
      expect(remainingIn(await gateway.ask(first, { by }))).toBe(
        kind === "bucket" ? "0" : String(capacity - 1),
      );
    });

    test.skipIf(many === null)("are let through all at once, and never one more", async () => {
      const by = `b of ${tier}`;
      const ask = (count: number): Promise<BorderAnswer> =>
        gateway.ask(many?.(count) ?? { query: "" }, { by });
      const never = await ask(capacity + 1);
      expect(outcomeOf(never)).toMatchObject({
        status: 429,
        errors: [
          {
            message: `The operation costs ${capacity + 1} of the budget ${nameOf(unit, kind)}, which never holds more than ${capacity}.`,
            extensions: { code: "RATE_LIMITED", remaining: capacity, retryAfterSeconds: null },
          },
        ],
      });
      expect(never.headers["retry-after"]).toBeUndefined();
      expect(gateway.backend.requests).toEqual([]);
      const all = await ask(capacity);
      expect([outcomeOf(all), remainingIn(all)]).toEqual(["ok", "0"]);
      expect((await ask(2)).status).toBe(429);
    });

    test("are counted once for all ways, keys and documents of a consumer, and for each consumer by itself", async () => {
      const by = `c of ${tier}`;
      const all: readonly (readonly [Asked, Way, boolean])[] = ways.flatMap((way) =>
        one
          .filter(({ query }) => !(way.startsWith("GET") && query.startsWith("mutation")))
          .flatMap((asked) => [false, true].map((isSecond) => [asked, way, isSecond] as const)),
      );
      const answers = await Promise.all(
        all.map(([asked, way, withSecondKey]) => gateway.ask(asked, { by, way, withSecondKey })),
      );
      const refused = answers.filter(({ status }) => status === 429);
      expect(all.length - refused.length).toBe(capacity);
      const other = await gateway.ask(first, { by: `d of ${tier}` });
      expect([outcomeOf(other), remainingIn(other)]).toEqual(["ok", String(capacity - 1)]);
    });
  },
);

describe("a budget by address", () => {
  test("is one for all consumers there, whatever address they say is theirs", async () => {
    const answers: string[] = [];
    for (let count = 0; count <= capacity; count++) {
      const by = `${consumersOfEach[count % consumersOfEach.length] ?? ""} of by address`;
      const headers = { "x-forwarded-for": `192.0.2.${count}`, forwarded: `for=192.0.2.${count}` };
      answers.push(String((await gateway.ask({ query: "{ dear }" }, { by, headers })).status));
    }
    expect(answers).toEqual([...Array<string>(capacity).fill("200"), "429"]);
  });
});

describe("@rateLimit", () => {
  const max = 3;
  const refusalOf = (coordinate: string, times: string, retryAfterSeconds: number | null): unknown => ({
    status: 429,
    data: undefined,
    errors: [
      {
        message: `${coordinate} may be used ${max} times in 3s; this operation uses it ${times}.`,
        extensions: { code: "RATE_LIMITED", coordinate, max, window: "3s", retryAfterSeconds },
      },
    ],
  });
  const aliases = (count: number): Asked => ({
    query: `{ ${Array.from({ length: count }, (_, index) => `a${index}: limited`).join(" ")} }`,
  });

  test("lets just so many uses through, together or one by one, and again when there is one again", async () => {
    const by = "plain 0";
    expect(outcomeOf(await gateway.ask(aliases(max + 1), { by }))).toEqual(
      refusalOf("Query.limited", `${max + 1} times`, null),
    );
    expect(outcomeOf(await gateway.ask(aliases(max - 1), { by }))).toBe("ok");
    const last = await gateway.ask(aliases(1), { by });
    expect([outcomeOf(last), remainingIn(last)]).toEqual(["ok", "0"]);
    gateway.backend.requests.length = 0;
    const over = await gateway.ask(aliases(1), { by });
    expect(outcomeOf(over)).toEqual(refusalOf("Query.limited", "once", 1));
    expect(over.headers).toMatchObject({
      "retry-after": "1",
      "ratelimit-policy": `"Query.limited";q=${max};qu="uses";w=3`,
      ratelimit: '"Query.limited";r=0;t=1',
    });
    expect(gateway.backend.requests).toEqual([]);
    clock.nowMs += 999;
    expect((await gateway.ask(aliases(1), { by })).status).toBe(429);
    clock.nowMs += 1;
    expect(outcomeOf(await gateway.ask(aliases(1), { by }))).toBe("ok");
    expect(outcomeOf(await gateway.ask(aliases(1), { by: "plain 1" }))).toBe("ok");
    clock.nowMs += 3000;
    expect(outcomeOf(await gateway.ask(aliases(max), { by }))).toBe("ok");
  });

  test("is told by a validation, of which nothing is taken, and by a report", async () => {
    clock.nowMs += 3000;
    const by = "plain 3";
    const asked = { query: '{ limited again: limited a: byTopic(topic: "a") bundle(ids: [1, 2, 3, 4]) }' };
    const toldOf = async (asking: Asked, header: "validate" | "report"): Promise<unknown> => {
      const { extensions } = await gateway.ask(asking, { by, headers: { "graphql-cost": header } });
      return (extensions?.["cost"] as Record<string, unknown> | undefined)?.["rateLimits"];
    };
    const limit = { max, window: "3s" };
    const full = { remaining: max, resetAfterSeconds: 0 };
    for (let count = 0; count < 10; count++)
      expect(await toldOf(asked, "validate")).toEqual([
        { coordinate: "Query.limited", ...limit, uses: 2, ...full },
        { coordinate: "Query.byTopic", ...limit, uses: 1, ...full },
        { coordinate: "Query.bundle", ...limit, uses: 4, ...full },
      ]);
    const fitting = { query: '{ a: byTopic(topic: "a") b: byTopic(topic: "b") again: byTopic(topic: "b") }' };
    expect(await toldOf(fitting, "report")).toEqual([
      { coordinate: "Query.byTopic", ...limit, uses: 2, remaining: 1, resetAfterSeconds: 2 },
      { coordinate: "Query.byTopic", ...limit, uses: 1, remaining: 2, resetAfterSeconds: 1 },
    ]);
    expect(await toldOf(asked, "validate")).toEqual([
      { coordinate: "Query.byTopic", ...limit, uses: 1, remaining: 2, resetAfterSeconds: 1 },
      { coordinate: "Query.limited", ...limit, uses: 2, ...full },
      { coordinate: "Query.bundle", ...limit, uses: 4, ...full },
    ]);
    expect(await toldOf({ query: "{ closed }" }, "validate")).toEqual([
      { coordinate: "Query.closed", max: 0, window: "3s", uses: 1, remaining: 0, resetAfterSeconds: 0 },
    ]);
    expect(await toldOf({ query: "{ dear }" }, "validate")).toEqual([]);
    expect(outcomeOf(await gateway.ask(aliases(max), { by }))).toBe("ok");
    gateway.backend.requests.length = 0;
    expect(await toldOf(aliases(max), "validate")).toEqual([
      { coordinate: "Query.limited", ...limit, uses: max, remaining: 0, resetAfterSeconds: 3 },
    ]);
    expect(gateway.backend.requests).toEqual([]);
  });

  test.each<[what: string, coordinate: string, sized: Sized]>([
    [
      "fragments",
      "Query.limited",
      (count) => ({
        query: `{ ...F ${aliases(count - 1).query} } fragment F on Query { x: limited }`.replace(
          "{ a0",
          "... { a0",
        ),
      }),
    ],
    [
      "what a variable includes",
      "Query.limited",
      (count) => ({
        query: `query ($yes: Boolean!) { dear x: limited @skip(if: $yes) ... @include(if: $yes) ${aliases(count).query} }`,
        variables: { yes: true },
      }),
    ],
    [
      "another operation of the document",
      "Query.limited",
      (count) => ({ query: `query A { dear } query B ${aliases(count).query}`, operationName: "B" }),
    ],
    [
      "one value that is written in several ways",
      "Query.byTopic",
      (count) => ({
        query: `query ($topic: String, $other: String = "none") { a: byTopic b: byTopic(topic: $topic) c: byTopic(topic: $other) ${count > 3 ? 'd: byTopic(topic: "none")' : ""} }`,
      }),
    ],
    [
      "a list",
      "Query.bundle",
      (count) => ({ query: `{ bundle(ids: [${Array(count).fill(1).join(" ")}]) }` }),
    ],
    [
      "a list in a variable",
      "Query.bundle",
      (count) => ({
        query: "query ($ids: [Int!]) { bundle(ids: $ids) }",
        variables: { ids: Array(count).fill(1) },
      }),
    ],
    [
      "a list that is a variable's default",
      "Query.bundle",
      (count) => ({
        query: `query ($ids: [Int!] = [${Array(count).fill(1).join(" ")}]) { bundle(ids: $ids) }`,
      }),
    ],
    [
      "lists of nothing, which are one use each",
      "Query.bundle",
      (count) => ({
        query: `{ ${Array.from({ length: count - 1 }, (_, index) => `a${index}: bundle(ids: [])`).join(" ")} b: bundle }`,
      }),
    ],
  ])("is not passed by %s, by whichever way", async (_what, coordinate, sized) => {
    clock.nowMs += 3000;
    const by = "plain 2";
    for (const way of ways) {
      expect(outcomeOf(await gateway.ask(sized(max + 1), { by, way }))).toEqual(
        refusalOf(coordinate, `${max + 1} times`, null),
      );
      expect(outcomeOf(await gateway.ask(sized(max), { by, way }))).toBe("ok");
      const more = await Promise.all(
        ways.map((other) => gateway.ask(sized(max), { by, way: other, withSecondKey: true })),
      );
      expect(more.map(outcomeOf)).toEqual(ways.map(() => refusalOf(coordinate, `${max} times`, 3)));
      clock.nowMs += 3000;
    }
  });
});
