import { type Problem, Problems } from "../../gateway/core/problems.ts";

/** Stands in a text right before the character that a problem is expected to point at. */
const marker = "▸";

export interface MarkedText {
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

/** The text without its marker, and where the marker was. Throws unless there is exactly one. */
export function readMarkedText(marked: string): MarkedText {
  const [before = "", after, more] = marked.split(marker);
  if (after === undefined || more !== undefined) throw new Error(`expected one ${marker} in ${marked}`);
  const lines = before.split("\n");
  return { text: before + after, line: lines.length, column: (lines.at(-1) ?? "").length + 1 };
}

/** Everything that a check reports: errors first, each kind in the order in which it was found. */
export function problemsOf(check: (problems: Problems) => void): Problem[] {
  const problems = new Problems();
  check(problems);
  return [...problems.errors, ...problems.warnings];
}
