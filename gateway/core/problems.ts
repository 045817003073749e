/** A place in a file that a person wrote; line and column count from 1, 0 where only the file is known. */
export interface SourcePlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One thing wrong with a schema, a proto, a config or the environment. */
export interface Problem {
  readonly place: SourcePlace;
  /** The schema coordinate or the setting's name: `Product.reviews`, `@source(timeoutMs:)`, `PORT`. */
  readonly coordinate: string;
  readonly expected: string;
  readonly found: string;
  /** The nearest right name or the way to mend it. */
  readonly hint: string | null;
  readonly severity: "error" | "warning";
}

export interface ProblemFacts {
  readonly place: SourcePlace;
  readonly coordinate: string;
  readonly expected: string;
  readonly found: string;
  readonly hint?: string | null;
}

/**
 * Collects all problems of one start, so that a person mends them in one go. Checks add to it and go on;
 * the start calls {@link Problems.throwIfAny} before it opens anything.
 */
export class Problems {
  readonly #problems: Problem[] = [];
  readonly #seen = new Set<string>();

  error(facts: ProblemFacts): void {
    this.#add({ ...facts, hint: facts.hint ?? null, severity: "error" });
  }

  warn(facts: ProblemFacts): void {
    this.#add({ ...facts, hint: facts.hint ?? null, severity: "warning" });
  }

  get errors(): readonly Problem[] {
    return this.#problems.filter((problem) => problem.severity === "error");
  }

  get warnings(): readonly Problem[] {
    return this.#problems.filter((problem) => problem.severity === "warning");
  }

  /** Raises {@link StartupError} with every error collected so far, in the order of files and lines. */
  throwIfAny(): void {
    const errors = this.errors;
    if (errors.length > 0) throw new StartupError(errors);
  }

  #add(problem: Problem): void {
    const identity = JSON.stringify(problem);
    if (this.#seen.has(identity)) return;
    this.#seen.add(identity);
    this.#problems.push(problem);
  }
}

/** The start was refused. Its message lists every problem. */
export class StartupError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const sorted = problems.toSorted(byPlace);
    const count = sorted.length === 1 ? "1 problem" : `${sorted.length} problems`;
    super(`${count} found; nothing was started.\n\n${sorted.map(formatProblem).join("\n\n")}`);
    this.name = "StartupError";
    this.problems = sorted;
  }
}

/** A problem as a person reads it: `file:line:column  coordinate`, then what was expected and found. */
export function formatProblem(problem: Problem): string {
  const { file, line, column } = problem.place;
  const place = line === 0 ? file : `${file}:${line}:${column}`;
  const lines = [
    `${place}  ${problem.coordinate}`,
    `  expected  ${indentRest(problem.expected)}`,
    `  found     ${indentRest(problem.found)}`,
  ];
  if (problem.hint !== null) lines.push(`  hint      ${indentRest(problem.hint)}`);
  return lines.join("\n");
}

/**
 * A hint naming the candidate nearest to `name` by edit distance, or null where none is within `maxDistance`: where it
 * is not given two of five letters, one at least, but never all of them.
 */
export function nearestNameHint(
  name: string,
  candidates: Iterable<string>,
  maxDistance: number = Math.min(name.length - 1, Math.max(1, Math.floor(name.length * 0.4))),
): string | null {
  let best: string | null = null;
  let bestDistance = maxDistance + 1;
  for (const candidate of candidates) {
    if (candidate === name || Math.abs(candidate.length - name.length) >= bestDistance) continue;
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best === null ? null : `did you mean "${best}"?`;
}

function byPlace(left: Problem, right: Problem): number {
  return (
    left.place.file.localeCompare(right.place.file) ||
    left.place.line - right.place.line ||
    left.place.column - right.place.column
  );
}

function indentRest(text: string): string {
  return text.replaceAll("\n", `\n${" ".repeat(12)}`);
}

/** Insertions, deletions, replacements, and neighbours that changed places: one each. Three rows at a time. */
function editDistance(left: string, right: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (left[row - 1] === right[column - 1] ? 0 : 1);
      const shifted = Math.min((previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1);
      const isSwapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      const swapped = isSwapped && row > 1 && column > 1 ? (beforePrevious[column - 2] ?? 0) + 1 : shifted;
      current.push(Math.min(replaced, shifted, swapped));
    }
    [beforePrevious, previous] = [previous, current];
  }
  return previous[right.length] ?? 0;
}
