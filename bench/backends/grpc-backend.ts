import path from "node:path";
import { type sendUnaryData, Server, ServerCredentials, type ServerUnaryCall } from "@grpc/grpc-js";
import { loadSync, type MethodDefinition, type ServiceDefinition } from "@grpc/proto-loader";
import { numberOf, productOf, stockOf } from "./data.ts";
import type { CallCounter } from "./rest-backend.ts";

/**
 * Products and stock over gRPC, both services on one port. A message is made once for each request that differs, and
 * kept as bytes.
 */
export function createGrpcBackend(counter: CallCounter): Server {
  const protos = loadSync(["bench/catalog.proto", "bench/inventory.proto"], {
    includeDirs: [path.join(import.meta.dirname, "../project/protos")],
  });
  const server = new Server();
  const answer = (service: string, method: string, read: (request: Request) => object): void => {
    const definition = (protos[service] as ServiceDefinition)[method] as MethodDefinition<object, object>;
    const answers = new Map<string, Buffer>();
    server.register(
      definition.path,
      (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) => {
        counter.calls++;
        const key = call.request.toString("latin1");
        let message = answers.get(key);
        if (message === undefined) {
          message = definition.responseSerialize(read(definition.requestDeserialize(call.request)));
          if (answers.size < 10_000) answers.set(key, message);
        }
        callback(null, message);
      },
      (message) => message,
      (bytes) => bytes,
      "unary",
    );
  };
  answer("bench.catalog.CatalogService", "ListProducts", ({ first = 0 }) => {
    return { items: Array.from({ length: first === 0 ? 20 : first }, (_, number) => productOf(number)) };
  });
  answer("bench.inventory.InventoryService", "BatchGetStock", ({ productIds = [] }) => {
    return { items: productIds.map((id) => stockOf(numberOf(id))) };
  });
  return server;
}

interface Request {
  readonly first?: number;
  readonly productIds?: readonly string[];
}

/** Resolves to the port that the server listens on, on loopback. */
export async function listenGrpc(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
}
