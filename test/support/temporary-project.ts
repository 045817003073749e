import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { shopRoot } from "./test-gateway.ts";

export interface TemporaryProject {
  readonly root: string;
  remove(): void;
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
