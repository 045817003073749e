import {
  Channel,
  type ChannelCredentials,
  credentials,
  compressionAlgorithms,
  type InterceptingListener,
  Metadata,
  status,
  type StatusObject,
} from "@grpc/grpc-js";
import type { TlsSettings } from "../config/source-tls.ts";
import type { Deadline } from "../core/deadline.ts";
import { OverlockError } from "../core/errors.ts";
import {
  cancelledText,
  GrpcStatusError,
  isGrpc,
  isOwnEnd,
  translateGrpcStatus,
  wrongContentType,
} from "./grpc-failure.ts";

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

/** The same with its message serialized. */
export interface SerializedRequest {
  readonly bytes: Buffer;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A message as it is sent. Raises INVALID_VALUE where it has more than {@link maxRequestBytes}. */
export function serializeRequest(method: GrpcMethod, message: object): Buffer {
  // Not by grpc-js, which would report what is wrong with our message as a failure of the backend.
  const bytes = method.serialize(message);
  if (bytes.length <= maxRequestBytes) return bytes;
  throw new OverlockError("INVALID_VALUE", `a request of ${bytes.length} bytes, at most ${maxRequestBytes}`);
}

/**
 * One HTTP/2 connection to a gRPC backend, opened by its first call. Calls are made on grpc-js's channel: its client adds
 * interceptors, an emitter and the stack of the caller to each call, which cost about a quarter of it.
 */
export class GrpcChannel {
  readonly #address: string;
  readonly #settings: GrpcChannelSettings;
  #channel: Channel;
  readonly #calls = new Set<UnaryCall>();
  #isDisposed = false;
  #lastAnswerMs = performance.now();
  #unansweredCalls = 0;

  /** `address` is `host:port`. */
  constructor(address: string, settings: GrpcChannelSettings) {
    this.#address = address;
    this.#settings = settings;
    this.#channel = this.#open();
  }

  #open(): Channel {
    const { isSecure, tls, maxResponseBytes, compression } = this.#settings;
    const serverName = tls?.serverName ?? null;
    return new Channel(this.#address, isSecure ? tlsCredentials(tls) : credentials.createInsecure(), {
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
      // Counts calls for a debugging service that nobody serves.
      "grpc.enable_channelz": 0,
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
  async send(method: GrpcMethod, { message, metadata }: GrpcRequest, deadline: Deadline): Promise<object> {
    const reason = deadline.expiredBy;
    if (reason !== null) throw reason;
    const bytes = serializeRequest(method, message);
    const answer = await this.sendBytes(method, { bytes, metadata }, deadline);
    if (answer instanceof GrpcStatusError) throw answer;
    return answer;
  }

  /** The same for a request that is serialized already, where a status of the backend's own is an answer like another. */
  sendBytes(
    method: GrpcMethod,
    request: SerializedRequest,
    deadline: Deadline,
  ): Promise<object | GrpcStatusError> {
    return new Promise((resolve, reject) => {
      const reason = deadline.expiredBy;
      if (reason !== null) return reject(reason);
      const metadata = toMetadata(request.metadata);
      if (this.#isDisposed) throw new OverlockError("UPSTREAM_UNREACHABLE", "the channel is closed");
      const expiresAtMs = Date.now() + deadline.remainingMs;
      const call = this.#channel.createCall(method.path, expiresAtMs, null, null, null);
      const unary: UnaryCall = new UnaryCall(call, (end, answer) => {
        deadline.unlisten(cancel);
        this.#calls.delete(unary);
        this.#watch(answer.contentType !== null || !isOwnEnd(end), deadline);
        const outcome = this.#read(method, end, answer);
        if (outcome instanceof Error && !(outcome instanceof GrpcStatusError)) reject(outcome);
        else resolve(outcome);
      });
      this.#calls.add(unary);
      const cancel = (): void => unary.cancel();
      deadline.listen(cancel);
      unary.start(metadata, request.bytes);
    });
  }

  /** Closes the connection; calls under way fail. */
  dispose(): void {
    this.#isDisposed = true;
    for (const call of this.#calls) call.cancel();
    this.#channel.close();
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
    this.#channel.close();
    this.#channel = this.#open();
    this.#lastAnswerMs = performance.now();
    this.#unansweredCalls = 0;
  }

  #read(method: GrpcMethod, end: StatusObject, { message, contentType }: Answer): object | Error {
    if (end.code !== status.OK) return this.#isDisposed ? closed(end) : translateGrpcStatus(end, contentType);
    if (contentType !== null && !isGrpc(contentType)) return wrongContentType(contentType, null);
    if (message === null) return new OverlockError("UPSTREAM_INVALID_RESPONSE", "no message");
    try {
      return method.deserialize(message);
    } catch (cause) {
      return new OverlockError("UPSTREAM_INVALID_RESPONSE", "undecodable message", { cause });
    }
  }
}

/** What of an answer has come when its call ends. */
interface Answer {
  readonly message: Buffer | null;
  /** Null where no headers came. */
  readonly contentType: string | null;
}

/** One call on the channel, and what comes of it. */
class UnaryCall implements InterceptingListener, Answer {
  message: Buffer | null = null;
  contentType: string | null = null;
  readonly #call: ReturnType<Channel["createCall"]>;
  readonly #onEnd: (end: StatusObject, answer: Answer) => void;

  constructor(call: ReturnType<Channel["createCall"]>, onEnd: (end: StatusObject, answer: Answer) => void) {
    this.#call = call;
    this.#onEnd = onEnd;
  }

  start(metadata: Metadata, bytes: Buffer): void {
    this.#call.start(metadata, this);
    this.#call.startRead();
    this.#call.sendMessageWithContext({}, bytes);
    this.#call.halfClose();
  }

  cancel(): void {
    this.#call.cancelWithStatus(status.CANCELLED, cancelledText);
  }

  onReceiveMetadata(headers: Metadata): void {
    this.contentType = String(headers.get("content-type")[0] ?? "");
  }

  onReceiveMessage(message: Buffer): void {
    this.message = message;
  }

  onReceiveStatus(end: StatusObject): void {
    this.#onEnd(end, this);
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

function toMetadata(entries: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(entries)) metadata.set(name, value);
  return metadata;
}

function closed({ details }: StatusObject): OverlockError {
  return new OverlockError("UPSTREAM_UNREACHABLE", `the channel was closed during the call: ${details}`);
}
