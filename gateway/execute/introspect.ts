import { execute } from "@graphql-tools/executor";
import type { ExecutionResult, GraphQLSchema } from "graphql";
import type { OperationRequest } from "../prepare/prepared-operation.ts";
import { type ExecutedOperation, toExecuted } from "./executed-operation.ts";

/**
 * Answers an operation that asks for nothing but introspection from a schema, which need not be the one it was prepared for.
 * It takes up to some 100 ms of the processor, all of it before this returns.
 */
export async function introspect(
  schema: GraphQLSchema,
  { prepared: { document, name }, variables }: Pick<OperationRequest, "prepared" | "variables">,
): Promise<ExecutedOperation> {
  const result = await execute({ schema, document, variableValues: variables, operationName: name });
  // What a schema says of itself is read from no source: it costs what it was estimated to.
  return toExecuted(result as ExecutionResult, () => null);
}
