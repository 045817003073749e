import { errors, Pool } from "undici";
import type { Deadline } from "../core/deadline.ts";
import { OverlockError } from "../core/errors.ts";

export interface HttpRequest {
  readonly method: "GET";
  /** Path and query, encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
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
   * One request. Raises UPSTREAM_UNREACHABLE where no connection could be used, UPSTREAM_RESPONSE_TOO_LARGE, and
   * UPSTREAM_INVALID_RESPONSE where the backend did not speak HTTP; aborts with the deadline.
   */
  async send(request: HttpRequest, deadline: Deadline): Promise<HttpResponse> {
    try {
      const response = await this.#pool.request({
        method: request.method,
        path: this.#pathPrefix + request.path,
        headers: request.headers,
        signal: deadline.signal,
      });
      const declaredBytes = Number(response.headers["content-length"] ?? 0);
      if (declaredBytes > this.#maxResponseBytes) {
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
    if (thrown instanceof errors.ResponseExceededMaxSizeError) return this.#tooLarge(thrown);
    if (thrown instanceof errors.HTTPParserError) {
      return new OverlockError("UPSTREAM_INVALID_RESPONSE", thrown.message, { cause: thrown });
    }
    const isConnectionError =
      thrown instanceof errors.ConnectTimeoutError ||
      thrown instanceof errors.SocketError ||
      thrown instanceof AggregateError ||
      ("code" in thrown && typeof thrown.code === "string" && /^(E[A-Z]+|UND_ERR_SOCKET)$/.test(thrown.code));
    if (isConnectionError)
      return new OverlockError("UPSTREAM_UNREACHABLE", thrown.message, { cause: thrown });
    return thrown;
  }
}
