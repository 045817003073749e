import type { Caller, ClaimValue } from "../core/caller.ts";

/** Paths of claims: where scopes, consumer and tier stand. */
export interface ClaimPaths {
  readonly scopeClaims: readonly string[];
  readonly consumerClaims: readonly string[];
  readonly tierClaims: readonly string[];
}

/** The caller that verified claims tell of. */
export function callerOfClaims(
  kind: "jwt" | "opaqueToken",
  verified: Readonly<Record<string, unknown>>,
  { scopeClaims, consumerClaims, tierClaims }: ClaimPaths,
): Caller {
  const claims = Object.assign(Object.create(null) as Record<string, ClaimValue>, verified);
  return Object.freeze({
    kind,
    // The claims are what the issuer wrote, of whatever type; the subject is a text or not known.
    subject: textOf(claims["sub"]),
    issuer: textOf(claims["iss"]),
    consumer: firstText(claims, consumerClaims),
    tier: firstText(claims, tierClaims),
    scopes: Object.freeze(new Set(scopeClaims.flatMap((path) => scopesIn(claimAt(claims, path))))),
    claims: Object.freeze(claims),
  });
}

function firstText(claims: Caller["claims"], paths: readonly string[]): string | null {
  for (const path of paths) {
    const text = textOf(claimAt(claims, path));
    if (text !== null) return text;
  }
  return null;
}

/** A claim of that very name, dots and all (`https://shop.example/roles`), or else at that path. */
export function claimAt(claims: Caller["claims"], path: string): ClaimValue | undefined {
  if (Object.hasOwn(claims, path)) return claims[path];
  let value: ClaimValue | undefined = claims;
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    if (!Object.hasOwn(value, name)) return undefined;
    value = (value as Readonly<Record<string, ClaimValue>>)[name];
  }
  return value;
}

/** A text with spaces between scopes (https://www.rfc-editor.org/rfc/rfc8693#section-4.2), or a list of texts. */
function scopesIn(value: ClaimValue | undefined): readonly string[] {
  if (typeof value === "string") return value.split(" ").filter((scope) => scope !== "");
  if (!Array.isArray(value)) return [];
  return value.filter((scope: ClaimValue): scope is string => typeof scope === "string" && scope !== "");
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
