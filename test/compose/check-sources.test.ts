import { describe, expect, test } from "vitest";
import { problemsOf } from "./compose-texts.ts";

function source(name: string, body: string): string {
  return `extend schema @source(name: "${name}", url: "http://localhost:1")\n${body}`;
}

/** Problems of two sources, a and b. */
function problemsBetween(a: string, b: string): string[] {
  return problemsOf({ a: source("a", a), b: source("b", b) });
}

const query = 'type Query { x: X @rest(GET: "/x") }';

describe("a field that two sources define", () => {
  test.each([
    {
      what: "is a key of both",
      a: `${query} type X @key(fields: "id") { id: ID! }`,
      b: 'type X @key(fields: "id") { id: ID }',
    },
    {
      what: "is shareable in both, on the field",
      a: `${query} type X { a: Int @shareable }`,
      b: "type X { a: Int! @shareable }",
    },
    {
      what: "is shareable in both, on the type in one",
      a: `${query} type X @shareable { a: [Int!]! }`,
      b: "type X { a: [Int] @shareable }",
    },
    {
      what: "is a shareable call with the same arguments, whatever their order and descriptions",
      a: 'type Query { a(b: Int = 1, c: ID!): Int @shareable @rest(GET: "/{args.c}{?args.b}") }',
      b: 'type Query { a("The c." c: ID!, b: Int = 1): Int @shareable @rest(GET: "/{args.c}{?args.b}") }',
    },
    {
      what: "is a key of one and shareable in the other",
      a: `${query} type X @key(fields: "id") { id: ID! }`,
      b: "type X { id: ID! @shareable }",
    },
  ])("is fine where it $what", ({ a, b }) => {
    expect(problemsBetween(a, b)).toEqual([]);
  });

  test.each([
    {
      what: "neither says so",
      a: `${query} type X { a: Int }`,
      b: "type X { a: Int }",
      problem: `schemas/b.graphql:2:10  X.a
  expected  one source for the field, or @shareable in schemas/a.graphql and in schemas/b.graphql
  found     it in both, without @shareable in schemas/a.graphql and schemas/b.graphql
  hint      remove it from one, call it differently in one, or mark both @shareable`,
    },
    {
      what: "one does not say so",
      a: `${query} type X { a: Int @shareable }`,
      b: "type X { a: Int }",
      problem: `schemas/b.graphql:2:10  X.a
  expected  one source for the field, or @shareable in schemas/a.graphql and in schemas/b.graphql
  found     it in both, without @shareable in schemas/b.graphql
  hint      remove it from one, call it differently in one, or mark both @shareable`,
    },
    {
      what: "it is a key of one only",
      a: `${query} type X @key(fields: "id") { id: ID! }`,
      b: "type X { id: ID! }",
      problem: `schemas/b.graphql:2:10  X.id
  expected  one source for the field, or @shareable in schemas/a.graphql and in schemas/b.graphql
  found     it in both, without @shareable in schemas/b.graphql
  hint      it is a @key of X in the other file: make it one here, too`,
    },
    {
      what: "its types differ",
      a: `${query} type X @shareable { a: [Int!] }`,
      b: "type X @shareable { a: Int! }",
      problem: `schemas/b.graphql:2:21  X.a
  expected  [Int!], as in schemas/a.graphql
  found     Int!
  hint      call the field differently in one of them`,
    },
    {
      what: "its arguments differ",
      a: 'type Query { a(b: Int = 1): Int @shareable @rest(GET: "/{?args.b}") }',
      b: 'type Query { a(b: Int = 2): Int @shareable @rest(GET: "/{?args.b}") }',
      problem: `schemas/b.graphql:2:16  Query.a(b:)
  expected  the default 1, as in schemas/a.graphql
  found     the default 2
  hint      a default is one for all sources: make them equal, or leave both out`,
    },
    {
      what: "only one has an argument that is required",
      a: 'type Query { a(b: Int!): Int @shareable @rest(GET: "/{?args.b}") }',
      b: 'type Query { a: Int @shareable @rest(GET: "/a") }',
      problem: `schemas/a.graphql:2:16  Query.a(b:)
  expected  something optional, because Query.a in schemas/b.graphql does not have it, so that clients can't give it
  found     b: Int!
  hint      add it in schemas/b.graphql, give it a default, or rename Query.a in one of them`,
    },
  ])("is refused where $what", ({ a, b, problem }) => {
    expect(problemsBetween(a, b)).toEqual([problem]);
  });
});

describe("a definition that two sources have", () => {
  test.each([
    { what: "enums", a: "enum E { A B }", b: '"Letters." enum E { "The last." B A }' },
    { what: "inputs", a: "input I { a: Int = 1 b: [ID!] }", b: 'input I { "The b." b: [ID!] a: Int = 1 }' },
    { what: "scalars", a: "scalar S", b: '"Seconds." scalar S' },
  ])("may be in another order and described differently: $what", ({ a, b }) => {
    expect(problemsBetween(a, b)).toEqual([]);
  });

  test.each([
    {
      what: "enums",
      a: "enum E { A B }",
      b: "enum E { A C } input I { e: E }",
      expected: "the same values as in schemas/a.graphql, because I.e in schemas/b.graphql is sent them",
      found: "C here only, B there only",
    },
    {
      what: "inputs",
      a: "input I { a: Int b: Int }",
      b: "input I { a: [Int!] }",
      expected: "Int, as in schemas/a.graphql",
      found: "[Int!]",
    },
    {
      what: "an enum and a scalar",
      a: "scalar S",
      b: "enum S { A }",
      expected: "a scalar, as in schemas/a.graphql",
      found: "an enum",
    },
    {
      what: "an object and an input",
      a: "type T { a: Int }",
      b: "input T { a: Int }",
      expected: "an object type, as in schemas/a.graphql",
      found: "an input type",
    },
  ])("has to be the same: $what", ({ a, b, expected, found }) => {
    const [problem, ...more] = problemsBetween(a, b);
    expect(more).toEqual([]);
    expect(problem?.split("\n").slice(1, 3)).toEqual([`  expected  ${expected}`, `  found     ${found}`]);
  });
});

describe("a lookup", () => {
  const lookup = (args: string): string =>
    `type Query { x${args}: X @lookup @rest(GET: "/x{?args.a,args.b}") } type X @key(fields: "a b") @key(fields: "c") { a: ID! b: ID! c: ID! }`;

  test("has the arguments of a key, in any order", () => {
    expect(problemsOf({ a: source("a", lookup("(b: ID!, a: ID!)")) })).toEqual([]);
  });

  test.each([
    { what: "fewer", text: lookup("(a: ID!)").replace(",args.b", ""), found: "(a)" },
    {
      what: "more",
      text: lookup("(a: ID!, b: ID!, c: ID)").replace("args.b", "args.b,args.c"),
      found: "(a, b, c)",
    },
    { what: "none", text: lookup("").replace("{?args.a,args.b}", ""), found: "no arguments" },
  ])("is refused with $what", ({ text, found }) => {
    expect(problemsOf({ a: source("a", text) })).toEqual([
      [
        "schemas/a.graphql:2:14  Query.x @lookup",
        "  expected  arguments called like a key of X: (a, b) or (c)",
        `  found     ${found}`,
      ].join("\n"),
    ]);
  });

  test("is refused for a type without a key in that source", () => {
    const a = `${query} type X @key(fields: "a") { a: ID! }`;
    const b = 'type Query { y(a: ID!): X @lookup @rest(GET: "/{args.a}") } type X { a: ID! @shareable }';
    expect(problemsBetween(a, b)).toEqual([
      [
        "schemas/b.graphql:2:14  Query.y @lookup",
        "  expected  @key on X in schemas/b.graphql",
        "  found     (a)",
      ].join("\n"),
    ]);
  });
});

describe("a mapping that builds objects", () => {
  const types = `type Y @key(fields: "id") @key(fields: "tenant sku") { id: ID! tenant: ID! sku: ID! name: String z: Z }
    type Z { a: Int }
    type Query { x: X @rest(GET: "/x") y(id: ID!): Y @lookup @rest(GET: "/{args.id}") y2(tenant: ID!, sku: ID!): Y @lookup @rest(GET: "/{args.tenant}/{args.sku}") }`;

  test.each([
    "{ id: yId }",
    "{ id: yId, name: yName }",
    "{ tenant: a, sku: b }",
    "{ tenant: a, sku: b } | { id: c }",
    "owner.{ id }",
    "owner.{ id } | { id: fallbackId }",
  ])("fits: %s", (map) => {
    expect(problemsOf({ a: source("a", `type X { y: Y @from(field: "${map}") } ${types}`) })).toEqual([]);
  });

  test("fits a list: ids[{ id: $item }]", () => {
    const text = `type X { y: [Y] @from(field: "ids[{ id: $item }] | others[{ id }]") } ${types}`;
    expect(problemsOf({ a: source("a", text) })).toEqual([]);
  });

  test.each([
    {
      map: "{ name: yName }",
      at: 29,
      expected: "a key of Y: { id } or { tenant sku }",
      found: "{ name }",
    },
    { map: "{ tenant: a }", at: 29, expected: "a key of Y: { id } or { tenant sku }", found: "{ tenant }" },
    {
      map: "{ id: a } | { sku: b }",
      at: 41,
      expected: "a key of Y: { id } or { tenant sku }",
      found: "{ sku }",
    },
    {
      map: "{ id: a, colour: b }",
      at: 38,
      expected: "a scalar field of Y (id, tenant, sku, name)",
      found: "colour",
    },
    {
      map: "{ id: a, z: b }",
      at: 38,
      expected: "a scalar field of Y (id, tenant, sku, name)",
      found: "z: Z",
    },
    { map: "y | { id: a }", at: 29, expected: "alternatives that all build objects", found: "y | { id: a }" },
  ])("is refused: $map", ({ map, at, expected, found }) => {
    expect(problemsOf({ a: source("a", `type X { y: Y @from(field: "${map}") } ${types}`) })).toEqual([
      [
        `schemas/a.graphql:2:${at}  X.y @from(field:)`,
        `  expected  ${expected}`,
        `  found     ${found}`,
      ].join("\n"),
    ]);
  });
});
