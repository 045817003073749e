import { readdirSync, statSync } from "node:fs";
import { registerHooks } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Problems } from "../core/problems.ts";
import { bffOptions, type BffSettings } from "./define-bff.ts";
import { describeIssue, type FileFacts, inspected } from "./describe-issue.ts";
import { describeFailure, readText, systemCode } from "./read-text.ts";

/** A text file of the project; `file` is relative to the project's folder. */
export interface ProjectFile {
  readonly file: string;
  readonly text: string;
}

/** One BFF folder: its settings and its client schema. */
export interface BffFolder {
  /** Its config file. */
  readonly file: string;
  readonly settings: BffSettings;
  readonly schema: ProjectFile;
}

/** Everything that a project's folder says, read once. */
export interface Project {
  readonly root: string;
  readonly sourceFiles: readonly ProjectFile[];
  /** How many source schemas there are, those that could not be read included. */
  readonly sourceCount: number;
  readonly bffs: readonly BffFolder[];
  readonly protosFolder: string;
}

const maxFileBytes = 16 * 1024 * 1024;
const configFile = "bff.config.ts";

/** Reads `schemas/*.graphql` and every `bff-*` folder of the project at `root`. What is missing or wrong is reported. */
export async function loadProject(root: string, problems: Problems): Promise<Project> {
  const reader = new ProjectReader(root, problems);
  if (!reader.isFolder(".")) {
    reader.report(root, { coordinate: "root", expected: "the folder of a project", found: "no folder" });
    return { root, sourceFiles: [], sourceCount: 0, bffs: [], protosFolder: path.join(root, "protos") };
  }
  const sourceFiles = reader
    .list("schemas")
    .filter((name) => name.endsWith(".graphql") && name !== "directives.graphql")
    .map((name) => reader.read(path.join("schemas", name)));
  if (sourceFiles.length === 0) {
    const expected = "at least one source schema, schemas/<source>.graphql";
    reader.report("schemas", { coordinate: "schemas/", expected, found: "none" });
  }
  const folders = reader.list(".").filter((name) => name.startsWith("bff-") && reader.isFolder(name));
  if (folders.length === 0) {
    const expected = "at least one BFF folder, bff-<name>/bff.config.ts";
    reader.report(".", { coordinate: "bff-*/", expected, found: "none" });
  }
  const bffs: BffFolder[] = [];
  const foldersByName = new Map<string, string>();
  for (const folder of folders) {
    const bff = await loadBff(reader, folder);
    if (bff === null) continue;
    const { name } = bff.settings;
    const namesake = foldersByName.get(name);
    if (namesake !== undefined) {
      const expected = `a name that no other BFF has (${namesake} has it)`;
      reader.report(path.join(folder, configFile), { coordinate: "name", expected, found: name });
      continue;
    }
    foldersByName.set(name, folder);
    bffs.push(bff);
  }
  return {
    root,
    sourceFiles: sourceFiles.filter((file) => file !== null),
    sourceCount: sourceFiles.length,
    bffs,
    protosFolder: path.join(root, "protos"),
  };
}

async function loadBff(reader: ProjectReader, folder: string): Promise<BffFolder | null> {
  const file = path.join(folder, configFile);
  if (!reader.list(folder).includes(configFile)) {
    const expected = `${configFile} in the BFF's folder`;
    reader.report(folder, { coordinate: folder, expected, found: "none" });
    return null;
  }
  let config: unknown;
  try {
    const module = (await importConfig(path.join(reader.root, file))) as { default?: unknown };
    // A copy, so that what computes an option fails here and not later.
    config = isPlainObject(module.default) ? copyOptions(module.default) : module.default;
  } catch (error) {
    const found = error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 400) : inspected(error);
    reader.report(file, { coordinate: "config", expected: "a module that loads", found });
    return null;
  }
  if (!isPlainObject(config)) {
    const expected = "defineBff({ name: … })";
    reader.report(file, { coordinate: "export default", expected, found: inspected(config) });
    return null;
  }
  const result = bffOptions.safeParse(config);
  if (!result.success) {
    for (const issue of result.error.issues) {
      for (const facts of describeIssue(issue, bffOptions, config)) reader.report(file, facts);
    }
    return null;
  }
  const schema = reader.read(path.join(folder, result.data.schema));
  if (schema === null) return null;
  return { file: file.split(path.sep).join("/"), settings: Object.freeze(result.data), schema };
}

/** The options and the shapers among them, each property read once. */
function copyOptions(options: object): object {
  const copy: Readonly<Record<string, unknown>> = { ...options };
  const { shapers } = copy;
  if (!Array.isArray(shapers)) return copy;
  return {
    ...copy,
    shapers: shapers.map((shaper: unknown) => (isPlainObject(shaper) ? { ...shaper } : shaper)),
  };
}

function isPlainObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads the files of one project, and reports those it can't read. */
class ProjectReader {
  readonly root: string;
  readonly #problems: Problems;

  constructor(root: string, problems: Problems) {
    this.root = root;
    this.#problems = problems;
  }

  /** The file's text, or null with a problem reported. */
  read(file: string): ProjectFile | null {
    const text = readText(path.join(this.root, file), maxFileBytes);
    if (typeof text === "string") return { file: file.split(path.sep).join("/"), text };
    this.report(file, { coordinate: "file", expected: text.expected, found: text.found });
    return null;
  }

  /** Names in a folder in a stable order; none where there is no such folder. */
  list(folder: string): string[] {
    try {
      return readdirSync(path.join(this.root, folder)).toSorted();
    } catch (error) {
      if (systemCode(error) !== "ENOENT") {
        const found = describeFailure(error);
        this.report(folder, { coordinate: "folder", expected: "a readable folder", found });
      }
      return [];
    }
  }

  isFolder(folder: string): boolean {
    return statSync(path.join(this.root, folder), { throwIfNoEntry: false })?.isDirectory() ?? false;
  }

  report(file: string, facts: FileFacts): void {
    this.#problems.error({ ...facts, place: { file: file.split(path.sep).join("/"), line: 0, column: 0 } });
  }
}

/** Imports a config. `overlock` in it is this very package, wherever the project's folder is. */
async function importConfig(file: string): Promise<unknown> {
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      specifier === "overlock" ? { url: publicEntry, shortCircuit: true } : next(specifier, context),
  });
  try {
    return await import(pathToFileURL(file).href);
  } finally {
    hooks.deregister();
  }
}

const publicEntry = new URL("../index.ts", import.meta.url).href;
