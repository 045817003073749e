import { OverlockError } from "../core/errors.ts";
import { type CompiledSelection, rawRoots } from "../language/evaluate-selection.ts";

/** A key as text that is equal for equal keys; null for a key that can't name anything: absent, empty, or no scalar. */
export type KeyReader = (key: unknown) => string | null;

/** How the rows of a batched call are found and told apart. */
export interface RowRule {
  readonly select: CompiledSelection | null;
  /** The key in a row; null: the rows are a map from key to row. */
  readonly match: CompiledSelection | null;
  readonly value: CompiledSelection | null;
  readonly textOfKey: KeyReader;
  readonly isGrouped: boolean;
}

/** Scalars compare as strings, so that 7 and "7" are one key; composite keys compare part by part. */
export function compileKeyReader(isComposite: boolean): KeyReader {
  return isComposite ? compositeKeyText : scalarKeyText;
}

/**
 * The rows of a response by the text of their key: one row each, the first where a key comes twice, or lists of rows.
 * Null is no rows, as many backends write an empty list. Raises UPSTREAM_INVALID_RESPONSE where nothing stands at the
 * place where the rows should be, or something else.
 */
export function rowsByKey(response: unknown, rule: RowRule, coordinate: string): Map<string, unknown> {
  const rows = rule.select === null ? response : rule.select(rawRoots(response));
  const result = new Map<string, unknown>();
  if (rows === undefined) throw invalid(coordinate, "no rows");
  if (rows === null) return result;
  let found = 0;
  const entries = entriesOf(rows, rule, coordinate);
  for (const [key, row] of entries) {
    const text = rule.textOfKey(key);
    if (text === null) continue;
    found++;
    const value = rule.value === null ? row : rule.value(rawRoots(row));
    if (rule.isGrouped) {
      const group = result.get(text);
      if (Array.isArray(group)) group.push(value);
      else result.set(text, [value]);
    } else if (!result.has(text)) result.set(text, value);
  }
  if (found === 0 && entries.length > 0) throw invalid(coordinate, "rows without keys");
  return result;
}

function entriesOf(
  rows: unknown,
  rule: RowRule,
  coordinate: string,
): (readonly [key: unknown, row: unknown])[] {
  const { match } = rule;
  if (match === null) {
    if (typeof rows !== "object" || rows === null || Array.isArray(rows))
      throw invalid(coordinate, "no map of rows");
    const entries: [string, unknown][] = Object.entries(rows);
    // A map's value under a list field is the group itself.
    return rule.isGrouped
      ? entries.flatMap(([key, group]) => groupOf(group).map((row) => [key, row] as const))
      : entries;
  }
  if (!Array.isArray(rows)) throw invalid(coordinate, "no list of rows");
  return rows
    .filter((row: unknown) => row !== null && row !== undefined)
    .map((row: unknown) => [match(rawRoots(row)), row] as const);
}

function groupOf(group: unknown): readonly unknown[] {
  if (Array.isArray(group)) return group;
  return group === null ? [] : [group];
}

function invalid(coordinate: string, found: string): OverlockError {
  return new OverlockError("UPSTREAM_INVALID_RESPONSE", `the answer for ${coordinate} has ${found}`);
}

function scalarKeyText(key: unknown): string | null {
  switch (typeof key) {
    case "string":
      return key === "" ? null : key;
    case "number":
    case "bigint":
    case "boolean":
      return String(key);
    default:
      return null;
  }
}

function compositeKeyText(key: unknown): string | null {
  if (typeof key !== "object" || key === null) return null;
  const parts: [string, string][] = [];
  for (const [name, part] of Object.entries(key)) {
    const text = scalarKeyText(part);
    if (text === null) return null;
    parts.push([name, text]);
  }
  return JSON.stringify(parts.toSorted(([left], [right]) => (left < right ? -1 : 1)));
}
