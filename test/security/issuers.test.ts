import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Gateway, startGateway } from "overlock";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Listener } from "../backends/listener.ts";
import { compileSetting } from "../support/compile-setting.ts";
import { sendQuery } from "../support/test-gateway.ts";
import { ecKey, publicJwk, sign, type TokenKey } from "./token-maker.ts";

/** A server of keys that rotates them, breaks and hangs. */
class Issuer {
  readonly requests: string[] = [];
  published: readonly TokenKey[] = [ecKey("k1")];
  /** What it does in place of answering; null: it answers. */
  fault: ((response: ServerResponse) => void) | null = null;
  readonly #listener = new Listener(
    createServer((request, response) => {
      this.requests.push(request.url ?? "");
      if (this.fault !== null) this.fault(response);
      else if (request.url === "/keys") response.end(this.keySet);
      else response.end(JSON.stringify({ issuer: this.url, jwks_uri: `${this.url}/keys` }));
    }),
  );

  get url(): string {
    return `http://127.0.0.1:${this.#listener.port}`;
  }

  get keySet(): string {
    return JSON.stringify({ keys: this.published.map((key) => publicJwk(key, { use: "sig" })) });
  }

  start(): Promise<void> {
    return this.#listener.start();
  }

  stop(): Promise<void> {
    return this.#listener.stop();
  }

  /** A token that is like no other, signed by `key`. */
  token(key: TokenKey | undefined, header: object = {}): string {
    if (key === undefined) throw new Error("Expected a key.");
    const exp = Math.floor(Date.now() / 1000) + 600;
    const claims = { iss: this.url, aud: "shop", sub: "u1", exp, jti: `${Math.random()}` };
    return sign({ alg: "ES256", kid: key.kid, ...header }, claims, key, "ES256");
  }
}

let customers: Issuer;
let staff: Issuer;
let root: string;
let gateway: Gateway;
let logLines: Record<string, unknown>[];

beforeEach(async () => {
  [customers, staff] = [new Issuer(), new Issuer()];
  await Promise.all([customers.start(), staff.start()]);
  root = mkdtempSync(path.join(tmpdir(), "overlock-test-"));
  mkdirSync(path.join(root, "schemas"));
  writeFileSync(
    path.join(root, "schemas", "nothing.graphql"),
    'extend schema @source(name: "nothing", url: "http://localhost:1")\ntype Query { nothing: String @rest(GET: "/") }\n',
  );
  logLines = [];
});
afterEach(async () => {
  await gateway.close({ idleGraceMs: 0 });
  await Promise.all([customers.stop(), staff.stop()]);
  rmSync(root, { recursive: true });
});

/** Starts a gateway whose BFFs, `web` and `mobile`, have these credentials. */
async function start(...credentials: readonly object[]): Promise<void> {
  for (const name of ["web", "mobile"]) {
    const folder = path.join(root, `bff-${name}`);
    mkdirSync(folder);
    writeFileSync(path.join(folder, "schema.graphql"), "type Query { nothing: String }\n");
    const config = {
      name,
      credentials: credentials.map((one) => ({ kind: "jwt", audiences: ["shop"], ...one })),
    };
    writeFileSync(path.join(folder, "bff.config.ts"), `export default ${JSON.stringify(config)};\n`);
    writeFileSync(path.join(folder, "keys.json"), staff.keySet);
  }
  gateway = await startGateway({
    root,
    environment: { PORT: "0", ADMIN_PORT: "0", ...compileSetting() },
    logDestination: { write: (line) => void logLines.push(JSON.parse(line) as Record<string, unknown>) },
  });
}

/** `ok`, or the code of the refusal. */
async function ask(token: string, bff: "web" | "mobile" = "web"): Promise<string> {
  const { status, errors } = await sendQuery(gateway.url, "{ __typename }", { bff, token });
  return status === 200 ? "ok" : (errors[0]?.extensions.code ?? "");
}

describe("several issuers", () => {
  it("stand side by side, each with keys of its own, found in the three ways", async () => {
    const partners = ecKey("p1");
    await start(
      { issuer: customers.url },
      { issuer: "staff", jwksFile: "keys.json" },
      { issuer: "partners", jwksUrl: `${staff.url}/keys` },
    );
    staff.published = [partners];
    const [customerKey] = customers.published;
    const claims = (iss: string) => ({ iss, aud: "shop", exp: Math.floor(Date.now() / 1000) + 60 });
    const by = (iss: string, key: TokenKey): string =>
      sign({ alg: "ES256", kid: key.kid }, claims(iss), key, "ES256");
    expect(await ask(customers.token(customerKey))).toBe("ok");
    expect(await ask(by("partners", partners))).toBe("ok");
    // Each other's keys are none.
    expect(await ask(by("partners", customerKey as TokenKey))).toBe("CREDENTIAL_INVALID");
    expect(await ask(by(customers.url, partners))).toBe("CREDENTIAL_INVALID");
    expect(await ask(by("staff", partners))).toBe("CREDENTIAL_INVALID");
    expect(await ask(by("nobody", partners))).toBe("CREDENTIAL_INVALID");
  });

  it("have a file of keys beside the config", async () => {
    await start({ issuer: customers.url }, { issuer: staff.url, jwksFile: "keys.json" });
    expect(await ask(staff.token(staff.published[0]))).toBe("ok");
    expect([customers.requests, staff.requests]).toEqual([[], []]);
  });

  it("are asked for their keys once for all BFFs", async () => {
    await start({ issuer: customers.url });
    const [key] = customers.published;
    const tokens = Array.from({ length: 20 }, () => customers.token(key));
    const answers = await Promise.all(
      tokens.map((token, index) => ask(token, index % 2 === 0 ? "web" : "mobile")),
    );
    expect(new Set(answers)).toEqual(new Set(["ok"]));
    expect(customers.requests).toEqual(["/.well-known/openid-configuration", "/keys"]);
  });
});

describe("an issuer's new keys", () => {
  it("are known with the first token of one, and tokens of old ones are refused from then on", async () => {
    await start({ issuer: customers.url });
    const [former] = customers.published;
    const token = customers.token(former);
    expect([await ask(token), await ask(token)]).toEqual(["ok", "ok"]);
    const next = ecKey("k2");
    customers.published = [next];
    await sleep(1100);
    expect(await ask(customers.token(next))).toBe("ok");
    expect(await ask(token)).toBe("CREDENTIAL_INVALID");
    expect(customers.requests.filter((url) => url === "/keys")).toHaveLength(2);
  });

  it("are asked for three times at most by 200 keys that nobody knows", async () => {
    await start({ issuer: customers.url });
    expect(await ask(customers.token(customers.published[0]))).toBe("ok");
    await sleep(1100);
    const stranger = ecKey("stranger");
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) => ask(customers.token(stranger, { kid: `unknown-${index}` }))),
    );
    expect(new Set(answers)).toEqual(new Set(["CREDENTIAL_INVALID"]));
    const fetches = customers.requests.filter((url) => url === "/keys").length;
    expect(fetches).toBeGreaterThan(1);
    expect(fetches).toBeLessThanOrEqual(3);
  });
});

describe("an issuer in trouble", () => {
  const faults: readonly (readonly [what: string, fault: (response: ServerResponse) => void])[] = [
    ["that hangs up", (response) => response.destroy()],
    ["that hangs", () => {}],
    ["that answers 500", (response) => void response.writeHead(500).end()],
    ["that answers a page", (response) => void response.end("<!doctype html>")],
  ];

  it.each(faults)("(%s) fails and delays no request with a known key", async (_what, fault) => {
    await start({ issuer: customers.url });
    const [key] = customers.published;
    const known = customers.token(key);
    expect(await ask(known)).toBe("ok");
    customers.fault = fault;
    await sleep(1100);
    // Somebody has to wait for the issuer.
    const stranger = ask(customers.token(ecKey("k9")));
    const startedMs = performance.now();
    const tokens = Array.from({ length: 100 }, (_, index) =>
      index % 2 === 0 ? known : customers.token(key),
    );
    const answers = await Promise.all(tokens.map((token) => ask(token)));
    const tookMs = performance.now() - startedMs;
    expect(new Set(answers)).toEqual(new Set(["ok"]));
    expect(await stranger).toBe("CREDENTIAL_INVALID");
    expect(customers.requests.length).toBeGreaterThan(2);
    // The issuer is given 3 seconds.
    expect(tookMs).toBeLessThan(2500);
    expect(logLines).toContainEqual(
      expect.objectContaining({
        level: "warn",
        issuer: customers.url,
        msg: "the issuer's keys could not be had",
      }),
    );
  });
});
