import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createLogger } from "../../gateway/observe/logger.ts";
import { Metrics } from "../../gateway/observe/metrics.ts";
import { RequestMetrics } from "../../gateway/observe/request-metrics.ts";
import { observe, startRecord } from "../../gateway/pipeline/observe.ts";
import { secretMessage } from "../backends/faults.ts";
import { rawRequest, sendRaw } from "../support/raw-connection.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

let test: TestGateway;

beforeAll(async () => {
  test = await startTestGateway({ MAX_BODY_BYTES: "20000" });
});
afterAll(() => test.stop());
beforeEach(() => test.shop.clearLogs());

/** The lines that a request adds to the log. */
async function linesOf(request: () => Promise<unknown>): Promise<readonly Record<string, unknown>[]> {
  const before = test.logLines.length;
  await request();
  return test.logLines.slice(before);
}

describe("the log", () => {
  it("says once that the gateway listens, and where", () => {
    expect(test.logLines.filter(({ msg }) => msg === "listening")).toEqual([
      {
        level: "info",
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        url: test.gateway.url,
        adminUrl: test.gateway.adminUrl,
        msg: "listening",
      },
    ]);
  });

  it("has one line for a request, with exactly these facts", async () => {
    const query =
      "query Shelf($first: Int) { products(first: $first) { items { id stock { level } rating { count } } } }";
    const lines = await linesOf(() => test.query(query, { variables: { first: 5 } }));
    expect(lines).toEqual([
      {
        level: "info",
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        client: "web",
        credential: "anonymous",
        consumer: null,
        operation: "Shelf",
        outcome: "ok",
        status: 200,
        durationMs: expect.any(Number),
        isJoined: false,
        upstreamCalls: 3,
        joinedCalls: 0,
        errorCodes: {},
        msg: "request",
      },
    ]);
    expect(lines[0]?.["durationMs"]).toBeGreaterThan(0);
  });

  it.each<[what: string, request: () => Promise<unknown>, facts: Record<string, unknown>]>([
    ["anonymous operations", () => test.query("{ __typename }"), { operation: null, outcome: "ok" }],
    [
      "the other client",
      () => test.query("query Q { __typename }", { bff: "mobile" }),
      { client: "mobile", operation: "Q" },
    ],
    [
      "the operation that was chosen",
      () => test.query("query A { __typename } query B { __typename }", { operationName: "B" }),
      { operation: "B" },
    ],
    [
      "invalid documents",
      () => test.query("query Wrong { a b }"),
      { operation: null, outcome: "refused", errorCodes: { GRAPHQL_VALIDATION_FAILED: 1 } },
    ],
    [
      "syntax errors, with the status that was sent",
      () => test.query("{", { headers: { accept: "application/graphql-response+json" } }),
      { status: 400, errorCodes: { GRAPHQL_PARSE_FAILED: 1 } },
    ],
    [
      "variables that do not fit",
      () => test.query("query V($id: ID!) { product(id: $id) { id } }"),
      { operation: "V", outcome: "refused", errorCodes: { BAD_USER_INPUT: 1 }, upstreamCalls: 0 },
    ],
    [
      "bodies that are no JSON",
      () =>
        fetch(`${test.gateway.url}/web/graphql`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: "x",
        }),
      { status: 400, errorCodes: { BAD_REQUEST: 1 } },
    ],
    [
      "parameters that are not known",
      () =>
        fetch(`${test.gateway.url}/web/graphql`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: '{"query":"{ categories { id } }","other":1}',
        }),
      { status: 200, outcome: "ok", upstreamCalls: 1 },
    ],
    [
      "bodies that are too large",
      () =>
        fetch(`${test.gateway.url}/web/graphql`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: "x".repeat(20_001),
        }),
      { status: 413, errorCodes: { PAYLOAD_TOO_LARGE: 1 } },
    ],
    [
      "other methods",
      () => fetch(`${test.gateway.url}/web/graphql`, { method: "DELETE" }),
      { status: 405, errorCodes: { METHOD_NOT_ALLOWED: 1 } },
    ],
    [
      "GET with variables that are no JSON",
      () => fetch(`${test.gateway.url}/web/graphql?query={__typename}&variables={`),
      { status: 400, errorCodes: { BAD_REQUEST: 1 } },
    ],
    [
      "types that can't be produced",
      () => test.query("{ __typename }", { headers: { accept: "image/png" } }),
      { status: 406, errorCodes: { NOT_ACCEPTABLE: 1 } },
    ],
    [
      "fields that need a token",
      () => test.query("{ viewer { profile { id } } categories { id } }"),
      { status: 200, outcome: "partial", errorCodes: { UNAUTHENTICATED: 1 }, upstreamCalls: 1 },
    ],
  ])("has one line for %s", async (_what, request, facts) => {
    const lines = await linesOf(request);
    expect(lines).toMatchObject([{ msg: "request", ...facts }]);
  });

  it("counts the errors by code, those that a default absorbed among them", async () => {
    test.shop.inventory.faults.set({ fault: "error" });
    test.shop.reviews.faults.set({ fault: "garbage" });
    const query = "{ home { featured(first: 3) { id inStock stars } } }";
    const lines = await linesOf(() => test.query(query, { bff: "mobile" }));
    test.shop.inventory.faults.clear();
    test.shop.reviews.faults.clear();
    expect(lines).toMatchObject([
      {
        outcome: "partial",
        upstreamCalls: 3,
        errorCodes: { UPSTREAM_ERROR: 3, UPSTREAM_INVALID_RESPONSE: 3 },
      },
    ]);
  });

  it("has nothing that a client or a backend said but the operation's name", async () => {
    test.shop.catalog.faults.set({ fault: "error", times: 1 });
    const token = await test.issuer.issueToken("u1", 60);
    const lines = await linesOf(() =>
      test.query(
        'query Name($marker1: ID!) { marker2: product(id: $marker1) { id } user(id: "marker3") { id } #marker4\n }',
        {
          token,
          variables: { marker1: "marker5" },
          headers: { "user-agent": "marker6", "x-forwarded-for": "marker7", cookie: "marker8" },
        },
      ),
    );
    expect(lines).toHaveLength(1);
    const line = JSON.stringify(lines);
    expect(line).toContain('"operation":"Name"');
    for (const secret of ["marker", token.slice(0, 20), secretMessage, "127.0.0.1"])
      expect(line).not.toContain(secret);
  });

  it("says by which kind of credential the caller was known, and which application it is", async () => {
    const token = await test.issuer.issueBadToken({ client_id: "a".repeat(101), secret: "pin" });
    const expired = await test.issuer.issueToken("u1", -60);
    const lines = await linesOf(async () => {
      await test.query("{ __typename }", { token });
      await test.query("{ __typename }");
      await test.query("{ wrong }", { token });
      await test.query("{ __typename }", { token: expired });
      await test.query("{ __typename }", { headers: { accept: "image/png" } });
    });
    const known = { credential: "jwt", consumer: "a".repeat(100) };
    const unknown = { credential: null, consumer: null };
    expect(lines).toMatchObject([
      known,
      { credential: "anonymous", consumer: null },
      known,
      { ...unknown, errorCodes: { CREDENTIAL_EXPIRED: 1 } },
      unknown,
    ]);
    expect(JSON.stringify(lines)).not.toContain("pin");
  });

  it("cuts the operation's name to 100 characters", async () => {
    const name = "N".repeat(5000);
    const [line] = await linesOf(() => test.query(`query ${name} { __typename }`));
    expect(line?.["operation"]).toBe("N".repeat(100));
  });

  it("stays one line of JSON whatever names and headers hold", async () => {
    const hostile = '","level":"fatal"}\u2028\n{"injected":true}';
    const lines = await linesOf(async () => {
      await test.query(`query A { __typename }`, { operationName: hostile });
      await test.query(`query ${hostile} { __typename }`);
      await test.query("{ __typename }", { headers: { "x-request-id": '","injected":"' } });
      await sendRaw(
        test.gateway.url,
        rawRequest('GET /web/graphql?query={__typename}&operationName="%0a{%22injected%22:1} HTTP/1.1', {
          "x-request-id": "a\tb",
          "user-agent": "\u0085",
        }),
      );
    });
    expect(lines).toHaveLength(4);
    for (const line of lines) {
      expect(line).toMatchObject({ msg: "request", level: "info" });
      expect(JSON.stringify(line)).not.toContain("injected");
    }
  });
});

describe("the log at debug level", () => {
  it("has the cause of each error beside the request's line", async () => {
    const debugTest = await startTestGateway({ LOG_LEVEL: "debug" });
    debugTest.shop.catalog.faults.set({ fault: "error" });
    await debugTest.query("query Debug { categories { id } }");
    await debugTest.stop();
    const lines = debugTest.logLines.filter(({ msg }) => msg !== "listening");
    expect(lines).toMatchObject([
      { level: "info", msg: "request", operation: "Debug" },
      { level: "debug", msg: "error", code: "UPSTREAM_ERROR", client: "web" },
    ]);
    expect(lines[1]?.["requestId"]).toBe(lines[0]?.["requestId"]);
    expect(JSON.stringify(lines[1])).toContain(secretMessage);
  });
});

describe("the metrics", () => {
  it("count requests by the caller's kind of credential, and refusals by what was wrong with it", async () => {
    const count = async (series: string): Promise<number> => {
      const text = await (await fetch(`${test.gateway.adminUrl}/metrics`)).text();
      const line = text.split("\n").find((one) => one.startsWith(`${series} `));
      return Number(line?.slice(series.length) ?? 0);
    };
    const series = [
      'overlock_callers_total{bff="web",credential="anonymous"}',
      'overlock_callers_total{bff="web",credential="jwt"}',
      'overlock_refused_callers_total{bff="web",reason="invalid"}',
      'overlock_refused_callers_total{bff="web",reason="expired"}',
      'overlock_refused_callers_total{bff="web",reason="missing"}',
    ];
    const before = await Promise.all(series.map(count));
    const good = await test.issuer.issueToken("u1", 60);
    // An error of a field, for want of a claim, is no refusal of the caller.
    await test.query("{ viewer { profile { id } } }");
    await test.query("{ __typename }", { token: good });
    await test.query("{ wrong }", { token: good });
    await test.query("{ __typename }", { token: "garbage" });
    await test.query("{ __typename }", { token: await test.issuer.issueToken("u1", -60) });
    const after = await Promise.all(series.map(count));
    expect(after.map((value, index) => value - (before[index] ?? 0))).toEqual([1, 2, 1, 1, 0]);
  });
});

describe("a fault of the gateway's own", () => {
  it("is logged at error level with its cause, once for a request, and other errors are not", () => {
    const lines: Record<string, unknown>[] = [];
    const logger = createLogger("info", {
      write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>),
    });
    const metrics = new Metrics();
    const requestMetrics = new RequestMetrics(metrics, "web");
    const bff = { settings: { name: "web" }, logger, metrics, requestMetrics };
    const request = { requestId: "r1", receivedAtMs: performance.now() };
    const fault = { code: "INTERNAL_SERVER_ERROR", cause: new TypeError("x is undefined") } as const;
    const errors = [{ code: "UPSTREAM_ERROR", cause: new Error("theirs") }, fault, fault] as const;
    observe(bff as never, request as never, { ...startRecord(), errors });
    expect(lines.map(({ level, msg }) => [level, msg])).toEqual([
      ["info", "request"],
      ["error", "fault of the gateway"],
    ]);
    expect(lines[1]).toMatchObject({ requestId: "r1", client: "web", err: { message: "x is undefined" } });
    expect(JSON.stringify(lines)).not.toContain("theirs");
  });
});
