import {
  getNamedType,
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  Kind,
  type ValueNode,
} from "graphql";
import type { SourcePlace } from "../core/problems.ts";
import { namedTypeOf } from "../language/sdl-file.ts";
import type { ModelCompositeType, ModelField } from "./supergraph-model.ts";

/** What of the supergraph is `@inaccessible`: where a source says so, by coordinate. */
type InaccessiblePlaces = ReadonlyMap<string, SourcePlace>;

/**
 * Tells what client schemas may not see, and why. A field, argument or input field whose type is inaccessible is
 * inaccessible with it. Reasons read as `Product.cost, which is @inaccessible in schemas/catalog.graphql`; null: they may.
 */
export class Accessibility {
  readonly #places: InaccessiblePlaces;

  constructor(places: InaccessiblePlaces) {
    this.#places = places;
  }

  reasonForType(name: string): string | null {
    return this.#reason(name, name);
  }

  reasonForField(type: ModelCompositeType, field: ModelField): string | null {
    const coordinate = `${type.name}.${field.name}`;
    return this.#reason(coordinate, coordinate) ?? this.#reasonForUse(coordinate, namedTypeOf(field.type));
  }

  /** The fields of an interface may be read of objects of any type, unless one of the types is inaccessible. */
  reasonForAnyOf(type: ModelCompositeType): string | null {
    if (!("possibleTypes" in type)) return null;
    for (const name of type.possibleTypes) {
      const reason = this.#reason(name, name);
      if (reason !== null) return `one of its types may be ${reason}`;
    }
    return null;
  }

  reasonForArgument(field: ModelField, { name, type }: GraphQLArgument): string | null {
    const coordinate = `${field.coordinate}(${name}:)`;
    return this.#reason(coordinate, coordinate) ?? this.#reasonForUse(coordinate, getNamedType(type).name);
  }

  reasonForInputField(typeName: string, { name, type }: GraphQLInputField): string | null {
    const coordinate = `${typeName}.${name}`;
    return this.#reason(coordinate, coordinate) ?? this.#reasonForUse(coordinate, getNamedType(type).name);
  }

  reasonForEnumValue(typeName: string, value: string): string | null {
    const coordinate = `${typeName}.${value}`;
    return this.#reason(coordinate, coordinate);
  }

  /** The first part of a literal that is inaccessible. */
  reasonInLiteral(node: ValueNode, type: GraphQLInputType): string | null {
    if (isNonNullType(type)) return this.reasonInLiteral(node, type.ofType);
    if (isListType(type)) {
      const elements = node.kind === Kind.LIST ? node.values : [node];
      return firstReason(elements, (element) => this.reasonInLiteral(element, type.ofType));
    }
    if (isEnumType(type))
      return node.kind === Kind.ENUM ? this.reasonForEnumValue(type.name, node.value) : null;
    if (!isInputObjectType(type) || node.kind !== Kind.OBJECT) return null;
    return firstReason(node.fields, ({ name, value }) => {
      const field = type.getFields()[name.value];
      if (field === undefined) return null;
      return this.reasonForInputField(type.name, field) ?? this.reasonInLiteral(value, field.type);
    });
  }

  /** Where it is said; null where it is not. */
  placeOf(coordinate: string, typeName: string): SourcePlace | null {
    return this.#places.get(coordinate) ?? this.#places.get(typeName) ?? null;
  }

  #reason(coordinate: string, shown: string): string | null {
    const place = this.#places.get(coordinate);
    return place === undefined ? null : `${shown}, which is @inaccessible in ${place.file}`;
  }

  #reasonForUse(coordinate: string, typeName: string): string | null {
    const place = this.#places.get(typeName);
    return place === undefined
      ? null
      : `${coordinate}, whose type ${typeName} is @inaccessible in ${place.file}`;
  }
}

function firstReason<T>(parts: readonly T[], reasonFor: (part: T) => string | null): string | null {
  for (const part of parts) {
    const reason = reasonFor(part);
    if (reason !== null) return reason;
  }
  return null;
}
