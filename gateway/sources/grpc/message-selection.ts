import { nearestNameHint } from "../../core/problems.ts";
import {
  type ObjectSelection,
  type PathSegment,
  type PathSelection,
  printPath,
  type SelectionMap,
} from "../../language/selection-map.ts";
import {
  findProtoField,
  findProtoOneof,
  type ProtoField,
  type ProtoMessage,
  type ProtoOneof,
} from "./proto-model.ts";
import { wellKnownTypeOf } from "./well-known-types.ts";

/** What a map over a message yields. */
export interface SelectedShape {
  /**
   * Scalars are what answers hold as one value: enums, timestamps and wrappers too. What is inside of a Struct is
   * `json`: any value, known at run time only. An `object` is one that the map builds.
   */
  readonly kind: "scalar" | "message" | "map" | "oneof" | "json" | "object";
  /** Of messages, Any included. */
  readonly message: ProtoMessage | null;
  /** Whose value it is; null for whole messages, what is inside of a Struct, and built objects. */
  readonly field: ProtoField | null;
  readonly oneof: ProtoOneof | null;
  /** How many lists are around it. Those inside of a Struct do not count. */
  readonly lists: number;
}

/** One message of its type. */
export function messageShape(message: ProtoMessage): SelectedShape {
  return { ...nothing, message, kind: "message" };
}

/** The value of a field, with further lists around it. */
function fieldShape(field: ProtoField, listsAround: number): SelectedShape {
  const { type, isRepeated, isMap } = field;
  const lists = listsAround + (isRepeated ? 1 : 0);
  if (isMap) return { ...nothing, kind: "map", field, lists };
  if (type.kind !== "message") return { ...nothing, kind: "scalar", field, lists };
  const known = wellKnownTypeOf(type.message)?.kind ?? "any";
  if (known === "any") return { ...nothing, kind: "message", message: type.message, field, lists };
  const kind = known === "struct" || known === "value" || known === "listValue" ? "json" : "scalar";
  return { ...nothing, kind, field, lists };
}

/** One value of a map. */
export function entryShape(map: ProtoField, listsAround: number): SelectedShape {
  return fieldShape({ ...map, isMap: false }, listsAround);
}

/** As messages write it: `a list of shop.v1.Row`. */
export function describeShape(shape: SelectedShape): string {
  return `${"a list of ".repeat(shape.lists)}${describeOne(shape)}`;
}

function describeOne({ kind, message, oneof }: SelectedShape): string {
  if (message !== null) return message.name;
  if (kind === "oneof") return `the oneof ${oneof?.name ?? ""}`;
  if (kind === "json") return "any JSON";
  return kind === "object" ? "a built object" : `a ${kind}`;
}

const nothing = { message: null, field: null, oneof: null, lists: 0 } as const;

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

const builtObject: SelectedShape = { ...nothing, kind: "object" };

function resolveObject(map: ObjectSelection, starts: Starts): ObjectSelection {
  const fields = map.fields.map((field) => ({ ...field, value: resolve(field.value, starts).map }));
  return { ...map, fields };
}

function resolvePath(path: PathSelection, starts: Starts): MessageSelection {
  let shape = path.root === "item" ? starts.item : starts.value;
  const segments: PathSegment[] = [];
  for (const segment of path.segments) {
    const step = follow(shape, segment);
    segments.push({ ...segment, name: step.name });
    shape = step.shape;
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
  if (shape.lists === 0 && shape.kind !== "json")
    throw new MessageSelectionError({ expected: "a list before [ ]", found, offset: path.offset });
  const element = { ...shape, lists: Math.max(0, shape.lists - 1) };
  const resolved = resolve(then.element, { value: element, item: element });
  return {
    map: { ...path, segments, then: { ...then, element: resolved.map } },
    shape: { ...resolved.shape, lists: resolved.shape.lists + 1 },
  };
}

/** One name further: what it is called in raw values, and what it finds. */
function follow(
  shape: SelectedShape,
  segment: PathSegment,
): { readonly name: string; readonly shape: SelectedShape } {
  const { kind, message, field, lists } = shape;
  const { name } = segment;
  if (kind === "json") return { name, shape: { ...nothing, kind, lists } };
  if (kind === "map" && field !== null) return { name, shape: entryShape(field, lists) };
  const found = message === null ? null : findProtoField(message, name);
  if (found !== null) return { name: found.name, shape: fieldShape(found, lists) };
  const oneof = message === null ? null : findProtoOneof(message, name);
  if (oneof !== null) return { name: oneof.name, shape: { ...nothing, kind: "oneof", oneof, lists } };
  throw unknownField(shape, segment);
}

function unknownField({ message, kind, oneof }: SelectedShape, segment: PathSegment): MessageSelectionError {
  const { name, offset } = segment;
  if (kind === "oneof") {
    const members = oneof?.members.map((member) => member.name).join(", ") ?? "";
    const expected = `no further path: this is a oneof, which holds one of ${members}`;
    return new MessageSelectionError({ expected, found: name, offset, hint: "begin with the member's name" });
  }
  if (message === null) {
    const expected = `no further path: this is ${kind === "object" ? "an object" : "a scalar"}`;
    return new MessageSelectionError({ expected, found: name, offset });
  }
  const names = [...message.fields.keys(), ...message.oneofs.keys()];
  const expected = `a field of ${message.name} (${names.join(", ") || "it has none"})`;
  return new MessageSelectionError({ expected, found: name, offset, hint: nearestNameHint(name, names) });
}
