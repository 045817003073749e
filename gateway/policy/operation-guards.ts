import {
  type DocumentNode,
  getNamedType,
  type GraphQLCompositeType,
  type GraphQLObjectType,
  type GraphQLSchema,
  isAbstractType,
  isCompositeType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from "graphql";
import type { AccessRules } from "./access-rules.ts";

/** Something that an operation names itself and that may be denied: of a field or an object that it gets at in passing it is not told. */
export interface NamedCoordinate {
  /** As the operation names it: `Type.field`, or `Type` for its objects; an interface's or a union's as well. */
  readonly coordinate: string;
  /** Null: objects of the type. */
  readonly fieldName: string | null;
  /** The object types that it may be read of, all of them guarded: it is denied where it is denied of all. */
  readonly types: readonly GraphQLObjectType[];
}

/** What of an operation is guarded. */
export interface OperationGuards {
  /** Of all that it may read, each once: what it names, and what it comes upon where an interface or a union is selected. */
  readonly guards: readonly number[];
  readonly named: readonly NamedCoordinate[];
  /** One of them is for a policy to decide. */
  readonly asksPolicies: boolean;
}

export const noGuards: OperationGuards = Object.freeze({ guards: [], named: [], asksPolicies: false });

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
  const guards = new Set<number>();
  const named: NamedCoordinate[] = [];
  const noted = new Set<string>();
  const note = (type: GraphQLCompositeType, fieldName: string | null): void => {
    const coordinate = fieldName === null ? type.name : `${type.name}.${fieldName}`;
    if (noted.has(coordinate)) return;
    noted.add(coordinate);
    const types = isAbstractType(type) ? schema.getPossibleTypes(type) : [type];
    const needed = types.map(({ name }) =>
      fieldName === null ? rules.guardsOfObject(name) : rules.guardsOfField(name, fieldName),
    );
    for (const guard of needed.flat()) guards.add(guard);
    if (needed.length > 0 && needed.every(({ length }) => length > 0))
      named.push({ coordinate, fieldName, types });
  };
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
        note(type, name);
        const returned = getNamedType(definition.type);
        if (selection.selectionSet === undefined || !isCompositeType(returned)) continue;
        if (isAbstractType(returned)) note(returned, null);
        visit(selection.selectionSet, returned);
        continue;
      }
      const fragment =
        selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
      if (fragment === undefined) continue;
      const condition = fragment.typeCondition?.name.value;
      const narrowed = condition === undefined ? type : schema.getType(condition);
      if (!isCompositeType(narrowed)) continue;
      if (isAbstractType(type)) note(narrowed, null);
      if (fragment.kind === Kind.FRAGMENT_DEFINITION) {
        if (spread.has(fragment.name.value)) continue;
        spread.add(fragment.name.value);
      }
      visit(fragment.selectionSet, narrowed);
    }
  };
  const root = schema.getRootType(operation.operation);
  if (root !== undefined && root !== null) visit(operation.selectionSet, root);
  return {
    guards: [...guards],
    named,
    asksPolicies: [...guards].some((index) => rules.guards[index]?.kind === "policies"),
  };
}
