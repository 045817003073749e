import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";
import { ScriptedBackend } from "../support/scripted-backend.ts";
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
    // Not even which type it is.
    expect((await library.query(query)).errors.map(({ message }) => message)).toEqual([
      "The caller may not read this object of Query.items.",
    ]);
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

describe.each([
  ["the reference executor", "1000000"],
  ["compiled code", "1"],
])("a BFF that rejects, by %s,", (_tier, from) => {
  let rejecting: GuardedLibrary;
  beforeAll(async () => {
    rejecting = await startGuardedLibrary('denied: "reject"', { COMPILE_FROM_REQUEST: from });
  });
  afterAll(() => rejecting.stop());

  async function messagesOf(query: string): Promise<readonly string[]> {
    const token = await rejecting.token({ scope: "" });
    return (await rejecting.query(query, { token })).errors.map(({ message }) => message).toSorted();
  }

  it("refuses an operation as a whole before anything is asked, and says what for", async () => {
    expect(await rejecting.ask(["money"], "{ titles books { isbn cost } }")).toEqual({
      status: 403,
      data: undefined,
      errors: [denied],
      calls: [],
    });
    expect(await messagesOf("{ books { isbn cost } }")).toEqual([
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

  it("denies an object of a guarded type in its place, where the operation does not name the type", async () => {
    for (const query of ["{ items { __typename } }", "{ items { ... on Card { number } } }"])
      expect(await rejecting.ask(null, query)).toEqual({
        status: 200,
        data: { items: null },
        errors: [`items.1 ${denied}`],
        calls: ["GET /items"],
      });
    const { errors } = await rejecting.query("{ items { __typename } }");
    expect(errors.map(({ message }) => message)).toEqual([
      "The caller may not read this object of Query.items.",
    ]);
    expect((await rejecting.ask([], "{ items { __typename } }")).errors).toEqual([]);
  });

  it.each([
    ["in a condition", "{ items { ... on Shelf { __typename } } }"],
    ["in a fragment", "{ items { ...F } } fragment F on Shelf { label }"],
    [
      "in a condition that is left out",
      "query ($no: Boolean = false) { items { ... on Shelf @include(if: $no) { label } } }",
    ],
  ])("refuses the operation that names the type %s", async (_how, query) => {
    expect(await rejecting.ask(null, query)).toMatchObject({ status: 401, data: undefined, calls: [] });
    expect((await rejecting.ask([], query)).errors).toEqual([]);
  });

  it("refuses a field of an interface that is denied of all its types, by the interface's name", async () => {
    expect(await messagesOf("{ priced { cost } }")).toEqual(["The caller may not read Priced.cost."]);
    expect(await messagesOf("{ priced { __typename ... on Book { id } } }")).toEqual([]);
  });
});

describe.each([
  ["filters", "the reference executor", "1000000"],
  ["filters", "compiled code", "1"],
  ["rejects", "the reference executor", "1000000"],
  ["rejects", "compiled code", "1"],
])("where a BFF %s, by %s, node", (denies, _tier, from) => {
  const backend = new ScriptedBackend();
  let project: ProjectGateway;
  const idOf = (text: string): string => Buffer.from(text).toString("base64url");
  beforeAll(async () => {
    await backend.start();
    backend.answer = { headers: { "content-type": "application/json" }, body: '{"id":"1"}' };
    const setting = denies === "rejects" ? "reject" : "filter";
    project = await startProject(
      {
        shop: `extend schema @source(name: "shop", url: "${backend.url}")
          type Query {
            product(id: ID!): Product @lookup @rest(GET: "/products/{args.id}")
            secret(id: ID!): Secret @lookup @rest(GET: "/secrets/{args.id}")
          }
          type Product @key(fields: "id") { id: ID! name: String }
          type Secret @key(fields: "id") @authenticated { id: ID! name: String }`,
      },
      `type Query { node(id: ID!): Node @node  nodes(ids: [ID!]!): [Node]! @node }
       interface Node { id: ID! }
       type Product implements Node { id: ID! @globalId name: String }
       type Secret implements Node { id: ID! @globalId name: String }`,
      { COMPILE_FROM_REQUEST: from },
      { config: `{ name: "web", anonymous: true, denied: "${setting}" }` },
    );
  });
  beforeEach(() => backend.clear());
  afterAll(async () => {
    await project.stop();
    await backend.stop();
  });

  it("finds what is not guarded, and denies the rest without asking for it or naming its type", async () => {
    const variables = { ids: [idOf("Product:1"), idOf("Secret:1")] };
    const answer = await project.query(
      "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Product { name } } }",
      {
        variables,
      },
    );
    expect(answer.data).toEqual({ nodes: [{ id: idOf("Product:1"), name: null }, null] });
    expect(answer.errors.map(({ path, message, extensions }) => [path, message, extensions.code])).toEqual([
      [["nodes", 1], "The caller may not read this object of Query.nodes.", denied],
    ]);
    expect(backend.requests.map(({ url }) => url)).toEqual(["/products/1"]);
  });

  it("asks for nothing where an operation names what is guarded", async () => {
    const variables = { id: idOf("Secret:1") };
    const query = "query ($id: ID!) { node(id: $id) { ... on Secret { name } } }";
    const { status, errors } = await project.query(query, { variables });
    expect([status, errors.map(({ extensions }) => extensions.code)]).toEqual(
      denies === "rejects" ? [401, ["UNAUTHENTICATED", "UNAUTHENTICATED"]] : [200, [denied]],
    );
    expect(backend.requests).toEqual([]);
  });
});

describe("a request's plan", () => {
  it.each([
    ["the reference executor", "1000000", "reference"],
    ["compiled code", "1", "compiled"],
  ])("shows what is denied, and by which guards, where %s runs it", async (_what, from, tier) => {
    const explaining = await startGuardedLibrary("showPlan: true", { COMPILE_FROM_REQUEST: from });
    try {
      const query = "{ titles books { x: isbn author { name salary } } items { __typename } }";
      const { extensions } = await explaining.query(query, { extensions: { plan: true } });
      expect(extensions).toMatchObject({
        plan: {
          tier,
          denied: [
            {
              path: "books[].x",
              coordinate: "Book.isbn",
              failed: ['@requiresScopes(scopes: [["catalog", "isbn"], ["admin"]])'],
            },
            {
              path: "books[].author.salary",
              coordinate: "Person.salary",
              failed: ['@policy(policies: [["isSelf"], ["isHr", "inOffice"]])'],
            },
            { path: "items[]<Shelf>", coordinate: "Shelf", failed: ["@authenticated"] },
          ],
        },
      });
      const token = await explaining.token({ scope: "admin" });
      const allowed = await explaining.query("{ books { isbn } }", { token, extensions: { plan: true } });
      expect(allowed.extensions).toMatchObject({ plan: { tier, denied: [] } });
    } finally {
      await explaining.stop();
    }
  });
});
