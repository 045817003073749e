import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toOverlockError } from "../../gateway/core/errors.ts";
import { createReferenceExecutor, type Executor } from "../../gateway/execute/reference-executor.ts";
import { OperationPreparer } from "../../gateway/prepare/prepare-operation.ts";
import type { Source } from "../../gateway/sources/source.ts";
import { HttpBackend, type HttpRoute } from "../backends/http-backend.ts";
import { countUp, RequestLog } from "../backends/request-log.ts";
import { composeTexts } from "../compose/compose-texts.ts";
import { createScope } from "../support/request-scope.ts";
import { plainCosts } from "../support/plain-costs.ts";
import { openAccess } from "../support/open-access.ts";
import { ampleLimits } from "../support/ample-limits.ts";

// Elements of one list that fail at once beside elements that fail later. A rejection that nobody handles would end the
// process; the test runner notices one as it would.

const sourceSchema = `
extend schema @source(name: "books", url: "http://localhost:1")
type Query {
  lists: Lists @rest(GET: "/lists")
  shelf(after: String): Shelf
    @rest(GET: "/shelf", pagination: { style: CURSOR, token: "$args.after", as: "from", items: "rows", next: "next" })
  book(id: ID!): Book @lookup @rest(GET: "/books{?ids*}", batch: { of: "$args.id", as: "ids", match: "id" })
}
type Lists {
  related: [Book!] @from(field: "ids[{ id: $item }]")
  books: [Book]
  nested: [[Book!]!]
}
type Shelf { items: [Place!] nextPageToken: String }
type Place { label: String book: Book @from(field: "{ id: bookId }") }
enum Size { LARGE SMALL }
type Book @key(fields: "id") {
  id: ID!
  name: String
  size: Size
  score: Int @rest(GET: "/scores{?ids*}", batch: { of: "$parent.id", as: "ids", match: "id", value: "score" })
}
`;

const clientSchema = `
type Query { lists: Lists sizes: [Size] @from(field: "lists.books.size") shelf(after: String): Shelf scores: [Int!] @from(field: "lists.books.score") looseScores: [Int] @from(field: "lists.books.score") }
type Lists { related: [Book!] maybe: [Book] @from(field: "related") books: [Sure!] nested: [[Sure!]!] }
type Shelf @connection { edges: [Edge!] nodes: [Place!] }
type Edge { node: Place! }
type Place { label: String! book: Book! }
enum Size { LARGE SMALL }
type Book { id: ID! name: String }
type Sure @view(of: "Book") { id: ID! score: Int! }
`;

let lists: unknown = {};
let shelf: unknown = {};
let backend: HttpBackend;
let sources: readonly Source[];
let executor: Executor;
let preparer: OperationPreparer;

beforeAll(async () => {
  const answers: HttpRoute[] = [
    { method: "GET", path: "/lists", answer: () => lists },
    { method: "GET", path: "/shelf", answer: () => shelf },
    { method: "GET", path: "/books", answer: () => [{ id: "b1", name: "One" }] },
    { method: "GET", path: "/scores", answer: () => [{ id: "b1", score: 1 }] },
  ];
  backend = new HttpBackend(answers, new RequestLog(countUp()));
  await backend.start();
  const composed = composeTexts({ books: sourceSchema }, clientSchema, { urls: { books: backend.url } });
  sources = composed.sources;
  const [bound] = composed.composition.clients;
  if (bound === undefined) throw new Error("expected a client schema");
  preparer = new OperationPreparer(
    { schema: bound.schema, access: openAccess, costs: plainCosts, showsSuggestions: true },
    { limits: ampleLimits, maxPreparedOperations: 10 },
    () => {},
  );
  executor = createReferenceExecutor(bound, composed.composition.model, { maxResolvedValues: 59 });
});

afterAll(async () => {
  await Promise.all(sources.map((source) => source.dispose()));
  await backend.stop();
});

async function run(query: string) {
  const result = await executor.execute(
    { prepared: preparer.prepare(query, null), variables: {}, denials: null },
    createScope(),
  );
  // What would be a rejection without a handler shows in the turns after.
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  return {
    data: result.data,
    paths: (result.errors ?? []).map(({ path }) => path?.join(".")),
    codes: (result.errors ?? []).map(({ originalError }) => toOverlockError(originalError).code),
  };
}

const hostile = [
  { name: "a key that names nothing after one that is missing", ids: ["gone", ""] },
  { name: "missing rows around one that is there", ids: ["gone", "b1", "gone too"] },
  { name: "nulls among keys", ids: [null, "gone", null] },
];

describe("lists whose elements fail in different ways", () => {
  test.each(hostile)("non-null references: $name", async ({ ids }) => {
    lists = { ids };
    const { data, paths } = await run("{ lists { related { name } } }");
    expect(data).toEqual({ lists: { related: null } });
    expect(paths).toHaveLength(1);
    const loose = await run("{ lists { maybe { name } } }");
    expect((loose.data as { lists: { maybe: unknown[] } }).lists.maybe).toHaveLength(ids.length);
    expect(loose.paths).toEqual([]);
  });

  test.each([
    [["bad", { id: "b1" }]],
    [[{ id: "b1" }, "bad"]],
    [[{ id: "b2" }, null, 7, { id: "b3" }]],
    [[[{ id: "b1" }]]],
  ])("leaves behind a call: %j", async (books) => {
    for (const fault of [null, "error"] as const) {
      backend.faults.set({ method: "GET /scores", fault });
      lists = { books };
      expect((await run("{ scores }")).data).toEqual({ scores: null });
      expect((await run("{ looseScores }")).data).toMatchObject({ looseScores: expect.any(Array) });
      expect((await run("{ lists { books { id score } } }")).data).toEqual({ lists: { books: null } });
    }
    backend.faults.clear();
  });

  test("in the edges of a connection, and among its nodes", async () => {
    shelf = { rows: [{ label: "a", bookId: "gone" }, { label: null }, { label: "c", bookId: "gone too" }] };
    for (const query of [
      "{ shelf { edges { node { book { name } label } } } }",
      "{ shelf { nodes { book { name } label } } }",
    ]) {
      const { data, paths } = await run(query);
      expect(Object.values((data as { shelf: object }).shelf)).toEqual([null]);
      expect(paths).toHaveLength(1);
    }
  });

  test("lists of lists", async () => {
    backend.faults.set({ method: "GET /scores", fault: "error" });
    lists = { nested: [[{ id: "b1" }, 5], [{ id: "b2" }], null] };
    expect((await run("{ lists { nested { score } } }")).data).toEqual({ lists: { nested: null } });
    backend.faults.clear();
  });
});

test("a list in place of one enum value costs that value", async () => {
  lists = {
    books: [
      { id: "b1", size: ["LARGE"] },
      { id: "b2", size: "SMALL" },
      { id: "b3", size: [] },
    ],
  };
  const { data, codes } = await run("{ sizes }");
  expect(data).toEqual({ sizes: [null, "SMALL", null] });
  expect(codes).toEqual(["INVALID_VALUE", "INVALID_VALUE"]);
});

describe("an operation that resolves more than it may", () => {
  test("is given up as a whole, with one error, and nothing of it goes on", async () => {
    // One for the object, one for the list, and for each of its elements one and two fields.
    lists = { books: Array.from({ length: 20 }, () => ({ id: "b1" })) };
    await expect(run("{ lists { books { id score } } }")).rejects.toMatchObject({
      code: "RESPONSE_TOO_LARGE",
    });
    lists = { books: Array.from({ length: 19 }, () => ({ id: "b1" })) };
    expect((await run("{ lists { books { id score } } }")).paths).toEqual([]);
  });
});
