import { Kind } from "graphql";

/**
 * What is looked at inside a node, by kinds: names and descriptions have no rules. Definitions of types are refused as a
 * whole, whatever is inside.
 */
export const visitedKeys = {
  [Kind.DOCUMENT]: ["definitions"],
  [Kind.OPERATION_DEFINITION]: ["variableDefinitions", "directives", "selectionSet"],
  [Kind.FRAGMENT_DEFINITION]: ["typeCondition", "directives", "selectionSet"],
  [Kind.VARIABLE_DEFINITION]: ["variable", "type", "defaultValue", "directives"],
  [Kind.SELECTION_SET]: ["selections"],
  [Kind.FIELD]: ["arguments", "directives", "selectionSet"],
  [Kind.FRAGMENT_SPREAD]: ["directives"],
  [Kind.INLINE_FRAGMENT]: ["typeCondition", "directives", "selectionSet"],
  [Kind.DIRECTIVE]: ["arguments"],
  [Kind.ARGUMENT]: ["value"],
  [Kind.VARIABLE]: [],
  [Kind.LIST]: ["values"],
  [Kind.OBJECT]: ["fields"],
  [Kind.OBJECT_FIELD]: ["value"],
  [Kind.NULL]: [],
  [Kind.INT]: [],
  [Kind.FLOAT]: [],
  [Kind.STRING]: [],
  [Kind.BOOLEAN]: [],
  [Kind.ENUM]: [],
  [Kind.NAMED_TYPE]: [],
  [Kind.LIST_TYPE]: ["type"],
  [Kind.NON_NULL_TYPE]: ["type"],
} as const;
