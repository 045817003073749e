import type { SubschemaConfig } from "@graphql-tools/delegate";
import { stitchSchemas } from "@graphql-tools/stitch";
import { FilterRootFields, FilterTypes } from "@graphql-tools/wrap";
import {
  buildASTSchema,
  type DefinitionNode,
  type DocumentNode,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  isAbstractType,
  isObjectType,
  Kind,
  parse,
  parseType,
  type TypeNode,
  visit,
} from "graphql";
import { loadersOf } from "../batching/request-loaders.ts";
import type { RequestScope } from "../core/request-scope.ts";
import { namedTypeOf } from "../language/sdl-file.ts";
import type { Source } from "../sources/source.ts";
import { Entity } from "./entity.ts";
import { needOfDocument } from "./need-of-document.ts";
import { isSameKey, objectOfKey, printKey, readKnown } from "./key-paths.ts";
import type { SupergraphModel } from "./supergraph-model.ts";

/**
 * All sources stitched into one schema. It executes subqueries and the platform team's explorer, with the request's
 * scope as context; clients are answered by their BFF's bindings. Output types are nullable: nullability is the client
 * schema's. Everything in it is built anew, because stitching mutates what it is given.
 */
export function stitchSupergraph(sources: readonly Source[], model: SupergraphModel): GraphQLSchema {
  const subschemas = sources.map((source) => buildSubschema(source, model));
  const stitched = stitchSchemas({ subschemas, mergeTypes: true });
  const transforms = [
    new FilterRootFields((_operation, name) => !isInternal(name)),
    new FilterTypes((type) => !isInternal(type.name)),
  ];
  return transforms.reduce((schema, transform) => transform.transformSchema(schema, { schema }), stitched);
}

/** Names with one underscore are ours: no schema file may use them. */
function isInternal(name: string): boolean {
  return name.startsWith("_") && !name.startsWith("__");
}

type AnyResolver = GraphQLFieldResolver<unknown, unknown>;
type EntityResolver = GraphQLFieldResolver<Entity | undefined, RequestScope, Record<string, unknown>>;

/** Every key of every type that a source adds something to becomes an entry point, `_productBy_id(keys:)`. */
interface EntryPoint {
  readonly typeName: string;
  readonly key: readonly string[];
  readonly fieldName: string;
  readonly inputName: string;
}

function buildSubschema(
  source: Source,
  model: SupergraphModel,
): SubschemaConfig<unknown, unknown, unknown, RequestScope> {
  const entryPoints = findEntryPoints(source);
  const schema = buildASTSchema(
    withEntryPoints(
      nullableOutputs(withMergedInputs(withoutHidden(source, model), model)),
      entryPoints,
      source,
    ),
  );
  for (const type of Object.values(schema.getTypeMap())) {
    if (isAbstractType(type)) type.resolveType = (entity: Entity) => entity.type.name;
    if (!isObjectType(type) || type.name.startsWith("__")) continue;
    for (const field of Object.values(type.getFields()))
      field.resolve = (
        type.name === "Mutation" ? callMutation(field.name, model) : readField(field.name, model)
      ) as AnyResolver;
  }
  const rootFields = schema.getQueryType()?.getFields() ?? {};
  for (const entryPoint of entryPoints) {
    const field = rootFields[entryPoint.fieldName];
    if (field !== undefined) field.resolve = resolveEntities(entryPoint, source, model) as AnyResolver;
  }
  const merge = Object.fromEntries(
    [...new Set(entryPoints.map((entryPoint) => entryPoint.typeName))].map((typeName) => [
      typeName,
      {
        entryPoints: entryPoints
          .filter((entryPoint) => entryPoint.typeName === typeName)
          .map(({ key, fieldName }) => ({
            selectionSet: `{ ${printKey(key)} }`,
            fieldName,
            key: (object: Record<string, unknown>) =>
              Object.fromEntries(key.map((path) => [memberOf(path), readKnown(object, path)])),
            argsFromKeys: (keys: readonly unknown[]) => ({ keys }),
          })),
      },
    ]),
  );
  return { schema, merge };
}

function findEntryPoints(source: Source): EntryPoint[] {
  const entryPoints: EntryPoint[] = [];
  for (const type of source.schema.types.values()) {
    const keyFields = new Set(type.keys.flat().map((path) => path.split(".")[0] ?? ""));
    // With several keys it leads from one to the other, even where it has nothing else.
    if (type.keys.length === 1 && [...type.fields.keys()].every((name) => keyFields.has(name))) continue;
    for (const key of type.keys) {
      const suffix = `${type.name}By_${key.map(memberOf).join("_")}`;
      entryPoints.push({ typeName: type.name, key, fieldName: `_${suffix}`, inputName: `_${suffix}_Key` });
    }
  }
  return entryPoints;
}

function withEntryPoints(
  document: DocumentNode,
  entryPoints: readonly EntryPoint[],
  source: Source,
): DocumentNode {
  if (entryPoints.length === 0) return document;
  const fields = entryPoints.map(
    ({ fieldName, inputName, typeName }) => `${fieldName}(keys: [${inputName}!]!): [${typeName}]`,
  );
  const inputs = entryPoints.map(({ inputName, key, typeName }) => {
    // Nullable, because the inputs of all sources are one: a source may have the key's field as `ID`, another as `ID!`.
    const members = key.map((path) => `${memberOf(path)}: ${namedTypeOf(typeAt(source, typeName, path))}`);
    return `input ${inputName} { ${members.join(" ")} }`;
  });
  const query = document.definitions.find(
    (node) => node.kind === Kind.OBJECT_TYPE_DEFINITION && node.name.value === "Query",
  );
  const added = parse(`${inputs.join("\n")}\ntype Query { ${fields.join(" ")} }`, { noLocation: true });
  const addedFields = added.definitions.flatMap((node) =>
    node.kind === Kind.OBJECT_TYPE_DEFINITION ? (node.fields ?? []) : [],
  );
  if (query?.kind !== Kind.OBJECT_TYPE_DEFINITION) {
    return { ...document, definitions: [...document.definitions, ...added.definitions] };
  }
  const merged = { ...query, fields: [...(query.fields ?? []), ...addedFields] };
  const addedInputs = added.definitions.filter((node) => node.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION);
  return {
    ...document,
    definitions: [...document.definitions.map((node) => (node === query ? merged : node)), ...addedInputs],
  };
}

/** The name of a key's path in the input of its entry point: `organization_id`. */
function memberOf(path: string): string {
  return path.replaceAll(".", "_");
}

function typeAt(source: Source, typeName: string, path: string): TypeNode {
  let type: TypeNode = { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: typeName } };
  for (const name of path.split("."))
    type = source.schema.types.get(namedTypeOf(type))?.fields.get(name)?.node.type ?? idType;
  return type;
}

const idType = { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: "ID" } } as const;

/**
 * Without what is internal and what is read from another source. A field that an interface asks for stays: wherever it
 * is read from, it is the supergraph's.
 */
function withoutHidden({ schema, name: sourceName }: Source, model: SupergraphModel): DocumentNode {
  return visit(schema.plainDocument, {
    ObjectTypeDefinition(node) {
      const type = model.types.get(node.name.value);
      const moved = [...(type?.overridden ?? [])].find(([source]) => source.name === sourceName)?.[1];
      const demanded = new Set(
        node.interfaces?.flatMap((one) => [
          ...(schema.abstractTypes.get(one.name.value)?.fields.keys() ?? []),
        ]),
      );
      const fields = node.fields?.filter(({ name: { value: name } }) => {
        if (schema.types.get(node.name.value)?.fields.get(name)?.internalUse) return false;
        return moved?.has(name) !== true || demanded.has(name);
      });
      return fields === undefined || fields.length === 0 ? null : { ...node, fields };
    },
  });
}

/**
 * With the enums, input types and arguments of the supergraph, which are those that all sources take: without the
 * arguments that `@require` fills, because nobody but the gateway gives them.
 */
function withMergedInputs(document: DocumentNode, model: SupergraphModel): DocumentNode {
  const merged = (name: string): DefinitionNode | undefined =>
    model.leafTypes.get(name)?.astNode ?? undefined;
  return visit(document, {
    EnumTypeDefinition: ({ name }) => merged(name.value),
    InputObjectTypeDefinition: ({ name }) => merged(name.value),
    ObjectTypeDefinition: (type) => ({
      ...type,
      fields: type.fields?.map((field) => {
        const args = model.types.get(type.name.value)?.fields.get(field.name.value)?.args ?? [];
        const given = field.arguments?.flatMap((node) => {
          const argument = args.find(({ name }) => name === node.name.value);
          return argument === undefined ? [] : [{ ...node, type: parseType(argument.type.toString()) }];
        });
        return given === undefined ? field : { ...field, arguments: given };
      }),
    }),
  });
}

function nullableOutputs(document: DocumentNode): DocumentNode {
  return visit(document, {
    InputObjectTypeDefinition: () => false,
    InputValueDefinition: () => false,
    NonNullType: (node) => node.type,
  });
}

function readField(fieldName: string, model: SupergraphModel): EntityResolver {
  return (parent, args, scope, info) =>
    (parent ?? Entity.root(model)).read(fieldName, args, scope, needOfDocument(info));
}

/** What was read before it is asked for again. */
function callMutation(fieldName: string, model: SupergraphModel): EntityResolver {
  return async (_parent, args, scope, info) => {
    try {
      return await Entity.root(model, "Mutation").read(fieldName, args, scope, needOfDocument(info));
    } finally {
      loadersOf(scope).clear();
    }
  };
}

function resolveEntities(entryPoint: EntryPoint, source: Source, model: SupergraphModel): EntityResolver {
  const { typeName, key } = entryPoint;
  const lookup = model.types
    .get(typeName)
    ?.lookups.find((one) => one.source === source && isSameKey(one.key, key));
  return (_parent, args, scope, info) => {
    const need = needOfDocument(info);
    return (args["keys"] as readonly Record<string, unknown>[]).map(async (values) => {
      const known = objectOfKey(
        key,
        key.map((path) => values[memberOf(path)]),
      );
      const entity = Entity.reference(model, typeName, known, need);
      if (lookup === undefined) return entity;
      return (await entity.loadRow(lookup, scope)) === null ? null : entity;
    });
  };
}
