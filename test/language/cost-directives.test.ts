import { describe, expect, test } from "vitest";
import { Problems } from "../../gateway/core/problems.ts";
import type { CostDeclarations } from "../../gateway/language/cost-directives.ts";
import { readClientSchema } from "../../gateway/language/client-schema.ts";
import { readDirectiveCatalog } from "../../gateway/language/directive-catalog.ts";
import { readSourceSchema } from "../../gateway/language/source-schema.ts";
import { problemsOf, readMarkedText } from "../support/marked-problem.ts";

const catalog = readDirectiveCatalog();
const source = 'extend schema @source(name: "a", url: "http://localhost:1")\n';

describe("@cost", () => {
  test.each([
    ['"2.0"', 2],
    ['"0"', 0],
    ['"-3.5"', -3.5],
    ['"1e3"', 1000],
    ['"-1000000"', -1_000_000],
    ["7", 7],
    ["-7", -7],
  ])("weighs %s", (weight, expected) => {
    const { weights } = readClient(`type Query { a: Int @cost(weight: ${weight}) }`);
    expect([...weights]).toEqual([["Query.a", expected]]);
  });

  test("stands on types, fields, arguments and input fields, in both kinds of file", () => {
    const types = `
      type A @cost(weight: "1") { b(c: C @cost(weight: "2")): S @cost(weight: "3") }
      input C { d: Int @cost(weight: "4") }
      scalar S @cost(weight: "5")
      enum E @cost(weight: "6") { F }`;
    const expected = {
      A: 1,
      "A.b(c:)": 2,
      "A.b": 3,
      "C.d": 4,
      S: 5,
      E: 6,
    };
    expect(Object.fromEntries(readClient(`type Query { a: A }${types}`).weights)).toEqual(expected);
    const call = types.replace("): S", '): S @rest(GET: "/b", query: { c: "$args.c.d" })');
    const { weights } = readSource(`type Query { a: A @rest(GET: "/a") }${call}`);
    expect(Object.fromEntries(weights)).toEqual(expected);
  });

  test.each([
    [
      'type Query { a: Int @cost(weight: ▸"x") }',
      "Query.a @cost(weight:)",
      'a number from -1000000 to 1000000, such as "2.5"',
      '"x"',
    ],
    [
      'type Query { a: Int @cost(weight: ▸"") }',
      "Query.a @cost(weight:)",
      'a number from -1000000 to 1000000, such as "2.5"',
      '""',
    ],
    [
      'type Query { a: Int @cost(weight: ▸" 1") }',
      "Query.a @cost(weight:)",
      'a number from -1000000 to 1000000, such as "2.5"',
      '" 1"',
    ],
    [
      'type Query { a: Int @cost(weight: ▸"0x10") }',
      "Query.a @cost(weight:)",
      'a number from -1000000 to 1000000, such as "2.5"',
      '"0x10"',
    ],
    [
      'type Query { a: Int @cost(weight: ▸"Infinity") }',
      "Query.a @cost(weight:)",
      'a number from -1000000 to 1000000, such as "2.5"',
      '"Infinity"',
    ],
    [
      'type Query { a: Int @cost(weight: ▸"1000001") }',
      "Query.a @cost(weight:)",
      'a number from -1000000 to 1000000, such as "2.5"',
      '"1000001"',
    ],
    [
      'type Query { a: Int @cost(weight: ▸"1e999") }',
      "Query.a @cost(weight:)",
      'a number from -1000000 to 1000000, such as "2.5"',
      '"1e999"',
    ],
    ["type Query { a: Int @cost(weight: ▸2.5) }", "Query.a @cost(weight:)", "String", "2.5"],
    ["type Query { a: Int @cost(weight: ▸null) }", "Query.a @cost(weight:)", "String!", "null"],
    ["type Query { a: Int ▸@cost }", "Query.a @cost(weight:)", "argument weight", "nothing"],
    [
      'type Query { a: Int @cost(weight: "1") ▸@cost(weight: "1") }',
      "Query.a @cost",
      "@cost once",
      "it again",
    ],
    [
      'type Query { a: A } type A @cost(weight: ▸"-1") { b: Int }',
      "A @cost(weight:)",
      'a number from 0 to 1000000, such as "2.5"',
      '"-1"',
    ],
    [
      'type Query { a: S } scalar S @cost(weight: ▸"-1")',
      "S @cost(weight:)",
      'a number from 0 to 1000000, such as "2.5"',
      '"-1"',
    ],
    [
      'type Query { a: I } interface I { b: Int ▸@cost(weight: "1") } type A implements I { b: Int }',
      "I.b @cost",
      "no directive on a field of an interface: write it on the types that implement it",
      "@cost",
    ],
    [
      'type Query { a: I } interface I { b(c: Int ▸@cost(weight: "1")): Int } type A implements I { b(c: Int): Int }',
      "I.b(c:) @cost",
      "no @cost in an interface: write it on the types that implement it",
      "@cost",
    ],
    [
      'type Query { a: I } interface I ▸@cost(weight: "1") { b: Int } type A implements I { b: Int }',
      "I",
      "@cost on ARGUMENT_DEFINITION or ENUM or FIELD_DEFINITION or INPUT_FIELD_DEFINITION or OBJECT or SCALAR",
      "it on INTERFACE",
    ],
    [
      'type Query { a(b: I): Int } input I ▸@cost(weight: "1") { b: Int }',
      "I",
      "@cost on ARGUMENT_DEFINITION or ENUM or FIELD_DEFINITION or INPUT_FIELD_DEFINITION or OBJECT or SCALAR",
      "it on INPUT_OBJECT",
    ],
    [
      'type Query { a: E } enum E { A ▸@cost(weight: "1") }',
      "E.A",
      "@cost on ARGUMENT_DEFINITION or ENUM or FIELD_DEFINITION or INPUT_FIELD_DEFINITION or OBJECT or SCALAR",
      "it on ENUM_VALUE",
    ],
  ])("%s is one problem with its place", expectProblem);
});

describe("@listSize", () => {
  test("has the arguments of the specification, and its defaults", () => {
    const { listSizes } = readClient(`
      type Query {
        top: [Int] @listSize(assumedSize: 10)
        users(max: Int, last: Int = 3): [Int] @listSize(slicingArguments: ["max", "last"])
        some(first: Int): [Int] @listSize(assumedSize: 5, slicingArguments: ["first"], requireOneSlicingArgument: false)
        films(first: Int): Films @listSize(slicingArguments: "first", sizedFields: ["edges", "nodes"])
      }
      type Films { edges: [Int] nodes: [Int] }`);
    const plain = [...listSizes].map(([coordinate, { slicingArguments, use, ...rest }]) => ({
      coordinate,
      ...rest,
      slicing: slicingArguments.map(({ text, standard }) => [text, standard]),
      at: use.coordinate,
    }));
    expect(plain).toEqual([
      {
        coordinate: "Query.top",
        at: "Query.top @listSize",
        assumedSize: 10,
        sizedFields: [],
        requiresOne: false,
        slicing: [],
      },
      {
        coordinate: "Query.users",
        at: "Query.users @listSize",
        assumedSize: null,
        sizedFields: [],
        requiresOne: true,
        slicing: [
          ["max", null],
          ["last", 3],
        ],
      },
      {
        coordinate: "Query.some",
        at: "Query.some @listSize",
        assumedSize: 5,
        sizedFields: [],
        requiresOne: false,
        slicing: [["first", null]],
      },
      {
        coordinate: "Query.films",
        at: "Query.films @listSize",
        assumedSize: null,
        sizedFields: ["edges", "nodes"],
        requiresOne: true,
        slicing: [["first", null]],
      },
    ]);
  });

  test("reads a path into an input object, with the defaults on its way", () => {
    const { listSizes } = readClient(`
      type Query { rows(filter: Filter = { page: { size: 7 } }): [Int] @listSize(slicingArguments: ["filter.page.size"]) }
      input Filter { page: Page = { size: 4 } }
      input Page { size: Int = 2 }`);
    const [argument] = listSizes.get("Query.rows")?.slicingArguments ?? [];
    const values = [
      undefined,
      null,
      {},
      { page: null },
      { page: {} },
      { page: { size: null } },
      { page: { size: 9 } },
    ];
    expect(argument?.standard).toBe(7);
    expect(values.map((value) => argument?.read(value))).toEqual([7, null, 4, null, 2, null, 9]);
  });

  test.each([
    [
      "type Query { a: [Int] ▸@listSize }",
      "Query.a @listSize",
      "assumedSize, slicingArguments or both",
      "neither",
    ],
    [
      "type Query { a: [Int] ▸@listSize(slicingArguments: []) }",
      "Query.a @listSize",
      "assumedSize, slicingArguments or both",
      "neither",
    ],
    [
      "type Query { a: [Int] @listSize(assumedSize: ▸-1) }",
      "Query.a @listSize(assumedSize:)",
      "0 to 1000000",
      "-1",
    ],
    [
      "type Query { a: [Int] @listSize(assumedSize: ▸1000001) }",
      "Query.a @listSize(assumedSize:)",
      "0 to 1000000",
      "1000001",
    ],
    ['type Query { a: [Int] @listSize(assumedSize: ▸"1") }', "Query.a @listSize(assumedSize:)", "Int", '"1"'],
    [
      "type Query { a: Int ▸@listSize(assumedSize: 1) }",
      "Query.a @listSize",
      "it on a field that returns a list, or sizedFields that name lists",
      "Int",
    ],
    [
      'type Query { a: A @listSize(assumedSize: 1, sizedFields: ["rows", ▸"row"]) } type A { rows: [Int] one: Int }',
      "Query.a @listSize(sizedFields:)",
      "a field of A that is a list (rows)",
      "row",
    ],
    [
      'type Query { a: A @listSize(assumedSize: 1, sizedFields: ▸"one") } type A { rows: [Int] one: Int }',
      "Query.a @listSize(sizedFields:)",
      "a field of A that is a list (rows)",
      "one, which is no list",
    ],
    [
      'type Query { a: [Int] @listSize(assumedSize: 1, sizedFields: [▸"x"]) }',
      "Query.a @listSize(sizedFields:)",
      "a field of Int that is a list (it has none)",
      "x",
    ],
    [
      'type Query { a(first: Int): [Int] @listSize(slicingArguments: [▸"last"]) }',
      "Query.a @listSize(slicingArguments:)",
      "an argument of the field (first)",
      "last",
    ],
    [
      'type Query { a: [Int] @listSize(slicingArguments: [▸"last"]) }',
      "Query.a @listSize(slicingArguments:)",
      "an argument of the field (it has none)",
      "last",
    ],
    [
      'type Query { a(first: Int): [Int] @listSize(slicingArguments: ["first", ▸"first"]) }',
      "Query.a @listSize(slicingArguments:)",
      "each name once",
      '"first" again',
    ],
    [
      'type Query { a(first: Float!): [Int] @listSize(slicingArguments: [▸"first"]) }',
      "Query.a @listSize(slicingArguments:)",
      "an argument of type Int",
      "first of type Float!",
    ],
    [
      'type Query { a(first: [Int!]): [Int] @listSize(slicingArguments: [▸"first"]) }',
      "Query.a @listSize(slicingArguments:)",
      "an argument of type Int",
      "first of type [Int!]",
    ],
    [
      'type Query { a(p: P): [Int] @listSize(slicingArguments: [▸"p.syze"]) } input P { size: Int }',
      "Query.a @listSize(slicingArguments:)",
      "a field of the input object (p.size)",
      "p.syze",
    ],
    [
      'type Query { a(p: [P]): [Int] @listSize(slicingArguments: [▸"p.size"]) } input P { size: Int }',
      "Query.a @listSize(slicingArguments:)",
      "a field of the input object (it has none)",
      "p.size",
    ],
    [
      'type Query { a(p: P): [Int] @listSize(slicingArguments: [▸"p"]) } input P { size: Int }',
      "Query.a @listSize(slicingArguments:)",
      "an argument of type Int",
      "p of type P",
    ],
    [
      'type Query { a(n: Int): [Int] @listSize(slicingArguments: ["n"], assumedSize: ▸1) }',
      "Query.a @listSize(assumedSize:)",
      "requireOneSlicingArgument: false beside slicingArguments: where one is required, it says the size",
      "1",
    ],
    [
      'type Query { a(n: Int = 1): [Int] @listSize(slicingArguments: ["n"], assumedSize: ▸1, requireOneSlicingArgument: false) }',
      "Query.a @listSize(assumedSize:)",
      "no assumedSize beside n, which has a default that says the size",
      "1",
    ],
    [
      "type Query { a: I } interface I { b: [Int] ▸@listSize(assumedSize: 1) } type A implements I { b: [Int] }",
      "I.b @listSize",
      "no directive on a field of an interface: write it on the types that implement it",
      "@listSize",
    ],
    [
      "type Query { a: A } type A ▸@listSize(assumedSize: 1) { b: [Int] }",
      "A",
      "@listSize on FIELD_DEFINITION",
      "it on OBJECT",
    ],
  ])("%s is one problem with its place", expectProblem);
});

function expectProblem(marked: string, coordinate: string, expected: string, found: string): void {
  const { text, line, column } = readMarkedText(marked);
  const problems = problemsOf((all) => readClientSchema("a.graphql", text, catalog, all));
  expect(problems).toMatchObject([
    { place: { file: "a.graphql", line, column }, coordinate, expected, found, severity: "error" },
  ]);
}

function readClient(text: string): CostDeclarations {
  const problems = new Problems();
  const schema = readClientSchema("a.graphql", text, catalog, problems);
  problems.throwIfAny();
  if (schema === null) throw new Error("expected a schema");
  return schema.cost;
}

function readSource(text: string): CostDeclarations {
  const problems = new Problems();
  const schema = readSourceSchema("a.graphql", `${source}${text}`, catalog, problems);
  problems.throwIfAny();
  if (schema === null) throw new Error("expected a schema");
  return schema.cost;
}
