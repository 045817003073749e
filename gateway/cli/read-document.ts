import { readFileSync } from "node:fs";

/** The command line says something that can't be done. */
export class MisuseError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "MisuseError";
  }
}

/** The text of a file; `-` is standard input. Raises MisuseError where it can't be read. */
export function readDocument(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new MisuseError(`expected a readable file, found ${code} at ${file.slice(0, 100)}`);
  }
}
