import {
  type ArgumentNode,
  type ASTNode,
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  type SelectionNode,
  validate,
  visit,
} from "graphql";
import type { RandomOperation } from "./operation.ts";
import { tidyOperation } from "./tidy-operation.ts";

/**
 * A smaller operation that fails too: selections, directives, arguments, aliases, variables and parts of values are taken
 * away for as long as it still does. `stillFails` is asked at most `maxTries` times, about valid operations only.
 */
export async function shrinkOperation(
  schema: GraphQLSchema,
  failing: RandomOperation,
  stillFails: (operation: RandomOperation) => Promise<boolean>,
  maxTries = 2000,
): Promise<RandomOperation> {
  let smallest = failing;
  let triesLeft = maxTries;
  const findSmaller = async (): Promise<RandomOperation | null> => {
    for (const candidate of smallerOperations(smallest)) {
      if (triesLeft === 0) return null;
      if (validate(schema, candidate.document).length > 0) continue;
      triesLeft--;
      if (await stillFails(candidate)) return candidate;
    }
    return null;
  };
  for (let smaller = await findSmaller(); smaller !== null; smaller = await findSmaller()) smallest = smaller;
  return smallest;
}

/** Every operation that is one step smaller, those first that take most away. */
function* smallerOperations(operation: RandomOperation): Generator<RandomOperation> {
  const alone = onlyOperation(operation);
  if (alone !== null) yield alone;
  for (const document of smallerDocuments(operation.document))
    yield tidyOperation({ ...operation, document });
  for (const [name, value] of Object.entries(operation.variables)) {
    const { [name]: _, ...others } = operation.variables;
    yield { ...operation, variables: others };
    for (const smaller of smallerValues(value))
      yield { ...operation, variables: { ...operation.variables, [name]: smaller } };
  }
}

/** Without the document's other operations; null where there is no other. */
function onlyOperation(operation: RandomOperation): RandomOperation | null {
  const { document, operationName } = operation;
  const operations = document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
  const chosen = getOperationAST(document, operationName);
  if (operations.length < 2 || chosen === null || chosen === undefined) return null;
  const fragments = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
  return tidyOperation({ ...operation, document: { ...document, definitions: [chosen, ...fragments] } });
}

/** One change at each node of the document, from the outside in. */
function* smallerDocuments(document: DocumentNode): Generator<DocumentNode> {
  const fragments = new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [],
    ),
  );
  const nodes: ASTNode[] = [];
  visit(document, { enter: (node) => void nodes.push(node) });
  for (const node of nodes)
    for (const replacement of smallerNodes(node, fragments)) yield replaced(document, node, replacement);
}

function* smallerNodes(
  node: ASTNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): Generator<ASTNode> {
  if (node.kind === Kind.SELECTION_SET) {
    if (node.selections.length > 1 || node.selections.some((selection) => !isPlainLeaf(selection)))
      yield { ...node, selections: [typename] };
    for (const selections of shorterLists(node.selections)) yield { ...node, selections };
    for (const [index, selection] of node.selections.entries()) {
      const inner = opened(selection, fragments);
      if (inner !== null) yield { ...node, selections: node.selections.toSpliced(index, 1, ...inner) };
    }
  }
  const directives: readonly DirectiveNode[] = "directives" in node ? (node.directives ?? []) : [];
  for (const index of directives.keys())
    yield { ...node, directives: directives.toSpliced(index, 1) } as ASTNode;
  if (node.kind === Kind.FIELD) {
    if (node.alias !== undefined) {
      const { alias: _, ...unaliased } = node;
      yield unaliased;
    }
    const args: readonly ArgumentNode[] = node.arguments ?? [];
    for (const index of args.keys()) yield { ...node, arguments: args.toSpliced(index, 1) };
  }
  if (node.kind === Kind.OPERATION_DEFINITION && node.name !== undefined) {
    const { name: _, ...unnamed } = node;
    yield unnamed;
  }
  if (node.kind === Kind.VARIABLE_DEFINITION && node.defaultValue !== undefined) {
    const { defaultValue: _, ...bare } = node;
    yield bare;
  }
  if (node.kind === Kind.LIST) for (const values of shorterLists(node.values)) yield { ...node, values };
  if (node.kind === Kind.OBJECT) for (const fields of shorterLists(node.fields)) yield { ...node, fields };
}

const typename: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: "__typename" } };

function isPlainLeaf(node: SelectionNode): boolean {
  return node.kind === Kind.FIELD && node.selectionSet === undefined && (node.arguments ?? []).length === 0;
}

/** The selections inside a fragment, in its place or, where they need its type, in an inline one. */
function opened(
  node: SelectionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): readonly SelectionNode[] | null {
  if (node.kind === Kind.INLINE_FRAGMENT)
    return (node.directives ?? []).length > 0 ? null : node.selectionSet.selections;
  if (node.kind !== Kind.FRAGMENT_SPREAD) return null;
  const fragment = fragments.get(node.name.value);
  if (fragment === undefined) return null;
  const { typeCondition, selectionSet } = fragment;
  const { directives = [] } = node;
  return [{ kind: Kind.INLINE_FRAGMENT, typeCondition, selectionSet, directives }];
}

/** Half of a list, then all but one of it; never none. */
function* shorterLists<Item>(items: readonly Item[]): Generator<Item[]> {
  if (items.length > 3) {
    const middle = Math.floor(items.length / 2);
    yield items.slice(0, middle);
    yield items.slice(middle);
  }
  if (items.length > 1) for (const index of items.keys()) yield items.toSpliced(index, 1);
}

function* smallerValues(value: unknown): Generator {
  if (Array.isArray(value)) {
    yield* shorterLists(value);
    for (const [index, element] of value.entries())
      for (const smaller of smallerValues(element)) yield value.with(index, smaller);
  } else if (typeof value === "object" && value !== null) {
    for (const [name, member] of Object.entries(value)) {
      const { [name]: _, ...others } = value as Readonly<Record<string, unknown>>;
      yield others;
      for (const smaller of smallerValues(member)) yield { ...value, [name]: smaller };
    }
  }
}

function replaced(document: DocumentNode, node: ASTNode, replacement: ASTNode): DocumentNode {
  return visit(document, { enter: (found) => (found === node ? replacement : undefined) });
}
