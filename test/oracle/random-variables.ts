import {
  GraphQLBoolean,
  type GraphQLInputType,
  GraphQLNonNull,
  type GraphQLSchema,
  getNullableType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isTypeSubTypeOf,
  Kind,
  type ObjectFieldNode,
  parseType,
  type ValueNode,
  type VariableDefinitionNode,
} from "graphql";
import type { SeededRandom } from "../backends/seeded-random.ts";
import { literalOf, type RandomValues } from "./random-values.ts";

/** Where a value goes to. */
export interface ValueLocation {
  readonly type: GraphQLInputType;
  /** `Type.field(argument:)` or `Input.field`. */
  readonly coordinate: string;
  /** The location has a default, so that a variable without a value may stand there. */
  readonly hasDefault: boolean;
}

/** A value in the document, and what it will be when the operation runs; undefined where it will be left out. */
export interface PlacedValue {
  readonly node: ValueNode;
  readonly value: unknown;
}

interface Variable {
  readonly name: string;
  readonly type: GraphQLInputType;
  readonly defaultValue: unknown;
  /** Undefined: the request leaves it out. */
  readonly value: unknown;
}

/** Writes values into a document, as literals, as variables, and as literals with variables inside. */
export class RandomVariables {
  readonly #schema: GraphQLSchema;
  readonly #random: SeededRandom;
  readonly #values: RandomValues;
  readonly #variables: Variable[] = [];

  constructor(schema: GraphQLSchema, random: SeededRandom, values: RandomValues) {
    this.#schema = schema;
    this.#random = random;
    this.#values = values;
  }

  place(location: ValueLocation): PlacedValue {
    if (this.#random.next() < variableShare) {
      const variable = this.#variableFor(location);
      const value = variable.value === undefined ? variable.defaultValue : variable.value;
      return { node: { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: variable.name } }, value };
    }
    const value = this.#values.valueOf(location.type, location.coordinate);
    return { node: this.#literalWithVariables(value, location), value };
  }

  /** A Boolean for `@skip` and `@include`, never null: that would refuse the operation as a whole. */
  placeBoolean(value: boolean): ValueNode {
    if (this.#random.next() > variableShare) return { kind: Kind.BOOLEAN, value };
    const known = this.#variables.filter(
      (other) => other.type.toString() === "Boolean!" && other.value === value,
    );
    const name = known.length > 0 ? this.#random.pick(known).name : `v${this.#variables.length + 1}`;
    if (known.length === 0) {
      const isDefault = this.#random.next() < 0.3;
      const parts = isDefault
        ? { defaultValue: value, value: undefined }
        : { defaultValue: undefined, value };
      this.#variables.push({ name, type: new GraphQLNonNull(GraphQLBoolean), ...parts });
    }
    return { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: name } };
  }

  definitionOf(name: string): VariableDefinitionNode {
    const variable = this.#variables.find((other) => other.name === name);
    if (variable === undefined) throw new Error(`Expected a variable that was placed, found $${name}.`);
    return {
      kind: Kind.VARIABLE_DEFINITION,
      variable: { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: name } },
      type: parseType(variable.type.toString(), { noLocation: true }),
      ...(variable.defaultValue !== undefined && {
        defaultValue: literalOf(variable.defaultValue, variable.type),
      }),
    };
  }

  /** Of these variables, those that the request gives a value. */
  given(names: ReadonlySet<string>): Record<string, unknown> {
    const given = this.#variables.filter(({ name, value }) => names.has(name) && value !== undefined);
    return Object.fromEntries(given.map(({ name, value }) => [name, value]));
  }

  /** One that is there and fits, or a new one. */
  #variableFor(location: ValueLocation): Variable {
    const fitting = this.#variables.filter((variable) => this.#fits(variable, location));
    if (fitting.length > 0 && this.#random.next() < 0.4) return this.#random.pick(fitting);
    const { type, hasDefault } = location;
    const isStrict = isNonNullType(type);
    const defaultValue = this.#random.next() < 0.35 ? this.#valueNotNull(location) : undefined;
    const mayBeNullable = !isStrict || hasDefault || defaultValue !== undefined;
    const isNullable = mayBeNullable && this.#random.next() < 0.6;
    const declared = isNullable ? getNullableType(type) : new GraphQLNonNull(getNullableType(type));
    const mayBeLeftOut = isNullable || defaultValue !== undefined;
    const variable: Variable = {
      name: this.#newName(location.coordinate),
      type: declared,
      defaultValue,
      value:
        mayBeLeftOut && this.#random.next() < 0.4 ? undefined : this.#given(location, isNullable && isStrict),
    };
    // A null in the place of a value that is needed is an error of the field; a variable that must not be null can't be.
    const sound =
      !isNullable && variable.value === null
        ? { ...variable, value: this.#valueNotNull(location) }
        : variable;
    this.#variables.push(sound);
    return sound;
  }

  #given(location: ValueLocation, isNullRefused: boolean): unknown {
    if (isNullRefused && this.#random.next() < refusedNullShare) return null;
    return this.#values.valueOf(location.type, location.coordinate);
  }

  #valueNotNull({ type, coordinate }: ValueLocation): unknown {
    return this.#values.valueOf(new GraphQLNonNull(getNullableType(type)), coordinate);
  }

  /** Rule AllVariableUsagesAreAllowed; and a null goes where it is refused only now and then. */
  #fits(variable: Variable, { type, hasDefault }: ValueLocation): boolean {
    if (!isNonNullType(type) || isNonNullType(variable.type))
      return isTypeSubTypeOf(this.#schema, asOutput(variable.type), asOutput(type));
    if (variable.defaultValue === undefined && !hasDefault) return false;
    if (variable.value === null && this.#random.next() > refusedNullShare) return false;
    return isTypeSubTypeOf(this.#schema, asOutput(variable.type), asOutput(type.ofType));
  }

  /** Every other one is called like the argument that it stands in, as people call theirs. */
  #newName(coordinate: string): string {
    const number = this.#variables.length + 1;
    const [, argument = ""] = /\((\w+):\)$/.exec(coordinate) ?? [];
    const isFree = this.#variables.every(({ name }) => name !== argument);
    return number % 2 === 0 && argument !== "" && isFree ? argument : `v${number}`;
  }

  /** A literal in which some members are variables of the same value; the coordinate is that of the whole. */
  #literalWithVariables(value: unknown, { type, coordinate }: Omit<ValueLocation, "hasDefault">): ValueNode {
    const inner = getNullableType(type);
    if (isListType(inner) && Array.isArray(value)) {
      const [only, ...others] = value as readonly unknown[];
      // As everywhere in GraphQL, one element stands for a list of one.
      if (others.length === 0 && only !== null && only !== undefined && !Array.isArray(only)) {
        if (this.#random.next() < 0.1) return literalOf(only, inner.ofType);
      }
      return {
        kind: Kind.LIST,
        values: value.map((element) => this.#member(element, { type: inner.ofType, coordinate })),
      };
    }
    if (!isInputObjectType(inner) || typeof value !== "object" || value === null)
      return literalOf(value, type);
    const definitions = inner.getFields();
    const fields = Object.entries(value).flatMap(([name, member]): ObjectFieldNode[] => {
      const definition = definitions[name];
      if (definition === undefined) return [];
      const memberType = inner.isOneOf
        ? new GraphQLNonNull(getNullableType(definition.type))
        : definition.type;
      const node = this.#member(member, { type: memberType, coordinate });
      return [{ kind: Kind.OBJECT_FIELD, name: { kind: Kind.NAME, value: name }, value: node }];
    });
    return { kind: Kind.OBJECT, fields };
  }

  #member(value: unknown, location: Omit<ValueLocation, "hasDefault">): ValueNode {
    const { type } = location;
    if (value === undefined || this.#random.next() > memberVariableShare)
      return this.#literalWithVariables(value, location);
    const isNullable = !isNonNullType(type) && (value === null || this.#random.next() < 0.5);
    const name = this.#newName(location.coordinate);
    const declared = isNullable ? getNullableType(type) : new GraphQLNonNull(getNullableType(type));
    this.#variables.push({ name, type: declared, defaultValue: undefined, value });
    return { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: name } };
  }
}

const variableShare = 0.4;
const memberVariableShare = 0.2;
/** How often a variable is null where the schema refuses that, which costs the field. */
const refusedNullShare = 0.05;

/** `isTypeSubTypeOf` compares structure only, and is typed for outputs. */
function asOutput(type: GraphQLInputType): Parameters<typeof isTypeSubTypeOf>[1] {
  return type as Parameters<typeof isTypeSubTypeOf>[1];
}
