import type { CredentialSettings } from "../config/credentials.ts";
import { type ErrorCode, errorCodes } from "../core/error-codes.ts";

/** What the answers of one BFF say of the credentials that it takes: https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1. */
export interface Challenges {
  /** The header `www-authenticate` for a code; null where there is none. `isBearer`: the request came with a token. */
  challenge(code: ErrorCode, isBearer: boolean): string | null;
}

/**
 * One challenge for each scheme of the BFF's credentials, in their order; those of null are tokens. For keys and
 * certificates no scheme is registered, and a 401 has to have one all the same.
 */
export function createChallenges(
  credentials: readonly Pick<CredentialSettings, "kind">[] | null,
): Challenges {
  const listed = (credentials ?? []).map(({ kind }) => schemes[kind]);
  // A BFF that takes nothing says what it would be.
  const own = listed.length === 0 ? [schemes.jwt] : [...new Set(listed)];
  const plain = own.map((scheme) => `${scheme} ${realm}`).join(", ");
  const takesOnlyTokens = own.every((scheme) => scheme === "Bearer");
  const withFault = (code: ErrorCode): string | null => {
    const fault = faults[code];
    if (fault === undefined || !own.includes("Bearer")) return null;
    const words = `error="${fault}", error_description="${errorCodes[code].publicMessage}"`;
    const told = own.map((scheme) =>
      scheme === "Bearer" ? `${scheme} ${realm}, ${words}` : `${scheme} ${realm}`,
    );
    return told.join(", ");
  };
  const faulty = new Map(Object.keys(faults).map((code) => [code, withFault(code as ErrorCode)]));
  return {
    challenge(code, isBearer) {
      if (!challenged.has(code)) return null;
      const told = isBearer || takesOnlyTokens ? (faulty.get(code) ?? null) : null;
      if (told !== null) return told;
      return errorCodes[code].status === 401 ? plain : null;
    },
  };
}

const realm = 'realm="graphql"';

const schemes = {
  jwt: "Bearer",
  introspection: "Bearer",
  apiKey: "ApiKey",
  certificate: "Certificate",
} as const satisfies Record<CredentialSettings["kind"], string>;

/**
 * https://www.rfc-editor.org/rfc/rfc6750#section-3.1, of tokens alone: who has sent none learns of no error. The words
 * are the registry's, so that nothing of the request or of what it was checked against gets into a header.
 */
const faults: Partial<Record<ErrorCode, string>> = {
  CREDENTIAL_INVALID: "invalid_token",
  CREDENTIAL_EXPIRED: "invalid_token",
  UNAUTHORIZED_FIELD_OR_TYPE: "insufficient_scope",
};

const challenged: ReadonlySet<ErrorCode> = new Set([
  "UNAUTHENTICATED",
  "CREDENTIAL_INVALID",
  "CREDENTIAL_EXPIRED",
  "UNAUTHORIZED_FIELD_OR_TYPE",
]);
