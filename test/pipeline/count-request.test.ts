import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { bffOptions } from "../../gateway/config/define-bff.ts";
import { anonymousCaller } from "../../gateway/core/caller.ts";
import { OverlockError } from "../../gateway/core/errors.ts";
import { RequestRefusal } from "../../gateway/core/request-refusal.ts";
import { Metrics } from "../../gateway/observe/metrics.ts";
import { countRefused } from "../../gateway/pipeline/count-request.ts";
import { gate } from "../../gateway/pipeline/gate.ts";
import { GatedRequest } from "../../gateway/pipeline/gated-request.ts";
import { compileTierBudgets } from "../../gateway/policy/budgets.ts";
import { PreparingBudgets } from "../../gateway/policy/preparing-budgets.ts";
import { compileTiers } from "../../gateway/policy/tiers.ts";
import type { BudgetStore } from "../../gateway/state/budget-store.ts";
import { caught } from "../support/caught.ts";
import type { GraphqlAnswer, QueryOptions } from "../support/test-gateway.ts";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";
import { ScriptedBackend } from "../support/scripted-backend.ts";

// Whatever becomes of a request, it is one of its caller's, and what is not prepared is counted before anybody reads it.

const backend = new ScriptedBackend();
beforeAll(async () => {
  await backend.start();
  return () => backend.stop();
});

let project: ProjectGateway | null = null;
beforeEach(() => {
  backend.requests.length = 0;
  backend.answer = ({ url }) => ({
    body: url.startsWith("/rows") ? [{ id: "1" }, { id: "2" }] : { id: "1" },
  });
});
afterEach(async () => {
  await project?.stop();
  project = null;
});

const requests = (capacity: number): string =>
  `{ name: "calls", of: "requests", capacity: ${capacity}, refillPerSecond: 0.001 }`;
const costs = (capacity: number): string =>
  `{ name: "types", of: "typeCost", capacity: ${capacity}, refillPerSecond: 0.001 }`;

async function start(budgets: readonly string[], more = ""): Promise<ProjectGateway> {
  const source = `extend schema @source(name: "main", url: "http://x", timeoutMs: 5000)
    type Query {
      one: Thing @rest(GET: "/one")
      kept: Thing @rest(GET: "/kept") @authenticated
      many(first: Int = 10): [Thing!] @rest(GET: "/rows", query: { first: "$args.first" }) @listSize(slicingArguments: ["first"])
    }
    type Mutation { change: Thing @rest(POST: "/one") @rateLimit(max: 1, window: "100h") }
    type Thing { id: ID! }`;
  const client = `type Query { one: Thing kept: Thing many(first: Int = 10): [Thing!] }
    type Mutation { change: Thing } type Thing { id: ID! }`;
  const config = `{ name: "web", anonymous: true, budgets: [${budgets.join(", ")}], ${more} }`;
  project = await startProject({ main: source }, client, { MAIN_URL: backend.url }, { config });
  return project;
}

/** `r` of a budget in the header `ratelimit`. */
function left({ headers }: GraphqlAnswer, name = "calls"): number {
  return Number(new RegExp(`"${name}";r=(\\d+)`).exec(headers.get("ratelimit") ?? "")?.[1]);
}

function codeOf({ errors }: GraphqlAnswer): unknown {
  return errors[0]?.extensions.code;
}

/** How many documents were parsed, whether they were any use or not. */
async function parsed(web: ProjectGateway): Promise<number> {
  const text = await (await fetch(`${web.gateway.adminUrl}/metrics`)).text();
  const counts = [
    ...text.matchAll(/^overlock_prepare_total\{[^}]*result="(?:miss|refused)"[^}]*\} (\d+)$/gm),
  ];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

describe("a flood of documents that are not known", () => {
  it.each<[string, (index: number) => string]>([
    ["with a new name each", (index) => `{ alias${index}: one { id } }`],
    ["that are no GraphQL", (index) => `{ one { id }${"{".repeat(index + 1)}`],
    ["that do not fit the schema", (index) => `{ unknown${index} }`],
    [
      "that are too deep",
      (index) => `{ one { id ${"... { id ".repeat(100 + index)}${"}".repeat(102 + index)}`,
    ],
    ["of too many tokens", (index) => `{ ${"one { id } ".repeat(3000 + index)} }`],
    ["that name no operation to run", (index) => `query A${index} { one { id } } query B { one { id } }`],
  ])("%s, ends in 429 and is not read beyond that", async (_what, document) => {
    const web = await start([requests(5)]);
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => web.query(document(index))));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(15);
    expect(await parsed(web)).toBe(5);
    for (const answer of refused) {
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(900);
      expect(left(answer)).toBe(0);
      expect(answer.headers.get("ratelimit-policy")).toBe('"calls";q=5;w=5000');
      expect(answer.errors).toMatchObject([
        {
          message: "The request costs 1 of the budget calls, of which 0 are left.",
          extensions: { code: "RATE_LIMITED", budget: "calls", of: "requests", capacity: 5, remaining: 0 },
        },
      ]);
    }
  });

  it("lets through what is just within the budget, and nothing beyond it, documents known and not", async () => {
    const web = await start([requests(4)]);
    const codes: unknown[] = [];
    for (const query of [
      "{ one { id } }",
      "{ one { id } }",
      "{",
      "{ unknown }",
      "{ one { id } }",
      "{ b: one { id } }",
    ])
      codes.push(codeOf(await web.query(query)));
    expect(codes).toEqual([
      undefined,
      undefined,
      "GRAPHQL_PARSE_FAILED",
      "GRAPHQL_VALIDATION_FAILED",
      "RATE_LIMITED",
      "RATE_LIMITED",
    ]);
    expect(backend.requests).toHaveLength(2);
  });
});

describe("a request that is refused", () => {
  const known = "query Q($n: Int) { many(first: $n) { id } }";
  it.each<[string, string, QueryOptions & { readonly query?: string }]>([
    ["for its document", "GRAPHQL_PARSE_FAILED", { query: "{" }],
    ["for what its document asks", "GRAPHQL_VALIDATION_FAILED", { query: "{ unknown }" }],
    ["for its bytes", "LIMIT_EXCEEDED", { query: `{ one { id } } #${" ".repeat(2000)}` }],
    ["for its variables", "BAD_USER_INPUT", { variables: { n: "many" } }],
    ["for a list size", "BAD_USER_INPUT", { variables: { n: -1 } }],
    ["for the operation's name", "OPERATION_RESOLUTION_FAILURE", { operationName: "R" }],
    ["for what it costs", "COST_LIMIT_EXCEEDED", { variables: { n: 60 } }],
    ["for what its caller may not read", "UNAUTHENTICATED", { query: "{ kept { id } }" }],
    ["for a budget of another unit", "RATE_LIMITED", { variables: { n: 45 } }],
    ["for parameters that are none", "BAD_REQUEST", { variables: [] as unknown as Record<string, unknown> }],
  ])(
    "%s counts as one, whether it is known or not, and says what is left",
    async (_why, code, { query = known, ...options }) => {
      const web = await start(
        [requests(10), costs(40)],
        'limits: { maxTypeCost: 50, maxDocumentBytes: 1000 }, denied: "reject"',
      );
      const first = await web.query(known, { variables: { n: 1 } });
      expect([first.status, left(first)]).toEqual([200, 9]);
      const told = [await web.query(query, options), await web.query(query, options)];
      expect(told.map(codeOf)).toEqual([code, code]);
      expect(told.map((answer) => left(answer))).toEqual([8, 7]);
      const after = await web.query("{ __typename }");
      expect([left(after), left(after, "types")]).toEqual([6, 36]);
    },
  );

  it("for a rate limit counts as one", async () => {
    const web = await start([requests(10), costs(100)]);
    const answers: GraphqlAnswer[] = [];
    for (let count = 0; count < 4; count++) answers.push(await web.query("mutation { change { id } }"));
    expect(answers.map(({ status }) => status)).toEqual([200, 429, 429, 429]);
    // The first was counted at the gate, the others behind it.
    expect(
      answers.map((answer) => [left(answer), left(answer, "types"), left(answer, "Mutation.change")]),
    ).toEqual([
      [9, 98, 0],
      [8, 98, 0],
      [7, 98, 0],
      [6, 98, 0],
    ]);
    const twice = await web.query("mutation { a: change { id } b: change { id } }");
    expect([codeOf(twice), left(twice), left(twice, "types"), twice.headers.get("retry-after")]).toEqual([
      "RATE_LIMITED",
      5,
      98,
      null,
    ]);
    expect(twice.headers.get("ratelimit-policy")).toMatch(/^"calls";.*"types";.*"Mutation\.change";q=1;/);
    const after = await web.query("{ __typename }");
    expect([left(after), left(after, "types")]).toEqual([4, 97]);
  });

  it("is refused for its requests where none is left, whatever else is wrong with it", async () => {
    const web = await start([requests(3), costs(40)]);
    const asked: QueryOptions[] = [
      { variables: { n: 1 } },
      { variables: { n: "x" } },
      { variables: { n: "x" } },
    ];
    for (const options of asked) expect(codeOf(await web.query(known, options))).not.toBe("RATE_LIMITED");
    for (const options of [...asked, { variables: { n: 45 } }, { operationName: "R" }]) {
      const answer = await web.query(known, options);
      expect(codeOf(answer)).toBe("RATE_LIMITED");
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(900);
    }
  });

  it("before it is known who sends it, or that it is GraphQL, counts for nothing", async () => {
    const web = await start([requests(10)]);
    const post = (body: string, headers = {}): Promise<Response> =>
      fetch(`${web.gateway.url}/web/graphql`, {
        method: "POST",
        body,
        headers: { "content-type": "application/json", ...headers },
      });
    const statuses = [
      (await post('[{"query":"{ one { id } }"},{"query":"{ one { id } }"}]')).status,
      (await post("{")).status,
      (await post('{"query":"{ one { id } }"}', { accept: "text/plain" })).status,
      (await fetch(`${web.gateway.url}/web/graphql`, { method: "OPTIONS" })).status,
    ];
    expect(statuses).toEqual([400, 400, 406, 405]);
    expect(backend.requests).toEqual([]);
    expect(left(await web.query("{ __typename }"))).toBe(9);
  });
});

describe("a request that is answered", () => {
  it("counts once, whether its document is known or not, and is never given back", async () => {
    const web = await start([requests(10), costs(100)]);
    const lefts: number[][] = [];
    for (const first of [50, 50, 50]) {
      const answer = await web.query(`{ many(first: ${first}) { id } }`);
      lefts.push([left(answer)]);
    }
    const after = await web.query("{ __typename }");
    expect(lefts.flat()).toEqual([9, 8, 7]);
    expect([left(after), left(after, "types")]).toEqual([6, 90]);
  });

  it("counts once where it is sent by GET, or asks about the schema", async () => {
    const web = await start([requests(10)], 'introspection: "all"');
    const get = async (query: string): Promise<number> => {
      const { headers } = await fetch(`${web.gateway.url}/web/graphql?query=${encodeURIComponent(query)}`, {
        headers: { accept: "application/graphql-response+json" },
      });
      return Number(/r=(\d+)/.exec(headers.get("ratelimit") ?? "")?.[1]);
    };
    const asked = [
      "{ one { id } }",
      "{ one { id } }",
      "{ __schema { types { name } } }",
      "mutation { change { id } }",
    ];
    const lefts: number[] = [];
    for (const query of asked) lefts.push(await get(query));
    expect(lefts).toEqual([9, 8, 7, 6]);
    expect(backend.requests).toHaveLength(2);
  });

  it("counts by itself where others are answered with it", async () => {
    const web = await start([requests(100)]);
    for (let count = 0; count < 3; count++) await web.query("{ one { id } }");
    const answers = await Promise.all(Array.from({ length: 20 }, () => web.query("{ one { id } }")));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(left(await web.query("{ one { id } }"))).toBe(76);
  });

  it("is not counted where only other units are", async () => {
    const web = await start([costs(100)]);
    expect(codeOf(await web.query("{"))).toBe("GRAPHQL_PARSE_FAILED");
    const answer = await web.query("{ one { id } }");
    expect([answer.status, left(answer, "types")]).toEqual([200, 98]);
  });
});

describe("counting", () => {
  const reservation = { refused: null, retryAfterMs: null, states: [], takenAtMs: 0, isLocalShare: false };
  const away = new OverlockError("STATE_UNAVAILABLE", "Redis is away");
  const budgetOf = (of: string): object => ({ name: "b", of, capacity: 1, refillPerSecond: 1 });

  /** A request at the gate of a BFF with one budget, and a store that does `reserve`. */
  function atGate(of: string | null, reserve: BudgetStore["reserve"]) {
    let asked = 0;
    const settings = {
      ...bffOptions.parse({ name: "web", budgets: of === null ? [] : [budgetOf(of)] }),
      introspection: null,
    };
    const budgets: BudgetStore = {
      reserve(charges) {
        asked += 1;
        return reserve(charges);
      },
      settle() {},
      async dispose() {},
    };
    const bff = {
      settings,
      tiers: compileTiers(settings),
      preparing: new PreparingBudgets(settings.preparing),
      metrics: new Metrics(),
      preparer: { isPrepared: (query: string) => query === "known" },
      budgets,
      budgetsOf: compileTierBudgets("web"),
    };
    const gated = new GatedRequest(bff, { clientAddress: "192.0.2.1" }, anonymousCaller);
    return { bff, gated, asked: () => asked };
  }

  it.each([
    ["nothing", null, "new", 0],
    ["another unit", "fieldCost", "new", 0],
    ["requests, of what is known", "requests", "known", 0],
    ["requests, of what is not", "requests", "new", 1],
  ])("asks the store at the gate only where it has to: %s", (_what, of, query, expected) => {
    const { bff, gated, asked } = atGate(of, () => reservation);
    expect(gate(bff, gated, { query })).toBeNull();
    expect([asked(), gated.counted !== null]).toEqual([expected, expected === 1]);
  });

  it("is waited for where the store is elsewhere", async () => {
    const { bff, gated } = atGate("requests", async () => reservation);
    const counting = gate(bff, gated, { query: "new" });
    expect([counting instanceof Promise, gated.counted]).toEqual([true, null]);
    await counting;
    expect(gated.counted).toMatchObject({ reservation });
  });

  it("that fails refuses the request, and the store is not asked once more", async () => {
    const { bff, gated, asked } = atGate("requests", () => Promise.reject(away));
    const thrown = RequestRefusal.from(await caught(Promise.resolve(gate(bff, gated, { query: "new" }))));
    expect(thrown.code).toBe("STATE_UNAVAILABLE");
    expect(await countRefused(bff, gated, thrown)).toBe(thrown);
    expect(asked()).toBe(1);
  });

  it("asks nobody for a request that is refused where nothing counts requests", () => {
    const { bff, gated, asked } = atGate("fieldCost", () => reservation);
    const refusal = RequestRefusal.of("BAD_USER_INPUT");
    expect([countRefused(bff, gated, refusal), asked()]).toEqual([refusal, 0]);
  });

  it.each([
    ["BAD_USER_INPUT", "RATE_LIMITED"],
    ["INTERNAL_SERVER_ERROR", "INTERNAL_SERVER_ERROR"],
  ] as const)("of a request that is refused with %s, where none is left, comes to %s", async (code, told) => {
    const states = [{ remaining: 0, resetAfterMs: 1000 }];
    const spent = { ...reservation, refused: 0, retryAfterMs: 1000, states };
    const { bff, gated } = atGate("requests", () => spent);
    expect((await countRefused(bff, gated, RequestRefusal.of(code))).code).toBe(told);
  });
});
