import type { BoundStep, ConnectionRule } from "../compose/bindings.ts";
import { Entity } from "../compose/entity.ts";
import { OverlockError } from "../core/errors.ts";
import type { RequestScope } from "../core/request-scope.ts";
import {
  type CursorPosition,
  cursorScope,
  maxPageSize,
  type PageToken,
  readCursor,
  writeCursor,
} from "./cursor.ts";
import { Need } from "../compose/need.ts";
import { needOfPath, readArguments, readPath } from "./read-path.ts";

type Args = Readonly<Record<string, unknown>>;

/** A field that returns a connection: how a page of it is fetched. */
export interface ConnectionField {
  readonly steps: readonly BoundStep[];
  readonly rule: ConnectionRule;
  /** A token leads to the right page only where that is asked for with the size of the page before. */
  readonly keepsPageSize: boolean;
}

/** One page that was fetched, and the part of it that is shown. */
interface Part {
  readonly page: Entity;
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

/** The edge between its node and the place behind it. */
export interface ConnectionEdge {
  readonly node: unknown;
  readonly cursor: string;
}

/** What a client asked for with `first` and `after`, made of one page of the backend's or of two. */
export class ConnectionPage {
  /** The page of the supergraph, for the fields that the connection shows of it. */
  readonly entity: Entity;
  readonly edges: readonly ConnectionEdge[];
  readonly hasPreviousPage: boolean;
  readonly hasNextPage: boolean;
  readonly endCursor: string | null;

  constructor(parts: readonly [Part, ...Part[]], request: PageRequest) {
    const { cursors, after } = request;
    this.entity = parts[0].page;
    this.edges = parts.flatMap((part) =>
      part.items.slice(part.start, part.end).map((node, index) => ({
        node,
        cursor: writeCursor(cursors, placeIn(part, part.start + index + 1)),
      })),
    );
    const last = parts.at(-1);
    this.hasPreviousPage = after !== null;
    this.hasNextPage = last !== undefined && (last.end < last.items.length || last.next !== null);
    this.endCursor =
      this.edges.at(-1)?.cursor ?? (this.hasNextPage && last !== undefined ? endOf(cursors, last) : null);
    // Nothing was shown: the client goes on from where it was.
    if (this.edges.length === 0 && request.first === 0) this.endCursor = request.afterText;
  }

  get startCursor(): string | null {
    return this.edges[0]?.cursor ?? null;
  }
}

interface PageRequest {
  /** What cursors of this connection are marked with. */
  readonly cursors: string;
  readonly first: number | null;
  readonly after: CursorPosition | null;
  readonly afterText: string | null;
  readonly keepsPageSize: boolean;
  /** The field's other arguments. */
  readonly others: Args;
}

/** What a client asked for of a connection, and what is going to be read of its pages. */
export interface ConnectionRequest {
  readonly field: ConnectionField;
  readonly args: Args;
  readonly need: Need;
}

/**
 * Fetches what `first` and `after` ask for. A cursor in the middle of a page asks for that page again and, where the
 * rest of it is not enough, for the one behind it. Where pages have to keep their size, those behind a cursor are two
 * of the size that the first one had, although `first` may be more. Null where there is no page. Raises BAD_USER_INPUT.
 */
export async function fetchConnection(
  from: unknown,
  { field, args, need }: ConnectionRequest,
  scope: RequestScope,
): Promise<ConnectionPage | null> {
  const { steps, rule, keepsPageSize } = field;
  const request = readRequest(field, args);
  const fetchPage = async (part: Wanted): Promise<Part | null> => {
    const page = await readPath(from, { steps, clientArgs: argsOfPage(request, part), need }, scope);
    return page instanceof Entity ? readPart({ page, rule, need, keepsPageSize }, part, scope) : null;
  };
  const { first, after } = request;
  const wanted = firstPage(request);
  const part = await fetchPage(wanted);
  if (part === null) return null;
  const missing = first === null ? 0 : first - (part.end - part.start);
  const mayGoOn = wanted.start > 0 || (keepsPageSize && after !== null);
  if (!mayGoOn || missing <= 0 || part.next === null) return new ConnectionPage([part], request);
  // Where the page has become shorter than the cursor's place, the rest is left out of the next one.
  const start = Math.max(0, wanted.start - part.items.length);
  const second = await fetchPage({
    token: part.next,
    size: keepsPageSize ? part.size : missing,
    start,
    first: missing,
  });
  return new ConnectionPage(second === null ? [part] : [part, second], request);
}

/** What is read of an object to fetch the first page that a client asks for. */
export function neededOfPage(field: ConnectionField, args: Args, need: Need): Need {
  try {
    const request = readRequest(field, args);
    return needOfPath({ steps: field.steps, clientArgs: argsOfPage(request, firstPage(request)), need });
  } catch {
    // The field itself will tell its client what is wrong with the arguments.
    return Need.none;
  }
}

/** A page that is to be fetched, and the part of it that is to be shown. */
interface Wanted extends Pick<Part, "token" | "size" | "start"> {
  readonly first: number | null;
}

function firstPage({ first, after, keepsPageSize }: PageRequest): Wanted {
  if (after === null) return { token: null, size: atLeastOne(first), start: 0, first };
  const { token, offset } = after;
  const size = keepsPageSize || offset > 0 ? after.size : atLeastOne(first);
  return { token, size, start: offset, first };
}

function argsOfPage({ others }: PageRequest, { token, size }: Wanted): Args {
  return { ...others, ...present("first", size), ...present("after", token) };
}

function readRequest({ steps, keepsPageSize }: ConnectionField, args: Args): PageRequest {
  const { first = null, after = null, ...others } = args;
  if (first !== null && (typeof first !== "number" || first < 0 || first > maxPageSize))
    throw new OverlockError("BAD_USER_INPUT", `Expected 0 to ${maxPageSize} as first.`);
  const reads = steps.map((step) => [step.field.coordinate, readArguments(step, others)]);
  const cursors = cursorScope(reads);
  const afterText = typeof after === "string" ? after : null;
  return {
    cursors,
    first,
    afterText,
    after: afterText === null ? null : readCursor(cursors, afterText),
    keepsPageSize,
    others,
  };
}

/** Many backends take a size of 0 for no size at all. */
function atLeastOne(first: number | null): number | null {
  return first === null ? null : Math.max(1, first);
}

function present(name: string, value: unknown): Args {
  return value === null ? {} : { [name]: value };
}

interface PageSite extends Pick<ConnectionField, "rule" | "keepsPageSize"> {
  readonly page: Entity;
  readonly need: Need;
}

async function readPart(
  { page, rule, need, keepsPageSize }: PageSite,
  { token, size, start, first }: Wanted,
  scope: RequestScope,
): Promise<Part> {
  const [itemsField] = rule.items;
  const needed = need.fieldsOf(page.type.name).find(({ name }) => name === itemsField?.field.name);
  const reading = { clientArgs: {}, need: needed?.need ?? Need.none };
  const [found, next] = await Promise.all([
    readPath(page, { ...reading, steps: rule.items }, scope),
    readPath(page, { ...reading, steps: rule.nextPageToken }, scope),
  ]);
  const items: readonly unknown[] = Array.isArray(found) ? found : [];
  const from = Math.min(start, items.length);
  const end = first === null ? items.length : Math.min(items.length, from + first);
  const nextSize = keepsPageSize ? size : null;
  return { page, token, size, items, next: readToken(next), nextSize, start: from, end };
}

function readToken(value: unknown): PageToken | null {
  if (typeof value === "number") return value === 0 ? null : value;
  return typeof value === "string" && value !== "" ? value : null;
}

/** The place behind so many items of the page; at its end it is the beginning of the next. */
function placeIn({ token, size, items, next, nextSize }: Part, offset: number): CursorPosition {
  if (offset >= items.length && next !== null) return { token: next, size: nextSize, offset: 0 };
  return { token, size, offset };
}

/** Where nothing of the part is shown. */
function endOf(cursors: string, part: Part): string {
  return writeCursor(cursors, placeIn(part, part.end));
}
