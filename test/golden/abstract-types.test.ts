import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Notification } from "../backends/notifications.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

// Objects of several types in one list, and the calls that each of them needs.

let test: TestGateway;
let token: string;
let sent: readonly Notification[];

beforeAll(async () => {
  test = await startTestGateway({ LOG_LEVEL: "silent" });
  token = await test.issuer.issueToken("u1", 600);
  sent = test.shop.data.notificationsByUserId.get("u1")?.items ?? [];
});
afterAll(() => test.stop());
beforeEach(() => {
  test.shop.clearLogs();
  test.shop.accounts.faults.clear();
});

const kinds = { order_shipped: "OrderShipped", review_reply: "ReviewReply", price_drop: "PriceDrop" };

describe("notifications", () => {
  it("of three kinds are one list, and what they are about is asked for once for each kind", async () => {
    const { data, errors } = await test.query(
      `{ viewer { notifications { items { __typename id text
        ... on OrderShipped { carrier order { id } }
        ... on ReviewReply { author { name } }
        ... on PriceDrop { percentOff product { name stock { level } } } } } } }`,
      { token },
    );
    expect(errors).toEqual([]);
    const { userById, productById, stockByProductId } = test.shop.data;
    const wanted = sent.map((item) => {
      const { id, text, type } = item;
      const always = { __typename: kinds[type], id, text };
      if (item.type === "order_shipped")
        return { ...always, carrier: item.carrier, order: { id: item.orderId } };
      if (item.type === "review_reply")
        return { ...always, author: { name: userById.get(item.authorId)?.name } };
      const stock = stockByProductId.get(item.productId);
      const product = {
        name: productById.get(item.productId)?.name,
        stock: stock === undefined ? null : { level: stock.level },
      };
      return { ...always, percentOff: item.percentOff, product };
    });
    expect(new Set(sent.map(({ type }) => type)).size).toBe(3);
    expect(data).toEqual({ viewer: { notifications: { items: wanted } } });
    expect(test.shop.calls().toSorted()).toEqual([
      "accounts GET /users",
      "accounts GET /users/u1/notifications",
      "catalog BatchGetProducts",
      "inventory BatchGetStock",
    ]);
  });

  it("are asked nothing about that nobody selected", async () => {
    const query = "{ viewer { notifications { items { read ... on PriceDrop { product { id } } } } } }";
    const { errors } = await test.query(query, { token });
    expect(errors).toEqual([]);
    expect(test.shop.calls()).toEqual(["accounts GET /users/u1/notifications"]);
  });

  it("are shown as a union under the app's own names", async () => {
    const { data, errors } = await test.query(
      `{ home { news { __typename ... on OrderNews { text } ... on ReplyNews { from } ... on DealNews { percentOff } } } }`,
      { bff: "mobile", token },
    );
    expect(errors).toEqual([]);
    const news = sent.map((item) => {
      if (item.type === "order_shipped") return { __typename: "OrderNews", text: item.text };
      if (item.type === "price_drop") return { __typename: "DealNews", percentOff: item.percentOff };
      return { __typename: "ReplyNews", from: test.shop.data.userById.get(item.authorId)?.name };
    });
    expect(data).toEqual({ home: { news } });
  });

  it("of a kind that the app does not show, or that nobody knows, cost their own place", async () => {
    test.shop.accounts.faults.set({
      method: "GET /users/u1/notifications",
      rewrite: (answer) => {
        const { unreadCount } = answer as { unreadCount: number };
        const [first, second, third] = sent;
        const survey = { ...second, type: "survey", url: "https://shop.example/survey" };
        return { unreadCount, items: [first, survey, { ...third, type: "birthday" }] };
      },
    });
    const mobile = await test.query("{ home { news { __typename } } }", { bff: "mobile", token });
    expect(mobile.errors.map(({ path, extensions }) => `${path?.join(".")} ${extensions.code}`)).toEqual([
      "home.news.1 TYPE_NOT_EXPOSED",
      "home.news.2 INVALID_VALUE",
    ]);
    expect(mobile.data).toEqual({ home: { news: [{ __typename: "OrderNews" }, null, null] } });
    const web = await test.query(
      "{ viewer { notifications { unreadCount items { ... on Survey { url } } } } }",
      { token },
    );
    expect(web.errors.map(({ path, extensions }) => `${path?.join(".")} ${extensions.code}`)).toEqual([
      "viewer.notifications.items.2 INVALID_VALUE",
    ]);
  });
});

describe("members of a protobuf oneof", () => {
  it("are a union: what a product shows on top", async () => {
    const products = test.shop.data.featuredProducts.slice(0, 20);
    const { data, errors } = await test.query(
      "{ products(first: 20) { items { media { __typename ... on Image { url width altText } ... on Video { url length } } } } }",
    );
    expect(errors).toEqual([]);
    const items = products.map(({ media }) => {
      if (media === null) return { media: null };
      const { kind, url } = media;
      if (kind === "image")
        return { media: { __typename: "Image", url, width: media.width, altText: media.altText } };
      return { media: { __typename: "Video", url, length: `${media.lengthSeconds}s` } };
    });
    expect(new Set(products.map(({ media }) => media?.kind ?? null))).toEqual(
      new Set(["image", "video", null]),
    );
    expect(data).toEqual({ products: { items } });
    expect(test.shop.calls()).toEqual(["catalog ListProducts"]);
  });

  it("are read through a type condition: the app's screen has a film or none", async () => {
    const { data, errors } = await test.query(
      '{ film: product(id: "p5") { videoUrl } picture: product(id: "p1") { videoUrl } }',
      { bff: "mobile" },
    );
    expect(errors).toEqual([]);
    const { media } = test.shop.data.productById.get("p5") ?? {};
    expect(data).toEqual({ film: { videoUrl: media?.url }, picture: { videoUrl: null } });
  });

  it("say how an order was paid", async () => {
    const { data, errors } = await test.query(
      "{ viewer { orders(first: 6) { items { payment { __typename ... on Card { lastDigits } ... on Invoice { number } } } } } }",
      { token },
    );
    expect(errors).toEqual([]);
    const items = (test.shop.data.ordersByUserId.get("u1") ?? []).slice(0, 6).map(({ payment }) => ({
      payment:
        payment.kind === "card"
          ? { __typename: "Card", lastDigits: payment.lastDigits }
          : { __typename: "Invoice", number: payment.number },
    }));
    expect(new Set(items.map(({ payment }) => payment.__typename))).toEqual(new Set(["Card", "Invoice"]));
    expect(data).toEqual({ viewer: { orders: { items } } });
  });
});
