import { status } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { callGrpc } from "./call-grpc.ts";
import { toProductMessage } from "./catalog-message.ts";
import { toOrderMessage } from "./orders.ts";
import { estimateDelivery } from "./shipping.ts";
import type { Shop } from "./shop.ts";
import { startShop } from "./shop.ts";

let shop: Shop;
beforeAll(async () => {
  shop = await startShop();
});
afterAll(() => shop.stop());
afterEach(() => shop.reset());

const u1 = { "x-user-id": "u1" };

interface SentRequest {
  readonly method?: string;
  readonly body?: unknown;
  readonly userId?: string | null;
}

/** One request in the name of u1, or of nobody (null). */
async function send(url: string, { method = "GET", body, userId = "u1" }: SentRequest = {}) {
  const response = await fetch(url, {
    method,
    headers: userId === null ? {} : { "x-user-id": userId },
    ...(body !== undefined && { body: body instanceof URLSearchParams ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === "" ? null : (JSON.parse(text) as unknown),
  };
}

/** What a failed call's trailer `grpc-status-details-bin` holds, decoded. */
async function detailsOf(call: Promise<unknown>): Promise<unknown> {
  const error: unknown = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  const { metadata } = error as { metadata: { get(name: string): readonly Buffer[] } };
  const [bytes = Buffer.alloc(0)] = metadata.get("grpc-status-details-bin");
  const definitions = loadSync("test/backends/rich-status.proto", { enums: String });
  const decode = (message: string, from: Uint8Array): object => {
    const definition = definitions[`google.rpc.${message}`];
    if (
      definition === undefined ||
      !("deserialize" in definition) ||
      typeof definition.deserialize !== "function"
    )
      throw new Error(`expected ${message}`);
    return definition.deserialize(Buffer.from(from));
  };
  const { details, ...rest } = decode("Status", bytes) as {
    details: readonly { typeUrl: string; value: Uint8Array }[];
  };
  return {
    ...rest,
    details: details.map(({ typeUrl, value }) => decode(typeUrl.split("google.rpc.")[1] ?? "", value)),
  };
}

describe("catalog", () => {
  test("sends one product, whole or by a mask", async () => {
    const [product] = shop.data.products;
    if (product === undefined) throw new Error("expected p1");
    expect(await callGrpc(shop.catalog, "GetProduct", { id: "p1" })).toEqual(toProductMessage(product));
    const request = { id: "p1", readMask: { paths: ["name", "weight_grams"] } };
    expect(await callGrpc(shop.catalog, "GetProduct", request)).toMatchObject({
      id: "",
      name: product.name,
      weightGrams: product.weightGrams,
      price: null,
    });
  });

  test("sends every kind of medium, and none", async () => {
    const ids = ["p1", "p5", "p7", "p10"];
    const found = await Promise.all(ids.map((id) => callGrpc(shop.catalog, "GetProduct", { id })));
    expect(
      found.map((product) => Object.keys(product).filter((name) => /^(image|video)$/.test(name))),
    ).toEqual([["image"], ["video"], [], ["video"]]);
    expect(found[3]?.["details"]).toBeNull();
  });

  test("refuses with details", async () => {
    expect(await detailsOf(callGrpc(shop.catalog, "GetProduct", { id: "nope" }))).toEqual({
      code: status.NOT_FOUND,
      message: 'There is no product "nope".',
      details: [{ reason: "UNKNOWN_PRODUCT", domain: "catalog.shop.example", metadata: { id: "nope" } }],
    });
    const request = { id: "p1", readMask: { paths: ["name", "nmae"] } };
    expect(await detailsOf(callGrpc(shop.catalog, "GetProduct", request))).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: [{ fieldViolations: [{ field: "read_mask", description: "Product has no field nmae." }] }],
    });
  });
});

describe("inventory", () => {
  test("releases what was reserved, and no more", async () => {
    const { quantity = 0 } = shop.data.stockByProductId.get("p1") ?? {};
    expect(quantity).toBeGreaterThan(1);
    await callGrpc(shop.inventory, "Reserve", { productId: "p1", quantity: 2 });
    const released = await callGrpc(shop.inventory, "Release", { productId: "p1", quantity: 1 });
    expect(released).toMatchObject({ productId: "p1", quantity: quantity - 1 });
    expect(
      await detailsOf(callGrpc(shop.inventory, "Release", { productId: "p1", quantity: 2 })),
    ).toMatchObject({
      code: status.FAILED_PRECONDITION,
      details: [{ reason: "NOT_RESERVED" }],
    });
  });

  test("says why it can't reserve", async () => {
    const { quantity = 0 } = shop.data.stockByProductId.get("p1") ?? {};
    const request = { productId: "p1", quantity: quantity + 1 };
    expect(await detailsOf(callGrpc(shop.inventory, "Reserve", request))).toEqual({
      code: status.FAILED_PRECONDITION,
      message: `Only ${quantity} are left, not ${quantity + 1}.`,
      details: [
        {
          reason: "OUT_OF_STOCK",
          domain: "inventory.shop.example",
          metadata: { productId: "p1", available: String(quantity) },
        },
      ],
    });
  });

  test("forgets reservations on reset", async () => {
    await callGrpc(shop.inventory, "Reserve", { productId: "p1", quantity: 1 });
    shop.reset();
    const { items } = await callGrpc(shop.inventory, "BatchGetStock", { productIds: ["p1"] });
    expect(items).toEqual([shop.data.stockByProductId.get("p1")]);
  });
});

describe("orders", () => {
  const lines = [
    { productId: "p1", quantity: 2 },
    { productId: "p2", quantity: 1 },
  ];

  test("are placed by card, listed first, and cancelled", async () => {
    const request = { lines, card: { number: "4111111111111111" } };
    const { order } = await callGrpc(shop.orders, "PlaceOrder", request, { metadata: u1 });
    expect(order).toMatchObject({
      id: "o5001",
      userId: "u1",
      status: "PLACED",
      lines: lines.map(({ productId, quantity }) => ({
        productId,
        quantity,
        unitPrice: shop.data.productById.get(productId)?.price,
      })),
      card: { network: "VISA", lastDigits: "1111" },
    });
    const { orders, totalCount } = await callGrpc(shop.orders, "ListOrders", { first: 1 }, { metadata: u1 });
    expect([orders, totalCount]).toEqual([[order], (shop.data.ordersByUserId.get("u1")?.length ?? 0) + 1]);
    const cancelled = await callGrpc(shop.orders, "CancelOrder", { id: "o5001" }, { metadata: u1 });
    expect(cancelled).toEqual({ ...Object(order), status: "CANCELLED" });

    shop.reset();
    const [first] = shop.data.ordersByUserId.get("u1") ?? [];
    const page = await callGrpc(shop.orders, "ListOrders", { first: 1 }, { metadata: u1 });
    expect(page["orders"]).toEqual(first === undefined ? [] : [toOrderMessage(first)]);
  });

  test("are placed by invoice", async () => {
    const request = { lines, invoice: { days: 30 } };
    const { order } = await callGrpc(shop.orders, "PlaceOrder", request, { metadata: u1 });
    expect(order).toMatchObject({ invoice: { number: "INV-5001", dueAt: { nanos: 0 } } });
  });

  test.each([
    [{ lines: [], card: { number: "4111111111111111" } }, "lines"],
    [
      { lines: [{ productId: "p1", quantity: 101 }], card: { number: "4111111111111111" } },
      "lines[0].quantity",
    ],
    [{ lines, card: { number: "4111" } }, "card.number"],
    [{ lines, invoice: { days: 7 } }, "invoice.days"],
    [{ lines }, "payment"],
  ])("refuse %o", async (request, field) => {
    const call = callGrpc(shop.orders, "PlaceOrder", request, { metadata: u1 });
    expect(await detailsOf(call)).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: [{ fieldViolations: [{ field }] }],
    });
  });

  test("name an unknown product, and what can't be cancelled any more", async () => {
    const request = { lines: [{ productId: "nope", quantity: 1 }], invoice: { days: 14 } };
    expect(await detailsOf(callGrpc(shop.orders, "PlaceOrder", request, { metadata: u1 }))).toMatchObject({
      code: status.NOT_FOUND,
      details: [{ reason: "UNKNOWN_PRODUCT", metadata: { id: "nope" } }],
    });
    const shipped = shop.data.ordersByUserId.get("u1")?.find((order) => order.status === "DELIVERED");
    const call = callGrpc(shop.orders, "CancelOrder", { id: shipped?.id }, { metadata: u1 });
    expect(await detailsOf(call)).toMatchObject({
      code: status.FAILED_PRECONDITION,
      details: [{ reason: "ALREADY_SHIPPED", metadata: { status: "DELIVERED" } }],
    });
    await expect(
      callGrpc(shop.orders, "CancelOrder", { id: shipped?.id }, { metadata: { "x-user-id": "u2" } }),
    ).rejects.toMatchObject({ code: status.NOT_FOUND });
  });
});

describe("reviews", () => {
  const draft = { productId: "p961", stars: 5, title: "Fine", body: "Does what it should." };

  test("are written, changed and taken away by their author, and ratings follow", async () => {
    const { url } = shop.reviews;
    const written = await send(`${url}/reviews`, { method: "POST", body: draft });
    const id = `r${shop.data.reviews.length + 1}`;
    expect(written).toMatchObject({ status: 201, body: { ...draft, id, authorId: "u1" } });
    expect(written.headers.get("location")).toBe(`/reviews/${id}`);
    expect((await send(`${url}/ratings?ids=p961`)).body).toEqual([
      { productId: "p961", average: 5, count: 1 },
    ]);
    expect((await send(`${url}/users/u1/reviews?first=1`)).body).toMatchObject({ data: [{ id }] });

    const changed = await send(`${url}/reviews/${id}`, { method: "PATCH", body: { stars: 2 } });
    expect(changed).toMatchObject({ status: 200, body: { ...draft, stars: 2, id } });
    expect((await send(`${url}/reviews?productIds=p961`)).body).toEqual({ data: [changed.body] });
    expect((await send(`${url}/ratings?ids=p961`)).body).toMatchObject([{ average: 2 }]);

    expect(await send(`${url}/reviews/${id}`, { method: "DELETE" })).toMatchObject({
      status: 204,
      body: null,
    });
    expect((await send(`${url}/reviews/${id}`)).status).toBe(404);
    expect((await send(`${url}/ratings?ids=p961`)).body).toEqual([]);
  });

  test("are forgotten on reset", async () => {
    await send(`${shop.reviews.url}/reviews`, { method: "POST", body: draft });
    shop.reset();
    expect((await send(`${shop.reviews.url}/reviews?productIds=p961`)).body).toEqual({ data: [] });
    expect((await send(`${shop.reviews.url}/reviews`, { method: "POST", body: draft })).status).toBe(201);
  });

  test.each([
    [{ ...draft, stars: 6 }, 422, "INVALID_STARS"],
    [{ ...draft, stars: 4.5 }, 422, "INVALID_STARS"],
    [{ ...draft, body: " x" }, 422, "BODY_TOO_SHORT"],
    [{ ...draft, title: "x".repeat(81) }, 422, "INVALID_TITLE"],
    [{ ...draft, productId: "nope" }, 422, "UNKNOWN_PRODUCT"],
  ])("refuse %o", async (body, expected, code) => {
    const answer = await send(`${shop.reviews.url}/reviews`, { method: "POST", body });
    expect(answer).toMatchObject({ status: expected, body: { error: { code } } });
  });

  test("are one for each author and product, and nobody else's", async () => {
    const { url } = shop.reviews;
    const [theirs] = shop.data.reviewsByProductId.get("p1") ?? [];
    const { id, authorId, productId } = theirs ?? { id: "", authorId: "", productId: "" };
    const again = { method: "POST", body: { ...draft, productId }, userId: authorId };
    expect(await send(`${url}/reviews`, again)).toMatchObject({
      status: 409,
      body: { error: { code: "ALREADY_REVIEWED" } },
    });
    for (const method of ["PATCH", "DELETE"]) {
      const stranger = await send(`${url}/reviews/${id}`, { method, body: {}, userId: "nobody" });
      expect(stranger).toMatchObject({ status: 403, body: { error: { code: "NOT_YOURS" } } });
      expect((await send(`${url}/reviews/${id}`, { method, body: {}, userId: null })).status).toBe(401);
    }
  });

  test("come in pages that link to each other", async () => {
    const all = shop.data.reviewsByProductId.get("p1") ?? [];
    expect(all.length).toBeGreaterThan(2);
    const seen: unknown[] = [];
    let next: string | undefined = "/products/p1/reviews?per_page=2";
    while (next !== undefined) {
      const { body, headers } = await send(shop.reviews.url + next);
      expect(headers.get("x-total-count")).toBe(String(all.length));
      seen.push(...(body as unknown[]));
      next = /<([^>]+)>; rel="next"/.exec(headers.get("link") ?? "")?.[1];
    }
    expect(seen).toEqual(all);
    const none = await send(`${shop.reviews.url}/products/p961/reviews`);
    expect([none.body, none.headers.get("link")]).toEqual([[], null]);
  });

  test("come in pages with numbers, the latest first", async () => {
    const { body } = await send(`${shop.reviews.url}/reviews/latest?page=2&pageSize=3`);
    const newest = shop.data.reviews.toSorted((a, b) => b.createdAt.localeCompare(a.createdAt)).slice(3, 6);
    expect(body).toEqual({ rows: newest, page: 2, pageCount: 3334, totalCount: 10_000 });
    expect((await send(`${shop.reviews.url}/reviews/latest?page=0`)).status).toBe(400);
  });

  test("are searched by POST", async () => {
    const asked = { text: "pratique", minStars: 5, productIds: ["p1", "p2", "p3"], pageSize: 100 };
    const { body } = await send(`${shop.reviews.url}/reviews/search`, { method: "POST", body: asked });
    const wanted = shop.data.reviews.filter(
      (review) =>
        asked.productIds.includes(review.productId) && review.stars === 5 && review.body.includes("pratique"),
    );
    expect(wanted.length).toBeGreaterThan(0);
    expect((body as { rows: unknown[] }).rows).toHaveLength(wanted.length);
    const refused = await send(`${shop.reviews.url}/reviews/search`, { method: "POST", body: { text: 7 } });
    expect(refused).toMatchObject({ status: 422, body: { error: { code: "INVALID_TEXT" } } });
  });
});

describe("accounts", () => {
  test("merge what is changed: null clears, absent stays", async () => {
    const { url } = shop.accounts;
    const before = shop.data.userById.get("u1");
    const body = { name: "Åsa", email: null, address: { city: "Umeå" } };
    const changed = await send(`${url}/users/u1`, { method: "PATCH", body });
    const { email: _email, ...rest } = before ?? {};
    expect(changed).toMatchObject({ status: 200 });
    expect(changed.body).toEqual({ ...rest, name: "Åsa", address: { ...before?.address, city: "Umeå" } });
    expect((await send(`${url}/users?ids=u1`)).body).toEqual([changed.body]);
    shop.reset();
    expect((await send(`${url}/users/u1`)).body).toEqual(before);
  });

  test.each([
    [{ name: null }, 422, "NAME_REQUIRED"],
    [{ email: "nobody" }, 422, "INVALID_EMAIL"],
    [{ email: "<u2>" }, 409, "EMAIL_TAKEN"],
  ])("refuse %o", async (patch, expected, code) => {
    const email = shop.data.userById.get("u2")?.email;
    const body = "email" in patch && patch.email === "<u2>" ? { email } : patch;
    const answer = await send(`${shop.accounts.url}/users/u1`, { method: "PATCH", body });
    expect(answer).toMatchObject({ status: expected, body: { error: { code } } });
  });

  test("are one's own", async () => {
    const { url } = shop.accounts;
    expect((await send(`${url}/users/u2`, { method: "PATCH", body: {} })).status).toBe(403);
    expect((await send(`${url}/users/u2/wishes`)).status).toBe(403);
    expect((await send(`${url}/users/u1/wishes`, { userId: null })).status).toBe(401);
  });

  test("take an address as a whole", async () => {
    const address = { street: "Storgatan 1", city: "Umeå", postalCode: "90326", country: "SE" };
    const { url } = shop.accounts;
    expect(await send(`${url}/users/u1/address`, { method: "PUT", body: address })).toMatchObject({
      status: 200,
      body: address,
    });
    expect((await send(`${url}/users/u1`)).body).toMatchObject({ address });
    const { city: _city, ...part } = address;
    expect(await send(`${url}/users/u1/address`, { method: "PUT", body: part })).toMatchObject({
      status: 422,
      body: { error: { code: "ADDRESS_INCOMPLETE" } },
    });
  });

  test("take a form for the newsletter", async () => {
    const url = `${shop.accounts.url}/users/u1/newsletter`;
    const body = new URLSearchParams([
      ["topic", "garden"],
      ["topic", "lighting"],
      ["frequency", "monthly"],
    ]);
    expect(await send(url, { method: "POST", body })).toMatchObject({
      status: 200,
      body: { topics: ["garden", "lighting"], frequency: "monthly" },
    });
    expect((await send(url, { method: "POST", body: { topic: "garden" } })).status).toBe(415);
    expect(
      (await send(url, { method: "POST", body: new URLSearchParams({ frequency: "weekly" }) })).body,
    ).toMatchObject({
      error: { code: "TOPIC_REQUIRED" },
    });
    expect((await send(url, { method: "DELETE" })).status).toBe(204);
    expect((await send(url, { method: "DELETE" })).body).toMatchObject({ error: { code: "NOT_SUBSCRIBED" } });
  });

  test("answer HEAD", async () => {
    expect((await send(`${shop.accounts.url}/users/u1`, { method: "HEAD" })).status).toBe(200);
    expect((await send(`${shop.accounts.url}/users/nope`, { method: "HEAD" })).status).toBe(404);
  });

  test("have notifications of three kinds, which can be read", async () => {
    const { items = [], unreadCount = 0 } = shop.data.notificationsByUserId.get("u1") ?? {};
    expect(new Set(items.map(({ type }) => type))).toEqual(
      new Set(["order_shipped", "review_reply", "price_drop"]),
    );
    const unread = items.find(({ read }) => !read);
    const { body } = await send(`${shop.accounts.url}/users/u1/notifications/read`, {
      method: "POST",
      body: { ids: [unread?.id, "nope"] },
    });
    expect(body).toMatchObject({ unreadCount: unreadCount - 1 });
    expect((await send(`${shop.accounts.url}/users/u1/notifications`)).body).toEqual(body);
  });

  test("have wish lists in pages with cursors", async () => {
    const url = `${shop.accounts.url}/users/u1/wishes`;
    const wishes = shop.data.wishListByUserId.get("u1") ?? [];
    expect(wishes).toHaveLength(8);
    const first = await send(`${url}?limit=5`);
    expect(first.body).toMatchObject({ items: wishes.slice(0, 5), totalCount: 8 });
    const { nextCursor } = first.body as { nextCursor: string };
    expect((await send(`${url}?limit=5&cursor=${nextCursor}`)).body).toEqual({
      items: wishes.slice(5),
      nextCursor: null,
      totalCount: 8,
    });
    expect((await send(`${url}?cursor=nonsense`)).status).toBe(400);

    const wished = wishes[0]?.productId ?? "";
    expect((await send(`${url}/${wished}`, { method: "PUT" })).status).toBe(200);
    expect((await send(`${url}/p961`, { method: "PUT" })).status).toBe(201);
    expect((await send(url)).body).toMatchObject({
      items: [{ productId: "p961" }, {}, {}, {}, {}],
      totalCount: 9,
    });
    expect((await send(`${url}/p961`, { method: "DELETE" })).status).toBe(204);
    expect((await send(`${url}/p961`, { method: "DELETE" })).body).toMatchObject({
      error: { code: "NOT_WISHED" },
    });
    expect((await send(`${url}/nope`, { method: "PUT" })).body).toMatchObject({
      error: { code: "UNKNOWN_PRODUCT" },
    });
  });
});

describe("shipping", () => {
  test("knows classes and returns", async () => {
    const { body } = await send(`${shop.shipping.url}/products?ids=p1&ids=nope`);
    expect(body).toEqual([{ productId: "p1", parcelClass: "PARCEL", returnDays: 60 }]);
  });

  test("estimates from what it is told", async () => {
    const query = new URLSearchParams({
      productId: "p1",
      weightGrams: "8197",
      warehouse: "łódź",
      country: "DE",
    });
    const { body } = await send(`${shop.shipping.url}/deliveries?${query.toString()}`);
    expect(body).toEqual({
      productId: "p1",
      carrier: "PostNord",
      minDays: 3,
      maxDays: 7,
      cost: { currencyCode: "EUR", units: "14", nanos: 700_000_000 },
    });
    const missing = await send(`${shop.shipping.url}/deliveries?productId=p1&warehouse=malmö`);
    expect(missing).toMatchObject({ status: 422, body: { error: { code: "INVALID_WEIGHT" } } });
  });

  test("estimates many, and what can't be delivered costs its own row", async () => {
    const parcels = [
      { productId: "p1", weightGrams: 900, warehouse: "malmö" },
      { productId: "p2", weightGrams: 61_000, warehouse: "lyon" },
      { productId: "p3", weightGrams: 900, warehouse: "atlantis" },
    ];
    const { body } = await send(`${shop.shipping.url}/deliveries/estimate`, {
      method: "POST",
      body: { parcels },
    });
    const { deliveries } = body as { deliveries: readonly { productId: string }[] };
    expect(deliveries.toSorted((a, b) => a.productId.localeCompare(b.productId))).toMatchObject([
      { ...parcels[0], delivery: estimateDelivery({ weightGrams: 900, warehouse: "malmö", country: null }) },
      { ...parcels[1], delivery: null, error: { code: "TOO_HEAVY" } },
      { ...parcels[2], delivery: null, error: { code: "UNKNOWN_WAREHOUSE" } },
    ]);
    const none = await send(`${shop.shipping.url}/deliveries/estimate`, { method: "POST", body: {} });
    expect(none.status).toBe(400);
  });
});
