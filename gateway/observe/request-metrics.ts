import { rememberByText } from "../core/remember-by-text.ts";
import { BoundedNames } from "./bounded-names.ts";
import type { Series } from "./metric-family.ts";
import type { Metrics } from "./metrics.ts";

type Costs = Readonly<Record<(typeof costUnits)[number], number>>;

const costUnits = ["typeCost", "fieldCost", "upstreamCalls"] as const;

/** What is counted with each request of one BFF. Each series is found once, by what is different from request to request. */
export class RequestMetrics {
  readonly inFlight: Series;
  /** In seconds. */
  readonly duration: Series;
  readonly joined: Series;
  readonly outcome: (outcome: string) => Series;
  /** By what the caller was known. */
  readonly caller: (credential: string) => Series;
  readonly joinedCalls: (source: string) => Series;
  readonly call: (source: string) => CallSeries;
  readonly #costOf: (operation: string) => CostSeries;
  readonly #operationNames = new BoundedNames(maxOperationNames);

  constructor(metrics: Metrics, bff: string) {
    this.inFlight = metrics.series("overlock_requests_in_flight", { bff });
    this.duration = metrics.series("overlock_request_duration_seconds", { bff });
    this.joined = metrics.series("overlock_joined_requests_total", { bff });
    this.outcome = rememberByText((outcome) => metrics.series("overlock_requests_total", { bff, outcome }));
    this.caller = rememberByText((credential) =>
      metrics.series("overlock_callers_total", { bff, credential }),
    );
    this.joinedCalls = rememberByText((source) => metrics.series("overlock_joined_calls_total", { source }));
    this.call = rememberByText((source) => new CallSeries(metrics, source));
    this.#costOf = rememberByText((operation) => new CostSeries(metrics, bff, operation));
  }

  /** `isNamed`: whoever sends it may choose a name of a time series, as long as there are not too many. */
  cost(
    operation: { readonly name: string | null; readonly isNamed: boolean },
    estimate: Costs,
    actual: Costs,
  ): void {
    const name = operation.isNamed ? this.#operationNames.labelOf(operation.name) : "other";
    this.#costOf(name).observe(estimate, actual);
  }
}

/** Each has some fifty time series. */
const maxOperationNames = 100;

/** The calls to one source. */
class CallSeries {
  /** In seconds. */
  readonly duration: Series;
  readonly #result: (code: string) => Series;

  constructor(metrics: Metrics, source: string) {
    this.duration = metrics.series("overlock_upstream_duration_seconds", { source });
    this.#result = rememberByText((code) =>
      metrics.series("overlock_upstream_calls_total", { source, code }),
    );
  }

  /** `code`: null where it succeeded. */
  observe(code: string | null, durationMs: number): void {
    this.#result(code ?? "ok").add(1);
    this.duration.observe(durationMs / 1000);
  }
}

/** What operations of one name cost. */
class CostSeries {
  readonly #units: readonly {
    readonly unit: (typeof costUnits)[number];
    readonly estimated: Series;
    readonly actual: Series;
    readonly difference: Series;
  }[];

  constructor(metrics: Metrics, bff: string, operation: string) {
    this.#units = costUnits.map((unit) => {
      const labels = { bff, operation, unit };
      return {
        unit,
        estimated: metrics.series("overlock_estimated_cost", labels),
        actual: metrics.series("overlock_actual_cost", labels),
        difference: metrics.series("overlock_cost_difference", labels),
      };
    });
  }

  observe(estimate: Costs, actual: Costs): void {
    for (const series of this.#units) {
      const estimated = estimate[series.unit];
      const paid = actual[series.unit];
      series.estimated.observe(estimated);
      series.actual.observe(paid);
      series.difference.observe(paid - estimated);
    }
  }
}
