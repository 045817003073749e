import {
  buildSchema,
  type DocumentNode,
  execute,
  type ExecutionResult,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
} from "graphql";
import { describe, expect, it } from "vitest";
import { findConditions, specialize } from "../../gateway/prepare/specialize.ts";
import { OperationGenerator } from "../oracle/generate-operation.ts";
import { libraryOptions, librarySdl } from "../oracle/library-schema.ts";
import { randomDataResolver } from "../oracle/random-data.ts";
import { SchemaIndex } from "../oracle/schema-index.ts";

function operationOf(document: DocumentNode, name: string | null = null): OperationDefinitionNode {
  const operation = getOperationAST(document, name);
  if (operation === null || operation === undefined) throw new Error("Expected the operation.");
  return operation;
}

function documentOf(
  document: DocumentNode,
  name: string | null,
  values: ReadonlyMap<string, boolean>,
): DocumentNode {
  const { operation, fragments } = specialize(document, operationOf(document, name), values);
  return { kind: Kind.DOCUMENT, definitions: [operation, ...fragments.values()] };
}

/** Without what is only for the eye. */
function specialized(query: string, values: Readonly<Record<string, boolean>> = {}): string {
  const document = documentOf(parse(query), null, new Map(Object.entries(values)));
  return print(document).replaceAll(/\s+/g, " ");
}

describe("the conditions of an operation", () => {
  it.each<[query: string, names: string[]]>([
    ["query ($a: Boolean!) { x }", []],
    ["query ($a: Boolean!, $b: Boolean!) { x @skip(if: $b) y @include(if: $a) z @skip(if: $b) }", ["b", "a"]],
    ["query ($a: Boolean!) { x(on: $a) @include(if: true) }", []],
    ["query ($a: Boolean!) { ...F } fragment F on Query { x { y { ... @skip(if: $a) { z } } } }", ["a"]],
    ["query ($a: Boolean!) { x } fragment F on Query { y @skip(if: $a) }", []],
    [
      "query ($a: Boolean!) { x @skip(if: true) { y @skip(if: $a) } ...F @include(if: false) } fragment F on Query { z @skip(if: $a) }",
      [],
    ],
    ["query ($a: Boolean!) { x @include(if: $a) @skip(if: true) }", []],
  ])("%s are %j", (query, names) => {
    const document = parse(query);
    expect(findConditions(document, operationOf(document))).toEqual(names);
  });

  it("are those of the operation that is meant", () => {
    const document = parse(
      "query P($a: Boolean!) { x @skip(if: $a) } query Q($b: Boolean!) { ...F } fragment F on Query { x @skip(if: $b) }",
    );
    expect(["P", "Q"].map((name) => findConditions(document, operationOf(document, name)))).toEqual([
      ["a"],
      ["b"],
    ]);
  });
});

describe("a specialised operation", () => {
  it.each<[query: string, values: Record<string, boolean>, text: string]>([
    [
      "query Q($a: Boolean!) { x @skip(if: $a) y @include(if: $a) }",
      { a: true },
      "query Q($a: Boolean!) { y }",
    ],
    [
      "query Q($a: Boolean!) { x @skip(if: $a) y @include(if: $a) }",
      { a: false },
      "query Q($a: Boolean!) { x }",
    ],
    ["{ x @skip(if: false) @include(if: true) y @skip(if: true) }", {}, "{ x }"],
    ["query ($a: Boolean!) { x @include(if: $a) @skip(if: true) y }", {}, "query ($a: Boolean!) { y }"],
    ["{ x { ... @skip(if: true) { y } z } }", {}, "{ x { z } }"],
    ["{ x { ... on X @include(if: true) { y } } }", {}, "{ x { ... on X { y } } }"],
    ["{ x ...F @skip(if: true) } fragment F on Query { y }", {}, "{ x }"],
    [
      "{ x ...F } fragment F on Query { y @skip(if: true) ...G } fragment G on Query { z @skip(if: true) }",
      {},
      "{ x }",
    ],
    [
      "{ x ...F @include(if: true) } fragment F on Query { y z @skip(if: true) }",
      {},
      "{ x ...F } fragment F on Query { y }",
    ],
  ])("of %s with %j is %s", (query, values, text) => {
    expect(specialized(query, values)).toBe(text);
  });

  it("keeps a field of which nothing is left, as an object without members", async () => {
    const schema = buildSchema("type Query { x: Query y: Int }");
    const document = documentOf(
      parse("{ x { x { y @skip(if: true) } } z: x @skip(if: true) { y } }"),
      null,
      new Map(),
    );
    const result = await execute({ schema, document, rootValue: { x: { x: {} } } });
    expect(JSON.stringify(result)).toBe('{"data":{"x":{"x":{}}}}');
  });

  it("shares with the document what is the same", () => {
    const document = parse("{ x { y } z @skip(if: true) ...F } fragment F on Query { w }");
    const [first] = operationOf(document).selectionSet.selections;
    const { operation, fragments } = specialize(document, operationOf(document), new Map());
    expect(operation.selectionSet.selections[0]).toBe(first);
    expect(fragments.get("F")).toBe(document.definitions[1]);
  });

  it("needs a value for each of its conditions", () => {
    expect(() => specialized("query ($a: Boolean!) { x @skip(if: $a) }")).toThrow(
      "no value for the condition $a",
    );
  });
});

it("a specialised operation gives the same data and errors as the original, for random ones", async () => {
  const schema = buildSchema(librarySdl);
  const generator = new OperationGenerator(new SchemaIndex(schema), { ...libraryOptions, maxFanOut: 100 });
  const fieldResolver = randomDataResolver(schema);
  let conditional = 0;
  for (let seed = 0; seed < 1500; seed++) {
    const { document: made, variables, operationName } = generator.operation(seed);
    // Its nodes know their places.
    const document = parse(print(made));
    const conditions = findConditions(document, operationOf(document, operationName));
    if (conditions.length === 0 && print(document).match(/@(?:skip|include)/) === null) continue;
    conditional += 1;
    for (let mask = 0; mask < 2 ** Math.min(conditions.length, 3); mask++) {
      const values = new Map(conditions.map((name, index) => [name, ((mask >> index) & 1) === 1]));
      const variableValues = { ...variables, ...Object.fromEntries(values) };
      const run = { schema, variableValues, operationName, fieldResolver };
      const original = await execute({ ...run, document });
      const other = await execute({ ...run, document: documentOf(document, operationName, values) });
      expect(describeResult(other)).toBe(describeResult(original));
    }
  }
  expect(conditional).toBeGreaterThan(300);
});

/** Errors come in the order in which promises settle. */
function describeResult({ data, errors = [] }: ExecutionResult): string {
  return JSON.stringify({ data, errors: errors.map((error) => JSON.stringify(error)).toSorted() });
}
