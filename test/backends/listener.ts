import { once } from "node:events";
import type { Server, Socket } from "node:net";

/** A server on 127.0.0.1 that knows its open sockets, can be killed, and can come back on the port it had. */
export class Listener {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #port = 0;

  constructor(server: Server) {
    this.#server = server;
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
  }

  /** The port of the latest start. Throws before the first. */
  get port(): number {
    if (this.#port === 0) throw new Error("Expected a backend that was started once; this one never was.");
    return this.#port;
  }

  get sockets(): ReadonlySet<Socket> {
    return this.#sockets;
  }

  /** Listens on `port`; absent: on the port it had before, the first time on a free one. */
  async start(port: number = this.#port): Promise<void> {
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error(`Expected a port, got ${address}.`);
    this.#port = address.port;
  }

  /** Stops listening and destroys what is still open; resolves when the last socket is closed. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = [this.#server, ...this.#sockets].map(
      (closing) => new Promise<void>((resolve) => void closing.once("close", () => resolve())),
    );
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closed);
  }
}
