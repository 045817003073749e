import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** One HTTP answer as it stood on the wire. */
export interface RawAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** A TCP connection on which a test writes whatever it likes, byte for byte. */
export class RawConnection {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #isClosed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => (this.#received = Buffer.concat([this.#received, chunk])));
    socket.on("close", () => (this.#isClosed = true));
    // A reset shows as a connection that is closed without an answer.
    socket.on("error", () => {});
  }

  /** Connects to the host and port of `url`. */
  static async open(url: string): Promise<RawConnection> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    return new RawConnection(socket);
  }

  /** True when the connection is still there to write on. */
  write(bytes: string | Uint8Array): boolean {
    if (this.#socket.destroyed || !this.#socket.writable) return false;
    this.#socket.write(bytes);
    return true;
  }

  /** Closes our side; the answer may still come. */
  end(): void {
    this.#socket.end();
  }

  /** Takes nothing more of what the server sends. */
  pause(): void {
    this.#socket.pause();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The next complete answer; its body must have a content-length, or none where `hasBody` is false. */
  async readAnswer(timeoutMs = 5000, hasBody = true): Promise<RawAnswer> {
    const endMs = performance.now() + timeoutMs;
    for (;;) {
      const parsed = parseAnswer(this.#received, hasBody);
      if (parsed !== null) {
        this.#received = this.#received.subarray(parsed.bytes);
        return parsed.answer;
      }
      if (this.#isClosed) throw new Error(`Expected an answer, the connection was closed: ${this.#quoted()}`);
      if (performance.now() > endMs)
        throw new Error(`Expected an answer within ${timeoutMs} ms: ${this.#quoted()}`);
      await sleep(2);
    }
  }

  /** The first line of what comes next, which stays to be read; that of an interim answer does not. */
  async readInterim(timeoutMs = 5000): Promise<string> {
    const endMs = performance.now() + timeoutMs;
    for (;;) {
      const end = this.#received.indexOf("\r\n\r\n");
      if (end >= 0) {
        const [line = ""] = this.#received.subarray(0, end).toString("latin1").split("\r\n");
        if (/^HTTP\/1\.1 1\d\d /.test(line)) this.#received = this.#received.subarray(end + 4);
        return line;
      }
      if (this.#isClosed || performance.now() > endMs) throw new Error("Expected an answer to begin.");
      await sleep(2);
    }
  }

  /** Resolves when the server has closed the connection. */
  async closed(timeoutMs = 5000): Promise<void> {
    const endMs = performance.now() + timeoutMs;
    while (!this.#isClosed) {
      if (performance.now() > endMs)
        throw new Error(`Expected the connection to be closed within ${timeoutMs} ms.`);
      await sleep(2);
    }
  }

  #quoted(): string {
    return JSON.stringify(this.#received.toString("latin1").slice(0, 300));
  }
}

/** One request on a connection of its own. */
export async function sendRaw(url: string, bytes: string | Uint8Array, hasBody = true): Promise<RawAnswer> {
  const connection = await RawConnection.open(url);
  try {
    connection.write(bytes);
    return await connection.readAnswer(5000, hasBody);
  } finally {
    connection.destroy();
  }
}

/** The text of a request; `body` gets its content-length unless a header says otherwise. */
export function rawRequest(
  line: string,
  headers: Readonly<Record<string, string>> = {},
  body: string | null = null,
): string {
  const length =
    body === null || "transfer-encoding" in headers ? {} : { "content-length": Buffer.byteLength(body) };
  const lines = Object.entries({ host: "localhost", ...length, ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return `${[line, ...lines].join("\r\n")}\r\n\r\n${body ?? ""}`;
}

/** One chunk of a chunked body; an empty text ends it. */
export function rawChunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

function parseAnswer(
  received: Buffer,
  hasBody: boolean,
): { readonly answer: RawAnswer; readonly bytes: number } | null {
  const headEnd = received.indexOf("\r\n\r\n");
  if (headEnd < 0) return null;
  const [statusLine = "", ...lines] = received.subarray(0, headEnd).toString("latin1").split("\r\n");
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]);
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const bodyStart = headEnd + 4;
  if (status < 200) {
    // Interim answers, such as 100 Continue, only announce another.
    const next = parseAnswer(received.subarray(bodyStart), hasBody);
    return next === null ? null : { answer: next.answer, bytes: next.bytes + bodyStart };
  }
  const length = hasBody ? Number(headers.get("content-length") ?? 0) : 0;
  if (received.length < bodyStart + length) return null;
  const body = received.subarray(bodyStart, bodyStart + length).toString("utf8");
  return { answer: { status, headers, body }, bytes: bodyStart + length };
}
