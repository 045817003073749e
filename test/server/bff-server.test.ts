import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { rawRequest, sendRaw } from "../support/raw-connection.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

let test: TestGateway;
const json = { "content-type": "application/json" };

beforeAll(async () => {
  test = await startTestGateway();
});
afterAll(() => test.stop());
beforeEach(() => test.shop.clearLogs());

interface Sent {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** One request; the answer's errors as `CODE message`. */
async function send({ path = "/web/graphql", method = "POST", headers = json, body }: Sent) {
  const hasBody = method !== "GET" && method !== "HEAD";
  const response = await fetch(test.gateway.url + path, {
    method,
    headers,
    ...(hasBody && { body: body ?? JSON.stringify({ query: "{ __typename }" }) }),
  });
  const text = await response.text();
  const answer = (text.startsWith("{") ? JSON.parse(text) : {}) as {
    readonly data?: unknown;
    readonly errors?: readonly { readonly message: string; readonly extensions: { readonly code: string } }[];
  };
  return {
    status: response.status,
    headers: response.headers,
    text,
    data: answer.data,
    errors: (answer.errors ?? []).map(({ message, extensions: { code } }) => `${code} ${message}`),
  };
}

function get(parameters: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) {
  return send({ path: `/web/graphql?${new URLSearchParams(parameters)}`, method: "GET", headers });
}

describe("the path", () => {
  it.each([
    "/",
    "/graphql",
    "/web",
    "/web/graphql/",
    "/Web/graphql",
    "/web/graphql/x",
    "//web/graphql",
    "/web//graphql",
    "/web/graphql/../graphql",
    "/web/graphql%00",
    "/web%2Fgraphql",
    "/%77eb/graphql",
    "/web/graphql;x",
    "/health",
    "/metrics",
    "/supergraph",
    "/__proto__/graphql",
    "/constructor",
  ])("%s is nothing: 404 names none of the endpoints", async (path) => {
    const answer = await sendRaw(test.gateway.url, rawRequest(`POST ${path} HTTP/1.1`, json, "{}"));
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.body)).toEqual({
      errors: [
        {
          message: "There is nothing at this URL.",
          extensions: { code: "NOT_FOUND" },
        },
      ],
    });
  });

  it("of 60,000 characters is refused", async () => {
    const answer = await sendRaw(test.gateway.url, `GET /${"x".repeat(60_000)} HTTP/1.1\r\n`, false);
    expect(answer.status).toBe(431);
  });

  it("may be an absolute URL, whose host has no influence", async () => {
    const line = "GET http://evil.example:1/web/graphql?query=%7B__typename%7D HTTP/1.1";
    const answer = await sendRaw(test.gateway.url, rawRequest(line));
    expect(answer.body).toBe('{"data":{"__typename":"Query"}}');
  });

  it.each(["*", "web/graphql", "localhost:1"])("%s, which is no path, is 400 or 404", async (target) => {
    const answer = await sendRaw(test.gateway.url, rawRequest(`OPTIONS ${target} HTTP/1.1`), false);
    expect([400, 404]).toContain(answer.status);
  });
});

describe("health", () => {
  it.each([
    ["/health/live", "live"],
    ["/health/ready?x=1", "ready"],
  ])("%s is 200", async (path, status) => {
    const answer = await send({ path, method: "GET", headers: {} });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toEqual({ status });
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });

  it("is answered without a body to HEAD", async () => {
    const answer = await send({ path: "/health/ready", method: "HEAD", headers: {} });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-length")).toBe("18");
  });

  it("and unknown paths leave no line in the log", async () => {
    const before = test.logLines.length;
    await send({ path: "/health/ready", method: "GET" });
    await send({ path: "/favicon.ico", method: "GET" });
    expect(test.logLines.length).toBe(before);
  });
});

describe("the method", () => {
  it.each(["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "QUERY", "PROPFIND"])(
    "%s is 405, with the ones that are allowed",
    async (method) => {
      const line = `${method} /web/graphql?query=%7B__typename%7D HTTP/1.1`;
      const answer = await sendRaw(test.gateway.url, rawRequest(line), method !== "HEAD");
      expect(answer.status).toBe(405);
      expect(answer.headers.get("allow")).toBe("GET, POST");
    },
  );

  it("OPTIONS grants other origins nothing", async () => {
    const headers = {
      origin: "https://evil.example",
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type",
    };
    const answer = await send({ method: "OPTIONS", headers });
    const granted = [...answer.headers.keys()].filter((name) => name.startsWith("access-control-"));
    expect(granted).toEqual([]);
  });
});

describe("the content type", () => {
  it.each([
    "application/json",
    "Application/JSON",
    "application/json;charset=utf-8",
    'application/json; charset="UTF-8"',
    "application/json; foo=bar",
  ])("%s is read", async (contentType) => {
    const answer = await send({ headers: { "content-type": contentType } });
    expect(answer.data).toEqual({ __typename: "Query" });
  });

  it.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/graphql",
    "application/graphql+json",
    "application/json; charset=utf-16",
    "application/json, text/plain",
    "application/jsonx",
    "json",
  ])("%s is 415", async (contentType) => {
    const answer = await send({ headers: { "content-type": contentType } });
    expect(answer.status).toBe(415);
    expect(answer.errors).toEqual([
      "UNSUPPORTED_MEDIA_TYPE Expected the content type application/json, in UTF-8.",
    ]);
  });

  it("has to be there", async () => {
    const body = JSON.stringify({ query: "{ __typename }" });
    const answer = await sendRaw(test.gateway.url, rawRequest("POST /web/graphql HTTP/1.1", {}, body));
    expect(answer.status).toBe(415);
  });

  it("with a content-encoding is 415", async () => {
    const answer = await send({ headers: { ...json, "content-encoding": "gzip" } });
    expect(answer.status).toBe(415);
  });
});

describe("a body", () => {
  it.each(["", "{", "{'query':1}", '{"query":"{ __typename }"} x', "\u0000", "\ufeff{}", "query"])(
    "%j, which is no JSON, is 400",
    async (body) => {
      const answer = await send({ body });
      expect(answer.status).toBe(400);
      expect(answer.errors).toEqual([expect.stringMatching(/^BAD_REQUEST /)]);
      expect(answer.text).not.toContain("at JSON.parse");
    },
  );

  it.each(["null", "1", '"{ __typename }"', "true", "[]", '[{"query":"{ __typename }"}]'])(
    "%s, which is no object, is 400: batches of operations are refused",
    async (body) => {
      const answer = await send({ body });
      expect(answer.status).toBe(400);
      expect(answer.errors).toEqual([expect.stringMatching(/^BAD_REQUEST /)]);
    },
  );

  it.each([
    [{}, "Expected a text as query, found nothing."],
    [{ query: null }, "Expected a text as query, found null."],
    [{ query: 1 }, "Expected a text as query, found number."],
    [{ query: ["{ __typename }"] }, "Expected a text as query, found a list."],
    [{ query: { kind: "Document" } }, "Expected a text as query, found object."],
    [
      { query: "{ __typename }", operationName: 1 },
      "Expected a text or null as operationName, found number.",
    ],
    [
      { query: "{ __typename }", operationName: {} },
      "Expected a text or null as operationName, found object.",
    ],
    [{ query: "{ __typename }", variables: [] }, "Expected an object or null as variables, found a list."],
    [{ query: "{ __typename }", variables: "{}" }, "Expected an object or null as variables, found string."],
    [{ query: "{ __typename }", extensions: 0 }, "Expected an object or null as extensions, found number."],
    [{ id: "stored" }, "Expected a text as query, found nothing."],
  ])("%j is 400", async (body, message) => {
    const answer = await send({ body: JSON.stringify(body) });
    expect(answer.status).toBe(400);
    expect(answer.errors).toEqual([`BAD_REQUEST ${message}`]);
  });

  it.each([
    { query: "{ __typename }", operationName: null, variables: null, extensions: null },
    { query: "{ __typename }", operationName: "" },
    { query: "{ __typename }", variables: { unknown: 1 }, extensions: { persistedQuery: {} } },
    { query: "{ __typename }", unknown: true },
  ])("%j is run", async (body) => {
    const answer = await send({ body: JSON.stringify(body) });
    expect(answer.data).toEqual({ __typename: "Query" });
  });

  it("with __proto__ in it, anywhere, changes nothing", async () => {
    const body = `{"__proto__":{"query":"{ __typename }"},"constructor":{"prototype":{"polluted":1}},
      "query":"query ($first: Int) { products(first: $first) { totalCount } }",
      "variables":{"__proto__":{"first":3,"polluted":1},"first":2}}`;
    const answer = await send({ body });
    expect(answer.data).toEqual({ products: { totalCount: 1000 } });
    expect(test.shop.catalog.log.entries.at(-1)?.message).toMatchObject({ first: 2 });
    expect({}).not.toHaveProperty("polluted");
    const onlyProto = await send({ body: '{"__proto__":{"query":"{ __typename }"}}' });
    expect(onlyProto.errors).toEqual(["BAD_REQUEST Expected a text as query, found nothing."]);
  });

  it("nested 100,000 lists deep is refused, and the gateway goes on", async () => {
    const deep = "[".repeat(100_000) + "]".repeat(100_000);
    const answer = await send({
      body: `{"query":"query ($id: ID!) { product(id: $id) { id } }","variables":{"id":${deep}}}`,
    });
    expect(answer.errors).toEqual([expect.stringMatching(/^LIMIT_EXCEEDED /)]);
    expect((await send({})).data).toEqual({ __typename: "Query" });
  });

  it("that fails a check is quoted to 500 characters at most", async () => {
    const name = "x".repeat(50_000);
    const validation = await send({ body: JSON.stringify({ query: `{ ${name} }` }) });
    const variables = { id: [name] };
    const query = "query ($id: ID!) { product(id: $id) { id } }";
    const input = await send({ body: JSON.stringify({ query, variables }) });
    for (const { text } of [validation, input]) expect(text.length).toBeLessThan(700);
  });
});

describe("POST", () => {
  it("of a subscription, which no schema has, is refused", async () => {
    const answer = await send({
      headers: { ...json, accept: "application/graphql-response+json" },
      body: JSON.stringify({ query: "subscription { x }" }),
    });
    expect(answer.status).toBe(400);
    expect(answer.errors).toEqual([expect.stringMatching(/^OPERATION_RESOLUTION_FAILURE /)]);
  });
});

describe("GET", () => {
  it("runs a query with variables, operationName and extensions", async () => {
    const answer = await get({
      query: "query A { __typename } query B($first: Int) { products(first: $first) { items { id } } }",
      operationName: "B",
      variables: '{"first":1}',
      extensions: '{"a":1}',
    });
    expect(answer.status).toBe(200);
    expect(answer.data).toEqual({ products: { items: [{ id: expect.any(String) }] } });
  });

  it.each([
    [{ query: "{ __typename }", variables: "{" }, "The variables or extensions in the URL are not JSON."],
    [{ query: "{ __typename }", extensions: "x" }, "The variables or extensions in the URL are not JSON."],
    [{ query: "{ __typename }", variables: "[]" }, "Expected an object or null as variables, found a list."],
    [{ query: "{ __typename }", variables: '"a"' }, "Expected an object or null as variables, found string."],
    [{ query: "" }, "Expected a text as query, found nothing."],
    [{}, "Expected a text as query, found nothing."],
  ])("%j is 400", async (parameters, message) => {
    const answer = await get(parameters);
    expect(answer.status).toBe(400);
    expect(answer.errors).toEqual([`BAD_REQUEST ${message}`]);
  });

  it.each(["?query=%", "?query=%ZZ", "?query=%00", "?query=%ff%fe", "?query={__typename", "?=&&&=?#"])(
    "with the absurd query %s is 400 or a syntax error",
    async (search) => {
      const answer = await sendRaw(
        test.gateway.url,
        rawRequest(`GET /web/graphql${search} HTTP/1.1`, { accept: "application/graphql-response+json" }),
      );
      expect(answer.status).toBe(400);
    },
  );

  it("reads the first of parameters that are given twice", async () => {
    const answer = await send({
      path: "/web/graphql?query={__typename}&query={nothing}",
      method: "GET",
      headers: {},
    });
    expect(answer.data).toEqual({ __typename: "Query" });
  });

  it.each(['mutation { reserve(productId: "p1") { quantity } }', "subscription { x }"])(
    "of %s is 405, whoever wants which type",
    async (query) => {
      for (const accept of ["application/json", "application/graphql-response+json"]) {
        const answer = await get({ query }, { accept });
        expect(answer.status).toBe(405);
        expect(answer.headers.get("allow")).toBe("POST");
        expect(answer.errors).toEqual(["METHOD_NOT_ALLOWED Only queries may be sent by GET."]);
      }
    },
  );
});

describe("the answer's type", () => {
  const modern = "application/graphql-response+json; charset=utf-8";
  const plain = "application/json; charset=utf-8";

  it.each([
    ["application/graphql-response+json", modern],
    ["application/json", plain],
    ["*/*", plain],
    ["application/json;q=0.5, application/graphql-response+json;q=0.9", modern],
    ["application/json;q=0.5, application/graphql-response+json;q=0.4", plain],
    ["text/html;q=0.1, */*", plain],
  ])("for `accept: %s` is %s", async (accept, contentType) => {
    const answer = await send({ headers: { ...json, accept } });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe(contentType);
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });

  it.each(["image/png", "text/html", "application/json;q=0", "application/json; charset=utf-16", ";;,;"])(
    "for `accept: %s` is none: 406, and nothing is run",
    async (accept) => {
      const body = JSON.stringify({ query: "{ categories { id } }" });
      const answer = await send({ headers: { ...json, accept }, body });
      expect(answer.status).toBe(406);
      expect(answer.errors).toEqual(["NOT_ACCEPTABLE None of the accepted media types can be produced."]);
      expect(test.shop.calls()).toEqual([]);
    },
  );

  it("decides the status of a document that can't be run: 400, or 200 for plain JSON", async () => {
    const body = JSON.stringify({ query: "{ nothing }" });
    const modernAnswer = await send({
      headers: { ...json, accept: "application/graphql-response+json" },
      body,
    });
    const plainAnswer = await send({ headers: { ...json, accept: "application/json" }, body });
    expect([modernAnswer.status, plainAnswer.status]).toEqual([400, 200]);
    expect(modernAnswer.text).toBe(plainAnswer.text);
    expect(modernAnswer.data).toBeUndefined();
  });
});
