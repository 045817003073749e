import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { GraphqlBackend } from "../support/graphql-backend.ts";
import { echoSource, type GrpcEcho, startGrpcEcho } from "../support/grpc-echo.ts";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";
import { ScriptedBackend } from "../support/scripted-backend.ts";

// One thing is known to three sources of three kinds. Names (REST) know it by its id, prices (GraphQL) by its sku, and
// the stock (gRPC) by both, so that the way from names to prices, and back, leads through it.

const names = `
extend schema @source(name: "names", url: "http://localhost:1")
type Query {
  named: [Thing!] @rest(GET: "/named")
  thing(id: ID!): Thing @lookup @rest(GET: "/names{?ids*}", batch: { of: "$args.id", as: "ids", match: "no" })
}
type Thing @key(fields: "id") { id: ID! @from(field: "no") name: String }`;

const stock = `
${echoSource}
type Query {
  stocked(id: ID!): Thing
    @lookup
    @grpc(method: "BatchGetRows", safe: true, batch: { of: "$args.id", as: "ids", select: "rows", match: "id" })
  stockedBySku(sku: ID!): Thing
    @lookup
    @grpc(method: "BatchGetRows", safe: true, batch: { of: "{ sku: $args.sku }", as: "keys", select: "rows", match: "{ sku: sku }" })
}
type Thing @key(fields: "id") @key(fields: "sku") { id: ID! sku: ID! shelf: String @from(field: "detail.display_name") }`;

const pricesSdl = `
type Query { dear: [Thing!] things(skus: [ID!]!): [Thing] LOOKUP }
type Thing KEY { sku: ID! price: Int }`;

const prices = `
extend schema @source(name: "prices", kind: GRAPHQL, url: "http://localhost:1/graphql")
${pricesSdl.replace("LOOKUP", "@lookup").replace("KEY", '@key(fields: "sku")')}`;

const client = `
type Query { named: [Thing!] dear: [Thing!] }
type Thing { id: ID sku: ID name: String shelf: String price: Int }`;

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

const namesBackend = new ScriptedBackend();
let count = 0;
const pricesBackend = new GraphqlBackend(pricesSdl.replace("LOOKUP", "").replace("KEY", ""), {
  Query: {
    dear: () => numbers(count).map((one) => ({ sku: `s${one}`, price: one * 10 })),
    things: (_root: never, { skus }: { skus: readonly string[] }) =>
      skus.map((sku) => ({ sku, price: Number(sku.slice(1)) * 10 })).toReversed(),
  },
});
let echo: GrpcEcho;
let gateway: ProjectGateway;

beforeAll(async () => {
  echo = await startGrpcEcho();
  await Promise.all([namesBackend.start(), pricesBackend.http.start()]);
  gateway = await startProject(
    { names, stock, prices },
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
});

function holds(things: number): void {
  count = things;
  const rows = numbers(things).map((one) => ({ no: `i${one}`, name: `Thing ${one}` }));
  namesBackend.answer = { body: rows };
  echo.rows = {
    rows: numbers(things)
      .map((one) => ({ id: `i${one}`, sku: `s${one}`, detail: { display_name: `Shelf ${one}` } }))
      .toReversed(),
  };
}

function wanted(things: number): unknown[] {
  return numbers(things).map((one) => ({ name: `Thing ${one}`, shelf: `Shelf ${one}`, price: one * 10 }));
}

describe.each([1, 20])("%i objects that three sources know, REST, gRPC and GraphQL", (things) => {
  const ids = numbers(things).map((one) => `i${one}`);
  const skus = numbers(things).map((one) => `s${one}`);

  test("are one call of each, from an id over a sku to a price", async () => {
    holds(things);
    const { data, errors } = await gateway.query("{ named { name shelf price } }");
    expect([data, errors]).toEqual([{ named: wanted(things) }, []]);
    expect(namesBackend.requests.map(({ url }) => url)).toEqual(["/named"]);
    expect(echo.sent()).toMatchObject([{ ids }]);
    expect(pricesBackend.subqueries.map(({ variables }) => Object.values(variables))).toEqual([[skus]]);
  });

  test("are one call of each where only the price is wanted", async () => {
    holds(things);
    const { data, errors } = await gateway.query("{ named { price } }");
    expect([data, errors]).toEqual([{ named: numbers(things).map((one) => ({ price: one * 10 })) }, []]);
    expect([namesBackend.requests.length, echo.sent().length, pricesBackend.subqueries.length]).toEqual([
      1, 1, 1,
    ]);
  });

  test("are one call of each, from a sku over an id to a name", async () => {
    holds(things);
    const { data, errors } = await gateway.query("{ dear { name shelf price } }");
    expect([data, errors]).toEqual([{ dear: wanted(things) }, []]);
    expect(pricesBackend.documents).toHaveLength(1);
    expect(pricesBackend.documents[0]).toContain("sku");
    expect(echo.sent()).toMatchObject([{ keys: skus.map((sku) => ({ sku })) }]);
    expect(namesBackend.requests.map(({ url }) => url)).toEqual([
      `/names?${ids.map((id) => `ids=${id}`).join("&")}`,
    ]);
  });

  test("cost no more than the sources that are asked for", async () => {
    holds(things);
    const { data } = await gateway.query("{ dear { sku price } }");
    expect(data).toEqual({ dear: skus.map((sku, index) => ({ sku, price: (index + 1) * 10 })) });
    expect([namesBackend.requests, echo.sent()]).toEqual([[], []]);
    expect(pricesBackend.documents).toHaveLength(1);
  });
});
