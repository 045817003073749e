import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { metricCatalog } from "../../gateway/observe/metrics.ts";
import { rawRequest, sendRaw } from "../support/raw-connection.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

let test: TestGateway;

beforeAll(async () => {
  test = await startTestGateway({ MAX_BODY_BYTES: "10000" });
});
afterAll(() => test.stop());
beforeEach(() => test.shop.clearLogs());

/** The samples of a Prometheus exposition by name and labels as they are written. */
async function readSamples(): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(`${test.gateway.adminUrl}/metrics`);
  expect(response.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
  const lines = (await response.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => {
      const space = line.lastIndexOf(" ");
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }),
  );
}

async function explore(query: string, headers: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const response = await fetch(`${test.gateway.adminUrl}/supergraph`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ query }),
  });
  return response.json();
}

describe("/metrics", () => {
  it("counts requests, errors, upstream calls and prepared operations as they were", async () => {
    const before = await readSamples();
    const token = await test.issuer.issueToken("u1", 60);
    const products = "query Rises { products(first: 3) { items { id stock { level } } } }";
    await test.query(products);
    await test.query(products, { token });
    await test.query("{ nothing }");
    await test.query("{");
    await test.query("{ viewer { profile { id } } }");
    await test.query("{ __typename }", { bff: "mobile", token: "no-token" });
    test.shop.accounts.faults.set({ fault: "error" });
    await test.query("{ home { unread featured(first: 1) { id } } }", { bff: "mobile", token });
    test.shop.accounts.faults.clear();
    const after = await readSamples();

    const grown = (sample: string): number => (after.get(sample) ?? 0) - (before.get(sample) ?? 0);
    expect(grown('overlock_requests_total{bff="web",outcome="ok"}')).toBe(2);
    expect(grown('overlock_requests_total{bff="web",outcome="refused"}')).toBe(2);
    expect(grown('overlock_requests_total{bff="web",outcome="partial"}')).toBe(1);
    expect(grown('overlock_requests_total{bff="mobile",outcome="refused"}')).toBe(1);
    expect(grown('overlock_requests_total{bff="mobile",outcome="ok"}')).toBe(1);
    expect(grown('overlock_errors_total{bff="web",code="GRAPHQL_VALIDATION_FAILED"}')).toBe(1);
    expect(grown('overlock_errors_total{bff="web",code="GRAPHQL_PARSE_FAILED"}')).toBe(1);
    expect(grown('overlock_errors_total{bff="web",code="UNAUTHENTICATED"}')).toBe(1);
    expect(grown('overlock_errors_total{bff="mobile",code="CREDENTIAL_INVALID"}')).toBe(1);
    expect(grown('overlock_errors_total{bff="mobile",code="UPSTREAM_ERROR"}')).toBe(0);
    expect(grown('overlock_absorbed_errors_total{bff="mobile",code="UPSTREAM_ERROR"}')).toBe(1);
    expect(grown('overlock_upstream_calls_total{source="catalog",code="ok"}')).toBe(3);
    expect(grown('overlock_upstream_calls_total{source="inventory",code="ok"}')).toBe(2);
    expect(grown('overlock_upstream_calls_total{source="accounts",code="UPSTREAM_ERROR"}')).toBe(1);
    expect(grown('overlock_upstream_duration_seconds_count{source="catalog"}')).toBe(3);
    expect(grown('overlock_request_duration_seconds_count{bff="web"}')).toBe(5);
    expect(grown('overlock_request_duration_seconds_bucket{le="+Inf",bff="web"}')).toBe(5);
    expect(grown('overlock_prepare_total{bff="web",result="miss"}')).toBe(2);
    expect(grown('overlock_prepare_total{bff="web",result="hit"}')).toBe(1);
    expect(grown('overlock_prepare_total{bff="web",result="refused"}')).toBe(2);
    expect(after.get('overlock_prepared_operations{bff="web"}')).toBe(2);
    expect(after.get('overlock_requests_in_flight{bff="web"}')).toBe(0);
    expect(after.get("overlock_draining")).toBe(0);
  });

  it("has every metric of the catalog and those of the process, and no series that a client made", async () => {
    await test.query(`query Evil_${"x".repeat(50)} { categories { id } }`);
    const response = await fetch(`${test.gateway.adminUrl}/metrics`);
    const text = await response.text();
    const declared = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, kind]) => [name, kind]);
    const expected = Object.entries(metricCatalog).map(([name, { kind }]) => [name, kind]);
    expect(declared).toEqual(expect.arrayContaining(expected));
    expect(text).toContain("nodejs_eventloop_lag_seconds ");
    expect(text).not.toContain("Evil");
  });

  it("tells how long unseen documents wait for others", async () => {
    const waited = "overlock_preparing_wait_seconds_count";
    // Over connections that are open, so that many arrive in one turn; and far more than it has time for.
    await Promise.all(Array.from({ length: 40 }, async () => test.query("{ __typename }")));
    const before = await readSamples();
    const many = Array.from({ length: 40 }, async (_, index) =>
      test.query(
        `{ ${Array.from({ length: 30 }, (__, at) => `a${index}_${at}: categories { ${"id name ".repeat(15)}}`).join(" ")} }`,
      ),
    );
    await Promise.all(many);
    const after = await readSamples();
    expect((after.get(waited) ?? 0) - (before.get(waited) ?? 0)).toBeGreaterThan(0);
    expect(after.get("overlock_preparing_documents_waiting")).toBe(0);
  });

  it("counts requests that are under way", async () => {
    test.shop.catalog.faults.set({ latencyMs: 300 });
    const slow = test.query("{ categories { id } }");
    await expect
      .poll(async () => (await readSamples()).get('overlock_requests_in_flight{bff="web"}'))
      .toBe(1);
    test.shop.catalog.faults.clear();
    await slow;
    expect((await readSamples()).get('overlock_requests_in_flight{bff="web"}')).toBe(0);
  });
});

describe("/supergraph", () => {
  it("answers a query that joins sources, with the caller's token", async () => {
    const token = await test.issuer.issueToken("u1", 60);
    const answer = await explore(
      "{ me { id name } myOrders(first: 1) { orders { user { name } lines { product { name stock { level } } } } } }",
      { authorization: `Bearer ${token}` },
    );
    const user = test.shop.data.userById.get("u1");
    const line = { product: { name: expect.any(String), stock: { level: expect.any(String) } } };
    expect(answer).toMatchObject({
      data: {
        me: { id: "u1", name: user?.name },
        myOrders: { orders: [{ user: { name: user?.name }, lines: expect.arrayContaining([line]) }] },
      },
    });
    expect(answer).not.toHaveProperty("errors");
    expect(test.shop.orders.log.entries[0]?.headers).toMatchObject({ "x-user-id": "u1" });
    expect(JSON.stringify(test.shop.orders.log.entries)).not.toContain(token);
  });

  it("tells an anonymous caller what needs a token", async () => {
    expect(await explore("{ me { id } categories { name } }")).toMatchObject({
      data: { me: null, categories: expect.any(Array) },
      errors: [{ path: ["me"] }],
    });
  });

  it("refuses a token that is not valid, before any call", async () => {
    const response = await fetch(`${test.gateway.adminUrl}/supergraph?query={categories{id}}`, {
      headers: { authorization: "Bearer a.b.c" },
    });
    expect(response.status).toBe(401);
    expect(test.shop.calls()).toEqual([]);
  });

  it("shows errors as they are: this port is for the platform team", async () => {
    test.shop.catalog.faults.set({ fault: "error", times: 1 });
    const answer = await explore("{ categories { id } }");
    expect(JSON.stringify(answer)).toContain("secret stack at db.internal:5432");
  });

  it("refuses bodies over the limit", async () => {
    const body = JSON.stringify({ query: `{ categories { id } } #${"x".repeat(10_000)}` });
    const answer = await sendRaw(
      test.gateway.adminUrl,
      rawRequest("POST /supergraph HTTP/1.1", { "content-type": "application/json" }, body),
    );
    expect(answer.status).toBe(413);
  });

  it("refuses a credential that is none, and forms that any page could send", async () => {
    const url = `${test.gateway.adminUrl}/supergraph`;
    const body = JSON.stringify({ query: "{ __typename }" });
    const json = { "content-type": "application/json" };
    const basic = await fetch(url, {
      method: "POST",
      headers: { ...json, authorization: "Basic eDp5" },
      body,
    });
    expect(basic.status).toBe(401);
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const form = await fetch(url, { method: "POST", headers, body: "query={__typename}" });
    expect(form.status).toBe(415);
  });

  it("answers under this machine's own names only, as long as it listens on loopback", async () => {
    const { port } = new URL(test.gateway.adminUrl);
    const statusFor = async (host: string): Promise<number> => {
      const answer = await sendRaw(test.gateway.adminUrl, rawRequest("GET /metrics HTTP/1.1", { host }));
      return answer.status;
    };
    expect(await statusFor("evil.example")).toBe(404);
    expect(await statusFor("localhost.evil.example:80")).toBe(404);
    expect(await statusFor(`localhost:${port}`)).toBe(200);
    expect(await statusFor(`127.0.0.1:${port}`)).toBe(200);
    expect(await statusFor(`[::1]:${port}`)).toBe(200);
  });

  it("is an explorer for browsers", async () => {
    const response = await fetch(`${test.gateway.adminUrl}/supergraph`, { headers: { accept: "text/html" } });
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    await response.arrayBuffer();
  });
});

describe("the admin port", () => {
  it.each(["/health/live", "/health/ready"])("answers %s", async (path) => {
    expect((await fetch(test.gateway.adminUrl + path)).status).toBe(200);
  });

  it("says where to look at any other path", async () => {
    const answer = await sendRaw(
      test.gateway.adminUrl,
      rawRequest("GET /web/graphql HTTP/1.1", { host: "localhost" }),
    );
    expect(answer.status).toBe(404);
    expect(answer.body).toBe("Try /metrics, /supergraph or /health/ready.\n");
  });

  it("listens on loopback", () => {
    expect(test.gateway.adminUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });
});
