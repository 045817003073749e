import {
  type ConstValueNode,
  type GraphQLInputField,
  type GraphQLInputType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  Kind,
} from "graphql";
import type { SeededRandom } from "../backends/seeded-random.ts";

/**
 * Values worth trying, by the coordinate of the argument or input field that takes them (`Query.product(id:)`,
 * `Filter.tags`), or by the name of their type. For a list they are its elements.
 */
export type ValuePools = ReadonlyMap<string, readonly unknown[]>;

/** Makes values as a client sends them in variables. */
export class RandomValues {
  readonly #random: SeededRandom;
  readonly #pools: ValuePools;

  constructor(random: SeededRandom, pools: ValuePools) {
    this.#random = random;
    this.#pools = pools;
  }

  /** A value of a type, for what stands at `coordinate`; null now and then where it may be. */
  valueOf(type: GraphQLInputType, coordinate: string, level = 0): unknown {
    if (isNonNullType(type)) return this.#valueNotNull(type.ofType, coordinate, level);
    return this.#random.next() < nullShare ? null : this.#valueNotNull(type, coordinate, level);
  }

  #valueNotNull(type: GraphQLInputType, coordinate: string, level: number): unknown {
    if (isNonNullType(type)) return this.#valueNotNull(type.ofType, coordinate, level);
    if (isListType(type)) {
      const length = this.#random.integer(0, level > maxLevel ? 0 : 3);
      return Array.from({ length }, () => this.valueOf(type.ofType, coordinate, level + 1));
    }
    const pool = this.#pools.get(coordinate) ?? this.#pools.get(type.name);
    if (pool !== undefined) return this.#random.pick(pool);
    if (isEnumType(type)) return this.#random.pick(type.getValues()).name;
    if (!isInputObjectType(type)) return this.#random.pick(scalarValues.get(type.name) ?? otherValues);
    const fields = Object.values(type.getFields());
    if (type.isOneOf) {
      const field = this.#random.pick(fields);
      const value = this.#valueNotNull(getNullableType(field.type), `${type.name}.${field.name}`, level + 1);
      return { [field.name]: value };
    }
    const given = fields.filter((field) => isRequired(field) || this.#isGiven(level));
    return Object.fromEntries(
      given.map((field) => [field.name, this.valueOf(field.type, `${type.name}.${field.name}`, level + 1)]),
    );
  }

  #isGiven(level: number): boolean {
    return level < maxLevel && this.#random.next() < 0.5;
  }
}

const nullShare = 0.08;
const maxLevel = 3;

const scalarValues: ReadonlyMap<string, readonly unknown[]> = new Map<string, readonly unknown[]>([
  ["Int", [0, 1, 2, 3, 5, 10, -1, 2_147_483_647, -2_147_483_648]],
  ["Float", [0, 1, -1, 0.5, 1e21, -2.5e-7, 3]],
  ["String", ["", "a", "lamp", 'say "hi"\n\\', "łódź 👩‍👩‍👧", "null", "__proto__"]],
  ["Boolean", [true, false]],
  ["ID", ["1", "2", "p1", "no such id", ""]],
]);

/** Of a scalar that nothing is known about. */
const otherValues: readonly unknown[] = ["text", "", 7];

function isRequired(field: GraphQLInputField): boolean {
  return isNonNullType(field.type) && field.defaultValue === undefined;
}

/** A value as a client writes it into a document. */
export function literalOf(value: unknown, type: GraphQLInputType): ConstValueNode {
  if (value === null || value === undefined) return { kind: Kind.NULL };
  if (isNonNullType(type)) return literalOf(value, type.ofType);
  if (isListType(type)) {
    if (!Array.isArray(value)) return literalOf(value, type.ofType);
    return { kind: Kind.LIST, values: value.map((element) => literalOf(element, type.ofType)) };
  }
  if (isInputObjectType(type)) {
    const definitions = type.getFields();
    const fields = Object.entries(value as Readonly<Record<string, unknown>>).flatMap(([name, member]) => {
      const definition = definitions[name];
      if (definition === undefined) return [];
      const node = literalOf(member, definition.type);
      return [{ kind: Kind.OBJECT_FIELD, name: { kind: Kind.NAME, value: name }, value: node } as const];
    });
    return { kind: Kind.OBJECT, fields };
  }
  if (typeof value === "boolean") return { kind: Kind.BOOLEAN, value };
  if (typeof value === "number") {
    const kind = Number.isInteger(value) && Math.abs(value) < 1e15 ? Kind.INT : Kind.FLOAT;
    return { kind, value: String(value) };
  }
  if (typeof value !== "string") throw new Error(`Expected a value of ${type.name}, found ${typeof value}.`);
  if (isEnumType(type)) return { kind: Kind.ENUM, value };
  // An ID may be written as an integer too.
  if (type.name === "ID" && /^[1-9]\d{0,8}$/.test(value)) return { kind: Kind.INT, value };
  return { kind: Kind.STRING, value };
}
