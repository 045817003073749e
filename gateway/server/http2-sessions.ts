import {
  constants,
  type Http2SecureServer,
  type Http2Session,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { Socket } from "node:net";
import { RequestRefusal } from "../core/request-refusal.ts";
import { answerRefusal } from "./refusal-answer.ts";

/** In milliseconds; see the limits of the port. */
export interface SessionLimits {
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly checkIntervalMs: number;
}

/** One connection of HTTP/2, and the requests on it that are not answered yet, with when they began. */
interface Session {
  readonly session: ServerHttp2Session;
  readonly streams: Map<ServerHttp2Stream, number>;
  hasServed: boolean;
  idleSinceMs: number;
}

/**
 * The connections of HTTP/2 of one server. Holds their clients to the limits that `node:http` holds those of HTTP/1.1 to,
 * and `node:http2` knows nothing of.
 */
export class Http2Sessions {
  readonly #sessions = new Set<Session>();
  readonly #limits: SessionLimits;

  constructor(server: Http2SecureServer, limits: SessionLimits) {
    this.#limits = limits;
    server.on("session", (session) => this.#add(session));
    let timer: NodeJS.Timeout | null = null;
    server.once(
      "listening",
      () => (timer = setInterval(() => this.#check(), limits.checkIntervalMs).unref()),
    );
    server.once("close", () => clearInterval(timer ?? undefined));
  }

  announceEnd(): void {
    for (const { session } of this.#sessions) announceEnd(session);
  }

  /** Takes no more requests; each connection ends when what is under way on it is answered. Asked again and again. */
  close(): void {
    const nowMs = performance.now();
    for (const { session, streams, hasServed, idleSinceMs } of this.#sessions) {
      // Node would wait for ever for a client that acknowledges nothing. One that may still read an answer is waited for.
      const hasRead = !hasServed || nowMs - idleSinceMs >= maxLingerMs;
      if (streams.size === 0 && (session.closed || hasRead)) session.destroy();
      else if (!session.closed) session.close();
    }
  }

  #add(session: ServerHttp2Session): void {
    const entry: Session = {
      session,
      streams: new Map(),
      hasServed: false,
      idleSinceMs: performance.now(),
    };
    this.#sessions.add(entry);
    session.once("close", () => this.#sessions.delete(entry));
    session.on("stream", (stream) => {
      entry.hasServed = true;
      entry.streams.set(stream, performance.now());
      stream.once("close", () => {
        entry.streams.delete(stream);
        entry.idleSinceMs = performance.now();
      });
    });
  }

  #check(): void {
    const nowMs = performance.now();
    const { headersTimeoutMs, requestTimeoutMs, idleTimeoutMs } = this.#limits;
    for (const { session, streams, hasServed, idleSinceMs } of this.#sessions) {
      if (streams.size === 0) {
        // One that was told to end and has not, hangs in the middle of a request's headers.
        if (session.closed) session.destroy();
        else if (nowMs - idleSinceMs >= (hasServed ? idleTimeoutMs : headersTimeoutMs)) session.close();
      }
      for (const [stream, startedMs] of streams) {
        const isWhole = stream.endAfterHeaders || stream.readableEnded;
        if (!isWhole && nowMs - startedMs >= requestTimeoutMs) refuseSlow(stream);
      }
    }
  }
}

/** In milliseconds; see also {@link endWithClient}. */
const maxLingerMs = 1000;

/** Cuts a connection whose client does not end its side some time after we have ended ours. */
export function endWithClient(socket: Socket): void {
  socket.once("finish", () => {
    const timer = setTimeout(() => socket.destroy(), maxLingerMs);
    socket.once("close", () => clearTimeout(timer));
  });
}

const announced = new WeakSet<Http2Session>();

/**
 * Tells the client to send its next requests elsewhere; those that are on their way are still served
 * (https://www.rfc-editor.org/rfc/rfc9113#section-6.8).
 */
export function announceEnd(session: Http2Session): void {
  if (session.closed || session.destroyed || announced.has(session)) return;
  announced.add(session);
  session.goaway(constants.NGHTTP2_NO_ERROR, lastPossibleStream);
}

const lastPossibleStream = 2 ** 31 - 1;

/** What waits for its body learns that the client is gone. */
function refuseSlow(stream: ServerHttp2Stream): void {
  if (!stream.headersSent && !stream.destroyed) {
    const { status, headers, body } = answerRefusal(RequestRefusal.of("REQUEST_TOO_SLOW"));
    stream.respond({ ":status": status, ...headers });
    stream.end(body);
  }
  stream.close(constants.NGHTTP2_NO_ERROR);
}
