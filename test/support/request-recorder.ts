import { once } from "node:events";
import { createServer, type Socket } from "node:net";

/** One request as its bytes were, taken apart by hand: no HTTP library had a say in it. */
export interface RecordedRequest {
  readonly startLine: string;
  /** In the order and with the letters in which they came. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** UTF-8. */
  readonly body: string;
}

/** A TCP server that takes requests down and answers each with an empty JSON list. */
export class RequestRecorder {
  readonly requests: RecordedRequest[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((socket) => {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    let bytes = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      for (let taken = takeRequest(bytes); taken !== null; taken = takeRequest(bytes)) {
        this.requests.push(taken.request);
        bytes = bytes.subarray(taken.length);
        socket.write("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n[]");
      }
    });
  });

  /** `127.0.0.1:port`. */
  get host(): string {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("expected a port");
    return `127.0.0.1:${address.port}`;
  }

  async start(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

/** The first request in the bytes, where all of it is there. What follows it is a request of its own. */
function takeRequest(bytes: Buffer): { readonly request: RecordedRequest; readonly length: number } | null {
  const end = bytes.indexOf("\r\n\r\n");
  if (end === -1) return null;
  const [startLine = "", ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n");
  const headers = lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
  });
  const declared = headers.find(([name]) => name.toLowerCase() === "content-length")?.[1] ?? "0";
  const length = end + 4 + Number(declared);
  if (bytes.length < length) return null;
  return { request: { startLine, headers, body: bytes.subarray(end + 4, length).toString("utf8") }, length };
}
