import { Client, credentials, Metadata } from "@grpc/grpc-js";
import type { GrpcBackend } from "./grpc-backend.ts";
import { loadGrpcService } from "./grpc-backend.ts";

const services = {
  ...loadGrpcService("shop/catalog/v1/catalog.proto", "shop.catalog.v1.CatalogService"),
  ...loadGrpcService("shop/inventory/v1/inventory.proto", "shop.inventory.v1.InventoryService"),
  ...loadGrpcService("shop/orders/v1/orders.proto", "shop.orders.v1.OrdersService"),
};

/** One call over a connection of its own, with 5 seconds to answer. */
export async function callGrpc(
  backend: GrpcBackend,
  method: string,
  request: object,
  options: { metadata?: Record<string, string>; signal?: AbortSignal } = {},
): Promise<Record<string, unknown>> {
  const definition = services[method];
  if (definition === undefined) throw new Error(`Expected a method of the shop, got ${method}.`);
  const client = new Client(new URL(backend.url).host, credentials.createInsecure(), {
    "grpc.use_local_subchannel_pool": 1,
  });
  try {
    return await new Promise((resolve, reject) => {
      const call = client.makeUnaryRequest(
        definition.path,
        definition.requestSerialize,
        definition.responseDeserialize,
        request,
        Metadata.fromHttp2Headers(options.metadata ?? {}),
        { deadline: Date.now() + 5000 },
        (error, response) => {
          if (error === null) resolve({ ...response });
          else reject(error);
        },
      );
      options.signal?.addEventListener("abort", () => {
        call.cancel();
      });
    });
  } finally {
    client.close();
  }
}
