import { buildSchema, getOperationAST, parse, validate } from "graphql";
import { describe, expect, it } from "vitest";
import { RequestRefusal } from "../../gateway/core/request-refusal.ts";
import type { RateLimit } from "../../gateway/language/rate-limits.ts";
import { findOperationRates, type OperationRates } from "../../gateway/policy/operation-rates.ts";
import type { FieldLimit } from "../../gateway/policy/rate-rules.ts";
import { VariableCompiler } from "../../gateway/prepare/compile-variables.ts";
import { caught } from "../support/caught.ts";

const schema = buildSchema(`
  type Query { free: Query send(to: ID = "me", in: In = {}, list: [In!]): Int rows: [Row] any: Any node: Node }
  type Mutation { send(to: ID): Int }
  interface Node { name: String }
  type Row implements Node { name: String row: Row }
  type Column implements Node { name: String }
  union Any = Row | Column
  input In { name: String, deep: In, size: Float = 1 }
`);

function limit(id: string, changed: Partial<RateLimit> = {}): FieldLimit {
  return {
    id,
    limit: {
      coordinate: id,
      max: 3,
      windowMs: 1000,
      window: "1s",
      message: null,
      identityArguments: [],
      lengthArgument: null,
      ...changed,
    },
    readArguments: (args) => args,
  };
}

const to = { text: "to", read: (args: Readonly<Record<string, unknown>>) => args["to"] ?? null };
const input = { text: "in", read: (args: Readonly<Record<string, unknown>>) => args["in"] ?? null };
const list = { text: "list", read: (args: Readonly<Record<string, unknown>>) => args["list"] ?? null };

const byField: Readonly<Record<string, readonly FieldLimit[]>> = {
  "Query.send": [limit("send")],
  "Mutation.send": [limit("sent", { identityArguments: [to] })],
  "Row.name": [limit("name"), limit("row name")],
  "Column.name": [limit("name")],
};

function ratesOf(
  query: string,
  limits = byField,
  operationName: string | null = null,
): OperationRates | null {
  const document = parse(query);
  const [error] = validate(schema, document);
  if (error !== undefined) throw error;
  const operation = getOperationAST(document, operationName);
  if (operation === null || operation === undefined) throw new Error("expected an operation");
  const rules = {
    isEmpty: false,
    limitsOfField: (type: string, field: string) => limits[`${type}.${field}`] ?? [],
  };
  return findOperationRates(rules, schema, document, operation);
}

/** What an operation uses, by the id of each limit; null: no field of it has one. */
function usesOf(
  query: string,
  variables: Readonly<Record<string, unknown>> = {},
  limits = byField,
): Record<string, number> | null {
  const rates = ratesOf(query, limits);
  const operation = getOperationAST(parse(query));
  if (operation === null || operation === undefined) throw new Error("expected one operation");
  const coerced = new VariableCompiler(schema).compile(operation)(variables);
  if (coerced === null) throw new Error("expected variables that fit");
  const uses = rates?.usesFor(coerced, null);
  return uses === undefined ? null : Object.fromEntries(uses.map(({ id, count }) => [id, count]));
}

describe("one use", () => {
  it.each<[what: string, query: string, uses: Record<string, number> | null]>([
    ["is a field", "{ send }", { send: 1 }],
    ["is none of other fields", "{ free { free { __typename } } }", null],
    ["is each alias", "{ a: send b: send send }", { send: 3 }],
    [
      "is what is merged, once",
      "{ send send ... on Query { send } ...F } fragment F on Query { send }",
      { send: 1 },
    ],
    [
      "is what is merged below, once",
      "{ free { send } free { send } ...F } fragment F on Query { free { send } }",
      { send: 1 },
    ],
    ["is each occurrence in other places", "{ free { send } other: free { send } send }", { send: 3 }],
    [
      "is each place that spreads a fragment",
      "{ a: free { ...F } b: free { ...F ...F } } fragment F on Query { send }",
      { send: 2 },
    ],
    [
      "is one of fragments in fragments",
      "{ a: free { ...F } ...F } fragment F on Query { ...G b: free { ...G } } fragment G on Query { send }",
      { send: 4 },
    ],
    ["is a field of a list, however many rows there are", "{ rows { name } }", { name: 1, "row name": 1 }],
    ["is an interface's field, for all limits of its types", "{ node { name } }", { name: 1, "row name": 1 }],
    [
      "is each type's field",
      "{ any { ... on Row { name } ... on Column { name } } }",
      { name: 2, "row name": 1 },
    ],
    [
      "is not what a literal leaves out",
      "{ send @skip(if: true) a: send @include(if: false) b: send @skip(if: false) @include(if: true) }",
      { send: 1 },
    ],
    [
      "is not what an outer literal leaves out",
      "{ ... @skip(if: true) { send } free @include(if: false) { send } send }",
      { send: 1 },
    ],
    [
      "is of a mutation, too",
      'mutation { a: send(to: "a") b: send(to: "b") c: send(to: "a") }',
      { 'sent ["a"]': 2, 'sent ["b"]': 1 },
    ],
  ])("%s: %s", (_what, query, uses) => {
    expect(usesOf(query)).toEqual(uses);
  });

  it.each<[x: boolean, y: boolean, uses: Record<string, number>]>([
    [false, false, { send: 2 }],
    [false, true, { send: 2 }],
    [true, false, { send: 4 }],
    [true, true, { send: 3 }],
  ])("depends on the variables of @skip and @include: x %s, y %s", (x, y, uses) => {
    const query = `query ($x: Boolean!, $y: Boolean!) {
      send
      a: send @include(if: $x)
      b: free @skip(if: $y) { ... @include(if: $x) { send } }
      c: free { ...F @skip(if: $x) ...F @include(if: $x) }
    } fragment F on Query { send @skip(if: $x) send @include(if: $x) @skip(if: false) }`;
    expect(usesOf(query, { x, y })).toEqual(uses);
  });

  it("is of the operation that is asked for", () => {
    const query = "query A { send } query B { a: send b: send } query C { free { __typename } }";
    const countsOf = (name: string) =>
      ratesOf(query, byField, name)
        ?.usesFor({}, null)
        .map(({ count }) => count);
    expect([countsOf("A"), countsOf("B"), countsOf("C")]).toEqual([[1], [2], undefined]);
  });

  it("is not what the caller may not read", () => {
    const rates = ratesOf("{ send node { name } }");
    const denied = new Set(["Query.send", "Row.name"]);
    const uses = rates?.usesFor({}, { deniesField: (type, field) => denied.has(`${type}.${field}`) });
    expect(uses?.map(({ id, coordinate }) => `${id} by ${coordinate}`)).toEqual(["name by Column.name"]);
  });

  it("is named by the client's field that uses it first", () => {
    const uses = ratesOf("{ node { name } send }")?.usesFor({}, null);
    expect(uses?.map(({ coordinate }) => coordinate)).toEqual(["Row.name", "Row.name", "Query.send"]);
  });
});

describe("the identity", () => {
  const limits = { "Query.send": [limit("send", { identityArguments: [to, input] })] };
  const standard = 'send ["me",{"size":1}]';

  it.each<[query: string, variables: Record<string, unknown>, uses: Record<string, number>]>([
    ["{ a: send b: send }", {}, { [standard]: 2 }],
    // However a value comes, it is the same.
    [
      'query ($to: ID, $in: In) { a: send(to: $to, in: $in) b: send(to: "me", in: { size: 1 }) }',
      {},
      { [standard]: 2 },
    ],
    ['query ($to: ID = "me") { a: send(to: $to) b: send }', {}, { [standard]: 2 }],
    ["query ($to: ID) { a: send(to: $to) b: send(to: 7) }", { to: 7 }, { 'send ["7",{"size":1}]': 2 }],
    ['query ($to: ID) { a: send(to: $to) b: send(to: "7") }', { to: "7" }, { 'send ["7",{"size":1}]': 2 }],
    [
      'query ($in: In) { a: send(in: $in) b: send(in: { deep: { name: "y" }, name: "x", size: 1.0 }) }',
      { in: { size: 1, name: "x", deep: { size: 1, name: "y" } } },
      { 'send ["me",{"deep":{"name":"y","size":1},"name":"x","size":1}]': 2 },
    ],
    [
      'query ($n: String) { a: send(in: { name: $n }) b: send(in: { name: "x" }) }',
      { n: "x" },
      { 'send ["me",{"name":"x","size":1}]': 2 },
    ],
    // No two different ones are the same.
    [
      '{ a: send(to: "a,{}") b: send(to: "a", in: { name: "}]" }) c: send(to: "null", in: null) d: send(to: null, in: null) }',
      {},
      {
        'send ["a,{}",{"size":1}]': 1,
        'send ["a",{"name":"}]","size":1}]': 1,
        'send ["null",null]': 1,
        "send [null,null]": 1,
      },
    ],
  ])("%s with %j", (query, variables, uses) => {
    expect(usesOf(query, variables, limits)).toEqual(uses);
  });
});

describe("the elements of a list", () => {
  const limits = { "Query.send": [limit("send", { lengthArgument: list })] };

  it.each<[query: string, variables: Record<string, unknown>, count: number]>([
    ["{ send(list: [{}, {}, {}]) }", {}, 3],
    ["{ send(list: {}) }", {}, 1],
    ["query ($list: [In!]) { send(list: $list) }", { list: [{}, {}, {}, {}] }, 4],
    ["query ($list: [In!]) { send(list: $list) }", { list: {} }, 1],
    ["query ($list: [In!] = [{}, {}]) { send(list: $list) }", {}, 2],
    ["query ($in: In!) { send(list: [$in, $in]) }", { in: {} }, 2],
    ["{ send(list: []) }", {}, 1],
    ["{ send(list: null) }", {}, 1],
    ["{ send }", {}, 1],
    ["{ a: send(list: [{}, {}]) b: send(list: [{}, {}, {}]) }", {}, 5],
  ])("%s with %j are %i uses", (query, variables, count) => {
    expect(usesOf(query, variables, limits)).toEqual({ send: count });
  });
});

describe("a fragment bomb", () => {
  const bomb = (levels: number, level: (next: string) => string): string =>
    Array.from(
      { length: levels },
      (_, index) => `fragment F${index} on Query { ${level(`...F${index + 1}`)} }`,
    ).join(" ");

  it("that is merged into little is little", () => {
    const query = `{ ...F0 } ${bomb(28, (next) => `${next} ${next}`)} fragment F28 on Query { send }`;
    expect(usesOf(query)).toEqual({ send: 1 });
  });

  it("with conditions of its own is little, too", () => {
    const level = (next: string): string =>
      `${next} @include(if: $x) ${next} @skip(if: $x) ${next} @include(if: $y)`;
    const query = `query ($x: Boolean!, $y: Boolean!) { ...F0 } ${bomb(28, level)} fragment F28 on Query { send }`;
    expect(usesOf(query, { x: true, y: false })).toEqual({ send: 1 });
  });

  it("is refused where it selects more than can be counted, and soon", async () => {
    const query = `{ ...F0 } ${bomb(28, (next) => `a: free { ${next} } b: free { ${next} }`)} fragment F28 on Query { send }`;
    const startMs = performance.now();
    const refusal = await caught(Promise.resolve(query).then((text) => ratesOf(text)));
    expect(refusal).toBeInstanceOf(RequestRefusal);
    expect(refusal).toMatchObject({
      code: "LIMIT_EXCEEDED",
      reasons: [{ extensions: { limit: "maxFields", max: 20_000, found: 20_001 } }],
    });
    expect(performance.now() - startMs).toBeLessThan(2000);
  });

  it.each([
    [19_999, "counted"],
    [20_000, "counted"],
    [20_001, "LIMIT_EXCEEDED"],
  ])("of %i selections is %s", (selections, outcome) => {
    const query = `{ ${Array.from({ length: selections }, (_, index) => `a${index}: send`).join(" ")} }`;
    const refused = (() => {
      try {
        ratesOf(query);
        return "counted";
      } catch (error) {
        return error instanceof RequestRefusal ? error.code : error;
      }
    })();
    expect(refused).toBe(outcome);
  });

  it("without a limited field is nothing", () => {
    const query = `{ ...F0 } ${bomb(28, (next) => `a: free { ${next} } b: free { ${next} }`)} fragment F28 on Query { __typename }`;
    expect(ratesOf(query)).toBeNull();
  });
});
