import type { Caller } from "../core/caller.ts";
import { RequestRefusal } from "../core/request-refusal.ts";
import type { RequestScope } from "../core/request-scope.ts";
import type { Denials } from "../policy/access-rules.ts";
import { decideAccess } from "../policy/decide-access.ts";
import type { OperationRequest, PreparedOperation } from "../prepare/prepared-operation.ts";
import { dependsOnVisibility } from "./admit-introspection.ts";
import { askPolicies } from "./ask-policies.ts";
import type { BffRuntime } from "./bff-runtime.ts";
import type { CoercedOperation } from "./coerce.ts";

/**
 * Decides on the whole operation what its caller may read, before anything is sent upstream. Where the BFF rejects what
 * is not allowed, refuses an operation that names such a thing with UNAUTHORIZED_FIELD_OR_TYPE, or UNAUTHENTICATED where
 * nobody in particular asks.
 */
export function admit(
  bff: BffRuntime,
  operation: CoercedOperation,
  scope: RequestScope,
): OperationRequest | Promise<OperationRequest> {
  const { prepared } = operation;
  // What may be seen of the schema depends on all of it.
  const guards = dependsOnVisibility(bff, prepared) ? [...bff.access.guards.keys()] : prepared.guards.guards;
  if (guards.length === 0) return requestFor(operation, null);
  const denials = decideAccess(bff.access, guards, scope.caller, askPolicies(bff, prepared, scope));
  return denials instanceof Promise
    ? denials.then((decided) => admitWith(bff, operation, scope, decided))
    : admitWith(bff, operation, scope, denials);
}

function admitWith(
  { settings }: BffRuntime,
  operation: CoercedOperation,
  { caller }: RequestScope,
  denials: Denials | null,
): OperationRequest {
  if (denials !== null && settings.denied === "reject")
    refuseDenied(operation.prepared, { denials, kind: caller.kind });
  return requestFor(operation, denials);
}

/**
 * Refuses an operation that names what its caller may not read. What it only comes upon, as an object of a guarded type
 * behind an interface, or in what it asks about the schema, is denied in its place.
 */
export function refuseDenied(
  { guards }: Pick<PreparedOperation, "guards">,
  { denials, kind }: { readonly denials: Denials } & Pick<Caller, "kind">,
): void {
  const denied = guards.named.filter(({ types, fieldName }) =>
    types.every(({ name }) => denials.failedOf(name, fieldName).length > 0),
  );
  if (denied.length === 0) return;
  const reasons = denied
    .slice(0, maxReasons)
    .map(({ coordinate }) => ({ message: `The caller may not read ${coordinate}.`, locations: [] }));
  throw new RequestRefusal(kind === "anonymous" ? "UNAUTHENTICATED" : "UNAUTHORIZED_FIELD_OR_TYPE", reasons);
}

const maxReasons = 20;

function requestFor(
  { prepared, variables, coerced }: CoercedOperation,
  denials: Denials | null,
): OperationRequest {
  return { prepared, variant: prepared.variantFor(coerced, denials), variables, coerced, denials };
}
