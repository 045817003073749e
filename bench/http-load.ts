import { connect, type Socket } from "node:net";

/** One keep-alive connection without pipelining: a request goes out when the last one is answered. */
export class HttpConnection {
  readonly #socket: Socket;
  #buffered: Buffer = empty;
  #waiting: { resolve(answer: HttpAnswer): void; reject(error: Error): void } | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk) => this.#take(chunk));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("Expected an answer, the connection was closed.")));
  }

  static async open(port: number): Promise<HttpConnection> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    await new Promise((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return new HttpConnection(socket);
  }

  /** Sends the bytes of a whole request. */
  async send(request: Buffer): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#waiting = null;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#buffered = this.#buffered.length === 0 ? chunk : Buffer.concat([this.#buffered, chunk]);
    const answer = readAnswer(this.#buffered);
    if (answer === null) return;
    this.#buffered = empty;
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.resolve(answer);
  }

  #fail(error: Error): void {
    this.#waiting?.reject(error);
    this.#waiting = null;
  }
}

export interface HttpAnswer {
  readonly status: number;
  /** The status line and the headers, in lower case. */
  readonly head: string;
  readonly body: Buffer;
}

const empty = Buffer.alloc(0);

/** A complete answer, or null while some of it is missing. */
function readAnswer(bytes: Buffer): HttpAnswer | null {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd < 0) return null;
  const head = bytes.toString("latin1", 0, headEnd).toLowerCase();
  const status = Number(head.slice(9, 12));
  const lengthAt = head.indexOf("\r\ncontent-length:");
  if (lengthAt >= 0) {
    const end = headEnd + 4 + Number.parseInt(head.slice(lengthAt + 17), 10);
    return bytes.length < end ? null : { status, head, body: bytes.subarray(headEnd + 4, end) };
  }
  if (!head.includes("\r\ntransfer-encoding: chunked"))
    throw new Error(`Expected an answer of known length, got ${head}.`);
  if (!bytes.subarray(-5).equals(lastChunk)) return null;
  return readChunks(bytes, headEnd + 4, { status, head });
}

const lastChunk = Buffer.from("0\r\n\r\n");

function readChunks(bytes: Buffer, start: number, answer: Omit<HttpAnswer, "body">): HttpAnswer | null {
  const chunks: Buffer[] = [];
  let at = start;
  while (at < bytes.length) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd < 0) return null;
    const length = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
    if (length === 0) return { ...answer, body: Buffer.concat(chunks) };
    chunks.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + length));
    at = lineEnd + 2 + length + 2;
  }
  return null;
}

export interface Load {
  readonly port: number;
  /** The bytes of one request. */
  readonly request: Buffer;
  readonly connections: number;
  /** Stops after so many requests, or … */
  readonly maxRequests: number;
  /** … when none is begun any more after so many milliseconds. */
  readonly maxMs: number;
  /** The length of the right body, which every answer is held against; null: any. */
  readonly bodyBytes: number | null;
}

export interface LoadResult {
  readonly requests: number;
  readonly elapsedMs: number;
  /** Of each request, in milliseconds, sorted. */
  readonly latenciesMs: Float64Array;
}

/**
 * A closed loop: each connection sends its next request as soon as it has its answer. `whenOpen` runs between the first
 * requests, one on each connection, which do not count, and the rest.
 *
 * It never sleeps. Who writes to a socket on loopback whose reader sleeps pays for waking it, some 10 µs, which clients
 * on a network never cost; and the slower a contender is, the more often the load generator would sleep.
 */
export async function runClosedLoop(load: Load, whenOpen?: () => Promise<void>): Promise<LoadResult> {
  const { request, maxRequests, maxMs, connections: count } = load;
  const connections = await openConnections(load.port, count);
  let isRunning = true;
  const stayAwake = (): void => {
    if (isRunning) setImmediate(stayAwake);
  };
  try {
    await Promise.all(connections.map(async (connection) => sendChecked(connection, load)));
    await whenOpen?.();
    const latenciesMs: number[] = [];
    const startedMs = performance.now();
    stayAwake();
    let begun = 0;
    const run = async (connection: HttpConnection): Promise<void> => {
      let atMs = performance.now();
      while (begun < maxRequests && atMs - startedMs < maxMs) {
        begun++;
        const { status, body } = await connection.send(request);
        const endMs = performance.now();
        latenciesMs.push(endMs - atMs);
        atMs = endMs;
        if (status !== 200 || (load.bodyBytes !== null && body.length !== load.bodyBytes))
          throw new Error(describeWrong(status, body, load));
      }
    };
    await Promise.all(connections.map(run));
    const elapsedMs = performance.now() - startedMs;
    return {
      requests: latenciesMs.length,
      elapsedMs,
      latenciesMs: Float64Array.from(latenciesMs).toSorted(),
    };
  } finally {
    isRunning = false;
    for (const connection of connections) connection.close();
  }
}

/**
 * An open loop: `perSecond` requests begin, whether earlier ones are answered or not. The latency of one counts from
 * when it was due, its wait for a free connection included.
 */
export async function runOpenLoop(load: Load & { readonly perSecond: number }): Promise<LoadResult> {
  const { request, maxMs, perSecond } = load;
  const idle = [...(await openConnections(load.port, load.connections))];
  const all = [...idle];
  try {
    const total = Math.floor((maxMs / 1000) * perSecond);
    const latenciesMs: number[] = [];
    const waiting: number[] = [];
    const startedMs = performance.now();
    await new Promise<void>((resolve, reject) => {
      let due = 0;
      const send = (connection: HttpConnection, dueMs: number): void => {
        connection.send(request).then(({ status, body }) => {
          if (status !== 200 || (load.bodyBytes !== null && body.length !== load.bodyBytes))
            reject(new Error(describeWrong(status, body, load)));
          latenciesMs.push(performance.now() - dueMs);
          const next = waiting.shift();
          if (next === undefined) idle.push(connection);
          else send(connection, next);
          if (latenciesMs.length === total) resolve();
        }, reject);
      };
      const tick = (): void => {
        // A timer that fires late is the generator's fault, so that requests count from now.
        const nowMs = performance.now();
        for (; due < total && (due / perSecond) * 1000 <= nowMs - startedMs; due++) {
          const connection = idle.pop();
          if (connection === undefined) waiting.push(nowMs);
          else send(connection, nowMs);
        }
        if (due < total) setTimeout(tick, 1);
      };
      tick();
    });
    const elapsedMs = performance.now() - startedMs;
    return { requests: total, elapsedMs, latenciesMs: Float64Array.from(latenciesMs).toSorted() };
  } finally {
    for (const connection of all) connection.close();
  }
}

/** Where a request goes, and what it carries beside its body. */
export interface RequestHead {
  readonly endpoint: string;
  readonly port: number;
  /** Null: no such header. */
  readonly authorization: string | null;
}

/** The bytes of a GraphQL request as a client sends it. */
export function writeRequest({ endpoint, port, authorization }: RequestHead, body: object): Buffer {
  const json = JSON.stringify(body);
  const head = [
    `POST ${endpoint} HTTP/1.1`,
    `host: 127.0.0.1:${port}`,
    "content-type: application/json",
    "accept: application/graphql-response+json, application/json;q=0.9",
    `content-length: ${Buffer.byteLength(json)}`,
    ...(authorization === null ? [] : [`authorization: ${authorization}`]),
  ];
  return Buffer.from(`${head.join("\r\n")}\r\n\r\n${json}`);
}

async function openConnections(port: number, count: number): Promise<readonly HttpConnection[]> {
  return Promise.all(Array.from({ length: count }, async () => HttpConnection.open(port)));
}

async function sendChecked(connection: HttpConnection, load: Load): Promise<void> {
  const { status, body } = await connection.send(load.request);
  if (status !== 200) throw new Error(describeWrong(status, body, load));
}

function describeWrong(status: number, body: Buffer, { bodyBytes }: Load): string {
  const expected = bodyBytes === null ? "200" : `200 with ${bodyBytes} bytes`;
  return `Expected ${expected}, got ${status} with ${body.length} bytes: ${body.toString().slice(0, 300)}`;
}
