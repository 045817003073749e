import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { constants, type Http2ServerRequest, type ServerHttp2Stream } from "node:http2";
import type { AddressRanges } from "../config/address-ranges.ts";
import type { ExpireCallback } from "../core/deadline.ts";
import { OverlockError } from "../core/errors.ts";
import { RequestRefusal } from "../core/request-refusal.ts";
import type { RequestHeaders } from "../core/request-scope.ts";
import type { ClientCertificate } from "../identity/authenticator.ts";
import { type GatewayRequest, HttpAnswer } from "../pipeline/gateway-request.ts";
import { expectsContinue } from "./check-request-head.ts";
import { findClientAddress, noProxies } from "./client-address.ts";
import { announceEnd } from "./http2-sessions.ts";
import { readPeer } from "./peer.ts";

/**
 * One HTTP request and its answer. Of HTTP/2 they are Node's objects with the interface of those for HTTP/1.1; where they
 * differ, this file knows.
 */
export interface HttpExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly facts: GatewayRequest;
  /** The path as it was sent. */
  readonly path: string;
  /** The query as it was sent, with its question mark; empty where there is none. */
  readonly search: string;
}

/** Notes what every lane needs of a request as soon as its headers are there. `proxies` are believed whom they call for. */
export function openExchange(
  request: IncomingMessage,
  response: ServerResponse,
  proxies: AddressRanges = noProxies,
): HttpExchange {
  const { path, search } = splitTarget(request.url ?? "/");
  const facts = isHttp2(request)
    ? new Http2Facts(request, response, proxies)
    : new RequestFacts(request, response, proxies);
  return { request, response, facts, path, search };
}

/** One object a request, which looks up what it is asked for. */
class RequestFacts implements GatewayRequest, RequestHeaders {
  readonly receivedAtMs = performance.now();
  readonly requestId: string;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #proxies: AddressRanges;
  #isWatched = false;
  #goneBy: OverlockError | null = null;
  readonly #callbacks: ExpireCallback[] = [];
  #controller: AbortController | null = null;

  constructor(request: IncomingMessage, response: ServerResponse, proxies: AddressRanges) {
    this.#request = request;
    this.#response = response;
    this.#proxies = proxies;
    const requestId = this.get("x-request-id");
    this.requestId = requestId !== undefined && requestIdPattern.test(requestId) ? requestId : randomUUID();
  }

  get method(): "GET" | "POST" {
    return this.#request.method === "GET" ? "GET" : "POST";
  }

  get certificate(): ClientCertificate | null {
    return readPeer(this.#request).certificate;
  }

  get clientAddress(): string | null {
    const { address } = readPeer(this.#request);
    return findClientAddress(address, this.get("x-forwarded-for"), this.#proxies);
  }

  get headers(): RequestHeaders {
    return this;
  }

  get(name: string): string | undefined {
    const { headers } = this.#request;
    // The object that Node makes of them inherits from Object, and what is asked for may be called like its properties.
    const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
    // Of two such headers, Node keeps the first and says nothing; which one was checked elsewhere nobody knows.
    if (name === "authorization" && value !== undefined)
      return valuesOf(name, this.#request.rawHeaders).join(", ");
    return typeof value === "object" ? value.join(", ") : value;
  }

  isRepeated(name: string): boolean {
    return valuesOf(name, this.#request.rawHeaders).length > 1;
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      const controller = new AbortController();
      this.#controller = controller;
      const reason = this.expiredBy;
      if (reason === null) this.onExpire((gone) => controller.abort(gone));
      else controller.abort(reason);
    }
    return this.#controller.signal;
  }

  get expiredBy(): OverlockError | null {
    this.#watchClient();
    return this.#goneBy;
  }

  onExpire(callback: ExpireCallback): () => void {
    this.#watchClient();
    if (this.#goneBy !== null) return () => {};
    this.#callbacks.push(callback);
    return () => {
      const index = this.#callbacks.indexOf(callback);
      if (index >= 0) this.#callbacks.splice(index, 1);
    };
  }

  #watchClient(): void {
    if (this.#isWatched) return;
    this.#isWatched = true;
    const onClose = (): void => {
      if (this.isAnswered) return;
      const reason = clientGone();
      this.#goneBy = reason;
      for (const callback of this.#callbacks.splice(0)) callback(reason);
    };
    if (this.isClosed) onClose();
    else this.#response.on("close", onClose);
  }

  /** Nothing is sent any more. */
  protected get isClosed(): boolean {
    return this.#response.closed;
  }

  /** Nothing is left to be sent. Of what is not closed, it is not asked. */
  protected get isAnswered(): boolean {
    return this.#response.writableFinished;
  }
}

/** https://www.rfc-editor.org/rfc/rfc9113#section-8.3.1 */
class Http2Facts extends RequestFacts {
  readonly #stream: ServerHttp2Stream;

  constructor(request: IncomingMessage, response: ServerResponse, proxies: AddressRanges) {
    super(request, response, proxies);
    this.#stream = (request as unknown as Http2ServerRequest).stream;
  }

  override get(name: string): string | undefined {
    if (name === "host") return super.get(":authority") ?? super.get("host");
    return name.startsWith(":") ? undefined : super.get(name);
  }

  protected override get isClosed(): boolean {
    return this.#stream.closed;
  }

  /** Node finishes what is written on a stream that is taken back, and notes before that it was not done. */
  protected override get isAnswered(): boolean {
    return !this.#stream.aborted;
  }
}

/**
 * The whole body. Refuses it with PAYLOAD_TOO_LARGE as soon as more than `maxBytes` are announced or have arrived;
 * what was read until then is dropped, and the rest is left to {@link sendAnswer}. A client that waits to be told to send
 * it is told so, unless it is refused. Raises CANCELLED where the client goes away in the middle.
 */
export function readBody(
  { request, response }: Pick<HttpExchange, "request" | "response">,
  maxBytes: number,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const announced = Number(request.headers["content-length"] ?? 0);
    if (announced > maxBytes) {
      reject(tooLarge(maxBytes));
      return;
    }
    if (expectsContinue(request)) response.writeContinue();
    // Nearly every body comes in one piece.
    let first: Buffer | null = null;
    let others: Buffer[] = [];
    let bytes = 0;
    let isWhole = false;
    // Not an async iterator: to leave one early destroys the connection, and the answer with it.
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes <= maxBytes) {
        if (first === null) first = chunk;
        else others.push(chunk);
        return;
      }
      request.off("data", onData).pause();
      first = null;
      others = [];
      reject(tooLarge(maxBytes));
    };
    request.on("data", onData);
    request.on("end", () => {
      const stream = http2StreamOf(request);
      if (stream !== null && wasCut(stream)) {
        reject(clientGone());
        return;
      }
      isWhole = true;
      if (first === null) resolve(Buffer.alloc(0));
      else resolve(others.length === 0 ? first : Buffer.concat([first, ...others], bytes));
    });
    // Node tells of an error only those who listen for one, and of the end of the connection in any case.
    request.on("close", () => {
      if (!isWhole) reject(clientGone());
    });
  });
}

/**
 * An answer of the Fetch API, whole, without its length, which {@link sendAnswer} counts. Yoga's own headers keep the
 * letters that they were set with.
 */
export async function readFetchAnswer(response: Response): Promise<HttpAnswer> {
  const headers = [...response.headers]
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => name !== "content-length");
  return new HttpAnswer(response.status, Object.fromEntries(headers), await response.text());
}

/**
 * Writes an answer out. Where the client has not sent its whole body, the connection is closed after the answer; where
 * `isClosing`, too.
 */
export function sendAnswer(
  { request, response, facts }: HttpExchange,
  { status, headers, body }: HttpAnswer,
  isClosing: boolean,
): void {
  if (response.destroyed || response.headersSent) return;
  const fields: string[] = [];
  for (const name of Object.keys(headers)) fields.push(name, headers[name] ?? "");
  const isEmpty = status === 304 || status === 204;
  const isBodiless = isEmpty || request.method === "HEAD";
  if (!isEmpty)
    fields.push("content-length", String(typeof body === "string" ? Buffer.byteLength(body) : body.length));
  fields.push("x-request-id", facts.requestId, ...securityHeaders);
  const stream = http2StreamOf(request);
  if (stream !== null) {
    sendOnStream(stream, { status, fields, body: isBodiless ? null : body }, isClosing);
    return;
  }
  if (isClosing || !request.complete) fields.push("connection", "close");
  response.writeHead(status, fields);
  if (isBodiless) response.end();
  else if (request.complete) endAtOnce(response, body);
  else endAfterRequest(request, response, body);
  // A client that takes nothing of its answer for this long does not want it. Most take all of it at once.
  if (response.writableLength > 0) response.setTimeout(stalledClientMs, () => request.socket.destroy());
}

interface Http2Answer {
  readonly status: number;
  readonly fields: readonly string[];
  readonly body: string | Uint8Array | null;
}

/** The same on HTTP/2, where the connection goes on: it belongs to other requests, too. */
function sendOnStream(
  stream: ServerHttp2Stream,
  { status, fields, body }: Http2Answer,
  isClosing: boolean,
): void {
  if (stream.destroyed || stream.closed || stream.headersSent) return;
  if (isClosing && stream.session !== undefined) announceEnd(stream.session);
  const headers: Record<string, string | number> = { ":status": status };
  for (let index = 0; index + 1 < fields.length; index += 2)
    headers[fields[index] ?? ""] = fields[index + 1] ?? "";
  stream.respond(headers, { endStream: body === null });
  if (body !== null) stream.end(body);
  // https://www.rfc-editor.org/rfc/rfc9113#section-8.1: the rest of the request is not wanted.
  if (!isRequestWhole(stream)) stream.once("finish", () => stream.close(constants.NGHTTP2_NO_ERROR));
  if (stream.writableLength > 0)
    stream.setTimeout(stalledClientMs, () => stream.close(constants.NGHTTP2_CANCEL));
}

/** To Node, a body of HTTP/2 ends where its stream does, although the client has taken it back or we have given it up. */
function wasCut(stream: ServerHttp2Stream): boolean {
  return stream.aborted || stream.headersSent;
}

function isRequestWhole(stream: ServerHttp2Stream): boolean {
  return stream.endAfterHeaders || stream.readableEnded;
}

function isHttp2(request: IncomingMessage): boolean {
  return request.httpVersionMajor === 2;
}

/** Null where the request is of HTTP/1.1. */
function http2StreamOf(request: IncomingMessage): ServerHttp2Stream | null {
  return isHttp2(request) ? (request as unknown as Http2ServerRequest).stream : null;
}

/**
 * Of every answer: it is of the type that it says, and pages tell nobody which URL, and with it which query, they asked.
 * What frames and scripts may do is the explorer's to say; nothing else is a page.
 */
const securityHeaders = ["x-content-type-options", "nosniff", "referrer-policy", "no-referrer"] as const;

/** Node joins a text with the head in front of it, which copies the text: a long one is given to it apart. Both still leave together. */
function endAtOnce(response: ServerResponse, body: string | Uint8Array): void {
  if (typeof body === "string" && body.length > longTextLength) {
    response.cork();
    response.flushHeaders();
  }
  response.end(body);
}

/** From here on the engine takes new memory from the system for each copy. */
const longTextLength = 128 * 1024;

/**
 * Sends the whole answer at once but ends the connection only when the client stops sending, or after a while: closing
 * while bytes come in resets the connection, and the reset may overtake the answer
 * (https://www.rfc-editor.org/rfc/rfc9112#section-9.6). What still comes in is dropped.
 */
function endAfterRequest(
  request: IncomingMessage,
  response: ServerResponse,
  body: string | Uint8Array,
): void {
  response.write(body);
  const end = (): void => {
    clearTimeout(timer);
    if (!response.writableEnded) response.end();
  };
  const timer = setTimeout(end, maxLingerMs);
  response.once("close", end);
  request.once("end", end).resume();
}

/** All values of a header; `rawHeaders` has names and values in turn. Asked several times for each request. */
function valuesOf(name: string, rawHeaders: readonly string[]): readonly string[] {
  const values: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const found = rawHeaders[index] ?? "";
    if (found.length === name.length && found.toLowerCase() === name)
      values.push(rawHeaders[index + 1] ?? "");
  }
  return values;
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
  if (/^\/[^?#]*$/.test(target)) return { path: target, search: "" };
  const [, path = "", search = ""] = /^(?:https?:\/\/[^/?#]*)?([^?#]*)(\?[^#]*)?/i.exec(target) ?? [];
  return { path: path === "" ? "/" : path, search };
}
