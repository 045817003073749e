import {
  type DefinitionNode,
  type InterfaceTypeDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  type UnionTypeDefinitionNode,
} from "graphql";

/** Definitions to which `extend` adds. */
type ExtensibleNode = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode | UnionTypeDefinitionNode;

/**
 * `extend type X` adds to X where the file defines it, before or after, and defines it otherwise, as everywhere in the
 * schema language; interfaces and unions likewise. A second definition of X stays one, to be reported.
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
  readonly node: ExtensibleNode;
  readonly at: number;
  readonly isDefined: boolean;
}

/** A definition, or an extension as if it were one; null for what is neither. */
function toDefinition(node: DefinitionNode): ExtensibleNode | null {
  switch (node.kind) {
    case Kind.OBJECT_TYPE_DEFINITION:
    case Kind.INTERFACE_TYPE_DEFINITION:
    case Kind.UNION_TYPE_DEFINITION:
      return node;
    case Kind.OBJECT_TYPE_EXTENSION:
      return { ...node, kind: Kind.OBJECT_TYPE_DEFINITION };
    case Kind.INTERFACE_TYPE_EXTENSION:
      return { ...node, kind: Kind.INTERFACE_TYPE_DEFINITION };
    case Kind.UNION_TYPE_EXTENSION:
      return { ...node, kind: Kind.UNION_TYPE_DEFINITION };
    default:
      return null;
  }
}

/** `base` with what `extension`, of the same kind, adds to it. */
function merge(base: ExtensibleNode, extension: ExtensibleNode): ExtensibleNode {
  const directives = joined(base.directives, extension.directives);
  if (base.kind === Kind.UNION_TYPE_DEFINITION) {
    const added = extension.kind === base.kind ? extension.types : [];
    return { ...base, directives, types: joined(base.types, added) };
  }
  if (extension.kind === Kind.UNION_TYPE_DEFINITION) return base;
  return {
    ...base,
    directives,
    interfaces: joined(base.interfaces, extension.interfaces),
    fields: joined(base.fields, extension.fields),
  };
}

function joined<Node>(first: readonly Node[] | undefined, second: readonly Node[] | undefined): Node[] {
  return [...(first ?? []), ...(second ?? [])];
}
