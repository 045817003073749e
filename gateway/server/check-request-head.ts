import type { IncomingMessage } from "node:http";
import { RequestRefusal } from "../core/request-refusal.ts";

/** Refuses a request whose head is more than anybody needs, or less than HTTP demands. */
export function checkRequestHead(request: IncomingMessage): void {
  const { url = "", rawHeaders, headers } = request;
  if (url.length > maxUrlLength)
    throw RequestRefusal.of("URI_TOO_LONG", `The URL is longer than ${maxUrlLength} bytes.`);
  if (rawHeaders.length > 2 * maxHeaders)
    throw RequestRefusal.of("HEADERS_TOO_LARGE", `The request has more than ${maxHeaders} headers.`);
  // https://www.rfc-editor.org/rfc/rfc9112#section-3.2, where Node's own refusal would have no body.
  if (headers.host === undefined && request.httpVersion === "1.1")
    throw RequestRefusal.of("BAD_REQUEST", "A request of HTTP/1.1 has a Host header.");
}

/** In bytes; URLs are ASCII when they arrive. */
export const maxUrlLength = 8192;

export const maxHeaders = 128;
