import { findRows } from "./find-rows.ts";
import { HttpAnswer, HttpBackend, HttpError } from "./http-backend.ts";
import { linkedPage, numberedPage, readUserId } from "./http-page.ts";
import { readCount, readIds } from "./http-query.ts";
import { readObject, unprocessable } from "./json-body.ts";
import type { RequestLog } from "./request-log.ts";
import { ReviewStore } from "./review-store.ts";
import type { Review, ShopData } from "./shop-data.ts";

/** The reviews team's service (REST). Who writes is told by the header `x-user-id`; one writes and changes one's own. */
export function createReviews(data: ShopData, log: RequestLog): HttpBackend {
  const store = new ReviewStore(data);
  const readOwnReview = (id: string, userId: string): Review => {
    const review = known(store, id);
    if (review.authorId === userId) return review;
    throw new HttpError(403, `The review "${id}" is somebody else's.`, "NOT_YOURS");
  };

  return new HttpBackend(
    [
      {
        method: "GET",
        path: "/reviews",
        // At most `perProduct` of each product, all sorted together: each product's rows lie between the others'.
        answer: ({ query }) => {
          const byOrder = readOrder(query);
          const perProduct = readCount(query, "perProduct");
          const reviews = [...new Set(readIds(query, "productIds"))].flatMap((id) =>
            store.ofProduct(id).toSorted(byOrder).slice(0, perProduct),
          );
          return { data: reviews.toSorted(byOrder) };
        },
      },
      {
        method: "GET",
        path: "/ratings",
        answer: ({ query }) => findRows(store.ratings, readIds(query, "ids")),
      },
      {
        method: "GET",
        path: "/users/{id}/reviews",
        answer: ({ path: { id = "" }, query }) => {
          const reviews = store.ofAuthor(id);
          return { data: reviews.slice(0, readCount(query, "first")), total: reviews.length };
        },
      },
      {
        method: "GET",
        path: "/products/{id}/reviews",
        answer: ({ path: { id = "" }, query }) =>
          linkedPage(store.ofProduct(id), query, `/products/${encodeURIComponent(id)}/reviews`),
      },
      {
        method: "GET",
        path: "/reviews/latest",
        answer: ({ query }) =>
          numberedPage(store.newest(), { page: query.get("page"), pageSize: query.get("pageSize") }),
      },
      // Reads only: too much is asked for to fit into a URL.
      { method: "POST", path: "/reviews/search", answer: ({ body }) => search(store, readObject(body)) },
      { method: "GET", path: "/reviews/{id}", answer: ({ path: { id = "" } }) => known(store, id) },
      {
        method: "POST",
        path: "/reviews",
        answer: (request) => {
          const authorId = readUserId(request);
          const { productId, stars, title = "", body } = readObject(request.body);
          if (typeof productId !== "string" || !data.productById.has(productId)) {
            throw unprocessable("UNKNOWN_PRODUCT", `There is no product ${JSON.stringify(productId)}.`);
          }
          const written = readReview({ stars, title, body });
          if (store.ofProduct(productId).some((review) => review.authorId === authorId)) {
            throw new HttpError(409, `${authorId} has reviewed ${productId} before.`, "ALREADY_REVIEWED");
          }
          const review = store.add({ productId, authorId, ...written, createdAt: new Date().toISOString() });
          return new HttpAnswer(201, review, { location: `/reviews/${review.id}` });
        },
      },
      {
        method: "PATCH",
        path: "/reviews/{id}",
        answer: (request) => {
          const review = readOwnReview(request.path["id"] ?? "", readUserId(request));
          const { stars = review.stars, title = review.title, body = review.body } = readObject(request.body);
          const changed = { ...review, ...readReview({ stars, title: title ?? "", body }) };
          store.replace(changed);
          return changed;
        },
      },
      {
        method: "DELETE",
        path: "/reviews/{id}",
        answer: (request) => {
          store.remove(readOwnReview(request.path["id"] ?? "", readUserId(request)));
          return new HttpAnswer(204);
        },
      },
    ],
    log,
    () => store.reset(),
  );
}

function known(store: ReviewStore, id: string): Review {
  const review = store.get(id);
  if (review === undefined) throw new HttpError(404, `There is no review "${id}".`);
  return review;
}

function search(store: ReviewStore, asked: Readonly<Record<string, unknown>>): object {
  const { page, pageSize } = asked;
  const [text, minStars, productIds] = [
    asked["text"] ?? "",
    asked["minStars"] ?? 1,
    asked["productIds"] ?? null,
  ];
  if (typeof text !== "string") throw unprocessable("INVALID_TEXT", "Expected text to be a string.");
  if (typeof minStars !== "number") throw unprocessable("INVALID_STARS", "Expected minStars to be a number.");
  if (productIds !== null && !Array.isArray(productIds)) {
    throw unprocessable("INVALID_PRODUCTS", "Expected productIds to be a list.");
  }
  const wanted = productIds === null ? null : new Set<unknown>(productIds);
  const words = text.toLowerCase();
  const found = store
    .newest()
    .filter(
      (review) =>
        review.stars >= minStars &&
        (wanted === null || wanted.has(review.productId)) &&
        `${review.title} ${review.body}`.toLowerCase().includes(words),
    );
  return numberedPage(found, { page, pageSize });
}

function readReview({ stars, title, body }: Readonly<Record<"stars" | "title" | "body", unknown>>) {
  if (typeof stars !== "number" || !Number.isInteger(stars) || stars < 1 || stars > 5) {
    throw unprocessable("INVALID_STARS", `Expected stars from 1 to 5, got ${JSON.stringify(stars)}.`);
  }
  if (typeof title !== "string" || title.length > 80) {
    throw unprocessable("INVALID_TITLE", "Expected a title of at most 80 characters.");
  }
  if (typeof body !== "string" || body.trim().length < 3) {
    throw unprocessable("BODY_TOO_SHORT", "Expected a body of at least 3 characters.");
  }
  return { stars, title, body };
}

function readOrder(query: URLSearchParams): (a: Review, b: Review) => number {
  const sort = query.get("sort") ?? "NEWEST";
  if (sort === "NEWEST") return byNewest;
  if (sort === "TOP") return (a, b) => b.stars - a.stars || byNewest(a, b);
  throw new HttpError(400, `Expected sort to be NEWEST or TOP, got "${sort}".`);
}

function byNewest(a: Review, b: Review): number {
  return b.createdAt.localeCompare(a.createdAt);
}
