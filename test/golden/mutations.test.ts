import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type GraphqlAnswer, startTestGateway, type TestGateway } from "../support/test-gateway.ts";

// What the shop's apps can change: what the backends were sent, in which order, and what is true afterwards.

let test: TestGateway;
let token: string;

beforeAll(async () => {
  test = await startTestGateway({ LOG_LEVEL: "silent" });
  token = await test.issuer.issueToken("u1", 600);
});
afterAll(() => test.stop());
beforeEach(() => test.shop.clearLogs());
afterEach(() => test.shop.reset());

function pathsAndCodes({ errors }: GraphqlAnswer): string[] {
  return errors.map(({ path = [], extensions }) => `${path.join(".")} ${extensions.code}`);
}

function quantityOf(productId: string): number {
  return test.shop.data.stockByProductId.get(productId)?.quantity ?? 0;
}

describe("orders", () => {
  const lines = [
    { productId: "p1", quantity: 2 },
    { productId: "p2", quantity: 1 },
  ];
  const placeOrder = `mutation ($lines: [OrderLineInput!]!, $payment: PaymentInput!) {
    placeOrder(lines: $lines, payment: $payment) {
      order { id status lines { quantity product { name } } }
      viewer { orders(first: 2) { totalCount items { id status } } }
    }
  }`;

  it("without a line are refused by the backend, not passed over in silence", async () => {
    const variables = { lines: [], payment: { card: { cardNumber: "4111111111111111" } } };
    const answer = await test.query(placeOrder, { variables, token });
    expect(answer.data).toEqual({ placeOrder: null });
    expect(pathsAndCodes(answer)).toEqual(["placeOrder UPSTREAM_REJECTED"]);
    expect(test.shop.calls()).toEqual(["orders PlaceOrder"]);
  });

  it("are not placed with a null where a value is needed, and the client is told of its mistake", async () => {
    const answer = await test.query(
      `mutation ($quantity: Int, $days: InvoiceInput) { reserve(productId: "p1", quantity: $quantity) { quantity }
        placeOrder(lines: [], payment: { invoice: $days }) { order { id } } }`,
      { variables: { quantity: null }, token },
    );
    expect(answer.data).toEqual({ reserve: null, placeOrder: null });
    expect(answer.errors.map(({ message, path, extensions }) => [path, extensions.code, message])).toEqual([
      [["reserve"], "BAD_USER_INPUT", 'Argument "quantity" of non-null type "Int!" must not be null.'],
      [["placeOrder"], "BAD_USER_INPUT", 'Argument "payment" has invalid value {invoice: $days}.'],
    ]);
    expect(test.shop.calls()).toEqual([]);
  });

  it("are placed, and the group in the payload reads what is true afterwards", async () => {
    const variables = { lines, payment: { card: { cardNumber: "4111111111111111" } } };
    const { data, errors } = await test.query(placeOrder, { variables, token });
    const { ordersByUserId, productById } = test.shop.data;
    const mine = ordersByUserId.get("u1") ?? [];
    expect(errors).toEqual([]);
    expect(data).toEqual({
      placeOrder: {
        order: {
          id: "o5001",
          status: "PLACED",
          lines: lines.map(({ productId, quantity }) => ({
            quantity,
            product: { name: productById.get(productId)?.name },
          })),
        },
        viewer: {
          orders: {
            totalCount: mine.length + 1,
            items: [
              { id: "o5001", status: "PLACED" },
              { id: mine[0]?.id, status: mine[0]?.status },
            ],
          },
        },
      },
    });
    expect(test.shop.calls()[0]).toBe("orders PlaceOrder");
    expect(test.shop.calls().slice(1).toSorted()).toEqual(["catalog BatchGetProducts", "orders ListOrders"]);
    const [sent] = test.shop.orders.log.entries;
    expect(sent?.message).toEqual({ lines, card: { number: "4111111111111111" } });
    expect(sent?.headers["x-user-id"]).toBe("u1");
  });

  it("are placed and cancelled one after the other, and read anew each time", async () => {
    const { data, errors } = await test.query(
      `mutation {
        first: placeOrder(lines: [{ productId: "p3", quantity: 1 }], payment: { invoice: { days: 14 } }) { viewer { order(id: "o5001") { status } } }
        cancelOrder(id: "o5001") { id status }
        again: cancelOrder(id: "o5001") { status }
        second: placeOrder(lines: [{ productId: "p3", quantity: 1 }], payment: { invoice: { days: 30 } }) { order { id } viewer { order(id: "o5001") { status } } }
      }`,
      { token },
    );
    expect(errors).toEqual([]);
    expect(data).toEqual({
      first: { viewer: { order: { status: "PLACED" } } },
      cancelOrder: { id: "o5001", status: "CANCELLED" },
      again: { status: "CANCELLED" },
      second: { order: { id: "o5002" }, viewer: { order: { status: "CANCELLED" } } },
    });
    expect(test.shop.calls()).toEqual([
      "orders PlaceOrder",
      "orders GetOrder",
      "orders CancelOrder",
      "orders CancelOrder",
      "orders PlaceOrder",
      "orders GetOrder",
    ]);
  });

  it("are paid in one way", async () => {
    const both = { card: { cardNumber: "4111111111111111" }, invoice: { days: 14 } };
    const answer = await test.query(placeOrder, { variables: { lines, payment: both }, token });
    expect(answer.errors.map(({ extensions }) => extensions.code)).toEqual(["BAD_USER_INPUT"]);
    expect(test.shop.calls()).toEqual([]);
  });

  it("are not placed by a guest: nothing is sent", async () => {
    const answer = await test.query(placeOrder, { variables: { lines, payment: { invoice: { days: 14 } } } });
    expect(pathsAndCodes(answer)).toEqual(["placeOrder UNAUTHORIZED_FIELD_OR_TYPE"]);
    expect(answer.data).toEqual({ placeOrder: null });
    expect(test.shop.calls()).toEqual([]);
  });

  it("that are refused cost their own field, and what follows is done", async () => {
    const answer = await test.query(
      `mutation {
        bad: placeOrder(lines: [{ productId: "nope", quantity: 1 }], payment: { invoice: { days: 14 } }) { order { id } }
        good: placeOrder(lines: [{ productId: "p1", quantity: 1 }], payment: { invoice: { days: 14 } }) { order { id } }
      }`,
      { token },
    );
    expect(answer.errors).toMatchObject([
      {
        path: ["bad"],
        message: "A product of the order does not exist.",
        extensions: { code: "UPSTREAM_REJECTED", upstreamCode: "UNKNOWN_PRODUCT" },
      },
    ]);
    expect(answer.data).toEqual({ bad: null, good: { order: { id: "o5001" } } });
    expect(test.shop.calls()).toEqual(["orders PlaceOrder", "orders PlaceOrder"]);
  });
});

describe("what the backends refuse", () => {
  it.each([
    [
      'placeOrder(lines: [{ productId: "p1", quantity: 101 }], payment: { invoice: { days: 14 } }) { order { id } }',
      "INVALID_ORDER",
      "Expected a quantity from 1 to 100, got 101.",
    ],
    ['cancelOrder(id: "<delivered>") { id }', "ALREADY_SHIPPED", 'The order "<delivered>" is DELIVERED.'],
    ['reserve(productId: "p100") { quantity }', "NOT_STOCKED", "Nobody stocks this product."],
  ])("is told as its source schema lets through: %s", async (mutation, upstreamCode, message) => {
    const id =
      test.shop.data.ordersByUserId.get("u1")?.find(({ status }) => status === "DELIVERED")?.id ?? "";
    const answer = await test.query(`mutation { field: ${mutation.replace("<delivered>", id)} }`, { token });
    expect(answer.data).toEqual({ field: null });
    expect(answer.errors).toMatchObject([
      {
        path: ["field"],
        message: message.replace("<delivered>", id),
        extensions: { code: "UPSTREAM_REJECTED", upstreamCode },
      },
    ]);
    expect(test.shop.calls()).toHaveLength(1);
  });

  it("and what no rule lets through stays inside", async () => {
    const answer = await test.query('mutation { release(productId: "p1") { quantity } }');
    expect(answer.errors.map(({ extensions }) => extensions)).toEqual([{ code: "UPSTREAM_REJECTED" }]);
    expect(answer.text).not.toContain("reserved");
  });
});

describe("stock", () => {
  it("is reserved and released, each with the default that the web's schema has", async () => {
    const { data, errors } = await test.query(
      `mutation { reserve(productId: "p1", quantity: 2) { quantity product { id stock { quantity } } } release(productId: "p1") { quantity } }`,
    );
    expect(errors).toEqual([]);
    const left = quantityOf("p1") - 2;
    expect(data).toEqual({
      reserve: { quantity: left, product: { id: "p1", stock: { quantity: left } } },
      release: { quantity: left + 1 },
    });
    expect(test.shop.calls()).toEqual(["inventory Reserve", "inventory BatchGetStock", "inventory Release"]);
    expect(test.shop.inventory.log.entries[2]?.message).toEqual({ productId: "p1", quantity: 1 });
  });

  it("is reserved from the app, which reads its first screen in the same request", async () => {
    const [featured] = test.shop.data.featuredProducts;
    const { data, errors } = await test.query(
      `mutation ($id: ID!) { reserve(productId: $id) { left home { unread featured(first: 1) { id inStock } } } }`,
      { bff: "mobile", variables: { id: featured?.id }, token },
    );
    expect(errors).toEqual([]);
    const left = quantityOf(featured?.id ?? "") - 1;
    expect(left).toBeGreaterThanOrEqual(0);
    expect(data).toEqual({
      reserve: {
        left,
        home: {
          unread: test.shop.data.notificationsByUserId.get("u1")?.unreadCount,
          featured: [{ id: featured?.id, inStock: left > 0 }],
        },
      },
    });
    expect(test.shop.calls()[0]).toBe("inventory Reserve");
    expect(test.shop.calls().slice(1).toSorted()).toEqual([
      "accounts GET /users/u1/notifications",
      "catalog ListProducts",
      "inventory BatchGetStock",
    ]);
  });

  it("that is not there is not reserved, and a failing backend is not asked twice", async () => {
    const refused = await test.query(
      `mutation { reserve(productId: "p1", quantity: ${quantityOf("p1") + 1}) { quantity } }`,
    );
    expect(refused.errors).toMatchObject([
      {
        path: ["reserve"],
        message: "There are not that many left.",
        extensions: { code: "UPSTREAM_REJECTED", upstreamCode: "OUT_OF_STOCK" },
      },
    ]);
    test.shop.inventory.faults.set({ method: "Reserve", fault: "status:14", times: 1 });
    const failed = await test.query('mutation { reserve(productId: "p1") { quantity } }');
    expect(pathsAndCodes(failed)).toEqual(["reserve UPSTREAM_UNREACHABLE"]);
    expect(test.shop.calls()).toEqual(["inventory Reserve", "inventory Reserve"]);
  });
});
