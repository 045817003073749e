import { Kind, type OperationDefinitionNode, parse, validate } from "graphql";
import { describe, expect, it } from "vitest";
import { describePlan, type PlanDescription } from "../../gateway/prepare/describe-plan.ts";
import { estimateCalls } from "../../gateway/prepare/estimate-calls.ts";
import { planOperation } from "../../gateway/prepare/plan-operation.ts";
import { printPlan } from "../../gateway/prepare/print-plan.ts";
import { specialize } from "../../gateway/prepare/specialize.ts";
import { composeTexts } from "../compose/compose-texts.ts";

// Subqueries of GraphQL sources as steps: what is asked for follows from the plan alone.

const { composition } = composeTexts(
  {
    films: `extend schema @source(
        name: "films", kind: GRAPHQL, url: "http://localhost:1/graphql", shareInFlight: false, rename: [{ from: "Query.list", to: "films" }]
      )
      type Query { film(slug: ID!): Film @lookup list(first: Int = 2): [Film] feed: [Entry] count: Int }
      type Mutation { rate(slug: ID!, stars: Int!): Film }
      union Entry = Film | Note
      type Note { text: String }
      type Film @key(fields: "slug") { slug: ID! title(upper: Boolean = false): String director: Person parts(first: Int): [Part] }
      type Part { name: String size(unit: String): Int }
      type Person @key(fields: "id") { id: ID! }`,
    people: `extend schema @source(name: "people", kind: GRAPHQL, url: "http://localhost:1/graphql", maxBatchSize: 50)
      type Query { people(ids: [ID!]!): [Person] @lookup }
      type Person @key(fields: "id") { id: ID! name: String friend: Person films: [Film!] }
      type Film @key(fields: "slug") { slug: ID! }`,
    awards: `extend schema @source(name: "awards", url: "http://localhost:1")
      type Query { award(year: Int!): Award @rest(GET: "/awards/{args.year}") }
      type Award { year: Int winner: Person @from(field: "{ id: winnerId }") }
      type Person @key(fields: "id") { id: ID! }
      type Film @key(fields: "slug") {
        slug: ID!
        prizes: [Award] @rest(GET: "/prizes{?slugs*}", batch: { of: "$parent.slug", as: "slugs", match: "slug" })
      }`,
  },
  `type Query {
    film(slug: ID!): Film  films(first: Int): [Film]  feed: [Entry]  count: Int  award(year: Int!): Award
  }
  type Mutation { rate(slug: ID!, stars: Int!): Film }
  union Entry = Film | Note
  type Note { text: String }
  type Film { slug: ID! title(upper: Boolean): String director: Person parts(first: Int): [Part] prizes: [Award] }
  type Part { name: String size(unit: String): Int }
  type Award { year: Int winner: Person }
  type Person { id: ID! name: String friend: Person films: [Film!] }`,
);
const { model } = composition;
const [bound] = composition.clients;

function planOf(text: string): PlanDescription {
  if (bound === undefined) throw new Error("expected a client schema");
  const document = parse(text);
  expect(validate(bound.schema, document)).toEqual([]);
  const operation = document.definitions.find(
    (node): node is OperationDefinitionNode => node.kind === Kind.OPERATION_DEFINITION,
  );
  if (operation === undefined) throw new Error("expected an operation");
  const variant = { ...specialize(document, operation, new Map()), schema: bound.schema, denials: null };
  return describePlan(planOperation(bound, model, variant), { operationName: null, denials: null });
}

function askedBy(text: string): string[] {
  return planOf(text).steps.map(
    ({ coordinate, asksFor }) => `${coordinate}: ${asksFor?.join(", ") ?? "all of it"}`,
  );
}

describe("a subquery of a plan", () => {
  it("asks for what is read of its objects, and for the keys by which others are found", () => {
    const query = `{ film(slug: "a") { title director { name friend { id } } prizes { year } } count }`;
    expect(askedBy(query)).toEqual([
      "Query.film: title(upper: false), director.id, slug",
      "Query.people: name, friend.id, id",
      "Film.prizes: all of it",
      "Query.count: all of it",
    ]);
    expect(planOf(query).resolved).toEqual([]);
  });

  it("asks once for what several fields read, and apart for what differs in arguments", () => {
    expect(
      askedBy(
        `query ($upper: Boolean, $n: Int) {
          films { a: title(upper: true) b: title(upper: $upper) c: title(upper: true)
            d: parts { name } e: parts { size } f: parts(first: $n) { size(unit: "m") } }
        }`,
      ),
    ).toEqual([
      'Query.films: title(upper: true), title(upper: $upper), parts.name, parts.size, parts(first: $first).size(unit: "m")',
    ]);
  });

  it("asks of objects of several types for what is read of each", () => {
    expect(
      askedBy("{ feed { __typename ... on Film { slug parts { name } } ... on Note { text } } }"),
    ).toEqual(["Query.feed: <Film>slug, <Film>parts.name, <Note>text"]);
    expect(askedBy("{ feed { __typename } }")).toEqual(["Query.feed: __typename"]);
  });

  it("is one for each use of a root field, and all that are known at one time leave as one call", () => {
    const plan = planOf('{ a: film(slug: "a") { slug } b: film(slug: "a") { title } count }');
    expect(plan.steps.map(({ kind, joins }) => [kind, joins])).toEqual([
      ["subquery", null],
      ["subquery", 0],
      ["subquery", 0],
    ]);
    expect(estimateCalls(plan, 100).total).toBe(1);
  });

  it("looks objects up that another source refers to, in pieces of maxBatchSize", () => {
    const plan = planOf("{ films { director { name } } }");
    expect(plan.steps[1]).toMatchObject({
      kind: "batched lookup",
      after: [0],
      batch: { key: "id", of: "Person", maxSize: 50 },
    });
    expect(estimateCalls(plan, 100).steps).toEqual([1, 2]);
  });

  it("of a mutation is sent by itself, and what is read after it waits for it", () => {
    const plan = planOf(
      'mutation { a: rate(slug: "a", stars: 1) { director { name } } b: rate(slug: "a", stars: 1) { slug } }',
    );
    expect(plan.steps.map(({ coordinate, root, after, joins }) => [coordinate, root, after, joins])).toEqual([
      ["Mutation.rate", 0, [], null],
      ["Query.people", 0, [0], null],
      ["Mutation.rate", 1, [], null],
    ]);
  });

  it("is shown with what it asks for", () => {
    const query = `query ($n: Int) {
      films(first: $n) { title(upper: true) parts(first: $n) { name } director { name } }
      award(year: 1999) { winner { name } }
    }`;
    expect(printPlan(planOf(query))).toMatchInlineSnapshot(`
      "query
      ├─ #0 films        films   query list (first: $n)                1 call, only title(upper: true) parts(first: $first).name director.id  at once
      │  └─ #1 director  people  query people                          lookup by Person.id, ≤ 50 a call, only name id, shared                 after #0
      └─ #2 award        awards  GET /awards/{args.year} (year: 1999)  1 call, shared                                                         at once
         └─ #3 winner    people  query people                          lookup by Person.id, ≤ 50 a call, only name id, shared                 after #2

      upstream calls
      at most, with lists of  1  10  100  1000
        #0 Query.films        1   1    1     1
        #1 Query.people       1   1    2    20
        #2 Query.award        1   1    1     1
        #3 Query.people       1   1    1     1
        in total              4   4    5    23
      "
    `);
  });
});
