import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getLocation,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
} from "graphql";
import type { RefusalReason } from "../core/request-refusal.ts";

/** What an operation asks of the schema itself: `__schema` and `__type`. */
export interface Introspection {
  /** Of the first such field. */
  readonly locations: RefusalReason["locations"];
  /** The operation asks for nothing else. */
  readonly isAlone: boolean;
}

/**
 * Whether an operation of a valid document asks about the schema, wherever that stands and whatever its conditions; null
 * where it does not. Raises RangeError where the document is nested beyond the stack.
 */
export function findIntrospection(
  document: DocumentNode,
  operation: OperationDefinitionNode,
): Introspection | null {
  const fragments = new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [],
    ),
  );
  let first: FieldNode | null = null;
  for (const field of fieldsBelow(operation.selectionSet, fragments))
    if (metaFields.has(field.name.value)) first ??= field;
  if (first === null) return null;
  const isQuery = operation.operation === OperationTypeNode.QUERY;
  const isAlone = isQuery && hasOnlyMeta(operation.selectionSet, fragments, new Set());
  const { loc } = first;
  return { locations: loc === undefined ? [] : [getLocation(loc.source, loc.start)], isAlone };
}

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

const metaFields: ReadonlySet<string> = new Set([SchemaMetaFieldDef.name, TypeMetaFieldDef.name]);

/** All fields that are selected, those of a fragment once. */
function fieldsBelow(set: SelectionSetNode, fragments: Fragments): readonly FieldNode[] {
  const found: FieldNode[] = [];
  const visited = new Set<string>();
  const waiting = [set];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const selection of next.selections) {
      if (selection.kind === Kind.FIELD) found.push(selection);
      if (selection.kind !== Kind.FRAGMENT_SPREAD) {
        if (selection.selectionSet !== undefined) waiting.push(selection.selectionSet);
        continue;
      }
      const fragment = fragments.get(selection.name.value);
      if (fragment === undefined || visited.has(fragment.name.value)) continue;
      visited.add(fragment.name.value);
      waiting.push(fragment.selectionSet);
    }
  }
  return found;
}

function hasOnlyMeta({ selections }: SelectionSetNode, fragments: Fragments, visited: Set<string>): boolean {
  return selections.every((selection) => {
    if (selection.kind === Kind.FIELD)
      return metaFields.has(selection.name.value) || selection.name.value === TypeNameMetaFieldDef.name;
    if (selection.kind === Kind.INLINE_FRAGMENT)
      return hasOnlyMeta(selection.selectionSet, fragments, visited);
    const fragment = fragments.get(selection.name.value);
    if (fragment === undefined || visited.has(fragment.name.value)) return true;
    visited.add(fragment.name.value);
    return hasOnlyMeta(fragment.selectionSet, fragments, visited);
  });
}
