import { status } from "@grpc/grpc-js";
import { findRows } from "./find-rows.ts";
import { GrpcBackend, GrpcError, loadGrpcService } from "./grpc-backend.ts";
import type { RequestLog } from "./request-log.ts";
import { stockItem } from "./shop-data.ts";
import type { ShopData } from "./shop-data.ts";

type BatchGetStockRequest = { readonly productIds: readonly string[] };

type ReserveRequest = { readonly productId: string; readonly quantity: number };

/** The inventory team's service (gRPC). Reservations last as long as this backend and leave `data` alone. */
export function createInventory(data: ShopData, log: RequestLog): GrpcBackend {
  const stock = new Map(data.stockByProductId);

  return new GrpcBackend(
    loadGrpcService("shop/inventory/v1/inventory.proto", "shop.inventory.v1.InventoryService"),
    {
      BatchGetStock: ({ productIds }: BatchGetStockRequest) => ({ items: findRows(stock, productIds) }),
      Reserve: ({ productId, quantity }: ReserveRequest) => {
        if (quantity < 1) {
          throw new GrpcError(status.INVALID_ARGUMENT, `Expected a quantity of at least 1, got ${quantity}.`);
        }
        const item = stock.get(productId);
        if (item === undefined) {
          throw new GrpcError(status.NOT_FOUND, `Nobody stocks the product "${productId}".`);
        }
        if (item.quantity < quantity) {
          throw new GrpcError(status.FAILED_PRECONDITION, `Only ${item.quantity} are left, not ${quantity}.`);
        }
        const rest = stockItem(productId, item.quantity - quantity, item.warehouse);
        stock.set(productId, rest);
        return rest;
      },
    },
    log,
  );
}
