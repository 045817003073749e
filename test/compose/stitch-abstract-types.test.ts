import { graphql, type GraphQLSchema, printSchema } from "graphql";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Source } from "../../gateway/sources/source.ts";
import { HttpBackend } from "../backends/http-backend.ts";
import { countUp, RequestLog } from "../backends/request-log.ts";
import { createScope } from "../support/request-scope.ts";
import { composeTexts } from "./compose-texts.ts";

const feed = `extend schema @source(name: "feed", url: "http://localhost:1")
type Query { hits: [Hit] @rest(GET: "/hits") named: [Named] @rest(GET: "/hits") }
union Hit @discriminator(field: "kind") = Product | Article
interface Named @discriminator(field: "kind") { id: ID! }
type Product implements Named @key(fields: "id") { id: ID! }
type Article implements Named { id: ID! title: String about: [Hit] }`;

const catalog = `extend schema @source(name: "catalog", url: "http://localhost:1")
type Query {
  product(id: ID!): Product @lookup @rest(GET: "/products{?ids*}", batch: { of: "$args.id", as: "ids", match: "id" })
  best: Hit @rest(GET: "/best")
}
union Hit @discriminator(field: "type", mapping: [{ value: "p", type: "Product" }, { value: "b", type: "Bundle" }]) = Product | Bundle
type Product @key(fields: "id") { id: ID! name: String }
type Bundle { size: Int }`;

const log = new RequestLog(countUp());
let backend: HttpBackend;
let sources: readonly Source[];
let schema: GraphQLSchema;
let best: unknown = null;

beforeAll(async () => {
  const hits = [
    { kind: "Product", id: "p1" },
    { kind: "Article", id: "a1", title: "Light", about: [{ kind: "Product", id: "p2" }] },
    { kind: "Nobody" },
  ];
  backend = new HttpBackend(
    [
      { method: "GET", path: "/hits", answer: () => hits },
      { method: "GET", path: "/best", answer: () => best },
      {
        method: "GET",
        path: "/products",
        answer: ({ query }) => query.getAll("ids").map((id) => ({ id, name: `Name of ${id}` })),
      },
    ],
    log,
  );
  await backend.start();
  const composed = composeTexts({ feed, catalog }, null, {
    urls: { feed: backend.url, catalog: backend.url },
  });
  sources = composed.sources;
  schema = composed.composition.schema;
});

beforeEach(() => log.clear());

afterAll(async () => {
  await Promise.all(sources.map((source) => source.dispose()));
  await backend.stop();
});

async function run(source: string) {
  const { data, errors } = await graphql({ schema, source, contextValue: createScope() });
  return { data: structuredClone(data), errors: (errors ?? []).map(({ path }) => path?.join(".")) };
}

test("the stitched schema has one union with the members of both sources, and the interface", () => {
  const text = printSchema(schema);
  expect(text).toContain("union Hit = Product | Article | Bundle");
  expect(text).toContain("type Article implements Named {");
});

test("its objects are of the types that their sources tell, and members come from where they are known", async () => {
  const found = await run(`{
    hits { __typename ... on Product { id name } ... on Article { title about { ... on Product { name } } } }
    named { __typename id }
  }`);
  expect(found).toEqual({
    data: {
      hits: [
        { __typename: "Product", id: "p1", name: "Name of p1" },
        { __typename: "Article", title: "Light", about: [{ name: "Name of p2" }] },
        null,
      ],
      named: [{ __typename: "Product", id: "p1" }, { __typename: "Article", id: "a1" }, null],
    },
    errors: ["hits.2", "named.2"],
  });
  const urls = log.entries.map(({ url }) => url).filter((url) => url?.startsWith("/products"));
  expect(
    urls
      .join("&")
      .match(/ids=p[12]/g)
      ?.toSorted(),
  ).toEqual(["ids=p1", "ids=p2"]);
});

test("each source tells the types of a shared union in its own way", async () => {
  best = { type: "b", size: 3 };
  expect((await run("{ best { __typename ... on Bundle { size } } }")).data).toEqual({
    best: { __typename: "Bundle", size: 3 },
  });
  best = { type: "p", id: "p3", name: "Own" };
  expect((await run("{ best { __typename ... on Product { name } } }")).data).toEqual({
    best: { __typename: "Product", name: "Own" },
  });
});
