import {
  GraphQLBoolean,
  GraphQLFloat,
  GraphQLID,
  GraphQLInt,
  type GraphQLLeafType,
  GraphQLString,
} from "graphql";

/**
 * Whether a leaf type shows a value at all: what its `serialize` would raise for has no form. For types that are not of
 * the specification only `serialize` knows, so that the answer is true. An error of GraphQL's own costs some ten
 * microseconds, and where one value of a list has no form, thousands may have none.
 */
export function hasLeafForm(type: GraphQLLeafType, value: unknown): boolean {
  return standardTypes.get(type)?.(value) ?? true;
}

const maxInt = 2 ** 31 - 1;
const minInt = -(2 ** 31);

function isInt(value: number): boolean {
  return Number.isInteger(value) && value <= maxInt && value >= minInt;
}

/** https://spec.graphql.org/September2025/#sec-Scalars.Built-in-Scalars, as graphql-js reads it. */
const standardTypes: ReadonlyMap<GraphQLLeafType, (value: unknown) => boolean> = new Map([
  [
    GraphQLInt as GraphQLLeafType,
    (value: unknown) =>
      typeof value === "boolean" ||
      (typeof value === "number" && isInt(value)) ||
      (typeof value === "string" && value !== "" && isInt(Number(value))),
  ],
  [
    GraphQLFloat,
    (value) =>
      typeof value === "boolean" ||
      (typeof value === "number" && Number.isFinite(value)) ||
      (typeof value === "string" && value !== "" && Number.isFinite(Number(value))),
  ],
  [
    GraphQLBoolean,
    (value) => typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value)),
  ],
  [
    GraphQLString,
    (value) =>
      typeof value === "string" ||
      typeof value === "boolean" ||
      (typeof value === "number" && Number.isFinite(value)),
  ],
  [GraphQLID, (value) => typeof value === "string" || (typeof value === "number" && Number.isInteger(value))],
]);
