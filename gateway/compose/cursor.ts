import { createHash } from "node:crypto";
import { OverlockError } from "../core/errors.ts";

/** A place between two edges of a connection: so many items into a page. */
export interface CursorPosition {
  /** What the page was asked for with; null for the first one. */
  readonly token: PageToken | null;
  /** How many items it was asked for; null: as many as the backend gives unasked. */
  readonly size: number | null;
  /** Items of the page before the place, 0 to {@link maxPageSize}. */
  readonly offset: number;
}

export type PageToken = string | number;

/** The most items that one page of a connection is asked for. */
export const maxPageSize = 10_000;

/**
 * What a connection is a connection of, as text: cursors of one are refused by all others. `reads` is everything that
 * the calls depend on besides the place, as canonical JSON.
 */
export function cursorScope(reads: string): string {
  return createHash("sha256").update(reads).digest("base64url").slice(0, 12);
}

/** The cursor as the client gets it: opaque, and the same for the same place. */
export function writeCursor(scope: string, { token, size, offset }: CursorPosition): string {
  return Buffer.from(JSON.stringify([scope, offset, size, token])).toString("base64url");
}

/** Raises BAD_USER_INPUT for whatever is no cursor of this connection. */
export function readCursor(scope: string, cursor: string): CursorPosition {
  const found = findPosition(cursor);
  if (found === null) throw refused("Expected a cursor in after.");
  if (found.writtenFor !== scope) throw refused("The cursor in after belongs to another list.");
  return found.position;
}

/** Where a cursor leads, whatever connection it is of; null for what is no cursor. */
export function peekCursor(cursor: string): CursorPosition | null {
  return findPosition(cursor)?.position ?? null;
}

/** Whether the page behind a cursor is asked for with the size that the cursor says, not with that of the request. */
export function isSizedByCursor({ offset }: CursorPosition, keepsPageSize: boolean): boolean {
  return keepsPageSize || offset > 0;
}

function findPosition(
  cursor: string,
): { readonly writtenFor: unknown; readonly position: CursorPosition } | null {
  const [writtenFor, offset, size, token, ...others] = parseCursor(cursor);
  const position = { token, size, offset };
  if (others.length > 0 || !isPosition(position)) return null;
  return writeCursor(String(writtenFor), position) === cursor ? { writtenFor, position } : null;
}

function parseCursor(cursor: string): readonly unknown[] {
  try {
    const parsed: unknown =
      cursor.length > maxCursorLength ? null : JSON.parse(Buffer.from(cursor, "base64url").toString());
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return [];
  }
}

/** Tokens are bounded by what backends send; this is what a URL carries easily. */
const maxCursorLength = 8192;

function isPosition(position: Readonly<Record<keyof CursorPosition, unknown>>): position is CursorPosition {
  const { token, size, offset } = position;
  if (!isCount(offset) || (size !== null && !isCount(size))) return false;
  if (token === null) return offset > 0;
  return typeof token === "number" ? Number.isFinite(token) : typeof token === "string" && token !== "";
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= maxPageSize;
}

function refused(message: string): OverlockError {
  return new OverlockError("BAD_USER_INPUT", message);
}
