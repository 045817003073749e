import { parseStrictJson } from "./strict-json.ts";

/** What a signed token says, before anybody has looked at its signature. */
export interface UnverifiedToken {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
}

/**
 * A token in the compact form (https://www.rfc-editor.org/rfc/rfc7515#section-7.1): three parts in base64url, the first
 * two JSON objects without a member that is there twice. Null for everything else.
 */
export function readToken(token: string): UnverifiedToken | null {
  const parts = token.split(".", 4);
  const [first = "", second = "", signature = ""] = parts;
  if (parts.length !== 3 || decode(signature) === null) return null;
  const header = readObject(first);
  const claims = header === null ? null : readObject(second);
  return header === null || claims === null ? null : { header, claims };
}

function readObject(part: string): Readonly<Record<string, unknown>> | null {
  const bytes = decode(part);
  if (bytes === null) return null;
  try {
    const value = parseStrictJson(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : null;
  } catch {
    // No UTF-8, or no JSON: that is an answer, not a fault.
    return null;
  }
}

/** Null where bytes are written in any way but the one: with padding, other letters, or bits beyond the last byte. */
function decode(part: string): Buffer | null {
  const bytes = Buffer.from(part, "base64url");
  return part !== "" && bytes.toString("base64url") === part ? bytes : null;
}
