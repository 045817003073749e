import { OperationTypeNode, parse } from "graphql";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { loadProject } from "../../gateway/config/load-project.ts";
import { anonymousCaller, type Caller, type ClaimValue } from "../../gateway/core/caller.ts";
import { Deadline } from "../../gateway/core/deadline.ts";
import { type CostEstimate, compileCost } from "../../gateway/policy/operation-cost.ts";
import { RequestRefusal } from "../../gateway/core/request-refusal.ts";
import { Problems } from "../../gateway/core/problems.ts";
import { SeededRandom } from "../backends/seeded-random.ts";
import { type Shop, startShop } from "../backends/shop.ts";
import { shopRoot } from "../support/test-gateway.ts";
import { askerOf } from "./asker.ts";
import { compareExecutors } from "./compare-executors.ts";
import { OperationGenerator } from "./generate-operation.ts";
import { type OpenProject, openProject } from "./open-project.ts";
import type { RandomOperation } from "./operation.ts";
import type { ValuePools } from "./random-values.ts";
import { SchemaIndex } from "./schema-index.ts";
import { mutationPools, shopOptions } from "./shop-operations.ts";
import { type CountingAnswerer, openTwoExecutors, type ScopeParts } from "./two-executors.ts";

// The shop's own client schemas on its real backends, what changes something included. ORACLE_OPERATIONS=<number> tries
// more, ORACLE_FROM=<seed> others.
const { ORACLE_OPERATIONS = "1000", ORACLE_FROM = "0" } = process.env;
const count = Number(ORACLE_OPERATIONS);
const from = Number(ORACLE_FROM);

let shop: Shop;
let project: OpenProject;

beforeAll(async () => {
  // What is written carries the time.
  vi.useFakeTimers({ toFake: ["Date"], now: new Date("2026-02-01T12:00:00Z") });
  shop = await startShop();
  const problems = new Problems();
  const { sourceFiles, bffs, protosFolder } = await loadProject(shopRoot, problems);
  problems.throwIfAny();
  project = openProject({
    // Time is no part of what is compared, and test machines are slow.
    sources: sourceFiles.map(({ file, text }) => {
      return { file, text: text.replaceAll(/timeoutMs: \d+/g, "timeoutMs: 120000") };
    }),
    clients: new Map(
      bffs.map(({ settings, schema }) => [settings.name, { ...schema, shapers: settings.shapers }]),
    ),
    protosFolder,
    urls: Object.fromEntries(
      Object.entries(shop.env).map(([name, url]) => [name.replace(/_URL$/, "").toLowerCase(), url]),
    ),
  });
});
afterAll(async () => {
  await project.dispose();
  await shop.stop();
  vi.useRealTimers();
});

function open(name: string) {
  const { bound, access } = opened(name);
  const executors = openTwoExecutors(bound, project.model, { access, scopeOf, letsCaller });
  return { schema: bound.schema, ...executors };
}

function opened(name: string) {
  const bound = project.clients.get(name);
  const access = project.access.get(name);
  const costs = project.costs.get(name);
  if (bound === undefined || access === undefined || costs === undefined)
    throw new Error(`Expected a BFF ${name}.`);
  return { bound, access, costs };
}

function scopeOf({ seed }: RandomOperation): ScopeParts {
  const { userId, locale } = askerOf(seed);
  return {
    requestId: `seed-${seed}`,
    caller: callerOf(userId, seed),
    headers: new Map(),
    deadline: Deadline.start(600_000, null),
    locale,
    timeZone: "Europe/Berlin",
  };
}

/** Most may do what needs a scope or a policy. */
function mayDo(what: string, seed: number): boolean {
  return new SeededRandom(seed * 31 + what.length).next() < 0.7;
}

function letsCaller(policy: string, { seed }: RandomOperation): boolean {
  return mayDo(policy, seed);
}

function callerOf(userId: string | null, seed: number): Caller {
  if (userId === null) return anonymousCaller;
  const claims = Object.assign(Object.create(null) as Record<string, ClaimValue>, { sub: userId });
  return {
    kind: "jwt",
    subject: userId,
    consumer: null,
    tier: null,
    scopes: new Set(["orders:write"].filter((scope) => mayDo(scope, seed))),
    issuer: "https://issuer.example",
    claims,
  };
}

describe.each(["web", "mobile"])(
  "the compiled executor and the reference on the shop's %s schema",
  (name) => {
    test(
      `give the same answers to ${count} random queries`,
      async () => {
        const { schema, ...executors } = open(name);
        const pools = new Map([
          ...(shopOptions.pools ?? []),
          ...(await cursorsOf(name, executors.reference)),
        ]);
        // Introspection is about the schema: nothing of it is planned.
        const options = { ...shopOptions, pools, introspectionShare: 0 };
        const generator = new OperationGenerator(new SchemaIndex(schema), options);
        const compared = await compareExecutors({ ...executors, generator, count, from, concurrency: 8 });
        shop.clearLogs();
        expect(compared.report).toBe("none");
        expect(compared.costlier).toEqual([]);
        expect(compared.miscounted).toEqual([]);
        expect(compared.underestimated).toEqual([]);
        expect(compared.compiled).toBe(count);
        expect(compared.codes.get("INTERNAL_SERVER_ERROR") ?? 0).toBe(0);
        expect(compared.leaves).toBeGreaterThan(count * 5);
        expect(compared.whole).toBeGreaterThan(count / 5);
      },
      120_000 + count * 50,
    );

    test(
      "take no more than was estimated, where lists are as long as they are declared",
      async () => {
        const { bound, access, costs } = opened(name);
        const executors = openTwoExecutors(bound, project.model, { access, costs, scopeOf, letsCaller });
        const cursors = [...(await cursorsOf(name, executors.reference))];
        const pools = new Map([
          ...(shopOptions.pools ?? []),
          ...cursors.map(([coordinate, pool]) => [coordinate, [...pool, ...pool.flatMap(forge)]] as const),
        ]);
        const options = { ...shopOptions, pools, introspectionShare: 0 };
        const generator = new OperationGenerator(new SchemaIndex(bound.schema), options);
        const exceeded: object[] = [];
        let whole = 0;
        let checked = 0;
        for (let seed = from; seed < from + count; seed++) {
          const operation = generator.operation(seed);
          const { request, actual, errors, absorbed, estimates } = await executors.compiled(operation);
          // What is refused before it runs has received nothing.
          if (request === null || actual === null) continue;
          const { document, operation: definition } = request.prepared;
          let estimate: CostEstimate;
          try {
            const formula = compileCost(costs, bound.schema, document, definition);
            estimate = formula.estimate(request.coerced, request.denials);
          } catch (error) {
            // A size that no list can have is refused before anything runs.
            if (error instanceof RequestRefusal) continue;
            throw error;
          }
          checked++;
          if (errors.length === 0 && absorbed.length === 0) whole++;
          const { typeCost, fieldCost } = estimate;
          const lengthOf = (list: string): number => estimate.lengthOf(list);
          const [upstreamCalls = 0] = estimates.map((formula) => formula.upstreamCalls(lengthOf));
          const isExceeded =
            actual.typeCost > typeCost ||
            actual.fieldCost > fieldCost ||
            actual.upstreamCalls > upstreamCalls;
          const allowed = { typeCost, fieldCost, upstreamCalls };
          if (isExceeded) exceeded.push({ seed, allowed, actual });
        }
        shop.clearLogs();
        expect(exceeded).toEqual([]);
        expect(checked).toBeGreaterThan(count * 0.9);
        expect(whole).toBeGreaterThan(count / 5);
      },
      120_000 + count * 50,
    );

    test(
      "give the same answers to random mutations, and change the same",
      async () => {
        const { schema, reference, compiled } = open(name);
        let turn: Promise<unknown> = Promise.resolve();
        // One after the other, as each finds the shop as it was.
        const afresh =
          (answer: CountingAnswerer): CountingAnswerer =>
          (operation) => {
            const answered = turn.then(() => {
              shop.reset();
              shop.clearLogs();
              return answer(operation);
            });
            turn = answered.catch(() => undefined);
            return answered;
          };
        const options = { ...shopOptions, pools: mutationPools, mutationShare: 1, maxFields: 20 };
        const generator = new OperationGenerator(new SchemaIndex(schema), options);
        const kind = generator
          .operation(0)
          .document.definitions.find((node) => "operation" in node)?.operation;
        const compared = await compareExecutors({
          reference: afresh(reference),
          compiled: afresh(compiled),
          generator,
          count: kind === OperationTypeNode.MUTATION ? Math.ceil(count / 5) : 0,
          from,
          // One after the other, as each finds the shop as it was.
          concurrency: 1,
        });
        shop.reset();
        expect(compared.report).toBe("none");
        expect(compared.costlier).toEqual([]);
        expect(compared.miscounted).toEqual([]);
        expect(compared.underestimated).toEqual([]);
        expect(compared.codes.get("INTERNAL_SERVER_ERROR") ?? 0).toBe(0);
      },
      120_000 + count * 50,
    );
  },
);

/** Cursors are not signed: the same place in pages of other sizes. */
function forge(cursor: unknown): string[] {
  try {
    const [scope, , , token] = JSON.parse(Buffer.from(String(cursor), "base64url").toString()) as unknown[];
    return [1, 20, 100].map((size) =>
      Buffer.from(JSON.stringify([scope, 1, size, token])).toString("base64url"),
    );
  } catch {
    return [];
  }
}

/** Cursors that lead somewhere, from answers. */
async function cursorsOf(name: string, answer: CountingAnswerer): Promise<ValuePools> {
  if (name !== "web") return new Map();
  const queries = {
    "Query.latestReviews(after:)": "{ latestReviews(first: 3) { edges { cursor } pageInfo { endCursor } } }",
    "Product.allReviews(after:)": '{ product(id: "p1") { allReviews(first: 2) { edges { cursor } } } }',
    "Viewer.wishes(after:)": "{ viewer { wishes(first: 2) { edges { cursor } } } }",
  };
  const pools = new Map<string, readonly unknown[]>();
  for (const [coordinate, query] of Object.entries(queries)) {
    const cursors: unknown[] = ["no cursor", ""];
    for (let seed = 0; seed < 6; seed++) {
      const { data } = await answer({ seed, document: parse(query), variables: {}, operationName: null });
      JSON.stringify(data, (key, value: unknown) => {
        if (/cursor/i.test(key) && typeof value === "string") cursors.push(value);
        return value;
      });
    }
    pools.set(coordinate, cursors);
  }
  return pools;
}
