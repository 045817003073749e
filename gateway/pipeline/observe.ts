import type { Caller } from "../core/caller.ts";
import type { ErrorCode } from "../core/error-codes.ts";
import type { AbsorbedError, RunProgress, UpstreamCall } from "../core/request-scope.ts";
import type { OperationCost } from "../policy/settle-cost.ts";
import type { BffRuntime } from "./bff-runtime.ts";
import type { FieldError } from "../execute/executed-operation.ts";
import type { ExecutedPlan } from "./explain.ts";
import type { GatewayRequest } from "./gateway-request.ts";

/** How one request went. Held while it runs; written out once. */
export interface RequestRecord {
  /** Null where it was refused before anybody could tell. */
  caller: Pick<Caller, "kind" | "consumer"> | null;
  operation: string | null;
  /** The tier whose rules hold; null: none, or before anybody could tell. */
  tier: string | null;
  /** Of its run, whoever began it; null where none is begun. */
  progress: RunProgress | null;
  /** What it was let in for, and what it cost in the end; null where it was not let in. */
  cost: { readonly estimate: OperationCost; readonly actual: OperationCost } | null;
  readonly upstreamCalls: UpstreamCall[];
  absorbed: readonly AbsorbedError[];
  /** It was answered by a run that another request had begun. */
  isJoined: boolean;
  /** Null where it was not asked for. */
  plan: ExecutedPlan | null;
  errors: readonly (Pick<FieldError, "code"> & { readonly cause: unknown })[];
  outcome: "ok" | "partial" | "error" | "refused";
  status: number;
}

export function startRecord(): RequestRecord {
  return {
    caller: null,
    operation: null,
    tier: null,
    progress: null,
    cost: null,
    upstreamCalls: [],
    absorbed: [],
    isJoined: false,
    plan: null,
    errors: [],
    outcome: "refused",
    status: 0,
  };
}

/**
 * One log line and the metrics of a request. Neither variables nor tokens nor anything else that a client or backend
 * wrote is in it, but for the operation's name and that of the consumer, which its credential tells; what an internal
 * error said is logged at debug level. Of faults of the gateway's own, which only its developers can mend, the first is
 * logged at error level.
 */
export function observe(bff: BffRuntime, request: GatewayRequest, record: RequestRecord): void {
  const { logger, metrics, requestMetrics } = bff;
  const client = bff.settings.name;
  const durationMs = performance.now() - request.receivedAtMs;
  requestMetrics.outcome(record.outcome).add(1);
  requestMetrics.duration.observe(durationMs / 1000);
  // Of one request there may be thousands.
  for (const [code, count] of countCodes(record.errors))
    metrics.increment("overlock_errors_total", { bff: client, code }, count);
  for (const [code, count] of countCodes(record.absorbed))
    metrics.increment("overlock_absorbed_errors_total", { bff: client, code }, count);
  if (record.isJoined) requestMetrics.joined.add(1);
  countCredential(bff, record);
  countCost(bff, record);
  let joinedCalls = 0;
  for (const { source, code, durationMs: callMs, isJoined } of record.upstreamCalls) {
    if (isJoined) {
      joinedCalls++;
      requestMetrics.joinedCalls(source).add(1);
    } else requestMetrics.call(source).observe(code, callMs);
  }
  logger.record(
    {
      requestId: request.requestId,
      client,
      credential: record.caller?.kind ?? null,
      consumer: record.caller?.consumer?.slice(0, maxNameLength) ?? null,
      operation: record.operation?.slice(0, maxNameLength) ?? null,
      outcome: record.outcome,
      status: record.status,
      durationMs: Math.round(durationMs * 100) / 100,
      isJoined: record.isJoined,
      upstreamCalls: record.upstreamCalls.length - joinedCalls,
      joinedCalls,
      errorCodes: Object.fromEntries(countCodes([...record.errors, ...record.absorbed])),
    },
    "request",
  );
  const { requestId } = request;
  for (const { code, cause } of record.errors) logger.debug({ requestId, client, code, err: cause }, "error");
  const fault = record.errors.find(({ code }) => code === "INTERNAL_SERVER_ERROR");
  if (fault !== undefined) logger.error({ requestId, client, err: fault.cause }, "fault of the gateway");
}

const maxNameLength = 100;

/** What the operation cost, or why it was refused for that. */
function countCost({ settings, metrics, requestMetrics }: BffRuntime, record: RequestRecord): void {
  const { caller, cost, tier, errors } = record;
  const bff = settings.name;
  if (cost !== null) {
    // Whoever shows no credential does not choose names of time series.
    const operation = { name: record.operation, isNamed: caller?.kind !== "anonymous" };
    requestMetrics.cost(operation, cost.estimate, cost.actual);
  }
  const [refusal] = errors;
  const reason =
    record.outcome === "refused" && refusal !== undefined ? demandReasons[refusal.code] : undefined;
  if (reason !== undefined)
    metrics.increment("overlock_refused_operations_total", { bff, reason, tier: tier ?? "none" });
}

const demandReasons: Partial<Record<ErrorCode, string>> = {
  LIMIT_EXCEEDED: "limit",
  COST_LIMIT_EXCEEDED: "cost",
  RATE_LIMITED: "budget",
  OVERLOADED: "overload",
  STATE_UNAVAILABLE: "store",
};

/** By what the caller was known, or why a credential was refused. */
function countCredential(
  { settings, metrics, requestMetrics }: BffRuntime,
  { caller, errors }: RequestRecord,
): void {
  if (caller !== null) {
    requestMetrics.caller(caller.kind).add(1);
    return;
  }
  const [refusal] = errors;
  const reason = refusal === undefined ? undefined : refusalReasons[refusal.code];
  if (reason !== undefined)
    metrics.increment("overlock_refused_callers_total", { bff: settings.name, reason });
}

const refusalReasons: Partial<Record<ErrorCode, string>> = {
  UNAUTHENTICATED: "missing",
  CREDENTIAL_INVALID: "invalid",
  CREDENTIAL_EXPIRED: "expired",
  IDENTITY_UNAVAILABLE: "unavailable",
};

function countCodes(errors: readonly { readonly code: ErrorCode }[]): ReadonlyMap<ErrorCode, number> {
  if (errors.length === 0) return noCodes;
  const counts = new Map<ErrorCode, number>();
  for (const { code } of errors) counts.set(code, (counts.get(code) ?? 0) + 1);
  return counts;
}

const noCodes: ReadonlyMap<ErrorCode, number> = new Map();
