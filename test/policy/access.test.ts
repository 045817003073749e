import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type GuardedLibrary, startGuardedLibrary } from "./guarded-library.ts";

let library: GuardedLibrary;

beforeAll(async () => {
  library = await startGuardedLibrary();
});
afterAll(() => library.stop());

const denied = "UNAUTHORIZED_FIELD_OR_TYPE";

describe("a guarded field", () => {
  it.each([
    ["without a token", null, false],
    ["with some of the scopes", ["catalog"], false],
    ["with all scopes of one list", ["catalog", "isbn"], true],
    ["with the scopes of the other list", ["admin"], true],
    ["with scopes that only begin like those", ["administrator"], false],
  ])("is read %s: %j → %j", async (_how, scopes, isAllowed) => {
    const { data, errors } = await library.ask(scopes, "{ books { isbn } }");
    const isbns = isAllowed ? ["isbn-b1", "isbn-b2"] : [null, null];
    expect(data).toEqual({ books: isbns.map((isbn) => ({ isbn })) });
    expect(errors).toEqual(isAllowed ? [] : [`books.0.isbn ${denied}`, `books.1.isbn ${denied}`]);
  });

  it.each([
    ["an alias", "{ books { id x: isbn } }", ["books.0.x", "books.1.x"]],
    ["a fragment", "{ books { id ...F } } fragment F on Book { isbn }", ["books.0.isbn", "books.1.isbn"]],
    ["another view", "{ covers { number } }", ["covers.0.number", "covers.1.number"]],
    ["a path", "{ isbns }", ["isbns"]],
    ["an interface", "{ priced { ... on Book { isbn } } }", ["priced.0.isbn", "priced.1.isbn"]],
    ["a union", "{ items { ... on Card { number } ... on Book { isbn } } }", ["items.1", "items.2.isbn"]],
    ["a group", "{ vault { books { isbn } } }", ["vault.books.0.isbn", "vault.books.1.isbn"], []],
  ])("can't be reached by %s", async (_how, query, paths, scopes: readonly string[] | null = null) => {
    const { errors, data } = await library.ask(scopes, query);
    expect(errors).toEqual(paths.map((path) => `${path} ${denied}`));
    expect(JSON.stringify(data)).not.toContain("isbn-");
  });

  it("takes its parent along where it is not nullable", async () => {
    expect(await library.ask(null, "{ strict { id isbn } titles }")).toEqual({
      status: 200,
      data: { strict: null, titles: ["Title b1", "Title b2"] },
      errors: [`strict.0.isbn ${denied}`],
      calls: ["GET /books"],
    });
  });

  it("is not hidden by a default that absorbs errors", async () => {
    const { data, errors } = await library.ask(null, "{ books { isbnOrNone } }");
    expect(data).toEqual({ books: [{ isbnOrNone: null }, { isbnOrNone: null }] });
    expect(errors).toEqual([`books.0.isbnOrNone ${denied}`, `books.1.isbnOrNone ${denied}`]);
  });

  it("of an interface is guarded in the types that implement it, in the sources' and so in the client's", async () => {
    expect((await library.ask(null, "{ books { cost } }")).errors).toHaveLength(2);
    expect((await library.ask(null, "{ priced { cost } }")).errors).toHaveLength(2);
    expect((await library.ask(["money"], "{ books { cost } priced { cost } }")).errors).toEqual([]);
  });
});

describe("nothing is asked of a backend for what the caller may not read", () => {
  it("neither the call of a field, nor the rows that only it needs", async () => {
    expect(await library.ask(null, "{ books { id author { email } } }")).toMatchObject({
      errors: [`books.0.author.email ${denied}`, `books.1.author.email ${denied}`],
      calls: ["GET /books"],
    });
    expect((await library.ask(["contact"], "{ books { author { email } } }")).calls).toEqual([
      "GET /books",
      "GET /people",
    ]);
  });

  it("nor a mutation", async () => {
    const query = 'mutation { forget(id: "p1") { name } }';
    expect(await library.ask([], query)).toMatchObject({
      data: { forget: null },
      errors: [`forget ${denied}`],
      calls: [],
    });
    expect((await library.ask(["people:write"], query)).calls).toEqual(["DELETE /people/p1"]);
  });

  it("nor what a field's call reads of its object", async () => {
    expect((await library.ask(null, "{ books { lock } }")).calls).toEqual(["GET /books"]);
    const allowed = await library.ask(["codes"], "{ books { lock } }");
    expect(allowed.data).toEqual({ books: [{ lock: "lock of code-b1" }, { lock: "lock of code-b2" }] });
  });

  it("nor what a field requires", async () => {
    expect(await library.ask(null, "{ books { fans } }")).toMatchObject({
      errors: [`books.0.fans ${denied}`, `books.1.fans ${denied}`],
      calls: ["GET /books"],
    });
    expect((await library.ask(["admin"], "{ books { fans } }")).data).toEqual({
      books: [{ fans: 3 }, { fans: 3 }],
    });
  });
});

describe("a guarded type", () => {
  it("guards every field that returns it", async () => {
    expect(await library.ask(null, "{ books { shelf { __typename } } }")).toMatchObject({
      data: { books: [{ shelf: null }, { shelf: null }] },
      errors: [`books.0.shelf ${denied}`, `books.1.shelf ${denied}`],
    });
    expect((await library.ask([], "{ books { shelf { label } } }")).errors).toEqual([]);
  });

  it("is an error in place of its objects where a union is selected", async () => {
    const query = "{ items { __typename } }";
    expect(await library.ask(null, query)).toMatchObject({
      data: { items: null },
      errors: [`items.1 ${denied}`],
    });
    const names = ["Card", "Shelf", "Book"].map((__typename) => ({ __typename }));
    expect((await library.ask([], query)).data).toEqual({ items: names });
  });

  it("may be a scalar", async () => {
    const query = "{ covers { authorName mail } }";
    expect((await library.ask(null, query)).data).toEqual({
      covers: [
        { authorName: "Ann", mail: null },
        { authorName: "Ann", mail: null },
      ],
    });
  });

  it("guards a group of the client's own", async () => {
    expect(await library.ask(null, "{ vault { books { id } } }")).toMatchObject({
      data: { vault: null },
      errors: [`vault ${denied}`],
      calls: [],
    });
  });
});

describe("a caller with a scope more, or one less", () => {
  it("gets its own answer to the same operation, however often the others have asked", async () => {
    const query = "{ books { isbn cost } }";
    for (let time = 0; time < 4; time++) {
      expect((await library.ask(["admin"], query)).errors).toHaveLength(2);
      expect((await library.ask(["money"], query)).errors).toHaveLength(2);
      expect((await library.ask(["admin", "money"], query)).errors).toEqual([]);
      expect((await library.ask(null, query)).errors).toHaveLength(4);
    }
  });
});

describe("a BFF that rejects", () => {
  let rejecting: GuardedLibrary;
  beforeAll(async () => {
    rejecting = await startGuardedLibrary('denied: "reject"');
  });
  afterAll(() => rejecting.stop());

  it("refuses an operation as a whole before anything is asked, and says what for", async () => {
    expect(await rejecting.ask(["money"], "{ titles books { isbn cost } }")).toEqual({
      status: 403,
      data: undefined,
      errors: [denied],
      calls: [],
    });
    const token = await rejecting.token({ scope: "" });
    const { errors } = await rejecting.query("{ books { isbn cost } }", { token });
    expect(errors.map(({ message }) => message).toSorted()).toEqual([
      "The caller may not read Book.cost.",
      "The caller may not read Book.isbn.",
    ]);
  });

  it("tells who is nobody in particular to sign in", async () => {
    expect(await rejecting.ask(null, "{ books { isbn } }")).toMatchObject({
      status: 401,
      errors: ["UNAUTHENTICATED"],
      calls: [],
    });
  });

  it("answers what is allowed", async () => {
    expect((await rejecting.ask(null, "{ titles }")).status).toBe(200);
  });
});
