import type { ShownField } from "../prepare/plan.ts";
import { readClientArgs } from "./compile-rows.ts";
import type { PlanRun } from "./plan-run.ts";
import { type NodeReference, readNodeIds } from "./read-nodes.ts";

export type NodesField = Extract<ShownField, { kind: "nodes" }>;

/** Reads the ids of a field, for the run from now on. All objects that they are of, each by itself. */
export function readNodesOf(field: NodesField, run: PlanRun): readonly NodeReference[] {
  const { binding, args } = field;
  const values = readClientArgs(args, run);
  const found =
    values instanceof Error ? values : readNodeIds(binding, values as Readonly<Record<string, unknown>>);
  run.resolved.set(field, new Map([[null, found]]));
  const all = found instanceof Error || "typeName" in found ? [found] : found;
  return all.filter((node): node is NodeReference => !(node instanceof Error));
}
