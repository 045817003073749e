import { type ConstObjectValueNode, Kind, print, type TypeDefinitionNode, type TypeNode } from "graphql";
import { shortened } from "../core/errors.ts";
import { nearestNameHint, type SourcePlace } from "../core/problems.ts";
import { type DirectiveUse, type PlacedSelection, placeOf } from "./directive-reader.ts";
import {
  type ListSelection,
  type PathSegment,
  type PathSelection,
  pathsOf,
  printPath,
  type SelectionMap,
  type SelectionRoot,
} from "./selection-map.ts";
import { isListTypeNode, listsAround, namedTypeOf } from "./sdl-file.ts";

/** What the maps of one field's call may read. */
export interface CallContext {
  /** Null where the call is not one field's but all of a source's. */
  readonly fieldType: TypeNode | null;
  readonly arguments: ReadonlyMap<string, TypeNode>;
  /** The scalar fields of the field's own type that need no call. */
  readonly parentFields: ReadonlyMap<string, TypeNode>;
  /** The file's own types by name. */
  readonly types: ReadonlyMap<string, TypeDefinitionNode>;
  /** Headers that the source forwards or sets on every call. */
  readonly sourceHeaders: ReadonlySet<string>;
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

/** What every call of a field declares. */
export interface CallDeclarationBase {
  readonly use: DirectiveUse;
  readonly select: PlacedSelection | null;
  readonly batch: BatchDeclaration | null;
  /** Whether equal calls that are under way are sent once; null: as the source says. */
  readonly sharesInFlight: boolean | null;
}

/** Reads the argument `shareInFlight` of a call. */
export function readSharesInFlight(use: DirectiveUse): boolean | null {
  const value = use.value("shareInFlight");
  return typeof value === "boolean" ? value : null;
}

/** Reads the `batch` argument; null where there is none or, with a problem, it is wrong. */
export function readBatch(use: DirectiveUse, context: CallContext): BatchDeclaration | null {
  const node = use.nodeAt(["batch"]);
  if (node === null || node.kind !== Kind.OBJECT) return null;
  const of = use.selection(["batch", "of"]);
  const select = readRawSelection(use, ["batch", "select"]);
  const isMap = textAt(use, ["batch", "match"]) === "$key";
  const match = isMap ? null : readRawSelection(use, ["batch", "match"]);
  const value = readRawSelection(use, ["batch", "value"]);
  const settings = use.value("batch") as { readonly as: string; readonly maxSize: number | null };
  const maxSize = use.checkRange(settings.maxSize, ["batch", "maxSize"], 1, 10_000);
  if (of === null || (match === null && !isMap) || maxSize === null) return null;
  if (!checkInputSelection(use, of, ["batch", "of"], context)) return null;
  if (!checkKey(use, of, context) || !checkKeyShape(use, of, match)) return null;
  const isKeyList = listDepth(of.map, context) > 0;
  const isGrouped = !isKeyList && context.fieldType !== null && isListTypeNode(context.fieldType);
  return { of, as: settings.as, select, match, value, maxSize, isKeyList, isGrouped };
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

/** Reads a map of raw backend values: no roots, no arguments. Null where absent or, with a problem, wrong. */
export function readRawSelection(use: DirectiveUse, path: readonly string[]): PlacedSelection | null {
  const selection = use.selection(path);
  if (selection !== null) checkRawSelection(use, selection, path);
  return selection;
}

/** Checks a map that reads a raw backend value. */
export function checkRawSelection(
  use: DirectiveUse,
  selection: PlacedSelection,
  path: readonly string[],
): void {
  for (const read of pathsOf(selection.map)) {
    const found = printPath(read);
    const place = selection.placeAt(read.offset);
    if (read.root !== "value" && read.root !== "item") {
      use.refuseAt({ place, path, expected: "a path into the backend's value, without a root", found });
    } else if (hasArguments(read)) {
      use.refuseAt({ place, path, expected: "a path without arguments", found });
    }
  }
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
  const refuse: Refuse = (offset, expected, found, hint = null) => {
    isSound = false;
    use.refuseAt({ place: selection.placeAt(offset), path, expected, found, hint });
  };
  visitInput(selection.map, { context, value: null, item: null, refuse });
  return isSound;
}

/** Arguments, and fields of their input types, that none of the maps reads: `color`, `filter.color`. */
export function unusedInputs(selections: readonly PlacedSelection[], context: CallContext): string[] {
  const used = selections
    .flatMap(({ map }) => pathsOf(map))
    .filter((path) => path.root === "args")
    .map((path) => path.segments.map((segment) => segment.name));
  const unusedAt = (at: readonly string[], type: TypeNode): string[] => {
    const below = used.filter((names) => at.every((name, index) => names[index] === name));
    if (below.length === 0) return [at.join(".")];
    const definition = context.types.get(namedTypeOf(type));
    if (below.some((names) => names.length === at.length)) return [];
    if (definition?.kind !== Kind.INPUT_OBJECT_TYPE_DEFINITION) return [];
    return (definition.fields ?? []).flatMap((field) => unusedAt([...at, field.name.value], field.type));
  };
  return [...context.arguments].flatMap(([name, type]) => unusedAt([name], type));
}

type Refuse = (offset: number, expected: string, found: string, hint?: string | null) => void;

/** The type that a path without a root, or `$item`, starts at; a null type is known at run time only. */
interface Start {
  readonly type: TypeNode | null;
}

interface InputVisit {
  readonly context: CallContext;
  readonly value: Start | null;
  readonly item: Start | null;
  readonly refuse: Refuse;
}

function visitInput(map: SelectionMap | ListSelection, visit: InputVisit): void {
  switch (map.kind) {
    case "path": {
      const type = checkInputPath(map, visit);
      const found = { type };
      if (map.then?.kind === "list") visitInput(map.then.element, { ...visit, value: found, item: found });
      else if (map.then !== null) visitInput(map.then, { ...visit, value: found });
      return;
    }
    case "object":
      for (const field of map.fields) visitInput(field.value, visit);
      return;
    case "list":
      visitInput(map.element, visit);
      return;
    case "alternatives":
      for (const option of map.options) visitInput(option, visit);
  }
}

/** Reports what is wrong with a path, and returns the type that it finds where that is known. */
function checkInputPath(path: PathSelection, { context, value, item, refuse }: InputVisit): TypeNode | null {
  const [first, ...rest] = path.segments;
  const { root, offset } = path;
  const found = printPath(path);
  if (hasArguments(path)) refuse(offset, "a path without arguments", found);
  else if (root === "item") return followInput(path.segments, item?.type ?? null, context, refuse);
  else if (root === "value" && value !== null) return followInput(path.segments, value.type, context, refuse);
  else if (!context.roots.includes(root)) {
    const expected = `a path that starts at ${context.roots.map((name) => `$${name}`).join(", ")}`;
    refuse(offset, expected, found, root === "value" ? rootedHint(path, context) : null);
  } else if (first === undefined) refuse(offset, `$${root}.<name>`, found);
  else if (root === "args") {
    const type = context.arguments.get(first.name);
    if (type !== undefined) return followInput(rest, type, context, refuse);
    refuse(...unknownName("an argument of the field", first, [...context.arguments.keys()]));
  } else if (root === "parent" && !context.parentFields.has(first.name)) {
    const expected = "a scalar field of the type that needs no call";
    refuse(...unknownName(expected, first, [...context.parentFields.keys()]));
  } else if (root !== "claims" && rest.length > 0) refuse(offset, `$${root}.<name>`, found);
  return root === "parent" ? (context.parentFields.get(first?.name ?? "") ?? null) : null;
}

/** Follows names into input types. Only custom scalars may have members that no type states. */
function followInput(
  segments: readonly PathSegment[],
  start: TypeNode | null,
  context: CallContext,
  refuse: Refuse,
): TypeNode | null {
  let type = start;
  for (const segment of segments) {
    if (type === null) return null;
    const name = namedTypeOf(type);
    const definition = context.types.get(name);
    if (definition?.kind === Kind.SCALAR_TYPE_DEFINITION) return null;
    if (definition?.kind !== Kind.INPUT_OBJECT_TYPE_DEFINITION) {
      refuse(segment.offset, `no further path: ${name} has no fields`, segment.name);
      return null;
    }
    const field = definition.fields?.find((one) => one.name.value === segment.name);
    if (field === undefined) {
      const names = (definition.fields ?? []).map((one) => one.name.value);
      refuse(...unknownName(`a field of ${name}`, segment, names));
      return null;
    }
    type = field.type;
  }
  return type;
}

function unknownName(expected: string, segment: PathSegment, names: readonly string[]): Parameters<Refuse> {
  const all = names.join(", ") || "it has none";
  return [segment.offset, `${expected} (${all})`, segment.name, nearestNameHint(segment.name, names)];
}

/** `id` where `$parent.id` or `$args.id` was meant. */
function rootedHint(path: PathSelection, context: CallContext): string | null {
  const name = path.segments[0]?.name ?? "";
  if (context.arguments.has(name)) return `did you mean "$args.${printPath(path)}"?`;
  if (context.parentFields.has(name)) return `did you mean "$parent.${printPath(path)}"?`;
  return null;
}

function hasArguments(path: PathSelection): boolean {
  return path.segments.some((segment) => segment.arguments.length > 0);
}

function textAt(use: DirectiveUse, path: readonly string[]): string | null {
  const node = use.nodeAt(path);
  return node?.kind === Kind.STRING ? node.value : null;
}

/** A key is one scalar, an object of scalars, or a list of scalars under a field that is a list. */
function checkKey(use: DirectiveUse, of: PlacedSelection, context: CallContext): boolean {
  const parts = of.map.kind === "object" ? of.map.fields.map((field) => field.value) : [of.map];
  const depths = parts.map((part) => listDepth(part, context));
  const arePlain = parts.every((part) => part.kind === "path" || isChoice(part, context));
  if (!arePlain)
    use.refuse(
      ["batch", "of"],
      "a path, alternatives of one scalar each, or an object of them",
      shortened(of.text),
    );
  else if (parts.length === 1 && of.map.kind !== "object" && depths[0] === 1) {
    if (context.fieldType === null || isListTypeNode(context.fieldType)) return true;
    use.refuse(["batch", "of"], "one key, because the field is not a list", "a list of keys");
  } else if (depths.some((depth) => depth > 0)) {
    use.refuse(["batch", "of"], "a path to one scalar, or to a list of scalars", shortened(of.text));
  } else return true;
  return false;
}

/** One of several scalars. */
function isChoice(map: SelectionMap, context: CallContext): boolean {
  return (
    map.kind === "alternatives" &&
    map.options.every((option) => option.kind === "path" && listDepth(option, context) === 0)
  );
}

/** How many lists are around what an input map finds, as far as types tell. */
function listDepth(map: SelectionMap, context: CallContext): number {
  if (map.kind === "object") return 0;
  if (map.kind === "alternatives")
    return Math.max(...map.options.map((option) => listDepth(option, context)));
  const [first, ...rest] = map.segments;
  const types = map.root === "args" ? context.arguments : context.parentFields;
  let type = map.root === "args" || map.root === "parent" ? types.get(first?.name ?? "") : undefined;
  let depth = 0;
  for (const segment of [...rest, null]) {
    if (type === undefined) break;
    depth += listsAround(type);
    const definition = context.types.get(namedTypeOf(type));
    type =
      definition?.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION
        ? definition.fields?.find((field) => field.name.value === segment?.name)?.type
        : undefined;
  }
  return depth;
}

/** A composite key needs the same names on both sides. */
function checkKeyShape(use: DirectiveUse, of: PlacedSelection, match: PlacedSelection | null): boolean {
  const ofNames = keyNames(of);
  const matchNames = match === null ? null : keyNames(match);
  if (JSON.stringify(ofNames) === JSON.stringify(matchNames)) return true;
  const expected = ofNames === null ? "one path, as in of" : `an object of ${ofNames.join(", ")}, as in of`;
  use.refuse(["batch", "match"], expected, match === null ? "$key" : shortened(match.text));
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
    if (members.some((member) => member.name === name.value)) {
      use.refuseAt({ place, path: at, expected: `${name.value} once`, found: "it again" });
    } else if (value.kind === Kind.OBJECT) {
      members.push({ name: name.value, selection: { fields: readMembers(use, value, at, context) }, place });
    } else if (value.kind === Kind.STRING) {
      const selection = use.parseSelection(value, at);
      if (selection !== null && checkInputSelection(use, selection, at, context)) {
        members.push({ name: name.value, selection, place });
      }
    } else {
      const expected = 'a FieldSelectionMap in quotes, for example "$args.first"';
      use.refuse(at, expected, shortened(print(value)));
    }
  }
  return members;
}

/** All maps of an argument, nested ones included. */
export function selectionsOf(named: readonly NamedSelection[]): PlacedSelection[] {
  return named.flatMap(({ selection }) =>
    "fields" in selection ? selectionsOf(selection.fields) : [selection],
  );
}
