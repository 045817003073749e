import type { SourceAbstractType } from "../language/abstract-types.ts";
import {
  type CompiledSelection,
  compileSelection,
  rawRoots,
  readOwn,
} from "../language/evaluate-selection.ts";
import { namedTypeOf } from "../language/sdl-file.ts";
import type { SourceField, SourceSchema } from "../language/source-schema.ts";

/**
 * Tells which of the source's own types a raw object is of, where the field's type is an interface or a union; null
 * where the object does not tell, or tells a type that the schema does not list.
 */
export type TypeReader = (raw: object) => string | null;

/** The readers of a source whose raw values have the names that its schema says, by the field's coordinate. */
export function compileTypeReaders(schema: SourceSchema): Map<string, TypeReader> {
  const readers = new Map<string, TypeReader>();
  for (const { field, type } of abstractFieldsOf(schema)) {
    const select = type.discriminator?.field ?? null;
    readers.set(
      field.coordinate,
      compileTypeReader(type, select === null ? null : compileSelection(select.map)),
    );
  }
  return readers;
}

/** The fields whose values are objects of several types. */
function abstractFieldsOf(
  schema: SourceSchema,
): { readonly field: SourceField; readonly type: SourceAbstractType }[] {
  return [...schema.types.values()].flatMap(({ fields }) =>
    [...fields.values()].flatMap((field) => {
      const type = schema.abstractTypes.get(namedTypeOf(field.node.type));
      return type === undefined ? [] : [{ field, type }];
    }),
  );
}

/** `select` finds the value that tells; null: `__typename`. */
export function compileTypeReader(type: SourceAbstractType, select: CompiledSelection | null): TypeReader {
  const typeNames = typesByValue(type);
  return (raw) => {
    const told = select === null ? readOwn(raw, "__typename") : select(rawRoots(raw));
    return typeNames.get(textOf(told)) ?? null;
  };
}

/** A type that no value is mapped to has its own name as value. */
function typesByValue({ possibleTypes, discriminator }: SourceAbstractType): ReadonlyMap<string, string> {
  const mapping = discriminator?.mapping ?? new Map<string, string>();
  const mapped = new Set(mapping.values());
  const ownNames = possibleTypes.filter((name) => !mapped.has(name)).map((name) => [name, name] as const);
  return new Map([...ownNames, ...mapping]);
}

/** Numbers and Booleans compare as text; no type is called like the empty one. */
function textOf(told: unknown): string {
  if (typeof told === "string") return told;
  return typeof told === "number" || typeof told === "bigint" || typeof told === "boolean"
    ? String(told)
    : "";
}
