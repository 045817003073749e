import { errors, Pool } from "undici";
import type { Deadline } from "../core/deadline.ts";
import { OverlockError } from "../core/errors.ts";

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
  readonly body: Uint8Array;
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
      readonly maxResponseBytes: number;
    },
  ) {
    this.#pathPrefix = url.pathname.replace(/\/$/, "");
    this.#maxResponseBytes = settings.maxResponseBytes;
    this.#pool = new Pool(url.origin, {
      connections: settings.maxConnections,
      connect: { timeout: settings.connectTimeoutMs },
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
        headers: request.headers,
        body: request.body ?? null,
        signal: deadline.signal,
      });
      const declaredBytes = Number(response.headers["content-length"] ?? 0);
      if (request.method !== "HEAD" && declaredBytes > this.#maxResponseBytes) {
        response.body.on("error", () => {}).destroy();
        throw this.#tooLarge(undefined);
      }
      const body = await response.body.bytes();
      const contentType = response.headers["content-type"];
      const mediaType = (typeof contentType === "string" ? contentType : "").split(";")[0] ?? "";
      return { status: response.statusCode, mediaType: mediaType.trim().toLowerCase(), body };
    } catch (thrown) {
      throw this.#translate(thrown);
    }
  }

  /** Ends all connections at once; calls under way fail. */
  async dispose(): Promise<void> {
    await this.#pool.destroy();
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

function errorCodeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "";
}
