import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { HttpBackend, HttpError } from "../backends/http-backend.ts";
import { countUp, RequestLog } from "../backends/request-log.ts";
import { GraphqlBackend } from "../support/graphql-backend.ts";
import { echoSource, type GrpcEcho, startGrpcEcho } from "../support/grpc-echo.ts";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";

// Objects found by their global ids alone, whichever kind of source has them, and what the backends are asked for it.

const books = `
extend schema @source(name: "books", url: "http://localhost:1")
type Query {
  book(id: ID!): Book @lookup @rest(GET: "/books{?ids*}", batch: { of: "$args.id", as: "ids", match: "id" })
  shelf(number: Int!): Shelf @lookup @rest(GET: "/shelves/{args.number}")
}
type Book @key(fields: "id") { id: ID!  title: String  similar: [Book] @rest(GET: "/books/{parent.id}/similar") }
type Shelf @key(fields: "number") { number: Int!  room: String }
`;

const rows = `
${echoSource}
type Query {
  row(id: ID!): Row @lookup @grpc(method: "BatchGetRows", batch: { of: "$args.id", as: "ids", select: "rows", match: "id" })
}
type Row @key(fields: "id") { id: ID!  sku: String }
`;

const filmsSdl = `
type Query { film(id: ID!): Film LOOKUP  booksOf(ids: [ID!]!): [Book]! LOOKUP }
type Film KEY { id: ID!  name: String }
type Book KEY { id: ID!  film: Film }
`;

const films = `
extend schema @source(name: "films", kind: GRAPHQL, url: "http://localhost:1/graphql")
${filmsSdl.replaceAll("LOOKUP", "@lookup").replaceAll("KEY", '@key(fields: "id")')}
`;

const clientSchema = `
type Query { node(id: ID!): Node @node  nodes(ids: [ID!]!): [Node]! @node  book(id: ID! @globalId(type: "Book")): Book }
interface Node { id: ID! }
type Book implements Node { id: ID! @globalId  raw: ID! @from(field: "id")  title: String  film: Film  similar: [Book] }
type Shelf implements Node { id: ID! @from(field: "number") @globalId  number: Int!  room: String }
type Line implements Node @view(of: "Row") { id: ID! @globalId(type: "Row")  sku: String }
type Film implements Node { id: ID! @globalId  name: String }
`;

const titles = new Map([
  ["b1", "Emma"],
  ["b2", "Ivanhoe"],
  ["b:3", "Ulysses"],
]);
const log = new RequestLog(countUp());
const rest = new HttpBackend(
  [
    {
      method: "GET",
      path: "/books",
      answer: ({ query }) =>
        query.getAll("ids").flatMap((id) => {
          if (id === "down") throw new HttpError(503, "down");
          return titles.has(id) ? [{ id, title: titles.get(id) }] : [];
        }),
    },
    { method: "GET", path: "/books/{id}/similar", answer: () => [{ id: "b2", title: "Ivanhoe" }] },
    {
      method: "GET",
      path: "/shelves/{number}",
      answer: ({ path }) => ({ number: Number(path["number"]), room: "north" }),
    },
  ],
  log,
);
const graphql = new GraphqlBackend(filmsSdl.replaceAll("LOOKUP", "").replaceAll("KEY", ""), {
  Query: {
    film: (_parent, { id }: { id: string }) => (id === "f1" ? { id, name: "Clueless" } : null),
    booksOf: (_parent, { ids }: { ids: readonly string[] }) =>
      ids.map((id) => (titles.has(id) ? { id, film: { id: "f1", name: "Clueless" } } : null)),
  },
});
let echo: GrpcEcho;
let test: ProjectGateway;

const running = new Map<string, ProjectGateway>();

beforeAll(async () => {
  echo = await startGrpcEcho();
  echo.rows = { rows: [{ id: "r1", sku: "s1" }] };
  await Promise.all([rest.start(), graphql.http.start()]);
  for (const [executor, from] of [
    ["reference", 1_000_000],
    ["compiled", 1],
  ] as const) {
    const environment = {
      BOOKS_URL: rest.url,
      ECHO_URL: echo.backend.url,
      FILMS_URL: graphql.url,
      COMPILE_FROM_REQUEST: String(from),
    };
    const { protos } = echo;
    running.set(executor, await startProject({ books, rows, films }, clientSchema, environment, { protos }));
  }
});
afterAll(async () => {
  for (const project of running.values()) await project.stop();
  await Promise.all([rest.stop(), graphql.http.stop(), echo.stop()]);
});
beforeEach(() => {
  log.clear();
  echo.backend.log.clear();
  graphql.http.log.clear();
});

function idOf(type: string, key: string): string {
  return Buffer.from(`${type}:${key}`).toString("base64url");
}

/** What the backends were asked, REST and then GraphQL and gRPC. */
function asked(): unknown[] {
  return [...log.entries.map((entry) => entry.url), ...graphql.documents, ...echo.sent()];
}

async function ask(query: string, variables: Record<string, unknown> = {}) {
  const { data, errors } = await test.query(query, { variables });
  return { data, errors: errors.map(({ path = [], extensions }) => `${path.join(".")} ${extensions.code}`) };
}

describe.each(["reference", "compiled"])("(%s)", (executor) => {
  beforeAll(() => {
    const project = running.get(executor);
    if (project === undefined) throw new Error(`Expected a gateway of the ${executor} executor.`);
    test = project;
  });

  describe("a node", () => {
    it("is found by a lookup over REST: several fields of the operation are one call", async () => {
      const answer = await ask(
        "query ($a: ID!, $b: ID!) { a: node(id: $a) { id ... on Book { raw title } } b: node(id: $b) { __typename ... on Book { title } } }",
        { a: idOf("Book", "b1"), b: idOf("Book", "b:3") },
      );
      expect(answer).toEqual({
        data: {
          a: { id: idOf("Book", "b1"), raw: "b1", title: "Emma" },
          b: { __typename: "Book", title: "Ulysses" },
        },
        errors: [],
      });
      expect(asked()).toEqual(["/books?ids=b1&ids=b%3A3"]);
    });

    it("is found by a lookup over gRPC, its id naming what the client schema says", async () => {
      const answer = await ask("query ($id: ID!) { node(id: $id) { __typename id ... on Line { sku } } }", {
        id: idOf("Row", "r1"),
      });
      expect(answer).toEqual({
        data: { node: { __typename: "Line", id: idOf("Row", "r1"), sku: "s1" } },
        errors: [],
      });
      expect(asked()).toEqual([{ ids: ["r1"] }]);
    });

    it("is found by a lookup over GraphQL, which asks for what is selected", async () => {
      const answer = await ask("query ($id: ID!) { node(id: $id) { id ... on Film { name } } }", {
        id: idOf("Film", "f1"),
      });
      expect(answer).toEqual({ data: { node: { id: idOf("Film", "f1"), name: "Clueless" } }, errors: [] });
      expect(graphql.documents).toHaveLength(1);
      expect(graphql.documents[0]).toBe("query($_0:ID!){_0:film(id:$_0){name}}");
      expect(log.entries).toEqual([]);
    });

    it("has a number for a key where the supergraph has one", async () => {
      const id = idOf("Shelf", "7");
      const answer = await ask("query ($id: ID!) { node(id: $id) { id ... on Shelf { number room } } }", {
        id,
      });
      expect(answer).toEqual({ data: { node: { id, number: 7, room: "north" } }, errors: [] });
      expect(asked()).toEqual(["/shelves/7"]);
    });

    it("is read from all of its sources at once, and goes on as any object does", async () => {
      const answer = await ask(
        "query ($id: ID!) { node(id: $id) { ... on Book { title film { name } similar { id } } } }",
        { id: idOf("Book", "b1") },
      );
      expect(answer).toEqual({
        data: {
          node: { title: "Emma", film: { name: "Clueless" }, similar: [{ id: idOf("Book", "b2") }] },
        },
        errors: [],
      });
      expect(log.entries.map((entry) => entry.url ?? "").toSorted()).toEqual([
        "/books/b1/similar",
        "/books?ids=b1",
      ]);
      expect(graphql.documents).toHaveLength(1);
    });

    it.each(["Book", "Row", "Film"])(
      "of nothing is null, whatever is selected, after one call: a %s",
      async (type) => {
        for (const selection of [
          "id",
          "__typename",
          "... on Book { title } ... on Line { sku } ... on Film { name }",
        ]) {
          log.clear();
          echo.backend.log.clear();
          graphql.http.log.clear();
          const answer = await ask(`query ($id: ID!) { node(id: $id) { ${selection} } }`, {
            id: idOf(type, "nope"),
          });
          expect(answer).toEqual({ data: { node: null }, errors: [] });
          expect(asked()).toHaveLength(1);
        }
      },
    );

    it("is there, whatever is selected", async () => {
      for (const [type, key] of [
        ["Book", "b1"],
        ["Row", "r1"],
        ["Film", "f1"],
      ] as const) {
        const id = idOf(type, key);
        const answer = await ask("query ($id: ID!) { node(id: $id) { id } }", { id });
        expect(answer).toEqual({ data: { node: { id } }, errors: [] });
      }
      expect(asked()).toHaveLength(3);
    });

    it("whose backend fails is an error, not an object of which only the id is known", async () => {
      const id = idOf("Book", "down");
      expect(await ask("query ($id: ID!) { node(id: $id) { id } }", { id })).toEqual({
        data: { node: null },
        errors: ["node UPSTREAM_ERROR"],
      });
      expect(await ask("query ($id: ID!) { node(id: $id) { id ... on Book { title } } }", { id })).toEqual({
        data: { node: { id, title: null } },
        errors: ["node.title UPSTREAM_ERROR"],
      });
    });

    it.each([
      ["b1", "Expected the id of a Node."],
      ["", "Expected the id of a Node."],
      [`${idOf("Book", "b1")}=`, "Expected the id of a Node."],
      [idOf("Book", ""), "Expected the id of a Node."],
      [idOf("Shelf", "07"), "Expected the id of a Node."],
      [idOf("Shelf", "x"), "Expected the id of a Node."],
      [idOf("Line", "r1"), "Expected the id of a Node; this is one of another type."],
      [idOf("book", "b1"), "Expected the id of a Node; this is one of another type."],
      [idOf("__proto__", "b1"), "Expected the id of a Node; this is one of another type."],
    ])("of a text that is no id of one is refused unasked: %j", async (id, message) => {
      const answer = await test.query("query ($id: ID!) { node(id: $id) { id } }", { variables: { id } });
      expect(answer.data).toEqual({ node: null });
      expect(answer.errors).toMatchObject([
        { message, path: ["node"], extensions: { code: "BAD_USER_INPUT" } },
      ]);
      expect(asked()).toEqual([]);
    });
  });

  describe("nodes", () => {
    it("are in the order of their ids, and one bad id costs its own place", async () => {
      const ids = [
        idOf("Book", "b2"),
        "no id",
        idOf("Film", "f1"),
        idOf("Book", "nope"),
        idOf("Row", "r1"),
        idOf("Author", "a1"),
        idOf("Book", "b1"),
        idOf("Book", "b2"),
      ];
      const answer = await ask(
        "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Book { title } ... on Line { sku } ... on Film { name } } }",
        { ids },
      );
      expect(answer).toEqual({
        data: {
          nodes: [
            { id: ids[0], title: "Ivanhoe" },
            null,
            { id: ids[2], name: "Clueless" },
            null,
            { id: ids[4], sku: "s1" },
            null,
            { id: ids[6], title: "Emma" },
            { id: ids[7], title: "Ivanhoe" },
          ],
        },
        errors: ["nodes.1 BAD_USER_INPUT", "nodes.5 BAD_USER_INPUT"],
      });
      expect(log.entries.map((entry) => entry.url)).toEqual(["/books?ids=b2&ids=nope&ids=b1"]);
      expect(graphql.documents).toHaveLength(1);
      expect(echo.sent()).toEqual([{ ids: ["r1"] }]);
    });

    it("share their call with other fields of the operation", async () => {
      const [one, other] = [idOf("Book", "b1"), idOf("Book", "b2")];
      const answer = await ask(
        "query ($one: ID!, $ids: [ID!]!) { nodes(ids: $ids) { ... on Book { title } } node(id: $one) { ... on Book { title } } book(id: $one) { title } }",
        { one, ids: [one, other] },
      );
      expect(answer.errors).toEqual([]);
      expect(answer.data).toEqual({
        nodes: [{ title: "Emma" }, { title: "Ivanhoe" }],
        node: { title: "Emma" },
        book: { title: "Emma" },
      });
      expect(asked()).toEqual(["/books?ids=b1&ids=b2"]);
    });

    it("of no ids are none", async () => {
      expect(await ask("{ nodes(ids: []) { id } }")).toEqual({ data: { nodes: [] }, errors: [] });
      expect(asked()).toEqual([]);
    });
  });
});
