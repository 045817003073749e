import { buildSchema, type GraphQLInputType, isInputType, parseType, parseValue, typeFromAST } from "graphql";
import { describe, expect, test } from "vitest";
import { findMisfits } from "../../gateway/compose/literal-fit.ts";

const schema = buildSchema(`
  type Query { a: Int b: Float c: ID }
  enum Colour { RED GREEN }
  input Filter { size: Int! = 1  colour: Colour  and: [Filter!]  name: String! }
  scalar Json`);

function typeOf(text: string): GraphQLInputType {
  const type = typeFromAST(schema, parseType(text));
  if (!isInputType(type)) throw new Error(`expected an input type, found ${text}`);
  return type;
}

function misfitsOf(value: string, type: string): string[] {
  return findMisfits(parseValue(value), typeOf(type)).map(
    ({ facts: { expected, found, hint } }) => `${expected}; ${found}${hint === null ? "" : `; ${hint}`}`,
  );
}

describe("a literal fits", () => {
  test.each([
    ["1", "Int"],
    ["1", "Float!"],
    ["1", "ID"],
    ["null", "Int"],
    ["null", "[Int!]"],
    ["1", "[Int!]!"],
    ["[[1], null]", "[[Int]]"],
    ["GREEN", "Colour!"],
    ['{ name: "a" }', "Filter!"],
    ['{ name: "a", size: 2, colour: null, and: { name: "b" } }', "Filter"],
    ['{ a: [1, "b", { c: null }] }', "Json"],
  ])("%s as %s", (value, type) => {
    expect(misfitsOf(value, type)).toEqual([]);
  });
});

describe("every part that does not fit is found", () => {
  test.each([
    ['"1"', "Int", ['a value of type Int; "1"']],
    ["null", "Int!", ["a value of type Int!; null"]],
    ["[1, null, true]", "[Int!]", ["a value of type Int!; null", "a value of type Int; true"]],
    ["[[1]]", "[Int]", ["a value of type Int; [1]"]],
    ["GREAN", "Colour", ['one of RED, GREEN; GREAN; did you mean "GREEN"?']],
    ['"RED"', "Colour", ['one of RED, GREEN; "RED"']],
    ["1", "Filter", ["a value of type Filter; 1"]],
    ["{ size: 2 }", "Filter", ["name, which Filter requires; {size: 2}"]],
    [
      '{ name: 1, colour: BLUE, and: [{ name: "a", siez: 1 }] }',
      "Filter",
      [
        "a value of type String; 1",
        "one of RED, GREEN; BLUE",
        'a field of Filter (size, colour, and, name); siez; did you mean "size"?',
      ],
    ],
  ])("in %s as %s", (value, type, misfits) => {
    expect(misfitsOf(value, type)).toEqual(misfits);
  });

  test("and variables are asked about with the type of their place, or with none inside of any value", () => {
    const asked: string[] = [];
    const values = [
      ["{ name: $a, and: [{ name: $b, colour: $c }, $d] }", "Filter"],
      ["{ any: [$e] }", "Json"],
      ["$f", "Int!"],
    ] as const;
    for (const [value, type] of values) {
      const misfits = findMisfits(parseValue(value), typeOf(type), (node, at) => {
        asked.push(`${node.name.value}: ${at?.toString() ?? "any"}`);
        return node.name.value === "f" ? { expected: "another", found: "f", hint: null } : null;
      });
      expect(misfits).toHaveLength(value === "$f" ? 1 : 0);
    }
    expect(asked).toEqual(["a: String!", "b: String!", "c: Colour", "d: Filter!", "e: any", "f: Int!"]);
  });

  test("and what was found is shown as it was written, shortened", () => {
    expect(findMisfits(parseValue("[$a]"), typeOf("Int"))[0]?.facts.found).toBe("[$args.a]");
    expect(findMisfits(parseValue(`"${"x".repeat(200)}"`), typeOf("Int"))[0]?.facts.found).toHaveLength(100);
  });
});
