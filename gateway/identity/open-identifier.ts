import { type ConfigText, type CredentialSettings, jwtAlgorithms } from "../config/credentials.ts";
import type { Environment, JwtSettings } from "../config/environment.ts";
import { readReference } from "../config/environment-reference.ts";
import type { Problems } from "../core/problems.ts";
import type { Authenticator } from "./authenticator.ts";
import { type CallerIdentifier, createCallerIdentifier } from "./identify-caller.ts";
import { createJwtAuthenticator } from "./jwt.ts";

export interface IdentifierParts {
  /** The BFF's config file, for messages. */
  readonly file: string;
  readonly anonymous: boolean;
  /** Null: what `standard` says. */
  readonly credentials: readonly CredentialSettings[] | null;
  /** The environment's issuer. */
  readonly standard: JwtSettings | null;
  readonly environment: Environment;
  readonly problems: Problems;
}

/** Opens the ways in which a BFF tells its callers. What the environment leaves out is reported. */
export function openIdentifier(parts: IdentifierParts): CallerIdentifier {
  const { anonymous, credentials, standard } = parts;
  const authenticators =
    credentials === null
      ? standard === null
        ? []
        : [createJwtAuthenticator(standardIssuer(standard))]
      : credentials
          .map((credential, index) => openAuthenticator(credential, `credentials[${index}]`, parts))
          .filter((authenticator) => authenticator !== null);
  return createCallerIdentifier(authenticators, { anonymous });
}

function standardIssuer({ issuer, jwksUrl, audience }: JwtSettings) {
  return {
    issuer,
    jwksUrl,
    audiences: [audience],
    algorithms: jwtAlgorithms,
    clockToleranceSeconds: 5,
    requiredClaims: [],
    tokenType: null,
    scopeClaims: ["scope", "scp"],
    consumerClaims: ["client_id", "azp"],
    tierClaims: [],
  };
}

/** Null, with a problem reported, where the environment does not have what it needs. */
function openAuthenticator(
  credential: CredentialSettings,
  coordinate: string,
  { file, environment, problems }: IdentifierParts,
): Authenticator | null {
  const read = (value: ConfigText, name: string): string => {
    const text = readReference(value, environment);
    if (text !== null) return text;
    const variable = typeof value === "string" ? "" : value.environmentVariable;
    problems.error({
      place: { file, line: 0, column: 0 },
      coordinate: `${coordinate}.${name}`,
      expected: `a value of the environment variable ${variable}`,
      found: "nothing",
    });
    return "";
  };
  const issuer = read(credential.issuer, "issuer");
  const jwksUrl = read(credential.jwksUrl, "jwksUrl");
  const audiences = credential.audiences.map((audience, index) => read(audience, `audiences[${index}]`));
  if (!URL.canParse(jwksUrl)) {
    if (jwksUrl !== "")
      problems.error({
        place: { file, line: 0, column: 0 },
        coordinate: `${coordinate}.jwksUrl`,
        expected: "a URL that begins with http:// or https://",
        found: "another text",
      });
    return null;
  }
  return createJwtAuthenticator({ ...credential, issuer, jwksUrl, audiences });
}
