import type { GraphQLSchema } from "graphql";
import { RequestRefusal } from "../core/request-refusal.ts";
import type { Denials } from "../policy/access-rules.ts";
import type { PreparedOperation } from "../prepare/prepared-operation.ts";
import type { BffRuntime } from "./bff-runtime.ts";

type Prepared = Pick<PreparedOperation, "introspection">;

/**
 * Refuses an operation that asks about the schema with GRAPHQL_VALIDATION_FAILED, where the BFF tells nobody: for its
 * clients the schema has no `__schema` and no `__type`.
 */
export function refuseIntrospection(
  { introspection }: Pick<BffRuntime, "introspection">,
  prepared: Prepared,
): void {
  if (introspection !== "none" || prepared.introspection === null) return;
  throw refusal(prepared, "Introspection is off here: __schema and __type can't be queried.");
}

/** Whether what the caller may see of the schema has to be known for the answer. */
export function dependsOnVisibility(
  { introspection }: Pick<BffRuntime, "introspection">,
  prepared: Prepared,
): boolean {
  return introspection === "allowed" && prepared.introspection !== null;
}

/**
 * The schema from which an operation is answered that asks about the schema; null: it is run like any other. Refuses one
 * that asks for data as well, where there are things that the caller may not see, with GRAPHQL_VALIDATION_FAILED.
 */
export function visibleSchemaFor(
  bff: Pick<BffRuntime, "introspection" | "visibleSchemas">,
  { prepared, denials }: { readonly prepared: Prepared; readonly denials: Denials | null },
): GraphQLSchema | null {
  if (denials === null || !dependsOnVisibility(bff, prepared)) return null;
  if (prepared.introspection?.isAlone === true) return bff.visibleSchemas(denials);
  throw refusal(
    prepared,
    "Introspection has to be an operation of its own here: __schema and __type beside nothing else.",
  );
}

function refusal({ introspection }: Prepared, message: string): RequestRefusal {
  return new RequestRefusal("GRAPHQL_VALIDATION_FAILED", [
    { message, locations: introspection?.locations ?? [] },
  ]);
}
