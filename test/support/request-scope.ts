import { anonymousCaller, type Caller, type ClaimValue } from "../../gateway/core/caller.ts";
import { Deadline } from "../../gateway/core/deadline.ts";
import { noProgress, type RequestScope, type UpstreamCall } from "../../gateway/core/request-scope.ts";

export interface ScopeOptions {
  /** Null: an anonymous caller. */
  readonly claims?: Readonly<Record<string, ClaimValue>> | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** Fires when the client goes away. */
  readonly client?: AbortSignal | null;
}

/** A request scope that keeps what was recorded. Its deadline is the test's to dispose. */
export interface TestScope extends RequestScope {
  readonly calls: UpstreamCall[];
}

export function createScope(options: ScopeOptions = {}): TestScope {
  const { claims = null, headers = {}, timeoutMs = 10_000, client = null } = options;
  const calls: UpstreamCall[] = [];
  return {
    requestId: "request-1",
    caller: claims === null ? anonymousCaller : callerWith(claims),
    headers: new Map(Object.entries(headers)),
    deadline: Deadline.start(timeoutMs, client),
    locale: "en-US",
    timeZone: "UTC",
    absorbed: [],
    kept: new Map(),
    progress: noProgress(),
    calls,
    recordUpstreamCall: (call) => void calls.push(call),
  };
}

function callerWith(claims: Readonly<Record<string, ClaimValue>>): Caller {
  const own = Object.assign(Object.create(null) as Record<string, ClaimValue>, claims);
  const subject = typeof claims["sub"] === "string" ? claims["sub"] : null;
  return {
    kind: "jwt",
    subject,
    consumer: null,
    tier: null,
    scopes: new Set(),
    issuer: "https://issuer.example",
    claims: own,
  };
}
