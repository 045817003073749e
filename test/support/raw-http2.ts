import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";

/** Types of frames and a flag of theirs, https://www.rfc-editor.org/rfc/rfc9113#section-6. */
export const frameTypes = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, continuation: 9 } as const;
export const endStream = 0x1;
export const endHeaders = 0x4;

/** A frame, https://www.rfc-editor.org/rfc/rfc9113#section-4.1. */
export function http2Frame(
  type: keyof typeof frameTypes,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(frameTypes[type], 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** The headers of a request in HPACK, without compression; a POST is one of JSON. */
export function hpackRequest(method: "GET" | "POST", path: string): Buffer {
  const text = (value: string): Buffer => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
  const contentType = Buffer.concat([Buffer.from([0x0f, 0x10]), text("application/json")]);
  return Buffer.concat([
    Buffer.from([method === "GET" ? 0x82 : 0x83, 0x87, 0x04]),
    text(path),
    Buffer.from([0x41]),
    text("localhost"),
    ...(method === "POST" ? [contentType] : []),
  ]);
}

/** A TLS connection on which HTTP/2 has begun, for a test that writes the frames itself. Nobody reads it. */
export async function openRawHttp2(url: string, ca: string): Promise<TLSSocket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), ca, ALPNProtocols: ["h2"] });
  socket.on("error", () => {});
  await once(socket, "secureConnect");
  socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  socket.write(http2Frame("settings", 0, 0));
  return socket;
}
