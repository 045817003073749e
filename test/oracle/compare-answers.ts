/** One error of an answer. Its message is for people and may differ. */
export interface AnswerError {
  readonly path: readonly (string | number)[];
  /** Null where whoever answers has no codes for it: any is as good then. */
  readonly code: string | null;
  /** Where in the document its field stands; absent where nobody says. */
  readonly locations?: string;
}

/** What an executor makes of an operation. */
export interface Answer {
  /** Undefined where the operation was refused as a whole. */
  readonly data: unknown;
  readonly errors: readonly AnswerError[];
  /** Failures that a default stands in for. */
  readonly absorbed: readonly AnswerError[];
}

/**
 * The first difference of two answers in words; null where they are the same. Data is compared with the order of its
 * members. Errors are compared by path and code in any order; of those that took more than their own field along, one of
 * several may be told, as GraphQL has it, so of such it counts that both sides have one for the same null. Of what was
 * absorbed below a null nothing counts: nobody sees the field, and whether it was read at all is a matter of time.
 */
export function differenceOf(left: Answer, right: Answer): string | null {
  return (
    differenceOfData(left.data, right.data) ??
    differenceOfErrors("error", left.errors, right) ??
    differenceOfErrors("absorbed error", shownOf(left), { ...right, errors: shownOf(right) })
  );
}

function differenceOfData(left: unknown, right: unknown): string | null {
  const leftText = textOf(left);
  const rightText = textOf(right);
  // Nearly always.
  if (leftText === rightText) return null;
  return differenceAt(left, right, "data") ?? `data: ${leftText} and ${rightText}`;
}

function differenceAt(left: unknown, right: unknown, at: string): string | null {
  if (Array.isArray(left) && Array.isArray(right)) {
    if (left.length !== right.length) return `${at}: ${left.length} elements and ${right.length}`;
    return firstOf(left.map((element, index) => differenceAt(element, right[index], `${at}.${index}`)));
  }
  if (isRecord(left) && isRecord(right)) {
    const names = Object.keys(left);
    const otherNames = Object.keys(right);
    if (names.join() !== otherNames.join())
      return `${at}: members ${names.join(", ")} and ${otherNames.join(", ")}`;
    return firstOf(names.map((name) => differenceAt(left[name], right[name], `${at}.${name}`)));
  }
  const leftText = textOf(left);
  const rightText = textOf(right);
  return leftText === rightText ? null : `${at}: ${shortened(leftText)} and ${shortened(rightText)}`;
}

function differenceOfErrors(
  what: string,
  leftErrors: readonly AnswerError[],
  { data, errors: rightErrors }: Pick<Answer, "data" | "errors">,
): string | null {
  const left = groupByNull(leftErrors, data);
  const right = groupByNull(rightErrors, data);
  for (const site of new Set([...left.keys(), ...right.keys()])) {
    const here = left.get(site) ?? [];
    const there = right.get(site) ?? [];
    const isOwn = [...here, ...there].every(({ path }) => path.join(".") === site);
    const isSame = isOwn ? areSame(here, there) : here.length > 0 && there.length > 0;
    if (!isSame) return `${what} at ${site}: ${listOf(here)} and ${listOf(there)}`;
  }
  return null;
}

function shownOf({ absorbed, data }: Answer): readonly AnswerError[] {
  return absorbed.filter(({ path }) => siteOf(path, data) === path.join("."));
}

/** Errors by the null in the data that each of them made: its own field, or one around it. */
function groupByNull(errors: readonly AnswerError[], data: unknown): Map<string, AnswerError[]> {
  return Map.groupBy(errors, ({ path }) => siteOf(path, data));
}

function siteOf(path: AnswerError["path"], data: unknown): string {
  let value = data;
  for (const [index, key] of path.entries()) {
    if (value === null || value === undefined) return path.slice(0, index).join(".");
    value = (value as Readonly<Record<string | number, unknown>>)[key];
  }
  return path.join(".");
}

function areSame(left: readonly AnswerError[], right: readonly AnswerError[]): boolean {
  if (left.length !== right.length) return false;
  if ([...left, ...right].some(({ code }) => code === null)) return true;
  return codesOf(left) === codesOf(right);
}

function codesOf(errors: readonly AnswerError[]): string {
  return errors
    .map(({ code, locations = "" }) => `${code} ${locations}`)
    .toSorted((one, other) => one.localeCompare(other))
    .join();
}

function listOf(errors: readonly AnswerError[]): string {
  return errors.length === 0
    ? "none"
    : errors
        .map(
          ({ path, code, locations = "" }) =>
            `${code ?? "any code"} at ${path.join(".")}${locations === "" ? "" : ` (${locations})`}`,
        )
        .join(", ");
}

function firstOf(differences: readonly (string | null)[]): string | null {
  return differences.find((difference) => difference !== null) ?? null;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

function shortened(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`;
}
