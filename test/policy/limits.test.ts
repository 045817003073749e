import { getIntrospectionQuery, type OperationDefinitionNode, parse } from "graphql";
import { beforeEach, describe, expect, test } from "vitest";
import { limitCeilings, type LimitSettings, standardLimits } from "../../gateway/config/demand-control.ts";
import { RequestRefusal } from "../../gateway/core/request-refusal.ts";
import { checkFigures, checkVariables, type ExcessWatch } from "../../gateway/policy/limits.ts";
import { countFigures } from "../../gateway/policy/operation-figures.ts";

let seen: string[] = [];
beforeEach(() => {
  seen = [];
});
const watch: ExcessWatch = { onExcess: (limit, mode) => void seen.push(`${limit} ${mode}`) };
const limits: LimitSettings = {
  ...standardLimits,
  maxDepth: 3,
  maxAliases: 2,
  maxRootFields: 4,
  maxDirectives: 2,
  maxFields: 6,
  maxListLength: 3,
  maxVariableDepth: 2,
};

/** What a document or its variables are refused for: limit, most and found. Empty: they are not. */
function excesses(check: () => void): string[] {
  try {
    check();
    return [];
  } catch (error) {
    if (!(error instanceof RequestRefusal) || error.code !== "LIMIT_EXCEEDED") throw error;
    return error.reasons.map(({ extensions }) => Object.values(extensions ?? {}).join(" "));
  }
}

function ofQuery(query: string, own: Partial<LimitSettings> = {}): string[] {
  return excesses(() => checkFigures({ ...limits, ...own }, countFigures(parse(query)), watch));
}

/** Of an operation that declares `$a` to `$d` and some others. */
function ofVariables(variables: Record<string, unknown>, use = ""): string[] {
  const document = parse(`query ($a: T, $b: T, $c: T, $d: T, $__proto__: T, $toString: T) { a ${use} }`);
  const [operation] = document.definitions as [OperationDefinitionNode];
  const declared = { operation, figures: countFigures(document) };
  return excesses(() => checkVariables(limits, declared, variables, watch));
}

describe("a document within and beyond", () => {
  test.each<[limit: string, within: readonly string[], beyond: readonly string[]]>([
    [
      "maxDepth 3 4",
      ["{ a { b } }", "{ a { b { c } } }"],
      [
        "{ a { b { c { d } } } }",
        "{ a { ...F } } fragment F on T { b { ...G } } fragment G on T { c { d } }",
        "{ ... { a { ... on T { b { ... @skip(if: true) { c { d } } } } } } }",
        "query A { a } query B { a { b { c { d } } } }",
        "{ a } fragment Unused on T { a { b { c { d } } } }",
        "{ ...C } fragment C on T { a { ...C b { c { d } } } }",
      ],
    ],
    [
      "maxAliases 2 3",
      ["{ x: a }", "{ x: a y: a }"],
      [
        "{ x: a y: a z: a }",
        "{ x: a ...F ...F } fragment F on T { y: a }",
        "{ x: a ... { y: a ... { z: a } } }",
        "{ a: a b: b c: c }",
        "{ p { ...F } q { ...F } ...F } fragment F on T { ...G } fragment G on T { y: a }",
        "query A { a } query B { x: a y: a z: a }",
      ],
    ],
    [
      "maxRootFields 4 5",
      ["{ a b c }", "{ a b c d { e f } }"],
      [
        "{ a b c d e }",
        "{ ...F ...F c } fragment F on T { a b }",
        "{ a ... { b ... @include(if: false) { c d } } ...F } fragment F on T { ...G } fragment G on T { e }",
        "{ a a a a a }",
        "query A { a } mutation B { a b c d e }",
      ],
    ],
    [
      "maxDirectives 2 3",
      ["{ a @x }", "{ a @x @y }"],
      [
        "{ a @x @y @z }",
        "{ ... @x { a } ...F @y } fragment F on T @z { a }",
        "query ($v: Int @x @y) @z { a }",
        "{ ...F ...F ...F } fragment F on T { a @x }",
        "{ ...F @x ...F } fragment F on T @x { a }",
        "query A { a } query B { a @x @y @z }",
      ],
    ],
    [
      "maxFields 6 7",
      ["{ a { b c d e } }", "{ a { b c d e f } }"],
      [
        "{ a { b c d e f g } }",
        "{ a { ...F ...F ...F } } fragment F on T { x y }",
        "{ a { ... { b c d ... { e f g } } } }",
        "{ a { ...F } } fragment F on T { ...G ...G ...G } fragment G on T { x y }",
        "query A { a } query B { a { b c d e f g } }",
        "{ a { b b b b b b } }",
      ],
    ],
    [
      "maxListLength 3 4",
      ["{ a(x: [1, 2]) }", "{ a(x: [1, 2, 3], y: [1, 2, 3]) }"],
      [
        "{ a(x: [1, 2, 3, 4]) }",
        "{ a(x: [[1], [1, 2, 3, 4]]) }",
        "{ a(x: { y: [1, 2, 3, 4] }) }",
        "query ($v: [Int] = [1, 2, 3, 4]) { a(x: $v) }",
        "{ a @d(x: [1, 2, 3, 4]) }",
        "{ ...F } fragment F on T { a(x: [1, 2, 3, 4]) }",
        "query ($v: Int) { a(x: [$v, $v, $v, $v]) }",
      ],
    ],
    [
      "maxVariableDepth 2 3",
      ["{ a(x: [1]) }", "{ a(x: [{ b: 1 }]) }"],
      [
        "{ a(x: [{ b: [1] }]) }",
        "query ($v: T = [[[1]]]) { a(x: $v) }",
        "query ($v: T = [[1]]) { a(x: [$v]) }",
        "{ a @d(x: [[[]]]) }",
        "{ ...F } fragment F on T { a(x: { y: { z: {} } }) }",
      ],
    ],
  ])("%s", (limit, within, beyond) => {
    for (const query of within) expect([query, ...ofQuery(query)]).toEqual([query]);
    expect(seen).toEqual([]);
    for (const query of beyond) expect([query, ...ofQuery(query)]).toEqual([query, limit]);
    const name = limit.split(" ")[0] ?? "";
    expect(seen).toEqual(Array(beyond.length).fill(`${name} enforce`));
  });

  test("is told all limits at once, in words and figures", () => {
    expect(() =>
      checkFigures(limits, countFigures(parse("{ a { b { x: c { y: d { z: e } } } } }")), watch),
    ).toThrow(
      expect.objectContaining({
        reasons: [
          {
            message: "The operation has 5 levels of fields; at most 3 are allowed.",
            locations: [],
            extensions: { limit: "maxDepth", max: 3, found: 5 },
          },
          {
            message: "The operation has 3 aliases; at most 2 are allowed.",
            locations: [],
            extensions: { limit: "maxAliases", max: 2, found: 3 },
          },
        ],
      }) as Error,
    );
  });

  test("a limit of tokens that another caller had is held against those that were counted", () => {
    expect(ofQuery("{ a b }", { maxDocumentTokens: 4 })).toEqual([]);
    expect(ofQuery("{ a b c d }", { maxDocumentTokens: 5 })).toEqual(["maxDocumentTokens 5 6"]);
  });

  test("the standard introspection is within the standard limits", () => {
    checkFigures(standardLimits, countFigures(parse(getIntrospectionQuery())), watch);
    expect(seen).toEqual([]);
  });
});

describe("a limit that is only measured", () => {
  test("is counted and refuses nothing, beside others that do", () => {
    const own: Partial<LimitSettings> = { measure: ["maxDepth", "maxListLength"] };
    const query = "{ a { b { c { d(x: [1, 2, 3, 4]) } } } }";
    expect(ofQuery(query, own)).toEqual([]);
    expect(seen.splice(0)).toEqual(["maxDepth measure", "maxListLength measure"]);
    expect(ofQuery(query, { ...own, maxFields: 3 })).toEqual(["maxFields 3 4"]);
    expect(seen).toEqual(["maxDepth measure", "maxFields enforce", "maxListLength measure"]);
  });

  test("refuses what is beyond all that it could be set to", () => {
    const levels = (count: number): string => `${"{ a ".repeat(count)}${"}".repeat(count)}`;
    const own: Partial<LimitSettings> = { maxFields: 1000, measure: ["maxDepth", "maxVariableDepth"] };
    expect(ofQuery(levels(limitCeilings.maxDepth), own)).toEqual([]);
    expect(ofQuery(levels(limitCeilings.maxDepth + 1), own)).toEqual(["maxDepth 200 201"]);
    const lists = (count: number): string => `{ a(x: ${"[".repeat(count)}${"]".repeat(count)}) }`;
    expect(ofQuery(lists(1000), own)).toEqual([]);
    expect(ofQuery(lists(1001), own)).toEqual(["maxVariableDepth 1000 1001"]);
  });
});

describe("variables within and beyond", () => {
  test.each<[what: string, variables: Record<string, unknown>, expected: string[]]>([
    ["none", {}, []],
    ["scalars", { a: 1, b: null, c: "[1,2,3,4]", d: true }, []],
    ["a list that is as long as it may be", { a: [1, 2, 3], b: [[1, 2, 3]] }, []],
    ["a longer one", { a: [1, 2, 3, 4] }, ["maxListLength 3 4"]],
    ["a longer one in another", { a: [[1], [1, 2, 3, 4, 5]] }, ["maxListLength 3 5"]],
    ["a longer one in an object", { x: 1, a: { b: [1, 2, 3, 4] } }, ["maxListLength 3 4"]],
    ["objects as deep as they may be", { a: { b: {} }, c: [{ d: 1 }] }, []],
    ["deeper ones", { a: { b: { c: {} } } }, ["maxVariableDepth 2 3"]],
    ["both", { a: { b: { c: [1, 2, 3, 4] } } }, ["maxListLength 3 4", "maxVariableDepth 2 3"]],
    ["a member that every object has", { toString: [[[1]]] }, ["maxVariableDepth 2 3"]],
    ["what is not declared", { e: [[[1]]], f: [1, 2, 3, 4] }, []],
  ])("%s", (_what, variables, expected) => {
    expect(ofVariables(variables)).toEqual(expected);
  });

  test("count what stands around them in the document", () => {
    expect(ofVariables({ a: [1] }, "b(x: [$a])")).toEqual([]);
    expect(ofVariables({ a: [1] }, "b(x: [{ y: $a }])")).toEqual(["maxVariableDepth 2 3"]);
    expect(ofVariables({ a: 1 }, "b(x: [{ y: $a }])")).toEqual([]);
  });

  test("may be nested beyond the stack", () => {
    const deep: unknown = JSON.parse(`${'{"a":['.repeat(50_000)}${"]}".repeat(50_000)}`);
    expect(ofVariables({ a: deep })).toEqual(["maxVariableDepth 2 100000"]);
  });
});
