import { type CredentialSettings, jwtAlgorithms } from "../config/credentials.ts";
import type { JwtSettings } from "../config/environment.ts";
import { createApiKeyAuthenticator } from "./api-keys.ts";
import type { Authenticator } from "./authenticator.ts";
import { comparableName, createCertificateAuthenticator } from "./certificates.ts";
import { CredentialReader, type CredentialReaderParts } from "./credential-reader.ts";
import { type CallerIdentifier, createCallerIdentifier } from "./identify-caller.ts";
import { createIntrospectionAuthenticator } from "./introspection.ts";
import { createJwtAuthenticator } from "./jwt.ts";

export interface IdentifierParts extends CredentialReaderParts {
  readonly anonymous: boolean;
  /** Null: what `standard` says. */
  readonly credentials: readonly CredentialSettings[] | null;
  /** The environment's issuer. */
  readonly standard: JwtSettings | null;
}

/** Opens the ways in which a BFF tells its callers. What is wrong with them, with the environment at hand, is reported. */
export function openIdentifier(parts: IdentifierParts): CallerIdentifier {
  const { anonymous, credentials, standard } = parts;
  if (credentials === null) {
    const authenticators = standard === null ? [] : [createJwtAuthenticator(standardIssuer(standard))];
    return createCallerIdentifier(authenticators, { anonymous });
  }
  const authenticators = credentials
    .map((credential, index) => {
      const reader = new CredentialReader(`credentials[${index}]`, parts);
      reportUnasked(credential, credentials.slice(0, index), reader);
      return openAuthenticator(credential, reader);
    })
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

/** A credential that others before it take everything from was meant to be somewhere else. */
function reportUnasked(
  credential: CredentialSettings,
  before: readonly CredentialSettings[],
  reader: CredentialReader,
): void {
  const former = before.findIndex((other) => takesAllOf(other, credential));
  if (former < 0) return;
  const found = `one that is never asked: credentials[${former}] takes everything that it would`;
  reader.report("", { expected: "a credential that something is left for", found });
}

function takesAllOf(first: CredentialSettings, second: CredentialSettings): boolean {
  switch (second.kind) {
    case "jwt":
      return first.kind === "introspection";
    case "apiKey":
      return first.kind === "apiKey" && first.header === second.header;
    case "introspection":
    case "certificate":
      return first.kind === second.kind;
  }
}

/** Null, with a problem reported, where it is not what it has to be. */
function openAuthenticator(credential: CredentialSettings, reader: CredentialReader): Authenticator | null {
  switch (credential.kind) {
    case "jwt":
      return openJwt(credential, reader);
    case "introspection":
      return openIntrospection(credential, reader);
    case "apiKey":
      return openApiKeys(credential, reader);
    case "certificate":
      return openCertificates(credential, reader);
  }
}

type SettingsOf<Kind extends CredentialSettings["kind"]> = Extract<CredentialSettings, { kind: Kind }>;

function openJwt(credential: SettingsOf<"jwt">, reader: CredentialReader): Authenticator | null {
  const issuer = reader.text(credential.issuer, "issuer");
  const jwksUrl = reader.url(credential.jwksUrl, "jwksUrl");
  const audiences = readAudiences(credential, reader);
  if (issuer === null || jwksUrl === null) return null;
  return createJwtAuthenticator({ ...credential, issuer, jwksUrl, audiences });
}

function openIntrospection(
  credential: SettingsOf<"introspection">,
  reader: CredentialReader,
): Authenticator | null {
  const url = reader.url(credential.url, "url");
  const clientId = reader.text(credential.clientId, "clientId");
  const clientSecret = reader.text(credential.clientSecret, "clientSecret");
  const audiences = readAudiences(credential, reader);
  if (url === null || clientId === null || clientSecret === null) return null;
  return createIntrospectionAuthenticator({ ...credential, url, clientId, clientSecret, audiences });
}

/** Those that can be had; what can't was reported. */
function readAudiences(
  { audiences }: SettingsOf<"jwt" | "introspection">,
  reader: CredentialReader,
): readonly string[] {
  return audiences
    .map((audience, index) => reader.text(audience, `audiences[${index}]`))
    .filter((audience) => audience !== null);
}

function openApiKeys(
  { header, file, keys }: SettingsOf<"apiKey">,
  reader: CredentialReader,
): Authenticator | null {
  if (file !== null && keys !== null) {
    reader.report("keys", { expected: "one of file and keys", found: "both" });
    return null;
  }
  if (file === null && keys === null) {
    reader.report("", { expected: "one of file and keys", found: "neither" });
    return null;
  }
  const known = keys !== null ? reader.apiKeysOf(keys, "keys") : reader.apiKeysIn(file ?? "", "file");
  return known === null ? null : createApiKeyAuthenticator({ header, keys: known });
}

function openCertificates({ consumers }: SettingsOf<"certificate">, reader: CredentialReader): Authenticator {
  const names = consumers.map(({ name }) => comparableName(name));
  for (const [index, name] of names.entries()) {
    const former = names.indexOf(name);
    if (former === index) continue;
    const found = `that of consumers[${former}]`;
    reader.report(`consumers[${index}].name`, { expected: "a name of its own", found });
  }
  return createCertificateAuthenticator(consumers);
}
