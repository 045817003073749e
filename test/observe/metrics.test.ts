import { beforeAll, describe, expect, test } from "vitest";
import { metricCatalog, Metrics } from "../../gateway/observe/metrics.ts";

describe("the catalog of metrics", () => {
  test("names things as Prometheus does: counters end in _total, times in _seconds", () => {
    for (const [name, { kind }] of Object.entries(metricCatalog)) {
      expect(name).toMatch(/^overlock(_[a-z]+)+$/);
      expect(name.endsWith("_total")).toBe(kind === "counter");
      expect(name.endsWith("_seconds")).toBe(kind === "histogram");
    }
  });

  test("has no label that a client could fill", () => {
    const labels = new Set(Object.values(metricCatalog).flatMap((entry) => [...entry.labels]));
    expect([...labels].toSorted()).toEqual(["bff", "code", "encoding", "outcome", "result", "source"]);
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
