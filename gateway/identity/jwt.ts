import { errors, type JWTPayload, jwtVerify } from "jose";
import { BoundedCache } from "../core/bounded-cache.ts";
import type { Caller } from "../core/caller.ts";
import { OverlockError } from "../core/errors.ts";
import type { Authenticator, ClientCertificate } from "./authenticator.ts";
import { bearerTokenOf } from "./bearer-token.ts";
import { boundCertificate, isBoundTo } from "./bound-certificate.ts";
import type { KeyStore } from "./key-store.ts";
import { callerOfClaims, type ClaimPaths } from "./read-claims.ts";
import { readToken, type UnverifiedToken } from "./read-token.ts";

/** The issuer whose tokens are accepted. */
export interface JwtIssuer extends ClaimPaths {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly algorithms: readonly string[];
  readonly clockToleranceSeconds: number;
  readonly requiredClaims: readonly string[];
  /** Null: any. */
  readonly tokenType: string | null;
}

/** Tokens that were found good, of all issuers of one BFF. */
export type VerifiedTokens = BoundedCache<VerifiedToken>;

export function createVerifiedTokens(): VerifiedTokens {
  return new BoundedCache({ maxEntries: 10_000, maxSize: 32 * 1024 * 1024 });
}

interface VerifiedToken {
  readonly issuer: string;
  readonly caller: Caller;
  /** Without which it is nobody's; null: it is its bearer's. */
  readonly certificate: string | null;
  /** Seconds since 1970. */
  readonly exp: number;
  readonly nbf: number;
  /** Of the keys. */
  readonly version: number;
}

/** An estimate: the text, and the claims that were read from it. */
const bytesPerLetter = 3;
const bytesPerEntry = 1000;

/**
 * Verifies tokens of one issuer; those of others are left to whoever is next. A token that was found good is good until
 * it ends or the issuer's keys change, without being verified again. Issuers that stand side by side share `verified`.
 */
export function createJwtAuthenticator(
  settings: JwtIssuer,
  keys: KeyStore,
  verified: VerifiedTokens = createVerifiedTokens(),
): Authenticator {
  const { issuer, clockToleranceSeconds } = settings;
  const algorithms = new Set(settings.algorithms);
  const options = {
    issuer,
    audience: [...settings.audiences],
    algorithms: [...settings.algorithms],
    clockTolerance: clockToleranceSeconds,
    ...(settings.tokenType !== null && { typ: settings.tokenType }),
  };

  async function verify(token: string, unverified: UnverifiedToken): Promise<VerifiedToken> {
    const fault = faultOfHeader(unverified, algorithms) ?? faultOfClaims(unverified, settings);
    if (fault !== null) throw refused(fault);
    const { payload, version } = await verifySignature(token, unverified).catch((cause: unknown) => {
      throw translate(cause);
    });
    const caller = callerOfClaims("jwt", payload, settings);
    const { exp = 0, nbf = 0 } = payload;
    const certificate = boundCertificate(payload["cnf"]);
    if (certificate === undefined) throw refused("it is bound to something that can't be checked");
    const found = { issuer, caller, certificate, exp, nbf, version };
    verified.set(token, found, token.length * bytesPerLetter + bytesPerEntry);
    return found;
  }

  /** By the one key that the header names, or by whichever of those fits that may be meant. */
  async function verifySignature(
    token: string,
    { header }: UnverifiedToken,
  ): Promise<{ readonly payload: JWTPayload; readonly version: number }> {
    const { keys: candidates, version } = await keys.find(header);
    let failure: unknown = null;
    for (const key of candidates) {
      try {
        const { payload } = await jwtVerify(token, key, options);
        return { payload, version };
      } catch (cause) {
        // What another key has signed is another token; whatever else is wrong is so with every key.
        if (!(cause instanceof errors.JWSSignatureVerificationFailed)) throw cause;
        failure = cause;
      }
    }
    throw failure;
  }

  /** Null where it has to be verified. */
  function callerOfVerified(known: VerifiedToken, certificate: ClientCertificate | null): Caller | null {
    if (known.version !== keys.version) return null;
    const nowSeconds = Math.floor(Date.now() / 1000);
    if (known.exp <= nowSeconds - clockToleranceSeconds) throw expired(null);
    return known.nbf > nowSeconds + clockToleranceSeconds ? null : callerWith(known, certificate);
  }

  return {
    takesBearerTokens: true,
    authenticate({ headers, certificate }) {
      const token = bearerTokenOf(headers);
      if (token === null) return null;
      const known = verified.get(token);
      // Another issuer's: it need not even be taken apart.
      if (known !== undefined && known.issuer !== issuer) return null;
      const caller = known === undefined ? null : callerOfVerified(known, certificate);
      if (caller !== null) return caller;
      const unverified = readToken(token);
      if (unverified?.claims["iss"] !== issuer) return null;
      return verify(token, unverified).then((found) => callerWith(found, certificate));
    },
    dispose() {
      verified.clear();
      return Promise.resolve();
    },
  };
}

/** Raises CREDENTIAL_INVALID where the token is bound to a certificate that the client has not shown. */
function callerWith(
  { caller, certificate: bound }: VerifiedToken,
  certificate: ClientCertificate | null,
): Caller {
  if (isBoundTo(bound, certificate)) return caller;
  throw refused("it is bound to another client certificate");
}

/**
 * What is wrong with a header. Keys and addresses of keys that a token brings along (`jwk`, `jku`, `x5c`, `x5u`) are
 * nothing to us, as are names that we don't know, unless they have to be understood
 * (https://www.rfc-editor.org/rfc/rfc7515#section-4.1.11): we understand no extension.
 */
function faultOfHeader({ header }: UnverifiedToken, algorithms: ReadonlySet<string>): string | null {
  const { alg, kid, typ, crit, b64 } = header;
  if (typeof alg !== "string" || !algorithms.has(alg)) return "its alg is not accepted";
  if (crit !== undefined || b64 !== undefined) return "it has to be understood in a way of its own";
  if (kid !== undefined && (typeof kid !== "string" || kid.length > maxKeyIdLength))
    return "its kid is no text of at most 512 characters";
  if (typ !== undefined && typeof typ !== "string") return "its typ is no text";
  return null;
}

const maxKeyIdLength = 512;

/** What is wrong with claims, whoever has signed them (https://www.rfc-editor.org/rfc/rfc7519#section-4.1). */
function faultOfClaims({ claims }: UnverifiedToken, settings: JwtIssuer): string | null {
  for (const name of ["exp", "nbf", "iat"]) {
    const value = claims[name];
    if (value !== undefined && !Number.isFinite(value)) return `its ${name} is no point in time`;
  }
  if (claims["exp"] === undefined) return "it has no end";
  if (typeof claims["iat"] === "number" && claims["iat"] > Date.now() / 1000 + settings.clockToleranceSeconds)
    return "it was issued in the future";
  const { aud, sub } = claims;
  if (sub !== undefined && typeof sub !== "string") return "its sub is no text";
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (!audiences.every((audience) => typeof audience === "string")) return "its aud is no text";
  const missing = settings.requiredClaims.find((name) => (claims[name] ?? null) === null);
  return missing === undefined ? null : `its ${missing} is missing`;
}

/** What is wrong with a token. Every other failure is the issuer's: its keys can't be had or used. */
const tokenFaults: ReadonlySet<string> = new Set([
  errors.JWTExpired.code,
  errors.JWTInvalid.code,
  errors.JWTClaimValidationFailed.code,
  errors.JWSInvalid.code,
  errors.JWSSignatureVerificationFailed.code,
  errors.JOSEAlgNotAllowed.code,
  errors.JOSENotSupported.code,
  errors.JWKSNoMatchingKey.code,
]);

function translate(cause: unknown): OverlockError {
  if (cause instanceof OverlockError) return cause;
  if (cause instanceof errors.JWTExpired) return expired(cause);
  if (cause instanceof errors.JOSEError && tokenFaults.has(cause.code))
    return refused(`${cause.code}: ${cause.message}`);
  return new OverlockError("IDENTITY_UNAVAILABLE", "the issuer's keys could not be used", { cause });
}

/** `fault` instead of an error of jose's: some carry the token's claims, which have no place in a log. */
function refused(fault: string): OverlockError {
  return new OverlockError("CREDENTIAL_INVALID", "The token is not valid.", { cause: new Error(fault) });
}

function expired(cause: errors.JWTExpired | null): OverlockError {
  return new OverlockError("CREDENTIAL_EXPIRED", "The token has expired.", {
    ...(cause !== null && { cause: new Error(`${cause.code}: ${cause.message}`) }),
  });
}
