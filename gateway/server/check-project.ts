import { type Environment, readEnvironment } from "../config/environment.ts";
import { readListenerTls } from "../config/listener-tls.ts";
import { loadProject } from "../config/load-project.ts";
import { type Problem, Problems } from "../core/problems.ts";
import { createLogger } from "../observe/logger.ts";
import { Metrics } from "../observe/metrics.ts";
import { openLocalStore } from "../state/local-store.ts";
import { ProcessLoad, unboundedLoad } from "../observe/process-load.ts";
import { buildGeneration } from "./generation.ts";

/** Does all of a start but listening, and calls nobody. Resolves to the warnings; raises StartupError. */
export async function checkProject(root: string, environment: Environment): Promise<readonly Problem[]> {
  const problems = new Problems();
  const settings = readEnvironment(environment, problems);
  readListenerTls(environment, settings.clientCertificate, problems);
  const project = await loadProject(root, problems);
  const logger = createLogger("silent", null);
  const generation = await buildGeneration({
    project,
    environment,
    settings,
    logger,
    metrics: new Metrics(),
    budgets: openLocalStore(() => {}),
    load: new ProcessLoad(unboundedLoad),
    problems,
  });
  await generation.dispose();
  return generation.warnings;
}
