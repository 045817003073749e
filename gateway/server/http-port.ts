import { createServer, type RequestListener, type Server } from "node:http";
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from "node:http2";
import { type AddressInfo, Server as NetServer, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { ListenerTls } from "../config/listener-tls.ts";
import type { ErrorCode } from "../core/error-codes.ts";
import { Problems } from "../core/problems.ts";
import { maxHeaderBytes } from "./check-request-head.ts";
import { endWithClient, Http2Sessions } from "./http2-sessions.ts";
import { refuseUnreadable } from "./refuse-unreadable.ts";
import { serveInOrder } from "./serve-in-order.ts";

/** A port that answers HTTP until it is closed. */
export interface HttpPort {
  /** `http://host:port`, or `https://host:port`. */
  readonly url: string;
  readonly openSockets: number;
  /** Shows these certificates from the next connection on. Raises an Error for what can't be used. Of a port with TLS. */
  setCertificates(tls: ListenerTls): void;
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

/** What a client may take its time for, in milliseconds. */
export interface PortLimits {
  /** For the TLS handshake. */
  readonly handshakeTimeoutMs: number;
  /** For the first request's headers from when it has connected, and for all headers from their first byte. */
  readonly headersTimeoutMs: number;
  /** For a whole request. */
  readonly requestTimeoutMs: number;
  /**
   * Between requests; longer than the 60 s after which common load balancers let go of an idle connection. Were the
   * server first to close, a request could be on its way.
   */
  readonly idleTimeoutMs: number;
  /** How often that is looked after. */
  readonly checkIntervalMs: number;
}

export const portLimits: PortLimits = {
  handshakeTimeoutMs: 10_000,
  headersTimeoutMs: 15_000,
  requestTimeoutMs: 30_000,
  idleTimeoutMs: 72_000,
  checkIntervalMs: 1000,
};

export interface PortOptions {
  /** Null: plain HTTP/1.1. Otherwise HTTP/2 and HTTP/1.1, as the client prefers. */
  readonly tls?: ListenerTls | null;
  /** Told of each request that could not be read. */
  readonly onUnreadable?: (code: ErrorCode) => void;
  /** Told of each TLS connection that did not come about. */
  readonly onTlsFailure?: (reason: "handshake" | "certificate", error: Error) => void;
  /** How many connections clients may have open; Infinity where left out. Those beyond are closed as they come. */
  readonly maxConnections?: number;
  /** Told of each connection that was one too many. */
  readonly onRefusedConnection?: () => void;
  /** For tests. */
  readonly limits?: PortLimits;
}

/** Listens. Raises StartupError where the port can't be had. */
export async function listen(
  settings: PortSettings,
  handle: RequestListener,
  options: PortOptions = {},
): Promise<HttpPort> {
  const inOrder = serveInOrder(handle);
  const port = options.tls ? openSecure(inOrder, options.tls, options) : openPlain(inOrder, options);
  const { server } = port;
  // Node would answer the one itself, and the other before anybody knows whether the body is wanted. A server of HTTP/2
  // has the same two events.
  (server as Server).on("checkExpectation", inOrder).on("checkContinue", inOrder);
  limitConnections(server, options);
  server.on("clientError", (error: Error, socket: Socket) => {
    const code = refuseUnreadable(error, socket);
    if (code !== null) options.onUnreadable?.(code);
  });
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await startListening(server, settings);
  const address = server.address() as AddressInfo;
  const host = settings.host.includes(":") ? `[${settings.host}]` : settings.host;
  return {
    url: `${port.scheme}://${host}:${address.port}`,
    get openSockets() {
      return sockets.size;
    },
    setCertificates: (tls) => port.setCertificates(tls),
    close: (timing) => close(port, sockets, timing),
  };
}

function limitConnections(
  server: Listener["server"],
  { maxConnections = Number.POSITIVE_INFINITY, onRefusedConnection }: PortOptions,
): void {
  server.maxConnections = maxConnections;
  // Otherwise full workers would hand a connection to each other for as long as all of them are. @types/node does not
  // know it: https://nodejs.org/api/net.html#serverdropmaxconnection.
  Object.assign(server, { dropMaxConnection: true });
  server.on("drop", () => onRefusedConnection?.());
}

/** What ports with TLS and without differ in. */
interface Listener {
  readonly scheme: "http" | "https";
  readonly server: Server | Http2SecureServer;
  setCertificates(tls: ListenerTls): void;
  /** Ends connections on which no request is under way. Asked again and again. */
  closeIdle(): void;
  /** Tells clients, where the protocol can, that the connection takes no more requests after those on their way. */
  announceEnd(): void;
}

function httpOptions({ limits = portLimits }: PortOptions) {
  return {
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.idleTimeoutMs,
    connectionsCheckingInterval: limits.checkIntervalMs,
    maxHeaderSize: maxHeaderBytes,
    // Refused with an answer of ours, see check-request-head.ts.
    requireHostHeader: false,
  };
}

function openPlain(handle: RequestListener, options: PortOptions): Listener {
  const server = createServer(httpOptions(options), handle);
  return {
    scheme: "http",
    server,
    setCertificates() {},
    closeIdle: () => server.closeIdleConnections(),
    announceEnd() {},
  };
}

function openSecure(handle: RequestListener, tls: ListenerTls, options: PortOptions): Listener {
  const { limits = portLimits, onTlsFailure } = options;
  const http1 = httpOptions(options);
  const server = createSecureServer({
    ...http1,
    allowHTTP1: true,
    ...certificatesOf(tls),
    requestCert: tls.clientCertificate !== "none",
    rejectUnauthorized: tls.clientCertificate === "required",
    minVersion: "TLSv1.2",
    handshakeTimeout: limits.handshakeTimeoutMs,
    noDelay: true,
    ...http2Limits,
  });
  // Node's objects for HTTP/2 have the interface of those for HTTP/1.1; http-exchange.ts knows where they differ.
  server.on(
    "request",
    handle as unknown as (request: Http2ServerRequest, response: Http2ServerResponse) => void,
  );
  server.on("tlsClientError", (error: Error) => onTlsFailure?.("handshake", error));
  if (tls.clientCertificate === "optional") refuseUnverified(server, onTlsFailure);
  const sessions = new Http2Sessions(server, limits);
  const plainlySpoken = new Set<TLSSocket>();
  server.on("secureConnection", (socket: TLSSocket) => {
    endWithClient(socket);
    if (socket.alpnProtocol === "h2") return;
    plainlySpoken.add(socket);
    socket.once("close", () => plainlySpoken.delete(socket));
  });
  return {
    scheme: "https",
    server,
    setCertificates: (changed) =>
      server.setSecureContext({ ...certificatesOf(changed), minVersion: "TLSv1.2" }),
    closeIdle() {
      (server as unknown as Server).closeIdleConnections();
      for (const socket of plainlySpoken) if (socket.bytesRead === 0) socket.destroy();
      sessions.close();
    },
    announceEnd: () => sessions.announceEnd(),
  };
}

/** What one connection of HTTP/2 may have at a time. Frames of other kinds, and resets, are counted by Node itself. */
const http2Limits = {
  settings: { maxConcurrentStreams: 100, maxHeaderListSize: maxHeaderBytes, enablePush: false },
  // Requests with more than 128 get an answer, see check-request-head.ts; this is for those with many more.
  maxHeaderListPairs: 512,
  // Requests that are taken back at once cost us work and the client nothing: so many at once, then so many a second.
  streamResetBurst: 200,
  streamResetRate: 20,
  // Node would leave such a header out and say nothing; check-request-head.ts refuses the request.
  strictFieldWhitespaceValidation: false,
} as const;

function certificatesOf({ certificate, key, clientCa }: ListenerTls) {
  return { cert: certificate, key, ...(clientCa !== null && { ca: clientCa }) };
}

/**
 * Where a client may show a certificate, it need not, but one that is not accepted ends the connection, as where one is
 * required: a credential that is no good is never ignored. Node asks for one and refuses only none and bad together.
 */
function refuseUnverified(server: Http2SecureServer, onTlsFailure: PortOptions["onTlsFailure"]): void {
  const accept = server.listeners("secureConnection") as ((socket: TLSSocket) => void)[];
  server.removeAllListeners("secureConnection");
  server.on("secureConnection", (socket: TLSSocket) => {
    if (socket.authorized || socket.getPeerX509Certificate() === undefined) {
      for (const listener of accept) listener.call(server, socket);
      return;
    }
    onTlsFailure?.("certificate", new Error(String(socket.authorizationError)));
    socket.destroy();
  });
}

async function startListening(
  server: Listener["server"],
  { variable, host, port }: PortSettings,
): Promise<void> {
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
  listener: Listener,
  sockets: ReadonlySet<Socket>,
  { idleGraceMs, timeoutMs }: CloseTiming,
): Promise<void> {
  const { server } = listener;
  const closed = new Promise<void>((resolve) => server.once("close", resolve));
  NetServer.prototype.close.call(server);
  listener.announceEnd();
  const startedMs = performance.now();
  const timer = setInterval(() => {
    const elapsedMs = performance.now() - startedMs;
    if (elapsedMs >= timeoutMs) for (const socket of sockets) socket.destroy();
    else if (elapsedMs >= idleGraceMs) {
      listener.closeIdle();
      // To Node, a connection on which nothing was ever sent is not idle.
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    }
  }, 25);
  await closed;
  clearInterval(timer);
  // Ends the server's own check for slow connections.
  server.close();
}
