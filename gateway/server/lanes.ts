import { negotiateMediaType, prefersHtml } from "../pipeline/accept-header.ts";
import type { HttpAnswer } from "../pipeline/gateway-request.ts";
import type { HttpExchange } from "./http-exchange.ts";

/** A way from the bytes of a request to the parameters of GraphQL over HTTP, which the stages then answer. */
export interface Lane {
  /** `body` is the whole request body, already within its limit; null for GET. Always resolves. */
  answer(exchange: HttpExchange, body: Buffer | null): Promise<HttpAnswer>;
}

/**
 * - `fast`: directly on `node:http`. Every plain request.
 * - `yoga`: graphql-yoga, for who wants nothing but a stream: server-sent events, or the parts of a multipart answer.
 * - `explorer`: a browser that opens the endpoint; plain where the BFF has no explorer.
 */
export type LaneName = "fast" | "yoga" | "explorer";

/**
 * The one lane that serves a class of requests. What {@link checkRequestKind} refuses is in none: methods other than GET
 * and POST, and POST with any content type but JSON. So what is left to tell classes apart is the method and `accept`.
 *
 * Who accepts JSON beside a stream, as some clients do with every request, gets JSON, and is plain. Who accepts nothing
 * of either is plain, too: the answer that says so is JSON.
 */
export function chooseLane(method: "GET" | "POST", accept: string | undefined): LaneName {
  if (accept === undefined) return "fast";
  if (method === "GET" && prefersHtml(accept)) return "explorer";
  return negotiateMediaType(accept) === null && acceptsStream(accept) ? "yoga" : "fast";
}

function acceptsStream(accept: string): boolean {
  return /(?:^|,)\s*(?:text\/event-stream|multipart\/mixed)\s*(?:[;,]|$)/i.test(accept);
}
