import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  isAbstractType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";

/** What selections mean in an operation in which `@skip` and `@include` are decided. */
export interface SelectionContext {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** Told of each selection that is looked at, whether it applies or not; it may raise. */
  readonly onSelection?: () => void;
}

/**
 * The fields that selection sets ask of an object of a type, by their name in the answer, in its order:
 * https://spec.graphql.org/September2025/#CollectFields().
 */
export function collectFields(
  context: SelectionContext,
  type: GraphQLObjectType,
  sets: readonly (SelectionSetNode | undefined)[],
): ReadonlyMap<string, readonly FieldNode[]> {
  const fields = new Map<string, FieldNode[]>();
  const visited = new Set<string>();
  const visit = (set: SelectionSetNode): void => {
    for (const selection of set.selections) {
      context.onSelection?.();
      if (selection.kind === Kind.FIELD) {
        const key = selection.alias?.value ?? selection.name.value;
        const nodes = fields.get(key);
        if (nodes === undefined) fields.set(key, [selection]);
        else nodes.push(selection);
        continue;
      }
      const fragment = fragmentOf(context, selection, visited);
      if (fragment !== null && applies(context, fragment.typeName, type)) visit(fragment.set);
    }
  };
  for (const set of sets) if (set !== undefined) visit(set);
  return fields;
}

interface SpreadSelection {
  readonly typeName: string | null;
  readonly set: SelectionSetNode;
}

/** Null for a named fragment that was visited before: it adds nothing. */
function fragmentOf(
  { fragments }: SelectionContext,
  selection: Exclude<SelectionNode, FieldNode>,
  visited: Set<string>,
): SpreadSelection | null {
  if (selection.kind === Kind.INLINE_FRAGMENT)
    return { typeName: selection.typeCondition?.name.value ?? null, set: selection.selectionSet };
  const name = selection.name.value;
  const fragment = fragments.get(name);
  if (fragment === undefined || visited.has(name)) return null;
  visited.add(name);
  return { typeName: fragment.typeCondition.name.value, set: fragment.selectionSet };
}

function applies({ schema }: SelectionContext, condition: string | null, type: GraphQLObjectType): boolean {
  if (condition === null || condition === type.name) return true;
  const conditional = schema.getType(condition);
  return isAbstractType(conditional) && schema.isSubType(conditional, type);
}
