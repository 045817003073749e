import { DirectiveLocation, type FieldDefinitionNode, Kind, type ObjectTypeDefinitionNode } from "graphql";
import { nearestNameHint, type SourcePlace } from "../core/problems.ts";
import { checkRawSelection } from "./call-declaration.ts";
import {
  type DirectiveReader,
  type DirectiveUse,
  type PlacedSelection,
  placeOf,
} from "./directive-reader.ts";
import { guardDirectives } from "./guards.ts";
import type { SourceKind } from "./source-settings.ts";
import { type AbstractTypeNode, fieldCoordinate, type SdlFile } from "./sdl-file.ts";

/** A field of an interface. Types that implement it say where its value is. */
export interface InterfaceField {
  readonly name: string;
  /** `Interface.field`. */
  readonly coordinate: string;
  readonly place: SourcePlace;
  readonly node: FieldDefinitionNode;
}

/** An interface or a union of one file. */
export interface AbstractType {
  readonly kind: "interface" | "union";
  readonly name: string;
  readonly place: SourcePlace;
  /** The file's own object types that its values can be of, in the order written. */
  readonly possibleTypes: readonly string[];
  /** None for a union. */
  readonly fields: ReadonlyMap<string, InterfaceField>;
}

/** An interface or a union of a source schema. */
export interface SourceAbstractType extends AbstractType {
  /** Null: values tell their type by `__typename`, or by the member of a oneof. */
  readonly discriminator: Discriminator | null;
}

/** How a value tells which type it is of. */
export interface Discriminator {
  /** Where in the raw value that stands; null where only `mapping` is given. */
  readonly field: PlacedSelection | null;
  /** Type by value. A type that no value names has its own name as value. */
  readonly mapping: ReadonlyMap<string, string>;
  readonly use: DirectiveUse;
}

/** Reads the interfaces and unions of a source schema. */
export function readAbstractTypes(
  sdl: SdlFile,
  reader: DirectiveReader,
  kind: SourceKind,
): ReadonlyMap<string, SourceAbstractType> {
  const types = new Map<string, SourceAbstractType>();
  for (const node of sdl.abstractTypes) {
    const type = readAbstractType(node, sdl);
    const location =
      node.kind === Kind.UNION_TYPE_DEFINITION ? DirectiveLocation.UNION : DirectiveLocation.INTERFACE;
    const [use] = reader.read(node.directives, location, type.name).get("discriminator") ?? [];
    refuseFieldDirectives(type, reader);
    if (kind === "graphql") use?.refuse([], "none in a GraphQL source, whose objects say __typename", "it");
    else if (type.possibleTypes.length === 0) {
      const { place, name: coordinate } = type;
      const expected = "a type that implements it, because every object is of one";
      reader.problems.error({ place, coordinate, expected, found: "none in this file" });
    }
    types.set(type.name, { ...type, discriminator: use === undefined ? null : readDiscriminator(use, type) });
  }
  return types;
}

/** An interface or a union as plain GraphQL has it. */
export function readAbstractType(node: AbstractTypeNode, { file, objectTypes }: SdlFile): AbstractType {
  const name = node.name.value;
  const place = placeOf(node, file);
  if (node.kind === Kind.UNION_TYPE_DEFINITION) {
    const possibleTypes = (node.types ?? []).map((member) => member.name.value);
    return { kind: "union", name, place, possibleTypes, fields: new Map() };
  }
  const fields = (node.fields ?? []).map(
    (field): InterfaceField => ({
      name: field.name.value,
      coordinate: fieldCoordinate(node, field),
      place: placeOf(field, file),
      node: field,
    }),
  );
  return {
    kind: "interface",
    name,
    place,
    possibleTypes: objectTypes
      .filter((type) => implementsInterface(type, name))
      .map((type) => type.name.value),
    fields: new Map(fields.map((field) => [field.name, field])),
  };
}

function implementsInterface(type: ObjectTypeDefinitionNode, name: string): boolean {
  return type.interfaces?.some((implemented) => implemented.name.value === name) ?? false;
}

/** A field of an interface has no value of its own, in either kind of schema. */
export function refuseFieldDirectives({ fields }: AbstractType, reader: DirectiveReader): void {
  for (const { node, coordinate } of fields.values()) {
    const uses = reader.read(node.directives, DirectiveLocation.FIELD_DEFINITION, coordinate);
    for (const use of [...uses.values()].flat()) {
      // They say nothing about the value.
      if (use.node.name.value === "inaccessible" || guardDirectives.has(use.node.name.value)) continue;
      const expected = "no directive on a field of an interface: write it on the types that implement it";
      use.refuse([], expected, `@${use.node.name.value}`);
    }
    for (const argument of node.arguments ?? []) {
      const at = `${coordinate}(${argument.name.value}:)`;
      reader.read(argument.directives, DirectiveLocation.ARGUMENT_DEFINITION, at);
    }
  }
}

function readDiscriminator(use: DirectiveUse, type: AbstractType): Discriminator {
  const field = use.selection(["field"]);
  if (field !== null) {
    const options = field.map.kind === "alternatives" ? field.map.options : [field.map];
    if (options.every((option) => option.kind === "path" && option.then === null))
      checkRawSelection(use, field, ["field"]);
    else use.refuse(["field"], "a path to the text that tells the type", field.text);
  }
  const mapping = readMapping(use, type);
  if (field === null && mapping.size === 0 && use.isSound)
    use.refuse([], "field, mapping or both", "neither");
  return { field, mapping, use };
}

function readMapping(use: DirectiveUse, { kind, possibleTypes }: AbstractType): ReadonlyMap<string, string> {
  const mapping = new Map<string, string>();
  const entries = (use.value("mapping") ?? []) as readonly MappingEntry[];
  const node = use.nodeAt(["mapping"]);
  for (const [index, { value, type }] of entries.entries()) {
    const entry = (node?.kind === Kind.LIST ? node.values[index] : node) ?? use.node;
    const at = { place: placeOf(entry, use.file), path: ["mapping"] };
    if (!possibleTypes.includes(type)) {
      const what = kind === "union" ? "a member of the union" : "a type of this file that implements it";
      const expected = `${what} (${possibleTypes.join(", ") || "there is none"})`;
      use.refuseAt({ ...at, expected, found: type, hint: nearestNameHint(type, possibleTypes) });
    } else if (mapping.has(value))
      use.refuseAt({ ...at, expected: "each value once", found: `"${value}" again` });
    mapping.set(value, type);
  }
  return mapping;
}

interface MappingEntry {
  readonly value: string;
  readonly type: string;
}
