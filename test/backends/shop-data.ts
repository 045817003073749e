import { nameOccasion } from "./notifications.ts";
import type { Notification, Notifications } from "./notifications.ts";
import { describeProduct } from "./product-details.ts";
import type { ProductDetails } from "./product-details.ts";
import { SeededRandom } from "./seeded-random.ts";
import {
  adjectives,
  categoryVocabulary,
  cities,
  descriptionSentences,
  firstNames,
  lastNames,
  notificationTexts,
  recommendationReasons,
  reviewSentences,
  reviewTitles,
  streets,
  tags,
} from "./shop-vocabulary.ts";

/** As `shop.common.v1.Money` is decoded: `units` is a 64-bit integer as text. */
export type Money = { readonly currencyCode: string; readonly units: string; readonly nanos: number };

export type Category = { readonly id: string; readonly name: string };

export type Product = ProductDetails & {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly price: Money;
  readonly categoryId: string;
  readonly tags: readonly string[];
  readonly imageUrl: string;
  readonly weightGrams: number;
  readonly releasedAt: string;
};

export type StockItem = {
  readonly productId: string;
  readonly available: boolean;
  readonly quantity: number;
  readonly level: "OUT_OF_STOCK" | "LOW" | "PLENTY";
  readonly warehouse: string;
};

export type Address = {
  readonly street: string;
  readonly city: string;
  readonly postalCode: string;
  readonly country: string;
};

export type User = {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly avatarUrl: string;
  readonly memberSince: string;
  readonly address: Address;
};

export type Review = {
  readonly id: string;
  readonly productId: string;
  readonly authorId: string;
  readonly stars: number;
  readonly title: string;
  readonly body: string;
  readonly createdAt: string;
};

export type Rating = { readonly productId: string; readonly average: number; readonly count: number };

export type OrderLine = { readonly productId: string; readonly quantity: number; readonly unitPrice: Money };

export type Order = {
  readonly id: string;
  readonly userId: string;
  readonly status: "PLACED" | "SHIPPED" | "DELIVERED" | "CANCELLED";
  readonly placedAt: string;
  readonly lines: readonly OrderLine[];
  readonly total: Money;
  readonly payment: Payment;
};

export type Payment =
  | { readonly kind: "card"; readonly network: string; readonly lastDigits: string }
  | { readonly kind: "invoice"; readonly number: string; readonly dueAt: string };

/** Newest first. */
export type WishList = readonly { readonly productId: string; readonly addedAt: string }[];

export type Recommendation = {
  readonly productId: string;
  readonly score: number;
  readonly reason: string | null;
};

/** All that the shop's backends know. Lists are in order of id, unless they say otherwise. */
export type ShopData = {
  readonly categories: readonly Category[];
  readonly categoryById: ReadonlyMap<string, Category>;
  readonly products: readonly Product[];
  readonly productById: ReadonlyMap<string, Product>;
  /** Every product, in the order in which the shop shows them. */
  readonly featuredProducts: readonly Product[];
  /** Nobody stocks p100, p200, … p1000. */
  readonly stock: readonly StockItem[];
  readonly stockByProductId: ReadonlyMap<string, StockItem>;
  readonly users: readonly User[];
  readonly userById: ReadonlyMap<string, User>;
  /** p961 to p985 have none; one of p990's and one of p991's is by u9999, whom accounts does not know. */
  readonly reviews: readonly Review[];
  readonly reviewById: ReadonlyMap<string, Review>;
  /** Newest first. */
  readonly reviewsByProductId: ReadonlyMap<string, readonly Review[]>;
  /** Newest first. */
  readonly reviewsByAuthorId: ReadonlyMap<string, readonly Review[]>;
  /** Of the products that have reviews. */
  readonly ratings: readonly Rating[];
  readonly ratingByProductId: ReadonlyMap<string, Rating>;
  readonly orders: readonly Order[];
  readonly orderById: ReadonlyMap<string, Order>;
  /** Newest first. */
  readonly ordersByUserId: ReadonlyMap<string, readonly Order[]>;
  readonly notificationsByUserId: ReadonlyMap<string, Notifications>;
  /** 0 to 12 products for each user; 8 for u1. */
  readonly wishListByUserId: ReadonlyMap<string, WishList>;
  /** 4 to 8 for each product, best first. */
  readonly recommendationsByProductId: ReadonlyMap<string, readonly Recommendation[]>;
};

/** Builds the shop's data, the same on every call: 1,000 products, 300 users, 10,000 reviews, 5,000 orders. */
export function buildShopData(): ShopData {
  const categories = categoryVocabulary.map(({ name }, index) => ({ id: `c${index + 1}`, name }));
  const products = buildProducts(new SeededRandom(1));
  const stock = buildStock(products, new SeededRandom(2));
  const users = buildUsers(new SeededRandom(3));
  const reviews = buildReviews(products, users, new SeededRandom(4));
  const reviewsByProductId = groupNewestFirst(reviews, "productId", "createdAt");
  const ratings = buildRatings(products, reviewsByProductId);
  const reviewsByAuthorId = groupNewestFirst(reviews, "authorId", "createdAt");
  const orders = buildOrders(products, users, new SeededRandom(5));
  const ordersByUserId = groupNewestFirst(orders, "userId", "placedAt");
  const notifications = buildNotifications(users, new SeededRandom(9));
  return {
    categories,
    categoryById: indexBy(categories, "id"),
    products,
    productById: indexBy(products, "id"),
    featuredProducts: new SeededRandom(6).shuffle(products),
    stock,
    stockByProductId: indexBy(stock, "productId"),
    users,
    userById: indexBy(users, "id"),
    reviews,
    reviewById: indexBy(reviews, "id"),
    reviewsByProductId,
    reviewsByAuthorId,
    ratings,
    ratingByProductId: indexBy(ratings, "productId"),
    orders,
    orderById: indexBy(orders, "id"),
    ordersByUserId,
    notificationsByUserId: new Map(
      users.map(({ id }, index) => {
        const occasions = {
          orders: ordersByUserId.get(id) ?? [],
          reviews: reviewsByAuthorId.get(id) ?? [],
          products,
        };
        const random = new SeededRandom(20_000 + index);
        const items = (notifications.get(id) ?? []).map((one) => nameOccasion(one, occasions, random));
        return [id, notificationsOf(items)];
      }),
    ),
    wishListByUserId: buildWishLists(products, users, new SeededRandom(11)),
    recommendationsByProductId: buildRecommendations(products, new SeededRandom(8)),
  };
}

/** The stock of a product, whose availability and level follow from the quantity. */
export function stockItem(productId: string, quantity: number, warehouse: string): StockItem {
  const level = quantity === 0 ? "OUT_OF_STOCK" : quantity < 10 ? "LOW" : "PLENTY";
  return { productId, available: quantity > 0, quantity, level, warehouse };
}

/** The rating that follows from a product's reviews; undefined without one. */
export function ratingOf(productId: string, reviews: readonly Review[]): Rating | undefined {
  if (reviews.length === 0) return undefined;
  const stars = reviews.reduce((sum, review) => sum + review.stars, 0);
  return { productId, average: Math.round((stars / reviews.length) * 10) / 10, count: reviews.length };
}

/** The notifications with the number of those that are not read. */
export function notificationsOf(items: readonly Notification[]): Notifications {
  return { unreadCount: items.filter(({ read }) => !read).length, items };
}

export function centsOf(money: Money): number {
  return Number(money.units) * 100 + money.nanos / nanosPerCent;
}

const nanosPerCent = 10_000_000;

/** An amount in euros; `cents`: an integer. */
export function euros(cents: number): Money {
  return {
    currencyCode: "EUR",
    units: String(Math.trunc(cents / 100)),
    nanos: (cents % 100) * nanosPerCent,
  };
}

function buildProducts(random: SeededRandom): Product[] {
  const productsPerCategory = Math.ceil(1000 / categoryVocabulary.length);
  const drafts = categoryVocabulary.flatMap(({ nouns, ...ranges }, index) => {
    const names = nouns.flatMap((noun) => adjectives.map((adjective) => `${adjective} ${noun}`));
    const chosen = random.shuffle(names).slice(0, productsPerCategory);
    return chosen.map((name) => ({ ...ranges, name, categoryId: `c${index + 1}` }));
  });
  return random.shuffle(drafts.slice(0, 1000)).map(({ name, categoryId, priceEuros, weightGrams }, index) => {
    const id = `p${index + 1}`;
    const description = sentences(descriptionSentences, random.integer(1, 6), random);
    const price = euros(random.integer(...priceEuros) * 100 + random.pick([0, 49, 90, 95, 99]));
    return {
      ...describeProduct(index + 1, name, price),
      id,
      name,
      description,
      price,
      categoryId,
      tags: random.shuffle(tags).slice(0, random.integer(0, 4)),
      imageUrl: `https://images.shop.example/products/${id}.jpg`,
      weightGrams: random.integer(...weightGrams),
      releasedAt: time(random, 2019, 2025),
    };
  });
}

function buildStock(products: readonly Product[], random: SeededRandom): StockItem[] {
  return products
    .filter((_, index) => (index + 1) % 100 !== 0)
    .map(({ id }) => {
      const quantity = random.pick([
        0,
        random.integer(1, 9),
        random.integer(10, 400),
        random.integer(10, 400),
      ]);
      return stockItem(id, quantity, random.pick(["malmö", "lyon", "łódź"]));
    });
}

function buildUsers(random: SeededRandom): User[] {
  return range(300).map((number) => {
    const firstName = random.pick(firstNames);
    const lastName = random.pick(lastNames);
    const [city, country] = random.pick(cities);
    return {
      id: `u${number}`,
      name: `${firstName} ${lastName}`,
      email: `${asciiLetters(firstName)}.${asciiLetters(lastName)}${number}@mail.example`,
      avatarUrl: `https://images.shop.example/avatars/u${number}.png`,
      memberSince: time(random, 2018, 2024),
      address: {
        street: `${random.pick(streets)} ${random.integer(1, 180)}`,
        city,
        postalCode: String(random.integer(10_000, 99_999)),
        country,
      },
    };
  });
}

function asciiLetters(name: string): string {
  return name
    .normalize("NFD")
    .replaceAll(/[^a-z]/gi, "")
    .toLowerCase();
}

/** Few products have hundreds of reviews, most have a handful. */
function buildReviews(products: readonly Product[], users: readonly User[], random: SeededRandom): Review[] {
  const popular = random.shuffle(products.filter((_, index) => index < 960 || index >= 985));
  const firstThree = products.slice(0, 50).flatMap(({ id }) => [id, id, id]);
  const byChance = range(10_000 - firstThree.length - 2).map(() => random.pick(popular, 3).id);
  const subjects = [
    ...[...firstThree, ...byChance].map((productId) => ({ productId, authorId: random.pick(users).id })),
    { productId: "p990", authorId: "u9999" },
    { productId: "p991", authorId: "u9999" },
  ];
  return random.shuffle(subjects).map(({ productId, authorId }, index) => {
    const stars = random.pick([1, 2, 3, 3, 4, 4, 4, 5, 5, 5, 5] as const);
    return {
      id: `r${index + 1}`,
      productId,
      authorId,
      stars,
      title: random.pick(reviewTitles[stars]),
      body: sentences(reviewSentences, random.integer(1, 5), random),
      createdAt: time(random, 2020, 2025),
    };
  });
}

function buildRatings(
  products: readonly Product[],
  reviewsByProductId: ReadonlyMap<string, readonly Review[]>,
): Rating[] {
  return products.flatMap(({ id }) => ratingOf(id, reviewsByProductId.get(id) ?? []) ?? []);
}

function buildOrders(products: readonly Product[], users: readonly User[], random: SeededRandom): Order[] {
  return range(5000).map((number) => {
    const bought = new Set(range(random.integer(1, 4)).map(() => random.pick(products)));
    const lines = [...bought].map(({ id, price }) => ({
      productId: id,
      quantity: random.integer(1, 5),
      unitPrice: price,
    }));
    const cents = lines.reduce((sum, line) => sum + line.quantity * centsOf(line.unitPrice), 0);
    return {
      id: `o${number}`,
      userId: random.pick(users).id,
      status: random.pick(["PLACED", "SHIPPED", "DELIVERED", "DELIVERED", "DELIVERED", "CANCELLED"]),
      placedAt: time(random, 2023, 2025),
      lines,
      total: euros(cents),
      payment: paymentOf(number),
    };
  });
}

/** Every third order is paid by invoice. */
function paymentOf(orderNumber: number): Payment {
  if (orderNumber % 3 === 0) {
    const day = new Date(Date.UTC(2025, 0, 1 + (orderNumber % 365)));
    return { kind: "invoice", number: `INV-${orderNumber}`, dueAt: day.toISOString().replace(".000Z", "Z") };
  }
  const network = orderNumber % 2 === 0 ? "VISA" : "MASTERCARD";
  return { kind: "card", network, lastDigits: String(1000 + (orderNumber % 9000)) };
}

function buildNotifications(users: readonly User[], random: SeededRandom) {
  return new Map(
    users.map(({ id }) => {
      const items = range(random.integer(0, 8)).map((number) => ({
        id: `n${id.slice(1)}-${number}`,
        text: random.pick(notificationTexts).text,
        createdAt: time(random, 2025, 2025),
        read: random.next() < 0.6,
      }));
      return [id, items];
    }),
  );
}

function buildWishLists(
  products: readonly Product[],
  users: readonly User[],
  random: SeededRandom,
): Map<string, WishList> {
  return new Map(
    users.map(({ id }) => {
      const length = id === "u1" ? 8 : random.integer(0, 12);
      const wished = new Set(range(length).map(() => random.pick(products).id));
      const days = [...wished].map((productId, index) => ({
        productId,
        addedAt: new Date(Date.UTC(2025, 5, 30 - index, 12)).toISOString().replace(".000Z", "Z"),
      }));
      return [id, days];
    }),
  );
}

function buildRecommendations(
  products: readonly Product[],
  random: SeededRandom,
): Map<string, readonly Recommendation[]> {
  return new Map(
    products.map((product) => {
      const others = new Set<string>();
      const wanted = random.integer(4, 8);
      while (others.size < wanted) {
        const { id } = random.pick(products);
        if (id !== product.id) others.add(id);
      }
      const recommendations = [...others].map((productId, index) => ({
        productId,
        score: (100 - 10 * index - random.integer(0, 9)) / 100,
        reason: random.pick([...recommendationReasons, null]),
      }));
      return [product.id, recommendations];
    }),
  );
}

/** 1, 2, … `count`. */
function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

function sentences(from: readonly string[], count: number, random: SeededRandom): string {
  return random.shuffle(from).slice(0, count).join(" ");
}

/** A whole second between the first of January of one year and the end of another, as RFC 3339. */
function time(random: SeededRandom, fromYear: number, toYear: number): string {
  const seconds = random.integer(Date.UTC(fromYear, 0) / 1000, Date.UTC(toYear + 1, 0) / 1000 - 1);
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}

function indexBy<Row, Key extends keyof Row>(rows: readonly Row[], key: Key): Map<Row[Key], Row> {
  return new Map(rows.map((row) => [row[key], row]));
}

function groupNewestFirst<
  Row extends { [Name in Key | When]: string },
  Key extends string,
  When extends string,
>(rows: readonly Row[], key: Key, when: When): Map<string, Row[]> {
  const newestFirst = rows.toSorted((a, b) => (a[when] < b[when] ? 1 : a[when] > b[when] ? -1 : 0));
  return Map.groupBy(newestFirst, (row) => row[key]);
}
