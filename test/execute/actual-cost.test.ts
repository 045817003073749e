import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { AccessRules, Denials } from "../../gateway/policy/access-rules.ts";
import { createExecutor, type ExplainingExecutor } from "../../gateway/execute/executor.ts";
import { assemblyTurns } from "../../gateway/execute/assembly-turns.ts";
import type { CostRules } from "../../gateway/policy/cost-rules.ts";
import { decideAccess } from "../../gateway/policy/decide-access.ts";
import { settleCost } from "../../gateway/policy/settle-cost.ts";
import { OperationPreparer } from "../../gateway/prepare/prepare-operation.ts";
import type { RequestScope } from "../../gateway/core/request-scope.ts";
import { writeResult } from "../../gateway/pipeline/write-result.ts";
import { eventually } from "../support/eventually.ts";
import { plainCosts } from "../support/plain-costs.ts";
import { type OpenProject, openProject } from "../oracle/open-project.ts";
import { openAccess } from "../support/open-access.ts";
import { createScope, type ScopeOptions } from "../support/request-scope.ts";
import { ScriptedBackend } from "../support/scripted-backend.ts";
import { ampleLimits } from "../support/ample-limits.ts";

// What an operation has cost is counted while it runs: what came from backends, whatever the client gets to see of it.

const sourceSchema = (url: string): string => `
extend schema @source(name: "shop", url: "${url}", timeoutMs: 5000)
type Query {
  items: [Item!] @rest(GET: "/items")
  user(id: ID!): User @lookup @rest(GET: "/users{?ids*}", batch: { of: "$args.id", as: "ids", match: "id" })
}
type Mutation { rename(name: String): Item @rest(POST: "/rename", body: "{ name: $args.name }") }
type Item @key(fields: "id") { id: ID! name: String tags: [String!] owner: User @from(field: "{ id: ownerId }") }
type User @key(fields: "id") { id: ID! name: String }
`;

const clientSchema = `
type Query {
  items: [Item!]
  top: [Item!] @from(field: "items") @slice(limit: 1)
  owners: [User] @from(field: "items.owner") @slice(limit: 1)
  strict: [Strict!] @from(field: "items")
  owned: [Owned!] @from(field: "items")
  shop: Shop
  secret: [Item!] @from(field: "items") @authenticated
}
type Mutation { rename(name: String): Item }
type Shop @view(of: "Query") { items: [Item!] }
type Item { id: ID! name: String tags: [String!] owner: User }
type Strict @view(of: "Item") { id: ID! name: String! }
type Owned @view(of: "Item") { owner: User! }
type User { id: ID! name: String }
`;

/** An object costs 1, a field 1 as well. */
const evenCosts: Pick<CostRules, "objectCost"> = {
  objectCost: (_typeName, nodes) => () => ({ typeCost: 1, fieldCost: nodes.length }),
};

const backend = new ScriptedBackend();
let items: readonly object[] = [];
let project: OpenProject;
let executor: ExplainingExecutor;
/** Begins every assembly again, in turns. */
let turning: ExplainingExecutor;
/** Bears long lists. */
let ample: ExplainingExecutor;
let preparer: OperationPreparer;
let access: AccessRules;

beforeAll(async () => {
  await backend.start();
  project = openProject({
    sources: [
      {
        file: "schemas/shop.graphql",
        text: sourceSchema(backend.url),
      },
    ],
    clients: new Map([["web", { file: "bff-web/schema.graphql", text: clientSchema, shapers: [] }]]),
    protosFolder: ".",
    urls: {},
  });
  const bound = project.clients.get("web");
  const rules = project.access.get("web");
  if (bound === undefined || rules === undefined) throw new Error("expected the client schema to be bound");
  access = rules;
  const settings = {
    maxResolvedValues: 1000,
    compileFromRequest: 1,
    assemblyTurns,
    costs: evenCosts,
  };
  executor = createExecutor(bound, project.model, settings, () => undefined);
  const turns = { freeValues: 8, maxPartMs: 0, elementsPerLook: 1 };
  turning = createExecutor(bound, project.model, { ...settings, assemblyTurns: turns }, () => undefined);
  ample = createExecutor(
    bound,
    project.model,
    { ...settings, maxResolvedValues: 1_000_000 },
    () => undefined,
  );
  preparer = new OperationPreparer(
    {
      schema: bound.schema,
      access: { ...openAccess, ...access },
      costs: plainCosts,
      showsSuggestions: false,
    },
    { limits: ampleLimits, maxPreparedOperations: 50 },
    () => undefined,
  );
});
afterAll(async () => {
  executor.dispose();
  turning.dispose();
  ample.dispose();
  await project.dispose();
  await backend.stop();
});
afterEach(() => backend.clear());

function answerItems(rows: readonly object[]): void {
  items = rows;
  backend.answer = ({ url }) => {
    if (url.startsWith("/users")) return { body: [{ id: "u1", name: "Ann" }] };
    return url.startsWith("/items") ? { body: items } : { body: { id: "i9", name: "new", ownerId: "u1" } };
  };
}

const threeItems = [
  { id: "i1", name: "One", tags: ["a", "b"], ownerId: "u1" },
  { id: "i2", name: null, ownerId: "u1" },
  { id: "i3", name: "Three", ownerId: "gone" },
];

type Tier = "reference" | "compiled";

async function run(
  tier: Tier,
  query: string,
  options: ScopeOptions & { readonly variables?: Record<string, unknown> } = {},
  runner = executor,
) {
  const { variables = {}, ...scopeOptions } = options;
  const scope = createScope(scopeOptions);
  try {
    const executed = await runIn(scope, tier, { query, variables, runner });
    const isWhole = executed.errors.length === 0 && scope.absorbed.length === 0;
    return { ...executed, isWhole, startedCalls: scope.progress.startedCalls };
  } finally {
    scope.deadline.dispose();
  }
}

interface Asked {
  readonly query: string;
  readonly variables: Record<string, unknown>;
  readonly runner: ExplainingExecutor;
}

async function runIn(scope: RequestScope, tier: Tier, { query, variables, runner }: Asked) {
  const prepared = preparer.prepare(query, null);
  const coerced = prepared.coerceVariables(variables) ?? {};
  const denials: Denials | null = await decideAccess(
    access,
    prepared.guards.guards,
    scope.caller,
    () => false,
  );
  const variant = tier === "reference" ? null : prepared.variantFor(coerced, denials);
  return runner.execute({ prepared, variant, variables, coerced, denials }, scope);
}

describe.each<Tier>(["reference", "compiled"])("the %s executor counts", (tier) => {
  test.each([
    ["objects of lists, and the one that root fields belong to", "{ items { id name } }", [4, 7, 1]],
    [
      "fields of objects as often as there are objects",
      "{ items { id } again: items { id name } }",
      [7, 11, 1],
    ],
    [
      "fields that fragments repeat once",
      "{ items { id ...F ... on Item { id } } } fragment F on Item { id }",
      [4, 4, 1],
    ],
    ["objects that are found, and none where there is null", "{ items { owner { name } } }", [6, 6, 2]],
    ["leaves of lists with their field", "{ items { tags } }", [4, 4, 1]],
    ["groups", "{ shop { items { id } } }", [5, 5, 1]],
    ["nothing but the root where nothing is selected of it", "{ __typename }", [1, 1, 0]],
    ["what a shaper cuts off", "{ top { id } }", [4, 4, 1]],
    ["what a shaper cuts off where it has to be fetched", "{ owners { id } }", [4, 4, 1]],
    [
      "the root of a mutation once",
      'mutation { a: rename(name: "x") { id } b: rename(name: "y") { id } }',
      [3, 4, 2],
    ],
  ])("%s", async (_what, query, [typeCost, fieldCost, upstreamCalls]) => {
    answerItems(threeItems);
    const { actual, isWhole } = await run(tier, query);
    expect(isWhole).toBe(true);
    expect(actual).toEqual({ typeCost, fieldCost, upstreamCalls });
    expect(backend.requests).toHaveLength(upstreamCalls ?? -1);
  });

  test("nothing of what is skipped, and nothing of lists that are empty", async () => {
    answerItems([]);
    const query = "query ($isSkipped: Boolean!) { items @skip(if: $isSkipped) { id owner { id } } }";
    const skipped = await run(tier, query, { variables: { isSkipped: true } });
    expect(skipped.actual).toEqual({ typeCost: 1, fieldCost: 0, upstreamCalls: 0 });
    const empty = await run(tier, query, { variables: { isSkipped: false } });
    expect(empty.actual).toEqual({ typeCost: 1, fieldCost: 1, upstreamCalls: 1 });
  });

  test("once what is assembled again because it took too long", async () => {
    answerItems(threeItems);
    const { actual } = await run(tier, "{ items { id name } top { tags } }", {}, turning);
    expect(actual).toEqual({ typeCost: 7, fieldCost: 11, upstreamCalls: 1 });
  });
});

const estimate = { typeCost: 30, fieldCost: 60, upstreamCalls: 2 };

describe.each<Tier>(["reference", "compiled"])("what was received counts in the %s executor", (tier) => {
  test.each([
    ["behind an element that makes its list null", "{ strict { id name } }", 4],
    ["behind one that does so for what it refers to", "{ owned { owner { name } } }", 6],
    ["beside it", "{ strict { id name } shop { items { id } } top { id } }", 11],
  ])("%s", async (_what, query, typeCost) => {
    answerItems(threeItems);
    const { errors, actual } = await run(tier, query);
    expect(errors).toHaveLength(1);
    expect(actual).toMatchObject({ typeCost });
  });

  test("as far as it is here when the client goes away, and the more of it the later", async () => {
    const scope = createScope();
    const owners = Promise.withResolvers<null>();
    answerItems(threeItems);
    const { answer } = backend;
    if (typeof answer !== "function") throw new Error("expected a function");
    backend.answer = async (request) => {
      if (request.url.startsWith("/users")) await owners.promise;
      return answer(request);
    };
    const prepared = preparer.prepare("{ items { id owner { name } } top { id } }", null);
    const variant = tier === "reference" ? null : prepared.variantFor({}, null);
    const running = executor.execute({ prepared, variant, variables: {}, coerced: {}, denials: null }, scope);
    expect(await scope.progress.received?.()).toMatchObject({ typeCost: 1 });
    await eventually(() => expect(backend.requests).toHaveLength(2));
    // The list as it is shown twice; one element of it is all that `top` shows.
    expect(await scope.progress.received?.()).toMatchObject({ typeCost: 7, fieldCost: 11 });
    owners.resolve(null);
    const { actual } = await running;
    expect(actual).toMatchObject({ typeCost: 9, fieldCost: 13 });
    expect(await scope.progress.received?.()).toMatchObject({ typeCost: 9, fieldCost: 13 });
    scope.deadline.dispose();
  });
});

test("counting what was received ends soon after what an answer may have", async () => {
  const scope = createScope();
  answerItems(Array.from({ length: 5000 }, (_, id) => ({ id: `i${id}`, name: "x", ownerId: "u1" })));
  const prepared = preparer.prepare("{ items { id } again: items { id } }", null);
  const request = { prepared, variables: {}, coerced: {}, denials: null };
  const running = executor.execute({ ...request, variant: prepared.variantFor({}, null) }, scope);
  await expect(running).rejects.toMatchObject({ code: "RESPONSE_TOO_LARGE" });
  const received = (await scope.progress.received?.()) ?? null;
  // The most is 1000; what is gone through together is counted together.
  expect(received?.typeCost).toBeGreaterThan(1000);
  expect(received?.typeCost).toBeLessThan(2002);
  scope.deadline.dispose();
});

describe.each<Tier>(["reference", "compiled"])("of the %s executor nobody gets anything back", (tier) => {
  test.each([
    ["who makes a null take a list along", "{ strict { id name } }", 1],
    ["who may not read a part of it", "{ secret { id } items { id } }", 1],
    ["who may not read any of it", "{ secret { id } }", 0],
  ])("%s", async (_what, query, startedCalls) => {
    answerItems(threeItems);
    const ended = await run(tier, query);
    expect(ended.isWhole).toBe(false);
    expect(ended.startedCalls).toBe(startedCalls);
    expect(settleCost({ estimate, ...ended })).toEqual({ ...estimate, upstreamCalls: startedCalls });
  });

  test("whose call fails beside others", async () => {
    answerItems(threeItems);
    const { answer } = backend;
    if (typeof answer !== "function") throw new Error("expected a function");
    backend.answer = (request) => (request.url.startsWith("/users") ? { status: 500 } : answer(request));
    const ended = await run(tier, "{ items { id owner { name } } }");
    expect(ended.isWhole).toBe(false);
    expect(settleCost({ estimate, ...ended })).toEqual({ ...estimate, upstreamCalls: 2 });
  });

  test("who goes away in the middle, and what has been begun by then is counted", async () => {
    const client = new AbortController();
    const scope = createScope({ client: client.signal });
    backend.answer = () => {
      client.abort();
      return { body: threeItems };
    };
    const prepared = preparer.prepare("{ items { id owner { name } } }", null);
    const variant = tier === "reference" ? null : prepared.variantFor({}, null);
    const request = { prepared, variant, variables: {}, coerced: {}, denials: null };
    const ended = await executor.execute(request, scope).then(
      ({ actual, errors }) => ({ actual, isWhole: errors.length === 0 }),
      () => ({ actual: null, isWhole: false }),
    );
    scope.deadline.dispose();
    expect(ended.isWhole).toBe(false);
    const { startedCalls } = scope.progress;
    expect(startedCalls).toBeGreaterThan(0);
    await eventually(() => expect(backend.requests.length).toBeGreaterThan(0));
    expect(settleCost({ estimate, ...ended, startedCalls })).toEqual({
      ...estimate,
      upstreamCalls: startedCalls,
    });
  });
});

describe("a long run whose answer is whole", () => {
  const asked = () => ({ query: "{ items { id name tags owner { name } } }", variables: {}, runner: ample });

  function answerMany(count: number): void {
    answerItems(
      Array.from({ length: count }, (_, index) => ({
        id: `i${index}`,
        name: `name ${index}`,
        tags: ["a", "b"],
        ownerId: "u1",
      })),
    );
  }

  test("costs the same where nobody gets the answer", async () => {
    answerMany(5000);
    const scope = createScope();
    const { actual } = await runIn(scope, "compiled", asked());
    // Of the root, the items, and the owner of each.
    expect(actual).toEqual({ typeCost: 1 + 5000 * 2, fieldCost: 1 + 5000 * (4 + 1), upstreamCalls: 2 });
    expect(await scope.progress.received?.()).toEqual(actual);
    scope.deadline.dispose();
  });

  test("costs who leaves others alone with it all that was received, however long that takes to count", async () => {
    answerMany(40_000);
    const scope = createScope();
    const { answer } = backend;
    if (typeof answer !== "function") throw new Error("expected a function");
    let isOver = false;
    const counted: unknown[] = [];
    backend.answer = (request) => {
      // In each turn from now on somebody leaves, and is charged for what has come.
      const leave = (): void => {
        if (isOver) return;
        counted.push(scope.progress.received?.());
        setImmediate(leave);
      };
      if (request.url.startsWith("/users")) leave();
      return answer(request);
    };
    const clock = slowWalks();
    try {
      const { actual } = await runIn(scope, "compiled", asked());
      isOver = true;
      // The last of them left when all was here, and before it was written.
      expect(await counted.at(-1)).toEqual(actual);
      expect(counted.at(-1)).toBeInstanceOf(Promise);
    } finally {
      clock.mockRestore();
      scope.deadline.dispose();
    }
  });

  test("leaves nothing of what it found to who still holds its scope and its promise", async () => {
    answerMany(5000);
    const before = await heapBytes();
    const held: unknown[] = [];
    for (let count = 0; count < 10; count++) {
      const scope = createScope();
      const running = runIn(scope, "compiled", asked());
      held.push(scope, running);
      const { text } = await writeResult(await running, scope.absorbed, null);
      expect(text.length).toBeGreaterThan(250_000);
      scope.deadline.dispose();
    }
    const after = await heapBytes();
    // Rows and what is shown of them take more than 2 MB each time.
    expect(after - before).toBeLessThan(4_000_000);
    expect(held).toHaveLength(20);
  });
});

/** After a collection of garbage. */
async function heapBytes(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  await turn();
  collect();
  await turn();
  collect();
  return process.memoryUsage().heapUsed;
}

/** Counting what was received has one portion of it in each turn, as on a slow machine. */
function slowWalks() {
  const now = performance.now.bind(performance);
  let laterMs = 0;
  return vi.spyOn(performance, "now").mockImplementation(() => {
    if (new Error("from where").stack?.includes("received-walk") !== true) return now();
    laterMs += 6;
    return now() + laterMs;
  });
}
