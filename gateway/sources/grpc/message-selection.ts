import { nearestNameHint } from "../../core/problems.ts";
import {
  type ObjectSelection,
  type PathSegment,
  type PathSelection,
  printPath,
  type SelectionMap,
} from "../../language/selection-map.ts";
import { findProtoField, type ProtoField, type ProtoMessage } from "./proto-files.ts";

/** What a map over a message yields. */
export interface SelectedShape {
  /** Null for scalars, enums and built objects. */
  readonly message: ProtoMessage | null;
  readonly kind: "scalar" | "message" | "object";
  /** How many lists are around it. */
  readonly lists: number;
}

/** One message of its type. */
export function messageShape(message: ProtoMessage): SelectedShape {
  return { message, kind: "message", lists: 0 };
}

/** The map in the proto's own field names, and what it yields. */
export interface MessageSelection {
  readonly map: SelectionMap;
  readonly shape: SelectedShape;
}

/** A map that does not fit its message; `offset` is the place in the map's text. */
export class MessageSelectionError extends Error {
  readonly expected: string;
  readonly found: string;
  readonly offset: number;
  readonly hint: string | null;

  constructor(facts: {
    readonly expected: string;
    readonly found: string;
    readonly offset: number;
    readonly hint?: string | null;
  }) {
    super(`expected ${facts.expected}, found ${facts.found}`);
    this.name = "MessageSelectionError";
    this.expected = facts.expected;
    this.found = facts.found;
    this.offset = facts.offset;
    this.hint = facts.hint ?? null;
  }
}

/** Resolves the names of a map against what it starts at. Raises {@link MessageSelectionError}. */
export function resolveInMessage(map: SelectionMap, start: SelectedShape): MessageSelection {
  return resolve(map, { value: start, item: start });
}

/** What a path without a root, and `$item`, start at. */
interface Starts {
  readonly value: SelectedShape;
  readonly item: SelectedShape;
}

function resolve(map: SelectionMap, starts: Starts): MessageSelection {
  switch (map.kind) {
    case "path":
      return resolvePath(map, starts);
    case "object":
      return { map: resolveObject(map, starts), shape: builtObject };
    case "alternatives": {
      const options = map.options.map((option) => resolve(option, starts));
      return {
        map: { ...map, options: options.map((option) => option.map) },
        shape: options[0]?.shape ?? starts.value,
      };
    }
  }
}

const builtObject: SelectedShape = { message: null, kind: "object", lists: 0 };

function resolveObject(map: ObjectSelection, starts: Starts): ObjectSelection {
  const fields = map.fields.map((field) => ({ ...field, value: resolve(field.value, starts).map }));
  return { ...map, fields };
}

function resolvePath(path: PathSelection, starts: Starts): MessageSelection {
  let shape = path.root === "item" ? starts.item : starts.value;
  const segments: PathSegment[] = [];
  let isMapKey = false;
  for (const segment of path.segments) {
    if (isMapKey) {
      isMapKey = false;
      segments.push(segment);
      continue;
    }
    const field = shape.message === null ? null : findProtoField(shape.message, segment.name);
    if (field === null) throw unknownField(shape.message, segment);
    segments.push({ ...segment, name: field.name });
    shape = shapeOf(field, shape.lists);
    isMapKey = field.isMap;
  }
  const { then } = path;
  if (then === null) return { map: { ...path, segments }, shape };
  const found = printPath(path);
  if (then.kind === "object") {
    if (shape.lists > 0)
      throw new MessageSelectionError({
        expected: `${found}[{ … }], because it is a list`,
        found: `${found}.{ … }`,
        offset: then.offset,
      });
    const object = resolveObject(then, { ...starts, value: shape });
    return { map: { ...path, segments, then: object }, shape: builtObject };
  }
  if (shape.lists === 0)
    throw new MessageSelectionError({ expected: "a list before [ ]", found, offset: path.offset });
  const element = { ...shape, lists: shape.lists - 1 };
  const resolved = resolve(then.element, { value: element, item: element });
  return {
    map: { ...path, segments, then: { ...then, element: resolved.map } },
    shape: { ...resolved.shape, lists: resolved.shape.lists + 1 },
  };
}

function shapeOf({ type, isRepeated }: ProtoField, listsAround: number): SelectedShape {
  const lists = listsAround + (isRepeated ? 1 : 0);
  return type.kind === "message"
    ? { message: type.message, kind: "message", lists }
    : { message: null, kind: "scalar", lists };
}

function unknownField(message: ProtoMessage | null, { name, offset }: PathSegment): MessageSelectionError {
  if (message === null)
    return new MessageSelectionError({ expected: "no further path: this is a scalar", found: name, offset });
  const names = [...message.fields.keys()];
  const expected = `a field of ${message.name} (${names.join(", ")})`;
  return new MessageSelectionError({ expected, found: name, offset, hint: nearestNameHint(name, names) });
}
