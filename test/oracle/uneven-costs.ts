import { type FieldNode, Kind, print } from "graphql";
import type { CostRules, FieldUse } from "../../gateway/policy/cost-rules.ts";

/**
 * Costs that tell nearly all objects and fields apart, so that two who count differently come to different sums. Those of
 * every other type depend on the variables of the request.
 */
export const unevenCosts: Pick<CostRules, "objectCost"> = {
  objectCost(typeName, nodes, foundBy) {
    const typeCost = costOf(`${typeName} ${foundBy === null ? "" : textOfUse(foundBy)}`);
    const fixed = nodes.reduce((sum, { alias, name }) => sum + costOf(`${alias?.value} ${name.value}`), 0);
    if (typeCost % 2 === 0) return () => ({ typeCost, fieldCost: fixed });
    return (variables) => {
      const given = nodes.reduce((sum, node) => sum + costOf(textOfVariables(node, variables)), 0);
      return { typeCost, fieldCost: fixed + given };
    };
  },
};

function textOfUse({ typeName, node }: FieldUse): string {
  return `${typeName} ${node.name.value} ${(node.arguments ?? []).map(print).join()}`;
}

function textOfVariables(
  { arguments: args = [] }: FieldNode,
  variables: Readonly<Record<string, unknown>>,
): string {
  return args
    .map(({ value }) =>
      value.kind === Kind.VARIABLE ? (JSON.stringify(variables[value.name.value]) ?? "") : "",
    )
    .join();
}

function costOf(text: string): number {
  let hash = 7;
  for (let index = 0; index < text.length; index++) hash = (hash * 31 + text.charCodeAt(index)) % 9973;
  return hash;
}
