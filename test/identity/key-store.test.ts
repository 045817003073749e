import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { openKeyLocation } from "../../gateway/identity/key-location.ts";
import { createKeyStores, KeyStore } from "../../gateway/identity/key-store.ts";
import { Metrics } from "../../gateway/observe/metrics.ts";

const keysByName = new Map<string, JWK>();

beforeAll(async () => {
  for (const kid of ["k1", "k2"]) {
    const { publicKey } = await generateKeyPair("ES256");
    keysByName.set(kid, { ...(await exportJWK(publicKey)), kid, alg: "ES256", use: "sig" });
  }
});

function setOf(...names: readonly string[]): { readonly keys: readonly JWK[] } {
  return { keys: names.map((name) => keysByName.get(name) ?? {}) };
}

/** What became of asking for the key `kid`: its set's version, or why there is none. */
function ask(store: KeyStore, kid: string): Promise<number | string> {
  return store.find({ alg: "ES256", kid }).then(
    ({ version }) => version,
    (error: unknown) => (error as { readonly code: string }).code,
  );
}

/** A store whose reads the test answers, and what it tells of itself. */
class StagedStore {
  reads = 0;
  /** Never settles by itself where it is pending. */
  answer: () => Promise<unknown> = () => Promise.resolve(setOf("k1"));
  isDisposed = false;
  readonly lines: (readonly [level: string, fields: object, message: string])[] = [];
  readonly metrics = new Metrics();
  readonly store = new KeyStore(
    "https://issuer.example",
    {
      read: () => {
        this.reads += 1;
        return this.answer();
      },
      dispose: () => {
        this.isDisposed = true;
        return Promise.resolve();
      },
    },
    {
      logger: {
        info: (fields, message) => void this.lines.push(["info", fields, message]),
        warn: (fields, message) => void this.lines.push(["warn", fields, message]),
      },
      metrics: this.metrics,
    },
  );

  ask(kid: string): Promise<number | string> {
    return ask(this.store, kid);
  }
}

const down = (): Promise<never> => Promise.reject(new Error("connection refused"));
const hung = (): Promise<never> => new Promise(() => {});
const missing = "ERR_JWKS_NO_MATCHING_KEY";
const seconds = (count: number): Promise<unknown> => vi.advanceTimersByTimeAsync(count * 1000);

describe("a key store", () => {
  let staged: StagedStore;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
    staged = new StagedStore();
  });
  afterEach(async () => {
    await staged.store.dispose();
    vi.useRealTimers();
  });

  it("reads nothing before a key is asked for, and then once for all who ask", async () => {
    await seconds(3600);
    expect([staged.reads, staged.store.version]).toEqual([0, null]);
    const found = await Promise.all([staged.ask("k1"), staged.ask("k1"), staged.ask("k2")]);
    expect(found).toEqual([1, 1, missing]);
    expect([staged.reads, staged.store.version]).toEqual([1, 1]);
  });

  it("reads the set every 30 seconds from then on, and has a new version where it differs only", async () => {
    await staged.ask("k1");
    await seconds(29);
    expect(staged.reads).toBe(1);
    await seconds(62);
    expect([staged.reads, staged.store.version]).toEqual([4, 1]);
    staged.answer = () => Promise.resolve(setOf("k1", "k2"));
    await seconds(30);
    expect([staged.reads, staged.store.version]).toEqual([5, 2]);
  });

  it("knows a new key, and forgets an old one, within 35 seconds, whoever asks", async () => {
    await staged.ask("k1");
    staged.answer = () => Promise.resolve(setOf("k2"));
    await seconds(35);
    expect(await staged.ask("k1")).toBe(missing);
    expect(await staged.ask("k2")).toBe(2);
  });

  it("reads again at once for a key that it does not know", async () => {
    await staged.ask("k1");
    await seconds(5);
    staged.answer = () => Promise.resolve(setOf("k1", "k2"));
    expect(await staged.ask("k2")).toBe(2);
    expect(staged.reads).toBe(2);
  });

  it("reads three times at most for 200 unknown keys, one after the other or at once", async () => {
    await staged.ask("k1");
    await seconds(2);
    for (let index = 0; index < 100; index++) {
      expect(await staged.ask(`unknown-${index}`)).toBe(missing);
      await seconds(0.1);
    }
    const answers = Array.from({ length: 100 }, (_, index) => staged.ask(`other-${index}`));
    expect(new Set(await Promise.all(answers))).toEqual(new Set([missing]));
    // The first, and one for all that are unknown; within 30 seconds one more is due in any case.
    expect(staged.reads).toBe(2);
  });

  it("knows what it knew while its issuer is down, for a day", async () => {
    await staged.ask("k1");
    staged.answer = down;
    await seconds(24 * 3600 - 1);
    expect([await staged.ask("k1"), staged.store.version]).toEqual([1, 1]);
    await seconds(2);
    expect(staged.store.version).toBeNull();
    expect(await staged.ask("k1")).toBe("IDENTITY_UNAVAILABLE");
    staged.answer = () => Promise.resolve(setOf("k1"));
    await seconds(30);
    expect(await staged.ask("k1")).toBe(1);
  });

  it("lets nobody wait for a known key while its issuer hangs", async () => {
    await staged.ask("k1");
    staged.answer = hung;
    await seconds(31);
    expect(staged.reads).toBe(2);
    const settled = vi.fn();
    void staged.ask("k1").then(settled);
    void staged.ask("k2").then(settled);
    await seconds(0);
    expect(settled.mock.calls).toEqual([[1]]);
  });

  it("calls an unknown key unknown while its set is current, and says that it can't tell once it is not", async () => {
    await staged.ask("k1");
    staged.answer = down;
    await seconds(5);
    expect(await staged.ask("k2")).toBe(missing);
    await seconds(31);
    expect(await staged.ask("k2")).toBe("IDENTITY_UNAVAILABLE");
  });

  it.each([
    ["a page", "<!doctype html>"],
    ["no key set", { no: "keys" }],
    ["keys that are none", { keys: [1] }],
    ["nothing", null],
  ])("keeps what it knows where the issuer answers %s", async (_what, answer) => {
    await staged.ask("k1");
    staged.answer = () => Promise.resolve(answer);
    await seconds(31);
    expect([staged.reads, await staged.ask("k1"), staged.store.version]).toEqual([2, 1, 1]);
  });

  it("takes an issuer at its word that has no keys", async () => {
    await staged.ask("k1");
    staged.answer = () => Promise.resolve({ keys: [] });
    await seconds(31);
    expect(await staged.ask("k1")).toBe(missing);
  });

  it("asks an issuer that has never answered once a second at most", async () => {
    staged.answer = down;
    for (let index = 0; index < 50; index++) {
      expect(await staged.ask("k1")).toBe("IDENTITY_UNAVAILABLE");
      await seconds(0.1);
    }
    expect(staged.reads).toBe(5);
    staged.answer = () => Promise.resolve(setOf("k1"));
    await seconds(1);
    expect(await staged.ask("k1")).toBe(1);
  });

  it("counts its reads, warns of a failure at first and then once a minute, and says when it is over", async () => {
    await staged.ask("k1");
    staged.answer = down;
    await seconds(121);
    staged.answer = () => Promise.resolve(setOf("k1"));
    await seconds(60);
    const issuer = "https://issuer.example";
    expect(staged.lines.map(([level, , message]) => `${level} ${message}`)).toEqual([
      "warn the issuer's keys could not be had",
      "warn the issuer's keys could not be had",
      "info the issuer's keys can be had again",
    ]);
    expect(staged.lines[0]?.[1]).toMatchObject({
      issuer,
      keys: "those from before",
      err: { cause: { message: "connection refused" } },
    });
    const exposed = await staged.metrics.expose();
    expect(exposed).toContain(`overlock_key_fetches_total{issuer="${issuer}",result="ok"} 3`);
    expect(exposed).toContain(`overlock_key_fetches_total{issuer="${issuer}",result="failed"} 4`);
  });

  it("reads nothing any more when it is disposed of, not even where it was reading", async () => {
    await staged.ask("k1");
    const reading = Promise.withResolvers<unknown>();
    staged.answer = () => reading.promise;
    await seconds(31);
    await staged.store.dispose();
    reading.resolve(setOf("k1"));
    await seconds(300);
    expect([staged.reads, staged.isDisposed, vi.getTimerCount()]).toEqual([2, true, 0]);
  });
});

describe("where keys are", () => {
  let server: Server;
  let url: string;
  let requests: string[];
  let answers: Record<string, (response: ServerResponse) => void>;

  beforeAll(async () => {
    server = createServer((request, response) => {
      requests.push(`${request.method} ${request.url}`);
      const answer = answers[request.url ?? ""];
      if (answer === undefined) response.writeHead(404).end();
      else answer(response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    requests = [];
    answers = { "/keys": (response) => response.end(JSON.stringify(setOf("k1"))) };
  });
  afterEach(() => server.closeAllConnections());
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  const json =
    (value: unknown) =>
    (response: ServerResponse): void =>
      void response.end(JSON.stringify(value));

  async function read(location: Parameters<typeof openKeyLocation>[0]): Promise<unknown> {
    const reader = openKeyLocation(location);
    try {
      return await reader.read();
    } catch (error) {
      return error instanceof Error ? error.message : error;
    } finally {
      await reader.dispose();
    }
  }

  it("is at their URL, with its query", async () => {
    answers["/keys?of=shop"] = json(setOf("k2"));
    expect(await read({ kind: "url", url: `${url}/keys?of=shop` })).toEqual(setOf("k2"));
  });

  it("is where the issuer's OpenID configuration says, which is asked once an hour", async () => {
    const issuer = `${url}/realms/shop`;
    answers["/realms/shop/.well-known/openid-configuration"] = json({ issuer, jwks_uri: `${url}/keys` });
    const reader = openKeyLocation({ kind: "discovery", issuer });
    expect(await reader.read()).toEqual(setOf("k1"));
    expect(await reader.read()).toEqual(setOf("k1"));
    await reader.dispose();
    expect(requests).toEqual(["GET /realms/shop/.well-known/openid-configuration", "GET /keys", "GET /keys"]);
  });

  it("is asked of the issuer anew where the keys are no longer where they were", async () => {
    const configuration = "/.well-known/openid-configuration";
    answers[configuration] = json({ issuer: `${url}/`, jwks_uri: `${url}/keys` });
    const reader = openKeyLocation({ kind: "discovery", issuer: `${url}/` });
    await reader.read();
    delete answers["/keys"];
    answers["/new-keys"] = json(setOf("k2"));
    answers[configuration] = json({ issuer: `${url}/`, jwks_uri: `${url}/new-keys` });
    await expect(reader.read()).rejects.toThrow("expected the status 200, found 404");
    expect(await reader.read()).toEqual(setOf("k2"));
    await reader.dispose();
  });

  it.each([
    ["names another issuer", { issuer: "https://evil.example", jwks_uri: "KEYS" }, "another issuer"],
    ["names none", { jwks_uri: "KEYS" }, "another issuer"],
    ["names no keys", { issuer: "ISSUER" }, "no address of keys"],
    ["names keys in a file", { issuer: "ISSUER", jwks_uri: "file:///etc/passwd" }, "no address of keys"],
    ["names keys in a list", { issuer: "ISSUER", jwks_uri: ["KEYS"] }, "no address of keys"],
    ["is a list", ["ISSUER"], "another issuer"],
    ["is null", null, "another issuer"],
  ])("is nowhere where the configuration %s", async (_what, configuration, message) => {
    const text = JSON.stringify(configuration).replaceAll("ISSUER", url).replaceAll("KEYS", `${url}/keys`);
    answers["/.well-known/openid-configuration"] = (response) => response.end(text);
    expect(await read({ kind: "discovery", issuer: url })).toContain(message);
    expect(requests).toEqual(["GET /.well-known/openid-configuration"]);
  });

  it("is not where a redirect leads", async () => {
    answers["/moved"] = (response) => response.writeHead(302, { location: `${url}/keys` }).end();
    expect(await read({ kind: "url", url: `${url}/moved` })).toBe("expected the status 200, found 302");
    expect(requests).toEqual(["GET /moved"]);
  });

  it("is in a file, which is read anew each time", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "overlock-keys-"));
    const file = path.join(folder, "keys.json");
    try {
      writeFileSync(file, JSON.stringify(setOf("k1")));
      expect(await read({ kind: "file", path: file })).toEqual(setOf("k1"));
      writeFileSync(file, JSON.stringify(setOf("k2")));
      expect(await read({ kind: "file", path: file })).toEqual(setOf("k2"));
      writeFileSync(file, " ".repeat(1024 * 1024 + 1));
      expect(await read({ kind: "file", path: file })).toContain("at most 1048576 bytes");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("is one store for all who name the same issuer and place", async () => {
    const lines: unknown[] = [];
    const logger = { info: () => {}, warn: (fields: object) => void lines.push(fields) };
    const stores = createKeyStores({ logger, metrics: new Metrics() });
    const store = stores.open("i", { kind: "url", url: `${url}/keys` });
    expect(stores.open("i", { kind: "url", url: `${url}/keys` })).toBe(store);
    expect(stores.open("i", { kind: "url", url: `${url}/other` })).not.toBe(store);
    expect(stores.open("j", { kind: "url", url: `${url}/keys` })).not.toBe(store);
    expect(await ask(store, "k1")).toBe(1);
    await stores.dispose();
    expect(lines).toEqual([]);
  });
});
