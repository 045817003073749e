import type { RequestScope } from "../core/request-scope.ts";
import type { ExecutedOperation } from "../execute/executed-operation.ts";
import type { Executor } from "../execute/executor.ts";
import type { OperationRequest } from "../prepare/prepared-operation.ts";

/** Runs the operation. Refuses it with BAD_USER_INPUT where there is no stack left to read the variables. */
export function executeOperation(
  { executor }: { readonly executor: Executor },
  request: OperationRequest,
  scope: RequestScope,
): Promise<ExecutedOperation> {
  return executor.execute(request, scope);
}
