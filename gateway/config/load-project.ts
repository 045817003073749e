import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { nearestNameHint, type Problems } from "../core/problems.ts";
import { bffOptions, type BffSettings } from "./define-bff.ts";

/** A text file of the project; `file` is relative to the project's folder. */
export interface ProjectFile {
  readonly file: string;
  readonly text: string;
}

/** One BFF folder: its settings and its client schema. */
export interface BffFolder {
  readonly settings: BffSettings;
  readonly schema: ProjectFile;
}

/** Everything that a project's folder says, read once. */
export interface Project {
  readonly root: string;
  readonly sourceFiles: readonly ProjectFile[];
  readonly bffs: readonly BffFolder[];
  readonly protosFolder: string;
}

const maxFileBytes = 16 * 1024 * 1024;
const configFile = "bff.config.ts";

/** Reads `schemas/*.graphql` and every `bff-*` folder of the project at `root`. What is missing or wrong is reported. */
export async function loadProject(root: string, problems: Problems): Promise<Project> {
  const sourceFiles = listFiles(path.join(root, "schemas"))
    .filter((name) => name.endsWith(".graphql") && name !== "directives.graphql")
    .map((name) => readProjectFile(root, path.join("schemas", name), problems))
    .filter((file) => file !== null);
  if (sourceFiles.length === 0) {
    report(problems, "schemas", "schemas/", "at least one source schema, schemas/<source>.graphql", "none");
  }
  const folders = listFiles(root).filter(
    (name) => name.startsWith("bff-") && isFolder(path.join(root, name)),
  );
  if (folders.length === 0)
    report(problems, ".", "bff-*/", "at least one BFF folder, bff-<name>/bff.config.ts", "none");
  const bffs: BffFolder[] = [];
  for (const folder of folders) {
    const bff = await loadBff(root, folder, problems);
    if (bff === null) continue;
    if (bffs.some((other) => other.settings.name === bff.settings.name)) {
      report(
        problems,
        path.join(folder, configFile),
        "name",
        "a name that no other BFF has",
        bff.settings.name,
      );
    } else bffs.push(bff);
  }
  return { root, sourceFiles, bffs, protosFolder: path.join(root, "protos") };
}

async function loadBff(root: string, folder: string, problems: Problems): Promise<BffFolder | null> {
  const file = path.join(folder, configFile);
  const absolute = path.join(root, file);
  if (!listFiles(path.join(root, folder)).includes(configFile)) {
    report(problems, folder, folder, `${configFile} in the BFF's folder`, "none");
    return null;
  }
  let config: unknown;
  try {
    const module = (await import(pathToFileURL(absolute).href)) as { default?: unknown };
    config = module.default;
  } catch (error) {
    const found = error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 400) : String(error);
    report(problems, file, "config", "a module that loads", found);
    return null;
  }
  if (typeof config !== "object" || config === null) {
    report(problems, file, "export default", "defineBff({ name: … })", typeof config);
    return null;
  }
  const result = bffOptions.safeParse(config);
  if (!result.success) {
    for (const issue of result.error.issues) reportIssue(problems, file, issue, config);
    return null;
  }
  const schema = readProjectFile(root, path.join(folder, result.data.schema), problems);
  return schema === null ? null : { settings: Object.freeze(result.data), schema };
}

interface Issue {
  readonly code: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
}

function reportIssue(problems: Problems, file: string, issue: Issue, config: object): void {
  if (issue.code === "unrecognized_keys") {
    const known = Object.keys(bffOptions.shape);
    for (const key of issue.keys ?? []) {
      report(problems, file, key, `one of the options ${known.join(", ")}`, key, nearestNameHint(key, known));
    }
    return;
  }
  const [name] = issue.path;
  const value: unknown = (config as Record<PropertyKey, unknown>)[name ?? ""];
  const found = value === undefined ? "nothing" : (JSON.stringify(value) ?? typeof value).slice(0, 100);
  report(problems, file, String(name), issue.message, found);
}

function readProjectFile(root: string, file: string, problems: Problems): ProjectFile | null {
  try {
    const { size } = statSync(path.join(root, file));
    if (size > maxFileBytes) {
      report(problems, file, "file", `at most ${maxFileBytes} bytes`, `${size} bytes`);
      return null;
    }
    return { file: file.split(path.sep).join("/"), text: readFileSync(path.join(root, file), "utf8") };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    report(problems, file, "file", "a readable file", code);
    return null;
  }
}

/** Names in a folder in a stable order; none where there is no such folder. */
function listFiles(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch {
    return [];
  }
}

function isFolder(folder: string): boolean {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function report(
  problems: Problems,
  file: string,
  coordinate: string,
  expected: string,
  found: string,
  hint: string | null = null,
): void {
  problems.error({ place: { file, line: 0, column: 0 }, coordinate, expected, found, hint });
}
