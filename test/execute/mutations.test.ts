import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { HttpBackend, HttpError } from "../backends/http-backend.ts";
import { countUp, RequestLog } from "../backends/request-log.ts";
import { eventually } from "../support/eventually.ts";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";

// Mutations: one call each, one after the other, and everything that is read after one is asked for again.

const notesSource = `
extend schema @source(name: "notes", url: "http://localhost:1", timeoutMs: 2000)
type Query {
  notes: [Note!] @rest(GET: "/notes", select: "data")
  note(id: ID!): Note @lookup @rest(GET: "/notes{?ids*}", batch: { of: "$args.id", as: "ids", match: "id" }, select: "data")
  total: Int @rest(GET: "/total", select: "total")
}
type Mutation {
  rename(id: ID!, title: String!): Renamed @rest(GET: "/rename/{args.id}{?args.title}")
  touch: Int @rest(GET: "/touch", select: "total")
  edit(id: ID!, patch: NotePatch!): Note @rest(PATCH: "/notes/{args.id}", body: "$args.patch")
  create(title: String!, body: String, tags: [String!]): Note @rest(POST: "/notes")
}
input NotePatch { title: String body: String meta: MetaPatch }
input MetaPatch { color: String pinned: Boolean = false }
type Renamed { at: Int!  note: Note @from(field: "{ id: id }") }
type Note @key(fields: "id") { id: ID!  title: String! }
`;

const clientSchema = `
type Query { notes: [Note!]  note(id: ID!): Note  board: Board! }
type Board @view(of: "Query") { total: Int  all: [Note!] @from(field: "notes") }
type Mutation {
  rename(id: ID!, title: String!): Renamed
  name(id: ID!, to: String!): String @from(field: "rename(id: $args.id, title: $args.to).note.title")
  note(id: ID!, title: String!): Note @from(field: "rename(id: $args.id, title: $args.title).note")
  sure: Int! @from(field: "touch")
  edit(id: ID!, changes: Changes!): Note @from(field: "edit(id: $args.id, patch: $args.changes)")
  recolor(id: ID!, to: String): Note @from(field: "edit(id: $args.id, patch: { meta: { color: $args.to } })")
  create(title: String!, text: String, tags: [String!]): Note @from(field: "create(title: $args.title, body: $args.text, tags: $args.tags)")
  touch: Int
  titled(title: String = "untitled"): Note @from(field: "create(title: $args.title)")
  tagged(title: String!, tag: String = "new"): Note @from(field: "create(title: $args.title, tags: [$args.tag])")
}
input Changes @view(of: "NotePatch") { title: String  text: String @from(field: "body")  meta: Meta }
input Meta @view(of: "MetaPatch") { colour: String @from(field: "color") }
type Renamed { at: Int!  note: Note  board: Board!  query: Query! }
type Note { id: ID!  title: String! }
`;

const titles = new Map<string, string>();
let writes = 0;
const log = new RequestLog(countUp());
const backend = new HttpBackend(
  [
    {
      method: "GET",
      path: "/notes",
      answer: ({ query }) => {
        const ids = query.has("ids") ? query.getAll("ids") : [...titles.keys()];
        return { data: ids.filter((id) => titles.has(id)).map((id) => ({ id, title: titles.get(id) })) };
      },
    },
    { method: "GET", path: "/total", answer: () => ({ total: writes }) },
    {
      method: "GET",
      path: "/rename/{id}",
      answer: ({ path: { id = "" }, query }) => {
        if (!titles.has(id)) throw new HttpError(422, "unknown");
        titles.set(id, query.get("title") ?? "");
        return { id, at: ++writes };
      },
    },
    { method: "PATCH", path: "/notes/{id}", answer: ({ path: { id } }) => ({ id, title: "patched" }) },
    { method: "POST", path: "/notes", answer: () => ({ id: "n9", title: "created" }) },
    { method: "GET", path: "/touch", answer: () => ({ total: ++writes }) },
  ],
  log,
);
let test: ProjectGateway;

beforeAll(async () => {
  const { url } = await backend.start();
  test = await startProject({ notes: notesSource }, clientSchema, { NOTES_URL: url });
});
afterAll(async () => {
  await test.stop();
  await backend.stop();
});
beforeEach(() => {
  backend.faults.clear();
  log.clear();
  writes = 0;
  titles.clear();
  for (const id of ["n1", "n2"]) titles.set(id, `title of ${id}`);
});

function urls(): (string | null)[] {
  return log.entries.map((entry) => entry.url);
}

describe("mutations", () => {
  it("are called one after the other, each with what is selected of it before the next", async () => {
    backend.faults.set({ method: "GET /rename/n1", latencyMs: 30 });
    const answer = await test.query(`mutation {
      b: rename(id: "n1", title: "one") { at note { title } }
      a: rename(id: "n2", title: "two") { at note { id } }
      note(id: "n1", title: "three") { title }
    }`);
    expect(answer.data).toEqual({
      b: { at: 1, note: { title: "one" } },
      a: { at: 2, note: { id: "n2" } },
      note: { title: "three" },
    });
    expect(urls()).toEqual([
      "/rename/n1?title=one",
      "/notes?ids=n1",
      "/rename/n2?title=two",
      "/rename/n1?title=three",
      "/notes?ids=n1",
    ]);
  });

  it("are each sent, however equal they are", async () => {
    const answer = await test.query("mutation { touch a: touch b: touch }");
    expect(answer.data).toEqual({ touch: 1, a: 2, b: 3 });
    expect(urls()).toEqual(["/touch", "/touch", "/touch"]);
  });

  it("of which nothing is left answer an object of nothing, whichever executor runs them", async () => {
    for (let time = 0; time < 4; time++) {
      const answer = await test.query("mutation { touch @skip(if: true) }");
      expect(answer.data).toEqual({});
    }
    expect(urls()).toEqual([]);
  });

  it("go on along their path with what is read anew", async () => {
    const answer = await test.query('mutation { a: name(id: "n1", to: "x") b: name(id: "n1", to: "y") }');
    expect(answer.data).toEqual({ a: "x", b: "y" });
    expect(log.count("GET /notes")).toBe(2);
  });

  it("let what was read before be asked for again, after a failed one too", async () => {
    const answer = await test.query(`mutation {
      a: rename(id: "n1", title: "one") { board { total all { title } } }
      b: rename(id: "none", title: "x") { at }
      c: touch
      d: rename(id: "n2", title: "two") { board { total } query { board { total } note(id: "n2") { title } } }
    }`);
    expect(answer.data).toEqual({
      a: { board: { total: 1, all: [{ title: "one" }, { title: "title of n2" }] } },
      b: null,
      c: 2,
      d: { board: { total: 3 }, query: { board: { total: 3 }, note: { title: "two" } } },
    });
    expect(answer.errors.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [["b"], "UPSTREAM_REJECTED"],
    ]);
    expect(urls()).toEqual([
      "/rename/n1?title=one",
      "/total",
      "/notes",
      "/rename/none?title=x",
      "/touch",
      "/rename/n2?title=two",
      "/total",
      "/notes?ids=n2",
    ]);
  });

  it("that find nothing to change have failed, unlike a query that finds nothing", async () => {
    backend.faults.set({ method: "GET /touch", fault: "status:404" });
    backend.faults.set({ method: "GET /total", fault: "status:404" });
    const answer = await test.query("mutation { touch }");
    expect(answer.errors.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [["touch"], "UPSTREAM_REJECTED"],
    ]);
    const read = await test.query("{ board { total } }");
    expect([read.data, read.errors]).toEqual([{ board: { total: null } }, []]);
  });

  it("after one whose failure makes the data null are not called", async () => {
    backend.faults.set({ method: "GET /touch", fault: "error" });
    const answer = await test.query('mutation { sure rename(id: "n1", title: "one") { at } }');
    expect(answer.data).toBeNull();
    expect(answer.errors.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [["sure"], "UPSTREAM_ERROR"],
    ]);
    expect(urls()).toEqual(["/touch"]);
  });

  it("that were sent are not cancelled by a client that goes away, and those after it are not sent", async () => {
    backend.faults.set({ method: "GET /touch", latencyMs: 150 });
    const client = new AbortController();
    const answer = test.query('mutation { touch rename(id: "n1", title: "one") { at } }', {
      signal: client.signal,
    });
    const failed = answer.catch((error: unknown) => error);
    await eventually(() => expect(log.count("GET /touch")).toBe(1));
    client.abort();
    expect(await failed).toMatchObject({ name: "AbortError" });
    await eventually(() => expect(writes).toBe(1));
    await test.query("{ notes { id } }");
    expect(urls()).toEqual(["/touch", "/notes"]);
    expect(log.entries.map(({ cancelled }) => cancelled)).toEqual([false, false]);
  });

  it("hand over null and absent as what they are, under the backend's names", async () => {
    const edit = 'mutation ($changes: Changes!) { edit(id: "n1", changes: $changes) { title } }';
    for (const changes of [
      {},
      { text: null },
      { text: "x", meta: { colour: null } },
      { meta: null },
      { meta: {} },
    ])
      expect((await test.query(edit, { variables: { changes } })).errors).toEqual([]);
    expect(log.entries.map(({ method, message }) => [method, message])).toEqual([
      ["PATCH /notes/n1", {}],
      ["PATCH /notes/n1", { body: null }],
      ["PATCH /notes/n1", { body: "x", meta: { color: null, pinned: false } }],
      ["PATCH /notes/n1", { meta: null }],
      ["PATCH /notes/n1", { meta: { pinned: false } }],
    ]);
  });

  it("leave out of literals and bodies what their client leaves out", async () => {
    await test.query(`mutation {
      a: recolor(id: "n1", to: "red") { id } b: recolor(id: "n1", to: null) { id } c: recolor(id: "n1") { id }
      d: create(title: "t") { id } e: create(title: "t", text: null, tags: []) { id }
    }`);
    expect(log.entries.map(({ message }) => message)).toEqual([
      { meta: { color: "red", pinned: false } },
      { meta: { color: null, pinned: false } },
      { meta: { pinned: false } },
      { title: "t" },
      { title: "t", body: null, tags: [] },
    ]);
  });

  it("are not called without what they require, or with less than was said", async () => {
    const answer = await test.query(`mutation {
      a: titled(title: null) { id } b: tagged(title: "t", tag: null) { id } c: titled { id } d: tagged(title: "t") { id }
    }`);
    expect(answer.data).toEqual({ a: null, b: null, c: { id: "n9" }, d: { id: "n9" } });
    expect(answer.errors.map(({ path, message, extensions }) => [path, extensions.code, message])).toEqual([
      [["a"], "BAD_USER_INPUT", "Expected a value for title, found none."],
      [["b"], "BAD_USER_INPUT", "Expected a value for tag, found none."],
    ]);
    expect(log.entries.map(({ message }) => message)).toEqual([
      { title: "untitled" },
      { title: "t", tags: ["new"] },
    ]);
  });

  it("are refused by GET, and nothing is sent", async () => {
    const query = new URLSearchParams({ query: "mutation { touch }" });
    const response = await fetch(`${test.gateway.url}/web/graphql?${query}`);
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
    expect(urls()).toEqual([]);
  });

  it("run in the explorer of the supergraph, too", async () => {
    const response = await fetch(`${test.gateway.adminUrl}/supergraph`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        query:
          'mutation { a: rename(id: "n1", title: "one") { note { title } } b: rename(id: "n1", title: "two") { note { title } } }',
      }),
    });
    expect(await response.json()).toEqual({
      data: { a: { note: { title: "one" } }, b: { note: { title: "two" } } },
    });
  });
});
