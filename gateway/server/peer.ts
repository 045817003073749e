import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import { TLSSocket } from "node:tls";
import type { ClientCertificate } from "../identity/authenticator.ts";
import { OverlockError } from "../core/errors.ts";
import { addressOfPeer } from "./client-address.ts";
import { describeCertificate } from "./client-certificate.ts";

/** Who is at the other end of a connection. */
export interface Peer {
  /** Its canonical address; null where the connection is gone. */
  readonly address: string | null;
  /** Null: it has shown none, or none that was verified. */
  readonly certificate: ClientCertificate | null;
}

/** Worked out once for each connection, when it is first asked for. */
export function readPeer(request: IncomingMessage): Peer {
  const { connection, socket } = connectionOf(request);
  if (connection === null) return nobody;
  const known = peers.get(connection);
  if (known !== undefined) return known;
  const peer = { address: addressOfPeer(socket.remoteAddress ?? ""), certificate: certificateOf(socket) };
  peers.set(connection, peer);
  return peer;
}

/**
 * Refuses with CANCELLED the request of a client that was gone before it was known where it calls from. Nobody reads the
 * answer, and it would be at the expense of those of whom nothing is known.
 */
export function checkConnection(request: IncomingMessage): void {
  if (readPeer(request).address === null) throw new OverlockError("CANCELLED", "the client went away");
}

const peers = new WeakMap<object, Peer>();
const nobody: Peer = { address: null, certificate: null };

type PeerSocket = IncomingMessage["socket"];

/** What stands for the connection, and the socket to ask: a session of HTTP/2 shows its socket through a proxy. */
function connectionOf(request: IncomingMessage): {
  readonly connection: object | null;
  readonly socket: PeerSocket;
} {
  const { socket } = request;
  if (request.httpVersionMajor !== 2) return { connection: socket, socket };
  const session = (request as unknown as Http2ServerRequest).stream.session;
  return { connection: session ?? null, socket: session?.socket ?? socket };
}

/** Only one that the TLS port has verified; a session that is resumed is verified without one, too. */
function certificateOf(socket: PeerSocket): ClientCertificate | null {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return null;
  const certificate = socket.getPeerX509Certificate();
  return certificate === undefined ? null : describeCertificate(certificate);
}
