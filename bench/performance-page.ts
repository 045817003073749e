import { readFileSync, writeFileSync } from "node:fs";
import type { Measurement } from "./comparison.ts";
import { contenders } from "./contenders.ts";
import { pairRounds } from "./print-results.ts";
import type { Results } from "./results.ts";
import { type Estimate, estimateMedian } from "./statistics.ts";
import { describePace, evaluateTargets, findMeasurement } from "./targets.ts";
import { workloads } from "./workloads.ts";

const pageUrl = new URL("../docs/performance.md", import.meta.url);
const notesUrl = new URL("performance-notes.md", import.meta.url);

/** Writes docs/performance.md from the results and the notes beside this file. */
export function writePerformancePage(results: Results): void {
  writeFileSync(pageUrl, buildPerformancePage(results, readPerformanceNotes()));
}

/** What people have written about the figures. */
export function readPerformanceNotes(): string {
  return readFileSync(notesUrl, "utf8");
}

/** The whole page. Every figure in a table comes from the results. */
export function buildPerformancePage(results: Results, notes: string): string {
  return [
    "# Performance",
    "",
    "What a request costs beside the same aggregation written by hand, **the limit**, and beside other ways to have a GraphQL API over REST and gRPC backends. The tables are written by the benchmark (`npm run bench -- --record`) from [bench/results.json](../bench/results.json), the explanations come from [bench/performance-notes.md](../bench/performance-notes.md), and [bench/README.md](../bench/README.md) says how it measures. `npm run bench -- --check` measures the targets anew and fails where one is missed.",
    "",
    describeConditions(results),
    "",
    "## Targets",
    "",
    "The median of all rounds decides; in parentheses the interval that has the true median with 95 % confidence. Shares and differences are taken within each round.",
    "",
    describePace(results),
    "",
    ...buildTargets(results),
    "",
    // The notes' links start from bench/.
    notes.trim().replaceAll("](../docs/", "]("),
    "",
    "## CPU per request at a glance",
    "",
    "In microseconds, user and system, medians. Empty: that contender can't answer the workload.",
    "",
    ...buildOverview(results),
    "",
    ...describeUnable(),
    "",
    ...results.workloads.flatMap(({ workload, measurements }) => [
      `## ${titleOf(workload)}`,
      "",
      ...buildMeasurements(measurements),
      "",
    ]),
    ...buildSharing(results),
    ...buildLengths(results),
    "## Who was compared",
    "",
    "| contender | what it is |",
    "| --- | --- |",
    ...contenders.map(({ title, description }) => `| ${title} | ${description} |`),
    "",
  ].join("\n");
}

function describeConditions({ recordedAt, machine, settings, versions }: Results): string {
  const { processor, cores, memoryGigabytes, system } = machine;
  const packages = Object.entries(versions)
    .filter(([name]) => name !== "node" && name !== "v8")
    .map(([name, version]) => `${name} ${version}`);
  return [
    `Measured on ${recordedAt.slice(0, 10)}: ${processor}, ${cores} cores, ${memoryGigabytes} GB, ${system}, Node ${versions["node"] ?? ""}.`,
    `${settings.rounds} paired rounds of about ${settings.slotMs} ms for each contender, ${settings.connections} connections, after ${settings.warmUpMs} ms of warm-up.`,
    `With ${packages.join(", ")}.`,
  ].join(" ");
}

function buildTargets(results: Results): readonly string[] {
  return [
    "| target | measured | |",
    "| --- | --- | --- |",
    ...evaluateTargets(results).map(
      ({ target, measured, verdict }) =>
        `| ${target} | ${measured} | ${verdict === "missed" ? "**missed**" : verdict} |`,
    ),
  ];
}

function buildOverview({ workloads: measured }: Results): readonly string[] {
  const present = contenders.filter(({ name }) =>
    measured.some(({ measurements }) => findMeasurement(measurements, name) !== undefined),
  );
  return [
    `| workload | ${present.map(({ title }) => title).join(" | ")} |`,
    `| --- | ${present.map(() => "--:").join(" | ")} |`,
    ...measured.map(({ workload, measurements }) => {
      const cells = present.map(({ name }) => {
        const measurement = findMeasurement(measurements, name);
        return measurement === undefined ? "" : microseconds(estimateMedian(measurement.cpuMs).median);
      });
      return `| ${workload} | ${cells.join(" | ")} |`;
    }),
  ];
}

function describeUnable(): readonly string[] {
  return contenders.flatMap(({ title, unable }) => {
    const reasons = Map.groupBy(Object.entries(unable), ([, reason]) => reason);
    return [...reasons].map(
      ([reason, entries]) => `- ${title}, ${entries.map(([workload]) => workload).join(", ")}: ${reason}.`,
    );
  });
}

function buildMeasurements(measurements: readonly Measurement[]): readonly string[] {
  const limit = findMeasurement(measurements, "limit");
  return [
    "| contender | CPU µs | × the limit | requests/s | p50 ms | p95 ms | p99 ms | upstream calls | peak MB |",
    "| --- | --: | --: | --: | --: | --: | --: | --: | --: |",
    ...measurements.map((measurement) => {
      const cpu = estimateMedian(measurement.cpuMs);
      const ratio = limit && estimateMedian(pairRounds(measurement, limit, (mine, its) => mine / its));
      const cells = [
        contenders.find(({ name }) => name === measurement.contender)?.title ?? measurement.contender,
        `${microseconds(cpu.median)} (${microseconds(cpu.low)}–${microseconds(cpu.high)})`,
        ratio === undefined ? "" : describeEstimate(ratio),
        estimateMedian(measurement.requestsPerSecond).median.toFixed(0),
        ...[measurement.p50Ms, measurement.p95Ms, measurement.p99Ms].map((samples) =>
          estimateMedian(samples).median.toFixed(2),
        ),
        String(measurement.upstreamCallsPerRequest),
        String(measurement.peakMegabytes),
      ];
      return `| ${cells.join(" | ")} |`;
    }),
  ];
}

function buildSharing({ sharing }: Results): readonly string[] {
  return sharing.flatMap(({ workload, connections, measurements }) => [
    `## Sharing: ${connections} connections ask for the same (${workload})`,
    "",
    ...buildMeasurements(measurements),
    "",
  ]);
}

function buildLengths({ lengths }: Results): readonly string[] {
  if (lengths.length === 0) return [];
  return [
    "## Length of a list",
    "",
    "CPU time per request of one REST list, in microseconds.",
    "",
    "| rows | the limit | Overlock | Overlock, per row |",
    "| --: | --: | --: | --: |",
    ...lengths.map(({ length, measurements }) => {
      const [limitMs, mineMs] = ["limit", "overlock"].map((name) => {
        const measurement = findMeasurement(measurements, name);
        return measurement === undefined ? Number.NaN : estimateMedian(measurement.cpuMs).median;
      }) as [number, number];
      const perRow = ((mineMs * 1000) / length).toFixed(2);
      return `| ${length.toLocaleString("en")} | ${microseconds(limitMs)} | ${microseconds(mineMs)} | ${perRow} |`;
    }),
    "",
  ];
}

function titleOf(name: string): string {
  const title = workloads.find((workload) => workload.name === name)?.title ?? name;
  return `${name}: ${title}`;
}

function describeEstimate({ median, low, high }: Estimate): string {
  return `${median.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;
}

function microseconds(ms: number): string {
  return (ms * 1000).toFixed(0);
}
