import type { FieldSupplier, ModelType } from "../compose/supergraph-model.ts";
import { fieldKeyOf } from "../compose/supergraph-model.ts";
import type { ObjectSelection, SelectionMap } from "../language/selection-map.ts";
import type { Base } from "./plan.ts";

type Reference = Extract<Base, { kind: "reference" }>;

/**
 * The base of objects that a mapping builds of plain paths and nothing else, of which all that matters is there where the
 * object is: they need not be built. Null for others. `maySearch`: whether a field is looked for elsewhere where its part is absent.
 */
export function plainReference(
  type: ModelType,
  { source, read }: FieldSupplier,
  maySearch: (fieldName: string) => boolean,
): Reference | null {
  const built = read?.map === undefined ? null : readBuilt(read.map);
  if (built === null) return null;
  const parts = new Map<string, readonly string[]>();
  for (const [name, path] of built.parts)
    if (type.overridden.get(source)?.has(name) !== true) parts.set(fieldKeyOf(type, source, name), path);
  const { list } = built;
  if (type.keys.length === 0) {
    const isAllThere = [...parts.keys()].every((name) => !maySearch(name));
    return isAllThere ? { kind: "reference", source, parts, key: [], list } : null;
  }
  const names = [...built.parts.keys()];
  const key = type.keys.find(
    (one) => one.length === names.length && one.every((path) => names.includes(path)),
  );
  // With more than a key, parts may be absent, and then they are looked up.
  if (key === undefined || parts.size < built.parts.size) return null;
  return { kind: "reference", source, parts, key, list };
}

interface BuiltObject {
  readonly parts: ReadonlyMap<string, readonly string[]>;
  readonly list: readonly string[] | null;
}

/** Null for maps that are more than an object of plain paths, by itself or for each element of a list. */
function readBuilt(map: SelectionMap): BuiltObject | null {
  if (map.kind === "object") return readParts(map, "value", null);
  if (map.kind !== "path" || map.root !== "value" || map.then?.kind !== "list") return null;
  const { element } = map.then;
  if (element.kind !== "object") return null;
  return readParts(
    element,
    "item",
    map.segments.map((segment) => segment.name),
  );
}

function readParts(
  { fields }: ObjectSelection,
  root: "value" | "item",
  list: readonly string[] | null,
): BuiltObject | null {
  const parts = new Map<string, readonly string[]>();
  for (const { name, value } of fields) {
    if (value.kind !== "path" || value.then !== null) return null;
    if (value.root !== "value" && value.root !== root) return null;
    parts.set(
      name,
      value.segments.map((segment) => segment.name),
    );
  }
  return { parts, list };
}

/** What a mapping may have built, by path: `id`, `hall`, `hall.code`. */
export type BuiltParts = ReadonlyMap<string, BuiltPart>;

export interface BuiltPart {
  /** It is there wherever its object is. */
  readonly isCertain: boolean;
  readonly isObject: boolean;
}

/** What a map may have built of objects, whichever of its alternatives did; null where it takes some of them as they are. */
export function partsBuiltBy(map: SelectionMap): BuiltParts | null {
  const objects = objectsBuiltBy(map);
  if (objects === null) return null;
  const all = objects.map((object) => partsOf(object, ""));
  const parts = new Map<string, BuiltPart>();
  for (const one of all) {
    if (one === null) return null;
    for (const [path, part] of one) {
      if ((parts.get(path) ?? part).isObject !== part.isObject) return null;
      const isCertain = all.every((other) => other?.get(path)?.isCertain === true);
      parts.set(path, { ...part, isCertain });
    }
  }
  return parts;
}

function objectsBuiltBy(map: SelectionMap): readonly ObjectSelection[] | null {
  switch (map.kind) {
    case "object":
      return [map];
    case "path":
      if (map.then === null) return null;
      return objectsBuiltBy(map.then.kind === "list" ? map.then.element : map.then);
    case "alternatives": {
      const options = map.options.map(objectsBuiltBy);
      return options.every((option) => option !== null) ? options.flat() : null;
    }
  }
}

function partsOf({ fields }: ObjectSelection, prefix: string): BuiltParts | null {
  const parts = new Map<string, BuiltPart>();
  for (const { name, value } of fields) {
    const path = `${prefix}${name}`;
    const object = value.kind === "path" && value.then?.kind === "object" ? value.then : value;
    if (object.kind === "object") {
      const inner = partsOf(object, `${path}.`);
      if (inner === null) return null;
      const isCertain = object === value;
      parts.set(path, { isCertain, isObject: true });
      for (const [below, part] of inner)
        parts.set(below, { ...part, isCertain: isCertain && part.isCertain });
    } else if (buildsWithin(value)) return null;
    else parts.set(path, { isCertain: false, isObject: false });
  }
  return parts;
}

function buildsWithin(map: SelectionMap): boolean {
  switch (map.kind) {
    case "object":
      return true;
    case "alternatives":
      return map.options.some(buildsWithin);
    case "path":
      if (map.then === null) return false;
      return map.then.kind === "object" || buildsWithin(map.then.element);
  }
}

/** Raised where it matters whether an object has a part: the place is planned once with it and once without. */
export class UnsureError extends Error {
  readonly standing: BuiltStanding;
  readonly path: string;

  constructor(standing: BuiltStanding, path: string) {
    super(`whether ${path} is there is not known`);
    this.name = "UnsureError";
    this.standing = standing;
    this.path = path;
  }
}

/** What is known of the objects of a place that a mapping built, those inside of them included. */
export class BuiltStanding {
  readonly parts: BuiltParts;
  /** What was decided of parts that may be absent. */
  readonly decided: ReadonlyMap<string, boolean>;

  constructor(parts: BuiltParts, decided: ReadonlyMap<string, boolean>) {
    this.parts = parts;
    this.decided = decided;
  }

  /** Raises {@link UnsureError}. */
  isThere(path: string): boolean {
    const part = this.parts.get(path);
    if (part === undefined) return false;
    if (part.isCertain) return true;
    const decided = this.decided.get(path);
    if (decided === undefined) throw new UnsureError(this, path);
    return decided;
  }
}
