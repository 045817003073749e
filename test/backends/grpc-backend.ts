import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { Metadata, Server, ServerCredentials, status } from "@grpc/grpc-js";
import type { sendUnaryData, ServerUnaryCall } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import type { AnyDefinition, ServiceDefinition } from "@grpc/proto-loader";
import { Faults, hugeBytes, isStatusFault, secretMessage, statusOf } from "./faults.ts";
import type { GrpcFault } from "./faults.ts";
import { Listener } from "./listener.ts";
import type { RequestLog } from "./request-log.ts";
import { packRichStatus } from "./rich-status.ts";
import type { ErrorDetail } from "./rich-status.ts";

/**
 * Answers one decoded request (names in camelCase, 64-bit integers and enum values as strings, every field present),
 * or throws a `GrpcError`. Declared as a method, so that an implementation may name the fields of its request: that
 * they are there is the proto's promise.
 */
export type GrpcMethod = {
  answer(request: object, metadata: Readonly<Record<string, string>>): object;
}["answer"];

/** Answered with this status code and message, and with details in the trailer `grpc-status-details-bin`. */
export class GrpcError extends Error {
  readonly code: status;
  readonly metadata = new Metadata();

  constructor(code: status, message: string, details: readonly ErrorDetail[] = []) {
    super(message);
    this.code = code;
    if (details.length > 0) {
      this.metadata.set("grpc-status-details-bin", packRichStatus({ code, message, details }));
    }
  }
}

type UnaryCall = ServerUnaryCall<object, object>;
type Callback = sendUnaryData<object>;

/** A gRPC server without TLS with a request log and switchable faults. Unary methods only. */
export class GrpcBackend {
  readonly log: RequestLog;
  readonly faults = new Faults<GrpcFault>();
  readonly #listener: Listener;

  /** Forgets what calls have changed. */
  readonly reset: () => void;

  /** `methods` must hold every method of the service. */
  constructor(
    service: ServiceDefinition,
    methods: Readonly<Record<string, GrpcMethod>>,
    log: RequestLog,
    reset: () => void = () => {},
  ) {
    this.log = log;
    this.reset = reset;
    const server = new Server();
    for (const [name, definition] of Object.entries(service)) {
      const method = methods[name];
      if (method === undefined)
        throw new Error(`Expected an implementation of ${definition.path}, got none.`);
      server.register(
        definition.path,
        (call: UnaryCall, callback: Callback) => void this.#handle(name, method, call, callback),
        // A fault answers with bytes as they are.
        (answer) => (Buffer.isBuffer(answer) ? answer : definition.responseSerialize(answer)),
        definition.requestDeserialize,
        "unary",
      );
    }
    // Our own listener instead of `bindAsync`: it knows the sockets, and the server survives being stopped.
    const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
    this.#listener = new Listener(
      createServer({ noDelay: true }, (socket) => injector.injectConnection(socket)),
    );
  }

  /** `grpc://127.0.0.1:<port of the latest start>` */
  get url(): string {
    return `grpc://127.0.0.1:${this.#listener.port}`;
  }

  get openSockets(): number {
    return this.#listener.sockets.size;
  }

  /** Listens on `port`; absent: on the port it had before, the first time on a free one. */
  async start(port?: number): Promise<{ url: string; port: number }> {
    await this.#listener.start(port);
    return { url: this.url, port: this.#listener.port };
  }

  /** Kills it: open connections are destroyed. */
  stop(): Promise<void> {
    return this.#listener.stop();
  }

  async #handle(name: string, method: GrpcMethod, call: UnaryCall, callback: Callback): Promise<void> {
    const headers = readHeaders(call);
    const entry = this.log.add({ method: name, url: null, headers, message: call.request });
    const gone = new AbortController();
    let answered = false;
    // grpc-js emits `cancelled` at the end of every call.
    call.once("cancelled", () => {
      entry.cancelled = !answered;
      gone.abort();
    });
    const answer: Callback = (...result) => {
      answered = true;
      callback(...result);
    };
    try {
      const { latencyMs, fault, rewrite } = this.faults.take(name);
      if (latencyMs > 0) await sleep(latencyMs, undefined, { signal: gone.signal });
      if (fault === null) {
        const message = method(call.request, headers);
        answer(null, rewrite === null ? message : rewrite(message));
      } else if (fault === "reset") this.#reset(call.getPeer());
      else playFault(fault, answer);
    } catch (error) {
      // Nobody is left to be told.
      if (gone.signal.aborted) return;
      answer(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #reset(peer: string): void {
    for (const socket of this.#listener.sockets) {
      if (`${socket.remoteAddress}:${socket.remotePort}` === peer) socket.destroy();
    }
  }
}

/** The methods of a service in `protos/`, with the mapping of values that `GrpcMethod` describes. */
export function loadGrpcService(proto: string, service: string): ServiceDefinition {
  const protos = fileURLToPath(new URL("../../protos", import.meta.url));
  const definition = loadSync(proto, { includeDirs: [protos], longs: String, enums: String, defaults: true });
  const found = definition[service];
  if (found === undefined || !isService(found)) throw new Error(`Expected a service ${service} in ${proto}.`);
  return found;
}

/** Messages and enums have a `format`. */
function isService(definition: AnyDefinition): definition is ServiceDefinition {
  return !("format" in definition);
}

/** The metadata, plus `grpc-timeout` in milliseconds, which grpc-js has turned into a deadline. */
function readHeaders(call: UnaryCall): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of Object.keys(call.metadata.getMap())) {
    headers[name] = call.metadata
      .get(name)
      .map((value) => (typeof value === "string" ? value : value.toString("base64")))
      .join(", ");
  }
  const deadlineMs = Number(call.getDeadline());
  if (deadlineMs !== Infinity) headers["grpc-timeout"] = `${deadlineMs - Date.now()}m`;
  return headers;
}

function playFault(fault: Exclude<GrpcFault, "reset">, answer: Callback): void {
  if (isStatusFault(fault)) {
    const code = statusOf(fault);
    return answer(new GrpcError(code, status[code] ?? "unknown"));
  }
  switch (fault) {
    case "error":
      return answer(new GrpcError(status.INTERNAL, secretMessage));
    case "hang":
      return;
    case "garbage":
      // Wire type 7 does not exist.
      return answer(null, Buffer.alloc(8, 0xff));
    case "empty":
      return answer(null, Buffer.alloc(0));
    case "huge":
      return answer(null, hugeMessage());
  }
}

/** Field 1000, which no message of the shop knows, as one long string. */
function hugeMessage(): Buffer {
  const tagAndLength = [0xc2, 0x3e, ...varint(hugeBytes)];
  return Buffer.concat([Buffer.from(tagAndLength), Buffer.alloc(hugeBytes, "x")]);
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [128 + (value % 128), ...varint(Math.floor(value / 128))];
}
