import { type ASTNode, type FragmentDefinitionNode, type OperationDefinitionNode, visit } from "graphql";

/** The fragments and variables that an operation uses, those of its fragments included. */
export interface Reached {
  readonly fragmentNames: ReadonlySet<string>;
  readonly variableNames: ReadonlySet<string>;
}

export function reachedFrom(
  operation: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): Reached {
  const fragmentNames = new Set<string>();
  const variableNames = new Set<string>();
  const waiting: ASTNode[] = [operation.selectionSet];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    visit(node, {
      Variable: ({ name }) => void variableNames.add(name.value),
      FragmentSpread: ({ name }) => {
        if (fragmentNames.has(name.value)) return;
        fragmentNames.add(name.value);
        const fragment = fragments.get(name.value);
        if (fragment !== undefined) waiting.push(fragment.selectionSet);
      },
    });
  }
  return { fragmentNames, variableNames };
}
