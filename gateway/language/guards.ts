import {
  type ConstDirectiveNode,
  type ConstValueNode,
  type DocumentNode,
  isTypeDefinitionNode,
  isTypeExtensionNode,
  Kind,
} from "graphql";

/** One condition on a caller. What is guarded is readable where all of its guards hold. */
export type Guard =
  /** The caller is somebody. */
  | { readonly kind: "authenticated" }
  /** All scopes of one of the lists are the caller's. */
  | { readonly kind: "scopes"; readonly anyOf: readonly (readonly string[])[] }
  /** All policies of one of the lists let the caller. */
  | { readonly kind: "policies"; readonly anyOf: readonly (readonly string[])[] };

/** The directives that guard. Their meaning is that of Apollo Federation's directives of the same names. */
export const guardDirectives: ReadonlySet<string> = new Set(["authenticated", "requiresScopes", "policy"]);

/**
 * What guards the types and fields of a schema file, by coordinate: `Type`, `Type.field`. That the directives may stand
 * there and are of the right form is checked where all directives are read; one that is not lets nobody through.
 */
export function findGuards(document: DocumentNode): ReadonlyMap<string, readonly Guard[]> {
  const found = new Map<string, readonly Guard[]>();
  const add = (coordinate: string, directives: readonly ConstDirectiveNode[] | undefined): void => {
    const guards = (directives ?? []).flatMap(readGuard);
    if (guards.length > 0) found.set(coordinate, [...(found.get(coordinate) ?? []), ...guards]);
  };
  for (const node of document.definitions) {
    if (!isTypeDefinitionNode(node) && !isTypeExtensionNode(node)) continue;
    const { value: type } = node.name;
    add(type, node.directives);
    if (!("fields" in node)) continue;
    for (const field of node.fields ?? [])
      if (field.kind === Kind.FIELD_DEFINITION) add(`${type}.${field.name.value}`, field.directives);
  }
  return found;
}

/** A guard as it is written in a schema. */
export function printGuard(guard: Guard): string {
  if (guard.kind === "authenticated") return "@authenticated";
  const lists = guard.anyOf
    .map((all) => `[${all.map((name) => JSON.stringify(name)).join(", ")}]`)
    .join(", ");
  return guard.kind === "scopes" ? `@requiresScopes(scopes: [${lists}])` : `@policy(policies: [${lists}])`;
}

/** None for other directives, and for a list one of whose alternatives asks for nothing. */
function readGuard({ name, arguments: values = [] }: ConstDirectiveNode): readonly Guard[] {
  if (name.value === "authenticated") return [{ kind: "authenticated" }];
  if (!guardDirectives.has(name.value)) return [];
  const kind = name.value === "policy" ? "policies" : "scopes";
  const anyOf = readAlternatives(values.find((one) => one.name.value === kind)?.value);
  return anyOf.some((all) => all.length === 0) ? [] : [{ kind, anyOf }];
}

/** Lists of lists of texts; GraphQL reads a value that is no list as a list of one. */
function readAlternatives(value: ConstValueNode | undefined): readonly (readonly string[])[] {
  return elementsOf(value).map((inner) =>
    elementsOf(inner).flatMap((element) => (element.kind === Kind.STRING ? [element.value] : [])),
  );
}

function elementsOf(value: ConstValueNode | undefined): readonly ConstValueNode[] {
  if (value === undefined) return [];
  return value.kind === Kind.LIST ? value.values : [value];
}
