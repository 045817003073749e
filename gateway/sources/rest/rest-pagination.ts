import { OverlockError } from "../../core/errors.ts";
import { type CompiledSelection, compileSelection, rawRoots } from "../../language/evaluate-selection.ts";
import type { PlacedSelection } from "../../language/directive-reader.ts";
import type { PaginationDeclaration } from "../../language/rest-pagination.ts";
import type { HttpResponse } from "../../outbound/http-pool.ts";
import { type CallInput, compileInput } from "../declared-call.ts";
import { parseLinkHeader } from "./link-header.ts";

/** A page, whatever the backend's pages look like. */
export interface Page {
  readonly items: readonly unknown[];
  /** Null: it is the last one. */
  readonly nextPageToken: string | null;
  readonly hasNextPage: boolean;
  /** Absent where the backend does not say. */
  readonly totalCount?: unknown;
}

export interface CompiledPagination {
  /** The query pair that asks for the page. Raises BAD_USER_INPUT for a token that no page had. */
  pair(values: readonly unknown[]): readonly [name: string, value: unknown];
  /** The page in an answer. Raises UPSTREAM_INVALID_RESPONSE where there is none. */
  read(decoded: unknown, response: HttpResponse, values: readonly unknown[]): Page | null;
}

/** Compiles a call's pagination. A token is a value of its own query pair, and nothing else of the call depends on it. */
export function compilePagination(
  pagination: PaginationDeclaration,
  coordinate: string,
  addInput: (input: CallInput) => number,
): CompiledPagination {
  const tokenSlot = addInput(compileInput(pagination.token, true));
  const sizeSlot = pagination.pageSize === null ? null : addInput(compileInput(pagination.pageSize, true));
  const items = compileMap(pagination.items);
  const totalCount = compileMap(pagination.totalCount);
  const findNext = compileNext(pagination, coordinate);
  const tokenOf = (values: readonly unknown[]): string | null => readToken(values[tokenSlot], pagination);
  return {
    pair: (values) => [pagination.as, tokenOf(values) ?? undefined],
    read(decoded, response, values) {
      if (decoded === null) return null;
      const found = items === null ? decoded : items(rawRoots(decoded));
      if (found !== null && !Array.isArray(found)) throw invalid(coordinate, "no list of items");
      const list: readonly unknown[] = found ?? [];
      const total = totalCount?.(rawRoots(decoded)) ?? totalOf(response, pagination.totalCountHeader);
      const size = sizeSlot === null ? null : values[sizeSlot];
      const nextPageToken = findNext({
        decoded,
        response,
        token: tokenOf(values),
        itemCount: list.length,
        totalCount: typeof total === "number" ? total : null,
        pageSize: typeof size === "number" && size > 0 ? size : null,
      });
      const hasNextPage = nextPageToken !== null;
      return { items: list, nextPageToken, hasNextPage, ...(total !== undefined && { totalCount: total }) };
    },
  };
}

/** What is known when the next page is looked for. */
interface PageFacts {
  readonly decoded: unknown;
  readonly response: HttpResponse;
  readonly token: string | null;
  readonly itemCount: number;
  readonly totalCount: number | null;
  readonly pageSize: number | null;
}

function compileMap(selection: PlacedSelection | null): CompiledSelection | null {
  return selection === null ? null : compileSelection(selection.map);
}

function compileNext(
  pagination: PaginationDeclaration,
  coordinate: string,
): (facts: PageFacts) => string | null {
  const hasNext = compileMap(pagination.hasNext);
  const next = compileMap(pagination.next);
  switch (pagination.style) {
    case "PAGE":
      return (facts) => nextNumber(facts, pagination.firstPage, hasNext);
    case "CURSOR":
      return ({ decoded }) => {
        const roots = rawRoots(decoded);
        if (hasNext?.(roots) === false) return null;
        const cursor = next?.(roots);
        if (cursor === undefined || cursor === null || cursor === "") return null;
        if (typeof cursor !== "string" && typeof cursor !== "number")
          throw invalid(coordinate, "a cursor that is neither text nor number");
        return checkedLength(String(cursor), coordinate);
      };
    case "LINK":
      return ({ response }) => nextOfLinks(response.header("link"), pagination.as, coordinate);
  }
}

/** Where the backend does not say so itself, a full page has a next one unless the total is reached. */
function nextNumber(facts: PageFacts, firstPage: number, hasNext: CompiledSelection | null): string | null {
  const { decoded, token, itemCount, totalCount, pageSize } = facts;
  const page = token === null ? firstPage : Number(token);
  let isNext: boolean;
  if (hasNext !== null) isNext = hasNext(rawRoots(decoded)) === true;
  else if (totalCount !== null && pageSize !== null) isNext = (page - firstPage + 1) * pageSize < totalCount;
  else isNext = itemCount > 0 && (pageSize === null || itemCount >= pageSize);
  return isNext && page < maxPage ? String(page + 1) : null;
}

/** The one value of the pair in the target of `rel="next"`; the target itself is never followed. */
function nextOfLinks(header: string | null, name: string, coordinate: string): string | null {
  const links = parseLinkHeader(header ?? "");
  if (links === null) throw invalid(coordinate, "a Link header that is none");
  const next = links.find(({ relations }) => relations.includes("next"));
  if (next === undefined) return null;
  const base = "http://backend.invalid/";
  const values = URL.canParse(next.target, base) ? new URL(next.target, base).searchParams.getAll(name) : [];
  const [value, ...more] = values;
  if (value === undefined || value === "" || more.length > 0)
    throw invalid(coordinate, `a next page without one ${name} in its link`);
  return checkedLength(value, coordinate);
}

const maxPage = 999_999_999;
const maxTokenLength = 4096;

/** What the client sent as a token; null for the first page. */
function readToken(value: unknown, { style, firstPage }: PaginationDeclaration): string | null {
  if (value === undefined || value === null || value === "") return null;
  const isToken =
    typeof value === "string" &&
    value.length <= maxTokenLength &&
    (style !== "PAGE" || (/^(?:0|[1-9]\d{0,8})$/.test(value) && Number(value) >= firstPage));
  if (isToken) return value;
  throw new OverlockError("BAD_USER_INPUT", "The page token is not one that this field has given.");
}

/** A token that could not come back would end the list without a word. */
function checkedLength(token: string, coordinate: string): string {
  if (token.length <= maxTokenLength) return token;
  throw invalid(coordinate, `a page token of more than ${maxTokenLength} characters`);
}

function totalOf(response: HttpResponse, header: string | null): number | undefined {
  const text = header === null ? null : response.header(header);
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function invalid(coordinate: string, found: string): OverlockError {
  return new OverlockError("UPSTREAM_INVALID_RESPONSE", `the answer for ${coordinate} has ${found}`);
}
