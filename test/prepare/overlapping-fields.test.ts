import fc from "fast-check";
import {
  buildSchema,
  type GraphQLError,
  Kind,
  OverlappingFieldsCanBeMergedRule,
  parse,
  validate,
  visit,
} from "graphql";
import { describe, expect, it } from "vitest";
import { overlappingFieldsCanBeMerged } from "../../gateway/prepare/overlapping-fields.ts";

const schema = buildSchema(`
  type Query { pet: Pet dog: Dog cat: Cat any: Any node(id: ID, by: By, ids: [ID]): Pet deep: Deep name: String }
  input By { name: String = "a" ids: [ID] by: By }
  interface Pet { name(short: Boolean): String toys(ids: [ID]): Int friend: Pet friends: [Pet!] owner: Owner }
  type Dog implements Pet { name(short: Boolean): String toys(ids: [ID]): Int friend: Pet friends: [Pet!] owner: Owner barks: Boolean! volume: Int mate: Dog list: [Int] }
  type Cat implements Pet { name(short: Boolean): String toys(ids: [ID]): Int friend: Pet friends: [Pet!] owner: Owner barks: Boolean volume: Float mate: Cat list: Int }
  type Owner { name: String! pet: Pet dog: Dog }
  union Any = Dog | Cat | Owner
  type Deep { a: Deep b: Deep x: ID }
`);

function reportOf(query: string, rule = overlappingFieldsCanBeMerged): readonly GraphQLError[] {
  return validate(schema, parse(query), [rule], { maxErrors: 1000 });
}
const messagesOf = (query: string): readonly string[] =>
  reportOf(query).map(({ message }) =>
    message.replace(" Use different aliases on the fields to fetch both if this was intentional.", ""),
  );

describe("fields of one name", () => {
  it.each([
    ["once", `{ dog { name } }`],
    ["twice the same", `{ dog { name name } }`],
    ["twice the same by an alias", `{ dog { it: name it: name } }`],
    [
      "with the same arguments in another order",
      `{ node(id: 1, ids: [2]) { name } node(ids: [2], id: 1) { name } }`,
    ],
    [
      "with the same object in another order",
      `{ node(by: { name: "a", ids: [1] }) { name } node(by: { ids: [1], name: "a" }) { name } }`,
    ],
    ["of different objects", `{ pet { ... on Dog { it: name } ... on Cat { it: name(short: true) } } }`],
    [
      "below different objects",
      `{ pet { ... on Dog { mate { it: name } } ... on Cat { mate { it: name(short: true) } } } }`,
    ],
    ["in a fragment that is spread twice", `{ dog { ...F ...F } } fragment F on Dog { name }`],
    ["in a fragment that spreads itself", `{ dog { ...F } } fragment F on Dog { name mate { ...F } }`],
    ["that do not exist", `{ dog { unknown unknown } }`],
    ["of unknown types", `{ dog { ... on Unknown { name } name } }`],
    ["in a fragment that is unknown", `{ dog { ...Unknown name } }`],
    [
      "about the schema",
      `{ __schema { types { name } } __schema { types { name } } __type(name: "Dog") { name } }`,
    ],
    ["in different operations", `query A { it: name } query B { it: __typename }`],
  ])("can be merged: %s", (_what, query) => {
    expect(messagesOf(query)).toEqual([]);
    expect(reportOf(query, OverlappingFieldsCanBeMergedRule)).toEqual([]);
  });

  it.each([
    [
      "other fields",
      `{ dog { it: name it: volume } }`,
      `Fields "it" conflict because "name" and "volume" are different fields.`,
    ],
    [
      "an alias that hides a field",
      `{ dog { name: barks name } }`,
      `Fields "name" conflict because "barks" and "name" are different fields.`,
    ],
    [
      "other arguments",
      `{ dog { name(short: true) name(short: false) } }`,
      `Fields "name" conflict because they have differing arguments.`,
    ],
    [
      "an argument and none",
      `{ dog { name name(short: false) } }`,
      `Fields "name" conflict because they have differing arguments.`,
    ],
    [
      "none and an argument",
      `{ dog { name(short: false) name } }`,
      `Fields "name" conflict because they have differing arguments.`,
    ],
    [
      "a variable and what it may hold",
      `query ($s: Boolean = true) { dog { name(short: $s) name(short: true) } }`,
      `Fields "name" conflict because they have differing arguments.`,
    ],
    [
      "another variable",
      `query ($s: Boolean, $t: Boolean) { dog { name(short: $s) name(short: $t) } }`,
      `Fields "name" conflict because they have differing arguments.`,
    ],
    [
      "a text and a number",
      `{ node(id: "1") { name } node(id: 1) { name } }`,
      `Fields "node" conflict because they have differing arguments.`,
    ],
    [
      "null and an empty list",
      `{ node(ids: null) { name } node(ids: []) { name } }`,
      `Fields "node" conflict because they have differing arguments.`,
    ],
    [
      "an interface's field beside an object's",
      `{ pet { name ... on Dog { name: volume } } }`,
      `Fields "name" conflict because "name" and "volume" are different fields.`,
    ],
    [
      "the third of three",
      `{ pet { ... on Dog { it: name } ... on Cat { it: name } ... on Pet { it: name(short: true) } } }`,
      `Fields "it" conflict because they have differing arguments.`,
    ],
    [
      "another shape in different objects",
      `{ pet { ... on Dog { volume } ... on Cat { volume } } }`,
      `Fields "volume" conflict because they return conflicting types "Int" and "Float".`,
    ],
    [
      "null in only one of them",
      `{ pet { ... on Dog { barks } ... on Cat { barks } } }`,
      `Fields "barks" conflict because they return conflicting types "Boolean!" and "Boolean".`,
    ],
    [
      "a list in only one of them",
      `{ pet { ... on Dog { list } ... on Cat { list } } }`,
      `Fields "list" conflict because they return conflicting types "[Int]" and "Int".`,
    ],
    [
      "an object and a leaf",
      `{ pet { ... on Dog { it: mate { name } } ... on Cat { it: name } } }`,
      `Fields "it" conflict because they return conflicting types "Dog" and "String".`,
    ],
    [
      "another shape below different objects",
      `{ pet { ... on Dog { mate { volume } } ... on Cat { mate { volume } } } }`,
      `Fields "mate" conflict because subfields "volume" conflict because they return conflicting types "Int" and "Float".`,
    ],
    [
      "below fields that are merged",
      `{ dog { it: name } dog { it: volume } }`,
      `Fields "dog" conflict because subfields "it" conflict because "name" and "volume" are different fields.`,
    ],
    [
      "two levels below",
      `{ dog { mate { it: name } } dog { mate { it: volume } } }`,
      `Fields "dog" conflict because subfields "mate" conflict because subfields "it" conflict because "name" and "volume" are different fields.`,
    ],
    [
      "within one of the fields that are merged",
      `{ dog { it: name it: volume } dog { barks } }`,
      `Fields "it" conflict because "name" and "volume" are different fields.`,
    ],
    [
      "in a fragment",
      `{ dog { ...F it: volume } } fragment F on Dog { it: name }`,
      `Fields "it" conflict because "volume" and "name" are different fields.`,
    ],
    [
      "in two fragments",
      `{ dog { ...F ...G } } fragment F on Dog { it: name } fragment G on Dog { it: volume }`,
      `Fields "it" conflict because "name" and "volume" are different fields.`,
    ],
    [
      "in a fragment within a fragment",
      `{ dog { ...F ...G } } fragment F on Dog { it: name } fragment G on Pet { ...H } fragment H on Dog { it: volume }`,
      `Fields "it" conflict because "name" and "volume" are different fields.`,
    ],
    [
      "that do not exist",
      `{ dog { it: unknown it: other } }`,
      `Fields "it" conflict because "unknown" and "other" are different fields.`,
    ],
  ])("can't be merged: %s", (_what, query, message) => {
    expect(messagesOf(query)).toEqual([message]);
    const [{ message: theirs, locations } = {}] = reportOf(query, OverlappingFieldsCanBeMergedRule);
    expect(theirs).toContain(message);
    expect(reportOf(query)[0]?.locations).toEqual(locations);
  });

  it("are told once for each name", () => {
    const fields = Array.from({ length: 50 }, (_, index) => `it: ${index % 2 === 0 ? "name" : "volume"}`);
    expect(messagesOf(`{ dog { ${fields.join(" ")} other: name other: barks } }`)).toEqual([
      `Fields "it" conflict because "name" and "volume" are different fields.`,
      `Fields "other" conflict because "name" and "barks" are different fields.`,
    ]);
  });
});

describe("documents that are merged in very many ways", () => {
  /** Each of two fields may be followed by sets of fragments of which there are 2^levels. */
  const ways = (levels: number): string =>
    [
      "{ deep { ...F } }",
      "fragment F on Deep { a { ...F ...G0 } b { ...F } }",
      ...Array.from(
        { length: levels },
        (_, level) => `fragment G${level} on Deep { a { ...G${level + 1} } b { ...G${level + 1} } }`,
      ),
      `fragment G${levels} on Deep { x }`,
    ].join(" ");

  it("are told from those that are merged in some", () => {
    expect(messagesOf(ways(9))).toEqual([]);
    expect(messagesOf(ways(10))).toEqual([
      "The document has so many fields in fragments that it can't be told whether they can be merged. Select each of them once, or by names of their own.",
    ]);
  });

  it("are no more than their text allows", () => {
    // 1000 fragments side by side, whose pairs are half a million.
    const names = Array.from({ length: 1000 }, (_, index) => `F${index}`);
    const query = `{ dog { ${names.map((name) => `...${name}`).join(" ")} } } ${names.map((name) => `fragment ${name} on Dog { name mate { name } }`).join(" ")}`;
    expect(messagesOf(query)).toEqual([]);
    expect(messagesOf(`{ dog { ${"name ".repeat(9000)}} }`)).toEqual([]);
  });

  it("have arguments that are read once for each field", () => {
    const document = parse(
      `{ one: dog { ...F ...G } two: dog { ...F ...G } three: cat { ...F ...G } }
       fragment F on Pet { toys(ids: ["1", "2"]) }
       fragment G on Pet { toys(ids: ["1", "2"]) }`,
    );
    let reads = 0;
    visit(document, {
      enter(node) {
        if (node.kind !== Kind.LIST) return;
        const { values } = node;
        Object.defineProperty(node, "values", {
          get: () => {
            reads += 1;
            return values;
          },
        });
      },
    });
    reads = 0;
    validate(schema, document, []);
    const readsOfWalk = reads;
    expect(validate(schema, document, [overlappingFieldsCanBeMerged])).toEqual([]);
    expect(reads - readsOfWalk).toBe(readsOfWalk + 2);
  });

  it("are not those that say the same of each of many types", () => {
    const names = Array.from({ length: 200 }, (_, index) => `T${index}`);
    const wide = buildSchema(
      `type Query { any: Any } union Any = ${names.join(" | ")} ${names.map((name) => `type ${name} { a: ID b: ID c: ID d: ID }`).join(" ")}`,
    );
    const query = parse(`{ any { ${names.map((name) => `... on ${name} { a b c d }`).join(" ")} } }`);
    expect(validate(wide, query, [overlappingFieldsCanBeMerged])).toEqual([]);
  });
});

describe("random documents", () => {
  const types = ["Pet", "Dog", "Cat", "Owner"] as const;
  // Of one shape and mostly by one name each, so that about half of the documents have no conflict.
  const leaves = [
    "a: name",
    "a: name",
    "a: name",
    "b: name(short: true)",
    "b: name(short: true)",
    "c: barks",
    "d: volume",
  ];
  const oddLeaves = ["a: name(short: false)", "b: name", "c: __typename", "d: list"];
  const objects = ["e: friend", "e: friend", "e: mate", "f: friends", "g: owner", "h: pet", "h: dog"];
  const fragments = ["F", "G", "H"];

  const selections: fc.Arbitrary<string> = fc.letrec<{ set: string; selection: string }>((tie) => ({
    set: fc
      .array(tie("selection"), { minLength: 1, maxLength: 4, depthIdentifier: "set" })
      .map((all) => `{ ${all.join(" ")} }`),
    selection: fc.oneof(
      { depthSize: "small", withCrossShrink: true, depthIdentifier: "set" },
      { arbitrary: fc.constantFrom(...leaves), weight: 30 },
      { arbitrary: fc.constantFrom(...oddLeaves), weight: 1 },
      { arbitrary: fc.constantFrom(...fragments).map((name) => `...${name}`), weight: 12 },
      {
        arbitrary: fc.tuple(fc.constantFrom(...objects), tie("set")).map(([field, set]) => `${field} ${set}`),
        weight: 12,
      },
      {
        arbitrary: fc
          .tuple(fc.constantFrom(...types), tie("set"))
          .map(([type, set]) => `... on ${type} ${set}`),
        weight: 12,
      },
    ),
  })).set;

  it("are judged as by graphql-js", () => {
    const verdicts = { fits: 0, conflicts: 0, sameWords: 0 };
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom("pet", "dog", "any"), selections), { minLength: 1, maxLength: 3 }),
        fc.tuple(
          ...fragments.map((name) => fc.tuple(fc.constant(name), fc.constantFrom(...types), selections)),
        ),
        (roots, definitions) => {
          const query = `{ ${roots.map(([field, set]) => `${field} ${set}`).join(" ")} } ${definitions.map(([name, type, set]) => `fragment ${name} on ${type} ${set}`).join(" ")}`;
          // Theirs looks at fragments that nobody spreads as well.
          const used = `${query} query Rest { ${fragments.map((name, index) => `r${index}: any { ...${name} }`).join(" ")} }`;
          const mine = reportOf(used);
          const theirs = reportOf(used, OverlappingFieldsCanBeMergedRule);
          expect([mine.length > 0, used]).toEqual([theirs.length > 0, used]);
          verdicts[mine.length > 0 ? "conflicts" : "fits"] += 1;
          const words = new Set(theirs.map(({ message }) => message));
          if (mine.length > 0 && mine.every(({ message }) => words.has(message))) verdicts.sameWords += 1;
        },
      ),
      { numRuns: 3000 },
    );
    expect(verdicts.fits).toBeGreaterThan(300);
    expect(verdicts.conflicts).toBeGreaterThan(300);
    expect(verdicts.sameWords).toBeGreaterThan(verdicts.conflicts / 2);
  });
});
