import { OperationTypeNode } from "graphql";
import type { Waiter } from "../core/deadline.ts";
import { RequestRefusal } from "../core/request-refusal.ts";
import type { PrepareTerms } from "../prepare/prepare-operation.ts";
import type { PreparedOperation } from "../prepare/prepared-operation.ts";
import { refuseIntrospection } from "./admit-introspection.ts";
import type { BffRuntime } from "./bff-runtime.ts";
import type { GatewayRequest, RequestParams } from "./gateway-request.ts";

/** What preparing needs of a BFF. */
export type PreparingRuntime = Pick<BffRuntime, "preparer" | "preparingTurns" | "introspection" | "schema">;

/** What a request asks for: the operation that it means, and its variables as they were sent. */
export interface FoundOperation {
  readonly prepared: PreparedOperation;
  readonly variables: Readonly<Record<string, unknown>>;
}

/**
 * Checks the parameters and finds the operation; one of an unseen document when it is its turn, or not at all where the request
 * is over before. Refuses what is no GraphQL request with BAD_REQUEST, and introspection where it is off.
 */
export function prepare(
  bff: PreparingRuntime,
  request: Pick<GatewayRequest, "method">,
  params: RequestParams,
  { terms, deadline }: { readonly terms: PrepareTerms; readonly deadline: Waiter },
): FoundOperation | Promise<FoundOperation> {
  const { query, operationName = null, variables = null, extensions = null } = params;
  if (typeof query !== "string") throw badRequest("query", "a text", query);
  if (operationName !== null && typeof operationName !== "string") {
    throw badRequest("operationName", "a text or null", operationName);
  }
  if (!isObjectOrNull(variables)) throw badRequest("variables", "an object or null", variables);
  if (!isObjectOrNull(extensions)) throw badRequest("extensions", "an object or null", extensions);
  const name = operationName === "" ? null : operationName;
  const known = bff.preparer.find(query, name, terms);
  if (known !== null) return checkKind(bff, request, { prepared: known, variables: variables ?? {} });
  const work = (): FoundOperation => {
    const prepared = bff.preparer.prepare(query, name, terms);
    return checkKind(bff, request, { prepared, variables: variables ?? {} });
  };
  return bff.preparingTurns.run(query, work, deadline);
}

function checkKind(
  bff: PreparingRuntime,
  request: Pick<GatewayRequest, "method">,
  found: FoundOperation,
): FoundOperation {
  const { prepared } = found;
  refuseIntrospection(bff, prepared);
  const kind = prepared.operation.operation;
  if (request.method === "GET" && kind !== OperationTypeNode.QUERY) {
    const reason = { message: "Only queries may be sent by GET.", locations: [] };
    throw new RequestRefusal("METHOD_NOT_ALLOWED", [reason], { allow: "POST" });
  }
  // The rules of validation pass over an operation of a kind that the schema has no root type for.
  if ((bff.schema.getRootType(kind) ?? null) === null)
    throw RequestRefusal.of("OPERATION_RESOLUTION_FAILURE", `This schema has no ${kind} type.`);
  return found;
}

function isObjectOrNull(value: unknown): value is Record<string, unknown> | null {
  return typeof value === "object" && !Array.isArray(value);
}

function badRequest(name: string, expected: string, found: unknown): RequestRefusal {
  const kind =
    found === undefined
      ? "nothing"
      : found === null
        ? "null"
        : Array.isArray(found)
          ? "a list"
          : typeof found;
  return RequestRefusal.of("BAD_REQUEST", `Expected ${expected} as ${name}, found ${kind}.`);
}
