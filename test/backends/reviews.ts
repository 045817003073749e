import { findRows } from "./find-rows.ts";
import { HttpBackend, HttpError } from "./http-backend.ts";
import { readCount, readIds } from "./http-query.ts";
import type { RequestLog } from "./request-log.ts";
import type { Review, ShopData } from "./shop-data.ts";

/** The reviews team's service (REST). */
export function createReviews(data: ShopData, log: RequestLog): HttpBackend {
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
            (data.reviewsByProductId.get(id) ?? []).toSorted(byOrder).slice(0, perProduct),
          );
          return { data: reviews.toSorted(byOrder) };
        },
      },
      {
        method: "GET",
        path: "/ratings",
        answer: ({ query }) => findRows(data.ratingByProductId, readIds(query, "ids")),
      },
      {
        method: "GET",
        path: "/users/{id}/reviews",
        answer: ({ path: { id = "" }, query }) => {
          const reviews = data.reviewsByAuthorId.get(id) ?? [];
          return { data: reviews.slice(0, readCount(query, "first")), total: reviews.length };
        },
      },
    ],
    log,
  );
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
