import { HttpAnswer, HttpError } from "./http-backend.ts";
import type { HttpRequest } from "./http-backend.ts";

/** Page `page` (from 1) of `rows`, `pageSize` (1 to 100) of them; `page` beyond the last has none. */
export type NumberedPage<Row> = {
  readonly rows: readonly Row[];
  readonly page: number;
  readonly pageCount: number;
  readonly totalCount: number;
};

/** One page by its number; `page` 1 and `pageSize` 10 where they are absent. Throws 400. */
export function numberedPage<Row>(
  rows: readonly Row[],
  asked: { readonly page: unknown; readonly pageSize: unknown },
): NumberedPage<Row> {
  const page = readInteger(asked.page ?? 1, "page", 1_000_000);
  const pageSize = readInteger(asked.pageSize ?? 10, "pageSize", 100);
  const start = (page - 1) * pageSize;
  return {
    rows: rows.slice(start, start + pageSize),
    page,
    pageCount: Math.ceil(rows.length / pageSize),
    totalCount: rows.length,
  };
}

/**
 * One page as a bare list; the header `link` says where the others are (RFC 8288: first, prev, next, last), and
 * `x-total-count` how many rows there are. `path`: of the list, without a query. Throws 400.
 */
export function linkedPage(rows: readonly unknown[], query: URLSearchParams, path: string): HttpAnswer {
  const pageSize = query.get("per_page");
  const page = numberedPage(rows, { page: query.get("page"), pageSize });
  const pages = { first: 1, prev: page.page - 1, next: page.page + 1, last: page.pageCount };
  const links = Object.entries(pages)
    .filter(([, number]) => number >= 1 && number <= page.pageCount)
    .map(([rel, number]) => {
      const to = new URLSearchParams(query);
      to.set("page", String(number));
      return `<${path}?${to.toString()}>; rel="${rel}"`;
    });
  const link = links.length === 0 ? {} : { link: links.join(", ") };
  return new HttpAnswer(200, page.rows, { ...link, "x-total-count": String(page.totalCount) });
}

/** `limit` (1 to 50, absent: 5) of `rows` after `cursor`; `nextCursor` is null on the last page. Throws 400. */
export function cursorPage<Row>(
  rows: readonly Row[],
  query: URLSearchParams,
): { readonly items: readonly Row[]; readonly nextCursor: string | null; readonly totalCount: number } {
  const limit = readInteger(query.get("limit") ?? 5, "limit", 50);
  const cursor = query.get("cursor");
  const start = cursor === null ? 0 : readCursor(cursor);
  const end = start + limit;
  const nextCursor = end < rows.length ? Buffer.from(`row:${end}`).toString("base64url") : null;
  return { items: rows.slice(start, end), nextCursor, totalCount: rows.length };
}

/** The id of the user whom the header `x-user-id` names. Throws 401. */
export function readUserId({ headers }: HttpRequest): string {
  const { "x-user-id": userId = "" } = headers;
  if (userId === "") throw new HttpError(401, "Expected the header x-user-id.");
  return userId;
}

function readCursor(cursor: string): number {
  const start = /^row:(\d+)$/.exec(Buffer.from(cursor, "base64url").toString())?.[1];
  if (start === undefined) throw new HttpError(400, "Expected a cursor that this service made.");
  return Number(start);
}

function readInteger(value: unknown, name: string, max: number): number {
  const text = typeof value === "number" ? String(value) : value;
  const number = typeof text === "string" && /^\d{1,7}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > max) {
    throw new HttpError(400, `Expected ${name} from 1 to ${max}, got ${JSON.stringify(value)}.`);
  }
  return number;
}
