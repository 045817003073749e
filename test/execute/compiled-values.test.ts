import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compileEverything } from "../support/compile-setting.ts";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";
import { ScriptedBackend } from "../support/scripted-backend.ts";

const backend = new ScriptedBackend();
let project: ProjectGateway;

beforeAll(async () => {
  await backend.start();
  compileEverything();
  project = await startProject(
    {
      things: `extend schema @source(name: "things", url: "${backend.url}")
        type Query {
          thing: Thing @rest(GET: "/thing")
          things: [Thing!] @rest(GET: "/things")
          strict: [Strict] @rest(GET: "/strict")
        }
        type Thing {
          id: ID! constructor: String toString: String valueOf: Int name: String count: Int
          size: Float isOpen: Boolean tags: [String!] grid: [[Int]] inner: Thing others: [Thing]
          other(size: Int): Thing @rest(GET: "/things/{parent.id}{?args.size}")
        }
        type Strict { id: ID! name: String! inner: Strict! list: [Strict!]! }
        type Mutation { change(to: String): Thing @rest(POST: "/change") }`,
    },
    `type Query {
        thing: Thing things: [Thing!] strict: [Strict]
        otherName(size: Int! = 1): String @from(field: "thing.other(size: $args.size).name")
      }
      type Thing {
        id: ID! constructor: String toString: String valueOf: Int name: String count: Int
        size: Float isOpen: Boolean tags: [String!] grid: [[Int]] inner: Thing others: [Thing]
      }
      type Strict { id: ID! name: String! inner: Strict! list: [Strict!]! }
      type Mutation { change(to: String): Thing }`,
    {},
  );
});

afterAll(async () => {
  await project.stop();
  await backend.stop();
});

/** Data as text, because some member names vanish from objects, and errors by path and code. */
async function ask(query: string, body: unknown, variables: Readonly<Record<string, unknown>> = {}) {
  backend.answer = { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const answer = await project.query(query, { variables });
  return {
    data: JSON.stringify(answer.data),
    errors: answer.errors.map(({ path = [], extensions }) => `${path.join(".")} ${extensions["code"]}`),
  };
}

describe("names that JavaScript gives a meaning", () => {
  test("are names like any other in rows", async () => {
    const query = "{ thing { constructor toString valueOf } }";
    expect(await ask(query, {})).toEqual({
      data: '{"thing":{"constructor":null,"toString":null,"valueOf":null}}',
      errors: [],
    });
    expect((await ask(query, { constructor: "a", toString: "b", valueOf: 3 })).data).toBe(
      '{"thing":{"constructor":"a","toString":"b","valueOf":3}}',
    );
  });

  test("are names like any other in the answer", async () => {
    const query = "{ __proto__: thing { __proto__: id constructor: id } }";
    expect((await ask(query, { id: "1" })).data).toBe('{"__proto__":{"__proto__":"1","constructor":"1"}}');
    const mutation = "mutation { a: change { id } __proto__: change { id } }";
    expect((await ask(mutation, { id: "1" })).data).toBe('{"a":{"id":"1"},"__proto__":{"id":"1"}}');
  });
});

describe("arguments that do not fit", () => {
  test("are an error of their own field, not of others that begin with the same call", async () => {
    const query = "query ($size: Int = 2) { otherName(size: $size) thing { id } }";
    expect(await ask(query, { id: "1" }, { size: null })).toEqual({
      data: '{"otherName":null,"thing":{"id":"1"}}',
      errors: ["otherName BAD_USER_INPUT"],
    });
  });
});

describe("a value of another kind than the type says", () => {
  test.each<[field: string, value: unknown, data: string]>([
    ["name", 7, '"7"'],
    ["name", true, '"true"'],
    ["id", 7, '"7"'],
    ["count", "12", "12"],
    ["count", 12.0, "12"],
    ["count", true, "1"],
    ["size", "1.5", "1.5"],
    ["isOpen", 1, "true"],
    ["tags", [1, "b"], '["1","b"]'],
    ["tags", [], "[]"],
    ["grid", [[1, null], null, []], "[[1,null],null,[]]"],
  ])("is what GraphQL makes of it: %s %j", async (field, value, data) => {
    expect(await ask(`{ thing { ${field} } }`, { [field]: value })).toEqual({
      data: `{"thing":{"${field}":${data}}}`,
      errors: [],
    });
  });

  test.each<[field: string, value: unknown, path: string]>([
    ["name", { a: 1 }, "thing.name"],
    ["name", ["a"], "thing.name"],
    ["count", 2147483648, "thing.count"],
    ["count", 1.5, "thing.count"],
    ["count", "", "thing.count"],
    ["isOpen", "yes", "thing.isOpen"],
    ["tags", "a", "thing.tags"],
    ["tags", ["a", { b: 1 }], "thing.tags.1"],
    ["grid", [[1], [2, "x"]], "thing.grid.1.1"],
  ])("is an error where GraphQL has no form for it: %s %j", async (field, value, path) => {
    const { errors } = await ask(`{ thing { ${field} } }`, { [field]: value });
    expect(errors).toEqual([`${path} INVALID_VALUE`]);
  });

  test.each<[what: string, value: unknown, path: string]>([
    ["a text", "text", "thing.inner"],
    ["a list", [{ id: "1" }], "thing.inner"],
    ["a number", 0, "thing.inner"],
  ])("is an error in the place of an object: %s", async (_what, value, path) => {
    expect(await ask("{ thing { id inner { id } } }", { id: "1", inner: value })).toEqual({
      data: '{"thing":{"id":"1","inner":null}}',
      errors: [`${path} INVALID_VALUE`],
    });
  });

  test("costs its own element of a list", async () => {
    const others = [{ id: "1" }, "text", null, ["x"], { id: "2" }];
    expect(await ask("{ thing { id others { id } } }", { id: "0", others })).toEqual({
      data: '{"thing":{"id":"0","others":[{"id":"1"},null,null,null,{"id":"2"}]}}',
      errors: ["thing.others.1 INVALID_VALUE", "thing.others.3 INVALID_VALUE"],
    });
  });
});

describe("a null where none may be", () => {
  test("takes what is around it along, up to what may be null", async () => {
    const good = { id: "1", name: "a", inner: { id: "2", name: "b" }, list: [] };
    const query = "{ strict { id name inner { name } list { name } } }";
    const rows = [
      good,
      { ...good, name: null },
      { ...good, inner: { id: "2" } },
      { ...good, list: [{ name: "x" }, {}] },
      { ...good, list: [null] },
      { ...good, list: null },
      null,
    ];
    const shown = '{"id":"1","name":"a","inner":{"name":"b"},"list":[]}';
    expect(await ask(query, rows)).toEqual({
      data: `{"strict":[${shown},null,null,null,null,null,null]}`,
      errors: [
        "strict.1.name NULL_IN_NON_NULL",
        "strict.2.inner.name NULL_IN_NON_NULL",
        "strict.3.list.1.name NULL_IN_NON_NULL",
        "strict.4.list.0 NULL_IN_NON_NULL",
        "strict.5.list NULL_IN_NON_NULL",
      ],
    });
  });

  test("takes the whole list along where its elements may not be null", async () => {
    expect(await ask("{ things { id } }", [{ id: "1" }, {}, { id: "3" }])).toEqual({
      data: '{"things":null}',
      errors: ["things.1.id NULL_IN_NON_NULL"],
    });
  });
});
