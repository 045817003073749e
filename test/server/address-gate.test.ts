import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createAddressGate } from "../../gateway/server/address-gate.ts";
import { CertificateAuthority } from "../support/certificates.ts";
import { openSession, sendHttp2 } from "../support/secure-clients.ts";
import { createShopProject, type TemporaryProject } from "../support/temporary-project.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

const schema = "type Query { categories: [Category!] }\ntype Category { id: ID! }\n";
const clientAddresses = { allow: ["192.0.2.0/24", "2001:db8:7::/48"], deny: ["192.0.2.66"] };
const query = "/web/graphql?query={categories{id}}";

interface AskInit {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

describe("a gate", () => {
  const verdict = (gate: ReturnType<typeof createAddressGate>, address: string | null): boolean => {
    try {
      gate?.check(address);
      return true;
    } catch {
      return false;
    }
  };
  const all = ["192.0.2.1", "192.0.2.66", "198.51.100.1", "2001:db8:7::1", "2001:db8:8::1", null];

  it.each([
    [
      "allows what it has and denies what it denies",
      clientAddresses,
      [true, false, false, true, false, false],
    ],
    [
      "that only denies allows the rest, but not who is unknown",
      { allow: null, deny: ["192.0.2.66"] },
      [true, false, true, true, true, false],
    ],
    [
      "that only allows denies the rest",
      { allow: ["2001:db8::/32"], deny: [] },
      [false, false, false, true, true, false],
    ],
  ])("%s", (_what, settings, verdicts) => {
    const gate = createAddressGate(settings);
    expect(all.map((address) => verdict(gate, address))).toEqual(verdicts);
  });

  it("is none where everybody may call", () => {
    expect(createAddressGate(null)).toBeNull();
  });
});

describe("a BFF that may be called from some addresses", () => {
  let project: TemporaryProject;
  let test: TestGateway;

  beforeAll(async () => {
    project = createShopProject(schema, { clientAddresses });
    test = await startTestGateway(
      { TRUSTED_PROXIES: "127.0.0.1, 10.0.0.0/8", NODE_ENV: "development" },
      project.root,
    );
  });
  afterAll(async () => {
    await test.stop();
    project.remove();
  });
  beforeEach(() => test.shop.clearLogs());

  async function ask(forwardedFor: string | null, init: AskInit = {}, path = query) {
    const response = await fetch(test.gateway.url + path, {
      ...init,
      headers: { ...(forwardedFor !== null && { "x-forwarded-for": forwardedFor }), ...init.headers },
    });
    return { status: response.status, body: await response.text() };
  }

  it.each([
    "192.0.2.1",
    "8.8.8.8, 192.0.2.1",
    "192.0.2.1, 10.0.0.3",
    "192.0.2.1:80",
    "::ffff:192.0.2.1",
    "[2001:db8:7::1]:1",
  ])("answers calls for %s", async (forwardedFor) => {
    expect((await ask(forwardedFor)).status).toBe(200);
  });

  it.each([
    null,
    "",
    "192.0.2.66",
    "198.51.100.1",
    "192.0.2.1, 198.51.100.1",
    "192.0.2.1, unknown",
    "192.0.2.1, 127.0.0.2",
    "192.0.2.1,\t198.51.100.1,10.0.0.1",
    "2001:db8:7::1%eth0",
    "192.0.2.1/24",
  ])("refuses calls for %j before anything is sent upstream", async (forwardedFor) => {
    const { status, body } = await ask(forwardedFor);
    expect([status, JSON.parse(body)]).toEqual([
      403,
      {
        errors: [
          {
            message: "Calls from this address are not answered here.",
            extensions: { code: "ADDRESS_REFUSED" },
          },
        ],
      },
    ]);
    expect(test.shop.calls()).toEqual([]);
    expect(test.logLines.at(-1)).toMatchObject({ outcome: "refused", errorCodes: { ADDRESS_REFUSED: 1 } });
    expect(JSON.stringify(test.logLines.at(-1))).not.toMatch(/192\.0\.2|198\.51|2001:db8/);
  });

  it("is told of no other header, nor of one that comes twice in the other order", async () => {
    const lies = { forwarded: "for=192.0.2.1", "x-real-ip": "192.0.2.1", "x-client-ip": "192.0.2.1" };
    expect((await ask(null, { headers: lies })).status).toBe(403);
    const twice = new Headers([
      ["x-forwarded-for", "192.0.2.1"],
      ["x-forwarded-for", "198.51.100.1"],
    ]);
    expect((await fetch(test.gateway.url + query, { headers: twice })).status).toBe(403);
  });

  it("refuses whatever the request is: not JSON, too long, of a browser, a preflight, without a credential", async () => {
    const requests: readonly [init: AskInit, path?: string][] = [
      [{ method: "POST", headers: { "content-type": "application/json" }, body: "{" }],
      [{ method: "POST", headers: { "content-type": "text/plain" }, body: "x" }],
      [{ method: "DELETE" }],
      [{}, `${query}&x=${"x".repeat(8200)}`],
      [{ headers: { accept: "text/html" } }],
      [{ headers: { accept: "text/event-stream" } }],
      [
        {
          method: "OPTIONS",
          headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
        },
      ],
      [{ headers: { authorization: "Bearer x" } }],
    ];
    for (const [init, path] of requests) {
      const { status, body } = await ask("198.51.100.1", init, path);
      expect([status, body]).toEqual([403, expect.stringContaining("ADDRESS_REFUSED")]);
    }
  });

  it("leaves health checks to everybody", async () => {
    expect((await ask("198.51.100.1", {}, "/health/ready")).status).toBe(200);
  });
});

describe("a BFF that is called without proxies that are trusted", () => {
  it("believes no header, over HTTP/1.1 and over HTTP/2", async () => {
    const authority = new CertificateAuthority();
    const { certificateFile, keyFile } = authority.issue("gateway", "IP:127.0.0.1");
    const allowed = createShopProject(schema, { clientAddresses: { allow: ["127.0.0.0/8"] } });
    const refused = createShopProject(schema, { clientAddresses });
    const tls = { TLS_CERT_FILE: certificateFile, TLS_KEY_FILE: keyFile };
    const lie = { "x-forwarded-for": "192.0.2.1", forwarded: "for=192.0.2.1" };
    for (const [project, status] of [
      [allowed, 200],
      [refused, 403],
    ] as const) {
      const plain = await startTestGateway({}, project.root);
      expect((await fetch(plain.gateway.url + query, { headers: lie })).status).toBe(status);
      await plain.stop();
      const secure = await startTestGateway(tls, project.root);
      const session = await openSession(secure.gateway.url, { ca: authority.certificate });
      expect((await sendHttp2(session, { ":path": query, ...lie })).status).toBe(status);
      session.close();
      await secure.stop();
      project.remove();
    }
    authority.remove();
  });
});
