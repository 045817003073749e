import {
  type ArgumentNode,
  type ASTNode,
  type ASTVisitor,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  TypeInfo,
  ValidationContext,
  visit,
  visitWithTypeInfo,
} from "graphql";
import { hasVariables } from "../policy/field-arguments.ts";
import { visitedKeys } from "./visited-keys.ts";

type VariableUsages = ReturnType<ValidationContext["getVariableUsages"]>;

/**
 * What the rules ask of a document. Where variables stand in it is looked for in the fields with a variable in them or
 * below, and not in all of the document.
 */
export class DocumentContext extends ValidationContext {
  readonly #usages = new Map<ASTNode, VariableUsages>();

  override getVariableUsages(definition: OperationDefinitionNode | FragmentDefinitionNode): VariableUsages {
    let usages = this.#usages.get(definition);
    if (usages === undefined) this.#usages.set(definition, (usages = this.#findUsages(definition)));
    return usages;
  }

  #findUsages(definition: OperationDefinitionNode | FragmentDefinitionNode): VariableUsages {
    const holders = new Set<FieldNode>();
    const isHolder = findHolders(definition.selectionSet, holders);
    if (!isHolder && (definition.directives ?? []).length === 0) return [];
    const usages: VariableUsages[number][] = [];
    const types = new TypeInfo(this.getSchema());
    const visitor: ASTVisitor = {
      VariableDefinition: () => false,
      Field: { enter: (field) => (holders.has(field) ? undefined : false) },
      Variable(node) {
        const [type, parentType] = [types.getInputType(), types.getParentInputType()];
        usages.push({ node, type, defaultValue: types.getDefaultValue(), parentType });
      },
    };
    visit(definition, visitWithTypeInfo(types, visitor), visitedKeys);
    return usages;
  }
}

/** Finds the fields with a variable in them or below. Whether there is one in the set, whatever it is of. */
function findHolders({ selections }: SelectionSetNode, holders: Set<FieldNode>): boolean {
  let isHolder = false;
  for (const selection of selections) {
    const isBelow =
      selection.kind !== Kind.FRAGMENT_SPREAD &&
      selection.selectionSet !== undefined &&
      findHolders(selection.selectionSet, holders);
    const isHere =
      isBelow ||
      (selection.kind === Kind.FIELD && holdsVariable(selection.arguments)) ||
      selection.directives?.some((directive) => holdsVariable(directive.arguments)) === true;
    if (!isHere) continue;
    isHolder = true;
    if (selection.kind === Kind.FIELD) holders.add(selection);
  }
  return isHolder;
}

function holdsVariable(args: readonly ArgumentNode[] | undefined): boolean {
  return args?.some(({ value }) => hasVariables(value)) === true;
}
