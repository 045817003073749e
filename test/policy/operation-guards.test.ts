import { buildSchema, getOperationAST, parse } from "graphql";
import { describe, expect, it } from "vitest";
import { findOperationGuards } from "../../gateway/policy/operation-guards.ts";

// Secret and Hidden are guarded with all that they have; Open is not.
const schema = buildSchema(`
  type Query { node: Node priced: Priced secret: Secret any: Any open: Open }
  interface Node { id: ID }
  interface Priced implements Node { id: ID price: Int }
  type Secret implements Node & Priced { id: ID price: Int }
  type Hidden implements Node & Priced { id: ID price: Int }
  type Open implements Node { id: ID }
  union Any = Secret | Open
`);
const guarded: Readonly<Record<string, number>> = { Secret: 0, Hidden: 1 };
const rules = {
  guards: [{ kind: "authenticated" } as const, { kind: "scopes", anyOf: [["x"]] } as const],
  guardsOfField: (type: string, field: string) =>
    `${type}.${field}` === "Query.secret" ? [0] : guarded[type] === undefined ? [] : [guarded[type]],
  guardsOfObject: (type: string) => (guarded[type] === undefined ? [] : [guarded[type]]),
};

describe("of an operation", () => {
  it.each<[query: string, guards: readonly number[], named: readonly string[]]>([
    ["{ open { id } }", [], []],
    ["{ secret { id } }", [0], ["Query.secret", "Secret.id"]],
    // Some of what it finds may be read.
    ["{ node { id } }", [0, 1], []],
    ["{ any { __typename } }", [0], []],
    ["{ node { id ... on Open { id } } }", [0, 1], []],
    ["{ node { ... on Secret { __typename } } }", [0, 1], ["Secret"]],
    ["{ node { ...F ...F } } fragment F on Secret { again: id }", [0, 1], ["Secret", "Secret.id"]],
    // Nothing of it may.
    ["{ priced { __typename } }", [0, 1], ["Priced"]],
    ["{ node { ... on Priced { price } } }", [0, 1], ["Priced", "Priced.price"]],
    ["{ open { ... on Node { id } } }", [0, 1], []],
    // A fragment that is spread twice names its type where it narrows.
    [
      "{ secret { ...F } any { ...F } } fragment F on Secret { id }",
      [0],
      ["Query.secret", "Secret.id", "Secret"],
    ],
  ])("%s the guards are %j, and it names %j", (query, guards, named) => {
    const document = parse(query);
    const operation = getOperationAST(document);
    if (operation === null || operation === undefined) throw new Error("expected an operation");
    const found = findOperationGuards(rules, schema, document, operation);
    expect(new Set(found.guards)).toEqual(new Set(guards));
    expect(found.named.map(({ coordinate }) => coordinate)).toEqual(named);
  });
});
