import { type DocumentNode, Kind, type SelectionSetNode } from "graphql";

/**
 * How many levels of fields the deepest operation of a valid document selects, fragments included. Raises RangeError
 * where that is beyond the stack.
 */
export function selectionDepth(document: DocumentNode): number {
  const fragments = new Map<string, SelectionSetNode>();
  for (const node of document.definitions)
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node.selectionSet);
  // A fragment may be spread any number of times; validation has made sure that none spreads itself.
  const known = new Map<SelectionSetNode, number>();
  const depthOf = (set: SelectionSetNode | undefined): number => {
    if (set === undefined) return 0;
    const found = known.get(set);
    if (found !== undefined) return found;
    let depth = 0;
    for (const selection of set.selections) {
      const below =
        selection.kind === Kind.FRAGMENT_SPREAD
          ? depthOf(fragments.get(selection.name.value))
          : depthOf(selection.selectionSet) + (selection.kind === Kind.FIELD ? 1 : 0);
      depth = Math.max(depth, below);
    }
    known.set(set, depth);
    return depth;
  };
  let deepest = 0;
  for (const node of document.definitions)
    if (node.kind === Kind.OPERATION_DEFINITION) deepest = Math.max(deepest, depthOf(node.selectionSet));
  return deepest;
}
