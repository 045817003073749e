import { AggregatorRegistry, collectDefaultMetrics, type Metric, Registry } from "prom-client";
import { type ExposedMetric, MetricFamily, type Series } from "./metric-family.ts";

interface MetricEntry {
  readonly kind: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
  /** How the values of several processes become one, where they are not added up. */
  readonly aggregator?: "max" | "min";
  /** The upper bounds of a histogram's buckets, rising, where they are not {@link durationBuckets}. */
  readonly buckets?: readonly number[];
}

/** Seconds; the middle of the range is where a gateway's answers are. */
const durationBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** A cost has no unit; the limits of one operation are at the upper end. */
const costBuckets = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];
const differenceBuckets = [-10_000, -1000, -100, -10, -1, 0, 1, 10, 100, 1000, 10_000];

/**
 * Every metric of the gateway's own. Label values come from the configuration and the error registry only, so that no
 * client can make new ones; those of `operation` are bounded by BoundedNames. `docs/metrics.md` lists the same.
 */
export const metricCatalog = {
  overlock_requests_total: {
    kind: "counter",
    help: "Requests answered, by outcome: ok, partial (data and errors), error (no data), refused (before execution).",
    labels: ["bff", "outcome"],
  },
  overlock_request_duration_seconds: {
    kind: "histogram",
    help: "Time from a request's headers to its answer.",
    labels: ["bff"],
  },
  overlock_requests_in_flight: { kind: "gauge", help: "Requests being worked on.", labels: ["bff"] },
  overlock_shed_requests_total: {
    kind: "counter",
    help: "Requests refused because the process had too much to do, by the bound it was nearest to: eventLoop, inFlight.",
    labels: ["bff", "reason"],
  },
  overlock_load: {
    kind: "gauge",
    help: "How near the process was to its bounds in the last second, at most: 0 is idle, 1 the bound. Of several processes, the one with the most to do.",
    labels: ["reason"],
    aggregator: "max",
  },
  overlock_refused_operations_total: {
    kind: "counter",
    help: "Operations refused for what they are, cost or have cost before, by reason (limit, cost, budget, overload, store) and the caller's tier (none: a tier that the BFF says nothing of, or no tier).",
    labels: ["bff", "reason", "tier"],
  },
  overlock_estimated_cost: {
    kind: "histogram",
    help: "What operations might cost, estimated before they ran, by unit: typeCost, fieldCost, upstreamCalls.",
    labels: ["bff", "operation", "unit"],
    buckets: costBuckets,
  },
  overlock_actual_cost: {
    kind: "histogram",
    help: "What operations were charged in the end, by unit.",
    labels: ["bff", "operation", "unit"],
    buckets: costBuckets,
  },
  overlock_cost_difference: {
    kind: "histogram",
    help: "By how much operations were charged more in the end than was estimated, by unit; below 0: less.",
    labels: ["bff", "operation", "unit"],
    buckets: differenceBuckets,
  },
  overlock_joined_requests_total: {
    kind: "counter",
    help: "Requests that were answered by a run that another request had begun.",
    labels: ["bff"],
  },
  overlock_errors_total: {
    kind: "counter",
    help: "Errors told to clients, by code.",
    labels: ["bff", "code"],
  },
  overlock_absorbed_errors_total: {
    kind: "counter",
    help: "Backend failures that @default(onError: true) replaced, by code.",
    labels: ["bff", "code"],
  },
  overlock_upstream_calls_total: {
    kind: "counter",
    help: "Calls to backends, by source and by code (ok, or the error's).",
    labels: ["source", "code"],
  },
  overlock_joined_calls_total: {
    kind: "counter",
    help: "Calls to backends that were not made, because an equal one was under way to wait for.",
    labels: ["source"],
  },
  overlock_upstream_duration_seconds: {
    kind: "histogram",
    help: "Time of one call to a backend.",
    labels: ["source"],
  },
  overlock_prepared_operations: { kind: "gauge", help: "Documents kept ready for reuse.", labels: ["bff"] },
  overlock_prepare_total: {
    kind: "counter",
    help: "Documents looked up, by result: hit, miss, refused (not valid).",
    labels: ["bff", "result"],
  },
  overlock_preparing_documents_waiting: {
    kind: "gauge",
    help: "Unseen documents that wait for their turn to be prepared.",
    labels: [],
  },
  overlock_preparing_wait_seconds: {
    kind: "histogram",
    help: "How long requests waited for the turn of their unseen document, or until they were over before; those that did not wait are not in it.",
    labels: [],
  },
  overlock_limit_exceeded_total: {
    kind: "counter",
    help: "Operations beyond a limit of their caller's, by limit and mode: enforce (refused), measure (let through).",
    labels: ["bff", "limit", "mode"],
  },
  overlock_compile_total: {
    kind: "counter",
    help: "Variants of operations that proved hot, by what came of compiling them: compiled; left to the reference executor: declined (too large for it), failed (a fault of the gateway's), dropped for now (too many at once).",
    labels: ["bff", "result"],
  },
  overlock_callers_total: {
    kind: "counter",
    help: "Requests whose caller could be told, by the kind of credential: anonymous (none), jwt, opaqueToken, apiKey, certificate.",
    labels: ["bff", "credential"],
  },
  overlock_refused_callers_total: {
    kind: "counter",
    help: "Requests refused for their credential, by reason: missing, invalid, expired, unavailable (it could not be checked).",
    labels: ["bff", "reason"],
  },
  overlock_policy_failures_total: {
    kind: "counter",
    help: "Policies of a BFF that threw, did not answer in time, or answered something other than true and false. Each let nobody; the log has it.",
    labels: ["bff", "policy"],
  },
  overlock_key_fetches_total: {
    kind: "counter",
    help: "Reads of the key sets by which tokens are verified, by result: ok, failed (the keys from before stay good for a day; the log says why).",
    labels: ["issuer", "result"],
  },
  overlock_source_tokens_total: {
    kind: "counter",
    help: "The gateway's own tokens for sources, by result: ok, failed (none could be had; the log says why), refused (by the source, before its time was over).",
    labels: ["source", "result"],
  },
  overlock_stray_rejections_total: {
    kind: "counter",
    help: "Failures that no request was waiting for any more. Each is a fault of the gateway's; the log has it.",
    labels: [],
  },
  overlock_tls_failures_total: {
    kind: "counter",
    help: "TLS connections of clients that did not come about, by reason: handshake (also: too slow, a required certificate is missing), certificate (one was shown that is not accepted).",
    labels: ["reason"],
  },
  overlock_certificate_reloads_total: {
    kind: "counter",
    help: "Changes of the certificates' files, by result: done, failed (the ones before stay in use; the log says why).",
    labels: ["result"],
  },
  overlock_certificate_not_after_seconds: {
    kind: "gauge",
    help: "When the certificate that clients are shown ends, in seconds since 1970.",
    labels: [],
    aggregator: "max",
  },
  overlock_api_key_reloads_total: {
    kind: "counter",
    help: "Changes of the files with API keys, by result: done, failed (the keys before stay in use; the log says why).",
    labels: ["result"],
  },
  overlock_unreadable_requests_total: {
    kind: "counter",
    help: "Requests of HTTP/1.1 that ended before a BFF could be told, by code: broken, too slow, headers too large.",
    labels: ["code"],
  },
  overlock_refused_connections_total: {
    kind: "counter",
    help: "Connections of clients that were closed because there were MAX_CLIENT_CONNECTIONS.",
    labels: [],
  },
  overlock_compressions_total: {
    kind: "counter",
    help: "Answers to be compressed, by content coding and result: done; as they are: busy (too many), late (too slow), abandoned (client gone), failed.",
    labels: ["encoding", "result"],
  },
  overlock_budget_store_up: {
    kind: "gauge",
    help: "1 while budgets are kept where all processes share them; 0 while a process can't reach that place.",
    labels: [],
    aggregator: "min",
  },
  overlock_budget_store_errors_total: {
    kind: "counter",
    help: "Reservations and settlements that the shared store of budgets did not get, or did not answer, by reason: timeout, connection, answer (it answered with an error), away (it was not asked, as it had failed before).",
    labels: ["reason"],
  },
  overlock_budgets_forgotten_total: {
    kind: "counter",
    help: "Budgets that began anew before they were full, because there was no room for more in the process.",
    labels: [],
  },
  overlock_draining: {
    kind: "gauge",
    help: "1 while the process is shutting down.",
    labels: [],
    aggregator: "max",
  },
  overlock_workers: { kind: "gauge", help: "Processes that serve.", labels: [] },
  overlock_worker_crashes_total: {
    kind: "counter",
    help: "Workers that ended without being told to. Each is replaced.",
    labels: [],
  },
} as const satisfies Record<string, MetricEntry>;

type MetricName = keyof typeof metricCatalog;
type NamesOf<Kind extends MetricEntry["kind"]> = {
  [Name in MetricName]: (typeof metricCatalog)[Name]["kind"] extends Kind ? Name : never;
}[MetricName];
type LabelsOf<Name extends MetricName> = Readonly<
  Record<(typeof metricCatalog)[Name]["labels"][number], string>
>;

/** The metrics of one gateway, in a registry of its own. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #families: Readonly<Record<MetricName, MetricFamily>>;

  constructor() {
    const entries = Object.entries(metricCatalog) as [MetricName, MetricEntry][];
    this.#families = Object.fromEntries(
      entries.map(([name, entry]) => [
        name,
        new MetricFamily({ name, aggregator: "sum", buckets: durationBuckets, ...entry }),
      ]),
    ) as Record<MetricName, MetricFamily>;
    // The registry reads a name and calls `get`, no more.
    for (const family of Object.values(this.#families))
      this.#registry.registerMetric(family as unknown as Metric);
    collectDefaultMetrics({ register: this.#registry });
  }

  /** What is counted with each request is found once and kept: to find it costs more than to count. */
  series<Name extends MetricName>(name: Name, labels: LabelsOf<Name>): Series {
    return this.#families[name].series(labels);
  }

  increment<Name extends NamesOf<"counter">>(name: Name, labels: LabelsOf<Name>, by = 1): void {
    this.series(name, labels).add(by);
  }

  /** `value` into a histogram: seconds, or what a cost is in. */
  observe<Name extends NamesOf<"histogram">>(name: Name, labels: LabelsOf<Name>, value: number): void {
    this.series(name, labels).observe(value);
  }

  add<Name extends NamesOf<"gauge">>(name: Name, labels: LabelsOf<Name>, difference: number): void {
    this.series(name, labels).add(difference);
  }

  set<Name extends NamesOf<"gauge">>(name: Name, labels: LabelsOf<Name>, value: number): void {
    this.series(name, labels).value = value;
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The Prometheus exposition format. */
  expose(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Everything as it stands, as plain data for another process. */
  snapshot(): Promise<MetricsSnapshot> {
    return this.#registry.getMetricsAsJSON() as Promise<unknown> as Promise<MetricsSnapshot>;
  }
}

/** The metrics of one process at one moment. */
export type MetricsSnapshot = readonly ExposedMetric[];

/** The metrics of several processes as those of one. */
export function exposeTogether(snapshots: readonly MetricsSnapshot[]): Promise<string> {
  return together(snapshots).metrics();
}

/** What stays of processes that are gone: what they have counted, and not how they were. */
export function retire(snapshots: readonly MetricsSnapshot[]): MetricsSnapshot {
  const counted = snapshots.map((snapshot) =>
    snapshot.filter(({ type }) => type === "counter" || type === "histogram"),
  );
  return together(counted)
    .getMetricsAsArray()
    .map((metric) => (metric as unknown as { readonly get: () => ExposedMetric }).get());
}

function together(snapshots: readonly MetricsSnapshot[]): Registry {
  return AggregatorRegistry.aggregate(snapshots as unknown as object[]);
}
