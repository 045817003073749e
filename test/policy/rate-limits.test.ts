import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CertificateAuthority } from "../support/certificates.ts";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";
import { ScriptedBackend } from "../support/scripted-backend.ts";
import { openSession, postHttp2 } from "../support/secure-clients.ts";
import type { GraphqlAnswer } from "../support/test-gateway.ts";

// Every test has fields of its own: what one uses of a limit, no other does.

const source = `
  extend schema @source(name: "posts", url: "http://localhost:1")
  type Query {
    n: Int @rest(GET: "/n")
    shared: Int @rest(GET: "/n") @rateLimit(max: 3, window: "1h")
    both: Int @rest(GET: "/n") @rateLimit(max: 3, window: "1h")
    post(id: ID!, note: Note = { text: "none" }): Post
      @rest(GET: "/posts/{args.id}", query: { note: "$args.note.text", tags: "$args.note.tags" }) @rateLimit(max: 2, window: "1h", identityArgs: ["id", "note.text"])
    posts: [Post!] @rest(GET: "/posts")
  }
  type Mutation {
    publish(texts: [String!]): Post
      @rest(POST: "/posts", body: { texts: "$args.texts" })
      @rateLimit(max: 4, window: "1h", arrayLengthField: "texts", message: "Four texts an hour.")
  }
  type Post @key(fields: "id") {
    id: ID!
    code: String @rest(GET: "/codes{?ids*}", batch: { of: "$parent.id", as: "ids", match: "id", value: "code" })
      @rateLimit(max: 2, window: "1h")
    "Its call needs what is limited."
    seal(code: String @require(field: "code")): String @rest(GET: "/seals/{args.code}")
  }
  input Note { text: String = "none", tags: [String!] }
`;

const ownFields = Array.from(
  { length: 16 },
  (_, index) => `own${index}: Int @from(field: "n") @rateLimit(max: 3, window: "1h")`,
);

const client = `
  type Query {
    free: Int @from(field: "n")
    ${ownFields.join("\n    ")}
    closed: Int @from(field: "n") @rateLimit(max: 0, window: "1s", message: "Closed for today.")
    shared: Int
    again: Int @from(field: "shared")
    both: Int @rateLimit(max: 2, window: "1h")
    onlySource: Int @from(field: "both")
    post(id: ID!, note: Remark): Post
    sealed(id: ID!): Post @from(field: "post(id: $args.id)")
    pinned: Post @from(field: "post(id: \\"p9\\")")
    posts: [Post!]
    codes: [String] @from(field: "posts.code")
  }
  type Mutation { publish(texts: [String!]): Post }
  type Post { id: ID!  code: String  seal: String }
  input Remark @view(of: "Note") { words: String @from(field: "text")  tags: [String!] }
`;

const backend = new ScriptedBackend();
let project: ProjectGateway;

beforeAll(async () => {
  await backend.start();
  project = await startProject({ posts: source }, client, { POSTS_URL: backend.url });
});
afterAll(async () => {
  await project.stop();
  await backend.stop();
});
beforeEach(() => {
  backend.clear();
  backend.answer = ({ method, url }) => {
    if (url.startsWith("/codes")) return { body: [{ id: "p1", code: "c1" }] };
    if (url.startsWith("/seals")) return { body: '"sealed"' };
    if (url === "/n") return { body: "7" };
    return { body: method === "GET" && url === "/posts" ? [{ id: "p1" }] : { id: "p1" } };
  };
});

/** `ok`, or the code that refused it. */
async function outcomeOf(answer: Promise<GraphqlAnswer>): Promise<string> {
  const { status, errors } = await answer;
  return status === 200 && errors.length === 0 ? "ok" : `${status} ${errors[0]?.extensions.code}`;
}

async function ask(query: string, variables: Readonly<Record<string, unknown>> = {}): Promise<string> {
  return outcomeOf(project.query(query, { variables }));
}

const refused = "429 RATE_LIMITED";

describe("a limited field", () => {
  it("is refused when it was used as often as it may be, with all that the operation asks for besides", async () => {
    const outcomes: string[] = [];
    for (let count = 0; count < 3; count++) outcomes.push(await ask("{ own0 }"));
    expect([...outcomes, backend.requests.length]).toEqual(["ok", "ok", "ok", 3]);
    const answer = await project.query("{ free own0 posts { id } }");
    expect([answer.status, answer.data, answer.errors]).toEqual([
      429,
      undefined,
      [
        {
          message: "Query.own0 may be used 3 times in 1h; this operation uses it once.",
          extensions: {
            code: "RATE_LIMITED",
            coordinate: "Query.own0",
            max: 3,
            window: "1h",
            retryAfterSeconds: expect.any(Number),
          },
        },
      ],
    ]);
    const retryAfter = Number(answer.headers.get("retry-after"));
    expect(retryAfter).toBeGreaterThan(1190);
    expect(retryAfter).toBeLessThanOrEqual(1200);
    expect(answer.errors[0]?.extensions).toMatchObject({ retryAfterSeconds: retryAfter });
    expect(answer.headers.get("ratelimit-policy")).toBe('"Query.own0";q=3;qu="uses";w=3600');
    expect(answer.headers.get("ratelimit")).toBe(`"Query.own0";r=0;t=${retryAfter}`);
    expect(backend.requests).toHaveLength(3);
    expect(await ask("{ free }")).toBe("ok");
  });

  it("says what is left with every answer, without the values that tell limits apart", async () => {
    const lefts: unknown[] = [];
    const query =
      'query ($id: ID!) { post(id: $id, note: { words: "secret" }) { id } other: post(id: "o7") { id } free }';
    for (let count = 0; count < 3; count++) {
      const { headers, text } = await project.query(query, { variables: { id: "me@mail.example" } });
      const told = [headers.get("ratelimit-policy"), headers.get("ratelimit")];
      expect([...told, text].join(" ")).not.toMatch(/secret|mail\.example|o7/);
      expect(told[0]).toBe('"Query.post";q=2;qu="uses";w=3600');
      lefts.push(/^"Query\.post";r=(\d);t=\d+$/.exec(told[1] ?? "")?.[1]);
    }
    expect(lefts).toEqual(["1", "0", "0"]);
    const { headers } = await project.query("{ free }");
    expect([headers.get("ratelimit-policy"), headers.get("ratelimit")]).toEqual([null, null]);
  });

  it("may be closed for everybody, in words of its own", async () => {
    const answer = await project.query("{ free closed }");
    expect([answer.status, answer.errors[0]?.message, answer.headers.get("retry-after")]).toEqual([
      429,
      "Closed for today.",
      null,
    ]);
    expect(answer.headers.get("ratelimit-policy")).toBe('"Query.closed";q=0;qu="uses";w=1');
    expect(answer.headers.get("ratelimit")).toBeNull();
    expect(backend.requests).toHaveLength(0);
  });

  it.each([
    ["aliases", "{ a: own1 b: own1 c: own1 d: own1 }", "{ a: own1 b: own1 c: own1 }", "{ own1 }"],
    [
      "fragments",
      "{ ...F b: own2 ... on Query { c: own2 ...G } } fragment F on Query { a: own2 } fragment G on Query { d: own2 }",
      "{ ...F ...F b: own2 ... { c: own2 } } fragment F on Query { a: own2 }",
      "{ ...F } fragment F on Query { x: own2 }",
    ],
  ])("is not used more often by %s", async (_how, over, at, more) => {
    expect(await ask(over)).toBe(refused);
    expect(backend.requests).toHaveLength(0);
    expect(await ask(at)).toBe("ok");
    expect(await ask(more)).toBe(refused);
  });

  it("counts where @skip and @include leave it in", async () => {
    const query =
      "query ($x: Boolean!) { free a: own3 @include(if: $x) b: own3 @skip(if: $x) c: own3 @include(if: $x) }";
    expect([await ask(query, { x: false }), await ask(query, { x: true })]).toEqual(["ok", "ok"]);
    expect([await ask(query, { x: false }), await ask("{ own3 @skip(if: true) free }")]).toEqual([
      refused,
      "ok",
    ]);
  });

  it("counts in whichever operation of a document is asked for, by GET and by POST", async () => {
    const query = "query A { own4 } query B { b: own4 }";
    const get = (operationName: string): Promise<Response> =>
      fetch(`${project.gateway.url}/web/graphql?${String(new URLSearchParams({ query, operationName }))}`);
    expect(await outcomeOf(project.query(query, { operationName: "A" }))).toBe("ok");
    expect((await get("B")).status).toBe(200);
    expect(await outcomeOf(project.query(query, { operationName: "B" }))).toBe("ok");
    expect((await get("A")).status).toBe(429);
    expect(await outcomeOf(project.query(query, { operationName: "A" }))).toBe(refused);
  });

  it("is not used by a batch, which is refused", async () => {
    const body = JSON.stringify(Array.from({ length: 5 }, () => ({ query: "{ own5 }" })));
    const headers = { "content-type": "application/json" };
    const { status } = await fetch(`${project.gateway.url}/web/graphql`, { method: "POST", headers, body });
    expect([status, backend.requests.length]).toEqual([400, 0]);
    expect([await ask("{ a: own5 b: own5 c: own5 }"), await ask("{ own5 }")]).toEqual(["ok", refused]);
  });

  it("is used just so often by requests beside each other, equal ones and different ones", async () => {
    const equal = await Promise.all(Array.from({ length: 40 }, () => ask("{ own6 }")));
    expect(equal.filter((outcome) => outcome === "ok")).toHaveLength(3);
    const different = await Promise.all(Array.from({ length: 40 }, (_, index) => ask(`{ a${index}: own7 }`)));
    expect(different.filter((outcome) => outcome === "ok")).toHaveLength(3);
    expect(new Set([...equal, ...different])).toEqual(new Set(["ok", refused]));
  });

  it("is not used by an operation that is refused for another field", async () => {
    expect(await ask("{ a: own8 b: own8 c: own8 }")).toBe("ok");
    for (let count = 0; count < 5; count++) expect(await ask("{ own8 own9 }")).toBe(refused);
    expect(await ask("{ a: own9 b: own9 c: own9 }")).toBe("ok");
  });

  it("is not used by what is no valid operation", async () => {
    for (const query of ["{ own10 nope }", "query ($x: Int!) { own10 f: free @skip(if: $x) }", "{ own10 "])
      expect(await ask(query)).toMatch(/^(?:200|400) /);
    expect(await ask("query ($x: Boolean!) { own10 @skip(if: $x) }", { x: "no" })).toMatch(/BAD_USER_INPUT/);
    expect([await ask("{ a: own10 b: own10 c: own10 }"), await ask("{ own10 }")]).toEqual(["ok", refused]);
  });
});

describe("what a source limits", () => {
  it("is limited for all client fields that read it together", async () => {
    expect([await ask("{ shared again }"), await ask("{ shared again }")]).toEqual(["ok", refused]);
    expect([await ask("{ again }"), await ask("{ again }")]).toEqual(["ok", refused]);
  });

  it("holds beside what the client schema says", async () => {
    expect([await ask("{ a: both b: both }"), await ask("{ both }")]).toEqual(["ok", refused]);
    expect([await ask("{ onlySource }"), await ask("{ onlySource }")]).toEqual(["ok", refused]);
  });

  it("is told by the client's name, not by the source's", async () => {
    await ask("{ a: onlySource b: onlySource c: onlySource }");
    const { text } = await project.query("{ onlySource }");
    expect(text).toContain("Query.onlySource");
    expect(text).not.toContain("Query.both");
  });

  it("counts for all rows of a list as one, by a path, and where it is required", async () => {
    expect(await ask("{ posts { seal } }")).toBe("ok");
    expect(await ask("{ codes posts { code } }")).toBe(refused);
    expect(await ask("{ codes }")).toBe("ok");
    expect(await ask("{ posts { id } }")).toBe("ok");
    expect(await ask("{ posts { seal } }")).toBe(refused);
  });

  it("tells arguments apart as the source gets them, wherever they come from", async () => {
    const queries: [query: string, variables?: Record<string, unknown>][] = [
      ['{ post(id: "p9") { id } }'],
      ["query ($id: ID!) { post(id: $id, note: { tags: [] }) { id } }", { id: "p9" }],
      ["{ pinned { id } }"],
      ["query ($id: ID!) { sealed(id: $id) { id } }", { id: "p9" }],
      ['query ($n: Remark) { post(id: "p9", note: $n) { id } }', {}],
      ['query ($n: Remark = { words: "none" }) { post(id: "p9", note: $n) { id } }', {}],
      ['query ($n: Remark) { post(id: "p9", note: $n) { id } }', { n: { tags: ["x"], words: "none" } }],
    ];
    const outcomes: string[] = [];
    for (const [query, variables = {}] of queries) outcomes.push(await ask(query, variables));
    expect(outcomes).toEqual(["ok", "ok", ...Array<string>(5).fill(refused)]);
    expect(await ask('{ post(id: "p9", note: { words: "other" }) { id } }')).toBe("ok");
    expect(await ask('{ a: post(id: "p7") { id } b: post(id: "p8") { id } }')).toBe("ok");
  });

  it("counts the elements of a list", async () => {
    const publish = "mutation ($texts: [String!]) { publish(texts: $texts) { id } }";
    expect(await ask(publish, { texts: ["a", "b", "c", "d", "e"] })).toBe(refused);
    expect(await ask(publish, { texts: ["a", "b", "c"] })).toBe("ok");
    const answer = await project.query(publish, { variables: { texts: ["a", "b"] } });
    expect([answer.status, answer.errors[0]?.message]).toEqual([429, "Four texts an hour."]);
    expect([await ask(publish, { texts: [] }), await ask(publish)]).toEqual(["ok", refused]);
    expect(backend.requests).toHaveLength(2);
  });
});

describe("streams of HTTP/2", () => {
  it("of one connection use a field just so often", async () => {
    const authority = new CertificateAuthority();
    const { certificateFile, keyFile } = authority.issue("gateway", "IP:127.0.0.1");
    const secure = await startProject({ posts: source }, client, {
      POSTS_URL: backend.url,
      TLS_CERT_FILE: certificateFile,
      TLS_KEY_FILE: keyFile,
    });
    const session = await openSession(secure.gateway.url, { ca: authority.certificate });
    const answers = await Promise.all(Array.from({ length: 40 }, () => postHttp2(session, "{ a: own0 }")));
    session.destroy();
    await secure.stop();
    authority.remove();
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(3);
    expect(statuses.filter((status) => status === 429)).toHaveLength(37);
  });
});
