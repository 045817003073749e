import { describe, expect, test } from "vitest";
import { composeTexts, problemsOf } from "./compose-texts.ts";

// Enum values and input fields that a client schema calls otherwise than the supergraph.

const sources = {
  shop: `extend schema @source(name: "shop", url: "http://localhost:1")
    type Query {
      find(filter: Filter, levels: [Level!] = [LOW], any: Json, one: Choice): [Item!]
        @rest(GET: "/items", query: { filter: "$args.filter", levels: "$args.levels", any: "$args.any", one: "$args.one" })
      need(filter: Filter!): Item @rest(GET: "/item", query: { filter: "$args.filter" })
    }
    input Filter { level: Level = LOW name: String price: Range! = { from: 1 } and: [Filter!] note: String }
    input Range { from: Int! to: Int = 9 }
    input Choice @oneOf { id: ID name: String }
    enum Level { NONE LOW PLENTY }
    scalar Json
    type Item { level: Level }`,
};

const clientTypes = `
  input Search @view(of: "Filter") {
    stock: Stock @from(field: "level")
    text: String @from(field: "name")
    cost: Costs @from(field: "price")
    also: [Search!] @from(field: "and")
    note: String
  }
  input Costs @view(of: "Range") { atLeast: Int! @from(field: "from") to: Int }
  input Pick @view(of: "Choice") @oneOf { key: ID @from(field: "id") title: String @from(field: "name") }
  enum Stock @view(of: "Level") { IN_STOCK @from(field: "PLENTY") NONE }
  scalar Json
  type Item { stock: Stock @from(field: "level") text: String @from(field: "level") }`;

/** The arguments that the client field `Query.field` hands over. */
function argsOf(field: string, clientArgs: Readonly<Record<string, unknown>>, types = clientTypes): unknown {
  const { composition } = composeTexts(sources, `type Query { ${field} } ${types}`);
  const binding = composition.clients[0]?.fields.get("Query")?.get("field");
  if (binding?.kind !== "path") throw new Error(`expected a path, found ${binding?.kind}`);
  const bound = binding.steps.flatMap((step) =>
    step.args.map((arg) => [arg.name, arg.value(clientArgs)] as const),
  );
  return Object.fromEntries(bound.filter(([, value]) => value !== undefined));
}

const relaxed = clientTypes.replace('cost: Costs @from(field: "price")', "");

describe("an input type that calls its fields otherwise", () => {
  test.each([
    {
      what: "has the supergraph's names and defaults on its way up, nested and in lists",
      field: 'field(search: Search!): Item @from(field: "need(filter: $args.search)")',
      clientArgs: { search: { stock: "PLENTY", also: [{ text: "a", also: [{ text: "b" }] }] } },
      args: {
        filter: {
          level: "PLENTY",
          price: { from: 1, to: 9 },
          and: [
            {
              name: "a",
              level: "LOW",
              price: { from: 1, to: 9 },
              and: [{ name: "b", level: "LOW", price: { from: 1, to: 9 } }],
            },
          ],
        },
      },
    },
    {
      what: "keeps null and absent apart",
      field: 'field(search: Search!): Item @from(field: "need(filter: $args.search)")',
      clientArgs: { search: { stock: null, text: null } },
      args: { filter: { level: null, name: null, price: { from: 1, to: 9 } } },
    },
    {
      what: "is null, or absent, as a whole",
      field: 'field(search: Search): [Item!] @from(field: "find(filter: $args.search)")',
      clientArgs: { search: null },
      args: { filter: null, levels: ["LOW"] },
    },
    {
      what: "may stand inside a literal, and be used in two places",
      field:
        'field(search: Search!): Item @from(field: "need(filter: { and: [$args.search], note: $args.search.text })")',
      clientArgs: { search: { text: "x" } },
      args: {
        filter: {
          level: "LOW",
          price: { from: 1, to: 9 },
          and: [{ name: "x", level: "LOW", price: { from: 1, to: 9 } }],
          note: "x",
        },
      },
    },
    {
      what: "may be handed over in part, by the client's names",
      field:
        'field(search: Search): [Item!] @from(field: "find(filter: { name: $args.search.text, level: $args.search.stock })")',
      clientArgs: { search: { text: "x", stock: "NONE" } },
      args: { filter: { name: "x", level: "NONE", price: { from: 1, to: 9 } }, levels: ["LOW"] },
    },
    {
      what: "has the supergraph's names inside a scalar, too",
      field: 'field(search: Search): [Item!] @from(field: "find(any: { deep: [$args.search] })")',
      clientArgs: { search: { text: "x" } },
      args: { any: { deep: [{ name: "x" }] }, levels: ["LOW"] },
    },
    {
      what: "may be @oneOf",
      field: 'field(pick: Pick!): [Item!] @from(field: "find(one: $args.pick)")',
      clientArgs: { pick: { title: "x" } },
      args: { one: { name: "x" }, levels: ["LOW"] },
    },
    {
      what: "may be bound by its fields alone",
      field: 'field(by: By): [Item!] @from(field: "find(filter: $args.by)")',
      clientArgs: { by: { word: "x" } },
      args: { filter: { name: "x", level: "LOW", price: { from: 1, to: 9 } }, levels: ["LOW"] },
      types: `${clientTypes} input By { word: String @from(field: "name") }`,
    },
  ])("$what", ({ field, clientArgs, args, types = relaxed }) => {
    expect(
      argsOf(
        field,
        clientArgs,
        types.includes("cost:") ? types.replace('cost: Costs @from(field: "price")', "") : types,
      ),
    ).toEqual(args);
  });

  test("leaves values as they are where nothing differs", () => {
    const value = { from: 1, to: 2 };
    const types = `${clientTypes} input Range { from: Int! to: Int = 3 }`;
    const field = 'field(range: Range!): Item @from(field: "need(filter: { price: $args.range })")';
    const args = argsOf(field, { range: value }, types.replace('cost: Costs @from(field: "price")', "")) as {
      filter: { price: unknown };
    };
    expect(args.filter.price).toBe(value);
  });
});

describe("an input type that does not fit", () => {
  const query =
    'type Query { find(one: Choice): [Item!] } type Item { text: String @from(field: "level") } input Choice @oneOf { id: ID name: String }';

  test.each([
    [
      'input Search @view(of: "Filter") { txt: String @from(field: "nmae") }',
      [
        "Search.txt @from(field:)",
        "a field of Filter (level, name, price, and, note)",
        "nmae",
        'did you mean "name"?',
      ],
    ],
    [
      'input Search @view(of: "Filter") { nmae: String }',
      ["Search.nmae", "a field of Filter (level, name, price, and, note)", "nmae", 'did you mean "name"?'],
    ],
    [
      'input Search @view(of: "Filter") { name: Int }',
      ["Search.name", "a field of Filter, whose name is String and not Int", "name: Int"],
    ],
    [
      'input Search @view(of: "Filter") { name: String text: String @from(field: "name") }',
      ["Search.text", "a field of Filter, whose name is given twice", "text: String"],
    ],
    [
      'input Search @view(of: "Range") { to: Int }',
      ["Search", "a view of Range, which requires from", "none of that"],
    ],
    [
      'input Search @view(of: "Range") { from: Int }',
      ["Search.from", "a field of Range, whose from is Int! and not Int", "from: Int"],
    ],
    [
      'input Search @view(of: "Choice") { id: ID }',
      ["Search", "a view of Choice, which is @oneOf", "none of that"],
    ],
    [
      'input Search @view(of: "Fliter") { name: String }',
      ["Search @view(of:)", "an input type of the supergraph", "Fliter", 'did you mean "Filter"?'],
    ],
    [
      'input Search @view(of: "Level") { name: String }',
      ["Search @view(of:)", "an input type of the supergraph", "Level"],
    ],
    [
      'input Search { name: String @from(field: "a.b") }',
      ["Search.name @from(field:)", "the name of one input field of the supergraph", "a.b"],
    ],
    [
      'enum Stock @view(of: "Level") { LOW @from(field: "{ a }") }',
      ["Stock.LOW @from(field:)", "the name of one value of the supergraph", "{ a }"],
    ],
    [
      'enum Stock @view(of: "Level") { IN @from(field: "PLENTIFUL") }',
      ["Stock.IN @from(field:)", "one of the supergraph's values NONE, LOW, PLENTY", "PLENTIFUL"],
    ],
    ['enum Stock @view(of: "Lvl") { LOW }', ["Stock @view(of:)", "an enum of the supergraph", "Lvl"]],
    ['enum Stock @view(of: "Json") { LOW }', ["Stock @view(of:)", "an enum of the supergraph", "Json"]],
  ])("%s is one problem", (type, [at = "", expected = "", found = "", hint]) => {
    const [problem, ...others] = problemsOf(sources, `${query}\n${type}`);
    const hintLine = hint === undefined ? "" : `\n  hint      ${hint}`;
    expect(others).toEqual([]);
    expect(problem?.replace(/^\S+ +/, "")).toBe(
      `${at}\n  expected  ${expected}\n  found     ${found}${hintLine}`,
    );
  });
});
