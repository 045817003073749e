import { Kind, print, type TypeDefinitionNode } from "graphql";
import type { Problems, SourcePlace } from "../../core/problems.ts";
import type { SourceAbstractType } from "../../language/abstract-types.ts";
import { type CompiledSelection, compileSelection } from "../../language/evaluate-selection.ts";
import { listsAround, namedTypeOf } from "../../language/sdl-file.ts";
import { parseSelectionMap, type SelectionMap } from "../../language/selection-map.ts";
import type { SourceField, SourceSchema, SourceType } from "../../language/source-schema.ts";
import { compileTypeReaders, type TypeReader } from "../type-reader.ts";
import { resolveAbstract } from "./abstract-values.ts";
import { typesOf } from "./argument-types.ts";
import { leafMisfit } from "./leaf-fit.ts";
import {
  describeShape,
  MessageSelectionError,
  messageShape,
  resolveInMessage,
  type SelectedShape,
} from "./message-selection.ts";
import type { ProtoField, ProtoMessage } from "./proto-model.ts";
import { compileValueForm, entryMessage, type ValueForm } from "./value-form.ts";
import { wellKnownTypeOf } from "./well-known-types.ts";

/** How a property is read: the map in the proto's names, and the form that its type needs. */
interface Property {
  readonly map: SelectionMap;
  readonly form: ValueForm | null;
  /** What makes readings differ. */
  readonly identity: string;
  readonly message: ProtoMessage;
}

/** Finds, for each field that is read from a message, the proto field that it means. */
export class PropertyResolver {
  readonly #schema: SourceSchema;
  readonly #problems: Problems;
  readonly #definitions: ReadonlyMap<string, TypeDefinitionNode>;
  readonly #properties = new Map<string, Property>();
  readonly #visited = new Set<string>();
  readonly #typeReaders: Map<string, TypeReader>;
  /** What makes them differ. */
  readonly #identities = new Map<string, string>();

  constructor(schema: SourceSchema, problems: Problems) {
    this.#schema = schema;
    this.#problems = problems;
    this.#definitions = typesOf(schema.plainDocument);
    this.#typeReaders = compileTypeReaders(schema);
  }

  /** The form that values of a shape need for the type of a field; null where the raw value is it. */
  formOf(field: SourceField, shape: SelectedShape): ValueForm | null {
    return compileValueForm(shape, this.#definitions.get(namedTypeOf(field.node.type)));
  }

  /** Which type an object is of, by field; where no message was met (references) by the names that the schema has. */
  get typeReaders(): ReadonlyMap<string, TypeReader> {
    return this.#typeReaders;
  }

  /** Goes through everything that can be read below a field whose value has the given shape. */
  resolveField(field: SourceField, shape: SelectedShape): void {
    const typeName = namedTypeOf(field.node.type);
    const abstractType = this.#schema.abstractTypes.get(typeName);
    const type = this.#schema.types.get(typeName);
    const { kind, lists } = shape;
    const isEntries = kind === "map" && type !== undefined;
    const hasOwnLists = kind === "json" || (kind === "object" && lists === 0 && type === undefined);
    if (!hasOwnLists && lists + (isEntries ? 1 : 0) !== listsAround(field.node.type)) {
      const expected = `${isEntries ? "a list of entries" : describeLists(lists)}, as in the message`;
      this.#report(field, expected, `the type ${print(field.node.type)}`);
    } else if (abstractType !== undefined) this.#resolveAbstract(field, abstractType, shape);
    else if (type === undefined) this.#resolveLeaf(field, typeName, shape);
    else this.#resolveObject(field, type, shape);
  }

  /** Fields that no message was met for (references) are read under their own names. */
  compile(): Map<string, CompiledSelection> {
    const compiled = new Map<string, CompiledSelection>();
    for (const type of this.#schema.types.values()) {
      for (const field of type.fields.values()) {
        if (field.call !== null) continue;
        const property = this.#properties.get(field.coordinate);
        const map = property?.map ?? field.from?.map ?? parseSelectionMap(field.name);
        compiled.set(field.coordinate, withForm(compileSelection(map), property?.form ?? null));
      }
    }
    return compiled;
  }

  #resolveLeaf(field: SourceField, typeName: string, shape: SelectedShape): void {
    const definition = this.#definitions.get(typeName);
    const isCustom = definition?.kind === Kind.SCALAR_TYPE_DEFINITION;
    if (shape.kind === "oneof") {
      const expected = "a union, because the value is a oneof of several messages";
      this.#report(field, expected, `${typeName} for ${shape.oneof?.name ?? ""}`);
    } else if (shape.kind === "message" && !isCustom) {
      const expected = "an object type, because the value is a message";
      this.#report(field, expected, `${typeName} for ${shape.message?.name ?? ""}`);
    } else if (shape.kind === "map" && !isCustom) {
      const expected = "a custom scalar or a list of objects with key and value, because the value is a map";
      this.#report(field, expected, typeName);
    } else if (shape.kind === "json" && !isCustom && isStructured(shape.field)) {
      const expected = `a custom scalar, because the value is a ${fieldTypeName(shape.field)}`;
      this.#report(field, expected, typeName);
    } else if (shape.kind === "scalar" && shape.field !== null) {
      const misfit = leafMisfit(typeName, definition, shape.field);
      if (misfit === null) return;
      const { expected, found, hint } = misfit;
      const facts = { place: field.place, coordinate: field.coordinate, expected, found, hint };
      if (misfit.severity === "error") this.#problems.error(facts);
      else this.#problems.warn(facts);
    }
  }

  #resolveObject(field: SourceField, type: SourceType, { kind, message, field: proto }: SelectedShape): void {
    const inner = proto?.type.kind === "message" ? proto.type.message : null;
    if (message !== null) this.#resolveType(type, message);
    else if (kind === "map" && proto !== null) this.#resolveType(type, entryMessage(proto));
    else if (kind === "scalar" && inner !== null) this.#resolveType(type, inner);
    else if (kind === "scalar") {
      const expected = "a scalar or enum, because the value is no message";
      this.#report(field, expected, `the object type ${type.name}`);
    } else if (kind === "oneof") {
      const expected = "a union, because the value is a oneof of several messages";
      this.#report(field, expected, `the object type ${type.name}`);
    }
  }

  /** Each type is read from the messages that it may be. */
  #resolveAbstract(field: SourceField, type: SourceAbstractType, shape: SelectedShape): void {
    const { place, coordinate } = field;
    const reading = resolveAbstract(type, shape, {
      error: (expected, found, hint = null) =>
        this.#problems.error({ place, coordinate, expected, found, hint }),
      warn: (expected, found, hint = null) =>
        this.#problems.warn({ place, coordinate, expected, found, hint }),
    });
    if (reading === null) return;
    const known = this.#identities.get(coordinate) ?? reading.identity;
    if (known !== reading.identity) {
      const expected = "one way to tell the type in every message that the field is read from";
      this.#report(field, expected, `another for ${describeShape(shape)}`);
    }
    this.#identities.set(coordinate, reading.identity);
    this.#typeReaders.set(coordinate, reading.readType);
    for (const { typeName, message } of reading.members) {
      const member = this.#schema.types.get(typeName);
      if (member !== undefined) this.#resolveType(member, message);
    }
  }

  #resolveType(type: SourceType, message: ProtoMessage): void {
    const visit = `${type.name} ${message.name}`;
    if (this.#visited.has(visit)) return;
    this.#visited.add(visit);
    for (const field of type.fields.values()) {
      if (field.call !== null) continue;
      try {
        const { map, shape } = resolveInMessage(
          field.from?.map ?? parseSelectionMap(field.name),
          messageShape(message),
        );
        this.#keep(field, shape, map, message);
        this.resolveField(field, shape);
      } catch (error) {
        if (!(error instanceof MessageSelectionError)) throw error;
        const place = field.from?.placeAt(error.offset) ?? field.place;
        const { expected, found, hint } = error;
        this.#problems.error({ place, coordinate: field.coordinate, expected, found, hint });
      }
    }
  }

  #keep(field: SourceField, shape: SelectedShape, map: SelectionMap, message: ProtoMessage): void {
    const form = this.formOf(field, shape);
    const formName =
      form === null ? "" : `${shape.kind} ${shape.field?.name ?? ""} ${shape.message?.name ?? ""}`;
    const identity = `${JSON.stringify(map)} ${formName}`;
    const known = this.#properties.get(field.coordinate);
    if (known === undefined) this.#properties.set(field.coordinate, { map, form, identity, message });
    else if (known.identity !== identity)
      this.#report(
        field,
        "one name in every message that the type is read from",
        `another name in ${message.name}`,
      );
  }

  #report(field: SourceField, expected: string, found: string): void {
    const place: SourcePlace = field.place;
    this.#problems.error({ place, coordinate: field.coordinate, expected, found });
  }
}

/** Applies a form to what a selection finds. */
export function withForm(select: CompiledSelection, form: ValueForm | null): CompiledSelection {
  return form === null ? select : (roots) => form(select(roots));
}

function isStructured(field: ProtoField | null): boolean {
  if (field?.type.kind !== "message") return false;
  return wellKnownTypeOf(field.type.message)?.kind !== "value";
}

function fieldTypeName(field: ProtoField | null): string {
  return field?.type.kind === "message" ? field.type.message.name : "value";
}

function describeLists(lists: number): string {
  if (lists === 0) return "one value";
  return lists === 1 ? "a list" : `${lists} lists, one in the other`;
}
