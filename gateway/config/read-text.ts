import { readFileSync, statSync } from "node:fs";

/** Why a file can't be read, as a problem says it. */
export class UnreadableFile {
  readonly expected: string;
  readonly found: string;

  constructor(expected: string, found: string) {
    this.expected = expected;
    this.found = found;
  }
}

/** The text of a file of at most `maxBytes`. */
export function readText(file: string, maxBytes: number): string | UnreadableFile {
  try {
    const { size } = statSync(file);
    if (size > maxBytes) return new UnreadableFile(`at most ${maxBytes} bytes`, `${size} bytes`);
    return readFileSync(file, "utf8");
  } catch (error) {
    return new UnreadableFile("a readable file", describeFailure(error));
  }
}

/** Why the system did not let us read something. */
export function describeFailure(error: unknown): string {
  const code = systemCode(error);
  const words = failures.get(code);
  return words === undefined ? code : `${words} (${code})`;
}

/** `ENOENT` and the like. */
export function systemCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

const failures = new Map([
  ["ENOENT", "nothing of that name"],
  ["EISDIR", "a folder"],
  ["ENOTDIR", "a file"],
  ["EACCES", "one that this process may not read"],
]);
