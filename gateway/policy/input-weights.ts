import {
  getNamedType,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  isInputObjectType,
  isListType,
  isNonNullType,
} from "graphql";
import { readOwn } from "../language/evaluate-selection.ts";

/** What the input fields in a value weigh together; may be below 0. */
export type ValueWeight = (value: unknown) => number;

/** What arguments and input fields weigh: what `declared` says of their coordinates, else what their kind does. */
export class InputWeights {
  readonly #declared: (coordinate: string) => number | null;
  readonly #objects = new Map<string, ValueWeight | null>();

  constructor(declared: (coordinate: string) => number | null) {
    this.#declared = declared;
  }

  /** Of an argument or an input field itself. */
  weightOf(coordinate: string, type: GraphQLInputType): number {
    return this.#declared(coordinate) ?? (isInputObjectType(getNamedType(type)) ? 1 : 0);
  }

  /** Of the input fields in values of a type; null where that is nothing. */
  valueWeightOf(type: GraphQLInputType): ValueWeight | null {
    if (isNonNullType(type)) return this.valueWeightOf(type.ofType);
    if (isListType(type)) {
      const ofElement = this.valueWeightOf(type.ofType);
      return ofElement === null ? null : (value) => weightOfElements(value, ofElement);
    }
    return isInputObjectType(type) ? this.#objectWeightOf(type) : null;
  }

  #objectWeightOf(type: GraphQLInputObjectType): ValueWeight | null {
    const known = this.#objects.get(type.name);
    if (known !== undefined) return known;
    let compiled: ValueWeight = () => 0;
    // Types may hold themselves.
    this.#objects.set(type.name, (value) => compiled(value));
    const members = Object.values(type.getFields()).flatMap((field) => {
      const weight = this.weightOf(`${type.name}.${field.name}`, field.type);
      const inner = this.valueWeightOf(field.type);
      return weight === 0 && inner === null ? [] : [{ name: field.name, weight, inner }];
    });
    if (members.length === 0) this.#objects.set(type.name, null);
    compiled = (value) => {
      let sum = 0;
      for (const { name, weight, inner } of members) {
        const member = readOwn(value, name);
        if (member !== undefined && member !== null) sum += weight + (inner?.(member) ?? 0);
      }
      return sum;
    };
    return members.length === 0 ? null : compiled;
  }
}

/** The sum; of elements below 0 only the least counts, so that nobody makes a field cheap by a long list of them. */
function weightOfElements(value: unknown, ofElement: ValueWeight): number {
  if (!Array.isArray(value)) return value === null || value === undefined ? 0 : ofElement(value);
  let sum = 0;
  let least = 0;
  for (const element of value) {
    const weight = ofElement(element);
    if (weight > 0) sum += weight;
    else least = Math.min(least, weight);
  }
  return sum + least;
}
