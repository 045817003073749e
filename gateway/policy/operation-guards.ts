import {
  type DocumentNode,
  getNamedType,
  type GraphQLCompositeType,
  type GraphQLObjectType,
  type GraphQLSchema,
  isAbstractType,
  isCompositeType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from "graphql";
import type { AccessRules } from "./access-rules.ts";

/** One coordinate that an operation reads, and what that needs. */
export interface GuardedCoordinate {
  /** `Type.field`, or `Type` for its objects behind an interface or a union. */
  readonly coordinate: string;
  readonly guards: readonly number[];
}

/** What of an operation is guarded. */
export interface OperationGuards {
  /** The guards of all coordinates together, each once. */
  readonly guards: readonly number[];
  readonly coordinates: readonly GuardedCoordinate[];
  /** One of them is for a policy to decide. */
  readonly asksPolicies: boolean;
}

export const noGuards: OperationGuards = Object.freeze({
  guards: [],
  coordinates: [],
  asksPolicies: false,
});

/**
 * Finds what an operation of a valid document may read, whatever its conditions: each field for every object type that it
 * may be read of. Raises RangeError where the document is nested beyond the stack.
 */
export function findOperationGuards(
  rules: Pick<AccessRules, "guards" | "guardsOfField" | "guardsOfObject">,
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): OperationGuards {
  if (rules.guards.length === 0) return noGuards;
  const found = new Map<string, readonly number[]>();
  const note = (coordinate: string, guards: readonly number[]): void => {
    if (guards.length > 0) found.set(coordinate, guards);
  };
  const possibleTypes = (type: GraphQLCompositeType): readonly GraphQLObjectType[] =>
    isAbstractType(type) ? schema.getPossibleTypes(type) : [type];
  const fragments = new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [],
    ),
  );
  const spread = new Set<string>();
  const visit = ({ selections }: SelectionSetNode, type: GraphQLCompositeType): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        const name = selection.name.value;
        const definition = "getFields" in type ? type.getFields()[name] : undefined;
        if (definition === undefined) continue;
        for (const object of possibleTypes(type))
          note(`${object.name}.${name}`, rules.guardsOfField(object.name, name));
        const returned = getNamedType(definition.type);
        if (selection.selectionSet === undefined || !isCompositeType(returned)) continue;
        if (!isObjectType(returned))
          for (const object of possibleTypes(returned)) note(object.name, rules.guardsOfObject(object.name));
        visit(selection.selectionSet, returned);
        continue;
      }
      const fragment =
        selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
      if (fragment?.kind === Kind.FRAGMENT_DEFINITION) {
        if (spread.has(fragment.name.value)) continue;
        spread.add(fragment.name.value);
      } else if (fragment?.kind !== Kind.INLINE_FRAGMENT) continue;
      const narrowed =
        fragment.typeCondition === undefined ? type : schema.getType(fragment.typeCondition.name.value);
      if (isCompositeType(narrowed)) visit(fragment.selectionSet, narrowed);
    }
  };
  const root = schema.getRootType(operation.operation);
  if (root !== undefined && root !== null) visit(operation.selectionSet, root);
  const coordinates = [...found].map(([coordinate, guards]) => ({ coordinate, guards }));
  const guards = [...new Set(coordinates.flatMap((one) => one.guards))];
  return {
    coordinates,
    guards,
    asksPolicies: guards.some((index) => rules.guards[index]?.kind === "policies"),
  };
}
