import { nearestNameHint } from "../../core/problems.ts";
import type {
  ObjectSelection,
  PathSegment,
  PathSelection,
  SelectionMap,
} from "../../language/selection-map.ts";
import { findProtoField, type ProtoMessage } from "./proto-files.ts";

/** What a map over a message yields. */
export interface SelectedShape {
  /** Null for scalars, enums and built objects. */
  readonly message: ProtoMessage | null;
  readonly kind: "scalar" | "message" | "object";
}

/** The map in the proto's own field names, and what it yields. */
export interface MessageSelection {
  readonly map: SelectionMap;
  readonly shape: SelectedShape;
}

/** A name that a message does not have; `offset` is its place in the map's text. */
export class UnknownProtoFieldError extends Error {
  readonly expected: string;
  readonly found: string;
  readonly hint: string | null;
  readonly offset: number;

  constructor(message: ProtoMessage | null, name: string, offset: number) {
    super(`${name} is not a field of ${message?.name ?? "a scalar"}`);
    this.name = "UnknownProtoFieldError";
    const names = [...(message?.fields.keys() ?? [])];
    this.expected =
      message === null
        ? "no further path: this is a scalar"
        : `a field of ${message.name} (${names.join(", ")})`;
    this.found = name;
    this.hint = nearestNameHint(name, names);
    this.offset = offset;
  }
}

/** Resolves the names of a map against a message. Raises {@link UnknownProtoFieldError}. */
export function resolveInMessage(map: SelectionMap, message: ProtoMessage): MessageSelection {
  return resolve(map, { message, kind: "message" });
}

function resolve(map: SelectionMap, item: SelectedShape): MessageSelection {
  switch (map.kind) {
    case "path":
      return resolvePath(map, item);
    case "object":
      return { map: resolveObject(map, item), shape: { message: null, kind: "object" } };
    case "alternatives": {
      const options = map.options.map((option) => resolve(option, item));
      return {
        map: { ...map, options: options.map((option) => option.map) },
        shape: options[0]?.shape ?? item,
      };
    }
  }
}

function resolveObject(map: ObjectSelection, item: SelectedShape): ObjectSelection {
  return { ...map, fields: map.fields.map((field) => ({ ...field, value: resolve(field.value, item).map })) };
}

function resolvePath(path: PathSelection, item: SelectedShape): MessageSelection {
  let shape = item;
  const segments: PathSegment[] = [];
  let isMapKey = false;
  for (const segment of path.segments) {
    if (isMapKey) {
      isMapKey = false;
      segments.push(segment);
      continue;
    }
    const field = shape.message === null ? null : findProtoField(shape.message, segment.name);
    if (field === null) throw new UnknownProtoFieldError(shape.message, segment.name, segment.offset);
    segments.push({ ...segment, name: field.name });
    shape = { message: field.message, kind: field.message === null ? "scalar" : "message" };
    isMapKey = field.isMap;
  }
  if (path.then === null) return { map: { ...path, segments }, shape };
  if (path.then.kind === "object") {
    return {
      map: { ...path, segments, then: resolveObject(path.then, shape) },
      shape: { message: null, kind: "object" },
    };
  }
  const element = resolve(path.then.element, shape);
  return { map: { ...path, segments, then: { ...path.then, element: element.map } }, shape: element.shape };
}
