import { type GraphQLSchema, parse } from "graphql";
import type { GeneratorOptions } from "../generate-operation.ts";
import type { ValuePools } from "../random-values.ts";
import type { Answerer } from "../find-disagreement.ts";

function globalId(type: string, key: string): string {
  return Buffer.from(`${type}:${key}`).toString("base64url");
}

const showIds = ["s1", "s2", "s3", "nope", ""].map((id) => globalId("Show", id));
const globalIds = [
  ...showIds,
  ...["v1", "v3"].map((id) => globalId("Venue", id)),
  ...["p1", "p2", "p5"].map((id) => globalId("Worker", id)),
  ...["c1", "c2"].map((id) => globalId("Gig", id)),
  globalId("Nothing", "s1"),
  "s1",
  "",
];

const ids = ["1", "s1", "s2", "v1", "p2", "c1", "g3", "o11", "t1", "nope", ""];

/** By coordinate, or for every argument of a type. */
const pools = new Map<string, readonly unknown[]>([
  ["Int", [1, 2, 3, 1, 2, 3, 1, 2, 3, 4, 0, -1]],
  ["Float", [0, 1.5, -2, 3]],
  ["ID", ids],
  ["String", ["a", "7", "", "de", 'łódź "x"']],
  ["JSON", [null, 1, "x", [1, { a: 2 }], { b: true }]],
  ...["node(id:)", "nodes(ids:)"].map((name) => [`Query.${name}`, globalIds] as const),
  ...["Query.card(id:)", "Mutation.orderOne(show:)", "Purchase.show"].map((name) => [name, showIds] as const),
  ["Query.worker(id:)", [...["p1", "p2", "p3"].map((id) => globalId("Worker", id)), "p1"]],
  ["Query.orders(after:)", ["n2", "n3", "no", ""]],
  ["Query.latestSales(after:)", ["1", "2", "x", ""]],
  ["Query.teams(after:)", ["t2", "t3", ""]],
  ["Show.sales(after:)", ["2", "3", "x", ""]],
  ["Visitor.orders(after:)", ["n2", ""]],
  ["MoneyInput.units", ["12", "-3", "x", "99999999999"]],
  ["Mutation.hire(from:)", ["2026-01-31T10:00:00Z", "soon", ""]],
  ["Query.__type(name:)", ["Query", "Show", "ShowCard", "Act", "Nothing"]],
]);

const connections = [
  "Query.orders",
  "Query.sales",
  "Query.teamsOf",
  "Profile.recent",
  "ShowPage.sales",
  "Show.sales",
  "Visitor.orders",
];

/** What takes a cursor or a global id to be met. */
const favourites = new Set([
  "Query.node",
  "Query.nodes",
  ...connections.flatMap((field) => [field, `${field}(after:)`]),
]);

/** What is asked of the festival: few objects, so that they are met again. */
export const festivalOptions: GeneratorOptions = {
  pools,
  favourites,
  maxDepth: 6,
  maxFields: 36,
  maxFanOut: 60,
  introspectionShare: 0.01,
  mutationShare: 0.12,
  misfitShare: 0.05,
  fanOut(_coordinate, { first, count, size }) {
    const length = first ?? count ?? size;
    return typeof length === "number" ? Math.max(1, Math.min(length, 4)) : undefined;
  },
};

/** Whose cursors lead somewhere: operations that show some, and the argument that takes them. */
const cursorSources: readonly (readonly [coordinate: string, query: string])[] = [
  ["Query.orders(after:)", "{ orders(first: 2) { edges { cursor } pageInfo { endCursor } } }"],
  ["Query.orders(after:)", "{ orders { edges { cursor } } }"],
  ["Query.sales(after:)", "{ sales(first: 2) { edges { cursor } pageInfo { endCursor } } }"],
  ["Query.sales(after:)", "{ sales(first: 3) { edges { cursor } } }"],
  ["Query.teamsOf(after:)", "{ teamsOf(first: 2) { pageInfo { endCursor } } }"],
  ["Query.teamsOf(after:)", "{ teamsOf { pageInfo { startCursor endCursor } } }"],
  ["Profile.recent(after:)", "{ home { more { me { recent { edges { cursor } } } } } }"],
  ["ShowPage.sales(after:)", '{ page(id: "s1") { sales { edges { cursor } } } }'],
];

/** The pools of values, with cursors from answers in calm worlds for whatever takes one. */
export async function withCursors(schema: GraphQLSchema, answer: Answerer): Promise<ValuePools> {
  if (schema.getType("PageInfo") === undefined) return pools;
  const all = new Map(pools);
  for (const [coordinate, query] of cursorSources) {
    const cursors = new Set<unknown>();
    for (let seed = 0; seed < 40 && cursors.size < 4; seed++) {
      const { data } = await answer({ seed, document: parse(query), variables: {}, operationName: null });
      JSON.stringify(data, (name, value: unknown) => {
        if (/cursor/i.test(name) && typeof value === "string") cursors.add(value);
        return value;
      });
    }
    const found = [...cursors];
    // Most of those that are tried lead somewhere.
    all.set(coordinate, [...(all.get(coordinate) ?? ["", "no cursor"]), ...found, ...found, ...found]);
  }
  return all;
}
