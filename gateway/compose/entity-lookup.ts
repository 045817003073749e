import { type GraphQLSchema, Kind } from "graphql";
import { compileSelection, rawRoots } from "../language/evaluate-selection.ts";
import { namedTypeOf } from "../language/sdl-file.ts";
import { parseSelectionMap } from "../language/selection-map.ts";
import type { SourceField } from "../language/source-schema.ts";
import type { Source } from "../sources/source.ts";
import { objectOfKey, pathsRead } from "./key-paths.ts";
import { callOf, type FieldCall, findKeyList, isSubqueryCall, type KeyList } from "./subquery-call.ts";

/** A root field that finds an object by a key. */
export interface EntityLookup {
  readonly source: Source;
  readonly field: SourceField;
  /** The paths of the key's fields. */
  readonly key: readonly string[];
  readonly call: FieldCall;
  /** GraphQL only: the field takes a list of keys and returns a list; null: it takes one key. */
  readonly keyList: KeyList | null;
  /** Arguments that are the value at one path of the key, and the path. */
  readonly plainArguments: ReadonlyMap<string, string>;
  /**
   * The call's arguments for the object with these values of its key, further arguments with their defaults. Of a list
   * of keys it is the element.
   */
  argumentsFor(values: readonly unknown[]): Record<string, unknown>;
}

/** The lookups of a type, in the order of the sources and their files. */
export function findLookups(typeName: string, schemas: ReadonlyMap<Source, GraphQLSchema>): EntityLookup[] {
  const lookups: EntityLookup[] = [];
  for (const [source, schema] of schemas) {
    for (const field of source.schema.types.get("Query")?.fields.values() ?? []) {
      const call = callOf(source, field);
      if (!field.isLookup || call === null || namedTypeOf(field.node.type) !== typeName) continue;
      const keyList = isSubqueryCall(call) ? findKeyList(source, field) : null;
      if (field.node.type.kind !== Kind.NAMED_TYPE && keyList === null) continue;
      lookups.push(compileLookup({ source, field, call, keyList }, schema));
    }
  }
  return lookups;
}

/** The paths that one argument of a lookup means; null where it is none of the key's but an optional one. */
export function keyPathsOf(field: SourceField, argumentName: string, source: Source): string[] | null {
  const argument = field.arguments.get(argumentName);
  if (argument === undefined) return null;
  if (argument.is !== null) return pathsRead(argument.is.selection.map);
  const { type, defaultValue } = argument.node;
  const isRequired = type.kind === Kind.NON_NULL_TYPE && defaultValue === undefined;
  if (isRequired || keyFieldNames(field, source).has(argumentName)) return [argumentName];
  return null;
}

function keyFieldNames(field: SourceField, source: Source): ReadonlySet<string> {
  return new Set((source.schema.types.get(namedTypeOf(field.node.type))?.keys ?? []).flat());
}

function compileLookup(
  lookup: Omit<EntityLookup, "key" | "plainArguments" | "argumentsFor">,
  schema: GraphQLSchema,
): EntityLookup {
  const { source, field, keyList } = lookup;
  const key: string[] = [];
  const mapped: { readonly name: string; readonly evaluate: (object: unknown) => unknown }[] = [];
  const plainArguments = new Map<string, string>();
  for (const [name, argument] of field.arguments) {
    const isList = name === keyList?.argument;
    const paths = isList ? keyList.key : keyPathsOf(field, name, source);
    if (paths === null) continue;
    key.push(...paths.filter((path) => !key.includes(path)));
    const [only = name] = paths;
    if (isList && argument.is === null && keyList.isComposite) {
      mapped.push({ name, evaluate: (object) => object });
      continue;
    }
    const map = argument.is?.selection.map ?? parseSelectionMap(only);
    if (map.kind === "path" && map.then === null) plainArguments.set(name, only);
    const read = compileSelection(map);
    mapped.push({ name, evaluate: (object) => read(rawRoots(object)) });
  }
  const defaults = Object.fromEntries(
    (schema.getQueryType()?.getFields()[field.name]?.args ?? [])
      .filter(
        ({ name, defaultValue }) => defaultValue !== undefined && !mapped.some((one) => one.name === name),
      )
      .map(({ name, defaultValue }) => [name, defaultValue]),
  );
  return {
    ...lookup,
    key,
    plainArguments,
    argumentsFor(values) {
      const object = objectOfKey(key, values);
      return {
        ...defaults,
        ...Object.fromEntries(mapped.map(({ name, evaluate }) => [name, evaluate(object)])),
      };
    },
  };
}

/** Whether a value can be one of a key's. */
export function isKeyPart(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "";
}

/** Whether this object can be asked for by these values: backends read an empty text as no text at all. */
export function isWholeKey(values: readonly unknown[]): boolean {
  return values.every(isKeyPart);
}
