/** What the author of a source schema lets clients see of a backend's failure. */
export interface DeclaredFailure {
  /** Replaces the registry's sentence; null: that sentence stays. */
  readonly message: string | null;
  /** `extensions.upstreamCode`, beside the registered `extensions.code`; null: there is none. */
  readonly code: string | null;
}

/**
 * What may be shown of two values that a backend sent or an author wrote. A message is a text, its control characters
 * become spaces, and it is cut at {@link maxDeclaredMessageLength} characters; a code is a text or a number of at most 64
 * letters, digits, `_`, `-`, `.`, `:` and `/`, the first a letter or digit. What is neither is not shown.
 */
export function readDeclaredFailure(message: unknown, code: unknown): DeclaredFailure {
  return { message: readDeclaredMessage(message), code: readDeclaredCode(code) };
}

/** In UTF-16 code units. */
export const maxDeclaredMessageLength = 500;

function readDeclaredMessage(value: unknown): string | null {
  if (typeof value !== "string") return null;
  // A backend may write far more than is shown.
  const start = value.slice(0, 4 * maxDeclaredMessageLength);
  const text = start.toWellFormed().replaceAll(unshown, " ").replaceAll(/ {2,}/g, " ").trim();
  if (text === "") return null;
  if (text.length <= maxDeclaredMessageLength && start.length === value.length) return text;
  return `${text.slice(0, maxDeclaredMessageLength - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/** Control characters, line ends, and the marks that turn the direction of writing. */
const unshown = /[\p{Cc}\u2028\u2029\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;

function readDeclaredCode(value: unknown): string | null {
  if (typeof value !== "string" && typeof value !== "number") return null;
  const text = String(value);
  return codePattern.test(text) ? text : null;
}

const codePattern = /^[A-Za-z0-9][-\w.:/]{0,63}$/;
