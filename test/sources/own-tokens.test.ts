import { rmSync } from "node:fs";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Problems } from "../../gateway/core/problems.ts";
import { readSourceOauth } from "../../gateway/config/source-oauth.ts";
import { writeEchoProtos } from "../support/grpc-echo.ts";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";
import { type RawGrpc, startRawGrpc } from "../support/raw-grpc.ts";
import type { GraphqlAnswer, QueryOptions } from "../support/test-gateway.ts";
import { startRawServer } from "../support/raw-server.ts";
import { ScriptedBackend } from "../support/scripted-backend.ts";

// The gateway calls its sources in its own name.

const sources = {
  books: `extend schema @source(name: "books", url: "http://x", timeoutMs: 2000)
    type Query { title: String @rest(GET: "/title", select: "title") }
    type Mutation { rename(title: String!): String @rest(POST: "/rename", select: "title") }`,
  films: `extend schema @source(name: "films", url: "http://x/graphql", kind: GRAPHQL)
    type Query { film: String }`,
  echo: `extend schema @source(name: "echo", url: "grpc://x", proto: "echo/v1/echo.proto", service: "echo.v1.EchoService")
    type Query { echo(text: String): String @grpc(method: "Safe", select: "text") }`,
};
const client = `type Query { title: String film: String echo(text: String): String }
  type Mutation { rename(title: String!): String }`;

const books = new ScriptedBackend();
const films = new ScriptedBackend();
const issuer = new ScriptedBackend();
let echo: RawGrpc;
let protos = "";
/** How many tokens the issuer has given out; the last of them is the one that backends accept. */
let issued = 0;
let accepts: (authorization: string) => boolean = () => true;

beforeAll(async () => {
  protos = writeEchoProtos();
  await Promise.all([books.start(), films.start(), issuer.start()]);
  echo = await startRawGrpc("/echo.v1.EchoService/Safe");
});
afterAll(async () => {
  await Promise.all([books.stop(), films.stop(), issuer.stop(), echo.stop()]);
  rmSync(protos, { recursive: true });
});

function oauthOf(name: string): Record<string, string> {
  return {
    [`${name}_OAUTH_TOKEN_URL`]: `${issuer.url}/token`,
    [`${name}_OAUTH_CLIENT_ID`]: `gateway-for-${name.toLowerCase()}`,
    [`${name}_OAUTH_CLIENT_SECRET`]: "open-sesame",
  };
}

type Ask = (query: string, options?: QueryOptions) => Promise<GraphqlAnswer>;

/** A gateway of its own, so that no token is at hand. */
async function withGateway(run: (ask: Ask, started: ProjectGateway) => Promise<void>): Promise<void> {
  const gateway = await startProject(
    sources,
    client,
    {
      BOOKS_URL: books.url,
      FILMS_URL: `${films.url}/graphql`,
      ECHO_URL: echo.url,
      LOG_LEVEL: "debug",
      ...oauthOf("BOOKS"),
      ...oauthOf("FILMS"),
      ...oauthOf("ECHO"),
    },
    { protos },
  );
  try {
    await run((text, options) => gateway.query(text, options), gateway);
  } finally {
    await gateway.stop();
  }
}

beforeEach(() => {
  for (const backend of [books, films, issuer]) backend.clear();
  echo.received.length = 0;
  echo.metadata.length = 0;
  issued = 0;
  accepts = () => true;
  issuer.answer = () => {
    issued += 1;
    return { body: { access_token: `token-${issued}`, token_type: "Bearer", expires_in: 3600 } };
  };
  books.answer = ({ headers }) =>
    accepts(headers["authorization"] ?? "") ? { body: { title: "Emma" } } : { status: 401 };
  films.answer = ({ headers }) =>
    accepts(headers["authorization"] ?? "") ? { body: { data: { _0: "Heat" } } } : { status: 401 };
  echo.answer = (request) =>
    accepts(String(echo.metadata.at(-1)?.get("authorization")[0]))
      ? request
      : Object.assign(new Error("who are you?"), { code: status.UNAUTHENTICATED });
});

const query = '{ title film echo(text: "x") }';
const answered = { title: "Emma", film: "Heat", echo: "x" };

function sent(): Record<"books" | "films" | "echo", (string | undefined)[]> {
  return {
    books: books.requests.map(({ headers }) => headers["authorization"]),
    films: films.requests.map(({ headers }) => headers["authorization"]),
    echo: echo.metadata.map((metadata) => metadata.get("authorization").map(String).join(" AND ")),
  };
}

describe("a source with credentials of its own for the gateway", () => {
  it("gets one token for all calls of all callers, whatever these send", () =>
    withGateway(async (ask) => {
      const headers = { "x-authorization": "Bearer theirs", "proxy-authorization": "Bearer theirs" };
      const answers = await Promise.all(Array.from({ length: 20 }, () => ask(query, { headers })));
      for (const { data } of answers) expect(data).toEqual(answered);
      expect(issuer.requests).toHaveLength(3);
      for (const tokens of Object.values(sent())) {
        expect(tokens.length).toBeGreaterThan(0);
        expect(new Set(tokens).size).toBe(1);
        expect(tokens[0]).toMatch(/^Bearer token-[123]$/);
      }
      expect(new Set(Object.values(sent()).map(([token]) => token)).size).toBe(3);
    }));

  it("is asked once more with a fresh token where it refuses the one it gets, by everybody together", () =>
    withGateway(async (ask) => {
      expect((await ask(query)).data).toEqual(answered);
      const refused = new Set(Object.values(sent()).flat());
      accepts = (authorization) => !refused.has(authorization);
      const answers = await Promise.all(Array.from({ length: 10 }, () => ask(query)));
      for (const { data } of answers) expect(data).toEqual(answered);
      expect(issuer.requests).toHaveLength(6);
    }));

  it("that refuses every token is not the reason for a flood of requests for tokens", () =>
    withGateway(async (ask) => {
      accepts = () => false;
      for (let time = 0; time < 5; time++) {
        const { data, errors } = await ask(query);
        expect(data).toEqual({ title: null, film: null, echo: null });
        expect(errors.map(({ extensions }) => extensions.code)).toEqual(
          Array.from({ length: 3 }, () => "UPSTREAM_DENIED"),
        );
      }
      expect(issuer.requests).toHaveLength(6);
      expect(books.requests).toHaveLength(6);
    }));

  it("is asked to change something once only, and gets a fresh token for the next call", () =>
    withGateway(async (ask) => {
      accepts = (authorization) => authorization !== "Bearer token-1";
      const rename = 'mutation { rename(title: "x") }';
      const { errors } = await ask(rename);
      expect(errors.map(({ extensions }) => extensions.code)).toEqual(["UPSTREAM_DENIED"]);
      expect(sent().books).toEqual(["Bearer token-1"]);
      expect((await ask(rename)).data).toEqual({ rename: "Emma" });
      expect(sent().books).toEqual(["Bearer token-1", "Bearer token-2"]);
    }));

  it("is not called without a token, and no word of why reaches clients", () =>
    withGateway(async (ask, { log, gateway: { adminUrl } }) => {
      issuer.answer = { status: 401, body: { error: "invalid_client", error_description: "marker" } };
      const { data, errors, text } = await ask(query);
      expect(data).toEqual({ title: null, film: null, echo: null });
      expect(errors.map(({ message, extensions: { code } }) => `${code} ${message}`)).toEqual(
        Array.from(
          { length: 3 },
          () => "UPSTREAM_UNAUTHENTICATED The gateway could not authenticate itself to a backend.",
        ),
      );
      expect(sent()).toEqual({ books: [], films: [], echo: [] });
      expect(text).not.toMatch(/invalid_client|token endpoint/);
      expect(log.text).toContain("the token endpoint answered 401, invalid_client");
      expect(log.text).not.toMatch(/marker|open-sesame|b3Blbi1zZXNhbWU/);
      const metrics = await (await fetch(`${adminUrl}/metrics`)).text();
      expect(metrics).toContain('overlock_source_tokens_total{source="books",result="failed"} 1');
    }));

  it("waits for a token no longer than its own time", async () => {
    const silent = await startRawServer(() => {});
    const url = `http://${silent.address}/token`;
    const environment = { BOOKS_URL: books.url, ...oauthOf("BOOKS"), BOOKS_OAUTH_TOKEN_URL: url };
    const started = await startProject({ books: sources.books }, "type Query { title: String }", environment);
    const { errors } = await started.query("{ title }");
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(["UPSTREAM_TIMEOUT"]);
    expect(books.requests).toEqual([]);
    await started.stop();
    await silent.stop();
  });
});

describe("the variables of a source's credentials", () => {
  const complete = {
    BOOKS_OAUTH_TOKEN_URL: "https://issuer.example/token",
    BOOKS_OAUTH_CLIENT_ID: "gateway",
    BOOKS_OAUTH_CLIENT_SECRET: "open-sesame",
  };

  function read(
    changed: Readonly<Record<string, string | undefined>>,
    {
      url = "https://books.example",
      headers = [],
    }: { readonly url?: string; readonly headers?: readonly string[] } = {},
  ) {
    const problems = new Problems();
    const source = { name: "books", url, headers: new Set(headers) };
    const settings = readSourceOauth(source, { ...complete, ...changed }, problems);
    return {
      settings,
      problems: problems.errors.map(
        ({ coordinate, expected, found }) => `${coordinate}: ${expected}, found ${found}`,
      ),
    };
  }

  it("may be left out", () => {
    const none = Object.fromEntries(Object.keys(complete).map((name) => [name, undefined]));
    expect(read(none)).toEqual({ settings: null, problems: [] });
  });

  it("are an address, a client and its secret, and what else the issuer wants", () => {
    expect(read({ BOOKS_OAUTH_SCOPE: "a b", BOOKS_OAUTH_AUDIENCE: "books" })).toEqual({
      settings: {
        tokenUrl: "https://issuer.example/token",
        clientId: "gateway",
        clientSecret: "open-sesame",
        scope: "a b",
        audience: "books",
      },
      problems: [],
    });
  });

  it.each(["http://127.0.0.1:1", "grpcs://books.example", "grpc://localhost:1", "http://[::1]:1"])(
    "are sound for a source at %s",
    (url) => expect(read({}, { url }).problems).toEqual([]),
  );

  const together = "a value: it belongs together with BOOKS_OAUTH_TOKEN_URL, found nothing";
  const tls =
    "BOOKS_OAUTH_TOKEN_URL: a URL of BOOKS_URL with TLS or on this machine, because a token is sent with every call";
  const endpoint =
    "BOOKS_OAUTH_TOKEN_URL: a URL that begins with https://, or http:// on this machine, without credentials";
  const text = "printable ASCII of at most 4096 characters, without spaces around it, found something else";

  it.each([
    ["no client", { BOOKS_OAUTH_CLIENT_ID: undefined }, {}, `BOOKS_OAUTH_CLIENT_ID: ${together}`],
    ["no secret", { BOOKS_OAUTH_CLIENT_SECRET: undefined }, {}, `BOOKS_OAUTH_CLIENT_SECRET: ${together}`],
    ["an empty secret", { BOOKS_OAUTH_CLIENT_SECRET: "" }, {}, `BOOKS_OAUTH_CLIENT_SECRET: ${text}`],
    [
      "a secret with its line break",
      { BOOKS_OAUTH_CLIENT_SECRET: "marker\n" },
      {},
      `BOOKS_OAUTH_CLIENT_SECRET: ${text}`,
    ],
    [
      "no TLS to the issuer",
      { BOOKS_OAUTH_TOKEN_URL: "http://issuer.example/token" },
      {},
      `${endpoint}, found "http://issuer.example/token"`,
    ],
    [
      "credentials in the URL",
      { BOOKS_OAUTH_TOKEN_URL: "https://u:marker@issuer.example/token" },
      {},
      `${endpoint}, found "https://…@issuer.example/token"`,
    ],
    ["no TLS to the source", {}, { url: "http://books.example" }, `${tls}, found "http://books.example"`],
    [
      "a host that only looks like this machine",
      {},
      { url: "grpc://127.0.0.1.books.example" },
      `${tls}, found "grpc://127.0.0.1.books.example"`,
    ],
    [
      "a source that passes tokens through",
      {},
      { headers: ["authorization"] },
      "BOOKS_OAUTH_TOKEN_URL: books neither forwards nor sets authorization, which is the gateway's own token's, found a schema that does",
    ],
    [
      "a misspelt name",
      { BOOKS_OAUTH_SCOPES: "a" },
      {},
      `BOOKS_OAUTH_SCOPES: a variable that the gateway reads (${["TOKEN_URL", "CLIENT_ID", "CLIENT_SECRET", "SCOPE", "AUDIENCE"].map((name) => `BOOKS_OAUTH_${name}`).join(", ")}), found BOOKS_OAUTH_SCOPES`,
    ],
  ])("are refused with %s, and nothing of a secret is told", (_what, changed, source, problem) => {
    const { problems } = read(changed, source);
    expect(problems).toEqual([problem]);
    expect(problems.join()).not.toMatch(/marker|sesame/);
  });
});
