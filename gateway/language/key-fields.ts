import {
  type FieldDefinitionNode,
  GraphQLError,
  type FieldNode,
  Kind,
  type ObjectTypeDefinitionNode,
  parse,
  type SelectionSetNode,
  type TypeDefinitionNode,
} from "graphql";
import { shortened } from "../core/errors.ts";
import { nearestNameHint } from "../core/problems.ts";
import type { DirectiveUse } from "./directive-reader.ts";
import { isListTypeNode, namedTypeOf } from "./sdl-file.ts";

/** What the fields of a `@key` are looked for in. */
export interface KeyContext {
  readonly type: ObjectTypeDefinitionNode;
  readonly isRoot: boolean;
  /** The file's own types by name. */
  readonly definitions: ReadonlyMap<string, TypeDefinitionNode>;
  /** A field that is fetched by itself can't be part of a key. */
  isCall(field: FieldDefinitionNode): boolean;
}

/**
 * Reads a `@key`: the paths of its fields, `id` or `organization.id`, each a single scalar that needs no call. Null,
 * with a problem reported, where it is no key.
 */
export function readKey(use: DirectiveUse, context: KeyContext): readonly string[] | null {
  const text = use.text("fields") ?? "";
  const selection = text.length > maxTextLength ? null : parseFields(text);
  if (context.isRoot) use.refuse([], "@key on a type that is not a root", "it on one");
  else if (text.replaceAll(/[\s,]/g, "") === "")
    use.refuse(["fields"], 'field names, for example "id"', "none");
  else if (selection === null) {
    const expected = 'field names separated by spaces, nested ones in braces, for example "id tenant { id }"';
    use.refuse(["fields"], expected, shortened(text));
  } else {
    const paths = readPaths(use, selection, context.type, context);
    const repeated = paths?.find((path, index) => paths.indexOf(path) !== index);
    if (repeated === undefined) return paths;
    use.refuse(["fields"], "each field once", `${repeated} again`);
  }
  return null;
}

const maxTextLength = 4096;

/** Null where the text is more than names and braces. */
function parseFields(text: string): SelectionSetNode | null {
  try {
    const [definition] = parse(`{ ${text} }`, { noLocation: true }).definitions;
    if (definition?.kind !== Kind.OPERATION_DEFINITION) return null;
    return isPlain(definition.selectionSet) ? definition.selectionSet : null;
  } catch (error) {
    if (error instanceof GraphQLError) return null;
    throw error;
  }
}

function isPlain(selection: SelectionSetNode): boolean {
  return selection.selections.every(
    (node) =>
      node.kind === Kind.FIELD &&
      node.alias === undefined &&
      (node.arguments ?? []).length === 0 &&
      (node.directives ?? []).length === 0 &&
      (node.selectionSet === undefined || isPlain(node.selectionSet)),
  );
}

function readPaths(
  use: DirectiveUse,
  selection: SelectionSetNode,
  type: ObjectTypeDefinitionNode,
  context: KeyContext,
): string[] | null {
  const paths: string[] = [];
  for (const node of selection.selections as readonly FieldNode[]) {
    const name = node.name.value;
    const field = type.fields?.find((one) => one.name.value === name);
    const target = field === undefined ? undefined : context.definitions.get(namedTypeOf(field.type));
    const isObject = target?.kind === Kind.OBJECT_TYPE_DEFINITION;
    const isUsable =
      field !== undefined &&
      (isObject || isLeaf(target)) &&
      !context.isCall(field) &&
      !isListTypeNode(field.type);
    if (!isUsable || isObject !== (node.selectionSet !== undefined)) {
      const usable = usableNames(type, context);
      const owner = type === context.type ? "this type" : type.name.value;
      const expected =
        isObject && isUsable
          ? `the fields of ${target.name.value} that are part of the key, as ${name} { … }`
          : `fields of ${owner} that are single scalars and need no call (${usable.join(", ")})`;
      use.refuse(["fields"], expected, name, nearestNameHint(name, usable));
      return null;
    }
    if (node.selectionSet === undefined || !isObject) paths.push(name);
    else {
      const below = readPaths(use, node.selectionSet, target, context);
      if (below === null) return null;
      paths.push(...below.map((path) => `${name}.${path}`));
    }
  }
  return paths;
}

function usableNames(type: ObjectTypeDefinitionNode, context: KeyContext): string[] {
  return (type.fields ?? [])
    .filter((field) => {
      const target = context.definitions.get(namedTypeOf(field.type));
      return isLeaf(target) && !context.isCall(field) && !isListTypeNode(field.type);
    })
    .map((field) => field.name.value);
}

/** A scalar or an enum; GraphQL's own scalars are not defined. */
function isLeaf(definition: TypeDefinitionNode | undefined): boolean {
  return (
    definition === undefined ||
    definition.kind === Kind.SCALAR_TYPE_DEFINITION ||
    definition.kind === Kind.ENUM_TYPE_DEFINITION
  );
}
