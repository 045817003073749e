import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, Server as NetServer, type Socket } from "node:net";
import { Problems } from "../core/problems.ts";

/** A port that answers HTTP until it is closed. */
export interface HttpPort {
  /** `http://host:port`. */
  readonly url: string;
  readonly openSockets: number;
  close(timing: CloseTiming): Promise<void>;
}

/** How a port is closed, in milliseconds from the call. */
export interface CloseTiming {
  /** Idle connections stay open this long: a request may be on its way on one, and is answered. */
  readonly idleGraceMs: number;
  /** Then every connection is cut, whatever is under way. */
  readonly timeoutMs: number;
}

export interface PortSettings {
  /** The environment variable that names the port, for messages. */
  readonly variable: string;
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
}

/** Listens. Raises StartupError where the port can't be had. */
export async function listen(settings: PortSettings, handle: RequestListener): Promise<HttpPort> {
  const server = createServer({ keepAliveTimeout, headersTimeout: 15_000, requestTimeout: 30_000 }, handle);
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await startListening(server, settings);
  const { port } = server.address() as AddressInfo;
  const host = settings.host.includes(":") ? `[${settings.host}]` : settings.host;
  return {
    url: `http://${host}:${port}`,
    get openSockets() {
      return sockets.size;
    },
    close: (timing) => close(server, sockets, timing),
  };
}

/**
 * In milliseconds; longer than the 60 s after which common load balancers let go of an idle connection. Were the server
 * first to close, a request could be on its way.
 */
const keepAliveTimeout = 72_000;

async function startListening(server: Server, { variable, host, port }: PortSettings): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, () => {
        server.off("error", reject);
        resolve();
      });
    });
  } catch (error) {
    const problems = new Problems();
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    problems.error({
      place: { file: "environment", line: 0, column: 0 },
      coordinate: variable,
      expected: `an address that can be listened on, ${host}:${port} is not`,
      found: code === "EADDRINUSE" ? "another process listens there" : code,
      hint: `set ${variable} to another port, or to 0 for a free one`,
    });
    problems.throwIfAny();
  }
}

/**
 * Stops accepting connections and resolves when the last one is gone. The server's own `close` would cut idle
 * connections at once, and with them requests that are on their way; so the listening socket is closed alone first.
 */
async function close(
  server: Server,
  sockets: ReadonlySet<Socket>,
  { idleGraceMs, timeoutMs }: CloseTiming,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.once("close", resolve));
  NetServer.prototype.close.call(server);
  const startedMs = performance.now();
  const timer = setInterval(() => {
    const elapsedMs = performance.now() - startedMs;
    if (elapsedMs >= timeoutMs) server.closeAllConnections();
    else if (elapsedMs >= idleGraceMs) {
      server.closeIdleConnections();
      // To Node, a connection on which nothing was ever sent is not idle.
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    }
  }, 25);
  await closed;
  clearInterval(timer);
  // Ends the server's own check for slow connections.
  server.close();
}
