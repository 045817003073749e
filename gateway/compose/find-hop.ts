import type { Source } from "../sources/source.ts";
import type { EntityLookup } from "./entity-lookup.ts";
import { fieldAt, type FieldSupplier, type ModelType } from "./supergraph-model.ts";

/** What is known of an object while a way to its other fields is looked for. */
export interface Standing {
  /** A row of the source is here. */
  hasRow(source: Source): boolean;
  /** The value at a path of properties was known before any row came. */
  isKnown(path: string): boolean;
}

/** A row that has a field, and how it is found. */
export interface Hop {
  readonly supplier: FieldSupplier;
  readonly lookup: EntityLookup;
}

/**
 * The first supplier whose source can find the object by a key that is known of it; where there is none, the first
 * whose key further lookups bring. `tried` are the sources of lookups that wait for this one.
 */
export function findHop(
  type: ModelType,
  fieldName: string,
  standing: Standing,
  tried: readonly Source[] = [],
): Hop | null {
  let far: Hop | null = null;
  for (const supplier of fieldAt(type, fieldName)?.suppliers ?? []) {
    const { source } = supplier;
    if (supplier.read === null || standing.hasRow(source) || tried.includes(source)) continue;
    for (const lookup of type.lookups) {
      if (lookup.source !== source) continue;
      if (lookup.key.every((path) => holds(type, path, standing))) return { supplier, lookup };
      const waiting = [...tried, source];
      const isInReach = (path: string): boolean =>
        holds(type, path, standing) || findHop(type, path.split(".")[0] ?? "", standing, waiting) !== null;
      if (lookup.key.every(isInReach)) far ??= { supplier, lookup };
    }
  }
  return far;
}

function holds(type: ModelType, path: string, standing: Standing): boolean {
  if (standing.isKnown(path)) return true;
  const suppliers = fieldAt(type, path.split(".")[0] ?? "")?.suppliers ?? [];
  return suppliers.some(({ source }) => standing.hasRow(source) && type.rowHolds(source, path));
}
