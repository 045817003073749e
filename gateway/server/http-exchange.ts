import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { OverlockError } from "../core/errors.ts";
import { RequestRefusal } from "../core/request-refusal.ts";
import { type GatewayRequest, HttpAnswer } from "../pipeline/gateway-request.ts";

/** One HTTP request and its answer, on `node:http`. */
export interface HttpExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly facts: GatewayRequest;
  /** The path as it was sent. */
  readonly path: string;
  /** The query as it was sent, with its question mark; empty where there is none. */
  readonly search: string;
}

/** Notes what every lane needs of a request as soon as its headers are there. */
export function openExchange(request: IncomingMessage, response: ServerResponse): HttpExchange {
  const client = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) client.abort(clientGone());
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
    ...splitTarget(request.url ?? "/"),
  };
}

/**
 * The whole body. Refuses it with PAYLOAD_TOO_LARGE as soon as more than `maxBytes` are announced or have arrived;
 * what was read until then is dropped, and the rest is left to {@link sendAnswer}. Raises CANCELLED where the client
 * goes away in the middle.
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const announced = Number(request.headers["content-length"] ?? 0);
    if (announced > maxBytes) {
      reject(tooLarge(maxBytes));
      return;
    }
    let chunks: Buffer[] = [];
    let bytes = 0;
    // Not an async iterator: to leave one early destroys the connection, and the answer with it.
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes <= maxBytes) {
        chunks.push(chunk);
        return;
      }
      request.off("data", onData).pause();
      chunks = [];
      reject(tooLarge(maxBytes));
    };
    request.on("data", onData);
    request.once("end", () => resolve(Buffer.concat(chunks, bytes)));
    request.once("error", () => reject(clientGone()));
    request.once("close", () => reject(clientGone()));
  });
}

/** An answer of the Fetch API, whole. Yoga's own headers keep the letters that they were set with. */
export async function readFetchAnswer(response: Response): Promise<HttpAnswer> {
  const headers = [...response.headers].map(([name, value]) => [name.toLowerCase(), value] as const);
  return new HttpAnswer(response.status, Object.fromEntries(headers), await response.text());
}

/**
 * Writes an answer out. Where the client has not sent its whole body, the connection is closed after the answer; where
 * `isClosing`, too.
 */
export function sendAnswer(
  { request, response, facts }: HttpExchange,
  answer: HttpAnswer,
  isClosing: boolean,
): void {
  if (response.destroyed || response.headersSent) return;
  const body = typeof answer.body === "string" ? Buffer.from(answer.body) : answer.body;
  response.statusCode = answer.status;
  for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
  if (answer.status !== 304) response.setHeader("content-length", body.length);
  response.setHeader("x-request-id", facts.requestId);
  if (isClosing || !request.complete) response.setHeader("connection", "close");
  // A client that takes nothing of its answer for this long does not want it.
  response.setTimeout(stalledClientMs, () => request.socket.destroy());
  if (request.method === "HEAD" || answer.status === 304) response.end();
  else if (request.complete) response.end(body);
  else endAfterRequest(request, response, body);
}

/**
 * Sends the whole answer at once but ends the connection only when the client stops sending, or after a while: closing
 * while bytes come in resets the connection, and the reset may overtake the answer
 * (https://www.rfc-editor.org/rfc/rfc9112#section-9.6). What still comes in is dropped.
 */
function endAfterRequest(request: IncomingMessage, response: ServerResponse, body: Uint8Array): void {
  response.write(body);
  const end = (): void => {
    clearTimeout(timer);
    if (!response.writableEnded) response.end();
  };
  const timer = setTimeout(end, maxLingerMs);
  response.once("close", end);
  request.once("end", end).resume();
}

const requestIdPattern = /^[-\w.]{1,64}$/;
const maxLingerMs = 2000;
const stalledClientMs = 30_000;

function clientGone(): OverlockError {
  return new OverlockError("CANCELLED", "the client went away");
}

function tooLarge(maxBytes: number): RequestRefusal {
  return RequestRefusal.of("PAYLOAD_TOO_LARGE", `The request body is larger than ${maxBytes} bytes.`);
}

/**
 * Path and query of a request target. Absolute targets have to be understood too
 * (https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2); the host they name is as little looked at as the Host header.
 */
function splitTarget(target: string): { readonly path: string; readonly search: string } {
  const [, path = "", search = ""] = /^(?:https?:\/\/[^/?#]*)?([^?#]*)(\?[^#]*)?/i.exec(target) ?? [];
  return { path: path === "" ? "/" : path, search };
}

function readHeaders(request: IncomingMessage): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, typeof value === "string" ? value : value.join(", "));
  }
  return headers;
}
