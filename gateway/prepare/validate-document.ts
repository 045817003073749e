import {
  type ArgumentNode,
  type ASTNode,
  type ASTVisitor,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getEnterLeaveForKind,
  type GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  OverlappingFieldsCanBeMergedRule,
  type SelectionSetNode,
  specifiedRules,
  TypeInfo,
  ValidationContext,
  visit,
  visitWithTypeInfo,
} from "graphql";
import { hasVariables } from "../policy/field-arguments.ts";
import { overlappingFieldsCanBeMerged } from "./overlapping-fields.ts";

export interface ValidationSettings {
  /** Ends with one error more than so many. */
  readonly maxErrors: number;
  /** What does not fit is told with the names that may have been meant. */
  readonly showsSuggestions: boolean;
}

/**
 * Which of the specification's rules a document breaks: what `validate` of graphql-js says, whose rules these are but for
 * one, in its order. For a small document, finding out which rule does what at which node takes longer there than the rules.
 *
 * https://spec.graphql.org/September2025/#sec-Validation
 */
export function validateDocument(
  schema: GraphQLSchema,
  document: DocumentNode,
  { maxErrors, showsSuggestions }: ValidationSettings,
): readonly GraphQLError[] {
  const errors: GraphQLError[] = [];
  const types = new TypeInfo(schema);
  const context = new Context(
    schema,
    document,
    types,
    (error) => {
      errors.push(error);
      if (errors.length > maxErrors) throw enough;
    },
    !showsSuggestions,
  );
  const visitor = visitTogether(rules.map((rule) => rule(context)));
  try {
    visit(document, visitWithTypeInfo(types, visitor), visitedKeys);
  } catch (error) {
    if (error !== enough) throw error;
  }
  return errors;
}

type VariableUsages = ReturnType<ValidationContext["getVariableUsages"]>;

/** Fields without a variable are not looked through for where variables stand. */
class Context extends ValidationContext {
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

const enough = new Error("There are more errors than anybody is told.");

const rules = specifiedRules.map((rule) =>
  rule === OverlappingFieldsCanBeMergedRule ? overlappingFieldsCanBeMerged : rule,
);

type Visit = (...args: readonly unknown[]) => unknown;

/** What one of the visitors does with nodes of a kind. */
interface Visitor {
  readonly index: number;
  readonly visit: Visit;
}

/** One visitor of all, none of which changes anything: each may leave out what is inside a node by returning false. */
function visitTogether(visitors: readonly ASTVisitor[]): ASTVisitor {
  const entering = new Map<string, Visitor[]>(kinds.map((kind) => [kind, []]));
  const leaving = new Map<string, Visitor[]>(kinds.map((kind) => [kind, []]));
  for (const [index, visitor] of visitors.entries()) {
    const isOfAllKinds = "enter" in visitor || "leave" in visitor;
    for (const kind of isOfAllKinds ? kinds : Object.keys(visitor)) {
      const { enter, leave } = getEnterLeaveForKind(visitor, kind as Kind);
      if (enter !== undefined) entering.get(kind)?.push({ index, visit: enter.bind(visitor) as Visit });
      if (leave !== undefined) leaving.get(kind)?.push({ index, visit: leave.bind(visitor) as Visit });
    }
  }
  const isSkipping: boolean[] = visitors.map(() => false);
  const skipped: { readonly node: ASTNode; readonly index: number }[] = [];
  return {
    enter(node, ...rest) {
      for (const { index, visit: enter } of entering.get(node.kind) ?? []) {
        if (isSkipping[index] === true || enter(node, ...rest) !== false) continue;
        isSkipping[index] = true;
        skipped.push({ node, index });
      }
    },
    leave(node, ...rest) {
      for (const { index, visit: leave } of leaving.get(node.kind) ?? [])
        if (isSkipping[index] !== true) leave(node, ...rest);
      for (let last = skipped.at(-1); last?.node === node; last = skipped.at(-1)) {
        isSkipping[last.index] = false;
        skipped.pop();
      }
    },
  };
}

/**
 * What is looked at inside a node, by kinds: names and descriptions have no rules. Definitions of types are refused as a
 * whole, whatever is inside.
 */
const visitedKeys = {
  [Kind.DOCUMENT]: ["definitions"],
  [Kind.OPERATION_DEFINITION]: ["variableDefinitions", "directives", "selectionSet"],
  [Kind.FRAGMENT_DEFINITION]: ["typeCondition", "directives", "selectionSet"],
  [Kind.VARIABLE_DEFINITION]: ["variable", "type", "defaultValue", "directives"],
  [Kind.SELECTION_SET]: ["selections"],
  [Kind.FIELD]: ["arguments", "directives", "selectionSet"],
  [Kind.FRAGMENT_SPREAD]: ["directives"],
  [Kind.INLINE_FRAGMENT]: ["typeCondition", "directives", "selectionSet"],
  [Kind.DIRECTIVE]: ["arguments"],
  [Kind.ARGUMENT]: ["value"],
  [Kind.VARIABLE]: [],
  [Kind.LIST]: ["values"],
  [Kind.OBJECT]: ["fields"],
  [Kind.OBJECT_FIELD]: ["value"],
  [Kind.NULL]: [],
  [Kind.INT]: [],
  [Kind.FLOAT]: [],
  [Kind.STRING]: [],
  [Kind.BOOLEAN]: [],
  [Kind.ENUM]: [],
  [Kind.NAMED_TYPE]: [],
  [Kind.LIST_TYPE]: ["type"],
  [Kind.NON_NULL_TYPE]: ["type"],
} as const;
const kinds = Object.keys(visitedKeys);
