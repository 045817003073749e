import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Environment, type Gateway, startGateway } from "overlock";
import { type GraphqlAnswer, type QueryOptions, sendQuery } from "./test-gateway.ts";

/** The gateway in this process with a test's own files. */
export interface SmallGateway {
  readonly gateway: Gateway;
  /** What the gateway logged, as text. */
  readonly log: { readonly text: string };
  query(query: string, options?: QueryOptions): Promise<GraphqlAnswer>;
  stop(): Promise<void>;
}

/** `sources` are the texts of source schemas by name; the one BFF is called `web`. */
export async function startSmallGateway(
  sources: Readonly<Record<string, string>>,
  clientSchema: string,
  environment: Environment = {},
): Promise<SmallGateway> {
  const root = mkdtempSync(path.join(tmpdir(), "overlock-test-"));
  for (const folder of ["schemas", "protos", "bff-web"]) mkdirSync(path.join(root, folder));
  for (const [name, text] of Object.entries(sources))
    writeFileSync(path.join(root, "schemas", `${name}.graphql`), text);
  writeFileSync(path.join(root, "bff-web", "schema.graphql"), clientSchema);
  writeFileSync(path.join(root, "bff-web", "bff.config.ts"), 'export default { name: "web" };\n');
  const log = { text: "" };
  try {
    const gateway = await startGateway({
      root,
      environment: { PORT: "0", ADMIN_PORT: "0", ...environment },
      logDestination: { write: (line) => void (log.text += line) },
    });
    return {
      gateway,
      log,
      query: (query, options = {}) => sendQuery(gateway.url, query, options),
      async stop() {
        await gateway.close({ idleGraceMs: 0 });
        rmSync(root, { recursive: true, force: true });
      },
    };
  } catch (error) {
    rmSync(root, { recursive: true, force: true });
    throw error;
  }
}
