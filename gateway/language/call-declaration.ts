import { type ConstObjectValueNode, Kind, type TypeNode } from "graphql";
import { nearestNameHint, type SourcePlace } from "../core/problems.ts";
import { type DirectiveUse, type PlacedSelection, placeOf } from "./directive-reader.ts";
import { pathsOf, printPath, type SelectionRoot } from "./selection-map.ts";
import { isListTypeNode } from "./sdl-file.ts";

/** What the maps of one field's call may read. */
export interface CallContext {
  /** Null where the call is not one field's but all of a source's. */
  readonly fieldType: TypeNode | null;
  readonly arguments: ReadonlyMap<string, TypeNode>;
  /** The scalar fields of the field's own type that need no call. */
  readonly parentFields: ReadonlyMap<string, TypeNode>;
  readonly isRoot: boolean;
  readonly roots: readonly SelectionRoot[];
}

/** A value sent under a name: a query pair, or a field of a request message. Nested objects in `fields`. */
export interface NamedSelection {
  readonly name: string;
  readonly selection: PlacedSelection | { readonly fields: readonly NamedSelection[] };
  readonly place: SourcePlace;
}

/** How many keyed calls become one. */
export interface BatchDeclaration {
  readonly of: PlacedSelection;
  readonly as: string;
  readonly select: PlacedSelection | null;
  /** Null: the response is a map from key to row (`$key`). */
  readonly match: PlacedSelection | null;
  readonly value: PlacedSelection | null;
  readonly maxSize: number;
  /** `of` is a list: the field has one row for each of its elements. */
  readonly isKeyList: boolean;
  /** The field is a list of all rows that match its one key. */
  readonly isGrouped: boolean;
}

/** Reads the `batch` argument; null where there is none or, with a problem, it is wrong. */
export function readBatch(use: DirectiveUse, context: CallContext): BatchDeclaration | null {
  const node = use.nodeAt(["batch"]);
  if (node === null || node.kind !== Kind.OBJECT) return null;
  const of = use.selection(["batch", "of"]);
  const select = readRawAt(use, ["batch", "select"]);
  const isMap = textAt(use, ["batch", "match"]) === "$key";
  const match = isMap ? null : readRawAt(use, ["batch", "match"]);
  const value = readRawAt(use, ["batch", "value"]);
  const settings = use.value("batch") as { readonly as: string; readonly maxSize: number | null };
  const maxSize = use.checkRange(settings.maxSize, ["batch", "maxSize"], 1, 10_000);
  if (of === null || (match === null && !isMap) || maxSize === null) return null;
  if (!checkInputSelection(use, of, ["batch", "of"], context) || !checkKeyShape(use, of, match)) return null;
  const isKeyList = isListInput(of, context);
  const isGrouped = !isKeyList && context.fieldType !== null && isListTypeNode(context.fieldType);
  return { of, as: settings.as, select, match, value, maxSize, isKeyList, isGrouped };
}

function isListInput({ map }: PlacedSelection, context: CallContext): boolean {
  if (map.kind !== "path") return false;
  const types = map.root === "args" ? context.arguments : context.parentFields;
  const type = types.get(map.segments[0]?.name ?? "");
  return type !== undefined && isListTypeNode(type);
}

/** Reads an argument that is an object of maps. Maps with a problem are left out. */
export function readSelectionObject(
  use: DirectiveUse,
  path: readonly string[],
  context: CallContext,
): readonly NamedSelection[] {
  const node = use.nodeAt(path);
  return node?.kind === Kind.OBJECT ? readMembers(use, node, path, context) : [];
}

/**
 * Checks a map that reads what a call is made from: each path starts at one of the roots that exist here and names an
 * argument, a claim, a header, or a scalar field of the parent.
 */
export function checkInputSelection(
  use: DirectiveUse,
  selection: PlacedSelection,
  path: readonly string[],
  context: CallContext,
): boolean {
  let isSound = true;
  for (const found of pathsOf(selection.map)) {
    const refuse = (expected: string, hint: string | null = null): void => {
      isSound = false;
      use.refuseAt(selection.placeAt(found.offset), path, expected, printPath(found), hint);
    };
    const argumentNames = [...context.arguments.keys()];
    const parentNames = [...context.parentFields.keys()];
    const name = found.segments[0]?.name;
    if (found.root === "item") continue;
    if (!context.roots.includes(found.root)) {
      const expected = `a path that starts at ${context.roots.map((root) => `$${root}`).join(", ")}`;
      refuse(expected, found.root === "value" ? nearestNameHint(printPath(found), argumentNames) : null);
    } else if (name === undefined) refuse(`$${found.root}.<name>`);
    else if (found.segments.some((segment) => segment.arguments.length > 0))
      refuse("a path without arguments");
    else if (found.root === "args" && !argumentNames.includes(name)) {
      const expected = `an argument of the field (${argumentNames.join(", ") || "it has none"})`;
      refuse(expected, nearestNameHint(name, argumentNames));
    } else if (found.root === "parent" && !parentNames.includes(name)) {
      const expected = `a scalar field of the type that needs no call (${parentNames.join(", ") || "it has none"})`;
      refuse(expected, nearestNameHint(name, parentNames));
    } else if (found.root !== "args" && found.root !== "claims" && found.segments.length > 1) {
      refuse(`$${found.root}.<name>`);
    }
  }
  return isSound;
}

/** Checks a map that reads a raw backend value: no roots, no arguments. */
export function checkRawSelection(
  use: DirectiveUse,
  selection: PlacedSelection,
  path: readonly string[],
): void {
  for (const found of pathsOf(selection.map)) {
    const place = selection.placeAt(found.offset);
    if (found.root !== "value" && found.root !== "item") {
      use.refuseAt(place, path, "a path into the backend's value, without a root", printPath(found));
    } else if (found.segments.some((segment) => segment.arguments.length > 0)) {
      use.refuseAt(place, path, "a path without arguments", printPath(found));
    }
  }
}

function readRawAt(use: DirectiveUse, path: readonly string[]): PlacedSelection | null {
  const selection = use.selection(path);
  if (selection !== null) checkRawSelection(use, selection, path);
  return selection;
}

function textAt(use: DirectiveUse, path: readonly string[]): string | null {
  const node = use.nodeAt(path);
  return node?.kind === Kind.STRING ? node.value : null;
}

/** A composite key needs the same names on both sides. */
function checkKeyShape(use: DirectiveUse, of: PlacedSelection, match: PlacedSelection | null): boolean {
  const ofNames = keyNames(of);
  const matchNames = match === null ? null : keyNames(match);
  if (JSON.stringify(ofNames) === JSON.stringify(matchNames)) return true;
  const expected = ofNames === null ? "one path, as in of" : `an object of ${ofNames.join(", ")}, as in of`;
  const found = match === null ? "$key" : match.text;
  if (ofNames === null && match === null) return true;
  use.refuse(["batch", "match"], expected, found);
  return false;
}

function keyNames(selection: PlacedSelection): string[] | null {
  return selection.map.kind === "object" ? selection.map.fields.map((field) => field.name).toSorted() : null;
}

function readMembers(
  use: DirectiveUse,
  node: ConstObjectValueNode,
  path: readonly string[],
  context: CallContext,
): NamedSelection[] {
  const members: NamedSelection[] = [];
  for (const { name, value } of node.fields) {
    const at = [...path, name.value];
    const place = placeOf(name, use.file);
    if (value.kind === Kind.OBJECT) {
      members.push({ name: name.value, selection: { fields: readMembers(use, value, at, context) }, place });
    } else if (value.kind === Kind.STRING) {
      const selection = use.parseSelection(value, at);
      if (selection !== null && checkInputSelection(use, selection, at, context)) {
        members.push({ name: name.value, selection, place });
      }
    } else use.refuse(at, 'a FieldSelectionMap in quotes, for example "$args.first"', value.kind);
  }
  return members;
}
