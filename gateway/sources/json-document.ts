/** Raised for a document that is no JSON in UTF-8, or nested deeper than {@link maxJsonDepth} levels. */
export class JsonDocumentError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "JsonDocumentError";
  }
}

/** Far more than any API needs; whatever walks a value recursively stays clear of the stack's end. */
export const maxJsonDepth = 500;

/**
 * Parses the bytes of a JSON document (https://www.rfc-editor.org/rfc/rfc8259). A byte order mark is skipped, the last of
 * several members with one name counts, and `__proto__` is a name like any other. A number that JavaScript can't hold (an
 * integer beyond 2^53, or anything beyond 1.8e308) becomes its text, so that no digit is lost. Raises
 * {@link JsonDocumentError}.
 */
export function parseJsonDocument(bytes: Uint8Array): unknown {
  const { text, value, isExact } = parseOnce(bytes);
  // Parsing with a reviver costs ten times as much, so only a document that needs it pays for it.
  return isExact ? value : (JSON.parse(text, keepDigits) as unknown);
}

/** The same; null where there is a number that JavaScript can't hold, for which the document has to be parsed again. */
export function parseExactJson(bytes: Uint8Array): { readonly value: unknown } | null {
  const { value, isExact } = parseOnce(bytes);
  return isExact ? { value } : null;
}

function parseOnce(bytes: Uint8Array): {
  readonly text: string;
  readonly value: unknown;
  readonly isExact: boolean;
} {
  let text: string;
  let value: unknown;
  try {
    text = utf8.decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    throw new JsonDocumentError("the body is not JSON in UTF-8", { cause });
  }
  const isInexactInside =
    typeof value === "object" && value !== null ? hasInexact(value, maxJsonDepth) : isInexact(value);
  return { text, value, isExact: !isInexactInside };
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Some number may have lost digits. Goes through all of the value, and so finds out how deep it is. */
function hasInexact(value: object, levelsLeft: number): boolean {
  if (levelsLeft === 0) throw new JsonDocumentError(`the body is nested deeper than ${maxJsonDepth} levels`);
  let isFound = false;
  // Most members are texts and numbers: only for what is nested there is a call.
  if (Array.isArray(value)) {
    for (const element of value as readonly unknown[]) {
      if (typeof element === "number") isFound = isFound || isInexact(element);
      else if (typeof element === "object" && element !== null && hasInexact(element, levelsLeft - 1))
        isFound = true;
    }
    return isFound;
  }
  // oxlint-disable-next-line guard-for-in -- a parsed object has no other enumerable properties than its own
  for (const name in value) {
    const member = (value as Record<string, unknown>)[name];
    if (typeof member === "number") isFound = isFound || isInexact(member);
    else if (typeof member === "object" && member !== null && hasInexact(member, levelsLeft - 1))
      isFound = true;
  }
  return isFound;
}

function isInexact(value: unknown): boolean {
  return typeof value === "number" && !(value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER);
}

/** https://tc39.es/proposal-json-parse-with-source/ */
function keepDigits(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number" || !isInexact(value)) return value;
  const source = context?.source ?? "";
  return !Number.isFinite(value) || /^-?\d+$/.test(source) ? source : value;
}
