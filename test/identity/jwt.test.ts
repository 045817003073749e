import { createHmac, createPublicKey, type JsonWebKey } from "node:crypto";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Caller } from "../../gateway/core/caller.ts";
import { errorCodes } from "../../gateway/core/error-codes.ts";
import type { Authenticator, ClientCertificate } from "../../gateway/identity/authenticator.ts";
import { createCallerIdentifier } from "../../gateway/identity/identify-caller.ts";
import { createJwtAuthenticator } from "../../gateway/identity/jwt.ts";
import { createKeyStores } from "../../gateway/identity/key-store.ts";
import { createLogger } from "../../gateway/observe/logger.ts";
import { Metrics } from "../../gateway/observe/metrics.ts";
import { createShopProject } from "../support/temporary-project.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

const whoAmI = "{ viewer { profile { id } orders(first: 1) { totalCount } } }";

let test: TestGateway;

beforeAll(async () => {
  test = await startTestGateway();
});
afterAll(() => test.stop());
beforeEach(() => test.shop.clearLogs());

/** Verifies tokens of the issuer `i` for `a`. */
function verifierOf(jwksUrl: string): Pick<Authenticator, "dispose"> & {
  verify(token: string, certificate?: ClientCertificate): Promise<Caller>;
} {
  const logger = createLogger("silent", null);
  const keyStores = createKeyStores({ logger, metrics: new Metrics() });
  const authenticator = createJwtAuthenticator(
    {
      issuer: "i",
      audiences: ["a"],
      algorithms: ["RS256", "ES256"],
      clockToleranceSeconds: 5,
      requiredClaims: [],
      tokenType: null,
      scopeClaims: ["scope"],
      consumerClaims: ["client_id"],
      tierClaims: [],
    },
    keyStores.open("i", { kind: "url", url: jwksUrl }),
  );
  const callers = createCallerIdentifier([authenticator], { anonymous: false });
  return {
    async dispose() {
      await Promise.all([callers.dispose(), keyStores.dispose()]);
    },
    async verify(token, certificate) {
      return callers.identify({
        headers: new Map([["authorization", `Bearer ${token}`]]),
        certificate: certificate ?? null,
      });
    },
  };
}

function base64url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** The claims of a token that would be good. */
function goodClaims(): Record<string, unknown> {
  const { JWT_ISSUER, JWT_AUDIENCE } = test.issuer.environment;
  return { iss: JWT_ISSUER, aud: JWT_AUDIENCE, sub: "u1", exp: Math.floor(Date.now() / 1000) + 60 };
}

async function issuerKey(): Promise<JsonWebKey & { readonly kid: string }> {
  const response = await fetch(test.issuer.environment.JWT_JWKS_URL);
  const { keys } = (await response.json()) as { keys: (JsonWebKey & { readonly kid: string })[] };
  const [key] = keys;
  if (key === undefined) throw new Error("Expected the issuer to have a key.");
  return key;
}

describe("a valid token", () => {
  it("makes its subject known to the backends, by the header that the source declares", async () => {
    const answer = await test.query(whoAmI, { token: await test.issuer.issueToken("u2", 60) });
    const orders = test.shop.data.ordersByUserId.get("u2") ?? [];
    expect(answer.data).toEqual({ viewer: { profile: { id: "u2" }, orders: { totalCount: orders.length } } });
    expect(test.shop.orders.log.entries.map(({ headers }) => headers["x-user-id"])).toEqual(["u2"]);
    expect(test.shop.calls().toSorted()).toEqual(["accounts GET /users/u2", "orders ListOrders"]);
  });

  it("is neither forwarded nor logged, at whatever level", async () => {
    const debugTest = await startTestGateway({ LOG_LEVEL: "debug" });
    const token = await debugTest.issuer.issueToken("u1", 60);
    await debugTest.query(whoAmI, { token });
    await debugTest.query("{ nothing }", { token });
    await debugTest.query(whoAmI, { token: `${token}x` });
    await debugTest.query(whoAmI, { token: await debugTest.issuer.issueBadToken({ secret: "pin", exp: 1 }) });
    const { catalog, inventory, orders, reviews, accounts } = debugTest.shop;
    const received = [catalog, inventory, orders, reviews, accounts].flatMap(({ log }) => log.entries);
    await debugTest.stop();
    expect(received).toHaveLength(2);
    const seen = JSON.stringify([received, debugTest.logLines]);
    const [header = "", claims = "", signature = ""] = token.split(".");
    for (const part of [header, claims, signature, "authorization", "pin"]) expect(seen).not.toContain(part);
  });

  it.each(["Bearer", "bearer", "BEARER", "Bearer  "])("may follow the word %j", async (scheme) => {
    const authorization = `${scheme} ${await test.issuer.issueToken("u1", 60)}`;
    expect((await test.query("{ __typename }", { headers: { authorization } })).status).toBe(200);
  });

  it("is valid for a few seconds longer, for clocks that differ", async () => {
    expect(
      (await test.query("{ __typename }", { token: await test.issuer.issueToken("u1", -2) })).status,
    ).toBe(200);
  });

  it("may name several audiences", async () => {
    const { JWT_AUDIENCE } = test.issuer.environment;
    const token = await test.issuer.issueBadToken({ aud: ["other", JWT_AUDIENCE] });
    expect((await test.query("{ __typename }", { token })).status).toBe(200);
  });
});

describe("a request without a token", () => {
  it("is anonymous: what needs no claim is answered, what does is a coded error", async () => {
    const answer = await test.query(`{ categories { id } ${whoAmI.slice(1)}`);
    expect(answer.status).toBe(200);
    expect(answer.data).toMatchObject({
      categories: expect.any(Array),
      viewer: { profile: null, orders: null },
    });
    expect(answer.errors.map(({ path, extensions }) => [path?.join("."), extensions.code])).toEqual([
      ["viewer.profile", "UNAUTHENTICATED"],
      ["viewer.orders", "UNAUTHENTICATED"],
    ]);
    expect(test.shop.calls()).toEqual(["catalog ListCategories"]);
  });
});

describe("a credential that is no good", () => {
  const hmac = (key: string, text: string): string =>
    createHmac("sha256", key).update(text).digest("base64url");

  const cases: readonly (readonly [what: string, make: () => Promise<string> | string, message: string])[] = [
    ["expired", () => test.issuer.issueToken("u1", -60), "The token has expired."],
    [
      "of another issuer",
      () => test.issuer.issueBadToken({ iss: "https://evil.example" }),
      "The token is not valid.",
    ],
    ["without an issuer", () => test.issuer.issueBadToken({ iss: undefined }), "The token is not valid."],
    ["for another audience", () => test.issuer.issueBadToken({ aud: "other" }), "The token is not valid."],
    ["without an audience", () => test.issuer.issueBadToken({ aud: undefined }), "The token is not valid."],
    ["without an end", () => test.issuer.issueBadToken({ exp: undefined }), "The token is not valid."],
    ["whose end is a text", () => test.issuer.issueBadToken({ exp: "never" }), "The token is not valid."],
    [
      "not valid yet",
      () => test.issuer.issueBadToken({ nbf: Date.now() / 1000 + 60 }),
      "The token is not valid.",
    ],
    ["garbage", () => "garbage", "The token is not valid."],
    ["three parts of garbage", () => "a.b.c", "The token is not valid."],
    ["empty parts", () => "..", "The token is not valid."],
    ["too long", () => "x".repeat(8193), "The token is too long."],
    ["of exactly the longest length, but garbage", () => "x".repeat(8192), "The token is not valid."],
    [
      "alg none",
      () => `${base64url({ alg: "none" })}.${base64url(goodClaims())}.`,
      "The token is not valid.",
    ],
    [
      "alg None with a signature",
      () => `${base64url({ alg: "None" })}.${base64url(goodClaims())}.AAAA`,
      "The token is not valid.",
    ],
    [
      "HS256 with the issuer's public key as the secret",
      async () => {
        const key = await issuerKey();
        const pem = createPublicKey({ key, format: "jwk" })
          .export({ type: "spki", format: "pem" })
          .toString();
        const text = `${base64url({ alg: "HS256", kid: key.kid })}.${base64url(goodClaims())}`;
        return `${text}.${hmac(pem, text)}`;
      },
      "The token is not valid.",
    ],
    [
      "signed by a key that the token brings along",
      async () => {
        const { publicKey, privateKey } = await generateKeyPair("RS256");
        const header = { alg: "RS256", kid: (await issuerKey()).kid, jwk: await exportJWK(publicKey) };
        return new SignJWT(goodClaims()).setProtectedHeader(header).sign(privateKey);
      },
      "The token is not valid.",
    ],
    [
      "of an unknown key",
      async () => {
        const { privateKey } = await generateKeyPair("RS256");
        return new SignJWT(goodClaims())
          .setProtectedHeader({ alg: "RS256", kid: "unknown" })
          .sign(privateKey);
      },
      "The token is not valid.",
    ],
    [
      "with claims exchanged under the signature",
      async () => {
        const [header = "", , signature = ""] = (await test.issuer.issueToken("u1", 60)).split(".");
        return `${header}.${base64url({ ...goodClaims(), sub: "u2" })}.${signature}`;
      },
      "The token is not valid.",
    ],
    [
      "with an extension that must be understood",
      async () => {
        const { privateKey } = await generateKeyPair("RS256");
        const header = { alg: "RS256", kid: (await issuerKey()).kid, crit: ["exp"], exp: 1 };
        const token = await new SignJWT(goodClaims())
          .setProtectedHeader(header)
          .sign(privateKey, { crit: { exp: true } });
        return token;
      },
      "The token is not valid.",
    ],
  ];

  it.each(cases)("(%s) is refused with 401, and nothing is called", async (_what, make, message) => {
    const linesBefore = test.logLines.length;
    const code = message === "The token has expired." ? "CREDENTIAL_EXPIRED" : "CREDENTIAL_INVALID";
    const answer = await test.query(`{ categories { id } ${whoAmI.slice(1)}`, { token: await make() });
    expect(answer.status).toBe(401);
    expect(answer.text).toBe(JSON.stringify({ errors: [{ message, extensions: { code } }] }));
    expect(answer.headers.get("www-authenticate")).toBe(
      `Bearer realm="graphql", error="invalid_token", error_description="${errorCodes[code].publicMessage}"`,
    );
    expect(test.shop.calls()).toEqual([]);
    expect(test.logLines.slice(linesBefore)).toMatchObject([
      { msg: "request", outcome: "refused", status: 401, errorCodes: { [code]: 1 } },
    ]);
  });

  it.each(["Basic dTE6cHc=", "Bearer", "Bearer a b", "Bearer \u00e9", "Bearer <x>", "token", ""])(
    "(%j) is refused with 401, and nothing is called",
    async (authorization) => {
      const answer = await test.query("{ categories { id } }", { headers: { authorization } });
      expect(answer.status).toBe(401);
      expect(answer.errors).toEqual([
        {
          message: "The authorization header is not of the form: Bearer <token>.",
          extensions: { code: "CREDENTIAL_INVALID" },
        },
      ]);
      expect(test.shop.calls()).toEqual([]);
    },
  );

  it("is refused where no issuer is configured, though it may be good", async () => {
    const token = await test.issuer.issueToken("u1", 60);
    const none = { JWT_ISSUER: undefined, JWT_JWKS_URL: undefined, JWT_AUDIENCE: undefined };
    const closedTest = await startTestGateway(none);
    const answer = await closedTest.query("{ __typename }", { token });
    const anonymous = await closedTest.query("{ __typename }");
    await closedTest.stop();
    expect([answer.status, anonymous.status]).toEqual([401, 200]);
    expect(answer.errors[0]?.message).toBe("The token is not valid.");
  });
});

describe("while the issuer's keys can't be had", () => {
  /** A server of keys that can do anything; its port stays its own. */
  let keyServer: Server;
  let answerKeys: (response: ServerResponse) => void;
  let fetches = 0;
  let url: string;

  beforeAll(async () => {
    keyServer = createServer((_request, response) => {
      fetches++;
      answerKeys(response);
    });
    await new Promise<void>((resolve) => keyServer.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(keyServer.address() as AddressInfo).port}/keys`;
  });
  afterEach(() => keyServer.closeAllConnections());
  afterAll(() => new Promise((resolve) => keyServer.close(resolve)));

  const faults: readonly (readonly [what: string, answer: (response: ServerResponse) => void])[] = [
    ["is down", (response) => response.destroy()],
    ["answers 500", (response) => response.writeHead(500).end("secret stack")],
    ["redirects", (response) => response.writeHead(302, { location: "http://evil.example/" }).end()],
    ["answers a page", (response) => response.end("<!doctype html>")],
    ["answers other JSON", (response) => response.end('{"no":"keys"}')],
    ["answers too much", (response) => response.end(`{"keys":[],"more":"${"x".repeat(1_100_000)}"}`)],
    ["answers keys that are none", (response) => response.end('{"keys":[1]}')],
  ];

  it.each(faults)(
    "(it %s) tokens are answered with 503, and anonymous requests as ever",
    async (_what, answer) => {
      answerKeys = answer;
      const cutTest = await startTestGateway({ JWT_JWKS_URL: url });
      const token = await cutTest.issuer.issueToken("u1", 60);
      const refused = await cutTest.query(whoAmI, { token });
      const anonymous = await cutTest.query("{ __typename }");
      const calls = cutTest.shop.calls();
      await cutTest.stop();
      expect(refused.status).toBe(503);
      expect(refused.headers.get("retry-after")).toBe("1");
      expect(refused.headers.get("www-authenticate")).toBeNull();
      expect(refused.text).toBe(
        '{"errors":[{"message":"The caller\'s credential could not be checked at the moment.",' +
          '"extensions":{"code":"IDENTITY_UNAVAILABLE"}}]}',
      );
      expect(calls).toEqual([]);
      expect(anonymous.status).toBe(200);
    },
  );

  it("a token that can be refused without them is refused", async () => {
    answerKeys = (response) => response.destroy();
    const verifier = verifierOf(url);
    fetches = 0;
    for (const token of [
      "garbage",
      `${base64url({ alg: "none" })}.${base64url({ iss: "i" })}.`,
      `${base64url({ alg: "HS256" })}.${base64url({ iss: "i", exp: 1 })}.AA`,
    ])
      await expect(verifier.verify(token)).rejects.toMatchObject({ code: "CREDENTIAL_INVALID" });
    expect(fetches).toBe(0);
  });

  it("keys that were fetched before are good for what they know, and unknown ones are asked for once", async () => {
    const { publicKey, privateKey } = await generateKeyPair("ES256");
    const jwk = { ...(await exportJWK(publicKey)), kid: "k1", alg: "ES256", use: "sig" };
    answerKeys = (response) => response.end(JSON.stringify({ keys: [jwk] }));
    const verifier = verifierOf(url);
    const sign = (kid: string, claims: object = {}): Promise<string> =>
      new SignJWT({ iss: "i", aud: "a", sub: "s", ...claims })
        .setProtectedHeader({ alg: "ES256", kid })
        .setExpirationTime("1m")
        .sign(privateKey);
    fetches = 0;
    const [first] = await Promise.all([verifier.verify(await sign("k1")), verifier.verify(await sign("k1"))]);
    expect(first).toEqual({
      kind: "jwt",
      subject: "s",
      consumer: null,
      tier: null,
      scopes: new Set(),
      issuer: "i",
      claims: { iss: "i", aud: "a", sub: "s", exp: expect.any(Number) },
    });
    expect(Object.getPrototypeOf(first.claims)).toBeNull();
    expect(Object.isFrozen(first.claims)).toBe(true);
    answerKeys = (response) => response.destroy();
    expect((await verifier.verify(await sign("k1", { sub: undefined }))).subject).toBeNull();
    await expect(verifier.verify(await sign("k2"))).rejects.toMatchObject({ code: "CREDENTIAL_INVALID" });
    await expect(verifier.verify(await sign("k3"))).rejects.toMatchObject({ code: "CREDENTIAL_INVALID" });
    expect(fetches).toBe(1);
    await verifier.dispose();
    const connections = (): Promise<number> =>
      new Promise((resolve) => keyServer.getConnections((_error, count) => resolve(count)));
    await expect.poll(connections).toBe(0);
  });

  describe("a token that was found good", () => {
    let privateKey: CryptoKey;
    let keys: string;

    beforeAll(async () => {
      const pair = await generateKeyPair("ES256");
      privateKey = pair.privateKey;
      keys = JSON.stringify({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: "k1" }] });
    });
    beforeEach(() => {
      answerKeys = (response) => response.end(keys);
      vi.useFakeTimers({ toFake: ["Date"] });
    });
    afterEach(() => {
      vi.useRealTimers();
    });

    const sign = (claims: Readonly<Record<string, unknown>>): Promise<string> => {
      const nowSeconds = Math.floor(Date.now() / 1000);
      return new SignJWT({ iss: "i", aud: "a", sub: "s", exp: nowSeconds + 60, ...claims })
        .setProtectedHeader({ alg: "ES256", kid: "k1" })
        .sign(privateKey);
    };

    it("yields the same caller until its end, a few seconds for clocks included, and not a second more", async () => {
      const verifier = verifierOf(url);
      const token = await sign({});
      const caller = await verifier.verify(token);
      vi.setSystemTime(Date.now() + 64_000);
      expect(await verifier.verify(token)).toBe(caller);
      vi.setSystemTime(Date.now() + 2000);
      await expect(verifier.verify(token)).rejects.toMatchObject({ code: "CREDENTIAL_EXPIRED" });
      await verifier.dispose();
    });

    it("is not good before its beginning, where the clock is set back", async () => {
      const verifier = verifierOf(url);
      const token = await sign({ nbf: Math.floor(Date.now() / 1000) });
      await verifier.verify(token);
      vi.setSystemTime(Date.now() - 10_000);
      await expect(verifier.verify(token)).rejects.toMatchObject({ code: "CREDENTIAL_INVALID" });
      await verifier.dispose();
    });

    it("is good with the certificate only that it is bound to, each time", async () => {
      const verifier = verifierOf(url);
      const own = { subject: "CN=job", alternativeNames: [], fingerprint: "AB".repeat(32) };
      const other = { ...own, fingerprint: "CD".repeat(32) };
      const thumbprint = Buffer.from(own.fingerprint, "hex").toString("base64url");
      const token = await sign({ cnf: { "x5t#S256": thumbprint } });
      const refusal = { code: "CREDENTIAL_INVALID" };
      await expect(verifier.verify(token, other)).rejects.toMatchObject(refusal);
      const caller = await verifier.verify(token, own);
      expect(caller.subject).toBe("s");
      expect(await verifier.verify(token, own)).toBe(caller);
      await expect(verifier.verify(token, other)).rejects.toMatchObject(refusal);
      await expect(verifier.verify(token)).rejects.toMatchObject(refusal);
      await verifier.dispose();
    });
  });

  it("a request waits for them no longer than its own time", async () => {
    answerKeys = () => {};
    const schema = "type Query { categories: [Category!] } type Category { id: ID! }";
    const project = createShopProject(schema, { requestTimeoutMs: 150 });
    const slowTest = await startTestGateway({ JWT_JWKS_URL: url }, project.root);
    const token = await slowTest.issuer.issueToken("u1", 60);
    const startedMs = performance.now();
    const answer = await slowTest.query("{ categories { id } }", { token });
    const durationMs = performance.now() - startedMs;
    await slowTest.stop();
    project.remove();
    expect(answer.status).toBe(504);
    expect(answer.errors).toEqual([
      { message: "The request's time ran out.", extensions: { code: "REQUEST_TIMEOUT" } },
    ]);
    expect(durationMs).toBeGreaterThan(140);
    expect(durationMs).toBeLessThan(1000);
  });
});

describe("a BFF that answers nobody unknown", () => {
  it("refuses a request without a credential and answers one with a token, of its own issuer", async () => {
    const issuer = test.issuer.environment;
    const project = createShopProject("type Query { categories: [Category!] } type Category { id: ID! }", {
      anonymous: false,
      credentials: [
        {
          kind: "jwt",
          issuer: { environmentVariable: "CUSTOMERS_ISSUER", default: null },
          audiences: [issuer.JWT_AUDIENCE],
          jwksUrl: issuer.JWT_JWKS_URL,
        },
      ],
    });
    const none = { JWT_ISSUER: undefined, JWT_JWKS_URL: undefined, JWT_AUDIENCE: undefined };
    const own = await startTestGateway({ ...none, CUSTOMERS_ISSUER: issuer.JWT_ISSUER }, project.root);
    try {
      const unknown = await own.query("{ categories { id } }");
      expect([unknown.status, unknown.errors[0]?.message]).toEqual([401, "A credential is required."]);
      expect(unknown.errors[0]?.extensions.code).toBe("UNAUTHENTICATED");
      expect(unknown.headers.get("www-authenticate")).toBe('Bearer realm="graphql"');
      expect(own.shop.calls()).toEqual([]);
      const known = await own.query("{ categories { id } }", {
        token: await test.issuer.issueToken("u1", 60),
      });
      expect(known.status).toBe(200);
      expect(own.shop.calls()).toEqual(["catalog ListCategories"]);
    } finally {
      await own.stop();
      project.remove();
    }
  });
});
