import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { shopRoot } from "./test-gateway.ts";

export interface TemporaryProject {
  readonly root: string;
  remove(): void;
}

export interface ProjectExtras {
  /** A folder. */
  readonly protos?: string | null;
  /** What the BFF's config exports. */
  readonly config?: string;
  /** Further files of the BFF's folder, by name. */
  readonly files?: Readonly<Record<string, string>>;
}

/** A project with one BFF, called `web`. `sources` are schema files by source name. */
export function createProject(
  sources: Readonly<Record<string, string>>,
  clientSchema: string,
  { protos = null, config = '{ name: "web", anonymous: true }', files = {} }: ProjectExtras = {},
): TemporaryProject {
  const root = mkdtempSync(path.join(tmpdir(), "overlock-test-"));
  for (const folder of ["schemas", "bff-web"]) mkdirSync(path.join(root, folder));
  for (const [name, text] of Object.entries(sources))
    writeFileSync(path.join(root, "schemas", `${name}.graphql`), text);
  if (protos !== null) symlinkSync(protos, path.join(root, "protos"));
  const own = { "schema.graphql": clientSchema, "bff.config.ts": `export default ${config};\n`, ...files };
  for (const [name, text] of Object.entries(own)) writeFileSync(path.join(root, "bff-web", name), text);
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) };
}

/** The shop's sources with one BFF, called `web`, of the test's own. */
export function createShopProject(
  clientSchema: string,
  options: Readonly<Record<string, unknown>> = {},
): TemporaryProject {
  const root = mkdtempSync(path.join(tmpdir(), "overlock-test-"));
  for (const folder of ["schemas", "protos"])
    symlinkSync(path.join(shopRoot, folder), path.join(root, folder));
  mkdirSync(path.join(root, "bff-web"));
  writeFileSync(path.join(root, "bff-web", "schema.graphql"), clientSchema);
  const config = JSON.stringify({ name: "web", anonymous: true, ...options });
  // The shop's own client schemas name a policy, which JSON can't hold.
  const policies = "policies: { mayReview: () => true }";
  writeFileSync(
    path.join(root, "bff-web", "bff.config.ts"),
    `export default { ${policies}, ...${config} };\n`,
  );
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) };
}
