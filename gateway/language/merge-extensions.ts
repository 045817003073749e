import { type DefinitionNode, Kind, type TypeDefinitionNode } from "graphql";

/**
 * `extend type X` adds to X where the file defines it, before or after, and defines it otherwise, as everywhere in the
 * schema language; so it is for every other kind of type. A second definition of X stays one, to be reported.
 */
export function mergeExtensions(definitions: readonly DefinitionNode[]): DefinitionNode[] {
  const merged: DefinitionNode[] = [];
  const places = new Map<string, Place>();
  for (const written of definitions) {
    const node = toDefinition(written);
    if (node === null) {
      merged.push(written);
      continue;
    }
    const key = `${node.kind} ${node.name.value}`;
    const isDefinition = node.kind === written.kind;
    const place = places.get(key);
    if (place === undefined) {
      places.set(key, { node, at: merged.length, isDefined: isDefinition });
      merged.push(node);
    } else if (isDefinition && place.isDefined) merged.push(node);
    else {
      const both = isDefinition ? merge(node, place.node) : merge(place.node, node);
      places.set(key, { node: both, at: place.at, isDefined: place.isDefined || isDefinition });
      merged[place.at] = both;
    }
  }
  return merged;
}

/** Where the type stands among the merged definitions, and whether that is by `extend` alone. */
interface Place {
  readonly node: TypeDefinitionNode;
  readonly at: number;
  readonly isDefined: boolean;
}

/** A definition, or an extension as if it were one; null for what is neither. */
function toDefinition(node: DefinitionNode): TypeDefinitionNode | null {
  const kind = definedKinds.get(node.kind);
  return kind === undefined ? null : ({ ...node, kind } as TypeDefinitionNode);
}

/** What definitions and extensions define. */
const definedKinds: ReadonlyMap<Kind, Kind> = new Map([
  [Kind.OBJECT_TYPE_DEFINITION, Kind.OBJECT_TYPE_DEFINITION],
  [Kind.OBJECT_TYPE_EXTENSION, Kind.OBJECT_TYPE_DEFINITION],
  [Kind.INTERFACE_TYPE_DEFINITION, Kind.INTERFACE_TYPE_DEFINITION],
  [Kind.INTERFACE_TYPE_EXTENSION, Kind.INTERFACE_TYPE_DEFINITION],
  [Kind.UNION_TYPE_DEFINITION, Kind.UNION_TYPE_DEFINITION],
  [Kind.UNION_TYPE_EXTENSION, Kind.UNION_TYPE_DEFINITION],
  [Kind.ENUM_TYPE_DEFINITION, Kind.ENUM_TYPE_DEFINITION],
  [Kind.ENUM_TYPE_EXTENSION, Kind.ENUM_TYPE_DEFINITION],
  [Kind.INPUT_OBJECT_TYPE_DEFINITION, Kind.INPUT_OBJECT_TYPE_DEFINITION],
  [Kind.INPUT_OBJECT_TYPE_EXTENSION, Kind.INPUT_OBJECT_TYPE_DEFINITION],
  [Kind.SCALAR_TYPE_DEFINITION, Kind.SCALAR_TYPE_DEFINITION],
  [Kind.SCALAR_TYPE_EXTENSION, Kind.SCALAR_TYPE_DEFINITION],
]);

/** `base` with what `extension`, of the same kind, adds to it. */
function merge(base: TypeDefinitionNode, extension: TypeDefinitionNode): TypeDefinitionNode {
  const merged = new Map<string, unknown>(Object.entries(base));
  const added = new Map<string, unknown>(Object.entries(extension));
  for (const members of ["interfaces", "fields", "values", "types", "directives"]) {
    const lists = [merged.get(members), added.get(members)].filter((list) => Array.isArray(list));
    if (lists.length > 0) merged.set(members, lists.flat());
  }
  return Object.fromEntries(merged) as unknown as TypeDefinitionNode;
}
