import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { HttpBackend, HttpError } from "../backends/http-backend.ts";
import { countUp, RequestLog } from "../backends/request-log.ts";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";

// Relay connections over pages that a backend hands out by token: golden cases with the calls that were made.

const source = `
extend schema @source(name: "shelf", url: "http://localhost:1")
type Query {
  books(size: Int = 4, page: String, genre: String): BookPage @rest(GET: "/books{?args.size,args.page,args.genre}")
  numbered(size: Int, page: Int): NumberedPage @rest(GET: "/numbered{?args.size,args.page}")
  shelf: Shelf @rest(GET: "/shelf")
  picked: AuthorPage @rest(GET: "/picked")
}
type AuthorPage { items: [Author] @from(field: "ids[{ id: $item }]")  nextPageToken: String }
type Shelf { name: String  books: BookPage @rest(GET: "/books?size=2") }
type BookPage { items: [Book!]!  nextPageToken: String  totalCount: Int }
type NumberedPage { rows: [Book]  next: Int }
type Book @key(fields: "id") { id: ID!  title: String  author: Author @from(field: "{ id: authorId }") }
type Author @key(fields: "id") { id: ID! }
`;

const authors = `
extend schema @source(name: "authors", url: "http://localhost:2")
type Query { author(id: ID!): Author @lookup @rest(GET: "/authors{?ids*}", batch: { of: "$args.id", as: "ids", match: "id" }) }
type Author @key(fields: "id") { id: ID! name: String }
`;

const clientSchema = `
type Query {
  books(first: Int = 3, after: String, genre: String): Books
    @from(field: "books(size: $args.first, page: $args.after, genre: $args.genre)")
  any(first: Int, after: ID): Books @from(field: "books(size: $args.first, page: $args.after)")
  numbered(first: Int!, after: String): Numbered @from(field: "numbered(size: $args.first, page: $args.after)")
  shelf: Shelf
  picked: Authors
}
type Authors @view(of: "AuthorPage") @connection { edges: [AuthorEdge!]  nodes: [Author]  pageInfo: PageInfo! }
type AuthorEdge { cursor: String!  node: Author }
type Shelf { books: Books }
type Books @view(of: "BookPage") @connection {
  edges: [BookEdge!]
  nodes: [Book!]
  pageInfo: PageInfo!
  total: Int @from(field: "totalCount")
}
type BookEdge { cursor: String!  node: Book! }
type Book { id: ID!  title: String  author: Author }
type Author { id: ID!  name: String }
type PageInfo { hasNextPage: Boolean!  hasPreviousPage: Boolean!  startCursor: String  endCursor: String }
type Numbered @view(of: "NumberedPage") @connection(items: "rows", nextPageToken: "next") {
  edges: [NumberedEdge]
  nodes: [Book]
  pageInfo: PageInfo!
}
type NumberedEdge { cursor: ID!  node: Book }
`;

const rows = Array.from({ length: 10 }, (_, index) => ({
  id: `b${index}`,
  title: `Book ${index}`,
  authorId: `a${index % 2}`,
}));
const maxSize = 5;
const log = new RequestLog(countUp());
const shelf = new HttpBackend(
  [
    {
      method: "GET",
      path: "/books",
      answer: ({ query }) => {
        const size = Number(query.get("size") ?? 4);
        if (size < 1 || size > maxSize) throw new HttpError(400, "size");
        const page = query.get("page");
        if (page !== null && !/^t\d+$/.test(page)) throw new HttpError(400, "page");
        const start = page === null ? 0 : Number(page.slice(1));
        const items = rows.slice(start, start + size);
        const next = start + size < rows.length ? `t${start + size}` : "";
        return { items, nextPageToken: next, totalCount: rows.length };
      },
    },
    {
      method: "GET",
      path: "/numbered",
      answer: ({ query }) => {
        const page = Number(query.get("page") ?? 1);
        return {
          rows: rows.slice((page - 1) * 2, page * 2).map((row) => (row.id === "b3" ? null : row)),
          next: page < 3 ? page + 1 : 0,
        };
      },
    },
    { method: "GET", path: "/shelf", answer: () => ({ name: "s" }) },
    { method: "GET", path: "/picked", answer: () => ({ ids: ["a0", "nobody", "a1"] }) },
    {
      method: "GET",
      path: "/authors",
      answer: ({ query }) =>
        query.getAll("ids").flatMap((id) => (id === "nobody" ? [] : [{ id, name: `Author ${id}` }])),
    },
  ],
  log,
);
let test: ProjectGateway;

beforeAll(async () => {
  const { url } = await shelf.start();
  test = await startProject(
    { shelf: source, authors },
    clientSchema,
    { SHELF_URL: url, AUTHORS_URL: url },
    {
      config: '{ name: "web", anonymous: true, limits: { maxTypeCost: 1_000_000, maxFieldCost: 1_000_000 } }',
    },
  );
});
afterAll(async () => {
  await test.stop();
  await shelf.stop();
});
beforeEach(() => log.clear());

interface Connection {
  readonly edges: readonly { readonly cursor: string; readonly node: { readonly id: string } | null }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

async function list(args: Readonly<Record<string, unknown>>, field = "books"): Promise<Connection> {
  const type = field === "any" ? "ID" : "String";
  const first = field === "numbered" ? "Int!" : "Int";
  const query = `query ($first: ${first}, $after: ${type}) { list: ${field}(first: $first, after: $after) {
    edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;
  const answer = await test.query(query, { variables: args });
  expect(answer.errors).toEqual([]);
  return (answer.data as { readonly list: Connection }).list;
}

function ids({ edges }: Connection): (string | undefined)[] {
  return edges.map(({ node }) => node?.id);
}

function urls(): (string | null)[] {
  return log.entries.map((entry) => entry.url);
}

describe("a connection", () => {
  it("is made of one page: edges, nodes, pageInfo and fields of the page", async () => {
    const answer = await test.query(`{ books {
      edges { cursor node { title author { name } } } nodes { id } total
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`);
    expect(answer.errors).toEqual([]);
    const { books } = answer.data as {
      readonly books: Connection & { readonly nodes: unknown; readonly total: number };
    };
    expect(books.edges.map(({ node }) => node)).toEqual([
      { title: "Book 0", author: { name: "Author a0" } },
      { title: "Book 1", author: { name: "Author a1" } },
      { title: "Book 2", author: { name: "Author a0" } },
    ]);
    expect([books.nodes, books.total]).toEqual([[{ id: "b0" }, { id: "b1" }, { id: "b2" }], 10]);
    expect(books.pageInfo).toEqual({
      hasNextPage: true,
      hasPreviousPage: false,
      startCursor: books.edges[0]?.cursor,
      endCursor: books.edges[2]?.cursor,
    });
    expect(urls()).toEqual(["/books?size=3", "/authors?ids=a0&ids=a1"]);
  });

  it("goes on from page to page with one call each, to the end", async () => {
    const seen: (string | undefined)[] = [];
    let after: string | null = null;
    for (let hasNextPage = true; hasNextPage; ) {
      const found: Connection = await list({ first: 4, after });
      seen.push(...ids(found));
      ({ hasNextPage, endCursor: after } = found.pageInfo);
      expect(found.pageInfo.hasPreviousPage).toBe(seen.length > 4);
    }
    expect(seen).toEqual(rows.map(({ id }) => id));
    expect(urls()).toEqual(["/books?size=4", "/books?size=4&page=t4", "/books?size=4&page=t8"]);
  });

  it("goes on from any edge, with the backend's page sizes as before", async () => {
    const start = await list({ first: 5 });
    log.clear();
    const found = await list({ first: 4, after: start.edges[2]?.cursor });
    expect(ids(found)).toEqual(["b3", "b4", "b5", "b6"]);
    expect(urls()).toEqual(["/books?size=5", "/books?size=2&page=t5"]);
    log.clear();
    expect(ids(await list({ first: 1, after: found.edges[0]?.cursor }))).toEqual(["b4"]);
    expect(ids(await list({ first: 3, after: found.edges[3]?.cursor }))).toEqual(["b7", "b8", "b9"]);
    expect(urls()).toEqual(["/books?size=5", "/books?size=3&page=t7"]);
  });

  it("ends behind the last edge", async () => {
    const last = await list({ first: 5, after: (await list({ first: 5 })).pageInfo.endCursor });
    expect([ids(last).at(-1), last.pageInfo.hasNextPage]).toEqual(["b9", false]);
    const beyond = await list({ first: 5, after: last.pageInfo.endCursor });
    expect(beyond).toEqual({
      edges: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: true, startCursor: null, endCursor: null },
    });
  });

  it("of no edges at all knows whether there are any, and stays where it was", async () => {
    const none = await list({ first: 0 });
    expect(none.edges).toEqual([]);
    expect(none.pageInfo).toEqual({
      hasNextPage: true,
      hasPreviousPage: false,
      startCursor: null,
      endCursor: null,
    });
    const { endCursor } = (await list({ first: 2 })).pageInfo;
    expect((await list({ first: 0, after: endCursor })).pageInfo.endCursor).toBe(endCursor);
    expect(urls()).toEqual(["/books?size=1", "/books?size=2", "/books?size=1&page=t2"]);
  });

  it("of no size has the backend's own", async () => {
    const found = await list({}, "any");
    expect(ids(found)).toHaveLength(4);
    const rest = await list({ after: found.edges[1]?.cursor }, "any");
    expect(ids(rest)).toEqual(["b2", "b3"]);
    expect(ids(await list({ first: null, after: rest.pageInfo.endCursor }, "any"))[0]).toBe("b4");
    expect(urls()).toEqual(["/books?size=4", "/books?size=4", "/books?size=4&page=t4"]);
  });

  it("may count its pages, and have items that are null", async () => {
    const start = await list({ first: 2 }, "numbered");
    const found = await list({ first: 2, after: start.pageInfo.endCursor }, "numbered");
    expect(ids(found)).toEqual(["b2", undefined]);
    const middle = await list({ first: 1, after: found.edges[0]?.cursor }, "numbered");
    expect([ids(middle), middle.pageInfo.hasNextPage]).toEqual([[undefined], true]);
    expect(urls()).toEqual(["/numbered?size=2", "/numbered?size=2&page=2", "/numbered?size=2&page=2"]);
  });

  it("may stand without arguments, and under an object", async () => {
    const answer = await test.query("{ shelf { books { nodes { id } pageInfo { hasNextPage } } } }");
    expect(answer.data).toEqual({
      shelf: { books: { nodes: [{ id: "b0" }, { id: "b1" }], pageInfo: { hasNextPage: true } } },
    });
  });

  it("has null for a node that is not there, wherever and however often it is asked for", async () => {
    const [first, last] = [{ name: "Author a0" }, { name: "Author a1" }];
    const edges = [{ node: first }, { node: null }, { node: last }];
    const query = "{ picked { nodes { name } edges { node { name } } again: edges { node { name } } } }";
    const answer = await test.query(query);
    expect(answer.errors).toEqual([]);
    expect(answer.data).toEqual({ picked: { nodes: [first, null, last], edges, again: edges } });
    expect(urls()).toEqual(["/picked", "/authors?ids=a0&ids=nobody&ids=a1"]);
  });

  it("that fails is one error", async () => {
    const answer = await test.query(
      "{ books(first: 6) { edges { node { id } } total pageInfo { hasNextPage } } }",
    );
    expect(answer.data).toEqual({ books: null });
    expect(answer.errors.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [["books"], "UPSTREAM_REJECTED"],
    ]);
  });
});

describe("arguments that are none", () => {
  it("first: below 0 is refused as a whole, because nobody can say what that costs", async () => {
    const answer = await test.query("query ($first: Int) { books(first: $first) { nodes { id } } }", {
      variables: { first: -1 },
    });
    expect(answer.data).toBeUndefined();
    expect(answer.errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT" } }]);
    expect(urls()).toEqual([]);
  });

  it("first: above 10000 is refused and nothing is sent", async () => {
    const answer = await test.query("query ($first: Int) { books(first: $first) { nodes { id } } }", {
      variables: { first: 10_001 },
    });
    expect(answer.data).toEqual({ books: null });
    expect(answer.errors).toMatchObject([
      { message: "Expected 0 to 10000 as first.", path: ["books"], extensions: { code: "BAD_USER_INPUT" } },
    ]);
    expect(urls()).toEqual([]);
  });

  const cursor = (...parts: readonly unknown[]): string =>
    Buffer.from(JSON.stringify(parts)).toString("base64url");

  it.each([
    "",
    "t4",
    "....",
    "b0",
    cursor(),
    cursor("x"),
    cursor("x", 1, 2, null, 3),
    cursor("x", -1, 2, "t"),
    cursor("x", 1.5, 2, "t"),
    cursor("x", 1e9, 2, "t"),
    cursor("x", 1, 1e9, "t"),
    cursor("x", 0, null, null),
    cursor("x", 0, null, ""),
    cursor("x", 0, null, { t: 1 }),
    cursor("x", 0, "2", "t4"),
    `${cursor("x", 0, null, "t4")}=`,
    Buffer.from("null").toString("base64url"),
    Buffer.from('{"length":4}').toString("base64url"),
    "A".repeat(9000),
  ])("after: %s is refused and nothing is sent", async (after) => {
    const answer = await test.query("query ($after: String) { books(after: $after) { nodes { id } } }", {
      variables: { after },
    });
    expect(answer.errors).toMatchObject([
      { message: "Expected a cursor in after.", path: ["books"], extensions: { code: "BAD_USER_INPUT" } },
    ]);
    expect(urls()).toEqual([]);
  });

  it("a cursor of another list, or of the list with another filter, is refused", async () => {
    const query =
      "query ($after: String, $genre: String) { books(after: $after, genre: $genre) { nodes { id } } }";
    const { endCursor } = (await list({ first: 2 })).pageInfo;
    const foreign = (await list({ first: 2 }, "numbered")).pageInfo.endCursor;
    log.clear();
    for (const variables of [
      { after: endCursor, genre: "x" },
      { after: foreign },
      { after: cursor("x", 0, null, "t4") },
    ]) {
      const answer = await test.query(query, { variables });
      expect(answer.errors).toMatchObject([
        { message: "The cursor in after belongs to another list.", extensions: { code: "BAD_USER_INPUT" } },
      ]);
    }
    expect(urls()).toEqual([]);
    expect((await test.query(query, { variables: { after: endCursor } })).errors).toEqual([]);
  });
});
