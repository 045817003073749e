import { type Environment, readEnvironment } from "../config/environment.ts";
import { loadProject } from "../config/load-project.ts";
import { Problems } from "../core/problems.ts";
import { createLogger } from "../observe/logger.ts";
import { Metrics } from "../observe/metrics.ts";
import { ProcessLoad, unboundedLoad } from "../observe/process-load.ts";
import type { BffRuntime } from "../pipeline/bff-runtime.ts";
import { openLocalStore } from "../state/local-store.ts";
import { buildGeneration } from "./generation.ts";

/** The project has nothing of the name that was asked for. */
export class UnknownNameError extends Error {
  constructor(expected: string, found: string) {
    super(`expected ${expected}, found ${found.slice(0, 100)}`);
    this.name = "UnknownNameError";
  }
}

/**
 * Does all of a start but listening, calls nobody, and hands out one BFF of the project for as long as `use` takes. Raises
 * StartupError, UnknownNameError where there is no such BFF, and what `use` raises.
 */
export async function withRuntime<Result>(
  root: string,
  environment: Environment,
  bff: string,
  use: (runtime: BffRuntime) => Result | Promise<Result>,
): Promise<Result> {
  const problems = new Problems();
  const settings = readEnvironment(environment, problems);
  const generation = await buildGeneration({
    project: await loadProject(root, problems),
    environment,
    settings,
    logger: createLogger("silent", null),
    metrics: new Metrics(),
    load: new ProcessLoad(unboundedLoad),
    budgets: openLocalStore(() => {}),
    problems,
  });
  try {
    const runtime = generation.bffs.find(({ settings: { name } }) => name === bff);
    if (runtime === undefined) {
      const names = generation.bffs.map(({ settings: { name } }) => name);
      throw new UnknownNameError(`${names.join(" or ")} as the BFF`, bff);
    }
    return await use(runtime);
  } finally {
    await generation.dispose();
  }
}
