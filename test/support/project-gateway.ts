import { type Environment, type Gateway, startGateway } from "overlock";
import { compileSetting } from "./compile-setting.ts";
import { createProject, type ProjectExtras } from "./temporary-project.ts";
import { type GraphqlAnswer, type QueryOptions, sendQuery } from "./test-gateway.ts";

/** The gateway in this process, on a project and backends of the test's own. */
export interface ProjectGateway {
  readonly gateway: Gateway;
  /** What the gateway logged. */
  readonly log: { readonly text: string };
  query(query: string, options?: QueryOptions): Promise<GraphqlAnswer>;
  stop(): Promise<void>;
}

/**
 * Starts the gateway on a project with one BFF, called `web`. `sources` are schema files by source name, `environment`
 * names their URLs.
 */
export async function startProject(
  sources: Readonly<Record<string, string>>,
  clientSchema: string,
  environment: Environment,
  extras: ProjectExtras = {},
): Promise<ProjectGateway> {
  const project = createProject(sources, clientSchema, extras);
  const log = { text: "" };
  const gateway = await startGateway({
    root: project.root,
    environment: {
      PORT: "0",
      ADMIN_PORT: "0",
      MAX_EVENT_LOOP_DELAY_MS: "0",
      ...compileSetting(),
      ...environment,
    },
    logDestination: { write: (line) => void (log.text += line) },
  });
  return {
    gateway,
    log,
    query: (query, options = {}) => sendQuery(gateway.url, query, options),
    async stop() {
      await gateway.close({ idleGraceMs: 0 });
      project.remove();
    },
  };
}
