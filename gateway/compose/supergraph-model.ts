import {
  type GraphQLArgument,
  type GraphQLNamedType,
  type GraphQLSchema,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  type TypeNode,
} from "graphql";
import type { Problems } from "../core/problems.ts";
import type { RequestScope } from "../core/request-scope.ts";
import type { CompiledSelection } from "../language/evaluate-selection.ts";
import type { ObjectSelection, SelectionMap } from "../language/selection-map.ts";
import { namedTypeOf } from "../language/sdl-file.ts";
import type { SourceField } from "../language/source-schema.ts";
import type { Source } from "../sources/source.ts";
import type { TypeReader } from "../sources/type-reader.ts";
import { buildPlainSchema } from "./build-plain-schema.ts";
import { type EntityLookup, findLookups } from "./entity-lookup.ts";
import { pathsBuilt } from "./key-paths.ts";
import type { NeededField } from "./need.ts";
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
  /** The argument's value for an object; `undefined` where a value is absent: then there is no call. */
  readonly read: (object: object, scope: RequestScope) => Promise<unknown>;
}

/** A type of the supergraph, and who supplies what of it. */
export interface ModelType {
  readonly name: string;
  readonly fields: ReadonlyMap<string, ModelField>;
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
  /** Scalars, enums and input types, as the first source that has them defines them. */
  readonly leafTypes: ReadonlyMap<string, GraphQLNamedType>;
  /** What fills the arguments that `@require` asks for, by the field of the source. */
  readonly requirements: ReadonlyMap<SourceField, readonly Requirement[]>;
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
    types.set(name, buildType(name, schemas, types));
  }
  const leafTypes = new Map<string, GraphQLNamedType>();
  for (const schema of schemas.values()) {
    for (const type of Object.values(schema.getTypeMap())) {
      if (!isCompositeType(type) && !leafTypes.has(type.name)) leafTypes.set(type.name, type);
    }
  }
  return {
    sources,
    types,
    abstractTypes: buildAbstractTypes(schemas, types),
    leafTypes,
    requirements: new Map(),
  };
}

/** The object type, interface or union of that name; null for other names. */
export function compositeTypeOf(model: SupergraphModel, name: string): ModelCompositeType | null {
  return model.types.get(name) ?? model.abstractTypes.get(name) ?? null;
}

/** The paths of the fields that a mapping builds: `{ id: authorId }` builds `id`. */
function builtPaths({ from }: SourceField): readonly string[] {
  if (from === null) return [];
  const options = from.map.kind === "alternatives" ? from.map.options : [from.map];
  return [
    ...new Set(
      options.flatMap((option) => {
        const object = objectOf(option);
        return object === null ? [] : pathsBuilt(object);
      }),
    ),
  ];
}

function rowHolds(
  types: ReadonlyMap<string, ModelType>,
  fields: ReadonlyMap<string, ModelField>,
  source: Source,
  path: string,
): boolean {
  const [name = "", ...rest] = path.split(".");
  const supplier = fields.get(name)?.suppliers.find((one) => one.source === source && one.read !== null);
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

function buildType(
  name: string,
  schemas: ReadonlyMap<Source, GraphQLSchema>,
  types: ReadonlyMap<string, ModelType>,
): ModelType {
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
        args: known?.args ?? argumentsOfClients(field, graphqlFields[field.name]?.args ?? []),
        suppliers: [...(known?.suppliers ?? []), ...(supplier === null ? [] : [supplier])],
      });
    }
  }
  return {
    name,
    fields,
    keys: [...keys.values()],
    lookups: findLookups(name, schemas),
    referencingSources,
    rowHolds: (source, path) => rowHolds(types, fields, source, path),
  };
}

/** Members and fields of all sources; an interface's field is as the first of them wrote it. */
function buildAbstractTypes(
  schemas: ReadonlyMap<Source, GraphQLSchema>,
  types: ReadonlyMap<string, ModelType>,
): ReadonlyMap<string, ModelAbstractType> {
  const abstractTypes = new Map<string, ModelAbstractType>();
  for (const [source, schema] of schemas) {
    for (const { kind, name, possibleTypes, fields } of source.schema.abstractTypes.values()) {
      const known = abstractTypes.get(name);
      const graphqlType = schema.getType(name);
      const graphqlFields = isInterfaceType(graphqlType) ? graphqlType.getFields() : {};
      const added = [...fields.values()].map(({ name: fieldName, coordinate, node }): ModelField => {
        const args = graphqlFields[fieldName]?.args ?? [];
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

function buildSupplier(source: Source, field: SourceField): FieldSupplier | null {
  const call = callOf(source, field);
  const read = source.properties.get(field.coordinate) ?? null;
  if (call === null && read === null) return null;
  const readType = source.typeReaders.get(field.coordinate) ?? null;
  const isBuilding = field.from !== null && buildsObjects(field.from.map);
  return { source, field, call, read, readType, buildsObjects: isBuilding, builtPaths: builtPaths(field) };
}

function buildsObjects(map: SelectionMap): boolean {
  return (map.kind === "alternatives" ? map.options : [map]).some((option) => objectOf(option) !== null);
}
