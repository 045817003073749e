import { once } from "node:events";
import { createServer, type Socket } from "node:net";

/** A server that answers bytes with bytes, for what no HTTP server would say. */
export interface RawServer {
  /** `host:port`. */
  readonly address: string;
  readonly openSockets: number;
  /** What it received so far, all connections together. */
  readonly received: string;
  stop(): Promise<void>;
}

/** `answer` is called with each socket's first bytes. */
export async function startRawServer(answer: (socket: Socket) => void): Promise<RawServer> {
  const sockets = new Set<Socket>();
  let received = "";
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    // What a test breaks on purpose is no news.
    socket.on("error", () => socket.destroy());
    socket.on("data", (bytes) => (received += bytes.toString("latin1")));
    socket.once("data", () => answer(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("expected a port");
  return {
    address: `127.0.0.1:${address.port}`,
    get openSockets() {
      return sockets.size;
    },
    get received() {
      return received;
    },
    async stop() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** The address of a port on which nobody listens. */
export async function findDeadAddress(): Promise<string> {
  const server = await startRawServer(() => {});
  await server.stop();
  return server.address;
}
