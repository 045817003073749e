import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CertificateAuthority } from "../support/certificates.ts";
import { createSecureFetch } from "../support/secure-clients.ts";
import { rawRequest, sendRaw } from "../support/raw-connection.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

let test: TestGateway;
beforeAll(async () => {
  test = await startTestGateway({ NODE_ENV: "development" });
});
afterAll(() => test.stop());

const json = { "content-type": "application/json" };
const page = { accept: "text/html" };
const greeting = JSON.stringify({ query: "{ __typename }" });

interface Sent {
  readonly what: string;
  readonly line: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly status: number;
}

describe("an answer", () => {
  it.each<Sent>([
    { what: "of an operation", line: "POST /web/graphql", headers: json, body: greeting, status: 200 },
    { what: "of a GET", line: "GET /web/graphql?query=%7B__typename%7D", status: 200 },
    { what: "to what is no GraphQL", line: "POST /web/graphql", headers: json, body: "[", status: 400 },
    {
      what: "to what does not fit",
      line: "POST /web/graphql",
      headers: json,
      body: '{"query":"{x}"}',
      status: 200,
    },
    { what: "to another type", line: "POST /web/graphql", body: greeting, status: 415 },
    { what: "to another method", line: "DELETE /web/graphql", status: 405 },
    {
      what: "to another site",
      line: "GET /web/graphql",
      headers: { origin: "https://evil.example" },
      status: 403,
    },
    { what: "to a bad token", line: "GET /web/graphql", headers: { authorization: "Bearer x" }, status: 401 },
    { what: "to who takes no type", line: "GET /web/graphql", headers: { accept: "image/png" }, status: 406 },
    { what: "of a path that is nothing", line: "GET /nothing", status: 404 },
    { what: "of health", line: "GET /health/ready", status: 200 },
    { what: "that is the explorer", line: "GET /web/graphql", headers: page, status: 200 },
  ])("$what says nothing of the server, and what browsers must not do", async (sent) => {
    const { line, headers = {}, body = null, status } = sent;
    const answer = await sendRaw(test.gateway.url, rawRequest(`${line} HTTP/1.1`, headers, body), false);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
    for (const name of ["server", "x-powered-by", "via", "strict-transport-security"])
      expect(answer.headers.has(name)).toBe(false);
    const isPage = headers === page;
    expect(answer.headers.get("x-frame-options")).toBe(isPage ? "DENY" : undefined);
    expect(answer.headers.get("content-security-policy")?.includes("frame-ancestors 'none'") ?? false).toBe(
      isPage,
    );
  });

  it("of the admin port has the same", async () => {
    for (const target of ["/metrics", "/supergraph?query=%7B__typename%7D", "/nothing"]) {
      const line = rawRequest(`GET ${target} HTTP/1.1`);
      const answer = await sendRaw(test.gateway.adminUrl, line, false);
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
      expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
    }
  });

  it("of the admin port is no other site's", async () => {
    const target = "GET /supergraph?query=%7B__typename%7D HTTP/1.1";
    for (const headers of [{ "sec-fetch-site": "cross-site" }, { origin: "https://evil.example" }]) {
      const answer = await sendRaw(test.gateway.adminUrl, rawRequest(target, headers));
      expect(answer.status).toBe(403);
    }
    expect((await sendRaw(test.gateway.adminUrl, rawRequest(target))).status).toBe(200);
  });
});

describe("over TLS", () => {
  const authority = new CertificateAuthority();
  const { certificateFile, keyFile } = authority.issue("gateway", "IP:127.0.0.1");
  const environment = {
    TLS_CERT_FILE: certificateFile,
    TLS_KEY_FILE: keyFile,
    HSTS_MAX_AGE_SECONDS: "3600",
  };
  let secure: TestGateway;

  beforeAll(async () => {
    secure = await startTestGateway(environment);
  });
  afterAll(async () => {
    await secure.stop();
    authority.remove();
  });

  it.each(["h2", "http/1.1"] as const)(
    "%s has every answer say so, and judges pages by its own name",
    async (protocol) => {
      const client = createSecureFetch({ ca: authority.certificate }, protocol);
      const { url } = secure.gateway;
      const ask = async (
        headers: Readonly<Record<string, string>>,
        path = "/web/graphql",
      ): Promise<Response> => {
        const answer = await client.fetch(url + path, {
          method: "POST",
          headers: { ...json, ...headers },
          body: greeting,
        });
        await answer.text();
        return answer;
      };
      const cases: readonly (readonly [headers: Readonly<Record<string, string>>, status: number])[] = [
        [{}, 200],
        [{ origin: url }, 200],
        [{ origin: url.replace("https:", "http:") }, 403],
        [{ origin: "https://evil.example" }, 403],
        [{ origin: "null" }, 403],
        [{ "sec-fetch-site": "same-site" }, 403],
      ];
      for (const [headers, status] of cases) {
        const answer = await ask(headers);
        expect([headers, answer.status]).toEqual([headers, status]);
        expect(answer.headers.get("strict-transport-security")).toBe("max-age=3600");
        expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
      }
      expect((await ask({}, "/nothing")).headers.get("strict-transport-security")).toBe("max-age=3600");
      await client.close();
    },
  );

  it("is not claimed where there is none", async () => {
    const plain = await startTestGateway({ HSTS_MAX_AGE_SECONDS: "3600" });
    const answer = await sendRaw(plain.gateway.url, rawRequest("GET /health/live HTTP/1.1"));
    await plain.stop();
    expect(answer.headers.has("strict-transport-security")).toBe(false);
  });
});
