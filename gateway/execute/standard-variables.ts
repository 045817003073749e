import { getVariableValues } from "@graphql-tools/executor";
import { GraphQLError, type GraphQLSchema, type OperationDefinitionNode } from "graphql";
import { RequestRefusal, withinMaxErrors } from "../core/request-refusal.ts";
import type { CoercedVariables } from "../prepare/compile-variables.ts";

export interface CoercionSettings {
  readonly schema: GraphQLSchema;
  /** Errors name what may have been meant. */
  readonly showsSuggestions: boolean;
  /** How many errors are told, at least 1; that there are more is one more. */
  readonly maxErrors: number;
}

/**
 * The standard coercion, for what the compiled one gives up on. Refuses the request with BAD_USER_INPUT where a value does
 * not fit.
 */
export function coerceByStandard(
  { schema, showsSuggestions, maxErrors }: CoercionSettings,
  { variableDefinitions = [] }: OperationDefinitionNode,
  values: Readonly<Record<string, unknown>>,
): CoercedVariables {
  const { errors, variableValues } = getVariableValues(schema, variableDefinitions, values, { maxErrors });
  if (errors !== undefined) throw refusalOfVariables(errors, showsSuggestions, maxErrors);
  const { coerced } = variableValues;
  return Object.fromEntries(
    variableDefinitions.map(({ variable: { name } }) => [
      name.value,
      Object.hasOwn(coerced, name.value) ? coerced[name.value] : undefined,
    ]),
  );
}

/**
 * What the standard executor says of variables that do not fit, with the names that may have been meant, or without. Beyond
 * `maxErrors` it adds one, which is told in words of ours.
 */
export function refusalOfVariables(
  errors: readonly GraphQLError[],
  showsSuggestions: boolean,
  maxErrors = Number.POSITIVE_INFINITY,
): RequestRefusal {
  const reasons = errors.map((error) => ({
    // The standard coercion hands on what overflowed while it read the values.
    message: isOverflow(error)
      ? "The variables are nested too deeply."
      : showsSuggestions
        ? error.message
        : withoutSuggestion(error.message),
    locations: error.locations ?? [],
  }));
  return new RequestRefusal("BAD_USER_INPUT", withinMaxErrors(reasons, maxErrors));
}

/**
 * The standard coercion has an option to leave suggestions away, and does not hand it on to graphql-js, where these come
 * from: https://github.com/graphql/graphql-js/blob/v16.15.0/src/jsutils/didYouMean.ts. They always end a message; what
 * a client has sent never does.
 */
function withoutSuggestion(message: string): string {
  return message.replace(/ Did you mean (?:the enum value )?"\w+"(?:, "\w+")*(?:,? or "\w+")?\?$/, "");
}

function isOverflow(error: unknown): boolean {
  return error instanceof RangeError || (error instanceof GraphQLError && isOverflow(error.originalError));
}
