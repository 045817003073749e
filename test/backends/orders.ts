import { status } from "@grpc/grpc-js";
import { GrpcBackend, GrpcError, loadGrpcService } from "./grpc-backend.ts";
import { pageOf } from "./grpc-page.ts";
import type { RequestLog } from "./request-log.ts";
import type { ShopData } from "./shop-data.ts";

type ListOrdersRequest = { readonly first: number; readonly pageToken: string };

type GetOrderRequest = { readonly id: string };

type Metadata = Readonly<Record<string, string>>;

/** The orders team's service (gRPC): a user's own orders; the user is told by the metadata `x-user-id`. */
export function createOrders(data: ShopData, log: RequestLog): GrpcBackend {
  return new GrpcBackend(
    loadGrpcService("shop/orders/v1/orders.proto", "shop.orders.v1.OrdersService"),
    {
      ListOrders: (request: ListOrdersRequest, metadata: Metadata) => {
        const orders = data.ordersByUserId.get(readUserId(metadata)) ?? [];
        const { rows, ...rest } = pageOf(orders, request, { defaultFirst: 10, maxFirst: 100 });
        return { orders: rows, ...rest };
      },
      GetOrder: ({ id }: GetOrderRequest, metadata: Metadata) => {
        const userId = readUserId(metadata);
        const order = data.orderById.get(id);
        if (order?.userId !== userId) {
          throw new GrpcError(status.NOT_FOUND, `The user has no order "${id}".`);
        }
        return order;
      },
    },
    log,
  );
}

function readUserId(metadata: Metadata): string {
  const userId = metadata["x-user-id"];
  if (userId === undefined || userId === "") {
    throw new GrpcError(status.UNAUTHENTICATED, "Expected the metadata x-user-id.");
  }
  return userId;
}
