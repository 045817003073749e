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
import { needOfPath } from "./read-path.ts";

type OperationInfo = Pick<GraphQLResolveInfo, "schema" | "fragments" | "variableValues">;
type PathBinding = Extract<FieldBinding, { kind: "path" }>;

/**
 * What a client operation goes on to read of the supergraph objects that a field holds: the bindings of all it selects
 * of them, fragments followed and what `@skip` and `@include` take away left out.
 */
export function needOfSelection(bound: BoundClientSchema, info: GraphQLResolveInfo): Need {
  return needOfType(bound, info, info.returnType, info.fieldNodes);
}

/** What the shapers of a leaf read of the object at the end of its path. */
export function needOfShapers({ shapers }: PathBinding): Need {
  const names = shapers.flatMap((shaper) => (shaper.kind === "leaf" ? shaper.reads : []));
  if (names.length === 0) return Need.none;
  return Need.of(names.map((name) => ({ name, args: {}, need: null })));
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
  const definitions = type.getFields();
  return [...fields.values()].flatMap((selected) => {
    const name = selected[0]?.name.value ?? "";
    const definition = definitions[name];
    const binding = bound.fields.get(type.name)?.get(name);
    if (definition === undefined || binding?.kind !== "path") return [];
    const clientArgs = readArguments(definition, selected[0], info);
    if (clientArgs === null) return [];
    const sub = needOfType(bound, info, definition.type, selected);
    const need = isCompositeType(getNamedType(definition.type)) ? sub : needOfShapers(binding);
    return needOfPath({ steps: binding.steps, clientArgs, need }).fieldsOf(type.name);
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
