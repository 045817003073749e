import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { repositoryRoot } from "../architecture/source-files.ts";

/** A text file of the repository. */
export interface RepositoryText {
  /** From the repository's root, with `/`. */
  readonly file: string;
  readonly text: string;
}

/** Everything that belongs to the repository: all files but those that `.gitignore` leaves out. */
export function readRepositoryTexts(): readonly RepositoryText[] {
  return listFiles("").map((file) => ({
    file,
    text: readFileSync(path.join(repositoryRoot, file), "utf8"),
  }));
}

/** The same as the repository's `.gitignore`, and git's own folder. */
const ignored = /^(?:\.git|node_modules|coverage|\.DS_Store|.*\.log)$/;

function listFiles(folder: string): string[] {
  return readdirSync(path.join(repositoryRoot, folder), { withFileTypes: true })
    .filter((entry) => !ignored.test(entry.name))
    .toSorted((left, right) => left.name.localeCompare(right.name))
    .flatMap((entry) => {
      const file = folder === "" ? entry.name : `${folder}/${entry.name}`;
      return entry.isDirectory() ? listFiles(file) : [file];
    });
}
