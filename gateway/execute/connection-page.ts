import type { BoundStep } from "../compose/bindings.ts";
import { canonicalJson } from "../core/canonical-json.ts";
import { OverlockError } from "../core/errors.ts";
import {
  type CursorPosition,
  cursorScope,
  isSizedByCursor,
  maxPageSize,
  type PageToken,
  readCursor,
  writeCursor,
} from "../compose/cursor.ts";
import { readArguments } from "./read-path.ts";

/*
 * What a connection asks its backend for, and what it shows of the pages that come: the same whichever executor fetches
 * them.
 */

type Args = Readonly<Record<string, unknown>>;

/** A field that returns a connection: how a page of it is found. */
export interface ConnectionField {
  readonly steps: readonly BoundStep[];
  /** A token leads to the right page only where that is asked for with the size of the page before. */
  readonly keepsPageSize: boolean;
}

/** What a client asked for of a connection. */
export interface PageRequest {
  readonly first: number | null;
  readonly after: CursorPosition | null;
  readonly afterText: string | null;
  readonly keepsPageSize: boolean;
  /** The field's other arguments. */
  readonly others: Args;
  /** What cursors of this connection are marked with. */
  readonly cursors: () => string;
}

/** A page that is to be fetched, and the part of it that is to be shown. */
export interface WantedPage {
  readonly token: PageToken | null;
  readonly size: number | null;
  readonly start: number;
  /** How many items at most; null: all. */
  readonly first: number | null;
}

/** One page that was fetched, and the part of it that is shown. */
export interface PagePart<Page> {
  readonly page: Page;
  readonly token: PageToken | null;
  readonly size: number | null;
  /** Everything that came. */
  readonly items: readonly unknown[];
  readonly next: PageToken | null;
  /** What the page behind `next` has to be asked for with; null: any size. */
  readonly nextSize: number | null;
  /** The shown ones are those from `start` to before `end`. */
  readonly start: number;
  readonly end: number;
}

/** Reads `first` and `after`. Raises BAD_USER_INPUT, and what is wrong with the other arguments. */
export function readPageRequest({ steps, keepsPageSize }: ConnectionField, args: Args): PageRequest {
  const { first = null, after = null, ...others } = args;
  if (first !== null && (typeof first !== "number" || first < 0 || first > maxPageSize))
    throw new OverlockError("BAD_USER_INPUT", `Expected 0 to ${maxPageSize} as first.`);
  const reads = canonicalJson(steps.map((step) => [step.field.coordinate, readArguments(step, others)]));
  let scope: string | null = null;
  const cursors = (): string => (scope ??= cursorScope(reads));
  const afterText = typeof after === "string" ? after : null;
  const place = afterText === null ? null : readCursor(cursors(), afterText);
  return { first, after: place, afterText, keepsPageSize, others, cursors };
}

export function firstPage({ first, after, keepsPageSize }: PageRequest): WantedPage {
  if (after === null) return { token: null, size: atLeastOne(first), start: 0, first };
  const { token, offset } = after;
  const size = isSizedByCursor(after, keepsPageSize) ? after.size : atLeastOne(first);
  return { token, size, start: offset, first };
}

/** The field's arguments as its path gets them for one page. */
export function argsOfPage({ others }: PageRequest, { token, size }: WantedPage): Args {
  return { ...others, ...present("first", size), ...present("after", token) };
}

/** What was fetched for a wanted page. `found`: its items, null or a list, and its token, as their source has them. */
export function partOf<Page>(
  { keepsPageSize }: PageRequest,
  { token, size, start, first }: WantedPage,
  page: Page,
  found: { readonly items: unknown; readonly next: unknown },
): PagePart<Page> {
  const items: readonly unknown[] = Array.isArray(found.items) ? found.items : [];
  const from = Math.min(start, items.length);
  const end = first === null ? items.length : Math.min(items.length, from + first);
  const nextSize = keepsPageSize ? size : null;
  return { page, token, size, items, next: readToken(found.next), nextSize, start: from, end };
}

/**
 * The second page, where the first does not have all that was asked for and a cursor in the middle of it is why. Where
 * pages have to keep their size, those behind a cursor are two of the size that the first one had, although `first` may
 * be more.
 */
export function pageBehind(
  { first, after, keepsPageSize }: PageRequest,
  { start }: WantedPage,
  part: PagePart<unknown>,
): WantedPage | null {
  const missing = first === null ? 0 : first - (part.end - part.start);
  const mayGoOn = start > 0 || (keepsPageSize && after !== null);
  if (!mayGoOn || missing <= 0 || part.next === null) return null;
  return {
    token: part.next,
    size: keepsPageSize ? part.size : missing,
    // Where the page has become shorter than the cursor's place, the rest is left out of the next one.
    start: Math.max(0, start - part.items.length),
    first: missing,
  };
}

/** What a client asked for with `first` and `after`, made of one page of the backend's or of two. */
export class ConnectionPage<Page> {
  /** The page of the supergraph, for the fields that the connection shows of it. */
  readonly page: Page;
  /** What the edges lead to. */
  readonly nodes: readonly unknown[];
  readonly hasPreviousPage: boolean;
  readonly hasNextPage: boolean;
  readonly #parts: readonly [PagePart<Page>, ...PagePart<Page>[]];
  readonly #request: PageRequest;

  constructor(parts: readonly [PagePart<Page>, ...PagePart<Page>[]], request: PageRequest) {
    this.#parts = parts;
    this.#request = request;
    this.page = parts[0].page;
    this.nodes = parts.flatMap((part) => part.items.slice(part.start, part.end));
    this.hasPreviousPage = request.after !== null;
    const last = this.#last;
    this.hasNextPage = last.end < last.items.length || last.next !== null;
  }

  /** The place behind the edge of this index. */
  cursorAt(index: number): string {
    let before = 0;
    for (const part of this.#parts) {
      const shown = part.end - part.start;
      if (index < before + shown) return this.#write(placeIn(part, part.start + index - before + 1));
      before += shown;
    }
    throw new OverlockError("INTERNAL_SERVER_ERROR", `a connection has no edge ${index}`);
  }

  get startCursor(): string | null {
    return this.nodes.length === 0 ? null : this.cursorAt(0);
  }

  get endCursor(): string | null {
    if (this.nodes.length > 0) return this.cursorAt(this.nodes.length - 1);
    // Nothing was shown: the client goes on from where it was.
    if (this.#request.first === 0) return this.#request.afterText;
    return this.hasNextPage ? this.#write(placeIn(this.#last, this.#last.end)) : null;
  }

  get #last(): PagePart<Page> {
    return this.#parts.at(-1) ?? this.#parts[0];
  }

  #write(place: CursorPosition): string {
    return writeCursor(this.#request.cursors(), place);
  }
}

/** Many backends take a size of 0 for no size at all. */
function atLeastOne(first: number | null): number | null {
  return first === null ? null : Math.max(1, first);
}

function present(name: string, value: unknown): Args {
  return value === null ? {} : { [name]: value };
}

function readToken(value: unknown): PageToken | null {
  if (typeof value === "number") return value === 0 ? null : value;
  return typeof value === "string" && value !== "" ? value : null;
}

/** The place behind so many items of the page; at its end it is the beginning of the next. */
function placeIn({ token, size, items, next, nextSize }: PagePart<unknown>, offset: number): CursorPosition {
  if (offset >= items.length && next !== null) return { token: next, size: nextSize, offset: 0 };
  return { token, size, offset };
}
