import { createServer, type Http2Server, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from "node:net";
import { deflateSync, gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Deadline } from "../../gateway/core/deadline.ts";
import {
  GrpcChannel,
  type GrpcChannelSettings,
  type GrpcMethod,
} from "../../gateway/outbound/grpc-channel.ts";
import { caught } from "../support/caught.ts";

const method: GrpcMethod = {
  path: "/a.B/C",
  serialize: (message) => Buffer.from(JSON.stringify(message)),
  deserialize: (bytes) => ({ text: bytes.toString() }),
};

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

let server: Http2Server;
let answer: (stream: ServerHttp2Stream) => void = () => {};
const received: Received[] = [];
const channels: GrpcChannel[] = [];
beforeAll(async () => {
  server = createServer();
  server.on("stream", (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on("error", () => {});
    stream.on("data", (chunk: Buffer) => void chunks.push(chunk));
    stream.on("end", () => {
      received.push({ headers, body: Buffer.concat(chunks) });
      answer(stream);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => new Promise<void>((resolve) => void server.close(() => resolve())));
afterEach(() => {
  for (const channel of channels.splice(0)) channel.dispose();
  received.length = 0;
});

const grpc = { ":status": 200, "content-type": "application/grpc+proto" };
const html = { "content-type": "text/html" };

/** The five bytes before a message and the message. */
function frame(message: Buffer | string, isCompressed = false): Buffer {
  const bytes = Buffer.from(message);
  const head = Buffer.alloc(5);
  head.writeUInt8(isCompressed ? 1 : 0, 0);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

function respond(
  stream: ServerHttp2Stream,
  parts: readonly Buffer[],
  trailers: object,
  headers: object = {},
): void {
  stream.on("wantTrailers", () => stream.sendTrailers({ ...trailers }));
  stream.respond({ ...grpc, ...headers }, { waitForTrailers: true });
  for (const part of parts) stream.write(part);
  stream.end();
}

const ok = { "grpc-status": "0" };

async function call(settings: Partial<GrpcChannelSettings> = {}, address?: string): Promise<object> {
  const { port } = server.address() as AddressInfo;
  const channel = new GrpcChannel(address ?? `127.0.0.1:${port}`, {
    isSecure: false,
    tls: null,
    maxResponseBytes: 10_000,
    compression: null,
    ...settings,
  });
  channels.push(channel);
  const deadline = Deadline.start(3000, null);
  try {
    return await channel.send(method, { message: { a: "b".repeat(1000) }, metadata: {} }, deadline);
  } finally {
    deadline.dispose();
  }
}

describe("an answer that is none of gRPC's", () => {
  test.each<[what: string, code: string, play: (stream: ServerHttp2Stream) => void]>([
    [
      "a message cut off",
      "UPSTREAM_INVALID_RESPONSE",
      (stream) => respond(stream, [frame("hello").subarray(0, 7)], ok),
    ],
    ["no message", "UPSTREAM_INVALID_RESPONSE", (stream) => respond(stream, [], ok)],
    [
      "no status at the end",
      "UPSTREAM_INVALID_RESPONSE",
      (stream) => respond(stream, [frame("a")], { other: "x" }),
    ],
    [
      "an end without trailers",
      "UPSTREAM_INVALID_RESPONSE",
      (stream) => {
        stream.respond(grpc);
        stream.end(frame("a"));
      },
    ],
    [
      "a page with status 200",
      "UPSTREAM_INVALID_RESPONSE",
      (stream) => page(stream, 200, "<html><body>Hi</body></html>"),
    ],
    ["an empty page with status 200", "UPSTREAM_INVALID_RESPONSE", (stream) => page(stream, 200, "")],
    [
      "JSON with status 200",
      "UPSTREAM_INVALID_RESPONSE",
      (stream) => respond(stream, [frame("a")], ok, { "content-type": "application/json" }),
    ],
    ["a redirect", "UPSTREAM_INVALID_RESPONSE", (stream) => page(stream, 302, "<a>there</a>")],
    ["401 of a proxy", "UPSTREAM_DENIED", (stream) => page(stream, 401, "<html>no</html>")],
    ["403 of a proxy", "UPSTREAM_DENIED", (stream) => page(stream, 403, "")],
    ["404 of a proxy", "UPSTREAM_REJECTED", (stream) => page(stream, 404, "<html>?</html>")],
    ["429 of a proxy", "UPSTREAM_ERROR", (stream) => page(stream, 429, "")],
    ["500 of a proxy", "UPSTREAM_ERROR", (stream) => page(stream, 500, "<html>500</html>")],
    ["502 of a proxy", "UPSTREAM_UNREACHABLE", (stream) => page(stream, 502, "<html>502</html>")],
    ["503 of a proxy", "UPSTREAM_UNREACHABLE", (stream) => page(stream, 503, "")],
    ["504 of a proxy", "UPSTREAM_TIMEOUT", (stream) => page(stream, 504, "<html>504</html>")],
    ["a stream reset by CANCEL", "UPSTREAM_UNREACHABLE", (stream) => stream.close(8)],
    ["a stream reset by INTERNAL_ERROR", "UPSTREAM_UNREACHABLE", (stream) => stream.close(2)],
    ["a stream refused", "UPSTREAM_UNREACHABLE", (stream) => stream.close(7)],
    ["a stream that is too much", "UPSTREAM_UNREACHABLE", (stream) => stream.close(11)],
    ["a stream that is not secure enough", "UPSTREAM_UNREACHABLE", (stream) => stream.close(12)],
    [
      "a connection that ends inside of a message",
      "UPSTREAM_UNREACHABLE",
      (stream) => {
        stream.respond(grpc);
        stream.write(frame("hello").subarray(0, 7), () => stream.session?.destroy());
      },
    ],
    ["a connection that ends", "UPSTREAM_UNREACHABLE", (stream) => stream.session?.destroy()],
    [
      "a GOAWAY that ends it",
      "UPSTREAM_UNREACHABLE",
      (stream) => {
        stream.session?.goaway(2);
        stream.session?.destroy();
      },
    ],
  ])("%s is %s", async (_what, code, play) => {
    answer = play;
    expect(await caught(call())).toMatchObject({ code });
  });

  test.each([17, 999, -1, 0.5])("a status that there is none of (%d) is UNKNOWN", async (status) => {
    answer = (stream) => respond(stream, [], { "grpc-status": String(status), "grpc-message": "?" });
    expect(await caught(call())).toMatchObject({ name: "GrpcStatusError", status: 2 });
  });
});

describe("compression", () => {
  test.each([
    ["gzip", gzipSync],
    ["deflate", deflateSync],
  ] as const)("an answer in %s is read, as far as the limit goes", async (encoding, compress) => {
    const headers = { "grpc-encoding": encoding };
    answer = (stream) => respond(stream, [frame(compress("x".repeat(10_000)), true)], ok, headers);
    expect(await call()).toEqual({ text: "x".repeat(10_000) });
    answer = (stream) => respond(stream, [frame(compress("x".repeat(10_001)), true)], ok, headers);
    expect(await caught(call())).toMatchObject({ code: "UPSTREAM_RESPONSE_TOO_LARGE" });
    // A million times larger than what is sent.
    answer = (stream) => respond(stream, [frame(compress(Buffer.alloc(5_000_000)), true)], ok, headers);
    expect(await caught(call())).toMatchObject({ code: "UPSTREAM_RESPONSE_TOO_LARGE" });
    answer = (stream) => respond(stream, [frame("no such thing", true)], ok, headers);
    expect(await caught(call())).toMatchObject({ code: "UPSTREAM_INVALID_RESPONSE" });
  });

  test("an answer may be as it is in spite of the header", async () => {
    answer = (stream) => respond(stream, [frame("plain")], ok, { "grpc-encoding": "gzip" });
    expect(await call()).toEqual({ text: "plain" });
  });

  test("an answer in an unknown or unnamed encoding is UPSTREAM_INVALID_RESPONSE", async () => {
    answer = (stream) => respond(stream, [frame("x", true)], ok, { "grpc-encoding": "br" });
    expect(await caught(call())).toMatchObject({ code: "UPSTREAM_INVALID_RESPONSE" });
    answer = (stream) => respond(stream, [frame("x", true)], ok);
    expect(await caught(call())).toMatchObject({ code: "UPSTREAM_INVALID_RESPONSE" });
  });

  test("a request is compressed where the source says so", async () => {
    answer = (stream) => respond(stream, [frame("a")], ok);
    const sizes: number[] = [];
    for (const compression of [null, "gzip", "deflate"] as const) await call({ compression });
    for (const { headers, body } of received) {
      expect(headers["grpc-accept-encoding"]).toBe("identity,deflate,gzip");
      sizes.push(body.length);
    }
    expect(received.map(({ headers }) => headers["grpc-encoding"])).toEqual([undefined, "gzip", "deflate"]);
    expect(received.map(({ body }) => body[0])).toEqual([0, 1, 1]);
    expect(sizes[0]).toBeGreaterThan(1000);
    expect(Math.max(...sizes.slice(1))).toBeLessThan(100);
  });
});

test("a request of more than 16 MiB is not sent", async () => {
  const { port } = server.address() as AddressInfo;
  const channel = new GrpcChannel(`127.0.0.1:${port}`, {
    isSecure: false,
    tls: null,
    maxResponseBytes: 100,
    compression: "gzip",
  });
  channels.push(channel);
  const deadline = Deadline.start(3000, null);
  const limit = 16 * 1024 * 1024;
  const sized = (size: number): GrpcMethod => ({ ...method, serialize: () => Buffer.alloc(size) });
  const request = { message: {}, metadata: {} };
  expect(await caught(channel.send(sized(limit + 1), request, deadline))).toMatchObject({
    code: "INVALID_VALUE",
    message: `a request of ${limit + 1} bytes, at most ${limit}`,
  });
  expect(received).toEqual([]);
  answer = (stream) => respond(stream, [frame("a")], ok);
  expect(await channel.send(sized(limit), request, deadline)).toEqual({ text: "a" });
  deadline.dispose();
});

test("a connection over which nothing comes any more is given up after some calls", async () => {
  const { port } = server.address() as AddressInfo;
  const relay = await startRelay(port);
  const channel = new GrpcChannel(`127.0.0.1:${relay.port}`, {
    isSecure: false,
    tls: null,
    maxResponseBytes: 100,
    compression: null,
  });
  channels.push(channel);
  answer = (stream) => respond(stream, [frame("a")], ok);
  const send = async (timeoutMs: number): Promise<unknown> => {
    const deadline = Deadline.start(timeoutMs, null);
    try {
      return await channel.send(method, { message: {}, metadata: {} }, deadline);
    } catch (error) {
      return error;
    } finally {
      deadline.dispose();
    }
  };
  expect(await send(2000)).toEqual({ text: "a" });
  relay.freeze();
  for (let attempt = 0; attempt < 3; attempt++) expect(await send(400)).toBeInstanceOf(Error);
  // The relay goes on with new connections.
  expect(await send(2000)).toEqual({ text: "a" });
  expect(relay.connections).toBe(2);
  await relay.stop();
});

function page(stream: ServerHttp2Stream, status: number, body: string): void {
  stream.respond({ ":status": status, ...html });
  stream.end(body);
}

/** Passes bytes on until it is frozen, which the connections that are open do not notice. */
async function startRelay(target: number) {
  const sockets = new Set<Socket>();
  let pairs: [Socket, Socket][] = [];
  const state = { connections: 0 };
  const relay = createTcpServer((socket) => {
    state.connections += 1;
    const other = connect(target, "127.0.0.1");
    for (const one of [socket, other]) {
      sockets.add(one);
      one.on("error", () => {});
    }
    socket.pipe(other).pipe(socket);
    pairs.push([socket, other]);
  });
  await new Promise<void>((resolve) => void relay.listen(0, "127.0.0.1", resolve));
  return Object.assign(state, {
    port: (relay.address() as AddressInfo).port,
    freeze: () => {
      for (const [socket, other] of pairs) {
        socket.unpipe(other);
        other.unpipe(socket);
        socket.resume();
      }
      pairs = [];
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => void relay.close(() => resolve()));
    },
  });
}
