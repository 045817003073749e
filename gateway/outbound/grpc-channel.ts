import {
  type ChannelCredentials,
  Client,
  type ClientUnaryCall,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import type { TlsSettings } from "../config/source-tls.ts";
import type { Deadline } from "../core/deadline.ts";
import { OverlockError } from "../core/errors.ts";

export interface GrpcMethod {
  /** `/package.Service/Method`. */
  readonly path: string;
  serialize(message: object): Buffer;
  deserialize(bytes: Buffer): object;
}

/** A call that the backend ended with a status other than OK. */
export class GrpcStatusError extends Error {
  /** 1 to 16, https://grpc.io/docs/guides/status-codes/. */
  readonly status: number;

  constructor(code: number, details: string, options: ErrorOptions) {
    super(details, options);
    this.name = "GrpcStatusError";
    this.status = code;
  }
}

/** What one call sends besides its deadline. */
export interface GrpcRequest {
  readonly message: object;
  readonly metadata: Readonly<Record<string, string>>;
}

/** One HTTP/2 connection to a gRPC backend, opened by its first call. */
export class GrpcChannel {
  readonly #client: Client;
  readonly #calls = new Set<ClientUnaryCall>();
  #isDisposed = false;

  /** `address` is `host:port`. */
  constructor(
    address: string,
    settings: {
      readonly isSecure: boolean;
      /** Null: the roots that the process trusts, and no certificate of its own. */
      readonly tls: TlsSettings | null;
      readonly maxResponseBytes: number;
    },
  ) {
    const serverName = settings.tls?.serverName ?? null;
    this.#client = new Client(
      address,
      settings.isSecure ? tlsCredentials(settings.tls) : credentials.createInsecure(),
      {
        ...(serverName !== null && { "grpc.ssl_target_name_override": serverName }),
        "grpc.max_receive_message_length": settings.maxResponseBytes,
        "grpc.max_send_message_length": maxRequestBytes,
        // Retries are the gateway's to decide, and a proxy is the deployment's.
        "grpc.enable_retries": 0,
        "grpc.enable_http_proxy": 0,
        // A backend that comes back is found within a second, whatever it was before.
        "grpc.initial_reconnect_backoff_ms": 100,
        "grpc.max_reconnect_backoff_ms": 1000,
        // Closing this channel closes its connection, whoever else calls the same address.
        "grpc.use_local_subchannel_pool": 1,
        "grpc.service_config_disable_resolution": 1,
      },
    );
  }

  /**
   * One unary call. Raises {@link GrpcStatusError} for the backend's own statuses, UPSTREAM_UNREACHABLE,
   * UPSTREAM_RESPONSE_TOO_LARGE, and UPSTREAM_INVALID_RESPONSE for bytes that do not decode; aborts with the deadline.
   */
  async send(method: GrpcMethod, request: GrpcRequest, deadline: Deadline): Promise<object> {
    deadline.signal.throwIfAborted();
    // Serialized here: grpc-js would report what is wrong with our message as a failure of the backend.
    const bytes = method.serialize(request.message);
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

  #call(
    method: GrpcMethod,
    bytes: Buffer,
    metadata: Metadata,
    deadline: Deadline,
  ): Promise<Decoded | undefined> {
    const { signal } = deadline;
    return new Promise((resolve, reject) => {
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
          if (error === null) resolve(answer);
          else reject(this.#isDisposed ? closed(error) : translate(error));
        },
      );
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

const maxRequestBytes = 16 * 1024 * 1024;

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

function translate(error: ServiceError): Error {
  const { code, details } = error;
  // grpc-js gives its own size limit the backend's RESOURCE_EXHAUSTED and tells them apart by text only.
  if (code === status.RESOURCE_EXHAUSTED && tooLargeTexts.some((text) => details.startsWith(text)))
    return new OverlockError("UPSTREAM_RESPONSE_TOO_LARGE", details, { cause: error });
  if (code === status.UNAVAILABLE)
    return new OverlockError("UPSTREAM_UNREACHABLE", details, { cause: error });
  if (code === status.DEADLINE_EXCEEDED)
    return new OverlockError("UPSTREAM_TIMEOUT", details, { cause: error });
  return new GrpcStatusError(code, details, { cause: error });
}

const tooLargeTexts = [
  "Received message larger than max",
  "Received message that decompresses to a size larger",
];

function closed(cause: ServiceError): OverlockError {
  return new OverlockError("UPSTREAM_UNREACHABLE", "the channel was closed during the call", { cause });
}
