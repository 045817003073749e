import { type CredentialSettings, jwtAlgorithms } from "../config/credentials.ts";
import type { JwtSettings } from "../config/environment.ts";
import type { ApiKeyFiles } from "./api-key-files.ts";
import { createApiKeyAuthenticator } from "./api-keys.ts";
import { quoted } from "../core/errors.ts";
import type { Authenticator } from "./authenticator.ts";
import { comparableName, createCertificateAuthenticator } from "./certificates.ts";
import { CredentialReader, type CredentialReaderParts } from "./credential-reader.ts";
import { type CallerIdentifier, createCallerIdentifier } from "./identify-caller.ts";
import { createIntrospectionAuthenticator } from "./introspection.ts";
import { createJwtAuthenticator, createVerifiedTokens, type VerifiedTokens } from "./jwt.ts";
import { type KeyLocation, parseKeyUrl } from "./key-location.ts";
import type { KeyStores } from "./key-store.ts";

export interface IdentifierParts extends CredentialReaderParts {
  readonly anonymous: boolean;
  /** Null: what `standard` says. */
  readonly credentials: readonly CredentialSettings[] | null;
  /** The environment's issuer. */
  readonly standard: JwtSettings | null;
  readonly keyStores: KeyStores;
  readonly apiKeyFiles: ApiKeyFiles;
}

/** Opens the ways in which a BFF tells its callers. What is wrong with them, with the environment at hand, is reported. */
export function openIdentifier(parts: IdentifierParts): CallerIdentifier {
  const { anonymous, credentials, standard, keyStores, apiKeyFiles } = parts;
  if (credentials === null) {
    const authenticators = standard === null ? [] : [openStandard(standard, keyStores)];
    return createCallerIdentifier(authenticators, { anonymous });
  }
  const shared = { issuers: new Set<string>(), keyStores, verified: createVerifiedTokens(), apiKeyFiles };
  const authenticators = credentials
    .map((credential, index) => {
      const reader = new CredentialReader(`credentials[${index}]`, parts);
      reportUnasked(credential, credentials.slice(0, index), reader);
      return openAuthenticator(credential, reader, shared);
    })
    .filter((authenticator) => authenticator !== null);
  return createCallerIdentifier(authenticators, { anonymous });
}

function openStandard({ issuer, jwksUrl, audience }: JwtSettings, keyStores: KeyStores): Authenticator {
  const settings = {
    issuer,
    audiences: [audience],
    algorithms: jwtAlgorithms,
    clockToleranceSeconds: 5,
    requiredClaims: [],
    tokenType: null,
    scopeClaims: ["scope", "scp"],
    consumerClaims: ["client_id", "azp"],
    tierClaims: [],
  };
  return createJwtAuthenticator(
    settings,
    keyStores.open(issuer, { kind: "url", url: jwksUrl }),
    createVerifiedTokens(),
  );
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
function openAuthenticator(
  credential: CredentialSettings,
  reader: CredentialReader,
  parts: SharedParts,
): Authenticator | null {
  switch (credential.kind) {
    case "jwt":
      return openJwt(credential, reader, parts);
    case "introspection":
      return openIntrospection(credential, reader);
    case "apiKey":
      return openApiKeys(credential, reader, parts.apiKeyFiles);
    case "certificate":
      return openCertificates(credential, reader);
  }
}

type SettingsOf<Kind extends CredentialSettings["kind"]> = Extract<CredentialSettings, { kind: Kind }>;

/** What the credentials of one BFF share. */
interface SharedParts {
  /** Those of the credentials before. */
  readonly issuers: Set<string>;
  readonly keyStores: KeyStores;
  readonly verified: VerifiedTokens;
  readonly apiKeyFiles: ApiKeyFiles;
}

function openJwt(
  credential: SettingsOf<"jwt">,
  reader: CredentialReader,
  { issuers, keyStores, verified }: SharedParts,
): Authenticator | null {
  const issuer = reader.text(credential.issuer, "issuer");
  const audiences = readAudiences(credential, reader);
  const location = issuer === null ? null : locateKeys(credential, issuer, reader);
  if (issuer === null || location === null) return null;
  if (issuers.has(issuer)) {
    const expected = "an issuer that no credential before it has";
    reader.report("issuer", { expected, found: quoted(issuer), hint: "the first decides about its tokens" });
    return null;
  }
  issuers.add(issuer);
  return createJwtAuthenticator(
    { ...credential, issuer, audiences },
    keyStores.open(issuer, location),
    verified,
  );
}

function locateKeys(
  { jwksUrl, jwksFile }: SettingsOf<"jwt">,
  issuer: string,
  reader: CredentialReader,
): KeyLocation | null {
  if (jwksUrl !== null && jwksFile !== null) {
    reader.report("jwksFile", { expected: "one of jwksUrl and jwksFile", found: "both" });
    return null;
  }
  if (jwksFile !== null) {
    const path = reader.keyFile(jwksFile, "jwksFile");
    return path === null ? null : { kind: "file", path };
  }
  if (jwksUrl !== null) {
    const url = reader.url(jwksUrl, "jwksUrl");
    return url === null ? null : { kind: "url", url };
  }
  const url = parseKeyUrl(issuer);
  if (url?.search === "" && url.hash === "") {
    reader.url(issuer, "issuer");
    return { kind: "discovery", issuer };
  }
  reader.report("jwksUrl", {
    expected: "jwksUrl or jwksFile",
    found: "neither",
    hint: "they are found by themselves where the issuer is a URL and has an OpenID configuration",
  });
  return null;
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
  files: ApiKeyFiles,
): Authenticator | null {
  if (file !== null && keys !== null) {
    reader.report("keys", { expected: "one of file and keys", found: "both" });
    return null;
  }
  if (file === null && keys === null) {
    reader.report("", { expected: "one of file and keys", found: "neither" });
    return null;
  }
  const list = keys !== null ? reader.apiKeysOf(keys, "keys") : reader.apiKeysIn(file ?? "", "file", files);
  return list === null ? null : createApiKeyAuthenticator({ header, list });
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
