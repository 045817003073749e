import { hash } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ApiKeyList } from "../../gateway/identity/api-key-list.ts";
import { createApiKeyAuthenticator } from "../../gateway/identity/api-keys.ts";
import type { Authenticator, ClientCertificate } from "../../gateway/identity/authenticator.ts";
import { createCertificateAuthenticator } from "../../gateway/identity/certificates.ts";
import { createCallerIdentifier } from "../../gateway/identity/identify-caller.ts";
import { createIntrospectionAuthenticator } from "../../gateway/identity/introspection.ts";
import { createJwtAuthenticator } from "../../gateway/identity/jwt.ts";
import { createKeyStores } from "../../gateway/identity/key-store.ts";
import { createLogger } from "../../gateway/observe/logger.ts";
import { Metrics } from "../../gateway/observe/metrics.ts";
import { type DemoIssuer, startDemoIssuer } from "../demo/issuer.ts";
import { ScriptedBackend } from "../support/scripted-backend.ts";

const server = new ScriptedBackend();
const keyStores = createKeyStores({ logger: createLogger("silent", null), metrics: new Metrics() });
let issuer: DemoIssuer;
let ways: Readonly<Record<"jwt" | "opaque" | "key" | "certificate", Authenticator>>;

beforeAll(async () => {
  [issuer] = await Promise.all([startDemoIssuer(), server.start()]);
  const claims = { scopeClaims: ["scope"], consumerClaims: ["client_id"], tierClaims: [] };
  const { JWT_ISSUER, JWT_AUDIENCE, JWT_JWKS_URL } = issuer.environment;
  ways = {
    jwt: createJwtAuthenticator(
      {
        ...claims,
        issuer: JWT_ISSUER,
        audiences: [JWT_AUDIENCE],
        algorithms: ["RS256"],
        clockToleranceSeconds: 5,
        requiredClaims: [],
        tokenType: null,
      },
      keyStores.open(JWT_ISSUER, { kind: "url", url: JWT_JWKS_URL }),
    ),
    opaque: createIntrospectionAuthenticator({
      ...claims,
      url: `${server.url}/introspect`,
      clientId: "gateway",
      clientSecret: "s3cret",
      audiences: [],
      maxAgeSeconds: 0,
      timeoutMs: 3000,
    }),
    key: createApiKeyAuthenticator({
      header: "x-api-key",
      list: new ApiKeyList([{ sha256: hash("sha256", "a-key"), consumer: "job", tier: null, scopes: [] }]),
    }),
    certificate: createCertificateAuthenticator([
      { name: "CN=job", consumer: "job", tier: null, scopes: [] },
    ]),
  };
  server.answer = ({ body }) => ({ body: { active: new URLSearchParams(body).get("token") === "opaque" } });
});
afterAll(async () => {
  await Promise.all(Object.values(ways).map((way) => way.dispose()));
  await keyStores.dispose();
  await Promise.all([server.stop(), issuer.stop()]);
});
afterEach(() => {
  server.requests.length = 0;
});

interface Sent {
  readonly bearer?: string;
  readonly key?: string;
  readonly certificate?: string;
}

/** The kind of the caller, or the code of the refusal. */
async function outcomeOf(
  order: readonly (keyof typeof ways)[],
  sent: Sent,
  anonymous = false,
): Promise<unknown> {
  const identifier = createCallerIdentifier(
    order.map((name) => ways[name]),
    { anonymous },
  );
  const { bearer, key, certificate } = sent;
  const shown: ClientCertificate | null =
    certificate === undefined
      ? null
      : { subject: certificate, alternativeNames: [], fingerprint: "AB".repeat(32) };
  const headers = new Map([
    ...(bearer === undefined ? [] : [["authorization", `Bearer ${bearer}`] as const]),
    ...(key === undefined ? [] : [["x-api-key", key] as const]),
  ]);
  try {
    return (await identifier.identify({ headers, certificate: shown })).kind;
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : error;
  }
}

const good = { bearer: "opaque", key: "a-key", certificate: "CN=job" };
const bad = { bearer: "unknown", key: "wrong", certificate: "CN=stranger" };

describe("the first credential of the order that a request carries decides", () => {
  it.each<[order: ("jwt" | "opaque" | "key" | "certificate")[], sent: Sent, outcome: string]>([
    [["opaque", "key", "certificate"], good, "opaqueToken"],
    [["key", "opaque", "certificate"], good, "apiKey"],
    [["certificate", "key", "opaque"], good, "certificate"],
    [["opaque", "key", "certificate"], { key: "a-key", certificate: "CN=job" }, "apiKey"],
    [["opaque", "key", "certificate"], { certificate: "CN=job" }, "certificate"],
    [["jwt", "opaque"], { bearer: "opaque" }, "opaqueToken"],
    [["jwt", "key", "opaque"], good, "opaqueToken"],
  ])("%j lets %j in as %s", async (order, sent, outcome) => {
    expect(await outcomeOf(order, sent)).toBe(outcome);
  });

  it.each<[order: ("jwt" | "opaque" | "key" | "certificate")[], sent: Sent]>([
    [["opaque", "key", "certificate"], { ...good, bearer: bad.bearer }],
    [["jwt", "key", "certificate"], { ...good, bearer: bad.bearer }],
    [["jwt", "key", "opaque", "certificate"], { ...good, bearer: bad.bearer }],
    [["jwt", "certificate"], { ...good, bearer: "opaque" }],
    [["key", "opaque", "certificate"], { ...good, key: bad.key }],
    [["certificate", "opaque", "key"], { ...good, certificate: bad.certificate }],
    [["key"], { bearer: "opaque" }],
    [["certificate"], { bearer: "opaque" }],
    [[], { bearer: "opaque" }],
  ])("%j refuses %j, whatever else it carries and whoever may be anonymous", async (order, sent) => {
    expect(await outcomeOf(order, sent)).toBe("CREDENTIAL_INVALID");
    expect(await outcomeOf(order, sent, true)).toBe("CREDENTIAL_INVALID");
  });

  it("a token of the issuer is its issuer's matter, and the server of opaque ones is not asked", async () => {
    const sent = { bearer: await issuer.issueToken("u1", 60) };
    const expired = { bearer: await issuer.issueToken("u1", -60) };
    const foreign = { bearer: await issuer.issueBadToken({ iss: "https://evil.example" }) };
    expect(await outcomeOf(["jwt", "opaque"], sent)).toBe("jwt");
    expect(await outcomeOf(["jwt", "opaque"], expired)).toBe("CREDENTIAL_EXPIRED");
    expect(server.requests).toEqual([]);
    expect(await outcomeOf(["jwt", "opaque"], foreign)).toBe("CREDENTIAL_INVALID");
    expect(server.requests).toHaveLength(1);
    expect(await outcomeOf(["jwt", "key"], { ...foreign, key: "a-key" })).toBe("CREDENTIAL_INVALID");
  });
});

describe("a credential that no way looks at", () => {
  it("is not one, unless it is a bearer token", async () => {
    const sent = { key: "wrong", certificate: "CN=stranger" };
    expect(await outcomeOf(["opaque"], sent)).toBe("UNAUTHENTICATED");
    expect(await outcomeOf(["opaque"], sent, true)).toBe("anonymous");
  });

  it("is not looked at where one before it decides", async () => {
    expect(await outcomeOf(["key", "opaque"], { ...bad, key: "a-key" })).toBe("apiKey");
    expect(server.requests).toEqual([]);
  });
});

describe("a request without a credential", () => {
  it("is refused, or anonymous where the BFF says so", async () => {
    expect(await outcomeOf(["jwt", "opaque", "key", "certificate"], {})).toBe("UNAUTHENTICATED");
    expect(await outcomeOf(["jwt", "opaque", "key", "certificate"], {}, true)).toBe("anonymous");
    expect(await outcomeOf([], {})).toBe("UNAUTHENTICATED");
  });
});
