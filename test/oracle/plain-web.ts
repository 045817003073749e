import type { Notifications } from "../backends/notifications.ts";
import type { Order, Product, Recommendation, Review, User } from "../backends/shop-data.ts";
import { type Delivery, shipProduct } from "../backends/shipping.ts";
import { type PlainResolvers, selectsAny } from "./plain-schema.ts";
import {
  connection,
  type ConnectionArguments,
  deliveryOf,
  me,
  newestReviews,
  notifications,
  order,
  orders,
  type Page,
  type PlainContext,
  products,
  type ProductsArguments,
  recommendations,
  reviewPage,
  reviewsByUser,
  reviewsOfProduct,
  signedIn,
} from "./plain-shop.ts";
import { cut, maskAfterFirst, moneyText, timeText } from "./plain-texts.ts";

/** What the web shop's client schema promises, over the shop's data. */
export const plainWeb: PlainResolvers<PlainContext> = {
  Query: {
    products: (_parent, args: ProductsArguments, context) => products(context, args),
    product: (_parent, { id }: { id: string }, { data }) => data.productById.get(id),
    categories: (_parent, _args, { data }) =>
      data.categories.toSorted((a, b) => a.name.localeCompare(b.name, "en")),
    user: (_parent, { id }: { id: string }, { data }) => data.userById.get(id),
    userExists: (_parent, { id }: { id: string }, { data }) => (id === "" ? null : data.userById.has(id)),
    latestReviews: (_parent, args: ConnectionArguments, context) =>
      connection(() => newestReviews(context), args, { usual: 10, most: 100 }),
    searchReviews: (_parent, args: ReviewSearch, context) => {
      // A safe call with an empty list of what is wanted is not made: it would ask for everything.
      if (args.productIds?.length === 0) return null;
      const words = (args.text ?? "").toLowerCase();
      const found = newestReviews(context).filter(
        ({ title, body, stars, productId }) =>
          stars >= (args.minStars ?? 1) &&
          (args.productIds?.includes(productId) ?? true) &&
          `${title} ${body}`.toLowerCase().includes(words),
      );
      return reviewPage(found, args);
    },
    viewer: () => ({}),
  },
  ProductList: {
    items: ({ rows }: Page<Product>) => rows,
    nextPage: ({ next }: Page<Product>) => next,
    totalCount: ({ total }: Page<Product>) => total,
  },
  Product: {
    attributes: ({ attributes }: Product) =>
      Object.entries(attributes).map(([name, value]) => ({ name, value })),
    condition: ({ condition }: Product) => (condition === "REFURBISHED" ? "RENEWED" : condition),
    warranty: ({ warrantySeconds }: Product) => (warrantySeconds === null ? null : `${warrantySeconds}s`),
    allReviews: ({ id }: Product, args: ConnectionArguments, { data }) =>
      connection(() => data.reviewsByProductId.get(id) ?? [], args, { usual: 10, most: 100 }),
    delivery: (product: Product, { country }: { country?: string | null }, context) =>
      deliveryOf(context, product, country),
    parcelClass: ({ id, weightGrams }: Product) => shipProduct(id, weightGrams).parcelClass,
    returnDays: ({ id, weightGrams }: Product) => shipProduct(id, weightGrams).returnDays,
    media: ({ media }: Product) => {
      if (media === null) return null;
      return media.kind === "image"
        ? { ...media, __typename: "Image" }
        : { ...media, __typename: "Video", length: `${media.lengthSeconds}s` };
    },
    teaser: ({ description }: Product) => cut(description, 120),
    category: ({ categoryId }: Product, _args, { data }) => data.categoryById.get(categoryId),
    stock: ({ id }: Product, _args, { data }) => data.stockByProductId.get(id),
    rating: ({ id }: Product, _args, { data }) => data.ratingByProductId.get(id),
    priceText: ({ price }: Product, _args, { locale }) => moneyText(price, locale),
    reviews: ({ id }: Product, args: object, context) => reviewsOfProduct(context, id, args),
    recommendations: ({ id }: Product, { first }: { first?: number | null }, context) =>
      recommendations(context, id, first),
  },
  Price: {
    currency: ({ currencyCode }: Product["price"]) => currencyCode,
  },
  Delivery: {
    costText: ({ cost }: Delivery, _args, { locale }) => moneyText(cost, locale),
  },
  Recommendation: {
    product: ({ productId }: Recommendation, _args, { data }) => data.productById.get(productId),
  },
  Review: {
    // Whoever has left is nobody where something is read of them, and still an id where nothing is.
    author: ({ authorId }: Review, _args, { data }, info) =>
      data.userById.get(authorId) ?? (selectsAny(info, accountFields) ? null : { id: authorId }),
    product: ({ productId }: Review, _args, { data }) => data.productById.get(productId),
  },
  User: {
    country: ({ address }: User) => address.country,
    reviews: ({ id }: User, { first }: { first?: number | null }, context) =>
      reviewsByUser(context, id, first),
  },
  Viewer: {
    profile: (_parent, _args, context) => me(context),
    notifications: (_parent, _args, context) => notifications(context),
    orders: (_parent, args: object, context) => orders(context, args),
    order: (_parent, { id }: { id: string }, context) => order(context, id),
    wishes: (_parent, args: ConnectionArguments, context) =>
      connection(() => context.data.wishListByUserId.get(signedIn(context)), args, { usual: 5, most: 50 }),
  },
  Notifications: {
    items: ({ items }: Notifications) =>
      items.map((item) => ({ ...item, __typename: notificationTypes[item.type] })),
  },
  OrderShipped: {
    order: ({ orderId }: { orderId: string }, _args, context) => order(context, orderId),
  },
  ReviewReply: {
    author: ({ authorId }: { authorId: string }, _args, { data }) => data.userById.get(authorId),
  },
  PriceDrop: {
    product: ({ productId }: { productId: string }, _args, { data }) => data.productById.get(productId),
  },
  Profile: {
    maskedEmail: ({ email }: User) => maskAfterFirst(email),
  },
  OrderList: {
    items: ({ rows }: Page<Order>) => rows,
    nextPage: ({ next }: Page<Order>) => next,
    totalCount: ({ total }: Page<Order>) => total,
  },
  Order: {
    payment: ({ payment }: Order) => ({
      ...payment,
      __typename: payment.kind === "card" ? "Card" : "Invoice",
    }),
    placedAtText: ({ placedAt }: Order, _args, { locale }) =>
      timeText(placedAt, locale, { dateStyle: "medium", timeStyle: "short" }),
    totalText: ({ total }: Order, _args, { locale }) => moneyText(total, locale),
  },
  Invoice: {
    due: ({ dueAt }: { dueAt: string }, _args, { locale }) =>
      timeText(dueAt, locale, { dateStyle: "medium" }),
  },
  Wish: {
    product: ({ productId }: { productId: string }, _args, { data }) => data.productById.get(productId),
  },
  OrderLine: {
    product: ({ productId }: Order["lines"][number], _args, { data }) => data.productById.get(productId),
  },
};

interface ReviewSearch {
  readonly text?: string | null;
  readonly minStars?: number | null;
  readonly productIds?: readonly string[] | null;
  readonly page?: number | null;
}

const notificationTypes = {
  order_shipped: "OrderShipped",
  review_reply: "ReviewReply",
  price_drop: "PriceDrop",
};

/** What only accounts knows of a user. */
const accountFields = new Set(["name", "avatarUrl", "memberSince", "country"]);
