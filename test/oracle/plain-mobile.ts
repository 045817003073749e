import type { Order, Product, Review } from "../backends/shop-data.ts";
import type { PlainResolvers } from "./plain-schema.ts";
import {
  deliveryOf,
  linkedProduct,
  linkedReview,
  linkedType,
  notifications,
  order,
  orders,
  type PlainContext,
  productLink,
  products,
  recommendations,
  reviewLink,
  reviewsOfProduct,
} from "./plain-shop.ts";
import { cut, gramsText, initialsOf, inTitleCase, moneyText, timeText } from "./plain-texts.ts";

/** What the app's client schema promises, over the shop's data. */
export const plainMobile: PlainResolvers<PlainContext> = {
  Query: {
    home: () => ({}),
    product: (_parent, { id }: { id: string }, { data }) => data.productById.get(id),
    shared: (_parent, { link }: { link: string }, context) => linkedProduct(context, link),
    linked: (_parent, { link }: { link: string }, context) => linked(context, link),
    linkedAll: (_parent, { links }: { links: readonly string[] }, context) =>
      links.map((link) => outcomeOf(() => linked(context, link))),
    quickLook: (_parent, { id }: { id: string }, { data }) => data.productById.get(id),
  },
  QuickLook: {
    title: ({ name }: Product) => cut(name, 40),
    priceText: ({ price }: Product, _args, { locale }) => moneyText(price, locale),
  },
  Home: {
    featured: (_parent, args: { first?: number | null }, context) => products(context, args).rows,
    // Without an account there are no notifications, which is 0.
    unread: (_parent, _args, context) => notifications(context)?.unreadCount ?? 0,
    orders: (_parent, args: { first?: number | null }, context) => orders(context, args).rows,
    news: (_parent, _args, context) =>
      notifications(context)?.items.map((item) => ({ ...item, __typename: newsTypes[item.type] })),
    latestVoices: (_parent, _args, context) =>
      products(context, { first: 3 }).rows.flatMap(({ id }) => reviewsOfProduct(context, id, { first: 1 })),
  },
  OrderNews: {
    order: ({ orderId }: { orderId: string }, _args, context) => order(context, orderId),
  },
  ReplyNews: {
    from: ({ authorId }: { authorId: string }, _args, { data }) => data.userById.get(authorId)?.name,
  },
  DealNews: {
    product: ({ productId }: { productId: string }, _args, { data }) => data.productById.get(productId),
  },
  ProductCard: {
    title: ({ name }: Product) => cut(name, 40),
    priceText: ({ price }: Product, _args, { locale }) => moneyText(price, locale),
    inStock: ({ id }: Product, _args, { data }) => data.stockByProductId.get(id)?.available ?? false,
    stars: ({ id }: Product, _args, { data }) => data.ratingByProductId.get(id)?.average,
    badges: ({ tags }: Product) => tags.slice(0, 2).map(inTitleCase),
  },
  ProductScreen: {
    title: ({ name }: Product) => name,
    text: ({ description }: Product) => cut(description, 280),
    priceText: ({ price }: Product, _args, { locale }) => moneyText(price, locale),
    weight: ({ weightGrams }: Product, _args, { locale }) => gramsText(weightGrams, locale),
    released: ({ releasedAt }: Product, _args, { locale }) =>
      timeText(releasedAt, locale, { dateStyle: "long" }),
    link: ({ id }: Product) => productLink(id),
    deliveryDays: (product: Product, _args, context) => deliveryOf(context, product)?.maxDays,
    videoUrl: ({ media }: Product) => (media?.kind === "video" ? media.url : null),
    facts: ({ attributes }: Product) =>
      Object.entries(attributes).map(([name, value]) => ({ label: inTitleCase(name), value })),
    state: ({ condition }: Product) => (condition === "NEW" ? "BRAND_NEW" : "SECOND_HAND"),
    inStock: ({ id }: Product, _args, { data }) => data.stockByProductId.get(id)?.available ?? false,
    stars: ({ id }: Product, _args, { data }) => data.ratingByProductId.get(id)?.average,
    alsoLike: ({ id }: Product, _args, context) =>
      recommendations(context, id, 3).map(({ productId }) => context.data.productById.get(productId)),
    reviewCount: ({ id }: Product, _args, { data }) => data.ratingByProductId.get(id)?.count ?? 0,
    reviews: ({ id }: Product, { first }: { first?: number | null }, context) =>
      reviewsOfProduct(context, id, { first: first ?? null, sort: "TOP" }),
  },
  ReviewCard: {
    link: ({ id }: Review) => reviewLink(id),
    text: ({ body }: Review) => cut(body, 140),
    author: ({ authorId }: Review, _args, { data }) => data.userById.get(authorId)?.name ?? "A customer",
    authorInitials: ({ authorId }: Review, _args, { data }) =>
      initialsOf(data.userById.get(authorId)?.name ?? "?"),
  },
  Price: {
    currency: ({ currencyCode }: Product["price"]) => currencyCode,
  },
  OrderLineCard: {
    product: ({ productId }: Order["lines"][number], _args, { data }) => data.productById.get(productId),
  },
};

/** What a link leads to, as the type that shows it. */
function linked(context: PlainContext, link: string): object | null {
  if (linkedType(link) === "Review") {
    const review = linkedReview(context, link);
    return review === null ? null : { ...review, __typename: "ReviewCard" };
  }
  const product = linkedProduct(context, link);
  return product === null ? null : { ...product, __typename: "ProductScreen" };
}

/** An error in a list costs its own place. */
function outcomeOf(read: () => object | null): unknown {
  try {
    return read();
  } catch (error) {
    return error;
  }
}

const newsTypes = { order_shipped: "OrderNews", review_reply: "ReplyNews", price_drop: "DealNews" };
