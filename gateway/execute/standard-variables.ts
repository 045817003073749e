import { getVariableValues } from "@graphql-tools/executor";
import { GraphQLError, type GraphQLSchema, type OperationDefinitionNode } from "graphql";
import { RequestRefusal } from "../core/request-refusal.ts";
import type { CoercedVariables } from "../prepare/compile-variables.ts";

/**
 * The standard coercion, for what the compiled one gives up on. Refuses the request with BAD_USER_INPUT where a value does
 * not fit.
 */
export function coerceByStandard(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
  values: Readonly<Record<string, unknown>>,
): CoercedVariables {
  const { errors, variableValues } = getVariableValues(schema, variableDefinitions, values, { maxErrors });
  if (errors !== undefined) throw refusalOfVariables(errors);
  const { coerced } = variableValues;
  return Object.fromEntries(
    variableDefinitions.map(({ variable: { name } }) => [
      name.value,
      Object.hasOwn(coerced, name.value) ? coerced[name.value] : undefined,
    ]),
  );
}

/** What the standard executor says of variables that do not fit. */
export function refusalOfVariables(errors: readonly GraphQLError[]): RequestRefusal {
  const reasons = errors.map((error) => ({
    // The standard coercion hands on what overflowed while it read the values.
    message: isOverflow(error) ? "The variables are nested too deeply." : error.message,
    locations: error.locations ?? [],
  }));
  return new RequestRefusal("BAD_USER_INPUT", reasons);
}

/** As many as the standard executor tells. */
const maxErrors = 50;

function isOverflow(error: unknown): boolean {
  return error instanceof RangeError || (error instanceof GraphQLError && isOverflow(error.originalError));
}
