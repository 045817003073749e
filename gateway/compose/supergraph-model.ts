import {
  type GraphQLArgument,
  type GraphQLNamedType,
  type GraphQLSchema,
  isObjectType,
  Kind,
  type TypeNode,
} from "graphql";
import type { Problems } from "../core/problems.ts";
import type { CompiledSelection } from "../language/evaluate-selection.ts";
import type { ObjectSelection, SelectionMap } from "../language/selection-map.ts";
import { namedTypeOf } from "../language/sdl-file.ts";
import type { SourceField } from "../language/source-schema.ts";
import type { DeclaredCall } from "../sources/declared-call.ts";
import { buildSubqueryCall, findKeyList, type KeyList, type SubqueryCall } from "./subquery-call.ts";
import type { Source } from "../sources/source.ts";
import { buildPlainSchema } from "./build-plain-schema.ts";

/** What fetches a field: a call of its own, or a part of a subquery. */
export type FieldCall = DeclaredCall | SubqueryCall;

export function isSubqueryCall(call: FieldCall): call is SubqueryCall {
  return "subqueries" in call;
}

/** One source that can supply a field: by a call, or by reading it from the raw value it sent. */
export interface FieldSupplier {
  readonly source: Source;
  readonly field: SourceField;
  readonly call: FieldCall | null;
  /** Null where the field is a call. */
  readonly read: CompiledSelection | null;
  /**
   * The mapping builds its objects (`{ id: authorId }`): their fields are exactly the mapped names, in GraphQL's
   * spelling, and everything else about them is asked for by key.
   */
  readonly buildsObjects: boolean;
}

export interface ModelField {
  readonly name: string;
  readonly coordinate: string;
  /** As the first supplier wrote it. */
  readonly type: TypeNode;
  readonly args: readonly GraphQLArgument[];
  /** In the order of the sources; none where what the only source says of the field was refused. */
  readonly suppliers: readonly FieldSupplier[];
}

/** A root field that finds an object by a key. */
export interface EntityLookup {
  readonly source: Source;
  readonly key: readonly string[];
  readonly call: FieldCall;
  /** GraphQL only: the field takes a list of keys and returns a list; null: it takes one key. */
  readonly keyList: KeyList | null;
}

/** A type of the supergraph, and who supplies what of it. */
export interface ModelType {
  readonly name: string;
  readonly fields: ReadonlyMap<string, ModelField>;
  readonly lookups: readonly EntityLookup[];
  /** Every key that a source declares, once. */
  readonly keys: readonly (readonly string[])[];
  /** Sources that know nothing of an object but its key. */
  readonly referencingSources: ReadonlySet<Source>;
}

/** Who supplies what: the run-time side of the supergraph. */
export interface SupergraphModel {
  readonly sources: readonly Source[];
  /** Object types. */
  readonly types: ReadonlyMap<string, ModelType>;
  /** Scalars, enums and input types, as the first source that has them defines them. */
  readonly leafTypes: ReadonlyMap<string, GraphQLNamedType>;
}

/**
 * Collects what all sources say about each type. What they may not both say is checked elsewhere. Null, with problems
 * reported, where a source's file is no GraphQL schema.
 */
export function buildSupergraphModel(sources: readonly Source[], problems: Problems): SupergraphModel | null {
  const schemas = new Map<Source, GraphQLSchema>();
  for (const source of sources) {
    const { file, plainDocument } = source.schema;
    const schema = buildPlainSchema(file, plainDocument, problems);
    if (schema !== null) schemas.set(source, schema);
  }
  if (schemas.size < sources.length) return null;
  const types = new Map<string, ModelType>();
  for (const name of new Set(sources.flatMap((source) => [...source.schema.types.keys()]))) {
    types.set(name, buildType(name, schemas));
  }
  const leafTypes = new Map<string, GraphQLNamedType>();
  for (const schema of schemas.values()) {
    for (const type of Object.values(schema.getTypeMap())) {
      if (!isObjectType(type) && !leafTypes.has(type.name)) leafTypes.set(type.name, type);
    }
  }
  return { sources, types, leafTypes };
}

/** The fields that a mapping builds: `{ id: authorId }` builds `id`. */
export function builtNames({ from }: SourceField): readonly string[] {
  if (from === null) return [];
  const options = from.map.kind === "alternatives" ? from.map.options : [from.map];
  return [...new Set(options.flatMap((option) => objectOf(option)?.fields.map((field) => field.name) ?? []))];
}

/** The object that a map builds, by itself or from each element of a list. */
export function objectOf(map: SelectionMap): ObjectSelection | null {
  if (map.kind === "object") return map;
  if (map.kind === "alternatives" || map.then === null) return null;
  return map.then.kind === "object" ? map.then : objectOf(map.then.element);
}

function buildType(name: string, schemas: ReadonlyMap<Source, GraphQLSchema>): ModelType {
  const fields = new Map<string, ModelField>();
  const keys = new Map<string, readonly string[]>();
  const referencingSources = new Set<Source>();
  for (const [source, schema] of schemas) {
    const type = source.schema.types.get(name);
    if (type === undefined) continue;
    const graphqlType = schema.getType(name);
    const graphqlFields = isObjectType(graphqlType) ? graphqlType.getFields() : {};
    for (const key of type.keys) keys.set(key.toSorted().join(" "), key);
    const keyFields = new Set(type.keys.flat());
    const properties = [...type.fields.values()].filter((field) => field.call === null);
    if (type.keys.length > 0 && properties.every((field) => keyFields.has(field.name)))
      referencingSources.add(source);
    for (const field of type.fields.values()) {
      const known = fields.get(field.name);
      const supplier = buildSupplier(source, field);
      fields.set(field.name, {
        name: field.name,
        coordinate: field.coordinate,
        type: known?.type ?? field.node.type,
        args: known?.args ?? graphqlFields[field.name]?.args ?? [],
        suppliers: [...(known?.suppliers ?? []), ...(supplier === null ? [] : [supplier])],
      });
    }
  }
  return {
    name,
    fields,
    keys: [...keys.values()],
    lookups: findLookups(name, [...schemas.keys()]),
    referencingSources,
  };
}

function buildSupplier(source: Source, field: SourceField): FieldSupplier | null {
  const call = callOf(source, field);
  const read = source.properties.get(field.coordinate) ?? null;
  if (call === null && read === null) return null;
  return { source, field, call, read, buildsObjects: field.from !== null && buildsObjects(field.from.map) };
}

function callOf(source: Source, field: SourceField): FieldCall | null {
  return source.calls.get(field.coordinate) ?? buildSubqueryCall(source, field);
}

function buildsObjects(map: SelectionMap): boolean {
  return (map.kind === "alternatives" ? map.options : [map]).some((option) => objectOf(option) !== null);
}

function findLookups(typeName: string, sources: readonly Source[]): EntityLookup[] {
  const lookups: EntityLookup[] = [];
  for (const source of sources) {
    for (const field of source.schema.types.get("Query")?.fields.values() ?? []) {
      const call = callOf(source, field);
      if (!field.isLookup || call === null || namedTypeOf(field.node.type) !== typeName) continue;
      const keyList = isSubqueryCall(call) ? findKeyList(source, field) : null;
      const isObject = field.node.type.kind === Kind.NAMED_TYPE;
      if (!isObject && keyList === null) continue;
      const key = (field.node.arguments ?? []).map((argument) => argument.name.value);
      lookups.push({ source, call, keyList, key: keyList?.key ?? key });
    }
  }
  return lookups;
}
