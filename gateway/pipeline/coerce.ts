import { coerceByStandard } from "../execute/standard-variables.ts";
import { checkVariables } from "../policy/limits.ts";
import type { PrepareTerms } from "../prepare/prepare-operation.ts";
import type { BffRuntime } from "./bff-runtime.ts";
import type { CoercedVariables } from "../prepare/compile-variables.ts";
import type { FoundOperation } from "./prepare.ts";

/** An operation with its variables as it declares them. */
export interface CoercedOperation extends FoundOperation {
  readonly coerced: CoercedVariables;
}

/**
 * Coerces the variables. Refuses them with LIMIT_EXCEEDED where they are larger than variables may be, and with
 * BAD_USER_INPUT where they do not fit the operation.
 */
export function coerce(
  { schema, showsSuggestions }: Pick<BffRuntime, "schema" | "showsSuggestions">,
  { prepared, variables }: FoundOperation,
  terms: Pick<PrepareTerms, "limits" | "onExcess">,
): CoercedOperation {
  // Coercing takes stack for each level.
  checkVariables(terms.limits, prepared, variables, terms);
  const coerced =
    prepared.coerceVariables(variables) ??
    coerceByStandard(
      { schema, showsSuggestions, maxErrors: terms.limits.maxErrors },
      prepared.operation,
      variables,
    );
  return { prepared, variables, coerced };
}
