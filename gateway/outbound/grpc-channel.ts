import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
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

/** One HTTP/2 connection to a gRPC backend, opened by its first call. */
export class GrpcChannel {
  readonly #client: Client;

  /** `address` is `host:port`. */
  constructor(address: string, settings: { readonly isSecure: boolean; readonly maxResponseBytes: number }) {
    this.#client = new Client(
      address,
      settings.isSecure ? credentials.createSsl() : credentials.createInsecure(),
      {
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
  send(
    method: GrpcMethod,
    message: object,
    metadata: Readonly<Record<string, string>>,
    deadline: Deadline,
  ): Promise<object> {
    return new Promise((resolve, reject) => {
      const { signal } = deadline;
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const call = this.#client.makeUnaryRequest(
        method.path,
        (value: object) => method.serialize(value),
        (bytes: Buffer) => decode(method, bytes),
        message,
        toMetadata(metadata),
        { deadline: Date.now() + deadline.remainingMs },
        (error: ServiceError | null, answer?: Decoded) => {
          signal.removeEventListener("abort", onAbort);
          if (error !== null) reject(translate(error));
          else if (answer === undefined) reject(new OverlockError("UPSTREAM_INVALID_RESPONSE", "no message"));
          else if (answer.message === null) {
            reject(
              new OverlockError("UPSTREAM_INVALID_RESPONSE", "undecodable message", { cause: answer.cause }),
            );
          } else resolve(answer.message);
        },
      );
      const onAbort = (): void => call.cancel();
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  dispose(): void {
    this.#client.close();
  }
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
  // grpc-js gives its own size limit the backend's RESOURCE_EXHAUSTED and tells them apart by text only.
  if (error.code === status.RESOURCE_EXHAUSTED && /^Received message larger than max/.test(error.details)) {
    return new OverlockError("UPSTREAM_RESPONSE_TOO_LARGE", error.details, { cause: error });
  }
  if (error.code === status.UNAVAILABLE)
    return new OverlockError("UPSTREAM_UNREACHABLE", error.details, { cause: error });
  if (error.code === status.DEADLINE_EXCEEDED)
    return new OverlockError("UPSTREAM_TIMEOUT", error.details, { cause: error });
  return new GrpcStatusError(error.code, error.details, { cause: error });
}
