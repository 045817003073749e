import type { Order, Product, Recommendation, Review, ShopData, User } from "../backends/shop-data.ts";
import { HttpError } from "../backends/http-backend.ts";
import { type Delivery, estimateDelivery } from "../backends/shipping.ts";
import type { AnswerError } from "./compare-answers.ts";
import { PlainError } from "./plain-schema.ts";

/** What a plain resolver knows of a request. */
export interface PlainContext {
  readonly data: ShopData;
  /** Who asks; null for a guest. */
  readonly userId: string | null;
  readonly locale: string;
  /** Failures that a default stands in for: resolvers of such fields add theirs. */
  readonly absorbed: AnswerError[];
}

/** The user who asks. Guests are told that they need a token. */
export function signedIn({ userId }: PlainContext): string {
  if (userId === null) throw new PlainError("UNAUTHENTICATED");
  return userId;
}

export function me(context: PlainContext): User | null {
  return context.data.userById.get(signedIn(context)) ?? null;
}

export function notifications(context: PlainContext) {
  return context.data.notificationsByUserId.get(signedIn(context)) ?? null;
}

/** A part of a list with the token for the next one. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly next: string;
  readonly total: number;
}

interface PageArguments {
  readonly first?: number | null;
  readonly after?: string | null;
}

export interface ProductsArguments extends PageArguments {
  readonly sort?: string | null;
  readonly category?: string | null;
}

export function products({ data }: PlainContext, args: ProductsArguments): Page<Product> {
  const { sort, category } = args;
  const wanted = sortedProducts(data, sort ?? "FEATURED").filter(
    (product) => isNothing(category) || product.categoryId === category,
  );
  return pageOf(wanted, args, { usual: 20, most: 1000 });
}

function sortedProducts(data: ShopData, sort: string): readonly Product[] {
  if (sort === "NEWEST")
    return data.products.toSorted((one, other) => Date.parse(other.releasedAt) - Date.parse(one.releasedAt));
  if (sort === "PRICE_ASCENDING") return data.products.toSorted((one, other) => price(one) - price(other));
  return data.featuredProducts;
}

function price({ price: { units, nanos } }: Product): number {
  return Number(units) * 100 + nanos / 1e7;
}

export function orders(context: PlainContext, args: PageArguments): Page<Order> {
  const own = context.data.ordersByUserId.get(signedIn(context)) ?? [];
  return pageOf(own, args, { usual: 10, most: 100 });
}

/** An order of somebody else is none. */
export function order(context: PlainContext, id: string): Order | null {
  const userId = signedIn(context);
  const found = context.data.orderById.get(id);
  return found?.userId === userId ? found : null;
}

export function reviewsOfProduct(
  { data }: PlainContext,
  id: string,
  { first, sort }: { readonly first?: number | null; readonly sort?: string | null },
): readonly Review[] {
  const newestFirst = data.reviewsByProductId.get(id) ?? [];
  const wanted = sort === "TOP" ? newestFirst.toSorted((one, other) => other.stars - one.stars) : newestFirst;
  return firstOf(wanted, first);
}

export function reviewsByUser({ data }: PlainContext, id: string, first?: number | null): readonly Review[] {
  return firstOf(data.reviewsByAuthorId.get(id) ?? [], first);
}

/** From 0 to 100, as the recommendations service has it. */
export function recommendations(
  { data }: PlainContext,
  id: string,
  first?: number | null,
): readonly Recommendation[] {
  const count = first ?? 4;
  if (count < 0 || count > 100) throw new PlainError("UPSTREAM_REJECTED");
  return (data.recommendationsByProductId.get(id) ?? []).slice(0, count);
}

/** By their numbers, as the reviews service has it. */
export function reviewPage(
  reviews: readonly Review[],
  { page, pageSize }: { readonly page?: number | null; readonly pageSize?: number | null },
): object {
  const [number, size] = [page ?? 1, pageSize ?? 10];
  if (number < 1 || size < 1 || size > 100) throw new PlainError("UPSTREAM_REJECTED");
  return {
    rows: reviews.slice((number - 1) * size, number * size),
    page: number,
    pageCount: Math.ceil(reviews.length / size),
    totalCount: reviews.length,
  };
}

export function newestReviews({ data }: PlainContext): readonly Review[] {
  return data.reviews.toSorted((one, other) => other.createdAt.localeCompare(one.createdAt));
}

export interface ConnectionArguments {
  readonly first?: number | null;
  readonly after?: string | null;
}

/** A list as a connection; its cursors are not known here, so whatever is one is none. */
export function connection(
  list: () => readonly object[] | undefined,
  { first, after }: ConnectionArguments,
  { usual, most }: { readonly usual: number; readonly most: number },
): object | null {
  const count = first ?? usual;
  const hasCursor = after !== undefined && after !== null;
  if (hasCursor || count < 0) throw new PlainError("BAD_USER_INPUT");
  const rows = list();
  if (count > most) throw new PlainError("UPSTREAM_REJECTED");
  if (rows === undefined) return null;
  const nodes = rows.slice(0, count);
  return {
    edges: nodes.map((node) => ({ node })),
    nodes,
    pageInfo: { hasNextPage: rows.length > count, hasPreviousPage: false },
    totalCount: rows.length,
  };
}

/** Null for what nobody stocks and for what shipping does not take. */
export function deliveryOf(
  { data }: PlainContext,
  product: Product,
  country?: string | null,
): Delivery | null {
  const stock = data.stockByProductId.get(product.id);
  if (stock === undefined) return null;
  const { weightGrams } = product;
  try {
    return estimateDelivery({ weightGrams, warehouse: stock.warehouse, country: country ?? null });
  } catch (error) {
    if (error instanceof HttpError) return null;
    throw error;
  }
}

/** The app's links to products. */
export function productLink(id: string): string {
  return Buffer.from(`Product:${id}`).toString("base64url");
}

/** The app's links to reviews. */
export function reviewLink(id: string): string {
  return Buffer.from(`Review:${id}`).toString("base64url");
}

/** What a link says that it is of. */
export function linkedType(link: string): string | null {
  return /^([A-Za-z]+):/.exec(Buffer.from(link, "base64url").toString())?.[1] ?? null;
}

export function linkedReview({ data }: PlainContext, link: string): Review | null {
  const [, id] = /^Review:(.+)$/s.exec(Buffer.from(link, "base64url").toString()) ?? [];
  if (id === undefined) throw new PlainError("BAD_USER_INPUT");
  return data.reviews.find((review) => review.id === id) ?? null;
}

/** The product that a link leads to. */
export function linkedProduct({ data }: PlainContext, link: string): Product | null {
  const [, id] = /^Product:(.+)$/s.exec(Buffer.from(link, "base64url").toString()) ?? [];
  if (id === undefined) throw new PlainError("BAD_USER_INPUT");
  return data.productById.get(id) ?? null;
}

/** At most 100, as the reviews service has it. */
function firstOf(reviews: readonly Review[], first?: number | null): readonly Review[] {
  const count = first ?? 10;
  if (count < 1 || count > 100) throw new PlainError("UPSTREAM_REJECTED");
  return reviews.slice(0, count);
}

/** As the gRPC services page: 0 and "" are what a request leaves out. */
function pageOf<Row>(
  rows: readonly Row[],
  { first, after }: PageArguments,
  { usual, most }: { readonly usual: number; readonly most: number },
): Page<Row> {
  const count = isNothing(first) ? usual : first;
  const start = isNothing(after) ? 0 : startOf(after);
  if (count < 1 || count > most || start === null) throw new PlainError("UPSTREAM_REJECTED");
  const end = start + count;
  return { rows: rows.slice(start, end), next: end < rows.length ? pageToken(end) : "", total: rows.length };
}

function isNothing(value: string | number | null | undefined): value is "" | 0 | null | undefined {
  return value === undefined || value === null || value === "" || value === 0;
}

/** The services' token for what comes after so many rows. */
export function pageToken(rows: number): string {
  return Buffer.from(`after:${rows}`).toString("base64url");
}

function startOf(token: string): number | null {
  const [, start] = /^after:(\d+)$/.exec(Buffer.from(token, "base64url").toString()) ?? [];
  return start === undefined ? null : Number(start);
}
