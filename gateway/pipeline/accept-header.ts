/** The media types of GraphQL over HTTP, https://graphql.github.io/graphql-over-http/draft/#sec-Media-Types. */
export type ResponseMediaType = "application/graphql-response+json" | "application/json";

/**
 * The media type that a client accepts most, or null where it accepts none of ours. Without a wish, or with `*` in it,
 * plain JSON, which every client reads. Precedence as in https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1; between
 * types that are accepted alike, the one named first.
 */
export function negotiateMediaType(accept: string | undefined): ResponseMediaType | null {
  if (accept === undefined || accept.trim() === "") return "application/json";
  const ranges = parseAccept(accept);
  let best: { readonly type: ResponseMediaType; readonly wish: Wish } | null = null;
  for (const type of offeredTypes) {
    const wish = wishFor(type, ranges);
    if (wish !== null && (best === null || isStronger(wish, best.wish))) best = { type, wish };
  }
  return best?.type ?? null;
}

/** Whether a client would rather have a page than JSON, as browsers would. */
export function prefersHtml(accept: string | undefined): boolean {
  const ranges = parseAccept(accept ?? "");
  const page = wishFor("text/html", ranges);
  if (page === null || page.precedence < exactPrecedence) return false;
  return offeredTypes.every((type) => {
    const wish = wishFor(type, ranges);
    if (wish === null || page.quality !== wish.quality) return wish === null || page.quality > wish.quality;
    return wish.precedence < exactPrecedence;
  });
}

/** The first is what `*` stands for. */
const offeredTypes: readonly ResponseMediaType[] = ["application/json", "application/graphql-response+json"];

/** One element of the header. */
interface MediaRange {
  readonly type: string;
  /** 0 to 1; 0 refuses. */
  readonly quality: number;
}

/** How much a client wants one type: what the most precise of its ranges says. */
interface Wish {
  readonly quality: number;
  /** 1 for any type, 2 for any of one kind, 3 where the type is named. */
  readonly precedence: number;
  readonly position: number;
}

const exactPrecedence = 3;

function parseAccept(accept: string): MediaRange[] {
  return accept.split(",").flatMap((range) => {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    return acceptsUtf8(parameters) ? [{ type, quality: qualityOf(parameters) }] : [];
  });
}

/** Null: refused or not mentioned. */
function wishFor(type: string, ranges: readonly MediaRange[]): Wish | null {
  const patterns = ["*/*", `${type.split("/")[0]}/*`, type];
  for (let precedence = patterns.length; precedence > 0; precedence--) {
    const position = ranges.findIndex((range) => range.type === patterns[precedence - 1]);
    const quality = ranges[position]?.quality;
    if (quality !== undefined) return quality === 0 ? null : { quality, precedence, position };
  }
  return null;
}

function isStronger(left: Wish, right: Wish): boolean {
  if (left.quality !== right.quality) return left.quality > right.quality;
  if (left.precedence !== right.precedence) return left.precedence > right.precedence;
  return left.position < right.position;
}

/** The weight among the parameters of an element, from 0, which refuses, to 1. They are in lower case. */
export function qualityOf(parameters: readonly string[]): number {
  const text = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
  const quality = text === undefined ? 1 : Number(text);
  return Number.isFinite(quality) ? Math.min(1, Math.max(0, quality)) : 0;
}

function acceptsUtf8(parameters: readonly string[]): boolean {
  const charset = parameters
    .find((parameter) => parameter.startsWith("charset="))
    ?.slice(8)
    .replaceAll('"', "");
  return charset === undefined || charset === "utf-8" || charset === "utf8";
}
