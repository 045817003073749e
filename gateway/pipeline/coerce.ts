import { coerceByStandard } from "../execute/standard-variables.ts";
import type { BffRuntime } from "./bff-runtime.ts";
import type { CoercedVariables } from "../prepare/compile-variables.ts";
import type { FoundOperation } from "./prepare.ts";

/** An operation with its variables as it declares them. */
export interface CoercedOperation extends FoundOperation {
  readonly coerced: CoercedVariables;
}

/** Coerces the variables. Refuses them with BAD_USER_INPUT where they do not fit the operation. */
export function coerce(
  { schema, showsSuggestions }: Pick<BffRuntime, "schema" | "showsSuggestions">,
  { prepared, variables }: FoundOperation,
): CoercedOperation {
  const coerced =
    prepared.coerceVariables(variables) ??
    coerceByStandard({ schema, showsSuggestions }, prepared.operation, variables);
  return { prepared, variables, coerced };
}
