import { afterAll, beforeAll, describe, expect, it } from "vitest";
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
