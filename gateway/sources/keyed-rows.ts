import { OverlockError } from "../core/errors.ts";
import { type CompiledSelection, rawRoots, readOwn } from "../language/evaluate-selection.ts";

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
  const found = rule.match === null ? addMap(rows, rule, result) : addList(rows, rule.match, rule, result);
  if (found === null) throw invalid(coordinate, rule.match === null ? "no map of rows" : "no list of rows");
  if (found.keys === 0 && found.rows > 0) throw invalid(coordinate, "rows without keys");
  return result;
}

/** How many rows there were, and how many of them had a key. */
interface FoundRows {
  readonly rows: number;
  readonly keys: number;
}

function addList(
  rows: unknown,
  match: CompiledSelection,
  rule: RowRule,
  result: Map<string, unknown>,
): FoundRows | null {
  if (!Array.isArray(rows)) return null;
  const found = { rows: 0, keys: 0 };
  const name = propertyOf(match);
  for (const row of rows as readonly unknown[]) {
    if (row === null || row === undefined) continue;
    found.rows++;
    const isPlain = name !== null && !Array.isArray(row);
    const text = rule.textOfKey(isPlain ? readOwn(row, name) : match(rawRoots(row)));
    if (text === null) continue;
    found.keys++;
    addRow(text, row, rule, result);
  }
  return found;
}

/** The name, where a map reads one property and nothing else. */
function propertyOf({ map }: CompiledSelection): string | null {
  if (map?.kind !== "path" || map.root !== "value" || map.then !== null || map.segments.length !== 1)
    return null;
  return map.segments[0]?.name ?? null;
}

function addMap(rows: unknown, rule: RowRule, result: Map<string, unknown>): FoundRows | null {
  if (typeof rows !== "object" || rows === null || Array.isArray(rows)) return null;
  const found = { rows: 0, keys: 0 };
  for (const [key, value] of Object.entries(rows)) {
    // A map's value under a list field is the group itself.
    for (const row of rule.isGrouped ? groupOf(value) : [value]) {
      found.rows++;
      const text = rule.textOfKey(key);
      if (text === null) continue;
      found.keys++;
      addRow(text, row, rule, result);
    }
  }
  return found;
}

function addRow(text: string, row: unknown, rule: RowRule, result: Map<string, unknown>): void {
  if (rule.isGrouped) {
    const group = result.get(text);
    const value = rule.value === null ? row : rule.value(rawRoots(row));
    if (Array.isArray(group)) group.push(value);
    else result.set(text, [value]);
  } else if (!result.has(text)) result.set(text, rule.value === null ? row : rule.value(rawRoots(row)));
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
