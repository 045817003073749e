import {
  type GraphQLArgument,
  type GraphQLNamedType,
  type GraphQLSchema,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  type TypeNode,
} from "graphql";
import type { Problems, SourcePlace } from "../core/problems.ts";
import type { RequestScope } from "../core/request-scope.ts";
import { type CompiledSelection, defineOwn } from "../language/evaluate-selection.ts";
import type { ObjectSelection, SelectionMap } from "../language/selection-map.ts";
import { namedTypeOf } from "../language/sdl-file.ts";
import type { SourceField } from "../language/source-schema.ts";
import type { Source } from "../sources/source.ts";
import type { TypeReader } from "../sources/type-reader.ts";
import { buildPlainSchema } from "./build-plain-schema.ts";
import { type EntityLookup, findLookups } from "./entity-lookup.ts";
import { findOverridden } from "./overrides.ts";
import { pathsBuilt } from "./key-paths.ts";
import {
  type CompleteArguments,
  compileOwnDefaults,
  mergeArguments,
  mergeLeafTypes,
} from "./merge-shared-types.ts";
import type { NeededField } from "./need.ts";
import type { RequiredValue } from "./required-value.ts";
import { callOf, type FieldCall } from "./subquery-call.ts";

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
  /** Which type an object is of; null where the field's type is no interface and no union. */
  readonly readType: TypeReader | null;
  /** The paths of the fields that it builds: `id`, or `organization.id` in objects inside them. */
  readonly builtPaths: readonly string[];
}

export interface ModelField {
  readonly name: string;
  readonly coordinate: string;
  /** As the first supplier wrote it. */
  readonly type: TypeNode;
  /** Those that all sources have, without those that are filled by `@require`. */
  readonly args: readonly GraphQLArgument[];
  /** In the order of the sources; none where what the only source says of the field was refused. */
  readonly suppliers: readonly FieldSupplier[];
}

/** What fills one argument of a field that `@require`s it. */
export interface Requirement {
  readonly argument: string;
  /** Every field that it reads. */
  readonly fields: readonly ModelField[];
  /** What it reads of the object. */
  readonly needs: readonly NeededField[];
  /** How the argument's value is put together. */
  readonly value: RequiredValue;
  /** The argument's value for an object; `undefined` where a value is absent: then there is no call. */
  readonly read: (object: object, scope: RequestScope) => Promise<unknown>;
}

/** A type of the supergraph, and who supplies what of it. */
export interface ModelType {
  readonly name: string;
  readonly fields: ReadonlyMap<string, ModelField>;
  /** What is `@internal`, by the key that {@link fieldKeyOf} makes; each has one supplier. */
  readonly internalFields: ReadonlyMap<string, ModelField>;
  /** Names that a source has and that are no longer read from it. */
  readonly overridden: ReadonlyMap<Source, ReadonlySet<string>>;
  readonly lookups: readonly EntityLookup[];
  /** Every key that a source declares, once: the paths of its fields. */
  readonly keys: readonly (readonly string[])[];
  /** Sources that know nothing of an object but its key. */
  readonly referencingSources: ReadonlySet<Source>;
  /** Whether a row that the source sends holds what a path of properties finds. */
  readonly rowHolds: (source: Source, path: string) => boolean;
}

/** An interface or a union of the supergraph: what all sources that have it say together. */
export interface ModelAbstractType {
  readonly kind: "interface" | "union";
  readonly name: string;
  /** Object types. */
  readonly possibleTypes: ReadonlySet<string>;
  /** None for a union. An interface's field is supplied where its possible types' fields of that name are. */
  readonly fields: ReadonlyMap<string, ModelField>;
}

/** A type whose values are objects. */
export type ModelCompositeType = ModelType | ModelAbstractType;

/** Who supplies what: the run-time side of the supergraph. */
export interface SupergraphModel {
  readonly sources: readonly Source[];
  /** Object types. */
  readonly types: ReadonlyMap<string, ModelType>;
  /** Interfaces and unions. */
  readonly abstractTypes: ReadonlyMap<string, ModelAbstractType>;
  /** Scalars, enums and input types of all sources together. */
  readonly leafTypes: ReadonlyMap<string, GraphQLNamedType>;
  /** Where a source says of something that it is `@inaccessible`, by coordinate. */
  readonly inaccessible: ReadonlyMap<string, SourcePlace>;
  /** What fills the arguments that `@require` asks for, by the field of the source. */
  readonly requirements: ReadonlyMap<SourceField, readonly Requirement[]>;
  /** What a source's call gets besides what the supergraph's arguments say, by the field of the source. */
  readonly ownDefaults: ReadonlyMap<SourceField, CompleteArguments>;
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
  const overridden = findOverridden(sources, problems);
  for (const name of new Set(sources.flatMap((source) => [...source.schema.types.keys()]))) {
    types.set(name, buildType({ name, schemas, types, overridden }));
  }
  const leafTypes = new Map<string, GraphQLNamedType>();
  for (const schema of schemas.values()) {
    for (const type of Object.values(schema.getTypeMap())) {
      if (!isCompositeType(type) && !leafTypes.has(type.name)) leafTypes.set(type.name, type);
    }
  }
  for (const [name, type] of mergeLeafTypes(sources.map(({ schema }) => schema.plainDocument)))
    leafTypes.set(name, type);
  const ownDefaults = mergeAllArguments(types, schemas, leafTypes);
  return {
    sources,
    types,
    abstractTypes: buildAbstractTypes(schemas, types, leafTypes),
    leafTypes,
    inaccessible: new Map(sources.flatMap(({ schema }) => [...schema.inaccessible])),
    requirements: new Map(),
    ownDefaults,
  };
}

/**
 * The key of what a source calls `name` in a type: the name itself, or of an internal field of that source one that no
 * field of the supergraph can have.
 */
export function fieldKeyOf(type: ModelType, source: Source, name: string): string {
  const key = `${source.name}:${name}`;
  return type.internalFields.has(key) ? key : name;
}

/** A field by its key. */
export function fieldAt(type: ModelType, key: string): ModelField | undefined {
  return type.fields.get(key) ?? type.internalFields.get(key);
}

/** What a mapping of a source built, by the keys of fields, without what is no longer read from that source. */
export function keyedKnown(
  type: ModelType,
  source: Source,
  built: object,
): Readonly<Record<string, unknown>> {
  const { internalFields, overridden } = type;
  if (internalFields.size === 0 && !overridden.has(source)) return built as Record<string, unknown>;
  const known: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(built))
    if (overridden.get(source)?.has(name) !== true) defineOwn(known, fieldKeyOf(type, source, name), value);
  return known;
}

/** The file of a source that keeps a field of that name to itself; null where none does. */
export function internalFileOf(type: ModelCompositeType, name: string): string | null {
  if (!("internalFields" in type)) return null;
  const field = [...type.internalFields.values()].find((one) => one.name === name);
  return field?.suppliers[0]?.source.schema.file ?? null;
}

/** Gives every field the arguments that all of its sources have; returns what the calls of each add to them. */
function mergeAllArguments(
  types: Map<string, ModelType>,
  schemas: ReadonlyMap<Source, GraphQLSchema>,
  leafTypes: ReadonlyMap<string, GraphQLNamedType>,
): ReadonlyMap<SourceField, CompleteArguments> {
  const ownDefaults = new Map<SourceField, CompleteArguments>();
  for (const [name, type] of types) {
    const fields = [...type.fields.values()].map((field) => {
      const lists = field.suppliers.map((supplier) => {
        const graphqlType = schemas.get(supplier.source)?.getType(name);
        const graphqlField = isObjectType(graphqlType) ? graphqlType.getFields()[field.name] : undefined;
        return { supplier, args: argumentsOfClients(supplier.field, graphqlField?.args ?? []) };
      });
      const args = mergeArguments(
        lists.length === 0 ? [field.args] : lists.map((list) => list.args),
        leafTypes,
      );
      for (const list of lists) {
        const complete = compileOwnDefaults(list.args, args);
        if (complete !== null) ownDefaults.set(list.supplier.field, complete);
      }
      return [field.name, { ...field, args }] as const;
    });
    types.set(name, { ...type, fields: new Map(fields) });
  }
  return ownDefaults;
}

/** The object type, interface or union of that name; null for other names. */
export function compositeTypeOf(model: SupergraphModel, name: string): ModelCompositeType | null {
  return model.types.get(name) ?? model.abstractTypes.get(name) ?? null;
}

/** The paths of the fields that a mapping builds, by their keys: `{ id: authorId }` builds `id`. */
function findBuiltPaths(
  { name: sourceName, schema }: Source,
  { from, node }: SourceField,
  moved: ReadonlySet<SourceField> | undefined,
): readonly string[] {
  if (from === null) return [];
  const options = from.map.kind === "alternatives" ? from.map.options : [from.map];
  const paths = options.flatMap((option) => {
    const object = objectOf(option);
    return object === null ? [] : pathsBuilt(object);
  });
  const typeName = namedTypeOf(node.type);
  const targets = schema.abstractTypes.get(typeName)?.possibleTypes ?? [typeName];
  const keys = targets.flatMap((target) =>
    paths.flatMap((path) => {
      const field = schema.types.get(target)?.fields.get(path);
      if (field === undefined) return [path];
      if (moved?.has(field) === true) return [];
      return [field.internalUse === null ? path : `${sourceName}:${path}`];
    }),
  );
  return [...new Set(keys)];
}

function rowHolds(
  types: ReadonlyMap<string, ModelType>,
  type: ModelType | undefined,
  source: Source,
  path: string,
): boolean {
  const [name = "", ...rest] = path.split(".");
  const field = type === undefined ? undefined : fieldAt(type, name);
  const supplier = field?.suppliers.find((one) => one.source === source && one.read !== null);
  if (supplier === undefined) return false;
  if (rest.length === 0) return true;
  const below = rest.join(".");
  if (supplier.buildsObjects) return supplier.builtPaths.includes(below);
  const next = types.get(namedTypeOf(supplier.field.node.type));
  return next?.rowHolds(source, below) === true;
}

/** The object that a map builds, by itself or from each element of a list. */
export function objectOf(map: SelectionMap): ObjectSelection | null {
  if (map.kind === "object") return map;
  if (map.kind === "alternatives" || map.then === null) return null;
  return map.then.kind === "object" ? map.then : objectOf(map.then.element);
}

interface TypeParts {
  readonly name: string;
  readonly schemas: ReadonlyMap<Source, GraphQLSchema>;
  readonly types: ReadonlyMap<string, ModelType>;
  /** Fields that are no longer read from a source. */
  readonly overridden: ReadonlyMap<Source, ReadonlySet<SourceField>>;
}

function buildType({ name, schemas, types, overridden }: TypeParts): ModelType {
  const internalFields = new Map<string, ModelField>();
  const overriddenNames = new Map<Source, ReadonlySet<string>>();
  const fields = new Map<string, ModelField>();
  const keys = new Map<string, readonly string[]>();
  const referencingSources = new Set<Source>();
  for (const [source, schema] of schemas) {
    const type = source.schema.types.get(name);
    if (type === undefined) continue;
    const graphqlType = schema.getType(name);
    const graphqlFields = isObjectType(graphqlType) ? graphqlType.getFields() : {};
    for (const key of type.keys) keys.set(key.toSorted().join(" "), key);
    const keyFields = new Set(type.keys.flat().map((path) => path.split(".")[0] ?? ""));
    const isMoved = (field: SourceField): boolean => overridden.get(source)?.has(field) === true;
    const moved = [...type.fields.values()].filter(isMoved);
    if (moved.length > 0) overriddenNames.set(source, new Set(moved.map((field) => field.name)));
    const properties = [...type.fields.values()].filter(
      (field) => field.call === null && field.internalUse === null && !isMoved(field),
    );
    if (type.keys.length > 0 && properties.every((field) => keyFields.has(field.name)))
      referencingSources.add(source);
    for (const field of type.fields.values()) {
      if (isMoved(field)) continue;
      const known = field.internalUse === null ? fields.get(field.name) : undefined;
      const supplier = buildSupplier(source, field, overridden.get(source));
      const built: ModelField = {
        name: field.name,
        coordinate: field.coordinate,
        type: known?.type ?? field.node.type,
        args: known?.args ?? argumentsOfClients(field, graphqlFields[field.name]?.args ?? []),
        suppliers: [...(known?.suppliers ?? []), ...(supplier === null ? [] : [supplier])],
      };
      if (field.internalUse === null) fields.set(field.name, built);
      else internalFields.set(`${source.name}:${field.name}`, built);
    }
  }
  return {
    name,
    fields,
    internalFields,
    overridden: overriddenNames,
    keys: [...keys.values()],
    lookups: findLookups(name, schemas),
    referencingSources,
    rowHolds: (source, path) => rowHolds(types, types.get(name), source, path),
  };
}

/** Members and fields of all sources; an interface's field is as the first of them wrote it. */
function buildAbstractTypes(
  schemas: ReadonlyMap<Source, GraphQLSchema>,
  types: ReadonlyMap<string, ModelType>,
  leafTypes: ReadonlyMap<string, GraphQLNamedType>,
): ReadonlyMap<string, ModelAbstractType> {
  const abstractTypes = new Map<string, ModelAbstractType>();
  for (const [source, schema] of schemas) {
    for (const { kind, name, possibleTypes, fields } of source.schema.abstractTypes.values()) {
      const known = abstractTypes.get(name);
      const graphqlType = schema.getType(name);
      const graphqlFields = isInterfaceType(graphqlType) ? graphqlType.getFields() : {};
      const added = [...fields.values()].map(({ name: fieldName, coordinate, node }): ModelField => {
        const args = mergeArguments([graphqlFields[fieldName]?.args ?? []], leafTypes);
        return { name: fieldName, coordinate, type: node.type, args, suppliers: [] };
      });
      abstractTypes.set(name, {
        kind: known?.kind ?? kind,
        name,
        possibleTypes: new Set([...(known?.possibleTypes ?? []), ...possibleTypes]),
        fields: new Map([...added.map((field) => [field.name, field] as const), ...(known?.fields ?? [])]),
      });
    }
  }
  for (const [name, type] of abstractTypes) {
    const members = [...type.possibleTypes].map((member) => types.get(member));
    const supplied = [...type.fields.values()].map((field) => {
      const suppliers = members.flatMap((member) => member?.fields.get(field.name)?.suppliers ?? []);
      return [field.name, { ...field, suppliers }] as const;
    });
    abstractTypes.set(name, { ...type, fields: new Map(supplied) });
  }
  return abstractTypes;
}

/** Without those that `@require` fills. */
function argumentsOfClients(
  field: SourceField,
  args: readonly GraphQLArgument[],
): readonly GraphQLArgument[] {
  return args.filter(({ name }) => (field.arguments.get(name)?.require ?? null) === null);
}

function buildSupplier(
  source: Source,
  field: SourceField,
  moved: ReadonlySet<SourceField> | undefined,
): FieldSupplier | null {
  const call = callOf(source, field);
  const read = source.properties.get(field.coordinate) ?? null;
  if (call === null && read === null) return null;
  const readType = source.typeReaders.get(field.coordinate) ?? null;
  const isBuilding = field.from !== null && buildsObjects(field.from.map);
  const builtPaths = findBuiltPaths(source, field, moved);
  return { source, field, call, read, readType, buildsObjects: isBuilding, builtPaths };
}

function buildsObjects(map: SelectionMap): boolean {
  return (map.kind === "alternatives" ? map.options : [map]).some((option) => objectOf(option) !== null);
}
