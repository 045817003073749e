import { collectSubFields } from "@graphql-tools/utils";
import {
  type FieldNode,
  getArgumentValues,
  type GraphQLResolveInfo,
  isCompositeType,
  isObjectType,
  getNamedType,
} from "graphql";
import { Need, type NeededField } from "./need.ts";

/** What a document in the supergraph's own names goes on to read of the objects that a field holds. */
export function needOfDocument(info: GraphQLResolveInfo): Need {
  return needBelow(info, info.fieldNodes);
}

function needBelow(info: GraphQLResolveInfo, nodes: readonly FieldNode[]): Need {
  const { schema, fragments, variableValues } = info;
  return new Need((typeName) => {
    const type = schema.getType(typeName);
    if (!isObjectType(type)) return [];
    const variables = { coerced: variableValues, sources: {} };
    const { fields } = collectSubFields(schema, fragments, variables, type, [...nodes]);
    return [...fields.values()].flatMap((selected): NeededField[] => {
      const [node] = selected;
      const definition = type.getFields()[node?.name.value ?? ""];
      if (node === undefined || definition === undefined) return [];
      const need = isCompositeType(getNamedType(definition.type)) ? needBelow(info, selected) : null;
      return [{ name: definition.name, args: getArgumentValues(definition, node, variableValues), need }];
    });
  });
}
