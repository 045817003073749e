import { randomUUID } from "node:crypto";
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { ErrorCode } from "../core/error-codes.ts";
import { RequestRefusal } from "../core/request-refusal.ts";
import { answerRefusal } from "./refusal-answer.ts";

/**
 * Answers what `node:http` could not read as a request, in the usual form, and ends its connection: `clientError` of a
 * server. Returns the code that was told; null where nobody is there to be told, or nothing can be said any more.
 */
export function refuseUnreadable(error: Error, socket: Duplex): ErrorCode | null {
  const refusal = refusalFor("code" in error ? String(error.code) : "");
  // What still comes in after an answer is an error each time.
  if (socket.writableEnded) return null;
  if (refusal === null || !socket.writable || hasBegunAnswer(socket)) {
    socket.destroy();
    return null;
  }
  const { status, headers, body } = answerRefusal(refusal);
  const fields = { ...headers, "content-length": Buffer.byteLength(body), "x-request-id": randomUUID() };
  const lines = Object.entries({ ...fields, connection: "close" }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("\r\n")}\r\n\r\n${body.toString()}`);
  // To close while bytes come in would reset the connection, and the reset may overtake the answer.
  const timer = setTimeout(() => socket.destroy(), maxLingerMs);
  socket.once("close", () => clearTimeout(timer));
  return refusal.code;
}

const maxLingerMs = 2000;

function refusalFor(code: string): RequestRefusal | null {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return RequestRefusal.of("REQUEST_TOO_SLOW");
  if (code === "HPE_HEADER_OVERFLOW") return RequestRefusal.of("HEADERS_TOO_LARGE");
  if (code === "HPE_CHUNK_EXTENSIONS_OVERFLOW")
    return RequestRefusal.of("PAYLOAD_TOO_LARGE", "The extensions of the body's chunks are too large.");
  return code.startsWith("HPE_") ? RequestRefusal.of("BAD_REQUEST", "The request is not HTTP/1.1.") : null;
}

/**
 * Whether a part of another answer is on its way, into which nothing may be written. Node's own handler looks at the
 * same property; there is no public one.
 */
function hasBegunAnswer(socket: Duplex): boolean {
  const { _httpMessage: message } = socket as {
    readonly _httpMessage?: { readonly headersSent: boolean } | null;
  };
  return message?.headersSent === true;
}
