import { coerceByStandard } from "../execute/standard-variables.ts";
import type { OperationRequest } from "../prepare/prepared-operation.ts";
import type { BffRuntime } from "./bff-runtime.ts";
import type { FoundOperation } from "./prepare.ts";

/** Coerces the variables. Refuses them with BAD_USER_INPUT where they do not fit the operation. */
export function coerce(
  { schema }: Pick<BffRuntime, "schema">,
  { prepared, variables }: FoundOperation,
): OperationRequest {
  const coerced =
    prepared.coerceVariables(variables) ?? coerceByStandard(schema, prepared.operation, variables);
  return { prepared, variant: prepared.variantFor(coerced), variables, coerced };
}
