import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { GraphqlBackend } from "../support/graphql-backend.ts";
import { echoSource, type GrpcEcho, startGrpcEcho } from "../support/grpc-echo.ts";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";
import { ScriptedBackend } from "../support/scripted-backend.ts";

// A gRPC service is told what a REST service (the tenant) and a GraphQL service (the price) know of the same thing.

const names = `
extend schema @source(name: "names", url: "http://localhost:1")
type Query { named: [Thing!] @rest(GET: "/named") }
type Thing @key(fields: "id") { id: ID! tenant: ID }`;

const pricesSdl = `
type Query { things(numbers: [ID!]! IS): [Thing] LOOKUP }
type Thing KEY { id: ID! price(net: Boolean): Int }`;

const prices = `
extend schema @source(name: "prices", kind: GRAPHQL, url: "http://localhost:1/graphql")
${pricesSdl.replace("LOOKUP", "@lookup @internal").replace("KEY", '@key(fields: "id")').replace("IS", '@is(field: "id")')}`;

const shelves = `
${echoSource}
type Query { unused: Int @grpc(method: "Echo", select: "small") }
type Thing @key(fields: "id") {
  id: ID!
  shelf(tenant: ID! @require(field: "tenant")): String
    @grpc(method: "BatchGetRows", safe: true, batch: {
      of: "{ tenant_id: $args.tenant, sku: $parent.id }", as: "keys", select: "rows",
      match: "{ tenant_id: tenant_id, sku: sku }", value: "detail.display_name"
    })
  limit(small: Int! @require(field: "price(net: true)"), text: String): Int @grpc(method: "Safe", select: "small")
}`;

const client = `
type Query { named: [Thing!] }
type Thing { id: ID! shelf: String limit(text: String): Int }`;

const namesBackend = new ScriptedBackend();
const pricesBackend = new GraphqlBackend(pricesSdl.replace(/IS|LOOKUP|KEY/g, ""), {
  Query: {
    things: (_root: never, { numbers }: { numbers: readonly string[] }) =>
      numbers.map((id) => (id === "i3" ? null : { id })).toReversed(),
  },
  Thing: {
    price: ({ id }: { id: string }, { net }: { net: boolean }) => (net ? 1 : 2) * (id === "i2" ? 7 : 5),
  },
});
let echo: GrpcEcho;
let gateway: ProjectGateway;

beforeAll(async () => {
  echo = await startGrpcEcho();
  await Promise.all([namesBackend.start(), pricesBackend.http.start()]);
  gateway = await startProject(
    { names, prices, shelves },
    client,
    { NAMES_URL: namesBackend.url, ECHO_URL: echo.backend.url, PRICES_URL: pricesBackend.url },
    { protos: echo.protos },
  );
});
afterAll(async () => {
  await gateway.stop();
  await Promise.all([echo.stop(), namesBackend.stop(), pricesBackend.http.stop()]);
});
beforeEach(() => {
  namesBackend.clear();
  echo.backend.log.clear();
  pricesBackend.http.log.clear();
  namesBackend.answer = {
    body: [{ id: "i1", tenant: "t1" }, { id: "i2", tenant: "t2" }, { id: "i3" }, { id: "i4", tenant: "t1" }],
  };
});

describe("@require of a gRPC call", () => {
  test("is a part of a batch's keys: one call for all objects, none for those that lack the value", async () => {
    echo.rows = {
      rows: [
        { tenant_id: "t1", sku: "i4", detail: { display_name: "north" } },
        { tenant_id: "t2", sku: "i1", detail: { display_name: "somebody else's" } },
        { tenant_id: "t1", sku: "i1", detail: { display_name: "south" } },
      ],
    };
    const { data, errors } = await gateway.query("{ named { shelf } }");
    expect([data, errors]).toEqual([
      { named: [{ shelf: "south" }, { shelf: null }, { shelf: null }, { shelf: "north" }] },
      [],
    ]);
    expect(echo.sent()).toMatchObject([
      {
        keys: [
          { tenant_id: "t1", sku: "i1" },
          { tenant_id: "t2", sku: "i2" },
          { tenant_id: "t1", sku: "i4" },
        ],
      },
    ]);
    expect(pricesBackend.documents).toEqual([]);
  });

  test("is fetched from a GraphQL service in one query, with its constant arguments, and equal calls are one", async () => {
    const { data, errors } = await gateway.query('{ named { limit(text: "x") } }');
    expect([data, errors]).toEqual([
      { named: [{ limit: 5 }, { limit: 7 }, { limit: null }, { limit: 5 }] },
      [],
    ]);
    expect(pricesBackend.documents).toHaveLength(1);
    expect(pricesBackend.documents[0]).toContain("price(");
    expect(echo.sent()).toEqual([
      { text: "x", small: 5 },
      { text: "x", small: 7 },
    ]);
  });

  test("is no argument for clients, nor in the platform team's explorer", async () => {
    const refused = await gateway.query("{ named { limit(small: 1) } }");
    expect(refused.errors.map(({ message }) => message)).toEqual([
      'Unknown argument "small" on field "Thing.limit".',
    ]);
    const response = await fetch(`${gateway.gateway.adminUrl}/supergraph`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: '{ __type(name: "Thing") { fields { name args { name } } } }' }),
    });
    const { data } = (await response.json()) as { data: { __type: { fields: { name: string }[] } } };
    expect(data.__type.fields.toSorted((left, right) => left.name.localeCompare(right.name))).toEqual([
      { name: "id", args: [] },
      { name: "limit", args: [{ name: "text" }] },
      { name: "price", args: [{ name: "net" }] },
      { name: "shelf", args: [] },
      { name: "tenant", args: [] },
    ]);
  });
});
