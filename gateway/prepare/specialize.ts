import {
  type DirectiveNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";
import { OverlockError } from "../core/errors.ts";

/** An operation in which nothing is left to decide: without `@skip` and `@include`, and without what they take away. */
export interface SpecializedOperation {
  readonly operation: OperationDefinitionNode;
  /** Those that it spreads, by name. */
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
}

/**
 * The names of the variables that `@skip` and `@include` read wherever an operation of a valid document may get to, in
 * the order in which they are met. Raises RangeError where the document is nested beyond the stack.
 */
export function findConditions(
  document: DocumentNode,
  operation: OperationDefinitionNode,
): readonly string[] {
  const fragments = fragmentsOf(document);
  const names = new Set<string>();
  const visited = new Set<string>();
  const visit = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      const conditions = conditionsOf(selection);
      if (conditions.some(isNever)) continue;
      for (const { variable } of conditions) if (variable !== null) names.add(variable);
      if (selection.kind !== Kind.FRAGMENT_SPREAD) {
        if (selection.selectionSet !== undefined) visit(selection.selectionSet);
        continue;
      }
      const fragment = fragments.get(selection.name.value);
      if (fragment === undefined || visited.has(fragment.name.value)) continue;
      visited.add(fragment.name.value);
      visit(fragment.selectionSet);
    }
  };
  visit(operation.selectionSet);
  return [...names];
}

/**
 * The operation for one set of values of its conditions. A field of which nothing is left selected stays, with an empty
 * selection set: it is an object without members. All nodes keep their places in the document. Raises RangeError as
 * `findConditions` does, and a fault where a condition has no value.
 */
export function specialize(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  values: ReadonlyMap<string, boolean>,
): SpecializedOperation {
  const definitions = fragmentsOf(document);
  const fragments = new Map<string, FragmentDefinitionNode>();

  const specializeSet = (set: SelectionSetNode): SelectionSetNode => {
    const selections = set.selections
      .filter((selection) => isIncluded(selection, values))
      .map(specializeSelection)
      .filter((selection) => !isEmpty(selection));
    const isSame =
      selections.length === set.selections.length &&
      selections.every((selection, index) => selection === set.selections[index]);
    return isSame ? set : { ...set, selections };
  };
  const specializeSelection = (selection: SelectionNode): SelectionNode => {
    const { directives = [] } = selection;
    const kept = directives.filter((directive) => !isCondition(directive));
    const isSame = kept.length === directives.length;
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      addFragment(selection.name.value);
      return isSame ? selection : { ...selection, directives: kept };
    }
    if (selection.selectionSet === undefined) return isSame ? selection : { ...selection, directives: kept };
    const selectionSet = specializeSet(selection.selectionSet);
    return isSame && selectionSet === selection.selectionSet
      ? selection
      : { ...selection, directives: kept, selectionSet };
  };
  const addFragment = (name: string): void => {
    const definition = definitions.get(name);
    if (definition === undefined || fragments.has(name)) return;
    const selectionSet = specializeSet(definition.selectionSet);
    const isSame = selectionSet === definition.selectionSet;
    fragments.set(name, isSame ? definition : { ...definition, selectionSet });
  };
  const isEmpty = (selection: SelectionNode): boolean => {
    if (selection.kind === Kind.FIELD) return false;
    const set =
      selection.kind === Kind.INLINE_FRAGMENT
        ? selection.selectionSet
        : fragments.get(selection.name.value)?.selectionSet;
    return set?.selections.length === 0;
  };

  const selectionSet = specializeSet(operation.selectionSet);
  for (const [name, { selectionSet: set }] of fragments)
    if (set.selections.length === 0) fragments.delete(name);
  return { operation: { ...operation, selectionSet }, fragments };
}

/** The operation with all that it may select, whatever its conditions are: they still stand in it. */
export function withAllSelections(
  document: DocumentNode,
  operation: OperationDefinitionNode,
): SpecializedOperation {
  return { operation, fragments: fragmentsOf(document) };
}

interface Condition {
  /** What it has to be for the selection to stay. */
  readonly wanted: boolean;
  readonly literal: boolean | null;
  readonly variable: string | null;
}

function fragmentsOf({ definitions }: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of definitions)
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  return fragments;
}

function isIncluded(selection: SelectionNode, values: ReadonlyMap<string, boolean>): boolean {
  const conditions = conditionsOf(selection);
  if (conditions.some(isNever)) return false;
  return conditions.every(({ wanted, literal, variable }) => {
    const value = literal ?? values.get(variable ?? "");
    if (value === undefined)
      throw new OverlockError("INTERNAL_SERVER_ERROR", `no value for the condition $${variable ?? ""}`);
    return value === wanted;
  });
}

/** Decided by its literal, whatever the variables are. */
function isNever({ literal, wanted }: Condition): boolean {
  return literal !== null && literal !== wanted;
}

function conditionsOf({ directives = [] }: SelectionNode): readonly Condition[] {
  return directives.flatMap((directive): Condition[] => {
    const value = directive.arguments?.find(({ name }) => name.value === "if")?.value;
    if (!isCondition(directive) || value === undefined) return [];
    const wanted = directive.name.value === "include";
    if (value.kind === Kind.BOOLEAN) return [{ wanted, literal: value.value, variable: null }];
    return value.kind === Kind.VARIABLE ? [{ wanted, literal: null, variable: value.name.value }] : [];
  });
}

function isCondition({ name }: DirectiveNode): boolean {
  return name.value === "skip" || name.value === "include";
}
