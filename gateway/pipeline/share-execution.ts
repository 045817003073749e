import { anonymousCaller, type Caller } from "../core/caller.ts";
import { OverlockError } from "../core/errors.ts";
import type { RequestHeaders, RequestScope } from "../core/request-scope.ts";
import type { OperationRequest } from "../prepare/prepared-operation.ts";
import type { SharingRule } from "../prepare/sharing-rule.ts";
import { type RunParts, type RunWaiter, type Share, SharedRuns } from "./shared-runs.ts";
import { SharingKeys } from "./sharing-key.ts";

/** What requests of one BFF share. */
export interface RequestSharing<Result> {
  readonly keys: SharingKeys;
  readonly runs: SharedRuns<Result>;
}

export function createRequestSharing<Result>(): RequestSharing<Result> {
  return { keys: new SharingKeys(), runs: new SharedRuns() };
}

/**
 * Runs an operation by `run` for all requests at once that get the same answer, whoever asks: for this one, or one that
 * has begun already. What the run sees of its caller is only what all of them have in common. Null: the request is not to
 * be shared. Raises CANCELLED where its client is gone.
 */
export function shareExecution<Result>(
  sharing: RequestSharing<Result> | null,
  { variant, coerced }: OperationRequest,
  waiter: RunWaiter & { readonly scope: RequestScope },
  run: (scope: RequestScope) => Promise<Result>,
): Share<Result> | null {
  const rule = variant?.compiled?.sharing ?? null;
  if (sharing === null || rule === null) return null;
  const key = sharing.keys.keyOf(rule, coerced, waiter.scope);
  if (key === null) return null;
  return sharing.runs.share(key, waiter, (parts) => run(scopeOfRun(rule, waiter.scope, parts)));
}

/** The scope of the request that starts the run, without what the others need not have in common with it. */
function scopeOfRun(rule: SharingRule, scope: RequestScope, parts: RunParts): RequestScope {
  return {
    requestId: scope.requestId,
    caller: rule.isOfCaller ? scope.caller : someCaller(rule, scope.caller),
    headers: new SharedHeaders(rule, scope.headers),
    deadline: parts.deadline,
    locale: scope.locale,
    timeZone: scope.timeZone,
    absorbed: [],
    kept: new Map(),
    progress: parts.progress,
    recordUpstreamCall: (call) => parts.recordUpstreamCall(call),
  };
}

/** Anybody with these claims. */
function someCaller({ claims }: SharingRule, caller: Caller): Caller {
  if (claims.length === 0) return anonymousCaller;
  const shared = Object.create(null) as Record<string, Caller["claims"][string]>;
  for (const name of claims) {
    const value = caller.claims[name];
    if (value !== undefined) shared[name] = value;
  }
  return { ...anonymousCaller, claims: shared };
}

/** What all have in common of their headers; to read another one is a fault of the gateway's own, and fails. */
class SharedHeaders implements RequestHeaders {
  readonly #rule: SharingRule;
  readonly #headers: RequestHeaders;

  constructor(rule: SharingRule, headers: RequestHeaders) {
    this.#rule = rule;
    this.#headers = headers;
  }

  get(name: string): string | undefined {
    if (this.#rule.headers.has(name) || traceHeaders.has(name)) return this.#headers.get(name);
    throw new OverlockError("INTERNAL_SERVER_ERROR", `the header ${name} is no part of what is shared`);
  }
}

/** They say where a call belongs: to the request that started the run. They change nothing of the answer. */
const traceHeaders: ReadonlySet<string> = new Set(["traceparent", "tracestate"]);
