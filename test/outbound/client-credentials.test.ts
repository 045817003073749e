import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Deadline } from "../../gateway/core/deadline.ts";
import { ClientCredentials, type TokenResult } from "../../gateway/outbound/client-credentials.ts";
import { caught } from "../support/caught.ts";
import { findDeadAddress, startRawServer } from "../support/raw-server.ts";
import { type ScriptedAnswer, ScriptedBackend } from "../support/scripted-backend.ts";

const issuer = new ScriptedBackend();
const deadlines: Deadline[] = [];
const opened: ClientCredentials[] = [];
const results: TokenResult[] = [];
let nowMs = 0;
let issued = 0;

beforeAll(() => issuer.start());
afterAll(() => issuer.stop());
beforeEach(() => {
  issuer.clear();
  issuer.answer = () => tokenAnswer();
  results.length = 0;
  nowMs = 1000;
  issued = 0;
});
afterEach(async () => {
  for (const started of deadlines.splice(0)) started.dispose();
  await Promise.all(opened.splice(0).map((one) => one.dispose()));
});

function tokenAnswer(changed: Readonly<Record<string, unknown>> = {}): ScriptedAnswer {
  issued += 1;
  return { body: { access_token: `token-${issued}`, token_type: "Bearer", expires_in: 100, ...changed } };
}

function open(changed: Readonly<Record<string, string | null>> = {}): ClientCredentials {
  const settings = {
    tokenUrl: `${issuer.url}/oauth/token?tenant=a`,
    clientId: "gate:way",
    clientSecret: "s e/cr+et",
    scope: null,
    audience: null,
    ...changed,
  };
  const credentials = new ClientCredentials(settings, {
    onResult: (result) => void results.push(result),
    clock: () => nowMs,
    random: () => 0,
  });
  opened.push(credentials);
  return credentials;
}

function deadline(timeoutMs = 5000): Deadline {
  const started = Deadline.start(timeoutMs, null);
  deadlines.push(started);
  return started;
}

async function ask(credentials: ClientCredentials, timeoutMs?: number): Promise<string> {
  return credentials.current(deadline(timeoutMs));
}

describe("the request for a token", () => {
  it("is the grant as RFC 6749 has it, with id and secret encoded in its header only", async () => {
    await ask(open({ scope: "read:books write:books", audience: "https://books.example" }));
    const [request] = issuer.requests;
    expect(request).toMatchObject({ method: "POST", url: "/oauth/token?tenant=a" });
    expect(request?.headers["content-type"]).toBe("application/x-www-form-urlencoded");
    const credentials = Buffer.from("gate%3Away:s+e%2Fcr%2Bet").toString("base64");
    expect(request?.headers["authorization"]).toBe(`Basic ${credentials}`);
    expect(request?.body).toBe(
      "grant_type=client_credentials&scope=read%3Abooks+write%3Abooks&audience=https%3A%2F%2Fbooks.example",
    );
  });

  it("has neither scope nor audience where there are none", async () => {
    await ask(open());
    expect(issuer.requests[0]?.body).toBe("grant_type=client_credentials");
  });
});

describe("a token", () => {
  it("is asked for once, whoever waits", async () => {
    const credentials = open();
    const tokens = await Promise.all(Array.from({ length: 50 }, () => ask(credentials)));
    expect(new Set(tokens)).toEqual(new Set(["token-1"]));
    expect(issuer.requests).toHaveLength(1);
    expect(credentials.current(deadline())).toBe("token-1");
    expect(results).toEqual(["ok"]);
  });

  it("is renewed once after 70 % of its time, and nobody waits for that", async () => {
    const credentials = open();
    await ask(credentials);
    nowMs += 69_999;
    expect(credentials.current(deadline())).toBe("token-1");
    expect(issuer.requests).toHaveLength(1);
    nowMs += 2;
    for (let time = 0; time < 5; time++) expect(credentials.current(deadline())).toBe("token-1");
    await expect.poll(() => credentials.current(deadline())).toBe("token-2");
    expect(issuer.requests).toHaveLength(2);
  });

  it("is used while a new one can't be had, until shortly before its end", async () => {
    const credentials = open();
    await ask(credentials);
    issuer.answer = { status: 503 };
    nowMs += 89_000;
    expect(credentials.current(deadline())).toBe("token-1");
    await expect.poll(() => results).toEqual(["ok", "failed"]);
    // Not asked for again within a second.
    expect(credentials.current(deadline())).toBe("token-1");
    nowMs += 999;
    expect(credentials.current(deadline())).toBe("token-1");
    nowMs += 1;
    expect(await caught(ask(credentials))).toMatchObject({ code: "UPSTREAM_UNAUTHENTICATED" });
    expect(results).toEqual(["ok", "failed", "failed"]);
  });

  it("that the backend refuses is replaced, but not more often than every ten seconds", async () => {
    const credentials = open();
    expect(credentials.refuse(await ask(credentials))).toBe(true);
    expect(await ask(credentials)).toBe("token-2");
    // Who was refused with the old one has a new one already.
    expect(credentials.refuse("token-1")).toBe(true);
    expect(credentials.refuse("token-2")).toBe(false);
    expect(await ask(credentials)).toBe("token-2");
    nowMs += 10_000;
    expect(credentials.refuse("token-2")).toBe(true);
    expect(await ask(credentials)).toBe("token-3");
    expect(results).toEqual(["ok", "refused", "ok", "refused", "ok"]);
  });

  it.each([
    [{ expires_in: "100" }, 89_999],
    [{ expires_in: undefined }, 289_999],
    [{ expires_in: 1e9 }, 86_389_999],
    [{ token_type: "bearer" }, 89_999],
    [{ expires_in: 0.5 }, 449],
  ])("with %j is good for %i ms", async (changed, lifetimeMs) => {
    const credentials = open();
    issuer.answer = () => tokenAnswer(changed);
    const token = await ask(credentials);
    nowMs += lifetimeMs;
    expect(credentials.current(deadline())).toBe(token);
    nowMs += 2;
    expect(await credentials.current(deadline())).toBe("token-2");
  });
});

describe("no token", () => {
  it.each<[string, ScriptedAnswer, string]>([
    [
      "a refusal",
      { status: 401, body: { error: "invalid_client", error_description: "secret" } },
      "401, invalid_client",
    ],
    ["a refusal in odd words", { status: 400, body: { error: "<secret>\n" } }, "answered 400"],
    ["a fault", { status: 500, body: "secret" }, "answered 500"],
    ["a redirect", { status: 302, headers: { location: "http://127.0.0.1:1/" } }, "answered 302"],
    ["another success", { status: 201, body: { access_token: "a", token_type: "Bearer" } }, "answered 201"],
    ["no JSON", { body: "secret" }, "no bearer token"],
    ["a list", { body: [] }, "no bearer token"],
    ["no token", { body: { token_type: "Bearer" } }, "no bearer token"],
    ["a token with a line break", tokenWith({ access_token: "a\r\nx-evil: 1" }), "no bearer token"],
    ["a token with a space", tokenWith({ access_token: "a b" }), "no bearer token"],
    ["a token of 8001 characters", tokenWith({ access_token: "a".repeat(8001) }), "no bearer token"],
    ["an empty token", tokenWith({ access_token: "" }), "no bearer token"],
    ["a number for a token", tokenWith({ access_token: 1 }), "no bearer token"],
    ["another type", tokenWith({ token_type: "mac" }), "token_type"],
    ["no type", tokenWith({ token_type: undefined }), "token_type"],
    ["one that is over", tokenWith({ expires_in: 0 }), "expires_in"],
    ["one that was over long ago", tokenWith({ expires_in: -1 }), "expires_in"],
    ["a time that is none", tokenWith({ expires_in: "soon" }), "expires_in"],
    ["an answer that is too large", { body: { access_token: "a".repeat(70_000) } }, "65536"],
  ])("comes of %s, which is told without what the answer says", async (_what, answer, words) => {
    issuer.answer = answer;
    const error = await caught(ask(open()));
    expect(error).toMatchObject({
      code: "UPSTREAM_UNAUTHENTICATED",
      publicMessage: "The gateway could not authenticate itself to a backend.",
    });
    expect(String(error)).toContain(words);
    expect(String(error)).not.toContain("secret");
    expect(results).toEqual(["failed"]);
  });

  it("comes of nobody who listens, and is asked for again after a second only", async () => {
    const credentials = open({ tokenUrl: `http://${await findDeadAddress()}/token` });
    for (let time = 0; time < 20; time++)
      expect(await caught(ask(credentials))).toMatchObject({ code: "UPSTREAM_UNAUTHENTICATED" });
    expect(results).toEqual(["failed"]);
    nowMs += 1000;
    await caught(ask(credentials));
    expect(results).toEqual(["failed", "failed"]);
  });

  it("is waited for no longer than the call may take, while others wait on", async () => {
    const silent = await startRawServer(() => {});
    const credentials = open({ tokenUrl: `http://${silent.address}/token` });
    const patient = caught(ask(credentials));
    expect(await caught(ask(credentials, 20))).toMatchObject({ code: "REQUEST_TIMEOUT" });
    expect(results).toEqual([]);
    await silent.stop();
    expect(await patient).toMatchObject({ code: "UPSTREAM_UNAUTHENTICATED" });
  });
});

function tokenWith(changed: Readonly<Record<string, unknown>>): ScriptedAnswer {
  return { body: { access_token: "a", token_type: "Bearer", expires_in: 100, ...changed } };
}
