import { loadProject } from "../../gateway/config/load-project.ts";
import { readEnvironment } from "../../gateway/config/environment.ts";
import { Problems } from "../../gateway/core/problems.ts";
import { createLogger } from "../../gateway/observe/logger.ts";
import { Metrics } from "../../gateway/observe/metrics.ts";
import { ProcessLoad, unboundedLoad } from "../../gateway/observe/process-load.ts";
import { type CostEstimate, type CostFormula, compileCost } from "../../gateway/policy/operation-cost.ts";
import type { PlanDescription } from "../../gateway/prepare/describe-plan.ts";
import { buildGeneration } from "../../gateway/server/generation.ts";
import { openLocalStore } from "../../gateway/state/local-store.ts";
import { shopRoot } from "./test-gateway.ts";

/** Plans operations of a project's BFFs without anything that listens or is called. */
export interface Planner {
  /** The plan of a document's only operation; `conditions` are the values of the variables of `@skip` and `@include`. */
  plan(query: string, options?: PlannerOptions): PlanDescription;
  /** What a document's only operation costs. */
  formula(query: string, bff?: string): CostFormula;
  estimate(query: string, variables?: Readonly<Record<string, unknown>>, bff?: string): CostEstimate;
  /** Why an operation is not planned. */
  refusal(query: string, options?: PlannerOptions): string;
  dispose(): Promise<void>;
}

export interface PlannerOptions {
  readonly bff?: string;
  readonly conditions?: Readonly<Record<string, boolean>>;
}

export async function openPlanner(root: string = shopRoot): Promise<Planner> {
  const problems = new Problems();
  const settings = readEnvironment({}, problems);
  const project = await loadProject(root, problems);
  const generation = await buildGeneration({
    project,
    environment: {},
    settings,
    logger: createLogger("silent", null),
    metrics: new Metrics(),
    budgets: openLocalStore(() => {}),
    load: new ProcessLoad(unboundedLoad),
    problems,
  });
  const describe = (query: string, { bff = "web", conditions = {} }: PlannerOptions = {}) => {
    const runtime = generation.bffs.find((one) => one.settings.name === bff);
    if (runtime === undefined) throw new Error(`expected a BFF, found ${bff}`);
    const prepared = runtime.preparer.prepare(query, null);
    return runtime.executor.describe({
      prepared,
      conditions: new Map(Object.entries(conditions)),
      denials: null,
    });
  };
  return {
    plan(query, options) {
      const plan = describe(query, options);
      if ("reason" in plan) throw new Error(plan.reason);
      return plan;
    },
    formula(query, bff = "web") {
      const runtime = generation.bffs.find((one) => one.settings.name === bff);
      if (runtime === undefined) throw new Error(`expected a BFF, found ${bff}`);
      const { document, operation } = runtime.preparer.prepare(query, null);
      return compileCost(runtime.costs, runtime.schema, document, operation);
    },
    estimate(query, variables = {}, bff = "web") {
      const runtime = generation.bffs.find((one) => one.settings.name === bff);
      if (runtime === undefined) throw new Error(`expected a BFF, found ${bff}`);
      const { document, operation, coerceVariables } = runtime.preparer.prepare(query, null);
      const coerced = coerceVariables(variables);
      if (coerced === null) throw new Error("expected variables that fit");
      return compileCost(runtime.costs, runtime.schema, document, operation).estimate(coerced, null);
    },
    refusal(query, options) {
      const plan = describe(query, options);
      if ("reason" in plan) return plan.reason;
      throw new Error("expected an operation that is not planned");
    },
    dispose: () => generation.dispose(),
  };
}
