import { printType } from "graphql";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";
import { ScriptedBackend } from "../support/scripted-backend.ts";
import { composeTexts, modelOf, problemsOf } from "./compose-texts.ts";

/** Both know orders of their own, their states and how to filter them, and none knows all of it. */
const web = `
extend schema @source(name: "online", url: "http://localhost:1")
type Query {
  webOrders(filter: Filter, filters: [Filter!]): [WebOrder!]
    @rest(POST: "/web", safe: true, body: { filter: "$args.filter", filters: "$args.filters" })
  shop(city: String, page: Int = 3, sort: String): String
    @shareable
    @rest(GET: "/web/shop{?args.city,args.page,args.sort}", select: "name")
}
type WebOrder { state: State }
enum State { OPEN SHIPPED }
input Filter { size: Int  color: String  limit: Int = 10  and: Filter }
`;

const till = `
extend schema @source(name: "till", url: "http://localhost:1")
type Query {
  tillOrders(filter: Filter): [TillOrder!] @rest(POST: "/till", safe: true, body: { filter: "$args.filter" })
  shop(city: String!): String @shareable @rest(GET: "/till/shop{?args.city}", select: "name")
}
type TillOrder { state: State }
enum State { OPEN RETURNED }
input Filter { and: Filter  size: Int! }
`;

const client = `
type Query {
  webOrders(filter: Filter, filters: [Filter!]): [WebOrder!]
  tillOrders(filter: Filter): [TillOrder!]
  shop(city: String!): String
}
type WebOrder { state: State }
type TillOrder { state: State }
enum State { OPEN SHIPPED RETURNED }
input Filter { size: Int!  and: Filter }
`;

const backend = new ScriptedBackend();
let gateway: ProjectGateway;

beforeAll(async () => {
  await backend.start();
  gateway = await startProject({ online: web, till }, client, {
    ONLINE_URL: backend.url,
    TILL_URL: backend.url,
  });
});
afterEach(() => backend.clear());
afterAll(async () => {
  await gateway.stop();
  await backend.stop();
});

/** By path. */
function bodies(): Record<string, unknown> {
  return Object.fromEntries(backend.requests.map(({ url, body }) => [url, JSON.parse(body) as unknown]));
}

describe("types that two sources share", () => {
  test("are one: all values of an enum that nobody is sent, and the fields and arguments that both have", () => {
    const { model } = modelOf({ online: web, till });
    const printed = ["State", "Filter"].map((name) => {
      const type = model.leafTypes.get(name);
      return type === undefined ? "" : printType(type).replaceAll(/\s+/g, " ");
    });
    expect(printed).toEqual([
      "enum State { OPEN SHIPPED RETURNED }",
      "input Filter { size: Int! and: Filter }",
    ]);
    const args = model.types.get("Query")?.fields.get("shop")?.args ?? [];
    expect(args.map(({ name, type }) => `${name}: ${type.toString()}`)).toEqual(["city: String!"]);
    const [filter] = model.types.get("Query")?.fields.get("webOrders")?.args ?? [];
    expect(filter?.type).toBe(model.leafTypes.get("Filter"));
  });

  test("are the same in the explorer", () => {
    const { schema } = composeTexts({ online: web, till }).composition;
    const printed = ["State", "Filter"].map((name) => {
      const type = schema.getType(name);
      return type === undefined ? "" : printType(type).replaceAll(/\s+/g, " ");
    });
    expect(printed).toEqual([
      "enum State { OPEN SHIPPED RETURNED }",
      "input Filter { size: Int! and: Filter }",
    ]);
    const args = schema.getQueryType()?.getFields()["shop"]?.args ?? [];
    expect(args.map(({ name, type }) => `${name}: ${type.toString()}`)).toEqual(["city: String!"]);
  });

  test("give clients the values of every source", async () => {
    backend.answer = ({ url }) => ({
      body: [{ state: "OPEN" }, { state: url.startsWith("/web") ? "SHIPPED" : "RETURNED" }],
    });
    const { data, errors } = await gateway.query("{ webOrders { state } tillOrders { state } }");
    expect([data, errors]).toEqual([
      {
        webOrders: [{ state: "OPEN" }, { state: "SHIPPED" }],
        tillOrders: [{ state: "OPEN" }, { state: "RETURNED" }],
      },
      [],
    ]);
  });

  test("send a source what it has, with its own defaults for what another one lacks, at every depth", async () => {
    backend.answer = { body: [] };
    const { errors } = await gateway.query(
      "{ webOrders(filter: { size: 2, and: { size: 3 } }, filters: [{ size: 1 }, { size: 4 }]) { state } tillOrders(filter: { size: 2 }) { state } }",
    );
    expect(errors).toEqual([]);
    expect(bodies()).toEqual({
      "/till": { filter: { size: 2 } },
      "/web": {
        filter: { size: 2, limit: 10, and: { size: 3, limit: 10 } },
        filters: [
          { size: 1, limit: 10 },
          { size: 4, limit: 10 },
        ],
      },
    });
  });

  test("leave what is absent or null as it is", async () => {
    backend.answer = { body: [] };
    const { errors } = await gateway.query("{ webOrders(filter: null) { state } }");
    expect(errors).toEqual([]);
    expect(bodies()).toEqual({ "/web": { filter: null } });
  });

  test("keep the default of an argument that only one source has", async () => {
    backend.answer = { body: { name: "Corner" } };
    const { data, errors } = await gateway.query('{ shop(city: "Oslo") }');
    expect([data, errors]).toEqual([{ shop: "Corner" }, []]);
    expect(backend.requests.map(({ url }) => url)).toEqual(["/web/shop?city=Oslo&page=3"]);
  });

  test("refuse clients that would send what a source lacks", () => {
    const wide = client.replace("input Filter { size: Int!", "input Filter { size: Int! color: String");
    expect(problemsOf({ online: web, till }, wide)[0]).toContain("which has no field color");
    const narrow = client.replace("input Filter { size: Int!", "input Filter { size: Int");
    expect(problemsOf({ online: web, till }, narrow)[0]).toContain("whose size is Int! and not Int");
    const page = client.replace("shop(city: String!)", "shop(city: String!, page: Int)");
    expect(problemsOf({ online: web, till }, page)[0]).toContain("an argument of Query.shop (city)");
  });
});
