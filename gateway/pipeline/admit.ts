import type { Caller } from "../core/caller.ts";
import type { RefusalReason } from "../core/request-refusal.ts";
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
 * is not allowed as a whole, refuses it with UNAUTHORIZED_FIELD_OR_TYPE, or UNAUTHENTICATED where nobody in particular
 * asks.
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
  if (denials === null || settings.denied === "filter") return requestFor(operation, denials);
  const refusal = refusalFor(operation.prepared, caller, denials);
  // Nothing of what it selects may be denied, where it asks about the schema.
  if (refusal.reasons.length === 0) return requestFor(operation, denials);
  throw refusal;
}

/** What an operation is refused with as a whole of which its caller may not read all. */
export function refusalFor(
  prepared: Pick<PreparedOperation, "guards">,
  { kind }: Pick<Caller, "kind">,
  denials: Denials,
): RequestRefusal {
  const code = kind === "anonymous" ? "UNAUTHENTICATED" : "UNAUTHORIZED_FIELD_OR_TYPE";
  return new RequestRefusal(code, reasonsFor(prepared, denials));
}

function requestFor(
  { prepared, variables, coerced }: CoercedOperation,
  denials: Denials | null,
): OperationRequest {
  return { prepared, variant: prepared.variantFor(coerced, denials), variables, coerced, denials };
}

function reasonsFor(
  { guards }: Pick<PreparedOperation, "guards">,
  denials: Denials,
): readonly RefusalReason[] {
  const denied = guards.coordinates.filter(({ coordinate }) => {
    const [typeName = "", fieldName = null] = coordinate.split(".");
    return denials.failedOf(typeName, fieldName).length > 0;
  });
  return denied
    .slice(0, maxReasons)
    .map(({ coordinate }) => ({ message: `The caller may not read ${coordinate}.`, locations: [] }));
}

const maxReasons = 20;
