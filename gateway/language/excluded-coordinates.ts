import {
  type ASTNode,
  type DefinitionNode,
  type DocumentNode,
  type FieldDefinitionNode,
  type InputValueDefinitionNode,
  isTypeDefinitionNode,
  Kind,
} from "graphql";
import { nearestNameHint } from "../core/problems.ts";
import { type DirectiveUse, placeOf } from "./directive-reader.ts";
import { namedTypeOf } from "./sdl-file.ts";
import { elementsOf } from "./source-settings.ts";

/** What a schema file consists of, by its coordinates: `Type`, `Type.field`, `Type.field(argument:)`, `Enum.VALUE`. */
export class BackendCoordinates {
  readonly typeNames: readonly string[];
  /** Fields of object types and interfaces. */
  readonly outputFields: readonly string[];
  /** All of them. */
  readonly all: readonly string[];

  constructor(document: DocumentNode) {
    const types = document.definitions.filter(isTypeDefinitionNode);
    this.typeNames = types.map((node) => node.name.value);
    this.outputFields = types.flatMap((node) => outputFieldsOf(node).map((field) => memberOf(node, field)));
    const others = types.flatMap((node) => {
      if (node.kind === Kind.ENUM_TYPE_DEFINITION)
        return (node.values ?? []).map((value) => memberOf(node, value));
      if (node.kind === Kind.INPUT_OBJECT_TYPE_DEFINITION)
        return (node.fields ?? []).map((field) => memberOf(node, field));
      return outputFieldsOf(node).flatMap((field) =>
        (field.arguments ?? []).map((argument) => argumentOf(memberOf(node, field), argument)),
      );
    });
    this.all = [...this.typeNames, ...this.outputFields, ...others];
  }

  /** The nearest of `candidates`: where the type is right, the nearest of its fields. */
  hintFor(coordinate: string, candidates: readonly string[]): string | null {
    const [owner = "", member = ""] = coordinate.split(".");
    const siblings = candidates.filter((candidate) => candidate.startsWith(`${owner}.`));
    if (siblings.length === 0) return nearestNameHint(coordinate, candidates);
    const names = siblings.map((sibling) => sibling.slice(owner.length + 1));
    const hint = nearestNameHint(member, names);
    return hint ?? `${owner} has ${names.join(", ")}`;
  }
}

/**
 * Leaves out what `exclude` names, and with a type whatever is of that type. Unknown coordinates, and inputs that the
 * backend requires, are reported.
 */
export function excludeCoordinates(document: DocumentNode, use: DirectiveUse): DocumentNode {
  const excluded = readExcluded(document, use);
  if (excluded.size === 0) return document;
  const exclusion = new Exclusion(excluded, use);
  return { ...document, definitions: document.definitions.flatMap((node) => exclusion.filter(node)) };
}

function readExcluded(document: DocumentNode, use: DirectiveUse): Set<string> {
  const excluded = new Set<string>();
  const elements = elementsOf(use.nodeAt(["exclude"]));
  if (elements.length === 0) return excluded;
  const coordinates = new BackendCoordinates(document);
  for (const element of elements) {
    if (element.kind !== Kind.STRING) continue;
    const { value } = element;
    const place = placeOf(element, use.file);
    if (!coordinates.all.includes(value)) {
      const expected = "a type of this file, or a part of one: Type.field, Type.field(argument:), Enum.VALUE";
      const hint = coordinates.hintFor(value, coordinates.all);
      use.refuseAt({ place, path: ["exclude"], expected, found: value, hint });
    } else if (excluded.has(value)) {
      use.refuseAt({ place, path: ["exclude"], expected: "each name once", found: `${value} again` });
    } else excluded.add(value);
  }
  return excluded;
}

class Exclusion {
  readonly #excluded: ReadonlySet<string>;
  readonly #use: DirectiveUse;

  constructor(excluded: ReadonlySet<string>, use: DirectiveUse) {
    this.#excluded = excluded;
    this.#use = use;
  }

  filter(node: DefinitionNode): DefinitionNode[] {
    if (!isTypeDefinitionNode(node)) return [node];
    if (this.#excluded.has(node.name.value)) return [];
    switch (node.kind) {
      case Kind.OBJECT_TYPE_DEFINITION:
      case Kind.INTERFACE_TYPE_DEFINITION: {
        const interfaces = (node.interfaces ?? []).filter((one) => !this.#excluded.has(one.name.value));
        const fields = (node.fields ?? []).filter((field) => this.#keeps(memberOf(node, field), field));
        return [{ ...node, interfaces, fields: fields.map((field) => this.#withoutArguments(node, field)) }];
      }
      case Kind.INPUT_OBJECT_TYPE_DEFINITION: {
        const fields = (node.fields ?? []).filter((field) => this.#keepsInput(memberOf(node, field), field));
        return [{ ...node, fields }];
      }
      case Kind.UNION_TYPE_DEFINITION:
        return [{ ...node, types: (node.types ?? []).filter((one) => !this.#excluded.has(one.name.value)) }];
      case Kind.ENUM_TYPE_DEFINITION: {
        const values = (node.values ?? []).filter((value) => !this.#excluded.has(memberOf(node, value)));
        return [{ ...node, values }];
      }
      case Kind.SCALAR_TYPE_DEFINITION:
        return [node];
    }
  }

  #withoutArguments(owner: DefinitionNode, field: FieldDefinitionNode): FieldDefinitionNode {
    const coordinate = memberOf(owner, field);
    const kept = (field.arguments ?? []).filter((argument) =>
      this.#keepsInput(argumentOf(coordinate, argument), argument),
    );
    return { ...field, arguments: kept };
  }

  #keeps(coordinate: string, { type }: FieldDefinitionNode | InputValueDefinitionNode): boolean {
    return !this.#excluded.has(coordinate) && !this.#excluded.has(namedTypeOf(type));
  }

  /** An argument or input field that is left out is never sent, so nothing may require it. */
  #keepsInput(coordinate: string, node: InputValueDefinitionNode): boolean {
    if (this.#keeps(coordinate, node)) return true;
    if (node.type.kind === Kind.NON_NULL_TYPE && node.defaultValue === undefined) {
      const name = this.#excluded.has(coordinate) ? coordinate : namedTypeOf(node.type);
      const expected = "nothing that the backend requires";
      const found =
        name === coordinate ? `${coordinate}, which it requires` : `${name}, which ${coordinate} requires`;
      this.#use.refuse(["exclude"], expected, found);
    }
    return false;
  }
}

function outputFieldsOf(node: DefinitionNode): readonly FieldDefinitionNode[] {
  const hasFields = node.kind === Kind.OBJECT_TYPE_DEFINITION || node.kind === Kind.INTERFACE_TYPE_DEFINITION;
  return hasFields ? (node.fields ?? []) : [];
}

function memberOf(owner: ASTNode, member: { readonly name: { readonly value: string } }): string {
  const ownerName = "name" in owner && owner.name?.kind === Kind.NAME ? owner.name.value : "";
  return `${ownerName}.${member.name.value}`;
}

function argumentOf(field: string, argument: InputValueDefinitionNode): string {
  return `${field}(${argument.name.value}:)`;
}
