import { type DefinitionNode, type FragmentDefinitionNode, getOperationAST, Kind } from "graphql";
import type { RandomOperation } from "./operation.ts";
import { reachedFrom } from "./reached-from.ts";

/**
 * The operation without what nothing uses any more, which validation refuses: fragments that no operation spreads, the
 * variables that an operation declares for nothing, each operation of the document by itself, and their values.
 */
export function tidyOperation(operation: RandomOperation): RandomOperation {
  const { document, operationName } = operation;
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions)
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  const used = new Set<string>();
  const definitions = document.definitions.flatMap((node): DefinitionNode[] => {
    if (node.kind !== Kind.OPERATION_DEFINITION) return [node];
    const { fragmentNames, variableNames } = reachedFrom(node, fragments);
    for (const name of fragmentNames) used.add(name);
    const variableDefinitions = (node.variableDefinitions ?? []).filter(({ variable }) =>
      variableNames.has(variable.name.value),
    );
    return [{ ...node, variableDefinitions }];
  });
  const kept = definitions.filter(
    (node) => node.kind !== Kind.FRAGMENT_DEFINITION || used.has(node.name.value),
  );
  const tidy = { ...document, definitions: kept };
  const isNamed = kept.some((node) => node.kind === Kind.OPERATION_DEFINITION && node.name !== undefined);
  const name = isNamed ? operationName : null;
  const chosen = getOperationAST(tidy, name);
  const declared = new Set(chosen?.variableDefinitions?.map(({ variable }) => variable.name.value));
  const variables = Object.fromEntries(
    Object.entries(operation.variables).filter(([variable]) => declared.has(variable)),
  );
  return { ...operation, document: tidy, variables, operationName: name };
}
