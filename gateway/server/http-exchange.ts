import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { OverlockError } from "../core/errors.ts";
import { RequestRefusal } from "../core/request-refusal.ts";
import type { GatewayRequest, HttpAnswer } from "../pipeline/gateway-request.ts";

/** One HTTP request and its answer, on `node:http`. */
export interface HttpExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly facts: GatewayRequest;
}

/** Notes what every lane needs of a request as soon as its headers are there. */
export function openExchange(request: IncomingMessage, response: ServerResponse): HttpExchange {
  const client = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) client.abort(new OverlockError("CANCELLED", "the client went away"));
  });
  const headers = readHeaders(request);
  const requestId = headers.get("x-request-id");
  return {
    request,
    response,
    facts: {
      method: request.method === "GET" ? "GET" : "POST",
      headers,
      requestId: requestId !== undefined && requestIdPattern.test(requestId) ? requestId : randomUUID(),
      receivedAtMs: performance.now(),
      signal: client.signal,
    },
  };
}

/**
 * The whole body. Refuses it with PAYLOAD_TOO_LARGE as soon as more than `maxBytes` are announced or have arrived;
 * what was read until then is dropped.
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced > maxBytes) throw tooLarge(maxBytes);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

/** Writes an answer out. A client that has not sent its whole body gets it with `connection: close`. */
export function sendAnswer(
  { request, response, facts }: HttpExchange,
  answer: HttpAnswer,
  isClosing: boolean,
): void {
  if (response.destroyed || response.headersSent) return;
  const body = Buffer.from(answer.body);
  response.statusCode = answer.status;
  for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
  response.setHeader("content-length", body.length);
  response.setHeader("x-request-id", facts.requestId);
  if (isClosing || !request.complete) response.setHeader("connection", "close");
  response.end(request.method === "HEAD" ? undefined : body);
}

const requestIdPattern = /^[-\w.]{1,64}$/;

function tooLarge(maxBytes: number): RequestRefusal {
  return RequestRefusal.of("PAYLOAD_TOO_LARGE", `The request body is larger than ${maxBytes} bytes.`);
}

function readHeaders(request: IncomingMessage): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, typeof value === "string" ? value : value.join(", "));
  }
  return headers;
}
