import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { Deadline } from "../../gateway/core/deadline.ts";
import { OverlockError } from "../../gateway/core/errors.ts";
import { HttpPool, type HttpResponse } from "../../gateway/outbound/http-pool.ts";
import { caught } from "../support/caught.ts";
import { eventually } from "../support/eventually.ts";
import { findDeadAddress, type RawServer, startRawServer } from "../support/raw-server.ts";

let server: RawServer | null = null;
let pool: HttpPool | null = null;
let deadline: Deadline | null = null;

afterEach(async () => {
  await pool?.dispose();
  await eventually(() => expect(server?.openSockets ?? 0).toBe(0));
  await server?.stop();
  deadline?.dispose();
  server = null;
  pool = null;
  deadline = null;
});

describe("a request", () => {
  test("sends exactly the method, path and headers that it is given", async () => {
    await serve("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
    await send({ url: "http://{}/api/", path: "/users?ids=1", headers: ["x-a", "b"] });
    expect(server?.received.toLowerCase()).toBe(
      `get /api/users?ids=1 http/1.1\r\nhost: ${server?.address}\r\nconnection: keep-alive\r\nx-a: b\r\naccept-encoding: gzip, deflate, br, zstd\r\n\r\n`,
    );
  });

  test("yields status, media type and body", async () => {
    await serve(
      "HTTP/1.1 404 No\r\nContent-Type: Application/JSON; charset=utf-8\r\ncontent-length: 2\r\n\r\nhi",
    );
    const { body, header, ...rest } = await send();
    expect(rest).toEqual({ status: 404, mediaType: "application/json" });
    expect([header("content-length"), header("x-other")]).toEqual(["2", null]);
    expect(Buffer.from(body.bytes).toString()).toBe("hi");
  });

  test("yields an empty media type where there is none", async () => {
    await serve("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    expect(await send()).toMatchObject({ mediaType: "", body: new Uint8Array() });
  });

  test("yields the answer behind what only informs of it", async () => {
    await serve(
      "HTTP/1.1 103 Early Hints\r\ncontent-length: 99999\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
    );
    const { status, header, body } = await send();
    expect([status, header("content-length"), body.length]).toEqual([200, "2", 2]);
  });

  test("reads a header by its own name only, however often it came", async () => {
    await serve("HTTP/1.1 200 OK\r\nx-a: 1\r\nX-A: 2\r\ncontent-length: 0\r\n\r\n");
    const { header } = await send();
    expect([header("x-a"), header("constructor"), header("__proto__")]).toEqual(["1, 2", null, null]);
  });

  test("reuses connections", async () => {
    const http = createServer((_request, response) => response.end("{}"));
    let connections = 0;
    http.on("connection", () => (connections += 1));
    http.listen(0, "127.0.0.1");
    await once(http, "listening");
    const { port } = http.address() as AddressInfo;
    for (let calls = 0; calls < 20; calls++) await send({ url: `http://127.0.0.1:${port}` });
    // The pool may open a second one while the first still finishes its answer.
    expect(connections).toBeLessThanOrEqual(2);
    await pool?.dispose();
    http.close();
    await once(http, "close");
  });

  test("waits for a connection when all are in use, within its deadline", async () => {
    await serve(null);
    const calls = [0, 1, 2].map(() => send({ maxConnections: 1, timeoutMs: 100 }));
    const results = await Promise.allSettled(calls);
    expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(server?.received.match(/GET/g)).toHaveLength(1);
  });
});

describe("an answer", () => {
  test.each([
    ["with its length", (body: string) => `content-length: ${body.length}\r\n\r\n${body}`],
    [
      "in chunks",
      (body: string) =>
        `transfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
    ],
  ])("%s may be as long as the limit and no longer", async (_how, rest) => {
    await serve(`HTTP/1.1 200 OK\r\n${rest("x".repeat(1000))}`);
    expect((await send({ maxResponseBytes: 1000 })).body).toHaveLength(1000);
    await restart(`HTTP/1.1 200 OK\r\n${rest("x".repeat(1001))}`);
    await expectCode(send({ maxResponseBytes: 1000 }), "UPSTREAM_RESPONSE_TOO_LARGE");
  });

  test("that announces too much is not read at all", async () => {
    await serve("HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n");
    await expectCode(send({ maxResponseBytes: 1000 }), "UPSTREAM_RESPONSE_TOO_LARGE");
  });

  test.each([
    ["no HTTP", "SSH-2.0-OpenSSH_9.2\r\n"],
    ["half a status line and rubbish", "HTTP/1.1 \0\0\0\r\n\r\n"],
    ["a length that is no number", "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n"],
    [
      "a length and chunks",
      "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    ],
    ["a chunk that is none", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}"],
    ["headers without end", `HTTP/1.1 200 OK\r\nx: ${"x".repeat(100_000)}\r\n\r\n`],
  ])("that is %s is UPSTREAM_INVALID_RESPONSE", async (_what, bytes) => {
    await serve(bytes);
    await expectCode(send(), "UPSTREAM_INVALID_RESPONSE");
  });

  test.each([
    ["ends before it begins", (socket: { end(): void }) => socket.end()],
    ["is a reset", (socket: { resetAndDestroy(): void }) => socket.resetAndDestroy()],
    [
      "breaks off in its headers",
      (socket: { end(bytes: string): void }) => socket.end("HTTP/1.1 200 OK\r\ncontent-le"),
    ],
    [
      "breaks off in its body",
      (socket: { end(bytes: string): void }) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"),
    ],
    [
      "breaks off in a chunk",
      (socket: { end(bytes: string): void }) =>
        socket.end("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\n{"),
    ],
  ])("that %s is UPSTREAM_UNREACHABLE", async (_what, answer) => {
    server = await startRawServer(answer);
    await expectCode(send(), "UPSTREAM_UNREACHABLE");
  });
});

describe("a backend that cannot be reached", () => {
  test("because nobody listens is UPSTREAM_UNREACHABLE", async () => {
    const error = await expectCode(
      send({ url: `http://${await findDeadAddress()}` }),
      "UPSTREAM_UNREACHABLE",
    );
    expect(error.message).toMatch(/^ECONNREFUSED: /);
    expect(error.cause).toBeInstanceOf(Error);
  });

  test("because its name has no address is UPSTREAM_UNREACHABLE", async () => {
    const error = await expectCode(send({ url: "http://a..b:1" }), "UPSTREAM_UNREACHABLE");
    expect(error.message).toMatch(/^E[A-Z_]+: /);
  });

  test("because it speaks no TLS is UPSTREAM_UNREACHABLE", async () => {
    await serve("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    await expectCode(send({ url: "https://{}" }), "UPSTREAM_UNREACHABLE");
  });

  test("because the pool was disposed of is UPSTREAM_UNREACHABLE, before the call or during it", async () => {
    await serve(null);
    const call = expectCode(send(), "UPSTREAM_UNREACHABLE");
    await eventually(() => expect(server?.received).toContain("GET"));
    await pool?.dispose();
    await call;
    await expectCode(send(), "UPSTREAM_UNREACHABLE");
  });
});

describe("a deadline", () => {
  test.each([
    ["before the answer", null],
    ["inside of the answer", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"],
  ])("that passes %s ends the call and its connection", async (_when, bytes) => {
    await serve(bytes);
    await expect(send({ timeoutMs: 20 })).rejects.toMatchObject({ code: "REQUEST_TIMEOUT" });
    await eventually(() => expect(server?.openSockets).toBe(0));
  });

  test("that has passed already sends nothing", async () => {
    await serve(null);
    deadline = Deadline.start(1000, AbortSignal.abort());
    await expect(send()).rejects.toMatchObject({ code: "CANCELLED" });
    expect(server?.received).toBe("");
  });
});

test("a header that would become two is refused before anything is sent", async () => {
  await serve(null);
  await expect(send({ headers: ["x-a", "b\r\nx-c: d"] })).rejects.toThrow("invalid x-a header");
  await expect(send({ path: "/a b" })).rejects.toThrow("invalid request path");
  expect(server?.received).toBe("");
});

/** Null: never answers. */
async function serve(bytes: string | null): Promise<void> {
  server = await startRawServer((socket) => {
    if (bytes !== null) socket.write(bytes, "latin1");
  });
}

async function restart(bytes: string): Promise<void> {
  await pool?.dispose();
  await server?.stop();
  deadline?.dispose();
  pool = null;
  deadline = null;
  await serve(bytes);
}

interface SendOptions {
  /** `{}` stands for the server's address. */
  readonly url?: string;
  readonly path?: string;
  readonly headers?: readonly string[];
  readonly timeoutMs?: number;
  readonly maxConnections?: number;
  readonly maxResponseBytes?: number;
}

function send(options: SendOptions = {}): Promise<HttpResponse> {
  const { url = "http://{}", path = "/", headers = [], timeoutMs = 5000 } = options;
  const { maxConnections = 4, maxResponseBytes = 10_000 } = options;
  pool ??= new HttpPool(new URL(url.replace("{}", server?.address ?? "")), {
    maxConnections,
    connectTimeoutMs: 1000,
    maxResponseBytes,
    tls: null,
  });
  deadline ??= Deadline.start(timeoutMs, null);
  return pool.send({ method: "GET", path, headers, callHeaders: [], body: null }, deadline);
}

async function expectCode(call: Promise<unknown>, code: OverlockError["code"]): Promise<OverlockError> {
  const error = await caught(call);
  if (!(error instanceof OverlockError)) throw new Error(`expected ${code}, found ${String(error)}`);
  expect(error.code).toBe(code);
  return error;
}
