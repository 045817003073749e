import { status } from "@grpc/grpc-js";
import { GrpcBackend, GrpcError, loadGrpcService } from "./grpc-backend.ts";
import { pageOf } from "./grpc-page.ts";
import { toTimestamp } from "./protobuf-values.ts";
import type { RequestLog } from "./request-log.ts";
import { centsOf, euros } from "./shop-data.ts";
import type { Order, OrderLine, Payment, ShopData } from "./shop-data.ts";

type ListOrdersRequest = { readonly first: number; readonly pageToken: string };

type IdRequest = { readonly id: string };

type PlaceOrderRequest = {
  readonly lines: readonly { readonly productId: string; readonly quantity: number }[];
  readonly card?: { readonly number: string };
  readonly invoice?: { readonly days: number };
};

type Metadata = Readonly<Record<string, string>>;

const domain = "orders.shop.example";

/** The orders team's service (gRPC): a user's own orders; the user is told by the metadata `x-user-id`. */
export function createOrders(data: ShopData, log: RequestLog): GrpcBackend {
  const ordersById = new Map(data.orderById);
  /** Newest first. */
  const orderIdsByUserId = new Map<string, readonly string[]>();
  const ownOrderIds = (userId: string): readonly string[] =>
    orderIdsByUserId.get(userId) ?? (data.ordersByUserId.get(userId) ?? []).map(({ id }) => id);
  const readOwnOrder = (id: string, metadata: Metadata): Order => {
    const userId = readUserId(metadata);
    const order = ordersById.get(id);
    if (order?.userId === userId) return order;
    throw new GrpcError(status.NOT_FOUND, `The user has no order "${id}".`);
  };

  return new GrpcBackend(
    loadGrpcService("shop/orders/v1/orders.proto", "shop.orders.v1.OrdersService"),
    {
      ListOrders: (request: ListOrdersRequest, metadata: Metadata) => {
        const own = ownOrderIds(readUserId(metadata));
        const { rows, ...rest } = pageOf(own, request, { defaultFirst: 10, maxFirst: 100 });
        return { orders: rows.map((id) => toOrderMessage(readOwnOrder(id, metadata))), ...rest };
      },
      GetOrder: ({ id }: IdRequest, metadata: Metadata) => toOrderMessage(readOwnOrder(id, metadata)),
      PlaceOrder: (request: PlaceOrderRequest, metadata: Metadata) => {
        const userId = readUserId(metadata);
        const lines = readLines(data, request);
        const order: Order = {
          id: `o${ordersById.size + 1}`,
          userId,
          status: "PLACED",
          placedAt: wholeSecond(Date.now()),
          lines,
          total: euros(lines.reduce((sum, line) => sum + line.quantity * centsOf(line.unitPrice), 0)),
          payment: readPayment(request, ordersById.size + 1),
        };
        orderIdsByUserId.set(userId, [order.id, ...ownOrderIds(userId)]);
        ordersById.set(order.id, order);
        return { order: toOrderMessage(order) };
      },
      CancelOrder: ({ id }: IdRequest, metadata: Metadata) => {
        const order = readOwnOrder(id, metadata);
        if (order.status !== "PLACED" && order.status !== "CANCELLED") {
          throw new GrpcError(status.FAILED_PRECONDITION, `The order "${id}" is ${order.status}.`, [
            { kind: "ErrorInfo", reason: "ALREADY_SHIPPED", domain, metadata: { id, status: order.status } },
          ]);
        }
        const cancelled: Order = { ...order, status: "CANCELLED" };
        ordersById.set(id, cancelled);
        return toOrderMessage(cancelled);
      },
    },
    log,
    () => {
      orderIdsByUserId.clear();
      ordersById.clear();
      for (const [id, order] of data.orderById) ordersById.set(id, order);
    },
  );
}

/** An order as `shop.orders.v1.Order`, with every field that a decoded one has. */
export function toOrderMessage({ payment, ...order }: Order): object {
  if (payment.kind === "card") {
    return { ...order, card: { network: payment.network, lastDigits: payment.lastDigits } };
  }
  return { ...order, invoice: { number: payment.number, dueAt: toTimestamp(payment.dueAt) } };
}

function readUserId(metadata: Metadata): string {
  const userId = metadata["x-user-id"];
  if (userId === undefined || userId === "") {
    throw new GrpcError(status.UNAUTHENTICATED, "Expected the metadata x-user-id.");
  }
  return userId;
}

function readLines(data: ShopData, { lines }: PlaceOrderRequest): OrderLine[] {
  if (lines.length === 0) throw invalid("lines", "Expected at least one line, got none.");
  return lines.map(({ productId, quantity }, index) => {
    if (quantity < 1 || quantity > 100) {
      throw invalid(`lines[${index}].quantity`, `Expected a quantity from 1 to 100, got ${quantity}.`);
    }
    const product = data.productById.get(productId);
    if (product === undefined) {
      throw new GrpcError(status.NOT_FOUND, `There is no product "${productId}".`, [
        { kind: "ErrorInfo", reason: "UNKNOWN_PRODUCT", domain, metadata: { id: productId } },
      ]);
    }
    return { productId, quantity, unitPrice: product.price };
  });
}

function readPayment({ card, invoice }: PlaceOrderRequest, orderNumber: number): Payment {
  if (card !== undefined) {
    if (!/^\d{12,19}$/.test(card.number)) throw invalid("card.number", "Expected 12 to 19 digits.");
    const network = card.number.startsWith("4") ? "VISA" : "MASTERCARD";
    return { kind: "card", network, lastDigits: card.number.slice(-4) };
  }
  if (invoice === undefined) throw invalid("payment", "Expected a card or an invoice, got neither.");
  if (invoice.days !== 14 && invoice.days !== 30) {
    throw invalid("invoice.days", `Expected 14 or 30, got ${invoice.days}.`);
  }
  const dueAt = wholeSecond(Date.now() + invoice.days * 86_400_000);
  return { kind: "invoice", number: `INV-${orderNumber}`, dueAt };
}

function wholeSecond(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

function invalid(field: string, description: string): GrpcError {
  return new GrpcError(status.INVALID_ARGUMENT, description, [
    { kind: "BadRequest", fieldViolations: [{ field, description }] },
  ]);
}
