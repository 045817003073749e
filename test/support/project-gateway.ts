import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Environment, type Gateway, startGateway } from "overlock";
import { compileSetting } from "./compile-setting.ts";
import { type GraphqlAnswer, type QueryOptions, sendQuery } from "./test-gateway.ts";

/** The gateway in this process, on a project and backends of the test's own. */
export interface ProjectGateway {
  readonly gateway: Gateway;
  /** What the gateway logged. */
  readonly log: { readonly text: string };
  query(query: string, options?: QueryOptions): Promise<GraphqlAnswer>;
  stop(): Promise<void>;
}

export interface ProjectExtras {
  /** A folder. */
  readonly protos?: string | null;
  /** What the BFF's config exports. */
  readonly config?: string;
  /** Further files of the BFF's folder, by name. */
  readonly files?: Readonly<Record<string, string>>;
}

/**
 * Starts the gateway on a project with one BFF, called `web`. `sources` are schema files by source name, `environment`
 * names their URLs.
 */
export async function startProject(
  sources: Readonly<Record<string, string>>,
  clientSchema: string,
  environment: Environment,
  { protos = null, config = '{ name: "web", anonymous: true }', files = {} }: ProjectExtras = {},
): Promise<ProjectGateway> {
  const root = mkdtempSync(path.join(tmpdir(), "overlock-test-"));
  for (const folder of ["schemas", "bff-web"]) mkdirSync(path.join(root, folder));
  for (const [name, text] of Object.entries(sources))
    writeFileSync(path.join(root, "schemas", `${name}.graphql`), text);
  if (protos !== null) symlinkSync(protos, path.join(root, "protos"));
  writeFileSync(path.join(root, "bff-web", "schema.graphql"), clientSchema);
  writeFileSync(path.join(root, "bff-web", "bff.config.ts"), `export default ${config};\n`);
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(root, "bff-web", name), text);
  const log = { text: "" };
  const gateway = await startGateway({
    root,
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
      rmSync(root, { recursive: true });
    },
  };
}
