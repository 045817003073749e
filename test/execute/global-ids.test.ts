import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { HttpBackend } from "../backends/http-backend.ts";
import { countUp, RequestLog } from "../backends/request-log.ts";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";

// Ids that name their type: made by fields, taken by arguments and input fields, refused before anything is asked for.

const source = `
extend schema @source(name: "books", url: "http://localhost:1")
type Query {
  book(id: ID!): Book @lookup @rest(GET: "/books{?ids*}", batch: { of: "$args.id", as: "ids", match: "id" })
  books(ids: [ID!]!): [Book] @rest(GET: "/books{?keys*}", batch: { of: "$args.ids", as: "keys", match: "id" })
  search(by: By): [Book] @rest(GET: "/search{?args.by.author,args.by.word}")
}
input By { author: ID word: String }
type Book @key(fields: "id") { id: ID!  number: Int  author: Author @from(field: "{ id: authorId }") }
type Author @key(fields: "id") { id: ID! }
`;

const clientSchema = `
type Query {
  book(id: ID! @globalId(type: "Book")): Book
  books(ids: [ID!]! @globalId(type: "Book")): [Book]
  search(by: By): [Book]
  byAuthor(by: By!): [Book] @from(field: "search(by: { author: $args.by.author })")
}
input By { author: ID @globalId(type: "Author")  word: String }
type Book { id: ID! @globalId  raw: ID! @from(field: "id")  shelfMark: ID @from(field: "number") @globalId(type: "Mark")  author: Author }
type Author { id: ID! @globalId }
`;

const log = new RequestLog(countUp());
const backend = new HttpBackend(
  [
    {
      method: "GET",
      path: "/books",
      answer: ({ query }) =>
        [...query.getAll("ids"), ...query.getAll("keys")].map((id) => ({ id, number: 7, authorId: "a:1" })),
    },
    { method: "GET", path: "/search", answer: () => [{ id: "é", number: null, authorId: "" }] },
  ],
  log,
);
let test: ProjectGateway;

beforeAll(async () => {
  const { url } = await backend.start();
  test = await startProject({ books: source }, clientSchema, { BOOKS_URL: url });
});
afterAll(async () => {
  await test.stop();
  await backend.stop();
});
beforeEach(() => log.clear());

function idOf(type: string, key: string): string {
  return Buffer.from(`${type}:${key}`).toString("base64url");
}

function urls(): string[] {
  return log.entries.map((entry) => entry.url ?? "");
}

describe("a global id", () => {
  it("is made by fields and taken by arguments, one or a list", async () => {
    const answer = await test.query(
      "query ($id: ID!, $ids: [ID!]!) { book(id: $id) { id raw shelfMark author { id } } books(ids: $ids) { raw } }",
      { variables: { id: idOf("Book", "b1"), ids: [idOf("Book", "b2"), idOf("Book", "b:3")] } },
    );
    expect(answer.errors).toEqual([]);
    expect(answer.data).toEqual({
      book: {
        id: idOf("Book", "b1"),
        raw: "b1",
        shelfMark: idOf("Mark", "7"),
        author: { id: idOf("Author", "a:1") },
      },
      books: [{ raw: "b2" }, { raw: "b:3" }],
    });
    expect(urls().toSorted()).toEqual(["/books?ids=b1", "/books?keys=b2&keys=b%3A3"]);
  });

  it("is taken by input fields, as a whole and in part", async () => {
    const answer = await test.query(
      "query ($by: By!) { search(by: $by) { id shelfMark author { id } } byAuthor(by: $by) { raw } }",
      { variables: { by: { author: idOf("Author", "a1"), word: "x" } } },
    );
    expect(answer.errors).toEqual([]);
    expect(answer.data).toEqual({
      search: [{ id: idOf("Book", "é"), shelfMark: null, author: null }],
      byAuthor: [{ raw: "é" }],
    });
    expect(urls().toSorted()).toEqual(["/search?author=a1", "/search?author=a1&word=x"]);
  });

  it("stays null or absent where it is", async () => {
    await test.query("{ a: search(by: { author: null }) { id } b: search(by: {}) { id } c: search { id } }");
    expect(urls()).toEqual(["/search"]);
  });

  it.each([
    ["b1", "Expected the id of a Book."],
    ["", "Expected the id of a Book."],
    ["!!!", "Expected the id of a Book."],
    [idOf("Book", ""), "Expected the id of a Book."],
    [idOf("", "b1"), "Expected the id of a Book."],
    [idOf("Bo ok", "b1"), "Expected the id of a Book."],
    [`${idOf("Book", "b1")}=`, "Expected the id of a Book."],
    [idOf("Book", "b1").replace(/.$/, "!"), "Expected the id of a Book."],
    [Buffer.from("Book").toString("base64url"), "Expected the id of a Book."],
    [Buffer.from([0x42, 0x3a, 0xff]).toString("base64url"), "Expected the id of a Book."],
    ["A".repeat(5000), "Expected the id of a Book."],
    [idOf("Author", "a1"), "Expected the id of a Book; this is one of another type."],
    [idOf("book", "b1"), "Expected the id of a Book; this is one of another type."],
  ])("is all that is taken: %j is refused and nothing is asked for", async (id, message) => {
    const answer = await test.query("query ($id: ID!) { book(id: $id) { id } }", { variables: { id } });
    expect(answer.data).toEqual({ book: null });
    expect(answer.errors).toMatchObject([
      { message, path: ["book"], extensions: { code: "BAD_USER_INPUT" } },
    ]);
    expect(urls()).toEqual([]);
  });

  it("in a list or an input costs its field, and nothing is asked for", async () => {
    const answer = await test.query(
      "query ($ids: [ID!]!, $by: By) { books(ids: $ids) { id } search(by: $by) { id } }",
      { variables: { ids: [idOf("Book", "b1"), "x"], by: { author: idOf("Book", "b1") } } },
    );
    expect(answer.errors.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [["books"], "BAD_USER_INPUT"],
      [["search"], "BAD_USER_INPUT"],
    ]);
    expect(urls()).toEqual([]);
  });
});
