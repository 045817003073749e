import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** Path from the repository's root, with `/`, to content. */
export type SourceFiles = ReadonlyMap<string, string>;

export const repositoryRoot = path.resolve(import.meta.dirname, "../..");

/** Reads every TypeScript and JavaScript file of the given folders, or those below them, sorted by path. */
export function readSourceFiles(...folders: readonly string[]): SourceFiles {
  const paths = readFilePaths(...folders).filter((file) => /\.[cm]?[jt]s$/.test(file));
  return new Map(paths.map((file) => [file, readFileSync(path.join(repositoryRoot, file), "utf8")]));
}

/** Lists every file of the given folders, or those below them, sorted; what is installed there is left out. */
export function readFilePaths(...folders: readonly string[]): readonly string[] {
  return folders
    .flatMap((folder) =>
      readdirSync(path.join(repositoryRoot, folder), { recursive: true, withFileTypes: true }),
    )
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(repositoryRoot, path.join(entry.parentPath, entry.name)))
    .map((file) => file.split(path.sep).join("/"))
    .filter((file) => !file.includes("node_modules/"))
    .toSorted();
}

/** Lists the BFF folders: those at the root called `bff-…`. */
export function readBffFolders(): readonly string[] {
  return readdirSync(repositoryRoot, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name.startsWith("bff-"))
    .map((entry) => entry.name);
}
