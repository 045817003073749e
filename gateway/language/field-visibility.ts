import {
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  isTypeDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
} from "graphql";
import type { SourcePlace } from "../core/problems.ts";
import type { AbstractType } from "./abstract-types.ts";
import { type DirectiveUse, placeOf } from "./directive-reader.ts";
import { namedTypeOf, rootTypeNames } from "./sdl-file.ts";

/** `@override`: the source that the field is no longer read from. */
export interface OverrideDeclaration {
  readonly from: string;
  readonly use: DirectiveUse;
}

/** Who may see a field, as far as it says so itself. */
export interface FieldVisibility {
  /** `@internal`, on it or on its type: no part of the supergraph; null: it is one. */
  readonly internalUse: DirectiveUse | null;
  readonly override: OverrideDeclaration | null;
}

/** What is looked at of a source's object types. */
interface VisibleType {
  readonly name: string;
  readonly keys: readonly (readonly string[])[];
  readonly fields: ReadonlyMap<string, VisibleField>;
}

interface VisibleField extends FieldVisibility {
  readonly name: string;
  readonly node: FieldDefinitionNode;
}

/** The directives of the type that a field stands on. */
export type TypeVisibility = ReadonlyMap<string, readonly DirectiveUse[]>;

/** Reads what the directives on a field and on its type say about who may see it. */
export function readVisibility(uses: TypeVisibility, typeUses: TypeVisibility): FieldVisibility {
  const [internal] = uses.get("internal") ?? [];
  const [override] = uses.get("override") ?? [];
  const from = override?.text("from") ?? null;
  const internalUse = internal ?? typeUses.get("internal")?.[0] ?? null;
  for (const name of ["shareable", "inaccessible", "override"]) {
    // What a type says of its fields holds but for the internal ones.
    const other = uses.get(name)?.[0] ?? (internal === undefined ? typeUses.get(name)?.[0] : undefined);
    const expected = `either @internal or @${name}: what is internal is no part of the supergraph`;
    if (other !== undefined) internalUse?.refuse([], expected, "both");
  }
  return {
    internalUse,
    override: override === undefined || from === null ? null : { from, use: override },
  };
}

/** What is internal is no part of what the supergraph asks of a type: its keys, its interfaces, what fields return. */
export function checkInternal(
  types: ReadonlyMap<string, VisibleType>,
  nodes: readonly ObjectTypeDefinitionNode[],
  abstractTypes: ReadonlyMap<string, AbstractType>,
): void {
  for (const node of nodes) {
    const type = types.get(node.name.value);
    if (type === undefined) continue;
    for (const key of type.keys.flat()) checkKeyPath(types, type, key);
    const demanded = (node.interfaces ?? []).map((one) => abstractTypes.get(one.name.value));
    for (const { name, node: field, internalUse } of type.fields.values()) {
      if (internalUse !== null) {
        const owner = demanded.find((one) => one?.fields.has(name));
        if (owner !== undefined)
          internalUse.refuse([], "a field that no interface has", `${name}, which ${owner.name} has`);
        continue;
      }
      const target = types.get(namedTypeOf(field.type));
      const use = target === undefined ? null : internalTypeUse(target);
      if (target === undefined || use === null || target.keys.length > 0) continue;
      const expected = `@internal on ${type.name}.${name}, too: it returns ${target.name}`;
      use.refuse([], expected, "a field of the supergraph", `write @internal on ${type.name}.${name}`);
    }
  }
  for (const { kind, name, possibleTypes } of abstractTypes.values()) {
    for (const member of possibleTypes) {
      const type = types.get(member);
      const use = type === undefined ? null : internalTypeUse(type);
      if (kind === "union") use?.refuse([], "a type that is no member of a union", `a member of ${name}`);
    }
  }
}

/** The `@internal` of a type as a whole. */
function internalTypeUse({ name, fields }: VisibleType): DirectiveUse | null {
  const [first] = fields.values();
  const use = first?.internalUse ?? null;
  return use?.coordinate === `${name} @internal` ? use : null;
}

function checkKeyPath(types: ReadonlyMap<string, VisibleType>, type: VisibleType, path: string): void {
  let at: VisibleType | undefined = type;
  for (const name of path.split(".")) {
    const field: VisibleField | undefined = at?.fields.get(name);
    const expected = `a field that is no part of a @key: objects are told apart by it in all sources`;
    field?.internalUse?.refuse([], expected, `${path}, a @key of ${type.name}`);
    at = field === undefined ? undefined : types.get(namedTypeOf(field.node.type));
  }
}

/** Everything in a source schema that is `@inaccessible`, by coordinate. The uses themselves are read elsewhere. */
export function findInaccessible(document: DocumentNode, file: string): ReadonlyMap<string, SourcePlace> {
  const found = new Map<string, SourcePlace>();
  const add = (coordinate: string, directives: readonly ConstDirectiveNode[] | undefined): void => {
    const node = directives?.find((directive) => directive.name.value === "inaccessible");
    if (node !== undefined) found.set(coordinate, placeOf(node, file));
  };
  for (const node of document.definitions) {
    if (!isTypeDefinitionNode(node)) continue;
    const isRoot = rootTypeNames.has(node.name.value);
    const { value: type } = node.name;
    if (!isRoot) add(type, node.directives);
    if (node.kind === Kind.ENUM_TYPE_DEFINITION)
      for (const value of node.values ?? []) add(`${type}.${value.name.value}`, value.directives);
    else if (node.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION)
      for (const field of node.fields ?? []) add(`${type}.${field.name.value}`, field.directives);
    else if (node.kind === Kind.OBJECT_TYPE_DEFINITION || node.kind === Kind.INTERFACE_TYPE_DEFINITION)
      for (const field of node.fields ?? []) {
        const coordinate = `${type}.${field.name.value}`;
        add(coordinate, field.directives);
        for (const argument of field.arguments ?? [])
          add(`${coordinate}(${argument.name.value}:)`, argument.directives);
      }
  }
  return found;
}
