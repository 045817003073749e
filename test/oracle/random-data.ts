import {
  getNullableType,
  type GraphQLFieldResolver,
  type GraphQLOutputType,
  type GraphQLSchema,
  isAbstractType,
  isEnumType,
  isLeafType,
  isListType,
  isNonNullType,
} from "graphql";
import { SeededRandom } from "../backends/seeded-random.ts";

/** An object of random data: all that is below it follows from its seed. */
interface RandomObject {
  readonly __typename: string;
  readonly seed: number;
}

/** How random data goes wrong, 0 to 1 each. */
export interface RandomDataOptions {
  readonly nullShare?: number;
  readonly errorShare?: number;
  /** How many values come as promises. */
  readonly promiseShare?: number;
}

/**
 * A resolver for every field of a schema: values follow from the object, the field and its arguments, so that each
 * executor that asks the same gets the same, and one that passes on a wrong argument gets something else.
 */
export function randomDataResolver(
  schema: GraphQLSchema,
  { nullShare = 0.1, errorShare = 0.03, promiseShare = 0.5 }: RandomDataOptions = {},
): GraphQLFieldResolver<unknown, unknown> {
  const valueOf = (type: GraphQLOutputType, random: SeededRandom): unknown => {
    if (!isNonNullType(type) && random.next() < nullShare) return null;
    const nullable = getNullableType(type);
    if (isListType(nullable))
      return Array.from({ length: random.integer(0, 3) }, () => valueOf(nullable.ofType, random));
    if (isEnumType(nullable)) return random.pick(nullable.getValues()).value;
    if (isLeafType(nullable)) return leafValue(nullable.name, random);
    const objectType = isAbstractType(nullable) ? random.pick(schema.getPossibleTypes(nullable)) : nullable;
    return { __typename: objectType.name, seed: random.integer(0, 1_000_000) } satisfies RandomObject;
  };
  return (parent, args, _context, { fieldName, returnType }) => {
    const { seed = 0 } = (parent ?? {}) as Partial<RandomObject>;
    const random = new SeededRandom(hashOf(`${seed} ${fieldName} ${JSON.stringify(args)}`));
    const isPromise = random.next() < promiseShare;
    if (random.next() < errorShare) {
      const error = new Error(`${fieldName} failed`);
      if (isPromise) return Promise.reject(error);
      throw error;
    }
    const value = valueOf(returnType, random);
    return isPromise ? Promise.resolve(value) : value;
  };
}

function leafValue(typeName: string, random: SeededRandom): unknown {
  if (typeName === "Boolean") return random.next() < 0.5;
  if (typeName === "Int") return random.integer(-5, 100);
  if (typeName === "Float") return random.integer(-500, 500) / 100;
  return `${typeName} ${random.integer(1, 1000)}`;
}

/** FNV-1a, 31 bits. */
function hashOf(text: string): number {
  let hash = 2_166_136_261;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 16_777_619);
  }
  return (hash >>> 1) % 2_147_483_000;
}
