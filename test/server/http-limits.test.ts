import type { ClientHttp2Session } from "node:http2";
import { connect as connectTls } from "node:tls";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HttpAnswer } from "../../gateway/pipeline/gateway-request.ts";
import { openExchange, readBody, sendAnswer } from "../../gateway/server/http-exchange.ts";
import { type HttpPort, listen, portLimits } from "../../gateway/server/http-port.ts";
import { CertificateAuthority, type IssuedCertificate } from "../support/certificates.ts";
import { eventually } from "../support/eventually.ts";
import { RawConnection, rawRequest } from "../support/raw-connection.ts";
import { endHeaders, endStream, hpackRequest, http2Frame, openRawHttp2 } from "../support/raw-http2.ts";
import { openSession, sendHttp2 } from "../support/secure-clients.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

/** A hundredth of the real ones, looked after as often as that takes. */
const shortLimits = {
  handshakeTimeoutMs: 400,
  headersTimeoutMs: 400,
  requestTimeoutMs: 1200,
  idleTimeoutMs: 1600,
  checkIntervalMs: 20,
};

let authority: CertificateAuthority;
let pair: IssuedCertificate;

beforeAll(() => {
  authority = new CertificateAuthority();
  pair = authority.issue("gateway", "IP:127.0.0.1");
});
afterAll(() => authority.remove());

interface EchoPort {
  readonly port: HttpPort;
  readonly unreadable: string[];
  /** Connections that were one too many. */
  readonly refused: { count: number };
  /** Requests whose handling began. */
  readonly begun: string[];
  readonly stop: () => Promise<void>;
}

/** A port that answers each request with how long its body was. */
async function openEcho(
  isSecure: boolean,
  limits = shortLimits,
  maxConnections = Number.POSITIVE_INFINITY,
): Promise<EchoPort> {
  const unreadable: string[] = [];
  const refused = { count: 0 };
  const begun: string[] = [];
  const tls = {
    certificate: pair.certificate,
    key: pair.key,
    clientCa: null,
    clientCertificate: "none",
    notAfterMs: 0,
  } as const;
  const port = await listen(
    { variable: "PORT", host: "127.0.0.1", port: 0 },
    (request, response) => {
      const exchange = openExchange(request, response);
      begun.push(exchange.path);
      const body =
        request.method === "GET" ? Promise.resolve(Buffer.alloc(0)) : readBody(exchange, 1_000_000);
      body.then(
        (bytes) => sendAnswer(exchange, new HttpAnswer(200, {}, `${bytes.length} bytes`), false),
        () => {},
      );
    },
    {
      tls: isSecure ? tls : null,
      limits,
      maxConnections,
      onUnreadable: (code) => void unreadable.push(code),
      onRefusedConnection: () => void (refused.count += 1),
    },
  );
  return { port, unreadable, refused, begun, stop: () => port.close({ idleGraceMs: 0, timeoutMs: 200 }) };
}

it("the limits are those that are promised", () => {
  expect(portLimits).toEqual({
    handshakeTimeoutMs: 10_000,
    headersTimeoutMs: 15_000,
    requestTimeoutMs: 30_000,
    idleTimeoutMs: 72_000,
    checkIntervalMs: 1000,
  });
});

describe("a slow client of HTTP/1.1", () => {
  const tooSlow = {
    errors: [{ message: "The request did not arrive in time.", extensions: { code: "REQUEST_TOO_SLOW" } }],
  };

  it("that never ends its headers is refused with 408", async () => {
    const { port, unreadable, stop } = await openEcho(false);
    const connection = await RawConnection.open(port.url);
    const startedMs = performance.now();
    connection.write("GET / HTTP/1.1\r\nhost: a\r\n");
    const trickle = setInterval(() => connection.write("x-a: 1\r\n"), 50);
    const answer = await connection.readAnswer();
    clearInterval(trickle);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(shortLimits.headersTimeoutMs);
    expect([answer.status, JSON.parse(answer.body)]).toEqual([408, tooSlow]);
    expect(answer.headers.get("connection")).toBe("close");
    expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8");
    await connection.closed();
    expect(unreadable).toEqual(["REQUEST_TOO_SLOW"]);
    await stop();
  });

  it("that says nothing is refused, too", async () => {
    const { port, stop } = await openEcho(false);
    const connection = await RawConnection.open(port.url);
    expect((await connection.readAnswer()).status).toBe(408);
    await connection.closed();
    await stop();
  });

  it("whose body trickles is refused with 408, and one that is done in time is answered", async () => {
    const { port, stop } = await openEcho(false);
    const slow = await RawConnection.open(port.url);
    slow.write(rawRequest("POST / HTTP/1.1", { "content-length": "1000" }));
    const quick = await RawConnection.open(port.url);
    quick.write(rawRequest("POST / HTTP/1.1", { "content-length": "8" }));
    const startedMs = performance.now();
    const trickle = setInterval(() => {
      slow.write("x");
      if (performance.now() - startedMs < 700) quick.write("x");
    }, 80);
    const answer = await quick.readAnswer();
    expect(answer.body).toBe("8 bytes");
    expect((await slow.readAnswer()).status).toBe(408);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(shortLimits.requestTimeoutMs);
    clearInterval(trickle);
    await slow.closed();
    quick.destroy();
    await stop();
  });

  it("may be idle between requests for a while, and is let go after that", async () => {
    const { port, stop } = await openEcho(false);
    const connection = await RawConnection.open(port.url);
    connection.write(rawRequest("GET / HTTP/1.1"));
    expect((await connection.readAnswer()).status).toBe(200);
    await sleep(800);
    connection.write(rawRequest("GET / HTTP/1.1"));
    expect((await connection.readAnswer()).status).toBe(200);
    await connection.closed(10_000);
    await stop();
  });
});

describe("a request of HTTP/1.1 that can't be read", () => {
  let echo: EchoPort;
  beforeAll(async () => {
    echo = await openEcho(false, portLimits);
  });
  afterAll(() => echo.stop());

  it.each<[what: string, bytes: string, status: number, code: string]>([
    ["no HTTP", "\0\0\0\0\r\n\r\n", 400, "BAD_REQUEST"],
    ["no line", "GET\r\n\r\n", 400, "BAD_REQUEST"],
    ["another version", "GET / HTTP/9.9\r\n\r\n", 400, "BAD_REQUEST"],
    ["a TLS handshake", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "BAD_REQUEST"],
    ["HTTP/2 without TLS", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "BAD_REQUEST"],
    ["a broken header", "GET / HTTP/1.1\r\nhost: a\r\nb\0c: d\r\n\r\n", 400, "BAD_REQUEST"],
    ["a header folded over lines", "GET / HTTP/1.1\r\nhost: a\r\nb: c\r\n d\r\n\r\n", 400, "BAD_REQUEST"],
    ["a space before a colon", "GET / HTTP/1.1\r\nhost : a\r\n\r\n", 400, "BAD_REQUEST"],
    [
      "two lengths",
      "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
      400,
      "BAD_REQUEST",
    ],
    [
      "a length and chunks",
      "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
      400,
      "BAD_REQUEST",
    ],
    [
      "a length below nothing",
      "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n",
      400,
      "BAD_REQUEST",
    ],
    [
      "headers beyond 16 KiB",
      `GET / HTTP/1.1\r\nhost: a\r\nb: ${"x".repeat(16_400)}\r\n\r\n`,
      431,
      "HEADERS_TOO_LARGE",
    ],
    [
      "a URL beyond 16 KiB",
      `GET /${"x".repeat(16_400)} HTTP/1.1\r\nhost: a\r\n\r\n`,
      431,
      "HEADERS_TOO_LARGE",
    ],
  ])("is refused in JSON, and its connection ended: %s", async (_what, bytes, status, code) => {
    const connection = await RawConnection.open(echo.port.url);
    connection.write(bytes);
    const answer = await connection.readAnswer();
    expect([answer.status, (JSON.parse(answer.body) as { errors: unknown[] }).errors]).toEqual([
      status,
      [{ message: expect.any(String) as string, extensions: { code } }],
    ]);
    expect(answer.headers.get("connection")).toBe("close");
    expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    await connection.closed();
  });

  it("tells its client although it goes on sending", async () => {
    const connection = await RawConnection.open(echo.port.url);
    connection.write(`GET / HTTP/1.1\r\nhost: a\r\nb: ${"x".repeat(200_000)}`);
    for (let sent = 0; sent < 50; sent++) {
      connection.write("x".repeat(60_000));
      await sleep(1);
    }
    expect((await connection.readAnswer()).status).toBe(431);
    connection.destroy();
  });

  it("does not break into the answer to the one before it", async () => {
    const connection = await RawConnection.open(echo.port.url);
    connection.write(`${rawRequest("GET / HTTP/1.1")}\0\0\0\0\r\n\r\n`);
    expect((await connection.readAnswer()).body).toMatch(/^(?:0 bytes$|\{"errors")/);
    await connection.closed();
  });
});

describe("the head of a request to a BFF", () => {
  let test: TestGateway;
  beforeAll(async () => {
    test = await startTestGateway({ TLS_CERT_FILE: pair.certificateFile, TLS_KEY_FILE: pair.keyFile });
  });
  afterAll(() => test.stop());

  const path = "/web/graphql?query={__typename}&x=";

  async function statusOf(
    protocol: "h2" | "http/1.1",
    target: string,
    headers: Readonly<Record<string, string>>,
  ) {
    if (protocol === "h2") {
      const session = await openSession(test.gateway.url, { ca: authority.certificate });
      const answered = sendHttp2(session, { ":path": target, ...headers });
      const answer = await answered.then(
        ({ status, body }) => ({ status, body }),
        (error: unknown) => ({ status: 0, body: String(error) }),
      );
      session.destroy();
      return answer;
    }
    const { hostname, port } = new URL(test.gateway.url);
    const socket = connectTls({ host: hostname, port: Number(port), ca: authority.certificate });
    await once(socket, "secureConnect");
    socket.write(rawRequest(`GET ${target} HTTP/1.1`, { connection: "close", ...headers }));
    let text = "";
    for await (const chunk of socket.setEncoding("utf8")) text += String(chunk);
    return { status: Number(text.slice(9, 12)), body: text.slice(text.indexOf("\r\n\r\n") + 4) };
  }

  it.each(["h2", "http/1.1"] as const)(
    "may have a URL of 8192 bytes and not one more, over %s",
    async (protocol) => {
      const of = (bytes: number): string => path + "x".repeat(bytes - path.length);
      expect((await statusOf(protocol, of(8191), {})).status).toBe(200);
      expect((await statusOf(protocol, of(8192), {})).status).toBe(200);
      const { status, body } = await statusOf(protocol, of(8193), {});
      expect([status, JSON.parse(body)]).toEqual([
        414,
        {
          errors: [{ message: "The URL is longer than 8192 bytes.", extensions: { code: "URI_TOO_LONG" } }],
        },
      ]);
    },
  );

  const headersOf = (count: number): Record<string, string> =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, "1"]));

  it("may have 128 headers and not one more over HTTP/1.1", async () => {
    // Beside these stand host and connection.
    const statuses = [];
    for (const count of [125, 126, 127])
      statuses.push((await statusOf("http/1.1", path, headersOf(count))).status);
    expect(statuses).toEqual([200, 200, 431]);
  });

  it("may have 128 headers and not one more over HTTP/2", async () => {
    // Beside these stand four pseudo headers.
    const statuses = [];
    for (const count of [127, 128, 129]) statuses.push((await statusOf("h2", path, headersOf(count))).status);
    expect(statuses).toEqual([200, 200, 431]);
  });

  it.each(["h2", "http/1.1"] as const)(
    "may have headers of nearly 16 KiB and not of more, over %s",
    async (protocol) => {
      const statuses = [];
      for (const bytes of [15_800, 17_000])
        statuses.push((await statusOf(protocol, path, { "x-large": "x".repeat(bytes) })).status);
      expect(statuses).toEqual([200, 431]);
    },
  );
});

describe("a slow client of HTTP/2", () => {
  it("whose body trickles is refused with 408, while another stream of the connection is served", async () => {
    const { port, stop } = await openEcho(true);
    const session = await openSession(port.url, { ca: authority.certificate });
    const stream = session.request({ ":method": "POST", ":path": "/slow" });
    const trickle = setInterval(() => stream.writable && stream.write("x"), 80);
    let text = "";
    stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    const closed = once(stream, "close");
    const [headers] = (await once(stream, "response")) as [{ ":status": number }];
    expect((await sendHttp2(session, { ":path": "/" })).status).toBe(200);
    clearInterval(trickle);
    await closed;
    expect([headers[":status"], JSON.parse(text)]).toMatchObject([
      408,
      { errors: [{ extensions: { code: "REQUEST_TOO_SLOW" } }] },
    ]);
    session.destroy();
    await stop();
  });

  it("that sends no request is let go, and one that is idle later, after its last one", async () => {
    const { port, stop } = await openEcho(true);
    const silent = await openSession(port.url, { ca: authority.certificate });
    const startedMs = performance.now();
    const idle = await openSession(port.url, { ca: authority.certificate });
    await sendHttp2(idle, { ":path": "/" });
    await once(silent, "close");
    const silentMs = performance.now() - startedMs;
    expect(silentMs).toBeGreaterThanOrEqual(shortLimits.headersTimeoutMs - 50);
    expect((await sendHttp2(idle, { ":path": "/" })).status).toBe(200);
    const lastMs = performance.now();
    await once(idle, "close");
    expect(performance.now() - lastMs).toBeGreaterThanOrEqual(shortLimits.idleTimeoutMs - 50);
    await stop();
  });

  it("that never finishes a request's headers is cut", async () => {
    const { port, begun, stop } = await openEcho(true);
    const socket = await openRawHttp2(port.url, authority.certificate);
    // HEADERS without END_HEADERS, and nothing after it.
    socket.write(http2Frame("headers", endStream, 1, Buffer.from([0x82])));
    socket.resume();
    await once(socket, "close");
    expect(begun).toEqual([]);
    await stop();
  });

  it("that does not shake hands is cut", async () => {
    const { port, stop } = await openEcho(true);
    const connection = await RawConnection.open(port.url);
    await connection.closed();
    expect(connection.isClosed).toBe(true);
    await stop();
  });
});

describe("a flood on one connection of HTTP/2", () => {
  let echo: EchoPort;
  beforeAll(async () => {
    echo = await openEcho(true, portLimits);
  });
  afterAll(() => echo.stop());

  const get = hpackRequest("GET", "/");

  /** Sends until the connection is closed; how many pieces it took at most. */
  async function flood(pieces: Iterable<Buffer>): Promise<"closed" | "open"> {
    const socket = await openRawHttp2(echo.port.url, authority.certificate);
    socket.resume();
    let sent = 0;
    for (const piece of pieces) {
      if (!socket.writable) break;
      socket.write(piece);
      if (++sent % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const endMs = performance.now() + 5000;
    while (!socket.closed && performance.now() < endMs) await sleep(20);
    const isClosed = socket.closed;
    socket.destroy();
    return isClosed ? "closed" : "open";
  }

  function* repeat(count: number, make: (index: number) => Buffer): Generator<Buffer> {
    for (let index = 0; index < count; index++) yield make(index);
  }

  it("of requests that are taken back at once is ended", async () => {
    const before = echo.begun.length;
    const reset = Buffer.from([0, 0, 0, 8]);
    const outcome = await flood(
      repeat(20_000, (index) => {
        const id = 2 * index + 1;
        return Buffer.concat([
          http2Frame("headers", endHeaders | endStream, id, get),
          http2Frame("reset", 0, id, reset),
        ]);
      }),
    );
    expect(outcome).toBe("closed");
    expect(echo.begun.length - before).toBeLessThan(2000);
  });

  it("of continuations of headers that never end is ended", async () => {
    const headers = http2Frame("headers", 0, 1, get);
    const more = http2Frame(
      "continuation",
      0,
      1,
      Buffer.concat([Buffer.from([0x00, 1]), Buffer.from("x"), Buffer.from([1]), Buffer.from("y")]),
    );
    expect(await flood([headers, ...repeat(20_000, () => more)])).toBe("closed");
    const empty = http2Frame("continuation", 0, 1, Buffer.alloc(0));
    expect(await flood([headers, ...repeat(20_000, () => empty)])).toBe("closed");
  });

  it.each([
    ["settings", () => http2Frame("settings", 0, 0, Buffer.alloc(0))],
    ["pings", () => http2Frame("ping", 0, 0, Buffer.alloc(8))],
  ] as const)("of %s whose answers are not read is bounded", async (_what, make) => {
    const socket = await openRawHttp2(echo.port.url, authority.certificate);
    socket.pause();
    const before = process.memoryUsage().arrayBuffers;
    for (let sent = 0; sent < 60_000 && socket.writable; sent += 1000) {
      socket.write(Buffer.concat(Array.from({ length: 1000 }, make)));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await sleep(300);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50_000_000);
    socket.destroy();
    expect((await requestOnce()).status).toBe(200);
  });

  it("of more than 100 requests at a time is refused beyond them", async () => {
    const session = await openSession(echo.port.url, { ca: authority.certificate });
    expect(session.remoteSettings.maxConcurrentStreams).toBe(100);
    session.destroy();
    const socket = await openRawHttp2(echo.port.url, authority.certificate);
    const before = echo.begun.length;
    // Bodies that never end hold their streams.
    for (let index = 0; index < 300; index++)
      socket.write(http2Frame("headers", endHeaders, 2 * index + 1, hpackRequest("POST", "/")));
    socket.resume();
    await expect.poll(() => echo.begun.length - before).toBeGreaterThanOrEqual(100);
    await sleep(200);
    expect(echo.begun.length - before).toBeLessThanOrEqual(101);
    socket.destroy();
  });

  async function requestOnce() {
    const session: ClientHttp2Session = await openSession(echo.port.url, { ca: authority.certificate });
    const answer = await sendHttp2(session, { ":path": "/" });
    session.close();
    return answer;
  }

  it("leaves the port working for others", async () => {
    expect((await requestOnce()).status).toBe(200);
  });
});

describe("a connection beyond the bound", () => {
  it("is closed and counted, the others go on, and one that ends makes room", async () => {
    const { port, refused, stop } = await openEcho(false, shortLimits, 2);
    const ask = async (connection: RawConnection): Promise<number> => {
      connection.write(rawRequest("GET / HTTP/1.1"));
      return (await connection.readAnswer()).status;
    };
    const first = await RawConnection.open(port.url);
    const second = await RawConnection.open(port.url);
    expect([await ask(first), await ask(second)]).toEqual([200, 200]);
    const third = await RawConnection.open(port.url);
    await third.closed();
    expect(refused.count).toBe(1);
    expect([await ask(first), await ask(second)]).toEqual([200, 200]);
    first.destroy();
    await eventually(() => expect(port.openSockets).toBe(1));
    const fourth = await RawConnection.open(port.url);
    expect([await ask(fourth), refused.count]).toEqual([200, 1]);
    second.destroy();
    fourth.destroy();
    await stop();
  });

  it("over TLS, too, before the handshake", async () => {
    const { port, refused, stop } = await openEcho(true, shortLimits, 1);
    const { hostname, port: number } = new URL(port.url);
    const open = async (): Promise<boolean> => {
      const socket = connectTls({ host: hostname, port: Number(number), ca: authority.certificate });
      return once(socket, "secureConnect").then(
        () => true,
        () => false,
      );
    };
    expect([await open(), await open(), refused.count]).toEqual([true, false, 1]);
    await stop();
  });
});
