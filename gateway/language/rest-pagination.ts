import { Kind } from "graphql";
import { quoted, shortened } from "../core/errors.ts";
import { type CallContext, checkInputSelection, readRawSelection } from "./call-declaration.ts";
import { type DirectiveUse, type PlacedSelection, placeOf } from "./directive-reader.ts";
import { namedTypeOf } from "./sdl-file.ts";

export type PaginationStyle = "PAGE" | "CURSOR" | "LINK";

/** How a backend's pages become pages of one form. */
export interface PaginationDeclaration {
  readonly style: PaginationStyle;
  /** The argument that takes the token of a page. */
  readonly token: PlacedSelection;
  /** The query pair that carries it. */
  readonly as: string;
  /** Null: the answer itself is the list. */
  readonly items: PlacedSelection | null;
  /** CURSOR only, and always there. */
  readonly next: PlacedSelection | null;
  readonly hasNext: PlacedSelection | null;
  readonly totalCount: PlacedSelection | null;
  /** Lower case. */
  readonly totalCountHeader: string | null;
  /** PAGE only. */
  readonly pageSize: PlacedSelection | null;
  /** PAGE only: the number of the first page. */
  readonly firstPage: number;
}

/** Reads the argument `pagination`; null where there is none or, with a problem, it is wrong. */
export function readPagination(
  use: DirectiveUse,
  { method, pairs }: { readonly method: string; readonly pairs: ReadonlySet<string> },
  context: CallContext,
): PaginationDeclaration | null {
  const node = use.nodeAt(["pagination"]);
  if (node === null || node.kind === Kind.NULL) return null;
  if (method !== "GET") use.refuse(["pagination"], "pagination with GET", method);
  for (const argument of ["select", "batch"]) {
    if (use.nodeAt([argument]) === null) continue;
    const why = argument === "select" ? "pagination.items says where the list is" : "each page is one call";
    use.refuse([argument], `no ${argument} with pagination: ${why}`, "one");
  }
  const { fieldType, types } = context;
  const typeName = fieldType === null ? "" : namedTypeOf(fieldType);
  const isList =
    fieldType?.kind === Kind.LIST_TYPE ||
    (fieldType?.kind === Kind.NON_NULL_TYPE && fieldType.type.kind === Kind.LIST_TYPE);
  if (isList || types.get(typeName)?.kind !== Kind.OBJECT_TYPE_DEFINITION) {
    const expected = "a field of one object type, with items, nextPageToken, hasNextPage or totalCount";
    use.refuse(["pagination"], expected, isList ? "a list" : typeName);
  }
  const settings = use.value("pagination") as Readonly<Record<string, unknown>>;
  const style = settings["style"] as PaginationStyle;
  const as = String(settings["as"]);
  if (!/^[-\w.[\]]{1,64}$/.test(as))
    use.refuse(
      ["pagination", "as"],
      "the name of a query pair: letters, digits, _, -, ., [ and ]",
      quoted(as),
    );
  else if (pairs.has(as)) use.refuse(["pagination", "as"], "a query pair that nothing else sends", as);
  checkStyle(use, style);
  const token = readToken(use, context);
  const map = (name: string): PlacedSelection | null => readRawSelection(use, ["pagination", name]);
  const pageSize = use.selection(["pagination", "pageSize"]);
  if (pageSize !== null) checkInputSelection(use, pageSize, ["pagination", "pageSize"], context);
  const header = settings["totalCountHeader"];
  if (typeof header === "string" && !/^[a-z0-9_.-]+$/.test(header))
    use.refuse(["pagination", "totalCountHeader"], "a header's name in lower case", quoted(header));
  const firstPage = use.checkRange(settings["firstPage"] ?? 1, ["pagination", "firstPage"], 0, 1);
  if (token === null || firstPage === null) return null;
  return {
    style,
    token,
    as,
    items: map("items"),
    next: map("next"),
    hasNext: map("hasNext"),
    totalCount: map("totalCount"),
    totalCountHeader: typeof header === "string" ? header : null,
    pageSize,
    firstPage,
  };
}

/** The fields that only some styles know. */
const stylesOf: readonly (readonly [field: string, styles: readonly PaginationStyle[]])[] = [
  ["next", ["CURSOR"]],
  ["hasNext", ["PAGE", "CURSOR"]],
  ["pageSize", ["PAGE"]],
  ["firstPage", ["PAGE"]],
];

function checkStyle(use: DirectiveUse, style: PaginationStyle): void {
  for (const [field, styles] of stylesOf) {
    if (use.nodeAt(["pagination", field]) === null || styles.includes(style)) continue;
    use.refuse(["pagination", field], `${field} with ${styles.join(" or ")} only`, style);
  }
  if (style === "CURSOR" && use.nodeAt(["pagination", "next"]) === null)
    use.refuse(["pagination"], "next: where the cursor of the next page is", "nothing");
}

/** One argument of the field: nullable, because the first page has no token, and a text. */
function readToken(use: DirectiveUse, context: CallContext): PlacedSelection | null {
  const path = ["pagination", "token"];
  const token = use.selection(path);
  if (token === null || !checkInputSelection(use, token, path, context)) return null;
  const { map } = token;
  const [segment, ...more] = map.kind === "path" ? map.segments : [];
  const isArgument = map.kind === "path" && map.root === "args" && map.then === null && more.length === 0;
  const type = isArgument && segment !== undefined ? context.arguments.get(segment.name) : undefined;
  if (type?.kind === Kind.NAMED_TYPE && (type.name.value === "String" || type.name.value === "ID"))
    return token;
  const place = placeOf(use.nodeAt(path) ?? use.node, use.file);
  const expected = "$args.<argument>, a nullable String or ID: the first page has no token";
  use.refuseAt({ place, path, expected, found: shortened(token.text) });
  return null;
}
