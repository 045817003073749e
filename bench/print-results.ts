import type { Measurement } from "./comparison.ts";
import { type Estimate, estimateMedian } from "./statistics.ts";
import type { Workload } from "./workloads.ts";

/** Prints what was measured as a table for a terminal. */
export function printWorkload(workload: Workload, measurements: readonly Measurement[]): void {
  const find = (name: string): Measurement | undefined =>
    measurements.find(({ contender }) => contender === name);
  const others = { limit: find("limit"), other: find("other") };
  const titles = [
    "",
    "CPU µs",
    "95 %",
    "× limit",
    "95 %",
    "over 1.1 × + 30",
    "95 %",
    "thread µs",
    "× other",
    "95 %",
    "req/s",
    "p50",
    "p95",
    "p99 ms",
    "calls",
    "MB",
  ];
  console.log(`\n${workload.name}: ${workload.title}`);
  console.log(
    formatTable(
      titles,
      measurements.map((measurement) => describe(measurement, others)),
    ),
  );
}

/** Whom each contender is held against; `other`: Overlock as it is in another checkout. */
interface Others {
  readonly limit: Measurement | undefined;
  readonly other: Measurement | undefined;
}

function describe(measurement: Measurement, { limit, other }: Others): readonly string[] {
  const { contender, cpuMs, mainThreadMs, requestsPerSecond, p50Ms, p95Ms, p99Ms } = measurement;
  const threadMs = estimateMedian(mainThreadMs).median;
  const toOther = other && estimateMedian(pairRounds(measurement, other, (mine, its) => mine / its));
  const cpuUs = estimateMedian(cpuMs.map((ms) => ms * 1000));
  const ratio = limit && estimateMedian(pairRounds(measurement, limit, (mine, its) => mine / its));
  const excess = limit && estimateMedian(pairRounds(measurement, limit, (mine, its) => excessUs(mine, its)));
  return [
    contender,
    cpuUs.median.toFixed(0),
    formatInterval(cpuUs, 0),
    ratio?.median.toFixed(2) ?? "",
    ratio === undefined ? "" : formatInterval(ratio, 2),
    excess === undefined ? "" : `${excess.median.toFixed(0)} µs`,
    excess === undefined ? "" : formatInterval(excess, 0),
    threadMs > 0 ? (threadMs * 1000).toFixed(0) : "",
    toOther?.median.toFixed(3) ?? "",
    toOther === undefined ? "" : formatInterval(toOther, 3),
    estimateMedian(requestsPerSecond).median.toFixed(0),
    ...[p50Ms, p95Ms, p99Ms].map((samples) => estimateMedian(samples).median.toFixed(2)),
    String(measurement.upstreamCallsPerRequest),
    String(measurement.peakMegabytes),
  ];
}

/** One value for each round, of two contenders in the same round. */
export function pairRounds(
  left: Measurement,
  right: Measurement,
  combine: (leftMs: number, rightMs: number) => number,
): readonly number[] {
  return left.cpuMs.map((value, round) => combine(value, right.cpuMs[round] ?? Number.NaN));
}

/** By how many microseconds of CPU a request costs more than 1.10 × the limit and what is allowed; negative: less. */
export function excessUs(cpuMs: number, limitMs: number, allowedUs = 30): number {
  return (cpuMs - 1.1 * limitMs) * 1000 - allowedUs;
}

function formatInterval({ low, high }: Estimate, digits: number): string {
  return `${low.toFixed(digits)}–${high.toFixed(digits)}`;
}

/** Columns side by side: the first and the last to the left, numbers to the right. */
export function formatTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [titles, ...rows];
  const widths = titles.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => {
          const isNumber = /^[-0-9]/.test(rows[0]?.[column] ?? "");
          return isNumber ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0);
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
