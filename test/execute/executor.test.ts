import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";
import { ScriptedBackend } from "../support/scripted-backend.ts";

const shop = `
extend schema @source(name: "shop", url: "http://localhost:1")
type Query { items: [Item!] @rest(GET: "/items", select: "rows") }
type Item { id: ID! name: String }
`;
const client = `
type Query { items: [Item!] }
type Item { id: ID! name: String }
`;

const backend = new ScriptedBackend();
let gateway: ProjectGateway;
beforeAll(async () => {
  await backend.start();
  backend.answer = { body: { rows: [{ id: "1", name: "one" }] } };
});
beforeEach(async () => {
  gateway = await startProject({ shop }, client, { SHOP_URL: backend.url });
  return () => gateway.stop();
});
afterAll(() => backend.stop());

/** How many variants were compiled so far. */
async function compiled(): Promise<number> {
  const text = await (await fetch(`${gateway.gateway.adminUrl}/metrics`)).text();
  const results = [...text.matchAll(/^overlock_compile_total\{.*result="(\w+)".*\} (\d+)$/gm)];
  expect(results.filter(([, result]) => result !== "compiled")).toEqual([]);
  return Number(results[0]?.[2] ?? 0);
}

test("an operation is compiled after its second request, and answered the same before and after", async () => {
  const query = "query Q { items { name id } }";
  const expected = '{"data":{"items":[{"name":"one","id":"1"}]}}';
  expect((await gateway.query(query)).text).toBe(expected);
  expect(await compiled()).toBe(0);
  expect((await gateway.query(query)).text).toBe(expected);
  await expect.poll(compiled).toBe(1);
  for (let time = 0; time < 3; time++) expect((await gateway.query(query)).text).toBe(expected);
  expect(await compiled()).toBe(1);
});

test("each variant of an operation is compiled for itself", async () => {
  const query = "query Q($named: Boolean!) { items { id name @include(if: $named) } }";
  const ask = async (named: boolean): Promise<unknown> =>
    (await gateway.query(query, { variables: { named } })).data;
  const [named, unnamed] = [{ items: [{ id: "1", name: "one" }] }, { items: [{ id: "1" }] }];
  expect([await ask(true), await ask(true)]).toEqual([named, named]);
  await expect.poll(compiled).toBe(1);
  expect([await ask(true), await ask(false), await ask(false)]).toEqual([named, unnamed, unnamed]);
  await expect.poll(compiled).toBe(2);
  expect([await ask(true), await ask(false)]).toEqual([named, unnamed]);
});

test("operations that become hot together are all compiled", async () => {
  const queries = Array.from({ length: 30 }, (_, index) => `query Q${index} { x${index}: items { id } }`);
  for (let time = 0; time < 2; time++) await Promise.all(queries.map((query) => gateway.query(query)));
  await expect.poll(compiled).toBe(30);
  const answers = await Promise.all(queries.map((query) => gateway.query(query)));
  expect(answers.map(({ data }) => data)).toEqual(
    queries.map((_, index) => ({ [`x${index}`]: [{ id: "1" }] })),
  );
});
