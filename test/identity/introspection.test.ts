import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Caller } from "../../gateway/core/caller.ts";
import { OverlockError } from "../../gateway/core/errors.ts";
import type { Authenticator, ClientCertificate } from "../../gateway/identity/authenticator.ts";
import {
  createIntrospectionAuthenticator,
  type IntrospectionParts,
} from "../../gateway/identity/introspection.ts";
import { caught } from "../support/caught.ts";
import { type ScriptedAnswer, ScriptedBackend } from "../support/scripted-backend.ts";
import { startProject } from "../support/project-gateway.ts";
import { findDeadAddress, startRawServer } from "../support/raw-server.ts";

const server = new ScriptedBackend();
beforeAll(() => server.start());
afterAll(() => server.stop());

const opened: Authenticator[] = [];
let nowMs = 0;
beforeEach(() => {
  server.clear();
  nowMs = Date.UTC(2026, 0, 1);
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((authenticator) => authenticator.dispose()));
});

function open(changes: Partial<IntrospectionParts> = {}): Authenticator {
  const parts: IntrospectionParts = {
    url: `${server.url}/oauth2/introspect?realm=shop`,
    clientId: "gateway",
    clientSecret: "s3cret",
    audiences: [],
    maxAgeSeconds: 60,
    timeoutMs: 3000,
    scopeClaims: ["scope", "scp"],
    consumerClaims: ["client_id", "azp"],
    tierClaims: [],
    ...changes,
  };
  const authenticator = createIntrospectionAuthenticator(parts, { clock: () => nowMs, maxAnswers: 100 });
  opened.push(authenticator);
  return authenticator;
}

async function identify(
  authenticator: Authenticator,
  token = "opaque",
  certificate: ClientCertificate | null = null,
): Promise<Caller | null> {
  return authenticator.authenticate({
    headers: new Map([["authorization", `Bearer ${token}`]]),
    certificate,
  });
}

/** The code and the message of a refusal. */
async function refusalOf(...request: Parameters<typeof identify>): Promise<string> {
  const error = await caught(identify(...request));
  if (!(error instanceof OverlockError)) throw error;
  return `${error.code}: ${error.message}`;
}

function seconds(): number {
  return nowMs / 1000;
}

const invalid = "CREDENTIAL_INVALID: The token is not valid.";
const expired = "CREDENTIAL_EXPIRED: The token has expired.";

describe("a token that the server knows", () => {
  it("is asked about with the gateway's own credentials, encoded as a form, and in no URL", async () => {
    server.answer = { body: { active: true } };
    await identify(open({ clientId: "gate way", clientSecret: "p:ä%+" }), "a+b/c~d==");
    const [request] = server.requests;
    const expectedPair = Buffer.from("gate+way:p%3A%C3%A4%25%2B").toString("base64");
    expect(request).toMatchObject({
      method: "POST",
      url: "/oauth2/introspect?realm=shop",
      body: "token=a%2Bb%2Fc%7Ed%3D%3D&token_type_hint=access_token",
      headers: {
        authorization: `Basic ${expectedPair}`,
        accept: "application/json",
        "content-type": "application/x-www-form-urlencoded",
      },
    });
  });

  it("makes a caller of what the answer says", async () => {
    const answer = {
      active: true,
      sub: "u1",
      iss: "https://issuer.example",
      client_id: "app",
      scope: "orders:read orders:write",
      exp: seconds() + 600,
      realm: { plan: "gold" },
    };
    server.answer = { body: answer };
    const caller = await identify(open({ tierClaims: ["realm.plan"] }));
    expect(caller).toEqual({
      kind: "opaqueToken",
      subject: "u1",
      issuer: "https://issuer.example",
      consumer: "app",
      tier: "gold",
      scopes: new Set(["orders:read", "orders:write"]),
      claims: answer,
    });
  });

  it("may be of nobody in particular", async () => {
    server.answer = { body: { active: true } };
    expect(await identify(open())).toMatchObject({ subject: null, consumer: null, scopes: new Set() });
  });

  it("is nobody's concern where there is none", async () => {
    expect(open().authenticate({ headers: new Map(), certificate: null })).toBeNull();
    expect(server.requests).toEqual([]);
  });

  it.each(["Basic dTE6cHc=", "Bearer", "Bearer a b", `Bearer ${"x".repeat(8193)}`])(
    "is not asked about where it is none: %.20s",
    async (authorization) => {
      const headers = new Map([["authorization", authorization]]);
      const authenticator = open();
      const error = await caught((async () => authenticator.authenticate({ headers, certificate: null }))());
      expect(error).toMatchObject({ code: "CREDENTIAL_INVALID" });
      expect(server.requests).toEqual([]);
    },
  );
});

describe("a token that is no good", () => {
  const now = Date.UTC(2026, 0, 1) / 1000;
  it.each<[what: string, answer: object, refusal: string]>([
    ["not active", { active: false }, invalid],
    ["not active, whatever else is said", { active: false, sub: "u1", exp: now + 60 }, invalid],
    ["over for longer than clocks differ", { active: true, exp: now - 5 }, expired],
    ["over since ever", { active: true, exp: -1e300 }, expired],
    ["not begun, by more than clocks differ", { active: true, nbf: now + 6 }, invalid],
  ])("(%s) is refused", async (_what, body, refusal) => {
    server.answer = { body };
    expect(await refusalOf(open())).toBe(refusal);
  });

  it.each<[what: string, answer: object]>([
    ["over, but clocks differ", { active: true, exp: now - 4 }],
    ["not begun, but clocks differ", { active: true, nbf: now + 5 }],
    ["without an end", { active: true }],
  ])("(%s) is not among them", async (_what, body) => {
    server.answer = { body };
    expect(await identify(open())).toMatchObject({ kind: "opaqueToken" });
  });

  it.each<[audience: unknown]>([["shop"], ["stock"], [["other", "shop"]], [[1, "shop"]]])(
    "is not one for an audience that is accepted: %j",
    async (aud) => {
      server.answer = { body: { active: true, aud } };
      expect(await identify(open({ audiences: ["shop", "stock"] }))).toMatchObject({ kind: "opaqueToken" });
    },
  );

  it.each<[audience: unknown]>([
    ["other"],
    ["SHOP"],
    ["shop "],
    ["shop stock"],
    [[]],
    [["other"]],
    [[["shop"]]],
    [{ shop: true }],
    [null],
    [undefined],
  ])("is one for another audience: %j", async (aud) => {
    server.answer = { body: { active: true, aud } };
    expect(await refusalOf(open({ audiences: ["shop", "stock"] }))).toBe(invalid);
  });
});

describe("a token that is bound to its sender", () => {
  const certificate: ClientCertificate = {
    subject: "CN=job",
    alternativeNames: [],
    fingerprint: "AB".repeat(32),
  };
  const thumbprint = Buffer.from("ab".repeat(32), "hex").toString("base64url");

  it("is accepted with that certificate, with no other and not without, from the cache too", async () => {
    server.answer = { body: { active: true, cnf: { "x5t#S256": thumbprint } } };
    const authenticator = open();
    const bound = invalid;
    expect(await refusalOf(authenticator)).toBe(bound);
    expect(await identify(authenticator, "opaque", certificate)).not.toBeNull();
    expect(await refusalOf(authenticator, "opaque", { ...certificate, fingerprint: "CD".repeat(32) })).toBe(
      bound,
    );
    expect(await refusalOf(authenticator)).toBe(bound);
    expect(server.requests).toHaveLength(1);
  });

  it.each<[confirmation: unknown]>([
    [{ jkt: "abc" }],
    [{ "x5t#S256": thumbprint, jkt: "abc" }],
    [{ "x5t#S256": [thumbprint] }],
    [{}],
    [null],
    [thumbprint],
  ])("by what can't be checked here is refused: %j", async (cnf) => {
    server.answer = { body: { active: true, cnf } };
    expect(await refusalOf(open(), "opaque", certificate)).toBe(invalid);
  });
});

describe("an answer", () => {
  const active = { active: true };

  it("is used again for as long as it may be kept", async () => {
    server.answer = { body: { ...active, sub: "u1" } };
    const authenticator = open({ maxAgeSeconds: 60 });
    const first = await identify(authenticator);
    nowMs += 59_999;
    expect(await identify(authenticator)).toBe(first);
    expect(server.requests).toHaveLength(1);
    nowMs += 1;
    server.answer = { body: { active: false } };
    expect(await refusalOf(authenticator)).toBe(invalid);
    expect(server.requests).toHaveLength(2);
  });

  it("is never used after the token's end", async () => {
    server.answer = { body: { ...active, exp: seconds() + 30 } };
    const authenticator = open({ maxAgeSeconds: 3600 });
    await identify(authenticator);
    nowMs += 29_999;
    await identify(authenticator);
    expect(server.requests).toHaveLength(1);
    nowMs += 1;
    await identify(authenticator);
    expect(server.requests).toHaveLength(2);
    nowMs += 5000;
    expect(await refusalOf(authenticator)).toBe(expired);
  });

  it("is used for whoever is waiting and for nobody after, where none may be kept", async () => {
    server.answer = { body: active };
    const authenticator = open({ maxAgeSeconds: 0 });
    await identify(authenticator);
    await identify(authenticator);
    expect(server.requests).toHaveLength(2);
  });

  it("that the token is not active is kept for ten seconds, or less", async () => {
    server.answer = { body: { active: false } };
    const [ten, three] = [open({ maxAgeSeconds: 3600 }), open({ maxAgeSeconds: 3 })];
    for (const authenticator of [ten, three]) expect(await refusalOf(authenticator)).toBe(invalid);
    server.answer = { body: active };
    nowMs += 2999;
    for (const authenticator of [ten, three]) expect(await refusalOf(authenticator)).toBe(invalid);
    nowMs += 1;
    expect(await identify(three)).not.toBeNull();
    nowMs += 6999;
    expect(await refusalOf(ten)).toBe(invalid);
    nowMs += 1;
    expect(await identify(ten)).not.toBeNull();
  });

  it("is of one token only", async () => {
    server.answer = ({ body }) => ({ body: { active: true, sub: new URLSearchParams(body).get("token") } });
    const authenticator = open();
    const tokens = ["a", "b", "A", "a=", "aa"];
    for (const round of [1, 2])
      for (const token of tokens)
        expect(await identify(authenticator, token), `round ${round}`).toMatchObject({ subject: token });
    expect(server.requests).toHaveLength(tokens.length);
  });

  it("is asked for once by all who send the token at one time", async () => {
    server.answer = { body: { active: true, sub: "u1" } };
    const authenticator = open({ maxAgeSeconds: 0 });
    const callers = await Promise.all(Array.from({ length: 50 }, () => identify(authenticator)));
    expect(new Set(callers).size).toBe(1);
    expect(server.requests).toHaveLength(1);
  });

  it("has its bound: what a flood of other tokens asks for does not push out what is used", async () => {
    server.answer = { body: active };
    const authenticator = open();
    await identify(authenticator, "mine");
    await identify(authenticator, "mine");
    const flood = Array.from({ length: 300 }, (_, index) => `other${index}`);
    await Promise.all(flood.map((token) => identify(authenticator, token)));
    server.requests.length = 0;
    await identify(authenticator, "mine");
    expect(server.requests).toHaveLength(0);
    await identify(authenticator, "other0");
    expect(server.requests).toHaveLength(1);
  });
});

describe("a server that can't be asked", () => {
  const unavailable = /^IDENTITY_UNAVAILABLE: /;

  it.each<[what: string, answer: ScriptedAnswer]>([
    ["does not know the gateway", { status: 401, body: { error: "invalid_client" } }],
    ["fails", { status: 500, body: { active: true } }],
    ["sends elsewhere", { status: 302, headers: { location: "http://evil.example/" } }],
    ["has nothing there", { status: 404 }],
    ["answers 201", { status: 201, body: { active: true } }],
    ["answers 204", { status: 204, body: "" }],
    ["answers a page", { body: "<!doctype html>" }],
    ["answers a list", { body: [{ active: true }] }],
    ["answers null", { body: "null" }],
    ["answers other JSON", { body: { ok: true } }],
    ["answers active as a text", { body: { active: "true" } }],
    ["answers active as a number", { body: { active: 1 } }],
    ["answers an end that is a text", { body: { active: true, exp: "9999999999" } }],
    ["answers an end that is null", { body: { active: true, exp: null } }],
    ["answers a beginning that is a text", { body: { active: true, nbf: "0" } }],
    ["answers no UTF-8", { body: Buffer.from('{"active":true,"sub":"\xff"}', "latin1") }],
    ["answers a signed token", { body: "e30.e30.AA" }],
    ["answers too much", { body: { active: true, more: "x".repeat(65_536) } }],
    [
      "answers too much, compressed",
      {
        body: gzipSync(JSON.stringify({ active: true, more: "x".repeat(1e6) })),
        headers: { "content-encoding": "gzip" },
      },
    ],
  ])("(it %s) refuses nobody for good, and lets nobody in", async (_what, answer) => {
    server.answer = answer;
    const authenticator = open();
    expect(await refusalOf(authenticator)).toMatch(unavailable);
    server.answer = { body: { active: true } };
    expect(await identify(authenticator)).not.toBeNull();
  });

  it("because it is down", async () => {
    const url = `http://${await findDeadAddress()}/introspect`;
    expect(await refusalOf(open({ url }))).toMatch(unavailable);
  });

  it("because it hangs, after the time that is set", async () => {
    const hanging = await startRawServer(() => {});
    const authenticator = open({ url: `http://${hanging.address}/introspect`, timeoutMs: 80 });
    const startedMs = performance.now();
    expect(await refusalOf(authenticator)).toMatch(unavailable);
    expect(performance.now() - startedMs).toBeGreaterThan(70);
    expect(performance.now() - startedMs).toBeLessThan(2000);
    await authenticator.dispose();
    await hanging.stop();
  });

  it("is not asked about more than a thousand tokens at one time", async () => {
    const hanging = await startRawServer(() => {});
    const authenticator = open({ url: `http://${hanging.address}/introspect` });
    const waiting = Array.from({ length: 1000 }, (_, index) => identify(authenticator, `t${index}`));
    const settled = Promise.allSettled(waiting);
    expect(await refusalOf(authenticator, "one-more")).toBe(
      "IDENTITY_UNAVAILABLE: too many tokens are being asked about",
    );
    await authenticator.dispose();
    expect((await settled).every(({ status }) => status === "rejected")).toBe(true);
    await hanging.stop();
  });

  it("is not missed by tokens that it was asked about before", async () => {
    server.answer = { body: { active: true } };
    const authenticator = open({ maxAgeSeconds: 60 });
    await identify(authenticator);
    server.answer = { status: 500 };
    nowMs += 59_999;
    expect(await identify(authenticator)).not.toBeNull();
    nowMs += 1;
    expect(await refusalOf(authenticator)).toMatch(unavailable);
  });
});

describe("a request", () => {
  it("waits for the server no longer than its own time", async () => {
    const hanging = await startRawServer(() => {});
    const project = await startProject(
      {
        books: `extend schema @source(name: "books", url: "${server.url}")
type Query { title: String @rest(GET: "/title") }`,
      },
      "type Query { title: String }",
      { INTROSPECTION_URL: `http://${hanging.address}/`, INTROSPECTION_SECRET: "s3cret" },
      {
        config: `{
          name: "web",
          requestTimeoutMs: 150,
          credentials: [{
            kind: "introspection",
            url: { environmentVariable: "INTROSPECTION_URL", default: null },
            clientId: "gateway",
            clientSecret: { environmentVariable: "INTROSPECTION_SECRET", default: null },
          }],
        }`,
      },
    );
    const startedMs = performance.now();
    const answer = await project.query("{ title }", { token: "opaque" });
    const durationMs = performance.now() - startedMs;
    await project.stop();
    await hanging.stop();
    expect([answer.status, answer.errors[0]?.extensions.code]).toEqual([504, "REQUEST_TIMEOUT"]);
    expect(durationMs).toBeGreaterThan(140);
    expect(durationMs).toBeLessThan(2000);
    expect(server.requests).toEqual([]);
  });
});
