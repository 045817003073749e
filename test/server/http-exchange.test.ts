import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { HttpAnswer } from "../../gateway/pipeline/gateway-request.ts";
import { type HttpExchange, openExchange, sendAnswer } from "../../gateway/server/http-exchange.ts";
import { RawConnection, rawChunk, rawRequest, sendRaw } from "../support/raw-connection.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

let test: TestGateway;
const maxBodyBytes = 2000;
const json = { "content-type": "application/json" };

beforeAll(async () => {
  test = await startTestGateway({ MAX_BODY_BYTES: String(maxBodyBytes) });
});
afterAll(() => test.stop());
beforeEach(() => test.shop.clearLogs());

/** A valid request body of exactly so many bytes. */
function bodyOf(bytes: number): string {
  const body = JSON.stringify({ query: "{ __typename }" });
  return body + " ".repeat(bytes - body.length);
}

function post(body: string, headers: Readonly<Record<string, string>> = {}): string {
  return rawRequest("POST /web/graphql HTTP/1.1", { ...json, ...headers }, body);
}

function chunked(...chunks: readonly string[]): string {
  const head = rawRequest("POST /web/graphql HTTP/1.1", { ...json, "transfer-encoding": "chunked" }, "");
  return head + chunks.map(rawChunk).join("");
}

describe("a body", () => {
  it.each([maxBodyBytes - 1, maxBodyBytes])("of %i bytes is read", async (bytes) => {
    const answer = await sendRaw(test.gateway.url, post(bodyOf(bytes)));
    expect(answer.status).toBe(200);
    expect(answer.headers.get("connection")).not.toBe("close");
    expect(JSON.parse(answer.body)).toEqual({ data: { __typename: "Query" } });
  });

  it.each([maxBodyBytes - 1, maxBodyBytes])("of %i bytes in chunks is read", async (bytes) => {
    const body = bodyOf(bytes);
    const answer = await sendRaw(test.gateway.url, chunked(body.slice(0, 700), body.slice(700), ""));
    expect(JSON.parse(answer.body)).toEqual({ data: { __typename: "Query" } });
  });

  it("one byte over the limit is refused with 413, and the connection closed", async () => {
    const connection = await RawConnection.open(test.gateway.url);
    connection.write(post(bodyOf(maxBodyBytes + 1)));
    const answer = await connection.readAnswer();
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.body)).toEqual({
      errors: [
        {
          message: "The request body is larger than 2000 bytes.",
          extensions: { code: "PAYLOAD_TOO_LARGE" },
        },
      ],
    });
    connection.destroy();
  });

  it("that is announced as too large is refused before it arrives", async () => {
    const connection = await RawConnection.open(test.gateway.url);
    connection.write(rawRequest("POST /web/graphql HTTP/1.1", { ...json, "content-length": "1000000000" }));
    const answer = await connection.readAnswer();
    expect(answer.status).toBe(413);
    expect(answer.headers.get("connection")).toBe("close");
    connection.end();
    await connection.closed();
  });

  it("in chunks is refused as soon as it is over the limit, though it never ends", async () => {
    const connection = await RawConnection.open(test.gateway.url);
    connection.write(chunked("x".repeat(maxBodyBytes)));
    connection.write(rawChunk("y"));
    const answer = await connection.readAnswer();
    expect(answer.status).toBe(413);
    expect(answer.headers.get("connection")).toBe("close");
    await connection.closed();
  });

  it("that keeps coming after the refusal is dropped, and does not cost the client its answer", async () => {
    const connection = await RawConnection.open(test.gateway.url);
    connection.write(
      rawRequest("POST /web/graphql HTTP/1.1", { ...json, "transfer-encoding": "chunked" }, ""),
    );
    // Much more than the socket's buffers hold: a server that closed at once would reset the connection.
    const chunk = rawChunk("x".repeat(65_536));
    const memoryBefore = process.memoryUsage().arrayBuffers;
    for (let sent = 0; sent < 400; sent++) {
      connection.write(chunk);
      if (sent % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    connection.write(rawChunk(""));
    const answer = await connection.readAnswer();
    expect(answer.status).toBe(413);
    await connection.closed();
    expect(process.memoryUsage().arrayBuffers - memoryBefore).toBeLessThan(100_000_000);
  });

  it("that is too large costs an ordinary client nothing but a 413", async () => {
    for (let round = 0; round < 5; round++) {
      const response = await fetch(`${test.gateway.url}/web/graphql`, {
        method: "POST",
        headers: json,
        body: "x".repeat(3_000_000),
      });
      expect(response.status).toBe(413);
      await response.text();
    }
  });

  it("that ends before its announced length is never answered, and logged as a client that went away", async () => {
    const linesBefore = test.logLines.length;
    const connection = await RawConnection.open(test.gateway.url);
    connection.write(rawRequest("POST /web/graphql HTTP/1.1", { ...json, "content-length": "500" }) + "{");
    connection.end();
    await connection.closed();
    await expect.poll(() => test.logLines.length).toBeGreaterThan(linesBefore);
    expect(test.logLines.slice(linesBefore)).toMatchObject([
      { msg: "request", outcome: "refused", status: 499, upstreamCalls: 0, errorCodes: { CANCELLED: 1 } },
    ]);
  });

  it("of a refused kind is not read", async () => {
    const connection = await RawConnection.open(test.gateway.url);
    connection.write(
      rawRequest("POST /web/graphql HTTP/1.1", { "content-type": "text/plain", "content-length": "500" }),
    );
    expect((await connection.readAnswer()).status).toBe(415);
    connection.end();
    await connection.closed();
  });

  it("after `Expect: 100-continue` is read or refused like any other", async () => {
    const expecting = { expect: "100-continue" };
    expect((await sendRaw(test.gateway.url, post(bodyOf(100), expecting))).status).toBe(200);
    expect((await sendRaw(test.gateway.url, post(bodyOf(maxBodyBytes + 1), expecting))).status).toBe(413);
  });
});

describe("a connection", () => {
  it("serves one request after another, refused or not", async () => {
    const connection = await RawConnection.open(test.gateway.url);
    for (const body of [bodyOf(40), "not json", bodyOf(100), "[]", bodyOf(60)]) {
      connection.write(post(body));
      const answer = await connection.readAnswer();
      expect(answer.status).toBe(body.startsWith("{") ? 200 : 400);
      expect(answer.headers.get("connection")).not.toBe("close");
    }
    connection.destroy();
  });

  it("serves pipelined requests in order", async () => {
    const connection = await RawConnection.open(test.gateway.url);
    const slow = JSON.stringify({ query: "{ products(first: 1) { totalCount } }" });
    connection.write(post(slow) + post(bodyOf(50)) + rawRequest("GET /health/live HTTP/1.1"));
    expect(JSON.parse((await connection.readAnswer()).body)).toEqual({
      data: { products: { totalCount: 1000 } },
    });
    expect(JSON.parse((await connection.readAnswer()).body)).toEqual({ data: { __typename: "Query" } });
    expect(JSON.parse((await connection.readAnswer()).body)).toEqual({ status: "live" });
    connection.destroy();
  });

  it("is closed after a request of HTTP/1.0, which needs no Host header", async () => {
    const connection = await RawConnection.open(test.gateway.url);
    const body = bodyOf(50);
    connection.write(
      `POST /web/graphql HTTP/1.0\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    expect(JSON.parse((await connection.readAnswer()).body)).toEqual({ data: { __typename: "Query" } });
    await connection.closed();
  });
});

describe("the Host header", () => {
  it.each(["a b", "", "[", "user@host:99999", "evil.example", "localhost/../x?y#z"])(
    "%j has no influence",
    async (host) => {
      const answer = await sendRaw(test.gateway.url, post(bodyOf(50), { host }));
      expect(answer.status).toBe(200);
      expect(answer.body).toBe('{"data":{"__typename":"Query"}}');
    },
  );

  it("has to be there in HTTP/1.1", async () => {
    const answer = await sendRaw(test.gateway.url, "GET /health/live HTTP/1.1\r\n\r\n");
    expect(answer.status).toBe(400);
  });

  it.each(["/web/graphql?query={__typename}", "/health/live"])(
    "that is there twice is refused: two readers may take either, %s",
    async (path) => {
      const head = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nhost: evil.example\r\n\r\n`;
      const answer = await sendRaw(test.gateway.url, head);
      expect(answer.status).toBe(400);
      expect(answer.body).toContain("BAD_REQUEST");
    },
  );
});

describe("the request's id", () => {
  it.each(["a", "01J9ZK-5.x_y", "x".repeat(64)])("%j is taken from the client", async (id) => {
    const { headers } = await test.query("{ categories { id } }", { headers: { "x-request-id": id } });
    expect(headers.get("x-request-id")).toBe(id);
    expect(test.logLines.at(-1)).toMatchObject({ msg: "request", requestId: id });
    expect(test.shop.catalog.log.entries.at(-1)?.headers).toMatchObject({ "x-request-id": id });
  });

  it.each(["x".repeat(65), "a b", 'a"b', "a,b", "<script>", "\u00e9", "a\tb", "${jndi:ldap://evil.example}"])(
    "%j is replaced",
    async (id) => {
      const answer = await sendRaw(test.gateway.url, post(bodyOf(50), { "x-request-id": id }));
      expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      expect(test.logLines.at(-1)?.["requestId"]).toBe(answer.headers.get("x-request-id"));
    },
  );

  it("is made up where the client sends none, or two", async () => {
    const { headers } = await test.query("{ __typename }");
    expect(headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    const twice = post(bodyOf(50)).replace("host:", "x-request-id: a\r\nx-request-id: b\r\nhost:");
    const answer = await sendRaw(test.gateway.url, twice);
    expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe("hostile bytes", () => {
  it("of headers named like properties of objects have no influence", async () => {
    const headers = { __proto__: "x", constructor: "y", "to-string": "z", prototype: "w" };
    expect((await sendRaw(test.gateway.url, post(bodyOf(50), headers))).status).toBe(200);
  });

  it("of headers beyond what the server reads are refused", async () => {
    const connection = await RawConnection.open(test.gateway.url);
    connection.write(post(bodyOf(50), { "x-large": "x".repeat(20_000) }));
    const answer = await connection.readAnswer(5000, false);
    expect(answer.status).toBe(431);
    await connection.closed();
  });

  it.each([
    "\0\0\0\0\r\n\r\n",
    "GET\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "GET / HTTP/9.9\r\n\r\n",
  ])("that are no HTTP end the connection: %j", async (bytes) => {
    const connection = await RawConnection.open(test.gateway.url);
    connection.write(bytes);
    await connection.closed();
    expect(connection.isClosed).toBe(true);
  });

  it("of two lengths are refused", async () => {
    const connection = await RawConnection.open(test.gateway.url);
    connection.write(post(bodyOf(50), { "transfer-encoding": "chunked", "content-length": "50" }));
    const answer = await connection.readAnswer(5000, false);
    expect(answer.status).toBe(400);
    await connection.closed();
  });

  it("leave the gateway working", async () => {
    expect((await test.query("{ products(first: 1) { totalCount } }")).data).toEqual({
      products: { totalCount: 1000 },
    });
  });
});

/** One request on a server of its own, which is handed over as it comes. */
async function withExchange(
  use: (exchange: HttpExchange, connection: RawConnection) => Promise<void>,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<[IncomingMessage, ServerResponse]>();
  const server = createServer((request, response) => resolve([request, response]));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const connection = await RawConnection.open(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  try {
    connection.write(rawRequest("GET /web/graphql HTTP/1.1", { constructor: "x", "x-a": "1" }));
    await use(openExchange(...(await promise)), connection);
  } finally {
    connection.destroy();
    server.close();
  }
}

describe("the headers of a request", () => {
  it("are found by their names, and by nothing that objects inherit", () =>
    withExchange(async ({ facts: { headers } }) => {
      const names = ["x-a", "constructor", "host", "toString", "__proto__", "hasOwnProperty", "x-b"];
      expect(names.map((name) => headers.get(name))).toEqual([
        "1",
        "x",
        "localhost",
        undefined,
        undefined,
        undefined,
        undefined,
      ]);
    }));
});

describe("the signal of a request", () => {
  it("fires when the client goes away", () =>
    withExchange(async ({ facts }, connection) => {
      const { signal } = facts;
      expect(signal.aborted).toBe(false);
      connection.destroy();
      await expect.poll(() => signal.aborted).toBe(true);
      expect(signal.reason).toMatchObject({ code: "CANCELLED" });
    }));

  it("has fired for who asks for it only after that", () =>
    withExchange(async ({ facts, response }, connection) => {
      connection.destroy();
      await expect.poll(() => response.closed).toBe(true);
      expect(facts.signal.reason).toMatchObject({ code: "CANCELLED" });
    }));

  it("never fires where the client has its answer", () =>
    withExchange(async (exchange, connection) => {
      const { signal } = exchange.facts;
      sendAnswer(exchange, new HttpAnswer(200, {}, "x"), true);
      await connection.readAnswer();
      await connection.closed();
      await expect.poll(() => exchange.response.closed).toBe(true);
      expect(signal.aborted).toBe(false);
    }));
});

describe("an answer", () => {
  it("that the system takes at once needs no timer", () =>
    withExchange(async (exchange, connection) => {
      sendAnswer(exchange, new HttpAnswer(200, {}, "x".repeat(1000)), false);
      expect(exchange.request.socket.timeout).toBeFalsy();
      expect((await connection.readAnswer()).body).toHaveLength(1000);
    }));

  it.each([["text", "é".repeat(20_000_000)] as const, ["bytes", Buffer.alloc(40_000_000)] as const])(
    "of %s that a client does not take is given up after 30 seconds, and its connection ended",
    (_what, body) =>
      withExchange(async (exchange, connection) => {
        connection.pause();
        sendAnswer(exchange, new HttpAnswer(200, {}, body), false);
        const { socket } = exchange.request;
        expect(socket.timeout).toBe(30_000);
        expect(socket.destroyed).toBe(false);
        // What the socket's timer does when it goes off.
        socket.emit("timeout");
        expect(socket.destroyed).toBe(true);
      }),
  );

  it.each([127, 128, 129, 2000])("of some %d * 1024 characters is sent as it is", (length) =>
    withExchange(async (exchange, connection) => {
      const text = `${"é".repeat(1000)}${"x".repeat(length * 1024 - 1000)}`;
      sendAnswer(exchange, new HttpAnswer(200, { "x-b": "2" }, text), false);
      const { status, headers, body } = await connection.readAnswer();
      expect([status, headers.get("x-b"), headers.get("transfer-encoding")]).toEqual([200, "2", undefined]);
      expect(headers.get("content-length")).toBe(String(Buffer.byteLength(text)));
      expect(body === text).toBe(true);
    }),
  );

  it("has its length in bytes, whether it is text or bytes", () =>
    withExchange(async (exchange, connection) => {
      sendAnswer(exchange, new HttpAnswer(201, { "x-b": "2" }, "é日"), false);
      const { status, headers, body } = await connection.readAnswer();
      expect([status, headers.get("content-length"), headers.get("x-b"), body]).toEqual([
        201,
        "5",
        "2",
        "é日",
      ]);
    }));
});
