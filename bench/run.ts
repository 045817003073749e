import { parseArgs } from "node:util";
import { Comparison } from "./comparison.ts";
import { contenders, findContender, isInstalled } from "./contenders.ts";
import { printWorkload } from "./print-results.ts";
import { findWorkload, workloads } from "./workloads.ts";

const { values } = parseArgs({
  options: {
    workload: { type: "string" },
    contender: { type: "string" },
    rounds: { type: "string", default: "15" },
    connections: { type: "string", default: "16" },
    "slot-ms": { type: "string", default: "400" },
    "warm-up-ms": { type: "string", default: "1500" },
  },
});
const settings = {
  rounds: Number(values.rounds),
  connections: Number(values.connections),
  slotMs: Number(values["slot-ms"]),
  warmUpMs: Number(values["warm-up-ms"]),
};
const chosenWorkloads = values.workload?.split(",") ?? workloads.map(({ name }) => name);
const chosenContenders =
  values.contender === undefined
    ? contenders.filter(isInstalled)
    : values.contender.split(",").map(findContender);

for (const name of chosenWorkloads) {
  const workload = findWorkload(name);
  const able = chosenContenders.filter((contender) => !Object.hasOwn(contender.unable, name));
  const comparison = await Comparison.start(workload, able);
  try {
    printWorkload(workload, await comparison.measure(settings));
  } finally {
    await comparison.stop();
  }
}
