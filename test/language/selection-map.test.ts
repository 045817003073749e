import fc from "fast-check";
import { print, type ValueNode, visit } from "graphql";
import { describe, expect, test } from "vitest";
import {
  type ListSelection,
  parseSelectionMap,
  pathsOf,
  printPath,
  type SelectionMap,
  SelectionSyntaxError,
} from "../../gateway/language/selection-map.ts";

describe("a map", () => {
  test.each([
    ["id", "id"],
    ["a.b.c", "a.b.c"],
    [" a . b ,", "a.b"],
    ["_a1.__proto__", "_a1.__proto__"],
    ["{ id }", "{ id: id }"],
    ["{ id: authorId }", "{ id: authorId }"],
    ["{id:a,name:b.c}", "{ id: a, name: b.c }"],
    ["{ a: { b: { c } } }", "{ a: { b: { c: c } } }"],
    ["author.{ id: key }", "author.{ id: key }"],
    ["items[id]", "items[id]"],
    ["items[{ id: $item }]", "items[{ id: $item }]"],
    ["a.b[c[d]]", "a.b[c[d]]"],
    ["items[$item.a | b]", "items[$item.a | b]"],
    ["a | b.c | { d }", "a | b.c | { d: d }"],
    ["{ id: a | b }", "{ id: a | b }"],
    ["$args.first", "$args.first"],
    ["$args.filter.kind", "$args.filter.kind"],
    ["$parent.id", "$parent.id"],
    ["$claims.realm-access.roles", "$claims.realm-access.roles"],
    ["$headers.x-tenant", "$headers.x-tenant"],
    ["$args", "$args"],
    ["$args[$item]", "$args[$item]"],
    ["$args.{ id }", "$args.{ id: id }"],
    ["{ tenant: $claims.tenant, sku: $parent.sku }", "{ tenant: $claims.tenant, sku: $parent.sku }"],
    ["products(first: 6).items", "products(first: 6).items"],
  ])("%s is read", (text, written) => {
    expect(show(parseSelectionMap(text))).toBe(written);
  });

  test.each([
    ["a(x: 1)", "1"],
    ["a(x: -0)", "-0"],
    ["a(x: 1.5e-3)", "1.5e-3"],
    ['a(x: "a\\"\\u00e9")', '"a\\"é"'],
    ["a(x: true)", "true"],
    ["a(x: null)", "null"],
    ["a(x: NEWEST)", "NEWEST"],
    ["a(x: [1, [2 3], []])", "[1, [2, 3], []]"],
    ["a(x: { b: 1, c: { d: [E] } })", "{b: 1, c: {d: [E]}}"],
    ["a(x: $args.first)", "$first"],
    ["a(x: { b: $args.filter.kind })", "{b: $filter.kind}"],
  ])("hands over the argument of %s", (text, written) => {
    const [path] = pathsOf(parseSelectionMap(text));
    expect(path?.segments[0]?.arguments.map(({ name, value }) => [name, print(value)])).toEqual([
      ["x", written],
    ]);
  });

  test("knows where each part stands", () => {
    const map = parseSelectionMap(" { id: a.b | $args.c(x: 1) }");
    expect(map).toMatchObject({
      kind: "object",
      offset: 1,
      fields: [
        {
          name: "id",
          offset: 3,
          value: {
            kind: "alternatives",
            offset: 7,
            options: [
              { kind: "path", offset: 7, segments: [{ offset: 7 }, { offset: 9 }] },
              { kind: "path", offset: 13, segments: [{ offset: 19, arguments: [{ offset: 21 }] }] },
            ],
          },
        },
      ],
    });
  });

  test("takes the 32nd level and refuses the 33rd", () => {
    expect(() => parseSelectionMap(nested(32))).not.toThrow();
    expect(errorOf(nested(33))).toMatchObject({ expected: "at most 32 levels" });
    const lists = (depth: number): string => `a(x: ${"[".repeat(depth)}${"]".repeat(depth)})`;
    expect(() => parseSelectionMap(lists(31))).not.toThrow();
    expect(errorOf(lists(32))).toMatchObject({ expected: "at most 32 levels" });
  });

  test("takes 4096 characters and refuses one more", () => {
    expect(() => parseSelectionMap("a".repeat(4096))).not.toThrow();
    expect(errorOf("a".repeat(4097))).toMatchObject({
      expected: "at most 4096 characters",
      found: "4097 characters",
      offset: 0,
    });
  });
});

describe("what is no map", () => {
  test.each([
    ["", "a name", "the end", 0],
    ["  ", "a name", "the end", 2],
    ["a.", "a name", "the end", 2],
    ["a..b", "a name", '".b"', 2],
    [".a", "a name", '".a"', 0],
    ["a b", "the end", '"b"', 2],
    ["a }", "the end", '"}"', 2],
    ["1a", "a name", '"1a"', 0],
    ["é", "a name", '"é"', 0],
    ["a-b", "the end", '"-b"', 1],
    ["a |", "a name", "the end", 3],
    ["| a", "a name", '"| a"', 0],
    ["a[b", "]", "the end", 3],
    ["a[]", "a name", '"]"', 2],
    ["a[b].c", "the end", '".c"', 4],
    ["[a]", "a name", '"[a]"', 0],
    ["a.{ b }.c", "the end", '".c"', 7],
    ["{", "a field name or }", "the end", 1],
    ["{}", "at least one field", '"{}"', 0],
    ["{ a: }", "a name", '"}"', 5],
    ["{ a: b", "a field name or }", "the end", 6],
    ["{ 1: b }", "a field name or }", '"1: b }"', 2],
    ["{ a, b: c, a: d }", "each name once", '"a: d }"', 11],
    ["$", "one of $args, $parent, $claims, $headers, $item", '"$"', 0],
    ["$arg.id", "one of $args, $parent, $claims, $headers, $item", '"$arg.id"', 0],
    ["a | $value.b", "one of $args, $parent, $claims, $headers, $item", '"$value.b"', 4],
    ["$args.", "a name", "the end", 6],
    ["$args.a-b", "the end", '"-b"', 7],
    ["$item.id", "$item inside [ ] only", '"$item.id"', 0],
    ["a[b] | $item", "$item inside [ ] only", '"$item"', 7],
    ["<User>.id", "a field before the type condition", '"<User>.id"', 0],
    ["a(", "an argument's name or )", "the end", 2],
    ["a(x)", ":", '")"', 3],
    ["a(x:)", "a value", '")"', 4],
    ["a(x: 1, x: 2)", "each argument once", '"x: 2)"', 8],
    ["a(x: 01)", "a value", '"01)"', 5],
    ["a(x: 1b: 2)", "a value", '"1b: 2)"', 5],
    ["a(x: 1.)", "a value", '"1.)"', 5],
    ["a(x: -)", "a value", '"-)"', 5],
    ['a(x: "b)', "a value", '"\\"b)"', 5],
    ['a(x: "b\tc")', "a value", '"\\"b\\tc\\")"', 5],
    ['a(x: "b\\x")', "a value", '"\\"b\\\\x\\")"', 5],
    ["a(x: $parent.id)", "$args.<argument>", '"$parent.id)"', 5],
    ["a(x: $args)", "$args.<argument>", '"$args)"', 5],
    ["a(x: $args.)", "an argument's name", '")"', 11],
    ["a(x: [1)", "a value", '")"', 7],
    ["a(x: { b 1 })", ":", '"1 })"', 9],
    ["a(x: { b: 1, b: 2 })", "each name once", '"b: 2 })"', 13],
    ["a(x: { 1: 2 })", "a field name or }", '"1: 2 })"', 7],
  ])("%j: expected %s, found %s at %i", (text, expected, found, offset) => {
    const error = errorOf(text);
    expect(error).toMatchObject({ expected, found, offset });
    expect(error.message).toBe(`expected ${expected}, found ${found}`);
  });

  test("is quoted in at most 20 characters, none of them cut in half", () => {
    const { found } = errorOf(`a ${"😀".repeat(20)}`);
    expect(JSON.parse(found)).toHaveLength(20);
    expect(errorOf(`a +${"😀".repeat(20)}`).found.isWellFormed()).toBe(true);
  });
});

describe("any text at all", () => {
  const grammar = fc
    .array(
      fc.constantFrom(
        ...'a b id x-y . , | { } [ ] ( ) : $ < > 1 -1 1.5 e " \\ \\u0041 true null $args $item $claims \t \n é 😀 \ud800'
          .split(" ")
          .concat(" "),
      ),
      { maxLength: 40 },
    )
    .map((tokens) => tokens.join(""));

  test("is read, or refused with a place inside of it", () => {
    fc.assert(
      fc.property(fc.oneof(grammar, fc.string({ unit: "binary" })), (text) => {
        const outcome = parseOrError(text);
        if (outcome instanceof SelectionSyntaxError)
          return outcome.offset >= 0 && outcome.offset <= text.length;
        return show(parseSelectionMap(show(outcome))) === show(outcome);
      }),
      { numRuns: 3000 },
    );
  });
});

describe("the paths of a map", () => {
  test("are all those in it, objects, lists and alternatives included", () => {
    const map = parseSelectionMap("{ a: b.c, d: e[{ f: $item.g }] | $args.h.{ i } }");
    expect(pathsOf(map).map(printPath)).toEqual(["b.c", "e", "$item.g", "$args.h", "i"]);
  });
});

function parseOrError(text: string): SelectionMap | SelectionSyntaxError {
  try {
    return parseSelectionMap(text);
  } catch (error) {
    if (error instanceof SelectionSyntaxError) return error;
    throw error;
  }
}

function errorOf(text: string): SelectionSyntaxError {
  const outcome = parseOrError(text);
  if (outcome instanceof SelectionSyntaxError) return outcome;
  throw new Error(`expected ${JSON.stringify(text)} to be refused, found ${show(outcome)}`);
}

/** A map whose innermost path is at the given level. */
function nested(levels: number): string {
  return `${"{ a: ".repeat(levels - 1)}b${" }".repeat(levels - 1)}`;
}

/** The map in one way of writing it. Arguments with values of their own only. */
function show(map: SelectionMap | ListSelection): string {
  switch (map.kind) {
    case "path": {
      const segments = map.segments.map((segment) => {
        const args = segment.arguments.map(({ name, value }) => `${name}: ${printValue(value)}`);
        return args.length === 0 ? segment.name : `${segment.name}(${args.join(", ")})`;
      });
      const path = (map.root === "value" ? segments : [`$${map.root}`, ...segments]).join(".");
      if (map.then === null) return path;
      return map.then.kind === "list" ? `${path}[${show(map.then)}]` : `${path}.${show(map.then)}`;
    }
    case "object":
      return `{ ${map.fields.map(({ name, value }) => `${name}: ${show(value)}`).join(", ")} }`;
    case "list":
      return show(map.element);
    case "alternatives":
      return map.options.map(show).join(" | ");
  }
}

/** Variables are the arguments of the client field. */
function printValue(value: ValueNode): string {
  const named = visit(value, {
    Variable: ({ name, ...node }) => ({ ...node, name: { ...name, value: `args.${name.value}` } }),
  });
  return print(named);
}
