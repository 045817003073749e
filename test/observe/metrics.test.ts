import { beforeAll, describe, expect, test } from "vitest";
import { exposeTogether, metricCatalog, Metrics, retire } from "../../gateway/observe/metrics.ts";

describe("the catalog of metrics", () => {
  test("names things as Prometheus does: counters end in _total, times in _seconds", () => {
    for (const [name, { kind }] of Object.entries(metricCatalog)) {
      expect(name).toMatch(/^overlock(_[a-z]+)+$/);
      expect(name.endsWith("_total")).toBe(kind === "counter");
      // A gauge in seconds is a moment.
      const isTime = kind === "histogram" && !name.includes("_cost");
      expect(name.endsWith("_seconds")).toBe(isTime || name.endsWith("_not_after_seconds"));
    }
  });

  test("has no label that a client could fill with as much as it wants", () => {
    const labels = new Set(Object.values(metricCatalog).flatMap((entry) => [...entry.labels]));
    expect([...labels].toSorted()).toEqual([
      "bff",
      "code",
      "credential",
      "encoding",
      "issuer",
      "limit",
      "mode",
      "operation",
      "outcome",
      "policy",
      "reason",
      "result",
      "source",
      "tier",
      "unit",
    ]);
  });
});

describe("metrics", () => {
  const metrics = new Metrics();
  let lines: readonly string[] = [];
  beforeAll(async () => {
    metrics.increment("overlock_errors_total", { bff: "web", code: "UPSTREAM_ERROR" });
    metrics.increment("overlock_errors_total", { bff: "web", code: "UPSTREAM_ERROR" });
    metrics.observe("overlock_upstream_duration_seconds", { source: "shop" }, 0.003);
    metrics.add("overlock_requests_in_flight", { bff: "web" }, 2);
    metrics.add("overlock_requests_in_flight", { bff: "web" }, -1);
    metrics.set("overlock_prepared_operations", { bff: "web" }, 7);
    lines = (await metrics.expose()).split("\n");
  });

  test("are counted, added and set", () => {
    expect(lines).toContain('overlock_errors_total{bff="web",code="UPSTREAM_ERROR"} 2');
    expect(lines).toContain('overlock_requests_in_flight{bff="web"} 1');
    expect(lines).toContain('overlock_prepared_operations{bff="web"} 7');
  });

  test("put times into buckets of seconds", () => {
    expect(lines).toContain('overlock_upstream_duration_seconds_bucket{le="0.0025",source="shop"} 0');
    expect(lines).toContain('overlock_upstream_duration_seconds_bucket{le="0.005",source="shop"} 1');
    expect(lines).toContain('overlock_upstream_duration_seconds_sum{source="shop"} 0.003');
    expect(lines).toContain('overlock_upstream_duration_seconds_count{source="shop"} 1');
  });

  test("put what is beyond the last bucket into the sum and the count only", async () => {
    const one = new Metrics();
    one.observe("overlock_upstream_duration_seconds", { source: "slow" }, 30);
    one.observe("overlock_upstream_duration_seconds", { source: "slow" }, 31);
    const exposed = await one.expose();
    expect(exposed).toContain('_bucket{le="10",source="slow"} 0\n');
    expect(exposed).toContain('_bucket{le="30",source="slow"} 1\n');
    expect(exposed).toContain('_bucket{le="+Inf",source="slow"} 2\n');
    expect(exposed).toContain('_sum{source="slow"} 61\n');
    expect(exposed).toContain('_count{source="slow"} 2\n');
  });

  test("tell series apart by every label, whatever its value", async () => {
    const one = new Metrics();
    const pairs = [
      ["a", "b"],
      ["b", "a"],
      ["__proto__", 'x"y'],
      ["", "ab"],
      ["ab", ""],
    ] as const;
    for (const [bff, code] of pairs) one.increment("overlock_errors_total", { code, bff });
    const samples = (await one.expose())
      .split("\n")
      .filter((line) => line.startsWith("overlock_errors_total{"));
    expect(samples).toEqual([
      'overlock_errors_total{bff="a",code="b"} 1',
      'overlock_errors_total{bff="b",code="a"} 1',
      'overlock_errors_total{bff="__proto__",code="x\\"y"} 1',
      'overlock_errors_total{bff="",code="ab"} 1',
      'overlock_errors_total{bff="ab",code=""} 1',
    ]);
  });

  test("without labels are there from the start", async () => {
    expect(await new Metrics().expose()).toMatch(/\noverlock_draining 0\n/);
  });

  test("are exposed with their help, next to those of the process", () => {
    for (const [name, { kind, help }] of Object.entries(metricCatalog)) {
      expect(lines).toContain(`# HELP ${name} ${help}`);
      expect(lines).toContain(`# TYPE ${name} ${kind}`);
    }
    expect(lines.some((line) => line.startsWith("process_resident_memory_bytes "))).toBe(true);
    expect(metrics.contentType).toMatch(/^text\/plain; version=0\.0\.4/);
  });

  test("of one gateway are not those of another", async () => {
    expect(await new Metrics().expose()).not.toContain('code="UPSTREAM_ERROR"');
  });
});

describe("the metrics of several processes", () => {
  /** As it comes from another process. */
  async function snapshotOf(fill: (metrics: Metrics) => void) {
    const metrics = new Metrics();
    fill(metrics);
    const snapshot = await metrics.snapshot();
    return structuredClone(snapshot);
  }
  const count = (metrics: Metrics, times: number, code: "UPSTREAM_ERROR" | "CANCELLED"): void => {
    for (let time = 0; time < times; time++) metrics.increment("overlock_errors_total", { bff: "web", code });
  };

  test("are added up by their labels, buckets and all", async () => {
    const exposed = await exposeTogether([
      await snapshotOf((metrics) => {
        count(metrics, 2, "UPSTREAM_ERROR");
        metrics.observe("overlock_upstream_duration_seconds", { source: "shop" }, 0.003);
        metrics.add("overlock_requests_in_flight", { bff: "web" }, 2);
        metrics.set("overlock_draining", {}, 1);
      }),
      await snapshotOf((metrics) => {
        count(metrics, 3, "UPSTREAM_ERROR");
        count(metrics, 1, "CANCELLED");
        metrics.observe("overlock_upstream_duration_seconds", { source: "shop" }, 100);
        metrics.add("overlock_requests_in_flight", { bff: "web" }, 5);
        metrics.set("overlock_draining", {}, 1);
      }),
      [],
    ]);
    for (const line of [
      'overlock_errors_total{bff="web",code="UPSTREAM_ERROR"} 5',
      'overlock_errors_total{bff="web",code="CANCELLED"} 1',
      'overlock_upstream_duration_seconds_bucket{le="0.0025",source="shop"} 0',
      'overlock_upstream_duration_seconds_bucket{le="0.005",source="shop"} 1',
      'overlock_upstream_duration_seconds_bucket{le="+Inf",source="shop"} 2',
      'overlock_upstream_duration_seconds_count{source="shop"} 2',
      'overlock_requests_in_flight{bff="web"} 7',
      "overlock_draining 1",
      "# TYPE overlock_upstream_duration_seconds histogram",
    ])
      expect(exposed.split("\n")).toContain(line);
    expect(exposed).toMatch(/^process_resident_memory_bytes \d+$/m);
  });

  test("keep what a process that is gone has counted, and forget how it was", async () => {
    const gone = await snapshotOf((metrics) => {
      count(metrics, 2, "UPSTREAM_ERROR");
      metrics.observe("overlock_upstream_duration_seconds", { source: "shop" }, 0.003);
      metrics.add("overlock_requests_in_flight", { bff: "web" }, 9);
    });
    const twice = retire([retire([[], gone]), gone]);
    const exposed = await exposeTogether([
      twice,
      await snapshotOf((metrics) => count(metrics, 1, "UPSTREAM_ERROR")),
    ]);
    expect(exposed).toContain('overlock_errors_total{bff="web",code="UPSTREAM_ERROR"} 5\n');
    expect(exposed).toContain('overlock_upstream_duration_seconds_sum{source="shop"} 0.006\n');
    expect(exposed).not.toContain("overlock_requests_in_flight{");
  });
});
