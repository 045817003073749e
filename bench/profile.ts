import { readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Comparison, loadOf, warmUp } from "./comparison.ts";
import { findContender } from "./contenders.ts";
import { runClosedLoop } from "./http-load.ts";
import { formatTable } from "./print-results.ts";
import { findWorkload } from "./workloads.ts";

// Where one contender's CPU time goes on one workload: self time by room, by file, and by function, per request. The
// profile itself stays for a browser's developer tools (`--keep`).

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

const file = path.join(tmpdir(), `${values.contender}-${values.workload}-${process.pid}.cpuprofile`);
const comparison = await Comparison.start(findWorkload(values.workload), [findContender(values.contender)]);
try {
  const [entrant] = comparison.entrants;
  if (entrant === undefined) throw new Error("Expected a contender.");
  const load = { ...loadOf(entrant, Number(values.connections)), maxRequests: Infinity };
  await warmUp(load, Number(values["warm-up-ms"]));
  await entrant.running.tell({ overlockBench: "profile-start", intervalUs });
  const beforeUs = await entrant.running.readCpuUs();
  const { requests, elapsedMs } = await runClosedLoop({ ...load, maxMs: Number(values.seconds) * 1000 });
  const cpuUs = (await entrant.running.readCpuUs()) - beforeUs;
  await entrant.running.tell({ overlockBench: "profile-stop", file });
  const perSecond = Math.round((requests / elapsedMs) * 1000);
  console.log(
    `${values.contender}, ${values.workload}: ${requests} requests, ${perSecond}/s, ` +
      `${(cpuUs / requests).toFixed(0)} µs of CPU each while profiled`,
  );
  printProfile(JSON.parse(readFileSync(file, "utf8")) as CpuProfile, requests);
  if (values.keep) console.log(`\n${file}`);
} finally {
  await comparison.stop();
  if (!values.keep) rmSync(file, { force: true });
}

function printProfile(profile: CpuProfile, requests: number): void {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(
    profile.nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node] as const)),
  );
  const rooms = new Map<string, number>();
  const files = new Map<string, number>();
  const functions = new Map<string, number>();
  let totalUs = 0;
  for (const [index, id] of profile.samples.entries()) {
    const node = nodes.get(id);
    if (node === undefined || idle.has(node.callFrame.functionName) || node.callFrame.url === profilerUrl)
      continue;
    const deltaUs = profile.timeDeltas[index] ?? 0;
    const place = placeOf(node);
    totalUs += deltaUs;
    add(rooms, roomOf(place), deltaUs);
    add(files, place, deltaUs);
    const { functionName, lineNumber } = node.callFrame;
    const name = functionName === "" ? "(anonymous)" : functionName;
    const caller = place === "(vm)" ? findCaller(node, parents) : null;
    const where = caller === null ? `${place}:${lineNumber + 1}` : `called by ${caller}`;
    add(functions, `${name}  ${place === "(vm)" && caller === null ? place : where}`, deltaUs);
  }
  const top = Number(values.top);
  const print = (title: string, times: ReadonlyMap<string, number>, count: number): void => {
    const rows = [...times]
      .toSorted(([, left], [, right]) => right - left)
      .slice(0, count)
      .map(([name, us]) => [(us / requests).toFixed(2), `${((100 * us) / totalUs).toFixed(1)} %`, name]);
    console.log(`\n${formatTable(["µs/request", "of all", title], rows)}`);
  };
  print("room or package (self time)", rooms, 24);
  print("file", files, 24);
  print("function", functions, top);
}

function add(times: Map<string, number>, key: string, us: number): void {
  times.set(key, (times.get(key) ?? 0) + us);
}

/** The file relative to the repository, `node:` module, or `(vm)` for what the engine itself does. */
function placeOf({ callFrame: { url } }: ProfileNode): string {
  if (url === "") return "(vm)";
  if (!url.startsWith("file:")) return url;
  return path.relative(repository, fileURLToPath(url));
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
