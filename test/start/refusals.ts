import { expect, test } from "vitest";
import type { Environment } from "../../gateway/config/environment.ts";
import { StartupError } from "../../gateway/core/problems.ts";
import { checkProject } from "../../gateway/server/check-project.ts";
import { type Edit, editProject, type ProjectFiles, type ProjectFolders } from "./minimal-project.ts";

/** What a start says, without the folder's own name; null where it says nothing. */
export async function refusalOf(folder: string, environment: Environment = {}): Promise<string | null> {
  try {
    await checkProject(folder, environment);
    return null;
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    return error.message.replaceAll(folder, "<project>");
  }
}

/** The message of a refusal with these problems, which are parted by empty lines. */
export function refusalWith(problems: string): string {
  const all = problems.trim();
  const count = all.split("\n\n").length;
  return `${count === 1 ? "1 problem" : `${count} problems`} found; nothing was started.\n\n${all}`;
}

/** Makes one test a call: the minimal project with `edits` is refused with exactly these problems. */
export function refusalTable(folders: ProjectFolders) {
  return (what: string, edits: readonly Edit[], problems: string, environment: Environment = {}): void => {
    test(what, async () => {
      const files: ProjectFiles = editProject(edits);
      expect(await refusalOf(folders.write(files), environment)).toBe(refusalWith(problems));
    });
  };
}
