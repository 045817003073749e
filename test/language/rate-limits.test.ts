import { describe, expect, test } from "vitest";
import { Problems } from "../../gateway/core/problems.ts";
import { readClientSchema } from "../../gateway/language/client-schema.ts";
import { readDirectiveCatalog } from "../../gateway/language/directive-catalog.ts";
import type { RateLimit } from "../../gateway/language/rate-limits.ts";
import { readSourceSchema } from "../../gateway/language/source-schema.ts";
import { problemsOf, readMarkedText } from "../support/marked-problem.ts";

const catalog = readDirectiveCatalog();

describe("@rateLimit", () => {
  test.each([
    ["100ms", 100],
    ["1s", 1000],
    ["1.5s", 1500],
    ["10 s", 10_000],
    ["1m", 60_000],
    ["2h", 7_200_000],
    ["31d", 2_678_400_000],
  ])("takes a window of %s", (window, windowMs) => {
    const [limit] = readClient(`type Query { a: Int @rateLimit(max: 5, window: "${window}") }`);
    expect(limit).toMatchObject({ coordinate: "Query.a", max: 5, window, windowMs, message: null });
  });

  test.each([0, 1, 100_000])("takes a max of %i", (max) => {
    expect(readClient(`type Query { a: Int @rateLimit(max: ${max}, window: "1s") }`)).toMatchObject([
      { max },
    ]);
  });

  test("reads its arguments in the field's, as deep as they are named, and null where nothing stands", () => {
    const [limit] = readClient(`
      type Query { a(id: ID, in: In, ids: [ID]): Int
        @rateLimit(max: 5, window: "1s", message: "Slow down.", identityArgs: ["id", "in.deep.name"], arrayLengthField: "in.list") }
      input In { deep: Deep list: [Int!]! }
      input Deep { name: String }`);
    expect(limit?.message).toBe("Slow down.");
    const read = (args: Record<string, unknown>) => [
      ...(limit?.identityArguments.map((argument) => argument.read(args)) ?? []),
      limit?.lengthArgument?.read(args),
    ];
    expect(read({ id: "1", in: { deep: { name: "x" }, list: [1, 2] } })).toEqual(["1", "x", [1, 2]]);
    expect(read({ in: { deep: null } })).toEqual([null, null, null]);
    expect(read({ in: Object.create({ deep: { name: "inherited" } }) as unknown })).toEqual([
      null,
      null,
      null,
    ]);
  });

  test("stands in source schemas, too", () => {
    const problems = new Problems();
    const text = `extend schema @source(name: "a", url: "http://localhost:1")
      type Query { a(id: ID!): Int @rest(GET: "/a/{args.id}") @rateLimit(max: 5, window: "1m", identityArgs: "id") }`;
    const schema = readSourceSchema("schemas/a.graphql", text, catalog, problems);
    problems.throwIfAny();
    expect([...(schema?.rateLimits.keys() ?? [])]).toEqual(["Query.a"]);
  });

  test.each([
    ['max: ▸-1, window: "1s"', "max:", "0 to 100000", "-1"],
    ['max: ▸100001, window: "1s"', "max:", "0 to 100000", "100001"],
    ...["", "1", "s", "1x", "1 minute", "-1s", "1e3s", "99ms", "31.1d", "0s", "١s", "9999999999ms"].map(
      (window) => [
        `max: 1, window: ▸"${window}"`,
        "window:",
        'a time from 100ms to 31d, such as "10s", "1m", "1h" or "1d"',
        `"${window}"`,
      ],
    ),
    ['max: 1, window: "1s", message: ▸" "', "message:", "a text that says something", '" "'],
    [`max: 1, window: "1s", message: ▸"${"x".repeat(501)}"`, "message:", "at most 500 characters", "501"],
    [
      'max: 1, window: "1s", identityArgs: [▸"x"]',
      "identityArgs:",
      "an argument of the field (id, in, list, far)",
      '"x"',
    ],
    [
      'max: 1, window: "1s", identityArgs: ["id", ▸"id"]',
      "identityArgs:",
      "each argument once",
      '"id" again',
    ],
    ['max: 1, window: "1s", identityArgs: [▸"in.nme"]', "identityArgs:", "a field of in (name)", '"in.nme"'],
    [
      'max: 1, window: "1s", identityArgs: [▸"id.x"]',
      "identityArgs:",
      "a field of id (it has none)",
      '"id.x"',
    ],
    [
      'max: 1, window: "1s", identityArgs: [▸"far.name"]',
      "identityArgs:",
      "a field of far (it has none)",
      '"far.name"',
    ],
    [
      'max: 1, window: "1s", identityArgs: [▸""]',
      "identityArgs:",
      "an argument of the field (id, in, list, far)",
      '""',
    ],
    [
      'max: 1, window: "1s", arrayLengthField: ▸"id"',
      "arrayLengthField:",
      "an argument that is a list",
      "id",
    ],
    [
      'max: 1, window: "1s", arrayLengthField: ▸"lst"',
      "arrayLengthField:",
      "an argument of the field (id, in, list, far)",
      '"lst"',
    ],
  ])("(%s) is one problem with its place", (written, argument, expected, found) => {
    expectProblem(
      `type Query { a(id: ID, in: In, list: [Int!], far: [In!]): Int @rateLimit(${written}) } input In { name: String }`,
      { coordinate: `Query.a @rateLimit(${argument})`, expected, found },
    );
  });

  test.each([
    [
      'type Query { a: Int ▸@rateLimit(window: "1s") }',
      "Query.a @rateLimit(max:)",
      "argument max",
      "nothing",
    ],
    [
      "type Query { a: Int ▸@rateLimit(max: 1) }",
      "Query.a @rateLimit(window:)",
      "argument window",
      "nothing",
    ],
    [
      'type Query { a: A } type A ▸@rateLimit(max: 1, window: "1s") { b: Int }',
      "A",
      "@rateLimit on FIELD_DEFINITION",
      "it on OBJECT",
    ],
    [
      'type Query { a: I } interface I { b: Int ▸@rateLimit(max: 1, window: "1s") } type A implements I { b: Int }',
      "I.b @rateLimit",
      "no directive on a field of an interface: write it on the types that implement it",
      "@rateLimit",
    ],
    [
      'type Query { a: Int @rateLimit(max: 1, window: "1s") ▸@rateLimit(max: 2, window: "1h") }',
      "Query.a @rateLimit",
      "@rateLimit once",
      "it again",
    ],
  ])("%s is one problem with its place", (marked, coordinate, expected, found) => {
    expectProblem(marked, { coordinate, expected, found });
  });

  test("names no argument that @require fills", () => {
    const { text, line, column } = readMarkedText(`extend schema @source(name: "a", url: "http://localhost:1")
      type Query { a: A @rest(GET: "/a") }
      type A @key(fields: "id") { id: ID! size: Int
        b(size: Int @require(field: "size")): Int
          @rest(GET: "/b", query: { size: "$args.size" }) @rateLimit(max: 1, window: "1s", identityArgs: [▸"size"]) }`);
    expect(problemsOf((all) => readSourceSchema("a.graphql", text, catalog, all))).toMatchObject([
      {
        place: { file: "a.graphql", line, column },
        expected: "an argument that clients give",
        found: "size, which @require fills",
      },
    ]);
  });
});

function expectProblem(marked: string, facts: Readonly<Record<string, unknown>>): void {
  const { text, line, column } = readMarkedText(marked);
  const problems = problemsOf((all) => readClientSchema("a.graphql", text, catalog, all));
  expect(problems).toMatchObject([
    { place: { file: "a.graphql", line, column }, severity: "error", ...facts },
  ]);
}

function readClient(text: string): readonly RateLimit[] {
  const problems = new Problems();
  const schema = readClientSchema("a.graphql", text, catalog, problems);
  problems.throwIfAny();
  return [...(schema?.rateLimits.values() ?? [])];
}
