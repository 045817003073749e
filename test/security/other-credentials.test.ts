import { hash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CertificateAuthority, type IssuedCertificate } from "../support/certificates.ts";
import { type ProjectGateway, startProject } from "../support/project-gateway.ts";
import { ScriptedBackend } from "../support/scripted-backend.ts";
import { openSession, sendHttp2 } from "../support/secure-clients.ts";

// Opaque tokens, keys and certificates, on a gateway that a client reaches by TLS: what is not right is refused with 401
// before anything is sent to a backend, and nothing of it is found in the log.

const key = "shop_Kk4vQ0q9b2mZ7sT1";
const clientSecret = "intr0spection-s3cret";
const config = `{
  name: "web",
  credentials: [
    { kind: "apiKey", keys: { environmentVariable: "SHOP_KEYS", default: null } },
    {
      kind: "introspection",
      url: { environmentVariable: "INTROSPECTION_URL", default: null },
      clientId: "gateway",
      clientSecret: { environmentVariable: "INTROSPECTION_SECRET", default: null },
      audiences: ["shop"],
      maxAgeSeconds: 0,
    },
    {
      kind: "certificate",
      consumers: [
        { name: "CN=orders-job", consumer: "orders", scopes: ["stock:read"] },
        { name: "DNS:reports.example", consumer: "reports" },
      ],
    },
  ],
}`;

const backend = new ScriptedBackend();
const authorizationServer = new ScriptedBackend();
const certificates = new Map<string, IssuedCertificate>();
let authority: CertificateAuthority;
let project: ProjectGateway;

beforeAll(async () => {
  authority = new CertificateAuthority();
  for (const [name, alternative] of [
    ["gateway", "IP:127.0.0.1"],
    ["orders-job", "DNS:orders.example"],
    ["any", "DNS:reports.example"],
    ["stranger", "DNS:stranger.example"],
    ["orders-job,O=Shop", "DNS:evil.example"],
    ["CN=orders-job", "DNS:evil.example"],
    ["DNS:reports.example", "URI:dns:reports.example"],
    ["Orders-Job", "DNS:reports.example.evil.example"],
    ["reports.example", "URI:https://reports.example,email:ops@reports.example"],
    ["more", "DNS:x.example,URI:https://a/DNS:reports.example"],
  ] as const)
    certificates.set(name, authority.issue(name, alternative));
  await Promise.all([backend.start(), authorizationServer.start()]);
  const own = certificates.get("gateway");
  project = await startProject(
    {
      stock: `extend schema @source(name: "stock", url: "http://localhost:1", forwardHeaders: ["authorization"])
type Query { level: Int @rest(GET: "/level", select: "value")  price: Int @rest(GET: "/price", select: "value") }`,
    },
    `type Query { level: Int @requiresScopes(scopes: [["stock:read"]])  price: Int }`,
    {
      STOCK_URL: backend.url,
      INTROSPECTION_URL: `${authorizationServer.url}/introspect`,
      INTROSPECTION_SECRET: clientSecret,
      SHOP_KEYS: JSON.stringify([
        { sha256: hash("sha256", key), consumer: "stock-sync", scopes: ["stock:read"] },
        { sha256: hash("sha256", "shop_without_scopes"), consumer: "guest" },
      ]),
      TLS_CERT_FILE: own?.certificateFile,
      TLS_KEY_FILE: own?.keyFile,
      TLS_CLIENT_CA_FILE: authority.certificateFile,
      TLS_CLIENT_CERTIFICATE: "optional",
      LOG_LEVEL: "debug",
    },
    { config },
  );
}, 60_000);
afterAll(async () => {
  await project.stop();
  await Promise.all([backend.stop(), authorizationServer.stop()]);
  authority.remove();
});

beforeEach(() => {
  backend.clear();
  backend.answer = { body: { value: 7 } };
  authorizationServer.clear();
  authorizationServer.answer = ({ body }) => ({
    body: tokens.get(new URLSearchParams(body).get("token") ?? "") ?? { active: false },
  });
});

const nowSeconds = Math.floor(Date.now() / 1000);
const tokens = new Map<string, object>([
  ["good-token", { active: true, aud: "shop", scope: "stock:read", client_id: "app", exp: nowSeconds + 600 }],
  ["scopeless-token", { active: true, aud: ["shop"], client_id: "app" }],
  ["expired-token", { active: true, aud: "shop", exp: nowSeconds - 60 }],
  ["future-token", { active: true, aud: "shop", nbf: nowSeconds + 600 }],
  ["foreign-token", { active: true, aud: "other" }],
  ["aimless-token", { active: true }],
  ["bound-token", { active: true, aud: "shop", cnf: { "x5t#S256": "A".repeat(43) } }],
  ["proof-token", { active: true, aud: "shop", token_type: "DPoP", cnf: { jkt: "A".repeat(43) } }],
]);

interface Sent {
  /** Names and values in turn. */
  readonly headers?: readonly string[];
  readonly search?: string;
  /** Beside the query, in the body. */
  readonly parameters?: object;
  readonly certificate?: string;
  readonly query?: string;
}

interface Answer {
  readonly status: number;
  readonly challenge: string | undefined;
  readonly retryAfter: string | undefined;
  readonly body: { readonly data?: unknown; readonly errors?: readonly { extensions: { code: string } }[] };
}

function tlsOf(certificate: string | undefined) {
  const shown = certificate === undefined ? undefined : certificates.get(certificate);
  return {
    ca: authority.certificate,
    ...(shown !== undefined && { cert: shown.certificate, key: shown.key }),
  };
}

/** A POST on a connection of its own, byte for byte as it is stated. */
async function send({
  headers = [],
  search = "",
  parameters = {},
  certificate,
  query = "{ level price }",
}: Sent): Promise<Answer> {
  const body = JSON.stringify({ query, ...parameters });
  const { host, hostname, port } = new URL(project.gateway.url);
  const standard = ["host", host, "content-type", "application/json", "content-length", String(body.length)];
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(
      {
        hostname,
        port,
        method: "POST",
        path: `/web/graphql${search}`,
        agent: false,
        ...tlsOf(certificate),
        headers: [...standard, ...headers],
      },
      resolve,
    )
      .once("error", reject)
      .end(body);
  });
  return {
    status: response.statusCode ?? 0,
    challenge: response.headers["www-authenticate"],
    retryAfter: response.headers["retry-after"],
    body: JSON.parse(await text(response)) as Answer["body"],
  };
}

function bearer(token: string): string[] {
  return ["authorization", `Bearer ${token}`];
}

const everything = { level: 7, price: 7 };

describe("a credential that is right", () => {
  it.each<[what: string, sent: Sent, kind: string, consumer: string]>([
    ["a key", { headers: ["x-api-key", key] }, "apiKey", "stock-sync"],
    ["a key in a header of other letters", { headers: ["X-API-Key", key] }, "apiKey", "stock-sync"],
    ["a token", { headers: bearer("good-token") }, "opaqueToken", "app"],
    ["a certificate", { certificate: "orders-job" }, "certificate", "orders"],
    [
      "a key before a token that is no good",
      { headers: ["x-api-key", key, ...bearer("bad")] },
      "apiKey",
      "stock-sync",
    ],
    [
      "a token before a certificate of nobody",
      { headers: bearer("good-token"), certificate: "stranger" },
      "opaqueToken",
      "app",
    ],
  ])("(%s) lets its caller read what it may", async (_what, sent, kind, consumer) => {
    const logged = project.log.text.length;
    expect((await send(sent)).body).toEqual({ data: everything });
    expect(backend.requests.map(({ url }) => url).toSorted()).toEqual(["/level", "/price"]);
    expect(project.log.text.slice(logged)).toContain(`"credential":"${kind}","consumer":"${consumer}"`);
    // The source passes tokens through; what was verified is passed, and nothing that merely stood beside it.
    const passed = kind === "opaqueToken" ? ["Bearer good-token"] : [undefined];
    expect([...new Set(backend.requests.map(({ headers }) => headers["authorization"]))]).toEqual(passed);
    const forwarded = JSON.stringify(backend.requests);
    for (const secret of [key, "CN=", clientSecret]) expect(forwarded).not.toContain(secret);
  });

  it.each<[what: string, sent: Sent]>([
    ["a key", { headers: ["x-api-key", "shop_without_scopes"] }],
    ["a token", { headers: bearer("scopeless-token") }],
    ["a certificate", { certificate: "any" }],
  ])(
    "(%s) does not let it read what its scopes do not name, and that is not asked for",
    async (_what, sent) => {
      const { status, body } = await send(sent);
      expect([status, body.data]).toEqual([200, { level: null, price: 7 }]);
      expect(body.errors?.map(({ extensions }) => extensions.code)).toEqual(["UNAUTHORIZED_FIELD_OR_TYPE"]);
      expect(backend.requests.map(({ url }) => url)).toEqual(["/price"]);
    },
  );

  it("(a certificate) says the same over HTTP/2, for each request of the connection", async () => {
    for (const [certificate, data] of [
      ["orders-job", everything],
      ["any", { level: null, price: 7 }],
    ] as const) {
      const session = await openSession(project.gateway.url, tlsOf(certificate));
      const head = { ":method": "POST", ":path": "/web/graphql", "content-type": "application/json" };
      for (const round of [1, 2]) {
        const answer = await sendHttp2(session, head, JSON.stringify({ query: "{ level price }" }));
        expect(JSON.parse(answer.body), `round ${round}`).toMatchObject({ data });
      }
      const doubled = await sendHttp2(session, { ...head, "x-api-key": [key, key] }, '{"query":"{ price }"}');
      expect(doubled.status).toBe(401);
      session.close();
    }
  });
});

const missing = { code: "UNAUTHENTICATED", fault: "" };
const invalid = {
  code: "CREDENTIAL_INVALID",
  fault: ', error="invalid_token", error_description="The credential is not valid."',
};
const expired = {
  code: "CREDENTIAL_EXPIRED",
  fault: ', error="invalid_token", error_description="The credential has expired."',
};

/** All that the BFF takes; what is wrong is said of tokens only, and only where one was sent. */
function challengeFor({ headers = [] }: Sent, fault: string): string {
  const told = headers.includes("authorization") ? fault : "";
  return `ApiKey realm="graphql", Bearer realm="graphql"${told}, Certificate realm="graphql"`;
}

describe("a token that is named in the connection header", () => {
  it.each(["authorization", "Authorization, keep-alive", "close, x-other ,AUTHORIZATION"])(
    "(%s) says who calls, and is passed to no backend, because it is about this connection",
    async (connection) => {
      const logged = project.log.text.length;
      const sent = { headers: ["connection", connection, ...bearer("good-token")] };
      expect((await send(sent)).body).toEqual({ data: everything });
      expect(project.log.text.slice(logged)).toContain('"credential":"opaqueToken","consumer":"app"');
      expect(backend.requests).toHaveLength(2);
      for (const { headers } of backend.requests) expect(headers).not.toHaveProperty("authorization");
    },
  );

  it("is refused where it is no good, as any other", async () => {
    const answer = await send({ headers: ["connection", "authorization", ...bearer("unknown-token")] });
    expect(answer).toMatchObject({ status: 401, body: { errors: [{ extensions: { code: invalid.code } }] } });
    expect(backend.requests).toEqual([]);
  });
});

describe("an attack", () => {
  const goodCertificate = { certificate: "orders-job" };
  it.each<[what: string, sent: Sent, refusal: typeof missing]>([
    ["nothing at all", {}, missing],
    ["an unknown key", { headers: ["x-api-key", "shop_unknown"] }, invalid],
    ["a key in other letters", { headers: ["x-api-key", key.toUpperCase()] }, invalid],
    ["a key and more", { headers: ["x-api-key", `${key}0`] }, invalid],
    ["a key without its end", { headers: ["x-api-key", key.slice(0, -1)] }, invalid],
    ["the hash of a key", { headers: ["x-api-key", hash("sha256", key)] }, invalid],
    ["an empty key", { headers: ["x-api-key", ""] }, invalid],
    ["a key twice", { headers: ["x-api-key", key, "x-api-key", key] }, invalid],
    ["a key and another", { headers: ["x-api-key", key, "X-API-KEY", "shop_unknown"] }, invalid],
    ["another and a key", { headers: ["x-api-key", "shop_unknown", "x-api-key", key] }, invalid],
    ["two keys in one header", { headers: ["x-api-key", `${key},${key}`] }, invalid],
    ["a key in quotes", { headers: ["x-api-key", `"${key}"`] }, invalid],
    ["a key of 257 characters", { headers: ["x-api-key", "k".repeat(257)] }, invalid],
    ["a key of 7000 characters", { headers: ["x-api-key", "k".repeat(7000)] }, invalid],
    ["a key with a letter beyond ASCII", { headers: ["x-api-key", `${key}\u00e9`] }, invalid],
    ["a key as a bearer token", { headers: bearer(key) }, invalid],
    ["a key under a scheme of its own", { headers: ["authorization", `ApiKey ${key}`] }, invalid],
    [
      "a key in Basic",
      { headers: ["authorization", `Basic ${Buffer.from(`${key}:`).toString("base64")}`] },
      invalid,
    ],
    ["a key in the URL", { search: `?x-api-key=${key}` }, missing],
    ["a key in the URL, by another name", { search: `?api_key=${key}&apiKey=${key}&key=${key}` }, missing],
    ["a key in a cookie", { headers: ["cookie", `x-api-key=${key}`] }, missing],
    ["a key in the body", { parameters: { "x-api-key": key, extensions: { apiKey: key } } }, missing],
    [
      "a key in a header of nearly that name",
      { headers: ["x_api_key", key, "api-key", key, "x-api-key2", key] },
      missing,
    ],
    [
      "a wrong key beside a good token",
      { headers: ["x-api-key", "shop_unknown", ...bearer("good-token")] },
      invalid,
    ],
    [
      "a wrong key beside a good certificate",
      { headers: ["x-api-key", "shop_unknown"], ...goodCertificate },
      invalid,
    ],
    ["an unknown token", { headers: bearer("unknown-token") }, invalid],
    ["a token in other letters", { headers: bearer("GOOD-TOKEN") }, invalid],
    ["a token and more", { headers: bearer("good-token=") }, invalid],
    ["a token that is over", { headers: bearer("expired-token") }, expired],
    ["a token that has not begun", { headers: bearer("future-token") }, invalid],
    ["a token for another audience", { headers: bearer("foreign-token") }, invalid],
    ["a token for no audience", { headers: bearer("aimless-token") }, invalid],
    ["a token bound to a certificate, without one", { headers: bearer("bound-token") }, invalid],
    ["a token bound to another certificate", { headers: bearer("bound-token"), ...goodCertificate }, invalid],
    ["a token that wants a proof", { headers: bearer("proof-token") }, invalid],
    ["a token twice", { headers: [...bearer("good-token"), ...bearer("good-token")] }, invalid],
    ["two tokens", { headers: [...bearer("good-token"), ...bearer("unknown-token")] }, invalid],
    ["a token with parameters", { headers: bearer("good-token&active=true") }, invalid],
    ["a token with a line break in code", { headers: bearer("good-token%0d%0a") }, invalid],
    ["a token of 8193 characters", { headers: bearer("t".repeat(8193)) }, invalid],
    ["a token in the URL", { search: "?access_token=good-token" }, invalid],
    ["a token in the URL, its name encoded", { search: "?a=%zz&access%5Ftoken=good-token" }, invalid],
    [
      "a token in the URL and in a header",
      { search: "?access_token=good-token", headers: bearer("good-token") },
      invalid,
    ],
    ["a token in the body", { parameters: { access_token: "good-token" } }, missing],
    ["a token in a cookie", { headers: ["cookie", "access_token=good-token"] }, missing],
    ["a token of a proxy's", { headers: ["proxy-authorization", "Bearer good-token"] }, missing],
    ["an unsigned token", { headers: bearer("eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1MSJ9.") }, invalid],
    [
      "an unknown token beside a good certificate",
      { headers: bearer("unknown-token"), ...goodCertificate },
      invalid,
    ],
    ["a certificate of nobody", { certificate: "stranger" }, invalid],
    ["a certificate with two parts of a name in one", { certificate: "orders-job,O=Shop" }, invalid],
    ["a certificate that is called like a part of a name", { certificate: "CN=orders-job" }, invalid],
    ["a certificate that is called like another's host", { certificate: "DNS:reports.example" }, invalid],
    ["a certificate in other letters, and with a host that goes on", { certificate: "Orders-Job" }, invalid],
    ["a certificate with the host in another kind of name", { certificate: "reports.example" }, invalid],
    ["a certificate with the host inside an address", { certificate: "more" }, invalid],
    [
      "a certificate in a header of Envoy's",
      { headers: ["x-forwarded-client-cert", 'Subject="CN=orders-job"'] },
      missing,
    ],
    [
      "a certificate in a header of nginx's",
      { headers: ["ssl-client-subject-dn", "CN=orders-job", "ssl-client-verify", "SUCCESS"] },
      missing,
    ],
    ["a certificate in the header of RFC 9440", { headers: ["client-cert", ":AAAA:"] }, missing],
    [
      "names of a caller in headers",
      { headers: ["x-consumer", "stock-sync", "x-scopes", "stock:read", "x-user-id", "u1"] },
      missing,
    ],
  ])("(%s) is answered with 401, and no backend is called", async (_what, sent, { code, fault }) => {
    const logged = project.log.text.length;
    const answer = await send(sent);
    const challenge = challengeFor(sent, fault);
    expect(answer).toMatchObject({ status: 401, challenge, body: { errors: [{ extensions: { code } }] } });
    expect(answer.body.data).toBeUndefined();
    expect(backend.requests).toEqual([]);
    const log = project.log.text.slice(logged);
    expect(log).toContain('"credential":null,"consumer":null');
    for (const secret of [key, "good-token", "unknown-token", "shop_unknown", clientSecret])
      expect(log).not.toContain(secret);
  });

  it.each<[what: string, sent: Sent, fault: string]>([
    ["an unknown token", { headers: bearer("unknown-token") }, "its server calls it not active"],
    ["another audience's", { headers: bearer("foreign-token") }, "its aud is none of ours"],
    ["one that has not begun", { headers: bearer("future-token") }, "its nbf is to come"],
    ["one that is over", { headers: bearer("expired-token") }, "its exp is over"],
    ["one that wants a proof", { headers: bearer("proof-token") }, "its cnf can't be checked"],
    ["a bound one", { headers: bearer("bound-token") }, "it is bound to another client certificate"],
    [
      "a certificate of nobody",
      { certificate: "stranger" },
      String.raw`its names are \"CN=stranger\", \"DNS:stranger.example\", \"SHA256:`,
    ],
  ])("is told of in the log at debug level, and not in the answer (%s)", async (_what, sent, fault) => {
    const logged = project.log.text.length;
    const { body } = await send(sent);
    expect(project.log.text.slice(logged)).toContain(fault);
    expect(JSON.stringify(body)).not.toContain(fault);
  });

  it("with a text that is no token costs the authorization server no question", async () => {
    for (const headers of [
      ["authorization", "Basic Z29vZDp0b2tlbg=="],
      bearer("good token"),
      bearer("t".repeat(8193)),
      [...bearer("good-token"), ...bearer("good-token")],
      ["x-api-key", "shop_unknown", ...bearer("good-token")],
    ])
      expect((await send({ headers })).status).toBe(401);
    expect(authorizationServer.requests).toEqual([]);
  });
});

describe("while the authorization server is down", () => {
  beforeEach(() => {
    authorizationServer.answer = { status: 500, body: "a secret stack" };
  });

  it("a token is answered with 503, and nobody becomes anonymous or somebody else", async () => {
    for (const certificate of [undefined, "orders-job"]) {
      const answer = await send({
        headers: bearer("good-token"),
        ...(certificate !== undefined && { certificate }),
      });
      expect(answer).toMatchObject({ status: 503, retryAfter: "1", challenge: undefined });
      expect(answer.body).toEqual({
        errors: [
          {
            message: "The caller's credential could not be checked at the moment.",
            extensions: { code: "IDENTITY_UNAVAILABLE" },
          },
        ],
      });
    }
    expect(backend.requests).toEqual([]);
    expect(project.log.text).not.toContain("a secret stack");
  });

  it("keys and certificates are as good as ever", async () => {
    expect((await send({ headers: ["x-api-key", key] })).body).toEqual({ data: everything });
    expect((await send({ certificate: "orders-job" })).body).toEqual({ data: everything });
  });
});
