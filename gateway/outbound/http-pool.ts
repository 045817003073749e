import { errors, Pool } from "undici";
import type { Deadline } from "../core/deadline.ts";
import { OverlockError } from "../core/errors.ts";
import type { TlsSettings } from "../config/source-tls.ts";
import { acceptedCodings, decodeContent } from "./content-coding.ts";

export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path and query, encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Absent: none. */
  readonly body?: string;
}

export interface HttpResponse {
  readonly status: number;
  /** The media type without parameters, in lower case; empty where the backend sent none. */
  readonly mediaType: string;
  /** Its content codings undone. */
  readonly body: Uint8Array;
  /** A header by its name in lower case, repeated ones joined by ", "; null where there is none. */
  readonly header: (name: string) => string | null;
}

/** Connections to one REST backend. At most `maxConnections` are open; calls beyond that wait, within their deadline. */
export class HttpPool {
  readonly #pool: Pool;
  readonly #pathPrefix: string;
  readonly #maxResponseBytes: number;

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
    this.#maxResponseBytes = settings.maxResponseBytes;
    this.#pool = new Pool(url.origin, {
      connections: settings.maxConnections,
      connect: { timeout: settings.connectTimeoutMs, ...tlsOptions(settings.tls) },
      maxResponseSize: settings.maxResponseBytes,
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
  async send(request: HttpRequest, deadline: Deadline): Promise<HttpResponse> {
    try {
      const response = await this.#pool.request({
        method: request.method,
        path: this.#pathPrefix + request.path,
        headers: { ...request.headers, "accept-encoding": acceptedCodings },
        body: request.body ?? null,
        signal: deadline.signal,
      });
      const declaredBytes = Number(response.headers["content-length"] ?? 0);
      if (request.method !== "HEAD" && declaredBytes > this.#maxResponseBytes) {
        response.body.on("error", () => {}).destroy();
        throw this.#tooLarge(undefined);
      }
      const received = await response.body.bytes();
      const header = (name: string): string | null => joined(response.headers[name]);
      const mediaType = header("content-type")?.split(";")[0] ?? "";
      const status = response.statusCode;
      const body = await this.#decode(received, status, header("content-encoding") ?? "");
      deadline.signal.throwIfAborted();
      return { status, mediaType: mediaType.trim().toLowerCase(), body, header };
    } catch (thrown) {
      throw this.#translate(thrown);
    }
  }

  /** Ends all connections at once; calls under way fail. */
  async dispose(): Promise<void> {
    await this.#pool.destroy();
  }

  /** The body of a failure that can't be read is none: the status says enough. */
  async #decode(received: Uint8Array, status: number, contentEncoding: string): Promise<Uint8Array> {
    try {
      return await decodeContent(received, contentEncoding, this.#maxResponseBytes);
    } catch (error) {
      if (error instanceof OverlockError && status >= 400) return new Uint8Array();
      throw error;
    }
  }

  #tooLarge(cause: unknown): OverlockError {
    return new OverlockError("UPSTREAM_RESPONSE_TOO_LARGE", `more than ${this.#maxResponseBytes} bytes`, {
      cause,
    });
  }

  #translate(thrown: unknown): unknown {
    if (!(thrown instanceof Error) || thrown instanceof OverlockError) return thrown;
    // undici's message for an unreachable host with several addresses is empty.
    const message = [errorCodeOf(thrown), thrown.message].filter((part) => part !== "").join(": ");
    if (thrown instanceof errors.ResponseExceededMaxSizeError) return this.#tooLarge(thrown);
    if (invalidResponseErrors.some((type) => thrown instanceof type))
      return new OverlockError("UPSTREAM_INVALID_RESPONSE", message, { cause: thrown });
    // A call of ours that undici refuses, and one that was given up, say nothing of the backend.
    if (thrown instanceof errors.InvalidArgumentError || thrown instanceof errors.RequestAbortedError)
      return thrown;
    // What is left with a code are undici's connections and the system's: sockets, name lookups, TLS.
    if (errorCodeOf(thrown) === "") return thrown;
    return new OverlockError("UPSTREAM_UNREACHABLE", message, { cause: thrown });
  }
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

function joined(value: string | string[] | undefined): string | null {
  if (value === undefined) return null;
  return typeof value === "string" ? value : value.join(", ");
}

function errorCodeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "";
}
