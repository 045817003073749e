import type { IncomingMessage } from "node:http";
import { RequestRefusal } from "../core/request-refusal.ts";

/** Refuses a request whose head is more than anybody needs, or less than HTTP demands. */
export function checkRequestHead(request: IncomingMessage): void {
  const { url = "", rawHeaders, headers } = request;
  if (url.length > maxUrlLength)
    throw RequestRefusal.of("URI_TOO_LONG", `The URL is longer than ${maxUrlLength} bytes.`);
  const isHttp2 = request.httpVersionMajor === 2;
  if (rawHeaders.length > 2 * (maxHeaders + (isHttp2 ? pseudoHeaders : 0)))
    throw RequestRefusal.of("HEADERS_TOO_LARGE", `The request has more than ${maxHeaders} headers.`);
  // Those of HTTP/1.1 don't get here.
  if (isHttp2 && headerBytesOf(rawHeaders) > maxHeaderBytes) throw RequestRefusal.of("HEADERS_TOO_LARGE");
  // https://www.rfc-editor.org/rfc/rfc9113#section-8.2.1; HTTP/1.1 allows it, and Node takes it away.
  if (isHttp2 && rawHeaders.some(hasSpaceAround))
    throw RequestRefusal.of("BAD_REQUEST", "A header of HTTP/2 has no space around its value.");
  if (headers.expect !== undefined && request.httpVersion !== "1.0" && !expectsContinue(request))
    throw RequestRefusal.of("EXPECTATION_FAILED", "A request may expect 100-continue and nothing else.");
  // https://www.rfc-editor.org/rfc/rfc9112#section-3.2, where Node's own refusal would have no body.
  if (headers.host === undefined && request.httpVersion === "1.1")
    throw RequestRefusal.of("BAD_REQUEST", "A request of HTTP/1.1 has a Host header.");
  // Node takes the first of several, where a proxy in front may have taken the last.
  if (!isHttp2 && hasSeveralHosts(rawHeaders))
    throw RequestRefusal.of("BAD_REQUEST", "A request has one Host header.");
}

/** Whether the client waits with its body until it is told to go on: https://www.rfc-editor.org/rfc/rfc9110#section-10.1.1. */
export function expectsContinue({ headers: { expect }, httpVersion }: IncomingMessage): boolean {
  return expect !== undefined && httpVersion !== "1.0" && expect.toLowerCase() === "100-continue";
}

/** In bytes; URLs are ASCII when they arrive. */
export const maxUrlLength = 8192;

export const maxHeaders = 128;

/** Of all headers of a request together, its method and URL among them. */
export const maxHeaderBytes = 16_384;

/** `:method`, `:scheme`, `:authority` and `:path`. */
const pseudoHeaders = 4;

/** Names and values take turns. */
function hasSeveralHosts(rawHeaders: readonly string[]): boolean {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name?.length === 4 && name.toLowerCase() === "host") hosts += 1;
  }
  return hosts > 1;
}

function hasSpaceAround(text: string): boolean {
  return isSpace(text.charCodeAt(0)) || isSpace(text.charCodeAt(text.length - 1));
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** As HTTP/2 counts what a client is told not to send: https://www.rfc-editor.org/rfc/rfc9113#section-10.5.1. */
function headerBytesOf(rawHeaders: readonly string[]): number {
  let bytes = 16 * rawHeaders.length;
  for (const text of rawHeaders) bytes += text.length;
  return bytes;
}
