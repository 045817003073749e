import { readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Comparison, type Entrant, loadOf, warmUp } from "./comparison.ts";
import { findContender } from "./contenders.ts";
import { runClosedLoop } from "./http-load.ts";
import { formatTable } from "./print-results.ts";
import { findWorkload } from "./workloads.ts";

// Where contenders' CPU time goes on one workload: self time by room, by file, and by function, in µs per request. The
// profiles themselves stay for a browser's developer tools (`--keep`).

// So that the processes that were started end, too.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

const { values } = parseArgs({
  options: {
    contender: { type: "string", default: "overlock" },
    workload: { type: "string", default: "rest-join" },
    seconds: { type: "string", default: "4" },
    "warm-up-ms": { type: "string", default: "2000" },
    connections: { type: "string", default: "16" },
    top: { type: "string", default: "45" },
    keep: { type: "boolean", default: false },
  },
});

interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly children?: readonly number[];
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    readonly lineNumber: number;
  };
}

/** Time that no code ran in, and that the profiler itself took. */
const idle = new Set(["(idle)", "(root)"]);
const profilerUrl = "node:inspector";
const repository = path.resolve(import.meta.dirname, "..");
const intervalUs = 200;
const turnMs = 250;

/** What one contender's profile came to, in microseconds per request. */
interface SelfTimes {
  readonly rooms: Map<string, number>;
  readonly files: Map<string, number>;
  readonly functions: Map<string, number>;
}

const names = values.contender.split(",");
const comparison = await Comparison.start(findWorkload(values.workload), names.map(findContender));
const files = names.map((name) =>
  path.join(tmpdir(), `${name}-${values.workload}-${process.pid}.cpuprofile`),
);
try {
  const profiles = await profileInTurns(comparison.entrants);
  printTimes(
    "room or package (self time)",
    profiles.map(({ rooms }) => rooms),
    30,
  );
  printTimes(
    "file",
    profiles.map((profile) => profile.files),
    30,
  );
  printTimes(
    "function",
    profiles.map(({ functions }) => functions),
    Number(values.top),
  );
  if (values.keep) console.log(`\n${files.join("\n")}`);
} finally {
  await comparison.stop();
  if (!values.keep) for (const file of files) rmSync(file, { force: true });
}

/** All contenders are profiled over the same time, in short turns, so that what else the machine does meets all of them. */
async function profileInTurns(entrants: readonly Entrant[]): Promise<readonly SelfTimes[]> {
  const loads = entrants.map((entrant) => loadOf(entrant, Number(values.connections)));
  for (const load of loads) await warmUp(load, Number(values["warm-up-ms"]));
  for (const { running } of entrants) await running.tell({ overlockBench: "profile-start", intervalUs });
  const requests = entrants.map(() => 0);
  const cpuUs = entrants.map(() => 0);
  for (let turn = 0; turn * turnMs < Number(values.seconds) * 1000; turn++) {
    for (const [index, { running }] of entrants.entries()) {
      const load = loads[index];
      if (load === undefined) continue;
      const beforeUs = await running.readCpuUs();
      const result = await runClosedLoop({ ...load, maxRequests: Infinity, maxMs: turnMs });
      requests[index] = (requests[index] ?? 0) + result.requests;
      cpuUs[index] = (cpuUs[index] ?? 0) + (await running.readCpuUs()) - beforeUs;
    }
  }
  const profiles: SelfTimes[] = [];
  for (const [index, { running }] of entrants.entries()) {
    const [file = "", count = 0, us = 0] = [files[index], requests[index], cpuUs[index]];
    await running.tell({ overlockBench: "profile-stop", file });
    const each = (us / count).toFixed(0);
    console.log(
      `${names[index]}, ${values.workload}: ${count} requests, ${each} µs of CPU each while profiled`,
    );
    profiles.push(sumUp(JSON.parse(readFileSync(file, "utf8")) as CpuProfile, count));
  }
  return profiles;
}

function sumUp(profile: CpuProfile, requests: number): SelfTimes {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(
    profile.nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node] as const)),
  );
  const times: SelfTimes = { rooms: new Map(), files: new Map(), functions: new Map() };
  for (const [index, id] of profile.samples.entries()) {
    const node = nodes.get(id);
    if (node === undefined || idle.has(node.callFrame.functionName) || node.callFrame.url === profilerUrl)
      continue;
    const us = (profile.timeDeltas[index] ?? 0) / requests;
    const place = placeOf(node);
    add(times.rooms, roomOf(place), us);
    add(times.files, place, us);
    const { functionName, lineNumber } = node.callFrame;
    const name = functionName === "" ? "(anonymous)" : functionName;
    const caller = place === "(vm)" ? findCaller(node, parents) : null;
    const where = caller === null ? `${place}:${lineNumber + 1}` : `called by ${caller}`;
    add(times.functions, `${name}  ${place === "(vm)" && caller === null ? place : where}`, us);
  }
  return times;
}

/** One column for each contender, the largest of the last one's first. */
function printTimes(title: string, columns: readonly ReadonlyMap<string, number>[], count: number): void {
  const keys = new Set(columns.flatMap((times) => [...times.keys()]));
  const last = columns.at(-1) ?? new Map<string, number>();
  const rows = [...keys]
    .toSorted((left, right) => (last.get(right) ?? 0) - (last.get(left) ?? 0))
    .slice(0, count)
    .map((key) => [...columns.map((times) => (times.get(key) ?? 0).toFixed(2)), key]);
  const totals = columns.map((times) => [...times.values()].reduce((sum, us) => sum + us, 0).toFixed(2));
  console.log(`\n${formatTable([...names, title], [...rows, [...totals, "all"]])}`);
}

function add(times: Map<string, number>, key: string, us: number): void {
  times.set(key, (times.get(key) ?? 0) + us);
}

/** The file relative to the repository, `node:` module, or `(vm)` for what the engine itself does. */
function placeOf({ callFrame: { url } }: ProfileNode): string {
  if (url === "") return "(vm)";
  if (!url.startsWith("file:")) return url;
  // The limit's packages are those of bench/, of the same versions.
  return path.relative(repository, fileURLToPath(url)).replace(/^bench\/(?=node_modules\/)/, "");
}

/** What of JavaScript has called a function of the engine, or null for what runs by itself. */
function findCaller(node: ProfileNode, parents: ReadonlyMap<number, ProfileNode>): string | null {
  for (let caller = parents.get(node.id); caller !== undefined; caller = parents.get(caller.id)) {
    const { functionName, url, lineNumber } = caller.callFrame;
    if (url !== "") return `${functionName}  ${placeOf(caller)}:${lineNumber + 1}`;
  }
  return null;
}

function roomOf(place: string): string {
  const library = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(place)?.[1];
  if (library !== undefined) return library;
  if (place.startsWith("node:")) return place;
  return place.startsWith("gateway/") ? path.dirname(place) : place;
}
