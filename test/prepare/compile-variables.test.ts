import { getVariableValues } from "@graphql-tools/executor";
import fc from "fast-check";
import {
  buildSchema,
  getOperationAST,
  type GraphQLSchema,
  isInputObjectType,
  type OperationDefinitionNode,
  parse,
} from "graphql";
import { describe, expect, it } from "vitest";
import { type CoercedVariables, VariableCompiler } from "../../gateway/prepare/compile-variables.ts";
import { describeVariables, makeVariables } from "./random-variables.ts";

const schema = buildSchema(`
  type Query { a(ratio: Float, on: Boolean, id: ID): String }
  input Filter @oneOf { text: String not: Filter }
  input Page { first: Int! = 10 after: String sizes: [Int!] }
  enum Sort { NEWEST OLDEST }
`);

function operationOf(query: string): OperationDefinitionNode {
  const operation = getOperationAST(parse(query));
  if (operation === null || operation === undefined) throw new Error("Expected one operation.");
  return operation;
}

function coerce(variables: string, values: Readonly<Record<string, unknown>>): CoercedVariables | null {
  return new VariableCompiler(schema).compile(operationOf(`query ${variables} { a }`))(values);
}

describe("variables that fit", () => {
  it.each<[variables: string, values: Record<string, unknown>, coerced: Record<string, unknown>]>([
    ["", { extra: 1 }, {}],
    ["($s: String)", {}, { s: undefined }],
    ["($s: String)", { s: null }, { s: null }],
    ['($s: String = "d")', {}, { s: "d" }],
    ['($s: String = "d")', { s: null }, { s: null }],
    ["($i: Int!, $f: Float!, $b: Boolean!)", { i: 1, f: 2, b: false }, { i: 1, f: 2, b: false }],
    ["($i: ID!, $j: ID!)", { i: 12, j: "12" }, { i: "12", j: "12" }],
    ["($l: [[Int]])", { l: 1 }, { l: [[1]] }],
    ["($l: [[Int]])", { l: [1, null, [2, null]] }, { l: [[1], null, [2, null]] }],
    ["($s: Sort)", { s: "OLDEST" }, { s: "OLDEST" }],
    ["($p: Page)", { p: {} }, { p: { first: 10 } }],
    ["($p: Page)", { p: { sizes: 3, after: null } }, { p: { first: 10, after: null, sizes: [3] } }],
    ["($f: Filter)", { f: { not: { text: "x" } } }, { f: { not: { text: "x" } } }],
    [
      "($toString: String, $constructor: String)",
      { toString: "x" },
      { toString: "x", constructor: undefined },
    ],
  ])("%s are coerced from %o", (variables, values, coerced) => {
    expect(coerce(variables, values)).toStrictEqual(coerced);
  });

  it("have one shape, whichever of them are absent", () => {
    const compiled = new VariableCompiler(schema).compile(
      operationOf("query ($a: Int, $b: Int = 2, $c: Int) { a }"),
    );
    for (const values of [{}, { c: 1 }, { c: 1, b: 1, a: 1 }])
      expect(Object.keys(compiled(values) ?? {})).toEqual(["a", "b", "c"]);
  });
});

describe("variables that do not fit", () => {
  it.each<[variables: string, values: Record<string, unknown>]>([
    ["($s: String!)", {}],
    ["($s: String!)", { s: null }],
    ["($s: String)", { s: 1 }],
    ["($i: Int)", { i: 2 ** 31 }],
    ["($i: Int)", { i: 1.5 }],
    ["($f: Float)", JSON.parse('{"f":1e999}') as Record<string, unknown>],
    ["($i: ID)", { i: 1.5 }],
    ["($s: Sort)", { s: "toString" }],
    ["($l: [Int!])", { l: [null] }],
    ["($p: Page)", { p: [] }],
    ["($p: Page)", { p: { first: null } }],
    ["($p: Page)", { p: { other: 1 } }],
    ["($p: Page)", JSON.parse('{"p":{"__proto__":{"first":1}}}') as Record<string, unknown>],
    ["($f: Filter)", { f: {} }],
    ["($f: Filter)", { f: { text: null } }],
    ["($f: Filter)", { f: { text: "x", not: { text: "y" } } }],
  ])("%s are left to the standard coercion: %o", (variables, values) => {
    expect(coerce(variables, values)).toBeNull();
  });

  it("because they are nested deeply are left to it before the stack ends", () => {
    const nest = (levels: number): unknown => (levels === 0 ? { text: "x" } : { not: nest(levels - 1) });
    expect(coerce("($f: Filter)", { f: nest(63) })).toEqual({ f: nest(63) });
    expect(coerce("($f: Filter)", { f: nest(64) })).toBeNull();
    const text = `${'{"not":'.repeat(200_000)}{"text":"x"}${"}".repeat(200_000)}`;
    expect(coerce("($f: Filter)", { f: JSON.parse(text) as unknown })).toBeNull();
  });
});

it("the compiled coercion and the standard one agree on any variables", () => {
  let fitting = 0;
  fc.assert(
    fc.property(fc.gen(), (make) => {
      const variables = makeVariables(make);
      const operation = getOperationAST(variables.document);
      const definitions = operation?.variableDefinitions ?? [];
      const standard = getVariableValues(variables.schema, definitions, variables.values, { maxErrors: 50 });
      if (operation === null || operation === undefined) throw new Error("Expected one operation.");
      const compiled = new VariableCompiler(variables.schema).compile(operation)(variables.values);
      if (compiled !== null) fitting += 1;
      // It may only give up without need on what is rare.
      const mayGiveUp = compiled === null && usesInheritedNames(variables.schema);
      const expected = standard.errors === undefined && !mayGiveUp ? standard.variableValues.coerced : null;
      const text = describeVariables(variables);
      expect({ text, coerced: withoutAbsent(compiled) }).toStrictEqual({ text, coerced: expected });
    }),
    { numRuns: 3000 },
  );
  expect(fitting).toBeGreaterThan(1000);
});

function withoutAbsent(coerced: CoercedVariables | null): CoercedVariables | null {
  if (coerced === null) return null;
  return Object.fromEntries(Object.entries(coerced).filter(([, value]) => value !== undefined));
}

function usesInheritedNames(ofSchema: GraphQLSchema): boolean {
  return Object.values(ofSchema.getTypeMap()).some(
    (type) =>
      isInputObjectType(type) && Object.keys(type.getFields()).some((name) => name in Object.prototype),
  );
}
