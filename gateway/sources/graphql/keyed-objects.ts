import { OverlockError } from "../../core/errors.ts";

/** A key that was asked for, and how a row says that it is of it. */
export interface AskedKey {
  readonly text: string;
  textOfRow(row: Readonly<Record<string, unknown>>): string | null;
}

/**
 * The row, or the error in its place, of each key that was asked for; null where there is none. Rows are told apart by
 * the key in them, never by their position; the first of several for one key counts, and strangers are left out.
 *
 * A row that failed has no key to be told by. It costs the key at its place where every other row stands at the place of
 * its key; otherwise all the keys that no row was found for, since it may be any of them.
 */
export function rowsOfKeys(
  value: unknown,
  keys: readonly AskedKey[],
  coordinate: string,
): readonly unknown[] {
  if (value instanceof OverlockError) return keys.map(() => value);
  if (value === null || value === undefined) return keys.map(() => null);
  if (!Array.isArray(value)) throw invalid(coordinate, "no list of rows");
  const rows: readonly unknown[] = value;
  const texts = rows.map((row) => textOfRow(row, keys));
  const found = new Map<string, unknown>();
  for (const [index, text] of texts.entries()) {
    if (typeof text === "string" && !found.has(text)) found.set(text, rows[index]);
  }
  const hasRows = rows.some((row) => row !== null && !(row instanceof OverlockError));
  if (hasRows && texts.every((text) => text === null)) throw invalid(coordinate, "rows without keys");
  const failed = texts.filter((text) => text instanceof OverlockError);
  const [failure] = failed;
  const isInOrder =
    rows.length === keys.length &&
    texts.every((text, index) => typeof text !== "string" || text === keys[index]?.text);
  return keys.map(({ text }, index) => {
    const row = found.get(text);
    if (row !== undefined) return row;
    if (failure === undefined) return null;
    if (!isInOrder) return failure;
    return texts[index] instanceof OverlockError ? texts[index] : null;
  });
}

/** The text of the row's key; the error of a row that failed, or whose key did; null for what is no row of a key. */
function textOfRow(row: unknown, keys: readonly AskedKey[]): string | OverlockError | null {
  if (row instanceof OverlockError) return row;
  if (typeof row !== "object" || row === null || Array.isArray(row)) return null;
  try {
    return keys[0]?.textOfRow(row as Record<string, unknown>) ?? null;
  } catch (error) {
    if (error instanceof OverlockError) return error;
    throw error;
  }
}

function invalid(coordinate: string, found: string): OverlockError {
  return new OverlockError("UPSTREAM_INVALID_RESPONSE", `the answer for ${coordinate} has ${found}`);
}
