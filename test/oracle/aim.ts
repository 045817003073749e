import type { IndexedField, IndexedType, SchemaIndex } from "./schema-index.ts";

/** A field of an object type that an operation is to select, and how far it is from wherever one may be. */
export interface Aim {
  /** The field, as a type has it on which it may be selected: its own or an interface of it. Null where it has none. */
  fieldOn(type: IndexedType): IndexedField | null;
  /** How many selection sets there have to be inside one on this type; null where no way leads from it to the field. */
  levelsFrom(type: IndexedType): number | null;
}

/** Raises where there is no such field. `coordinate`: `Type.field` of an object type. */
export function aimAt(index: SchemaIndex, coordinate: string): Aim {
  const [typeName = "", fieldName = ""] = coordinate.split(".");
  const fields = new Map<IndexedType, IndexedField>();
  for (const type of index.types) {
    if (!type.conditions.some(({ name }) => name === typeName)) continue;
    const field = [...type.leaves, ...type.branches].find(({ name }) => name === fieldName);
    if (field !== undefined) fields.set(type, field);
  }
  if (fields.size === 0) throw new Error(`Expected a field that can be selected, found ${coordinate}.`);
  const levels = measureWays(index, fields);
  return {
    fieldOn: (type) => fields.get(type) ?? null,
    levelsFrom: (type) => levels.get(type) ?? null,
  };
}

function measureWays(
  { types }: SchemaIndex,
  fields: ReadonlyMap<IndexedType, IndexedField>,
): ReadonlyMap<IndexedType, number> {
  const levels = new Map<IndexedType, number>();
  for (const [type, { selectedType }] of fields) levels.set(type, selectedType === null ? 0 : 1);
  let hasChanged = true;
  while (hasChanged) {
    hasChanged = false;
    for (const type of types) {
      const next = [...type.conditions, ...type.branches.flatMap(({ selectedType }) => selectedType ?? [])];
      const shortest = Math.min(...next.map((other) => 1 + (levels.get(other) ?? Infinity)));
      if (shortest >= (levels.get(type) ?? Infinity)) continue;
      levels.set(type, shortest);
      hasChanged = true;
    }
  }
  return levels;
}
