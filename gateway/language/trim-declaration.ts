import { Kind } from "graphql";
import { quoted, shortened } from "../core/errors.ts";
import { type BatchDeclaration, type CallContext, readRawSelection } from "./call-declaration.ts";
import type { DirectiveUse, PlacedSelection } from "./directive-reader.ts";
import { namedTypeOf } from "./sdl-file.ts";
import { plainNamesOf } from "./selection-map.ts";

/** How a backend is told which properties of its objects will be read. */
export interface TrimDeclaration {
  /** A query parameter, or the path to a field of the request. */
  readonly as: string;
  /** Where the objects are in the value: a plain path; null: the value is one, or a list of them, or the batch's rows. */
  readonly select: PlacedSelection | null;
}

/** Reads the argument `trim`; null where there is none or, with a problem, it is wrong. */
export function readTrim(
  use: DirectiveUse,
  batch: BatchDeclaration | null,
  { fieldType, types }: CallContext,
): TrimDeclaration | null {
  const node = use.nodeAt(["trim"]);
  if (node === null || node.kind === Kind.NULL) return null;
  const typeName = fieldType === null ? "" : namedTypeOf(fieldType);
  const kind = types.get(typeName)?.kind;
  if (kind === undefined || !objectKinds.has(kind))
    use.refuse(["trim"], "trim on a field of objects, whose properties can be told", typeName);
  const select = readRawSelection(use, ["trim", "select"]);
  if (select !== null && batch !== null)
    use.refuse(["trim", "select"], "no select with batch: its rows are the objects", "one");
  else if (select !== null && plainNamesOf(select.map) === null)
    use.refuse(["trim", "select"], "one plain path", shortened(select.text));
  const value = batch?.value ?? null;
  if (value !== null && plainNamesOf(value.map) === null)
    use.refuse(["batch", "value"], "one plain path, because the call has trim", shortened(value.text));
  const { as } = use.value("trim") as { readonly as: string };
  if (as === "") use.refuse(["trim", "as"], "a name", quoted(as));
  return { as, select };
}

const objectKinds: ReadonlySet<Kind> = new Set([
  Kind.OBJECT_TYPE_DEFINITION,
  Kind.INTERFACE_TYPE_DEFINITION,
  Kind.UNION_TYPE_DEFINITION,
]);
