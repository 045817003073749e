import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, cpus, release, totalmem } from "node:os";
import type { Machine } from "./results.ts";

/** The machine that this process runs on, for readers of the results. */
export function readMachine(): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGigabytes: Math.round(totalmem() / 1e9),
    system: `${process.platform} ${release().split("-")[0] ?? ""}, ${process.arch}`,
  };
}

/** The packages whose work is compared; those that bench/ has not installed are left out. */
const comparedPackages: readonly string[] = [
  "graphql",
  "undici",
  "@grpc/grpc-js",
  "@grpc/proto-loader",
  "graphql-yoga",
  "dataloader",
  "graphql-jit",
  "@envelop/graphql-jit",
  "mercurius",
  "fastify",
  "@graphql-tools/stitch",
  "@graphql-hive/gateway",
  "@graphql-mesh/compose-cli",
  "@omnigraph/openapi",
  "@omnigraph/grpc",
  "@graphql-mesh/transport-rest",
  "@graphql-mesh/transport-grpc",
  "@tailcallhq/core-linux-x64-gnu",
];

/** The versions of Node and of what is compared, by name. */
export function readVersions(): Readonly<Record<string, string>> {
  const versions: Record<string, string> = { node: process.versions.node, v8: process.versions.v8 };
  for (const name of comparedPackages) {
    const version = readVersion(name);
    if (version !== null) versions[name] = version;
  }
  return versions;
}

/** From the package's own file, found as `import` would find its folder. */
function readVersion(name: string): string | null {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? [];
  for (const folder of folders) {
    try {
      const manifest = JSON.parse(readFileSync(`${folder}/${name}/package.json`, "utf8")) as {
        version: string;
      };
      return manifest.version.replace(/^v/, "");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  return null;
}
