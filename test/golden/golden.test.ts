import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ShopData } from "../backends/shop-data.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

// Golden cases: an operation, the upstream calls that it may make, and the answer worked out from the shop's data.

let test: TestGateway;
let token: string;

beforeAll(async () => {
  test = await startTestGateway({ LOG_LEVEL: "silent" });
  token = await test.issuer.issueToken("u1", 600);
});
afterAll(() => test.stop());
beforeEach(() => test.shop.clearLogs());

interface GoldenCase {
  readonly name: string;
  readonly bff?: "web" | "mobile";
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly isSignedIn?: boolean;
  readonly calls: (data: ShopData) => readonly string[];
  readonly data: (data: ShopData) => unknown;
}

const listFields = `id name stock { available quantity level } rating { average count }
  reviews(first: 3) { id stars author { id name } }`;

const cases: readonly GoldenCase[] = [
  {
    name: "20 products with stock, rating and 3 reviews each with its author are 5 calls",
    query: `{ products(first: 20) { totalCount items { ${listFields} } } }`,
    calls: () => [
      "accounts GET /users",
      "catalog ListProducts",
      "inventory BatchGetStock",
      "reviews GET /ratings",
      "reviews GET /reviews",
    ],
    data: (shop) => ({
      products: {
        totalCount: 1000,
        items: shop.featuredProducts.slice(0, 20).map((product) => listed(shop, product.id)),
      },
    }),
  },
  {
    name: "20 products with recommendations are one call more, and what is recommended is joined like any product",
    query: `{ products(first: 20) { items { id recommendations(first: 3) { score product { name rating { count } } } } } }`,
    calls: () => [
      "catalog BatchGetProducts",
      "catalog ListProducts",
      "recommendations POST /graphql",
      "reviews GET /ratings",
    ],
    data: (shop) => ({
      products: {
        items: shop.featuredProducts.slice(0, 20).map(({ id }) => ({
          id,
          recommendations: (shop.recommendationsByProductId.get(id) ?? [])
            .slice(0, 3)
            .map(({ score, productId }) => {
              const rating = shop.ratingByProductId.get(productId);
              return {
                score,
                product: {
                  name: shop.productById.get(productId)?.name,
                  rating: rating === undefined ? null : { count: rating.count },
                },
              };
            }),
        })),
      },
    }),
  },
  {
    name: "recommendations with other arguments are fields of one subquery",
    query: `{ product(id: "p1") { two: recommendations(first: 2) { score } one: recommendations(first: 1) { reason } none: recommendations(first: 0) { score } } }`,
    calls: () => ["catalog BatchGetProducts", "recommendations POST /graphql"],
    data: (shop) => {
      const rows = shop.recommendationsByProductId.get("p1") ?? [];
      return {
        product: {
          two: rows.slice(0, 2).map(({ score }) => ({ score })),
          one: rows.slice(0, 1).map(({ reason }) => ({ reason })),
          none: [],
        },
      };
    },
  },
  {
    name: "at 200 rows there is one call for each maxSize of unique keys",
    query: `{ products(first: 200) { items { ${listFields} } } }`,
    calls: (shop) => {
      const products = shop.featuredProducts.slice(0, 200).map((product) => product.id);
      const authors = new Set(
        products.flatMap((id) => reviewsOf(shop, id, 3).map((review) => review.authorId)),
      );
      return [
        ...repeat("accounts GET /users", Math.ceil(authors.size / 200)),
        "catalog ListProducts",
        "inventory BatchGetStock",
        "reviews GET /ratings",
        "reviews GET /reviews",
      ];
    },
    data: (shop) => ({
      products: { items: shop.featuredProducts.slice(0, 200).map((product) => listed(shop, product.id)) },
    }),
  },
  {
    name: "at 1,000 rows each batched call is cut into five",
    query: "{ products(first: 1000) { items { id stock { quantity } rating { count } } } }",
    calls: () => [
      "catalog ListProducts",
      ...repeat("inventory BatchGetStock", 5),
      ...repeat("reviews GET /ratings", 5),
    ],
    data: (shop) => ({
      products: {
        items: shop.featuredProducts.map(({ id }) => {
          const stock = shop.stockByProductId.get(id);
          const rating = shop.ratingByProductId.get(id);
          return {
            id,
            stock: stock === undefined ? null : { quantity: stock.quantity },
            rating: rating === undefined ? null : { count: rating.count },
          };
        }),
      },
    }),
  },
  {
    name: "aliases of one root field share a call, and a key that comes twice is sent once",
    query: '{ a: product(id: "p1") { name } b: product(id: "p2") { name } c: product(id: "p1") { id } }',
    calls: () => ["catalog BatchGetProducts"],
    data: (shop) => ({
      a: { name: shop.productById.get("p1")?.name },
      b: { name: shop.productById.get("p2")?.name },
      c: { id: "p1" },
    }),
  },
  {
    name: "a root field and references at other depths that are known in one tick share a call",
    query:
      '{ product(id: "p1") { category { name } } other: product(id: "p2") { category { name } } categories { id } }',
    calls: () => ["catalog BatchGetCategories", "catalog BatchGetProducts", "catalog ListCategories"],
    data: (shop) => ({
      product: { category: { name: categoryName(shop, "p1") } },
      other: { category: { name: categoryName(shop, "p2") } },
      categories: shop.categories
        .toSorted((left, right) => (left.name < right.name ? -1 : 1))
        .map(({ id }) => ({ id })),
    }),
  },
  {
    name: "only what is selected is fetched: a reference whose key is all that is asked for makes no call",
    query: '{ product(id: "p1") { reviews(first: 2) { author { id } } category { id } } }',
    calls: () => ["catalog BatchGetProducts", "reviews GET /reviews"],
    data: (shop) => ({
      product: {
        reviews: reviewsOf(shop, "p1", 2).map((review) => ({ author: { id: review.authorId } })),
        category: { id: shop.productById.get("p1")?.categoryId },
      },
    }),
  },
  {
    name: "different arguments of one batched field are different calls, equal ones the same",
    query: `{ product(id: "p1") { two: reviews(first: 2) { id } again: reviews(first: 2) { stars } one: reviews(first: 1) { id } } }`,
    calls: () => ["catalog BatchGetProducts", "reviews GET /reviews", "reviews GET /reviews"],
    data: (shop) => ({
      product: {
        two: reviewsOf(shop, "p1", 2).map(({ id }) => ({ id })),
        again: reviewsOf(shop, "p1", 2).map(({ stars }) => ({ stars })),
        one: reviewsOf(shop, "p1", 1).map(({ id }) => ({ id })),
      },
    }),
  },
  {
    name: "hostile aliases change neither calls nor data",
    query: `{ products(first: 20) { totalCount: __typename items {
      id: name name: id __typename: weightGrams
      stock: rating { quantity: average id: count }
      rating: stock { average: quantity available: level id: available }
      reviews: stock { __typename }
      key: reviews(first: 3) { id: stars productId: id author: createdAt authorId: author { id: name name: id } } } } }`,
    calls: () => [
      "accounts GET /users",
      "catalog ListProducts",
      "inventory BatchGetStock",
      "reviews GET /ratings",
      "reviews GET /reviews",
    ],
    data: (shop) => ({
      products: {
        totalCount: "ProductList",
        items: shop.featuredProducts.slice(0, 20).map((product) => {
          const stock = shop.stockByProductId.get(product.id);
          const rating = shop.ratingByProductId.get(product.id);
          return {
            id: product.name,
            name: product.id,
            __typename: product.weightGrams,
            stock: rating === undefined ? null : { quantity: rating.average, id: rating.count },
            rating:
              stock === undefined
                ? null
                : { average: stock.quantity, available: stock.level, id: stock.available },
            reviews: stock === undefined ? null : { __typename: "Stock" },
            key: reviewsOf(shop, product.id, 3).map((review) => ({
              id: review.stars,
              productId: review.id,
              author: review.createdAt,
              authorId: { id: shop.userById.get(review.authorId)?.name, name: review.authorId },
            })),
          };
        }),
      },
    }),
  },
  {
    name: "fragments, variables, @skip and @include fetch what is left of them",
    query: `query ($id: ID!, $no: Boolean = false, $yes: Boolean = true) {
      product(id: $id) { ...Names ... on Product { rating @include(if: $no) { count } stock @skip(if: $yes) { level } } } }
      fragment Names on Product { name ... { teaser } }`,
    variables: { id: "p3" },
    calls: () => ["catalog BatchGetProducts"],
    data: (shop) => {
      const { name = "", description = "" } = shop.productById.get("p3") ?? {};
      return {
        product: {
          name,
          teaser: description.length <= 120 ? description : expect.stringMatching(/^.{1,130}…$/u),
        },
      };
    },
  },
  {
    name: "an object that nobody knows is null, and so is a reference to one",
    query: `{ product(id: "nope") { name } user(id: "u9999") { name }
      p990: product(id: "p990") { reviews(first: 50) { author { id name } } } }`,
    calls: () => [
      "accounts GET /users",
      "accounts GET /users",
      "catalog BatchGetProducts",
      "reviews GET /reviews",
    ],
    data: (shop) => ({
      product: null,
      user: null,
      p990: {
        reviews: reviewsOf(shop, "p990", 50).map(({ authorId }) => {
          const author = shop.userById.get(authorId);
          return { author: author === undefined ? null : { id: author.id, name: author.name } };
        }),
      },
    }),
  },
  {
    name: "entities are reached through three sources in turn: order → product → stock",
    isSignedIn: true,
    query:
      "{ viewer { orders(first: 2) { items { id status lines { quantity product { name stock { quantity } } } } } } }",
    calls: () => ["catalog BatchGetProducts", "inventory BatchGetStock", "orders ListOrders"],
    data: (shop) => ({
      viewer: {
        orders: {
          items: (shop.ordersByUserId.get("u1") ?? []).slice(0, 2).map((order) => ({
            id: order.id,
            status: order.status,
            lines: order.lines.map((line) => ({
              quantity: line.quantity,
              product: {
                name: shop.productById.get(line.productId)?.name,
                stock: stockQuantity(shop, line.productId),
              },
            })),
          })),
        },
      },
    }),
  },
  {
    name: "the mobile home screen is one client request and five calls",
    bff: "mobile",
    isSignedIn: true,
    query:
      "{ home { unread featured(first: 6) { id title inStock stars price { units } } orders { status } } }",
    calls: () => [
      "accounts GET /users/u1/notifications",
      "catalog ListProducts",
      "inventory BatchGetStock",
      "orders ListOrders",
      "reviews GET /ratings",
    ],
    data: (shop) => ({
      home: {
        unread: shop.notificationsByUserId.get("u1")?.unreadCount,
        featured: shop.featuredProducts.slice(0, 6).map((product) => ({
          id: product.id,
          title: product.name,
          inStock: shop.stockByProductId.get(product.id)?.available ?? false,
          stars: shop.ratingByProductId.get(product.id)?.average ?? null,
          price: { units: product.price.units },
        })),
        orders: [{ status: shop.ordersByUserId.get("u1")?.[0]?.status }],
      },
    }),
  },
  {
    name: "shapers read what they need with the calls that are made anyway",
    bff: "mobile",
    query: `{ home { latestVoices { stars } featured(first: 3) { badges priceText } }
      product(id: "p7") { priceText weight released } }`,
    calls: () => ["catalog BatchGetProducts", "catalog ListProducts", "reviews GET /reviews"],
    data: (shop) => {
      const product = shop.productById.get("p7");
      if (product === undefined) throw new Error("expected p7");
      const featured = shop.featuredProducts.slice(0, 3);
      return {
        home: {
          latestVoices: featured.flatMap(({ id }) => reviewsOf(shop, id, 1).map(({ stars }) => ({ stars }))),
          featured: featured.map(({ tags, price }) => ({
            badges: tags
              .slice(0, 2)
              .map((tag) => tag.replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase())),
            priceText: inEnglish(price),
          })),
        },
        product: {
          priceText: inEnglish(product.price),
          weight: `${product.weightGrams.toLocaleString("en-US")} g`,
          released: new Date(product.releasedAt).toLocaleDateString("en-US", {
            dateStyle: "long",
            timeZone: "Europe/Berlin",
          }),
        },
      };
    },
  },
  {
    name: "a path through lists keeps the list, and a default stands in where there is nothing",
    bff: "mobile",
    query: '{ product(id: "p990") { reviewCount reviews(first: 50) { stars author } } }',
    calls: () => [
      "accounts GET /users",
      "catalog BatchGetProducts",
      "reviews GET /ratings",
      "reviews GET /reviews",
    ],
    data: (shop) => ({
      product: {
        reviewCount: shop.ratingByProductId.get("p990")?.count,
        reviews: topReviewsOf(shop, "p990", 50).map(({ stars, authorId }) => ({
          stars,
          author: shop.userById.get(authorId)?.name ?? "A customer",
        })),
      },
    }),
  },
];

describe("golden cases", () => {
  it.each(cases)("$name", async ({ query, bff = "web", variables = {}, isSignedIn = false, calls, data }) => {
    const answer = await test.query(query, { bff, variables, ...(isSignedIn && { token }) });
    expect(answer.errors).toEqual([]);
    expect(answer.data).toEqual(data(test.shop.data));
    expect(test.shop.calls().toSorted()).toEqual(calls(test.shop.data));
  });

  it("writes prices and dates in the language that is asked for, and in the first where none is known", async () => {
    const query = '{ product(id: "p7") { priceText weight released } }';
    const { price, weightGrams, releasedAt } = test.shop.data.productById.get("p7") ?? {};
    const inLocale = (locale: string) => ({
      priceText: Number(`${price?.units}.${String(price?.nanos).padStart(9, "0")}`).toLocaleString(locale, {
        style: "currency",
        currency: "EUR",
      }),
      weight: weightGrams?.toLocaleString(locale, { style: "unit", unit: "gram" }),
      released: new Date(releasedAt ?? "").toLocaleDateString(locale, {
        dateStyle: "long",
        timeZone: "Europe/Berlin",
      }),
    });
    for (const [asked, locale] of [
      ["de-AT, en;q=0.5", "de"],
      ["ar-EG", "ar-EG"],
      ["es;q=1, fr-CA;q=0.1", "fr"],
      ["xx-evil", "en-US"],
    ] as const) {
      const { data } = await test.query(query, { bff: "mobile", headers: { "accept-language": asked } });
      expect(data).toEqual({ product: inLocale(locale) });
    }
  });

  it("formats money and times of orders, each from the message that the orders service sent", async () => {
    const query = "{ viewer { orders(first: 2) { items { placedAtText totalText } } } }";
    const { data, errors } = await test.query(query, { token });
    const orders = (test.shop.data.ordersByUserId.get("u1") ?? []).slice(0, 2);
    expect(errors).toEqual([]);
    expect(orders.length).toBeGreaterThan(0);
    const items = orders.map(({ placedAt, total }) => ({
      placedAtText: new Date(placedAt).toLocaleString("en-US", {
        dateStyle: "medium",
        timeStyle: "short",
        timeZone: "Europe/Berlin",
      }),
      totalText: inEnglish(total),
    }));
    expect(data).toEqual({ viewer: { orders: { items } } });
    expect(test.shop.calls()).toEqual(["orders ListOrders"]);
  });

  it("asks for each key once and names no key that nobody selected", async () => {
    await test.query("{ products(first: 200) { items { id reviews(first: 3) { author { name } } } } }");
    const asked = test.shop.accounts.log.entries.flatMap(({ url }) =>
      new URL(url ?? "", "http://shop").searchParams.getAll("ids"),
    );
    const products = test.shop.data.featuredProducts.slice(0, 200);
    const authors = products.flatMap(({ id }) =>
      reviewsOf(test.shop.data, id, 3).map((review) => review.authorId),
    );
    expect(asked.toSorted()).toEqual([...new Set(authors)].toSorted());
  });

  it("sends the caller's claim to the backend that needs it, and no other backend hears of the caller", async () => {
    await test.query("{ viewer { orders(first: 1) { items { id lines { product { name } } } } } }", {
      token,
    });
    expect(test.shop.orders.log.entries.map(({ headers }) => headers["x-user-id"])).toEqual(["u1"]);
    for (const { headers } of test.shop.catalog.log.entries) {
      expect(headers).not.toHaveProperty("x-user-id");
      expect(headers).not.toHaveProperty("authorization");
    }
  });

  it("makes no call for a field whose claim is absent", async () => {
    const answer = await test.query(
      "{ viewer { profile { name } notifications { unreadCount } orders { totalCount } } }",
    );
    expect(answer.data).toEqual({ viewer: { profile: null, notifications: null, orders: null } });
    expect(
      answer.errors.map(({ path, extensions }) => `${path?.join(".")} ${extensions.code}`).toSorted(),
    ).toEqual([
      "viewer.notifications UNAUTHENTICATED",
      "viewer.orders UNAUTHENTICATED",
      "viewer.profile UNAUTHENTICATED",
    ]);
    expect(test.shop.calls()).toEqual([]);
  });
});

function repeat(call: string, times: number): string[] {
  return Array.from({ length: times }, () => call);
}

/** An amount in euros as English writes it. */
function inEnglish({ units, nanos }: { readonly units: string; readonly nanos: number }): string {
  return `€${Number(units).toLocaleString("en-US")}.${String(nanos).padStart(9, "0").slice(0, 2)}`;
}

function reviewsOf(shop: ShopData, productId: string, first: number) {
  return (shop.reviewsByProductId.get(productId) ?? []).slice(0, first);
}

function topReviewsOf(shop: ShopData, productId: string, first: number) {
  return (shop.reviewsByProductId.get(productId) ?? [])
    .toSorted((left, right) => right.stars - left.stars)
    .slice(0, first);
}

function categoryName(shop: ShopData, productId: string) {
  return shop.categoryById.get(shop.productById.get(productId)?.categoryId ?? "")?.name;
}

function stockQuantity(shop: ShopData, productId: string) {
  const stock = shop.stockByProductId.get(productId);
  return stock === undefined ? null : { quantity: stock.quantity };
}

function listed(shop: ShopData, productId: string) {
  const stock = shop.stockByProductId.get(productId);
  const rating = shop.ratingByProductId.get(productId);
  return {
    id: productId,
    name: shop.productById.get(productId)?.name,
    stock:
      stock === undefined
        ? null
        : { available: stock.available, quantity: stock.quantity, level: stock.level },
    rating: rating === undefined ? null : { average: rating.average, count: rating.count },
    reviews: reviewsOf(shop, productId, 3).map((review) => ({
      id: review.id,
      stars: review.stars,
      author: { id: review.authorId, name: shop.userById.get(review.authorId)?.name },
    })),
  };
}
