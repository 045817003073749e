import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";
import { rawRequest, type RawAnswer, sendRaw } from "../support/raw-connection.ts";
import { ScriptedBackend } from "../support/scripted-backend.ts";

// What pages of other sites may make a browser ask for.

const sdl = `extend schema @source(name: "books", url: "http://books.invalid")
type Query { title: String @rest(GET: "/title", select: "title") }`;
const client = "type Query { title: String }";
const host = "gateway.example:4000";
const own = `http://${host}`;
const friend = "https://shop.example";

const backend = new ScriptedBackend();
/** By what `cors` says. */
const gateways = new Map<string, ProjectGateway>();

async function open(name: string, cors: string | null, origins?: string): Promise<void> {
  const config = `{ name: "web", anonymous: true, explorer: true${cors === null ? "" : `, cors: ${cors}`} }`;
  gateways.set(
    name,
    await startProject({ books: sdl }, client, { BOOKS_URL: backend.url, SHOP_ORIGINS: origins }, { config }),
  );
}

beforeAll(async () => {
  await backend.start();
  await open("none", null);
  await open("listed", `{ origins: ["${friend}", "https://other.example:8443", "capacitor://localhost"] }`);
  const reference = '{ environmentVariable: "SHOP_ORIGINS", default: null }';
  await open("environment", `{ origins: ${reference} }`, `${friend} , https://other.example:8443`);
  await open("environmentOpen", `{ origins: ${reference} }`, "*");
  await open("credentials", `{ origins: ["${friend}"], credentials: true, headers: ["X-App"] }`);
  await open("open", '{ origins: ["*"], exposedHeaders: [], maxAgeSeconds: 0 }');
});
afterAll(async () => {
  await Promise.all([...gateways.values()].map((gateway) => gateway.stop()));
  await backend.stop();
});
beforeEach(() => {
  backend.clear();
  backend.answer = { body: { title: "Emma" } };
});

type Headers = Readonly<Record<string, string>>;

function urlOf(name: string): string {
  const found = gateways.get(name);
  if (found === undefined) throw new Error(`Expected a gateway called ${name}.`);
  return found.gateway.url;
}

function post(name: string, headers: Headers): Promise<RawAnswer> {
  const all = { host, "content-type": "application/json", ...headers };
  return sendRaw(
    urlOf(name),
    rawRequest("POST /web/graphql HTTP/1.1", all, JSON.stringify({ query: "{ title }" })),
  );
}

function get(name: string, headers: Headers): Promise<RawAnswer> {
  return sendRaw(
    urlOf(name),
    rawRequest("GET /web/graphql?query=%7Btitle%7D HTTP/1.1", { host, ...headers }),
  );
}

function preflight(name: string, headers: Headers): Promise<RawAnswer> {
  const asked = {
    host,
    "access-control-request-method": "POST",
    "access-control-request-headers": "content-type",
  };
  return sendRaw(urlOf(name), rawRequest("OPTIONS /web/graphql HTTP/1.1", { ...asked, ...headers }));
}

function grantsOf({ headers }: RawAnswer): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => name.startsWith("access-control-")));
}

function expectRefused(answer: RawAnswer): void {
  expect(answer.status).toBe(403);
  expect(JSON.parse(answer.body)).toEqual({
    errors: [
      { message: "Pages of other sites are not answered here.", extensions: { code: "CROSS_SITE_REQUEST" } },
    ],
  });
  expect(grantsOf(answer)).toEqual({});
  expect(backend.requests).toEqual([]);
}

/** Origins that are somebody else's, however much they look like the host's or the friend's own. */
const strangers = [
  "https://evil.example",
  "null",
  "",
  "*",
  "https://shop.example.evil.example",
  "https://evilshop.example",
  "https://evil.example/https://shop.example",
  "https://sub.shop.example",
  "https://shop.example.",
  "https://shop.example:443",
  "https://shop.example:8443",
  "http://shop.example",
  "https://shop.example/",
  "https://shop.example@evil.example",
  "https://evil.example#https://shop.example",
  "https://evil.example?https://shop.example",
  "https://shop_example",
  "https://shopXexample",
  "HTTPS://SHOP.EXAMPLE",
  "https://shop.example, https://evil.example",
  "https://shop.example https://evil.example",
  "https://other.example",
  "capacitor://localhost.evil.example",
  "http://gateway.example",
  "http://gateway.example:4001",
  "http://gateway.example:4000.evil.example",
  "http://gateway.example:4000@evil.example",
  "gateway.example:4000",
  "//gateway.example:4000",
  "ftp://gateway.example:4000",
  "file://",
];

describe("a request of another site's page", () => {
  it.each(strangers)(
    "of the origin %j is refused, by POST, GET and stream, and nothing is called",
    async (origin) => {
      for (const name of ["none", "listed", "credentials"]) {
        expectRefused(await post(name, { origin }));
        expectRefused(await get(name, { origin }));
        expectRefused(await post(name, { origin, "sec-fetch-site": "same-origin" }));
      }
      const stream = await get("none", { origin, accept: "text/event-stream" });
      expect(stream.status).toBe(403);
      expect(backend.requests).toEqual([]);
    },
  );

  it.each(["cross-site", "same-site", "Cross-Site", "same-origin, cross-site", "", "other"])(
    "that the browser marks as %j is refused, with an origin and without",
    async (site) => {
      expectRefused(await post("none", { "sec-fetch-site": site }));
      expectRefused(await get("none", { "sec-fetch-site": site }));
      expectRefused(await get("none", { "sec-fetch-site": site, accept: "text/event-stream" }));
      expectRefused(await post("none", { "sec-fetch-site": site, origin: own }));
      expectRefused(await get("listed", { "sec-fetch-site": site }));
      expectRefused(await get("open", { "sec-fetch-site": site }));
    },
  );

  it("is refused before its body is read", async () => {
    const head = `POST /web/graphql HTTP/1.1\r\nhost: ${host}\r\norigin: https://evil.example\r\n`;
    const answer = await sendRaw(
      urlOf("none"),
      `${head}content-type: application/json\r\ncontent-length: 100\r\n\r\n`,
    );
    expectRefused(answer);
    expect(answer.headers.get("connection")).toBe("close");
  });

  it("with two origins is refused, whichever comes first", async () => {
    for (const [first, second] of [
      [own, "https://evil.example"],
      ["https://evil.example", own],
    ]) {
      const lines = `GET /web/graphql?query=%7Btitle%7D HTTP/1.1\r\nhost: ${host}\r\n`;
      expectRefused(await sendRaw(urlOf("none"), `${lines}origin: ${first}\r\norigin: ${second}\r\n\r\n`));
    }
  });

  it("is one line in the log, as a request that was refused", async () => {
    const { log } = gateways.get("none") as ProjectGateway;
    const before = log.text.length;
    await post("none", { origin: "https://evil.example" });
    expect(log.text.slice(before)).toMatch(/"outcome":"refused","status":403,.*"CROSS_SITE_REQUEST":1/);
  });

  it("may be a link to the explorer, which shows the page", async () => {
    const navigation = {
      accept: "text/html,application/xhtml+xml,*/*;q=0.8",
      "sec-fetch-site": "cross-site",
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "document",
    };
    const line = "GET /web/graphql HTTP/1.1";
    const answer = await sendRaw(urlOf("none"), rawRequest(line, { host, ...navigation }), false);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(backend.requests).toEqual([]);
  });
});

describe("a request of the gateway's own pages, or of no page", () => {
  it.each<Headers>([
    {},
    { origin: own },
    { origin: own, "sec-fetch-site": "same-origin" },
    { "sec-fetch-site": "same-origin" },
    { "sec-fetch-site": "none" },
    // TLS may end at a proxy in front.
    { origin: `https://${host}` },
    { host: "gateway.example", origin: "https://gateway.example" },
    { host: "Gateway.Example:443", origin: "https://gateway.example" },
    { host: "gateway.example:80", origin: "http://gateway.example" },
    { host: "[::1]:4000", origin: "http://[::1]:4000" },
    { referer: "https://evil.example/page" },
  ])("with %j is answered, by GET and by POST", async (headers) => {
    for (const answer of [await post("none", headers), await get("none", headers)]) {
      expect(answer.status).toBe(200);
      expect(answer.body).toBe('{"data":{"title":"Emma"}}');
      expect(grantsOf(answer)).toEqual({});
    }
    expect((await post("listed", headers)).headers.get("vary")).toBe("origin, accept-encoding");
  });

  it("is told apart by its port where the host states one", async () => {
    expectRefused(await get("none", { host: "gateway.example:80", origin: "https://gateway.example" }));
    expectRefused(await get("none", { host: "gateway.example:443", origin: "http://gateway.example" }));
  });
});

describe("a page of an origin that the environment names", () => {
  it.each([
    ["environment", friend, friend],
    ["environment", "https://other.example:8443", "https://other.example:8443"],
    ["environment", "https://evil.example", undefined],
    ["environment", `${friend},https://other.example:8443`, undefined],
    ["environmentOpen", "https://evil.example", "*"],
  ])("(%s) %s is granted %s", async (name, origin, granted) => {
    const answer = await post(name, { origin, "sec-fetch-site": "cross-site" });
    expect(grantsOf(answer)["access-control-allow-origin"]).toBe(granted);
    expect(answer.status).toBe(granted === undefined ? 403 : 200);
  });
});

describe("a page of an origin that cors names", () => {
  it.each([friend, "https://other.example:8443", "capacitor://localhost"])(
    "%s is answered and may read it, marked as cross-site or not",
    async (origin) => {
      for (const site of ["cross-site", "same-site", "same-origin"])
        for (const send of [get, post]) {
          const answer = await send("listed", { origin, "sec-fetch-site": site });
          expect(answer.status).toBe(200);
          expect(answer.body).toBe('{"data":{"title":"Emma"}}');
          expect(answer.headers.get("vary")).toBe("origin, accept-encoding");
          expect(grantsOf(answer)).toEqual({
            "access-control-allow-origin": origin,
            "access-control-expose-headers": "x-request-id",
          });
        }
    },
  );

  it("may read why a request was refused, and streams", async () => {
    const refused = await post("listed", { origin: friend, "content-type": "text/plain" });
    expect(refused.status).toBe(415);
    expect(refused.headers.get("access-control-allow-origin")).toBe(friend);
    const stream = await get("listed", { origin: friend, accept: "text/event-stream" });
    expect(stream.headers.get("access-control-allow-origin")).toBe(friend);
  });

  it("still has to send JSON", async () => {
    for (const contentType of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
      const answer = await post("listed", { origin: friend, "content-type": contentType });
      expect(answer.status).toBe(415);
    }
    expect(backend.requests).toEqual([]);
  });

  it("is any with a name where cors says *, without credentials", async () => {
    for (const origin of ["https://evil.example", "http://localhost:3000", "app://x"]) {
      const answer = await get("open", { origin, "sec-fetch-site": "cross-site" });
      expect(answer.status).toBe(200);
      expect(grantsOf(answer)).toEqual({ "access-control-allow-origin": "*" });
    }
    backend.requests.length = 0;
    for (const origin of ["null", "", "*", "https://a.example, https://b.example", "evil.example"])
      expectRefused(await get("open", { origin }));
  });

  it("has credentials only where cors says so", async () => {
    const answer = await get("credentials", { origin: friend });
    expect(grantsOf(answer)).toEqual({
      "access-control-allow-origin": friend,
      "access-control-allow-credentials": "true",
      "access-control-expose-headers": "x-request-id",
    });
  });
});

describe("a preflight", () => {
  it("of an origin that cors names is answered at once, without a line in the log", async () => {
    const { log } = gateways.get("credentials") as ProjectGateway;
    const before = log.text.length;
    const answer = await preflight("credentials", { origin: friend, "sec-fetch-site": "cross-site" });
    expect(answer.status).toBe(204);
    expect(answer.headers.get("content-length")).toBeUndefined();
    expect(answer.headers.get("vary")).toBe("origin");
    expect(grantsOf(answer)).toEqual({
      "access-control-allow-origin": friend,
      "access-control-allow-credentials": "true",
      "access-control-allow-methods": "GET, POST",
      "access-control-allow-headers": "content-type, x-app",
      "access-control-expose-headers": "x-request-id",
      "access-control-max-age": "600",
    });
    expect(log.text.length).toBe(before);
    expect(backend.requests).toEqual([]);
  });

  it("where cors says * grants everybody the same, for as long as it says", async () => {
    const answer = await preflight("open", { origin: "https://evil.example" });
    expect(grantsOf(answer)).toEqual({
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "GET, POST",
      "access-control-allow-headers": "content-type, authorization",
      "access-control-max-age": "0",
    });
  });

  it.each(strangers)("of the origin %j is refused", async (origin) => {
    for (const name of ["none", "listed", "credentials"]) {
      expectRefused(await preflight(name, { origin }));
    }
  });

  it("of no page is a method that is not served", async () => {
    for (const name of ["none", "listed"]) {
      const plain = await sendRaw(urlOf(name), rawRequest("OPTIONS /web/graphql HTTP/1.1", { host }));
      expect(plain.status).toBe(405);
      expect(grantsOf(plain)).toEqual({});
    }
    const named = await sendRaw(
      urlOf("listed"),
      rawRequest("OPTIONS /web/graphql HTTP/1.1", { host, origin: friend }),
    );
    expect(named.status).toBe(405);
  });
});
