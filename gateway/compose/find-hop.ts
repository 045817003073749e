import type { Source } from "../sources/source.ts";
import type { EntityLookup, FieldSupplier, ModelType } from "./supergraph-model.ts";

/** What is known of an object while a way to its other fields is looked for. */
export interface Standing {
  /** A row of the source is here. */
  hasRow(source: Source): boolean;
  /** The field was known before any row came. */
  isKnown(fieldName: string): boolean;
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
  for (const supplier of type.fields.get(fieldName)?.suppliers ?? []) {
    const { source } = supplier;
    if (supplier.read === null || standing.hasRow(source) || tried.includes(source)) continue;
    for (const lookup of type.lookups) {
      if (lookup.source !== source) continue;
      if (lookup.key.every((name) => hasLeaf(type, name, standing))) return { supplier, lookup };
      const waiting = [...tried, source];
      const isInReach = (name: string): boolean =>
        hasLeaf(type, name, standing) || findHop(type, name, standing, waiting) !== null;
      if (lookup.key.every(isInReach)) far ??= { supplier, lookup };
    }
  }
  return far;
}

function hasLeaf(type: ModelType, name: string, standing: Standing): boolean {
  if (standing.isKnown(name)) return true;
  const suppliers = type.fields.get(name)?.suppliers ?? [];
  return suppliers.some((supplier) => supplier.read !== null && standing.hasRow(supplier.source));
}
