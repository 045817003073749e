import { getIntrospectionQuery, parse } from "graphql";
import { describe, expect, test } from "vitest";
import { countFigures, type DocumentFigures } from "../../gateway/policy/operation-figures.ts";

type Counted = Omit<DocumentFigures, "tokens" | "variableLevels">;

function figuresOf(query: string): Counted {
  const { tokens, variableLevels, ...counted } = countFigures(parse(query, { noLocation: true }));
  expect(tokens).toBeGreaterThan(0);
  expect(variableLevels.size).toBe(0);
  return counted;
}

const none: Counted = {
  depth: 0,
  aliases: 0,
  rootFields: 0,
  directives: 0,
  fields: 0,
  listLength: 0,
  valueDepth: 0,
};

function repeat(times: number, text: (index: number) => string): string {
  return Array.from({ length: times }, (_, index) => text(index)).join(" ");
}

describe("the figures of a document", () => {
  test.each<[what: string, query: string, expected: Partial<Counted>]>([
    ["one field", "{ a }", { depth: 1, rootFields: 1, fields: 1 }],
    ["fields in fields", "{ a { b { c } } d { e } }", { depth: 3, rootFields: 2, fields: 5 }],
    ["a field twice", "{ a a }", { depth: 1, rootFields: 2, fields: 2 }],
    ["aliases", "{ a b: a a: a { c: d } }", { depth: 2, aliases: 3, rootFields: 3, fields: 4 }],
    [
      "inline fragments, which are no level",
      "{ ... { a ... on T @x { b: a { ... { c } } } } }",
      { depth: 2, aliases: 1, rootFields: 2, directives: 1, fields: 3 },
    ],
    [
      "directives wherever they may stand",
      "query ($v: Int @a) @b { f @c @d ... @e { f } ...F @g } fragment F on T @h { f @i }",
      { depth: 1, rootFields: 3, directives: 8, fields: 3 },
    ],
    [
      "a fragment as often as it is spread",
      "{ ...F x { ...F ...F } } fragment F on T @a { y: z @b { w } }",
      { depth: 3, aliases: 3, rootFields: 2, directives: 6, fields: 7 },
    ],
    [
      "fragments in fragments, whatever their order",
      "fragment C on T { c } { ...A } fragment B on T { b { ...C ...C } ...C } fragment A on T { a { ...B } ...B }",
      { depth: 3, rootFields: 3, fields: 9 },
    ],
    [
      "the largest of each figure, whichever operation has it",
      "query A { a { a { a } } } query B { x: b y: b } mutation C { c @d }",
      { depth: 3, aliases: 2, rootFields: 2, directives: 1, fields: 3 },
    ],
    [
      "a fragment that is not spread",
      "{ a } fragment F on T { b { x: c } d }",
      {
        depth: 2,
        aliases: 1,
        rootFields: 1,
        fields: 3,
      },
    ],
    ["spreads of what is not there", "{ a ...F ... { ...F } }", { depth: 1, rootFields: 1, fields: 1 }],
    [
      "lists and objects",
      "query ($v: [Int] = [1, 2, 3]) { a(x: [[1], [1, 2]], y: { z: { w: 1 } }) @d(of: [{ a: [1] }]) }",
      { depth: 1, rootFields: 1, directives: 1, fields: 1, listLength: 3, valueDepth: 3 },
    ],
    ["empty ones", "{ a(x: [], y: {}) }", { depth: 1, rootFields: 1, fields: 1, valueDepth: 1 }],
    ["scalars", '{ a(x: 1, y: "[[]]", z: E) }', { depth: 1, rootFields: 1, fields: 1 }],
  ])("of %s", (_what, query, expected) => {
    expect(figuresOf(query)).toEqual({ ...none, ...expected });
  });

  test("have the tokens that were read", () => {
    expect(countFigures(parse("{ a(b: 1) # c\n }")).tokens).toBe(8);
  });

  test("have the values that fragments repeat as often as they are spread", () => {
    const repeated = (query: string): number => {
      // Eight values: the list, two lists and two numbers in it, an object, its text, and what the directive is given.
      const document = parse(`${query} fragment F on T { b(x: [[1, 2], []], y: { z: "w" }) @c(if: true) }`);
      return countFigures(document).tokens - (document.tokenCount ?? 0);
    };
    expect(repeated("{ ...F a(b: 1) }")).toBe(0);
    expect(repeated("query A { ...F } query B { ...F }")).toBe(0);
    expect(repeated("{ ...F ...F a { ...F } }")).toBe(2 * 8);
    expect(repeated("{ ...G ...G } fragment G on T { a(b: 1) { ...F ...F } }")).toBe(1 + 3 * 8);
    const bomb = `{ ...F0 } ${repeat(60, (n) => `fragment F${n} on T { ...F${n + 1} ...F${n + 1} }`)} fragment F60 on T { a(b: 1) }`;
    expect(countFigures(parse(bomb)).tokens).toBe(Number.MAX_SAFE_INTEGER);
  });

  test("know in how much a variable stands, and that its default stands there too", () => {
    const { variableLevels, valueDepth } = countFigures(
      parse("query ($v: T = [[1]], $w: T = [1], $u: T) { a(x: { y: [$v, { z: $v }] }, u: $u, w: [$w]) }"),
    );
    expect([...variableLevels]).toEqual([
      ["v", 3],
      ["w", 1],
    ]);
    expect(valueDepth).toBe(5);
  });

  test("of fragments that double 28 times, or 1000 times, are known at once", () => {
    const bomb = (levels: number): string =>
      `{ ...F0 } ${repeat(levels, (n) => `fragment F${n} on T { ...F${n + 1} a { ...F${n + 1} } }`)} fragment F${levels} on T { b: a @c }`;
    expect(figuresOf(bomb(28))).toEqual({
      ...none,
      depth: 29,
      aliases: 2 ** 28,
      rootFields: 29,
      directives: 2 ** 28,
      fields: 2 ** 29 - 1,
    });
    const startedMs = performance.now();
    expect(figuresOf(bomb(1000))).toMatchObject({
      depth: 1001,
      aliases: Number.MAX_SAFE_INTEGER,
      fields: Number.MAX_SAFE_INTEGER,
    });
    expect(performance.now() - startedMs).toBeLessThan(2000);
  });

  test("of fragments that go round in circles end", () => {
    expect(figuresOf("{ ...A } fragment A on T { a ...A }")).toMatchObject({ rootFields: 1, fields: 1 });
    const circle = figuresOf("{ ...A } fragment A on T { a { ...B } } fragment B on T { b { ...A } }");
    expect(circle.fields).toBeGreaterThanOrEqual(2);
    const dense = repeat(200, (n) => `fragment F${n} on T { a ${repeat(200, (m) => `...F${m}`)} }`);
    expect(figuresOf(`{ ...F0 } ${dense}`).fields).toBeGreaterThanOrEqual(200);
  });

  test("count each of two fragments with one name", () => {
    const twice = "{ ...A } fragment A on T { a b: c } fragment A on T { a }";
    expect(figuresOf(twice).aliases).toBe(1);
  });

  test("of a chain of fragments, and of nesting, that are longer than the stack are known", () => {
    const chain = repeat(50_000, (n) => `fragment F${n} on T { ...F${n + 1} }`);
    expect(figuresOf(`{ ...F0 } ${chain} fragment F50000 on T { a { b } }`)).toEqual({
      ...none,
      depth: 2,
      rootFields: 1,
      fields: 2,
    });
  });

  test("of the standard introspection are within the standard limits", () => {
    expect(figuresOf(getIntrospectionQuery())).toMatchObject({ depth: 15, aliases: 0, rootFields: 1 });
  });
});
