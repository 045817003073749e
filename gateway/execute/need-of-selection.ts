import { collectSubFields } from "@graphql-tools/utils";
import {
  type FieldNode,
  getArgumentValues,
  getNamedType,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  isCompositeType,
  isObjectType,
} from "graphql";
import type { BoundClientSchema, FieldBinding } from "../compose/bindings.ts";
import { Need, type NeededField } from "../compose/need.ts";
import { neededOfPage } from "./fetch-connection.ts";
import { needOfPath } from "./read-path.ts";

export type OperationInfo = Pick<GraphQLResolveInfo, "schema" | "fragments" | "variableValues">;
type PathBinding = Extract<FieldBinding, { kind: "path" }>;

/**
 * What a client operation goes on to read of the supergraph objects that a field holds: the bindings of all it selects
 * of them, fragments followed and what `@skip` and `@include` take away left out.
 */
export function needOfSelection(bound: BoundClientSchema, info: GraphQLResolveInfo): Need {
  return needOfType(bound, info, info.returnType, info.fieldNodes);
}

/** What a client operation goes on to read of the pages behind a connection. */
export function needOfConnection(bound: BoundClientSchema, info: GraphQLResolveInfo): Need {
  const binding = bound.fields.get(info.parentType.name)?.get(info.fieldName);
  return binding?.kind === "page"
    ? needOfPages(bound, info, { binding, type: info.returnType, nodes: info.fieldNodes })
    : Need.none;
}

/** What the shapers of a leaf read of the object at the end of its path. */
export function needOfShapers({ shapers }: PathBinding): Need {
  const names = shapers.flatMap((shaper) => (shaper.kind === "leaf" ? shaper.reads : []));
  if (names.length === 0) return Need.none;
  return Need.of(names.map((name) => ({ name, args: {}, need: null })));
}

/** What one field of an object goes on to read of it. */
export function needOfField(
  bound: BoundClientSchema,
  info: OperationInfo,
  type: GraphQLObjectType,
  nodes: readonly FieldNode[],
): Need {
  return new Need(() => fieldsOfField(bound, info, type, nodes));
}

function needOfType(
  bound: BoundClientSchema,
  info: OperationInfo,
  returnType: GraphQLOutputType,
  nodes: readonly FieldNode[],
): Need {
  const type = getNamedType(returnType);
  if (isObjectType(type)) return new Need(() => fieldsOfObject(bound, info, type, nodes));
  const views = bound.views.get(type.name);
  if (views === undefined) return Need.none;
  return new Need((typeName) => {
    const view = info.schema.getType(views.get(typeName) ?? "");
    return isObjectType(view) ? fieldsOfObject(bound, info, view, nodes) : [];
  });
}

function fieldsOfObject(
  bound: BoundClientSchema,
  info: OperationInfo,
  type: GraphQLObjectType,
  nodes: readonly FieldNode[],
): readonly NeededField[] {
  const { schema, fragments, variableValues } = info;
  const variables = { coerced: variableValues, sources: {} };
  const { fields } = collectSubFields(schema, fragments, variables, type, [...nodes]);
  return [...fields.values()].flatMap((selected) => fieldsOfField(bound, info, type, selected));
}

function fieldsOfField(
  bound: BoundClientSchema,
  info: OperationInfo,
  type: GraphQLObjectType,
  selected: readonly FieldNode[],
): readonly NeededField[] {
  const name = selected[0]?.name.value ?? "";
  const definition = type.getFields()[name];
  const binding = bound.fields.get(type.name)?.get(name);
  if (definition === undefined || binding === undefined) return [];
  const clientArgs = readArguments(definition, selected[0], info);
  if (clientArgs === null) return [];
  if (binding.kind === "page") {
    const pages = needOfPages(bound, info, { binding, type: definition.type, nodes: selected });
    return neededOfPage(binding, clientArgs, pages).fieldsOf(type.name);
  }
  if (binding.kind !== "path") return [];
  const sub = needOfType(bound, info, definition.type, selected);
  const need = isCompositeType(getNamedType(definition.type)) ? sub : needOfShapers(binding);
  return needOfPath({ steps: binding.steps, clientArgs, need }).fieldsOf(type.name);
}

interface PageSite {
  readonly binding: Extract<FieldBinding, { kind: "page" }>;
  readonly type: GraphQLOutputType;
  readonly nodes: readonly FieldNode[];
}

/** The fields of the page that the connection shows, its items and what is selected of them, and its token. */
function needOfPages(
  bound: BoundClientSchema,
  info: OperationInfo,
  { binding, type, nodes }: PageSite,
): Need {
  const connection = getNamedType(type);
  if (!isObjectType(connection)) return Need.none;
  const { items, nextPageToken } = binding.rule;
  return new Need(() => {
    const needs = needsOfItems(bound, info, connection, nodes);
    return [
      ...fieldsOfObject(bound, info, connection, nodes),
      ...[Need.none, ...needs].flatMap((need) =>
        items.map(({ field }) => ({ name: field.name, args: {}, need })),
      ),
      ...nextPageToken.map(({ field }) => ({ name: field.name, args: {}, need: null })),
    ];
  });
}

/** What is selected of a connection's items: in `nodes`, and in the `node` of its `edges`. */
function needsOfItems(
  bound: BoundClientSchema,
  info: OperationInfo,
  type: GraphQLObjectType,
  nodes: readonly FieldNode[],
): Need[] {
  const { schema, fragments, variableValues } = info;
  const variables = { coerced: variableValues, sources: {} };
  const { fields } = collectSubFields(schema, fragments, variables, type, [...nodes]);
  return [...fields.values()].flatMap((selected) => {
    const name = selected[0]?.name.value ?? "";
    const definition = type.getFields()[name];
    const binding = bound.fields.get(type.name)?.get(name);
    if (definition === undefined || binding?.kind !== "connection") return [];
    if (binding.part === "node" || binding.part === "nodes")
      return [needOfType(bound, info, definition.type, selected)];
    const edge = getNamedType(definition.type);
    return binding.part === "edges" && isObjectType(edge) ? needsOfItems(bound, info, edge, selected) : [];
  });
}

/** Null where they do not fit: the field is an error and reads nothing. */
function readArguments(
  definition: GraphQLField<unknown, unknown>,
  node: FieldNode | undefined,
  { variableValues }: OperationInfo,
): Readonly<Record<string, unknown>> | null {
  if (node === undefined) return null;
  try {
    return getArgumentValues(definition, node, variableValues);
  } catch {
    return null;
  }
}
