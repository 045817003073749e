import type { Measurement } from "./comparison.ts";
import { excessUs, pairRounds } from "./print-results.ts";
import type { LengthResult, Results } from "./results.ts";
import { estimateMedian } from "./statistics.ts";
import { workloads } from "./workloads.ts";

/** One thing that has to hold, and what was measured. */
export interface TargetResult {
  readonly target: string;
  /** Empty where nothing was measured. */
  readonly measured: string;
  /** Out of reach is what the hand-written code, which does nothing else, misses, too. */
  readonly verdict: "met" | "missed" | "out of reach" | "not measured";
}

/** CPU time of Overlock as a part of another contender's, at most. */
const maxParts: readonly (readonly [workload: string, contender: string, divisor: number])[] = [
  ["rest-join", "stitching", 10],
  ["rest-join", "hive", 10],
  ["rest-join", "yoga-dataloader", 3.5],
  ["grpc-list", "stitching", 4],
  ["grpc-list", "hive", 6],
  ["grpc-list", "yoga-dataloader", 2],
];

/** What 64 connections ask for together, over and over. */
export const sharedWorkloads: readonly string[] = ["rest-list", "rest-join"];
const maxSharedCalls = 0.1;
/** How much more CPU time than a trivial request one takes that waits for another's run. */
const maxJoiningUs = 15;
/** How much more CPU time a request takes for its token, the longer header included, and for one guard. */
const maxTokenUs = 10;
const maxScopesUs = 5;
/** For charging a token bucket and a quota, and settling. */
const maxBudgetsUs = 15;
/** Of CPU, beside a tenth of what hand-written code takes. */
const maxExcessUs = 30;
const maxAddedP95Ms = 2;
const maxPreparingMs = 5;
/** How much more a row of a long list may cost than one of a short list, where hand-written code has the same growth as 1. */
const maxRowGrowth = 1.2;
const minWorkersGain = 1.8;

/** What hand-written code takes for this workload on the machine that times in targets are of. */
const paceWorkload = "rest-join";
const paceMs = 0.24;

/**
 * How many times as long as that machine this one takes, by hand-written code: every time that a target allows counts as
 * many times. 1 where it is not slower, and where nobody measured.
 */
export function slownessOf(results: Results): number {
  const [, limit] = findAlone(results, paceWorkload);
  return limit === undefined ? 1 : Math.max(1, estimateMedian(limit.cpuMs).median / paceMs);
}

/** The same for people. */
export function describePace(results: Results): string {
  const pace = slownessOf(results);
  const machine = `Times in targets are those of a machine on which hand-written code takes ${paceMs * 1000} µs for ${paceWorkload}.`;
  const here = `This one took ${pace.toFixed(2)} times as long, so they count as many times: ${maxExcessUs} µs are ${(maxExcessUs * pace).toFixed(0)}.`;
  return pace === 1 ? `${machine} This one is as fast.` : `${machine} ${here}`;
}

/** The contenders whose figures on this workload decide a target. */
export function targetContenders(workload: string): ReadonlySet<string> {
  const others = maxParts.filter(([name]) => name === workload).map(([, contender]) => contender);
  return new Set(["limit", "overlock", ...others]);
}

/** Every target, in the order in which it is read. */
export function evaluateTargets(results: Results): readonly TargetResult[] {
  const pace = slownessOf(results);
  return [
    ...workloads.map(({ name }) => judgeLimit(results, name, pace)),
    ...maxParts.map(([workload, contender, divisor]) => judgePart(results, { workload, contender, divisor })),
    ...judgeSharing(results),
    ...sharedWorkloads.map((name) => judgeJoining(results, name, pace)),
    judgeToken(results, pace),
    judgeScopes(results, pace),
    judgeBudgets(results, pace),
    judgeHalfLoad(results, pace),
    judgePreparing(results, pace),
    judgeLengths(results.lengths),
    judgeWorkers(results),
  ];
}

function judgeLimit(results: Results, workload: string, pace: number): TargetResult {
  const target = `${workload}: at most 1.10 × the limit + ${maxExcessUs} µs of CPU`;
  const [mine, limit] = findAlone(results, workload);
  if (mine === undefined || limit === undefined) return notMeasured(target);
  const { median, low, high } = estimateMedian(
    pairRounds(mine, limit, (its, bare) => excessUs(its, bare, maxExcessUs * pace)),
  );
  const [mineUs, limitUs] = [mine, limit].map(({ cpuMs }) =>
    (estimateMedian(cpuMs).median * 1000).toFixed(0),
  );
  const measured = `${mineUs} µs, the limit ${limitUs} µs: ${signed(median)} µs (${signed(low)} to ${signed(high)})`;
  return { target, measured, verdict: median <= 0 ? "met" : "missed" };
}

function judgePart(
  results: Results,
  { workload, contender, divisor }: { workload: string; contender: string; divisor: number },
): TargetResult {
  const target = `${workload}: at most 1/${divisor} of ${contender}'s CPU`;
  const [mine, other] = findPair(results, workload, contender);
  if (mine === undefined || other === undefined) return notMeasured(target);
  const partOf = (own: Measurement) => estimateMedian(pairRounds(other, own, (theirs, its) => theirs / its));
  const { median, low, high } = partOf(mine);
  const [, limit] = findPair(results, workload, "limit");
  const limitPart = limit === undefined ? Infinity : partOf(limit).median;
  const beside = limit === undefined ? "" : `, the limit 1/${limitPart.toFixed(1)}`;
  const measured = `1/${median.toFixed(1)} (1/${low.toFixed(1)} to 1/${high.toFixed(1)})${beside}`;
  const verdict = median >= divisor ? "met" : limitPart < divisor ? "out of reach" : "missed";
  return { target, measured, verdict };
}

function judgeSharing({ sharing }: Results): readonly TargetResult[] {
  return sharedWorkloads.map((name) => {
    const target = `${name}: under ${maxSharedCalls} upstream calls per request, 64 connections, sharing on`;
    const result = sharing.find(({ workload }) => workload === name);
    const mine = result && findMeasurement(result.measurements, "overlock-sharing");
    if (mine === undefined) return notMeasured(target);
    const calls = mine.upstreamCallsPerRequest;
    return { target, measured: String(calls), verdict: calls < maxSharedCalls ? "met" : "missed" };
  });
}

function judgeJoining({ joining }: Results, name: string, pace: number): TargetResult {
  const target = `${name}: at most ${maxJoiningUs} µs of CPU more than a trivial request, 64 connections that share runs`;
  const result = joining.find(({ workload }) => workload === name);
  if (result === undefined) return notMeasured(target);
  const { cpuMs, trivialCpuMs } = result;
  return judgeAdded(target, maxJoiningUs * pace, { cpuMs, base: "a trivial one", baseCpuMs: trivialCpuMs });
}

function judgeToken({ credentials }: Results, pace: number): TargetResult {
  const target = `a cached JWT adds at most ${maxTokenUs} µs of CPU`;
  if (credentials === null) return notMeasured(target);
  const { tokenCpuMs: cpuMs, anonymousCpuMs: baseCpuMs, headerBytes } = credentials;
  const base = `without ${headerBytes} bytes of header`;
  return judgeAdded(target, maxTokenUs * pace, { cpuMs, base, baseCpuMs });
}

function judgeScopes({ credentials }: Results, pace: number): TargetResult {
  const target = `checking scopes adds at most ${maxScopesUs} µs of CPU`;
  if (credentials === null) return notMeasured(target);
  const { guardedCpuMs: cpuMs, openCpuMs: baseCpuMs } = credentials;
  return judgeAdded(target, maxScopesUs * pace, { cpuMs, base: "without a guard", baseCpuMs });
}

function judgeBudgets({ budgets }: Results, pace: number): TargetResult {
  const target = `demand control adds at most ${maxBudgetsUs} µs of CPU for a token bucket and a quota`;
  if (budgets === null) return notMeasured(target);
  const { paidCpuMs: cpuMs, unpaidCpuMs: baseCpuMs } = budgets;
  return judgeAdded(target, maxBudgetsUs * pace, { cpuMs, base: "without budgets", baseCpuMs });
}

/** Requests, and others that each round has beside them. */
interface AddedCost {
  readonly cpuMs: readonly number[];
  /** What the others are. */
  readonly base: string;
  readonly baseCpuMs: readonly number[];
}

function judgeAdded(target: string, maxUs: number, { cpuMs, base, baseCpuMs }: AddedCost): TargetResult {
  const more = cpuMs.map((ms, round) => (ms - (baseCpuMs[round] ?? Number.NaN)) * 1000);
  const { median, low, high } = estimateMedian(more);
  const [mineUs, baseUs] = [cpuMs, baseCpuMs].map((rounds) =>
    (estimateMedian(rounds).median * 1000).toFixed(1),
  );
  const [added, from, to] = [median, low, high].map((us) => signed(us, 1));
  const measured = `${mineUs} µs, ${base} ${baseUs} µs: ${added} µs (${from} to ${to})`;
  return { target, measured, verdict: median <= maxUs ? "met" : "missed" };
}

function judgeHalfLoad({ halfLoad }: Results, pace: number): TargetResult {
  const target = `rest-list: under ${maxAddedP95Ms} ms added to the backend's p95 at half load`;
  if (halfLoad === null) return notMeasured(target);
  const { gatewayP95Ms, backendP95Ms, requestsPerSecond } = halfLoad;
  const added = gatewayP95Ms.map((gateway, round) => gateway - (backendP95Ms[round] ?? Number.NaN));
  const { median, low, high } = estimateMedian(added);
  const measured = `${median.toFixed(2)} ms (${low.toFixed(2)} to ${high.toFixed(2)}) at ${requestsPerSecond} requests/s`;
  return { target, measured, verdict: median < maxAddedP95Ms * pace ? "met" : "missed" };
}

function judgePreparing({ preparing }: Results, pace: number): TargetResult {
  const target = `at most ${maxPreparingMs} ms of CPU to prepare and compile an operation of 200 fields`;
  if (preparing === null) return notMeasured(target);
  const { median, low, high } = estimateMedian(preparing.cpuMs);
  const measured = `${median.toFixed(2)} ms (${low.toFixed(2)} to ${high.toFixed(2)})`;
  return { target, measured, verdict: median <= maxPreparingMs * pace ? "met" : "missed" };
}

/**
 * A row beyond the 1,000th against a row up to it, and that against the same of hand-written code: what is parsed and
 * collected by the megabyte costs everybody a little more per row.
 */
function judgeLengths(lengths: readonly LengthResult[]): TargetResult {
  const target = `cost linear from 10 to 10,000 rows: a row's cost grows at most ${maxRowGrowth} × as much as the limit's`;
  const [mine, limit] = ["overlock", "limit"].map((contender) => readRowGrowth(lengths, contender));
  if (mine === undefined || limit === undefined || mine === null || limit === null)
    return notMeasured(target);
  const { median, low, high } = estimateMedian(
    mine.map((growth, round) => growth / (limit[round] ?? Number.NaN)),
  );
  const [mineGrowth, limitGrowth] = [mine, limit].map((growth) => estimateMedian(growth).median.toFixed(2));
  const interval = `${low.toFixed(2)} to ${high.toFixed(2)}`;
  const measured = `${mineGrowth} ×, the limit ${limitGrowth} ×: ${median.toFixed(2)} (${interval})`;
  return { target, measured, verdict: median <= maxRowGrowth ? "met" : "missed" };
}

/** For each round; null where a length is missing. */
function readRowGrowth(lengths: readonly LengthResult[], contender: string): readonly number[] | null {
  const [short, middle, long] = [10, 1000, 10_000].map((wanted) => {
    const result = lengths.find(({ length }) => length === wanted);
    return result && findMeasurement(result.measurements, contender);
  });
  if (short === undefined || middle === undefined || long === undefined) return null;
  return long.cpuMs.map((longMs, round) => {
    const [shortMs = Number.NaN, middleMs = Number.NaN] = [short.cpuMs[round], middle.cpuMs[round]];
    return (longMs - middleMs) / 9000 / ((middleMs - shortMs) / 990);
  });
}

function judgeWorkers({ workers, machine }: Results): TargetResult {
  const target = `rest-join: two workers at least ${minWorkersGain} × one, where cores are free`;
  if (workers === null) return { ...notMeasured(target), measured: `${machine.cores} cores are too few` };
  const gains = workers.two.map((two, round) => two / (workers.one[round] ?? Number.NaN));
  const { median, low, high } = estimateMedian(gains);
  const measured = `${median.toFixed(2)} × (${low.toFixed(2)} to ${high.toFixed(2)})`;
  return { target, measured, verdict: median >= minWorkersGain ? "met" : "missed" };
}

/** Overlock and the limit where nobody else took part, or else among all. */
function findAlone(
  results: Results,
  workload: string,
): readonly [Measurement | undefined, Measurement | undefined] {
  const pair = results.pairs.find((result) => result.workload === workload);
  if (pair === undefined) return findPair(results, workload, "limit");
  return [findMeasurement(pair.measurements, "overlock"), findMeasurement(pair.measurements, "limit")];
}

function findPair(
  results: Results,
  workload: string,
  other: string,
): readonly [Measurement | undefined, Measurement | undefined] {
  const measurements = results.workloads.find((result) => result.workload === workload)?.measurements ?? [];
  return [findMeasurement(measurements, "overlock"), findMeasurement(measurements, other)];
}

export function findMeasurement(
  measurements: readonly Measurement[],
  contender: string,
): Measurement | undefined {
  return measurements.find((measurement) => measurement.contender === contender);
}

function notMeasured(target: string): TargetResult {
  return { target, measured: "", verdict: "not measured" };
}

function signed(us: number, digits = 0): string {
  return `${us > 0 ? "+" : ""}${us.toFixed(digits)}`;
}
