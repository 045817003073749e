import {
  type ChannelCredentials,
  Client,
  type ClientUnaryCall,
  credentials,
  compressionAlgorithms,
  Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import type { TlsSettings } from "../config/source-tls.ts";
import type { Deadline } from "../core/deadline.ts";
import { OverlockError } from "../core/errors.ts";
import { isGrpc, isOwnEnd, translateGrpcError, wrongContentType } from "./grpc-failure.ts";

export interface GrpcMethod {
  /** `/package.Service/Method`. */
  readonly path: string;
  serialize(message: object): Buffer;
  deserialize(bytes: Buffer): object;
}

export interface GrpcChannelSettings {
  readonly isSecure: boolean;
  /** Null: the roots that the process trusts, and no certificate of its own. */
  readonly tls: TlsSettings | null;
  readonly maxResponseBytes: number;
  /** What requests are compressed with; null: nothing. Answers may be compressed with either. */
  readonly compression: GrpcCompression | null;
}

export type GrpcCompression = "gzip" | "deflate";

/** What one call sends besides its deadline. */
export interface GrpcRequest {
  readonly message: object;
  readonly metadata: Readonly<Record<string, string>>;
}

/** One HTTP/2 connection to a gRPC backend, opened by its first call. */
export class GrpcChannel {
  readonly #address: string;
  readonly #settings: GrpcChannelSettings;
  #client: Client;
  readonly #calls = new Set<ClientUnaryCall>();
  #isDisposed = false;
  #lastAnswerMs = performance.now();
  #unansweredCalls = 0;

  /** `address` is `host:port`. */
  constructor(address: string, settings: GrpcChannelSettings) {
    this.#address = address;
    this.#settings = settings;
    this.#client = this.#open();
  }

  #open(): Client {
    const { isSecure, tls, maxResponseBytes, compression } = this.#settings;
    const serverName = tls?.serverName ?? null;
    return new Client(this.#address, isSecure ? tlsCredentials(tls) : credentials.createInsecure(), {
      ...(serverName !== null && { "grpc.ssl_target_name_override": serverName }),
      "grpc.max_receive_message_length": maxResponseBytes,
      "grpc.default_compression_algorithm": compressionAlgorithms[compression ?? "identity"],
      // Retries are the gateway's to decide, and a proxy is the deployment's.
      "grpc.enable_retries": 0,
      "grpc.enable_http_proxy": 0,
      // A backend that comes back is found within a second, whatever it was before.
      "grpc.initial_reconnect_backoff_ms": 100,
      "grpc.max_reconnect_backoff_ms": 1000,
      // Closing this channel closes its connection, whoever else calls the same address.
      "grpc.use_local_subchannel_pool": 1,
      "grpc.service_config_disable_resolution": 1,
      // Only while calls are under way: servers may take more for an attack.
      "grpc.keepalive_time_ms": keepaliveTimeMs,
      "grpc.keepalive_timeout_ms": keepaliveTimeoutMs,
    });
  }

  /**
   * One unary call. Raises GrpcStatusError for the backend's own statuses, and UPSTREAM_UNREACHABLE,
   * UPSTREAM_RESPONSE_TOO_LARGE or UPSTREAM_INVALID_RESPONSE for what went wrong otherwise; INVALID_VALUE, before
   * anything is sent, for a request of more than {@link maxRequestBytes}. Aborts with the deadline.
   */
  async send(method: GrpcMethod, request: GrpcRequest, deadline: Deadline): Promise<object> {
    deadline.signal.throwIfAborted();
    // Serialized here: grpc-js would report what is wrong with our message as a failure of the backend.
    const bytes = method.serialize(request.message);
    if (bytes.length > maxRequestBytes)
      throw new OverlockError(
        "INVALID_VALUE",
        `a request of ${bytes.length} bytes, at most ${maxRequestBytes}`,
      );
    const metadata = toMetadata(request.metadata);
    if (this.#isDisposed) throw new OverlockError("UPSTREAM_UNREACHABLE", "the channel is closed");
    const answer = await this.#call(method, bytes, metadata, deadline);
    if (answer === undefined) throw new OverlockError("UPSTREAM_INVALID_RESPONSE", "no message");
    if (answer.message !== null) return answer.message;
    const { cause } = answer;
    throw new OverlockError("UPSTREAM_INVALID_RESPONSE", "undecodable message", { cause });
  }

  /** Closes the connection; calls under way fail. */
  dispose(): void {
    this.#isDisposed = true;
    for (const call of this.#calls) call.cancel();
    this.#client.close();
  }

  /**
   * A connection whose other side is gone without a word takes minutes until the system gives it up, and keepalive asks
   * during long calls only. So where calls run out of time and nothing comes any more, the next ones get a new one.
   */
  #watch(isAnswered: boolean, deadline: Deadline): void {
    if (isAnswered) {
      this.#lastAnswerMs = performance.now();
      this.#unansweredCalls = 0;
      return;
    }
    if (this.#isDisposed || deadline.remainingMs > timerSlackMs) return;
    this.#unansweredCalls += 1;
    const silenceMs = performance.now() - this.#lastAnswerMs;
    if (this.#unansweredCalls < maxUnansweredCalls || silenceMs < minSilenceMs) return;
    this.#client.close();
    this.#client = this.#open();
    this.#lastAnswerMs = performance.now();
    this.#unansweredCalls = 0;
  }

  #call(
    method: GrpcMethod,
    bytes: Buffer,
    metadata: Metadata,
    deadline: Deadline,
  ): Promise<Decoded | undefined> {
    const { signal } = deadline;
    return new Promise((resolve, reject) => {
      let contentType: string | null = null;
      const call: ClientUnaryCall = this.#client.makeUnaryRequest(
        method.path,
        (value: Buffer) => value,
        (answer: Buffer) => decode(method, answer),
        bytes,
        metadata,
        { deadline: Date.now() + deadline.remainingMs },
        (error: ServiceError | null, answer?: Decoded) => {
          signal.removeEventListener("abort", cancel);
          this.#calls.delete(call);
          this.#watch(contentType !== null || (error !== null && !isOwnEnd(error)), deadline);
          if (error === null && (contentType === null || isGrpc(contentType))) resolve(answer);
          else if (error === null) reject(wrongContentType(contentType ?? "", null));
          else reject(this.#isDisposed ? closed(error) : translateGrpcError(error, contentType));
        },
      );
      call.on("metadata", (headers: Metadata) => {
        contentType = String(headers.get("content-type")[0] ?? "");
      });
      const cancel = (): void => call.cancel();
      this.#calls.add(call);
      signal.addEventListener("abort", cancel, { once: true });
    });
  }
}

function tlsCredentials(tls: TlsSettings | null): ChannelCredentials {
  const bytes = (text: string | undefined): Buffer | null => (text === undefined ? null : Buffer.from(text));
  const { client } = tls ?? { client: null };
  return credentials.createSsl(bytes(tls?.ca ?? undefined), bytes(client?.key), bytes(client?.certificate));
}

/** The largest request message, before it is compressed. Servers take 4 MiB unless they are told otherwise. */
const maxRequestBytes = 16 * 1024 * 1024;

/** Timers may fire before their time. */
const timerSlackMs = 5;

/** Both have to be reached before a connection counts as dead. */
const maxUnansweredCalls = 3;
const minSilenceMs = 1000;

const keepaliveTimeMs = 20_000;
const keepaliveTimeoutMs = 10_000;

/** grpc-js turns a decoder's exception into a status of the backend's; carried as a value it stays ours. */
type Decoded = { readonly message: object } | { readonly message: null; readonly cause: unknown };

function decode(method: GrpcMethod, bytes: Buffer): Decoded {
  try {
    return { message: method.deserialize(bytes) };
  } catch (cause) {
    return { message: null, cause };
  }
}

function toMetadata(entries: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(entries)) metadata.set(name, value);
  return metadata;
}

function closed(cause: ServiceError): OverlockError {
  return new OverlockError("UPSTREAM_UNREACHABLE", "the channel was closed during the call", { cause });
}
