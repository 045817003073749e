import { status } from "@grpc/grpc-js";
import { findRows } from "./find-rows.ts";
import { GrpcBackend, GrpcError, loadGrpcService } from "./grpc-backend.ts";
import type { RequestLog } from "./request-log.ts";
import { stockItem } from "./shop-data.ts";
import type { ShopData, StockItem } from "./shop-data.ts";

type BatchGetStockRequest = { readonly productIds: readonly string[] };

type QuantityRequest = { readonly productId: string; readonly quantity: number };

const domain = "inventory.shop.example";

/** The inventory team's service (gRPC). Reservations last until `reset` and leave `data` alone. */
export function createInventory(data: ShopData, log: RequestLog): GrpcBackend {
  const stock = new Map(data.stockByProductId);

  return new GrpcBackend(
    loadGrpcService("shop/inventory/v1/inventory.proto", "shop.inventory.v1.InventoryService"),
    {
      BatchGetStock: ({ productIds }: BatchGetStockRequest) => ({ items: findRows(stock, productIds) }),
      Reserve: (request: QuantityRequest) => {
        const item = readItem(stock, request);
        const { productId, quantity } = request;
        if (item.quantity < quantity) {
          const metadata = { productId, available: String(item.quantity) };
          throw new GrpcError(
            status.FAILED_PRECONDITION,
            `Only ${item.quantity} are left, not ${quantity}.`,
            [{ kind: "ErrorInfo", reason: "OUT_OF_STOCK", domain, metadata }],
          );
        }
        return change(stock, item, -quantity);
      },
      Release: (request: QuantityRequest) => {
        const item = readItem(stock, request);
        const { productId, quantity } = request;
        const reserved = (data.stockByProductId.get(productId)?.quantity ?? 0) - item.quantity;
        if (reserved < quantity) {
          throw new GrpcError(status.FAILED_PRECONDITION, `Only ${reserved} are reserved, not ${quantity}.`, [
            { kind: "ErrorInfo", reason: "NOT_RESERVED", domain, metadata: { productId } },
          ]);
        }
        return change(stock, item, quantity);
      },
    },
    log,
    () => {
      for (const [productId, item] of data.stockByProductId) stock.set(productId, item);
    },
  );
}

function readItem(
  stock: ReadonlyMap<string, StockItem>,
  { productId, quantity }: QuantityRequest,
): StockItem {
  if (quantity < 1) {
    const description = `Expected a quantity of at least 1, got ${quantity}.`;
    throw new GrpcError(status.INVALID_ARGUMENT, description, [
      { kind: "BadRequest", fieldViolations: [{ field: "quantity", description }] },
    ]);
  }
  const item = stock.get(productId);
  if (item === undefined) {
    throw new GrpcError(status.NOT_FOUND, `Nobody stocks the product "${productId}".`, [
      { kind: "ErrorInfo", reason: "NOT_STOCKED", domain, metadata: { productId } },
    ]);
  }
  return item;
}

function change(
  stock: Map<string, StockItem>,
  { productId, quantity, warehouse }: StockItem,
  by: number,
): StockItem {
  const changed = stockItem(productId, quantity + by, warehouse);
  stock.set(productId, changed);
  return changed;
}
