import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { buffer } from "node:stream/consumers";

/** A request exactly as it came. */
export interface ReceivedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface ScriptedAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Bytes and texts are sent as they are, anything else as JSON. */
  readonly body?: unknown;
}

/** An HTTP backend that answers everything with what a test says, and keeps what it received. */
export class ScriptedBackend {
  readonly requests: ReceivedRequest[] = [];
  answer: ScriptedAnswer | ((request: ReceivedRequest) => ScriptedAnswer | Promise<ScriptedAnswer>) = {};
  readonly #server;
  readonly #isSecure: boolean;
  readonly #sockets = new Set<Socket>();

  constructor(tls: ServerOptions | null = null) {
    const handle = (request: IncomingMessage, response: ServerResponse): void =>
      void this.#handle(request, response);
    this.#isSecure = tls !== null;
    this.#server = tls === null ? createServer(handle) : createTlsServer(tls, handle);
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    // What a test refuses on purpose is no news.
    this.#server.on("tlsClientError", () => {});
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `${this.#isSecure ? "https" : "http"}://127.0.0.1:${port}`;
  }

  get openSockets(): number {
    return this.#sockets.size;
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

  /** As new. */
  clear(): void {
    this.requests.length = 0;
    this.answer = {};
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "" } = request;
    const headers = Object.fromEntries(
      Object.entries(request.headersDistinct).map(([name, values = []]) => [name, values.join(", ")]),
    );
    const received = { method, url, headers, body: (await buffer(request)).toString("utf8") };
    this.requests.push(received);
    const {
      status = 200,
      headers: answered = {},
      body = {},
    } = typeof this.answer === "function" ? await this.answer(received) : this.answer;
    const bytes = body instanceof Uint8Array || typeof body === "string" ? body : JSON.stringify(body);
    response.writeHead(status, {
      "content-type": "application/json",
      ...(answered as Record<string, string>),
    });
    response.end(method === "HEAD" ? undefined : bytes);
  }
}
