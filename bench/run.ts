import { parseArgs } from "node:util";
import { Comparison, type ComparisonSettings } from "./comparison.ts";
import { type Contender, contenders, findContender, isInstalled, overlockElsewhere } from "./contenders.ts";
import {
  measureBudgets,
  measureCredentials,
  measureHalfLoad,
  measureJoining,
  measureLengths,
  measurePreparing,
  measureSharing,
  measureWorkers,
} from "./experiments.ts";
import { readMachine, readVersions } from "./machine.ts";
import { writePerformancePage } from "./performance-page.ts";
import { formatTable, printWorkload } from "./print-results.ts";
import { readRecordedResults, type Results, type WorkloadResult, writeRecordedResults } from "./results.ts";
import { evaluateTargets, sharedWorkloads, targetContenders } from "./targets.ts";
import { findWorkload, type Workload, workloads } from "./workloads.ts";

// Compares contenders on workloads; bench/README.md explains the options.

// So that the processes that were started end, too; each of them listens for the end of this one.
process.setMaxListeners(64);
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

const { values } = parseArgs({
  options: {
    workload: { type: "string" },
    contender: { type: "string" },
    rounds: { type: "string", default: "15" },
    connections: { type: "string", default: "16" },
    "slot-ms": { type: "string", default: "400" },
    "warm-up-ms": { type: "string", default: "1500" },
    check: { type: "boolean", default: false },
    record: { type: "boolean", default: false },
    page: { type: "boolean", default: false },
    turns: { type: "string", default: "8" },
    other: { type: "string" },
  },
});
const settings: ComparisonSettings = {
  rounds: readCount("rounds"),
  connections: readCount("connections"),
  slotMs: readCount("slot-ms"),
  turns: readCount("turns"),
  warmUpMs: readCount("warm-up-ms"),
};
const isWhole = values.check || values.record;

if (values.page) {
  writePerformancePage(readRecordedResults());
  process.exit(0);
}

const chosenWorkloads = (values.workload?.split(",") ?? workloads.map(({ name }) => name)).map(findWorkload);
const chosenContenders =
  values.contender === undefined
    ? contenders.filter(isInstalled)
    : values.contender.split(",").map(findContender);
if (values.other !== undefined) chosenContenders.push(overlockElsewhere(values.other));

const measured: WorkloadResult[] = [];
const pairs: WorkloadResult[] = [];
for (const workload of chosenWorkloads) {
  const able = chosenContenders.filter((contender) => takesPart(contender, workload.name));
  if (able.length > 0) measured.push(await compare(workload, able));
  const pair = able.filter(({ name }) => name === "limit" || name === "overlock");
  if (isWhole && pair.length === 2 && able.length > 2) pairs.push(await compare(workload, pair));
}

async function compare(workload: Workload, able: readonly Contender[]): Promise<WorkloadResult> {
  const comparison = await Comparison.start(workload, able);
  try {
    const measurements = await comparison.measure(settings);
    printWorkload(workload, measurements);
    return { workload: workload.name, measurements };
  } finally {
    await comparison.stop();
  }
}

if (isWhole) {
  const results = await completeResults();
  if (values.record) {
    writeRecordedResults(results);
    writePerformancePage(results);
  }
  const targets = evaluateTargets(results);
  const rows = targets.map(({ verdict, target, measured: facts }) => [verdict, target, facts]);
  console.log(`\n${formatTable(["verdict", "target", "measured"], rows)}`);
  if (values.check && targets.some(({ verdict }) => verdict === "missed")) process.exitCode = 1;
}

/** A check leaves out who is in no target. */
function takesPart({ name, unable }: Contender, workload: string): boolean {
  if (Object.hasOwn(unable, workload)) return false;
  return (
    !values.check || values.record || values.contender !== undefined || targetContenders(workload).has(name)
  );
}

/** What else the targets need, unless only some workloads or contenders were asked for. */
async function completeResults(): Promise<Results> {
  const isPart = values.workload !== undefined || values.contender !== undefined;
  const sharers = chosenContenders.filter(({ name }) => /^(?:overlock|tailcall)/.test(name));
  const sharing = [];
  const joining = [];
  for (const workload of isPart ? [] : sharedWorkloads) {
    sharing.push(await measureSharing(workload, sharers, settings));
    joining.push(await measureJoining(workload, settings));
  }
  return {
    recordedAt: new Date().toISOString(),
    machine: readMachine(),
    settings,
    versions: readVersions(),
    workloads: measured,
    pairs,
    sharing,
    joining,
    credentials: isPart ? null : await measureCredentials(settings),
    budgets: isPart ? null : await measureBudgets(settings),
    halfLoad: isPart ? null : await measureHalfLoad(settings),
    preparing: isPart ? null : await measurePreparing(),
    lengths: isPart ? [] : await measureLengths(settings),
    workers: isPart ? null : await measureWorkers(settings),
  };
}

function readCount(option: "rounds" | "connections" | "slot-ms" | "turns" | "warm-up-ms"): number {
  const count = Number(values[option]);
  if (Number.isSafeInteger(count) && count >= 1) return count;
  throw new Error(`Expected a whole number from 1 on for --${option}, got ${values[option]}.`);
}
