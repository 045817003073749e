import { type Dispatcher, errors, Pool } from "undici";
import type { Deadline } from "../core/deadline.ts";
import { OverlockError } from "../core/errors.ts";
import type { TlsSettings } from "../config/source-tls.ts";
import { acceptedCodings, decodeContent } from "./content-coding.ts";
import { BodyMemory, ResponseBody } from "./response-body.ts";

export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path and query, encoded. */
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  /** The same, of what is about this one call and no part of what it asks for: its id, its deadline. */
  readonly callHeaders: readonly string[];
  /** Null: none. */
  readonly body: string | null;
}

export interface HttpResponse {
  readonly status: number;
  /** The media type without parameters, in lower case; empty where the backend sent none. */
  readonly mediaType: string;
  /** Its content codings undone. */
  readonly body: ResponseBody;
  /** A header by its name in lower case, repeated ones joined by ", "; null where there is none. */
  readonly header: (name: string) => string | null;
}

/** Text that is equal for equal requests: of all that is sent but `callHeaders`. Headers have no line breaks and no empty values. */
export function keyOfRequest({ method, path, headers, body }: Omit<HttpRequest, "callHeaders">): string {
  return `${method} ${path}\n${headers.join("\n")}${body === null ? "" : `\n\n${body}`}`;
}

/** Connections to one REST backend. At most `maxConnections` are open; calls beyond that wait, within their deadline. */
export class HttpPool {
  readonly #pool: Pool;
  readonly #pathPrefix: string;
  readonly #bounds: BodyBounds;

  constructor(
    url: URL,
    settings: {
      readonly maxConnections: number;
      readonly connectTimeoutMs: number;
      /** Also the most bytes that a compressed response may become. */
      readonly maxResponseBytes: number;
      /** Null: the roots that the process trusts, and no certificate of its own. */
      readonly tls: TlsSettings | null;
    },
  ) {
    this.#pathPrefix = url.pathname.replace(/\/$/, "");
    this.#bounds = { maxBytes: settings.maxResponseBytes, memory: new BodyMemory() };
    this.#pool = new Pool(url.origin, {
      connections: settings.maxConnections,
      connect: { timeout: settings.connectTimeoutMs, ...tlsOptions(settings.tls) },
      // Both are covered by the call's deadline.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /**
   * One request. Raises UPSTREAM_UNREACHABLE where no connection could be made or the one used broke,
   * UPSTREAM_RESPONSE_TOO_LARGE, and UPSTREAM_INVALID_RESPONSE where the backend did not speak HTTP; aborts with the
   * deadline.
   */
  send(request: HttpRequest, deadline: Deadline): Promise<HttpResponse> {
    return this.sendFor(request, deadline, asItIs);
  }

  /** The same for something that is made of the answer as soon as it is here. `toAnswer` must not raise. */
  sendFor<Answer>(
    request: HttpRequest,
    deadline: Deadline,
    toAnswer: (response: HttpResponse) => Answer,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const reason = deadline.expiredBy;
      if (reason !== null) return reject(reason);
      const answered = (response: HttpResponse): void => resolve(toAnswer(response));
      const exchange = new Exchange(request.method, this.#bounds, answered, reject);
      exchange.watch(deadline);
      this.#pool.dispatch(
        {
          method: request.method,
          path: this.#pathPrefix + request.path,
          headers: request.callHeaders.concat(request.headers, acceptEncoding),
          body: request.body,
        },
        exchange,
      );
    });
  }

  /** Ends all connections at once; calls under way fail. */
  async dispose(): Promise<void> {
    await this.#pool.destroy();
  }
}

function asItIs(response: HttpResponse): HttpResponse {
  return response;
}

const acceptEncoding = ["accept-encoding", acceptedCodings];

/** One request and its answer, as undici's dispatcher tells of it. Settles once; whatever comes later is of no interest. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #method: HttpRequest["method"];
  readonly #maxBytes: number;
  readonly #memory: BodyMemory;
  readonly #resolve: (response: HttpResponse) => void;
  readonly #reject: (error: unknown) => void;
  #deadline: Deadline | null = null;
  #controller: Dispatcher.DispatchController | null = null;
  /** Why the exchange was given up before its answer was there. */
  #givenUp: OverlockError | null = null;
  #status = 0;
  #headers: AnswerHeaders = {};
  readonly #pieces: Buffer[] = [];
  #bytes = 0;

  constructor(
    method: HttpRequest["method"],
    { maxBytes, memory }: BodyBounds,
    resolve: (response: HttpResponse) => void,
    reject: (error: unknown) => void,
  ) {
    this.#method = method;
    this.#maxBytes = maxBytes;
    this.#memory = memory;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  watch(deadline: Deadline): void {
    this.#deadline = deadline;
    deadline.listen(this.#onExpire);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // It waited for a connection for too long.
    if (this.#givenUp !== null) controller.abort(this.#givenUp);
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: AnswerHeaders): void {
    // Informational; the answer is still to come.
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
    if (this.#method !== "HEAD" && Number(headers["content-length"] ?? 0) > this.#maxBytes)
      this.#giveUp(tooLarge(this.#maxBytes));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes) this.#giveUp(tooLarge(this.#maxBytes));
    else this.#pieces.push(chunk);
  }

  onResponseEnd(): void {
    this.#end();
    if (this.#givenUp !== null) return;
    const body = new ResponseBody(this.#pieces, this.#bytes, this.#memory);
    const coding = headerOf(this.#headers, "content-encoding");
    if (coding === null || coding === "") this.#resolve(toResponse(this.#status, this.#headers, body));
    else void this.#decode(body, coding);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#end();
    this.#reject(translate(error));
  }

  readonly #onExpire = (reason: OverlockError): void => this.#giveUp(reason);

  #giveUp(reason: OverlockError): void {
    if (this.#givenUp !== null) return;
    this.#end();
    this.#givenUp = reason;
    this.#reject(reason);
    this.#controller?.abort(reason);
  }

  #end(): void {
    this.#deadline?.unlisten(this.#onExpire);
  }

  async #decode({ bytes: received }: ResponseBody, coding: string): Promise<void> {
    try {
      const body = await decodeBody(received, coding, { status: this.#status, maxBytes: this.#maxBytes });
      const reason = this.#deadline?.expiredBy ?? null;
      if (reason === null) this.#resolve(toResponse(this.#status, this.#headers, ResponseBody.of(body)));
      else this.#reject(reason);
    } catch (error) {
      this.#reject(error);
    }
  }
}

/** What a pool has for all bodies. */
interface BodyBounds {
  readonly maxBytes: number;
  readonly memory: BodyMemory;
}

/** By names in lower case. */
type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

const noBytes = new Uint8Array();

function toResponse(status: number, headers: AnswerHeaders, body: ResponseBody): HttpResponse {
  const header = (name: string): string | null => headerOf(headers, name);
  return { status, mediaType: mediaTypeOf(headerOf(headers, "content-type")), body, header };
}

function mediaTypeOf(contentType: string | null): string {
  if (contentType === null) return "";
  // By far the most common one.
  if (contentType === "application/json") return contentType;
  return (contentType.split(";")[0] ?? "").trim().toLowerCase();
}

/** The body of a failure that can't be read is none: the status says enough. */
async function decodeBody(
  received: Uint8Array,
  coding: string,
  { status, maxBytes }: { readonly status: number; readonly maxBytes: number },
): Promise<Uint8Array> {
  try {
    return await decodeContent(received, coding, maxBytes);
  } catch (error) {
    if (error instanceof OverlockError && status >= 400) return noBytes;
    throw error;
  }
}

function tooLarge(maxBytes: number): OverlockError {
  return new OverlockError("UPSTREAM_RESPONSE_TOO_LARGE", `more than ${maxBytes} bytes`);
}

function translate(error: Error): Error {
  if (error instanceof OverlockError) return error;
  const code = errorCodeOf(error);
  // undici's message for an unreachable host with several addresses is empty.
  const message = [code, error.message].filter((part) => part !== "").join(": ");
  if (invalidResponseErrors.some((type) => error instanceof type))
    return new OverlockError("UPSTREAM_INVALID_RESPONSE", message, { cause: error });
  // A call of ours that undici refuses, and one that was given up, say nothing of the backend.
  if (error instanceof errors.InvalidArgumentError || error instanceof errors.RequestAbortedError)
    return error;
  // What is left with a code are undici's connections and the system's: sockets, name lookups, TLS.
  if (code === "") return error;
  return new OverlockError("UPSTREAM_UNREACHABLE", message, { cause: error });
}

const invalidResponseErrors = [
  errors.HTTPParserError,
  errors.HeadersOverflowError,
  errors.ResponseContentLengthMismatchError,
];

function tlsOptions(tls: TlsSettings | null) {
  if (tls === null) return {};
  const { ca, client, serverName } = tls;
  return {
    ...(ca !== null && { ca }),
    ...(client !== null && { cert: client.certificate, key: client.key }),
    ...(serverName !== null && { servername: serverName }),
  };
}

function headerOf(headers: AnswerHeaders, name: string): string | null {
  if (!Object.hasOwn(headers, name)) return null;
  const value = headers[name];
  if (value === undefined) return null;
  return typeof value === "string" ? value : value.join(", ");
}

function errorCodeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "";
}
