import { getOperationAST, parse } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Plan, Step } from "../../gateway/prepare/plan.ts";
import { planOperation } from "../../gateway/prepare/plan-operation.ts";
import { findSharingRule } from "../../gateway/prepare/sharing-rule.ts";
import { specialize } from "../../gateway/prepare/specialize.ts";
import { type OpenProject, openProject } from "../oracle/open-project.ts";

/** Each reads something else of its caller, or nothing. */
const sources = {
  plain: `extend schema @source(name: "plain", url: "http://x")
    type Query {
      note(id: ID!): Note @rest(GET: "/note/{args.id}")
      mine: Note @rest(GET: "/mine/{claims.sub}")
      org: Note @rest(GET: "/org", query: { org: "$claims.org.id", tenant: "$headers.x-tenant | $claims.tenant" })
      single: Note @rest(GET: "/single", shareInFlight: false)
      search: Note @rest(POST: "/search", safe: true)
    }
    type Mutation { write(text: String!): Note @rest(POST: "/write", body: { text: "$args.text" }) }
    type Note @key(fields: "id") { id: ID! badge: String @rest(GET: "/badges/{parent.id}", query: { by: "$claims.role" }) }`,
  passed: `extend schema @source(name: "passed", url: "http://x", forwardHeaders: ["authorization", "accept-language"])
    type Query { passed: Passed @rest(GET: "/passed") } type Passed { text: String }`,
  graph: `extend schema @source(name: "graph", kind: GRAPHQL, url: "http://x/graphql",
      headers: [{ name: "x-user", value: "$claims.sub" }])
    type Query { graph: Graph } type Graph { text: String }`,
};
const client = `
  type Query { note(id: ID!): Note mine: Note org: Note single: Note search: Note passed: Passed graph: Graph }
  type Mutation { write(text: String!): Note }
  type Note { id: ID! badge: String }
  type Passed { text: String } type Graph { text: String }`;

let project: OpenProject;
beforeAll(() => {
  project = openProject({
    sources: Object.entries(sources).map(([name, text]) => ({ file: `schemas/${name}.graphql`, text })),
    clients: new Map([["web", { file: "bff-web/schema.graphql", text: client, shapers: [] }]]),
    protosFolder: ".",
    urls: {},
  });
});
afterAll(() => project.dispose());

function planOf(query: string): Plan {
  const bound = project.clients.get("web");
  const document = parse(query);
  const operation = getOperationAST(document);
  if (bound === undefined || operation === null || operation === undefined)
    throw new Error("expected an operation of a bound schema");
  const specialized = specialize(document, operation, new Map());
  return planOperation(bound, project.model, { ...specialized, schema: bound.schema, denials: null });
}

const asksNobody = { asksPolicies: false };

describe("the rule for sharing an operation's runs", () => {
  it.each<
    [query: string, claims: readonly string[], headers: readonly string[], isOfCaller: boolean, reads: number]
  >([
    ['{ note(id: "n1") { id } }', [], [], false, 1],
    ["{ search { id } }", [], [], false, 1],
    ["{ mine { id } }", ["sub"], [], false, 1],
    ["{ org { id } }", ["org", "tenant"], ["x-tenant"], false, 1],
    ["{ mine { id badge } again: mine { id } }", ["role", "sub"], [], false, 1],
    ["{ passed { text } }", [], ["accept-language", "authorization"], true, 1],
    ["{ graph { text } }", ["sub"], [], false, 1],
    [
      "{ graph { text } mine { id } passed { text } }",
      ["sub"],
      ["accept-language", "authorization"],
      true,
      3,
    ],
  ])(
    "of %s has the claims %j, the headers %j; for one caller only: %j; sources: %i",
    (...[query, claims, headers, isOfCaller, reads]) => {
      const rule = findSharingRule(planOf(query), asksNobody, 7);
      expect(rule?.claims.toSorted()).toEqual(claims);
      expect([...(rule?.headers ?? [])].toSorted()).toEqual(headers);
      expect([rule?.number, rule?.isOfCaller, rule?.reads.length]).toEqual([7, isOfCaller, reads]);
    },
  );

  it("is for one caller only where a policy decides, or all claims are read", () => {
    const plan = planOf("{ mine { id } }");
    expect(findSharingRule(plan, { asksPolicies: true }, 1)?.isOfCaller).toBe(true);
    const steps = plan.steps.map((step): Step => {
      if (step.kind !== "call") throw new Error("expected a call");
      return { ...step, call: { ...step.call, callerReads: { claims: [""], headers: [] } } };
    });
    expect(findSharingRule({ ...plan, steps }, asksNobody, 1)?.isOfCaller).toBe(true);
  });

  it.each([
    ["a mutation", 'mutation { write(text: "x") { id } }'],
    ["a call that says so", "{ single { id } }"],
    ["such a call beside others", '{ note(id: "n1") { id } single { id } }'],
    ["nothing that is fetched", "{ __typename }"],
  ])("is none for %s", (_what, query) => {
    expect(findSharingRule(planOf(query), asksNobody, 1)).toBeNull();
  });

  it("is none where something is read object by object, of which nobody knows what it reads", () => {
    const plan = planOf("{ mine { id } }");
    expect(findSharingRule({ ...plan, resolvedFields: 1 }, asksNobody, 1)).toBeNull();
  });
});
