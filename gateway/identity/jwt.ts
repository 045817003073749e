import { createRemoteJWKSet, customFetch, errors, jwtVerify, type JWTPayload } from "jose";
import type { Caller, ClaimValue } from "../core/caller.ts";
import { Deadline } from "../core/deadline.ts";
import { OverlockError } from "../core/errors.ts";
import { HttpPool } from "../outbound/http-pool.ts";

/** The issuer whose tokens are accepted. */
export interface JwtIssuer {
  readonly issuer: string;
  readonly jwksUrl: string;
  readonly audience: string;
}

/** Turns a token into a caller. */
export interface TokenVerifier {
  /** Raises UNAUTHENTICATED for a token that is not valid or no longer, IDENTITY_UNAVAILABLE without the issuer's keys. */
  verify(token: string): Promise<Caller>;
  /** Closes the connection to the issuer. */
  dispose(): Promise<void>;
}

/** Asymmetric algorithms only: no key of ours can be mistaken for a secret. */
const algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];
const maxTokenLength = 8192;
const clockToleranceSeconds = 5;
const keysTimeoutMs = 3000;
const maxKeysBytes = 1024 * 1024;

/** Verifies tokens of one issuer against its key set, which is fetched by the first token and refetched for new keys. */
export function createJwtVerifier({ issuer, jwksUrl, audience }: JwtIssuer): TokenVerifier {
  const url = new URL(jwksUrl);
  const pool = new HttpPool(new URL(url.origin), {
    maxConnections: 1,
    connectTimeoutMs: keysTimeoutMs,
    maxResponseBytes: maxKeysBytes,
    tls: null,
  });
  const keys = createRemoteJWKSet(url, {
    timeoutDuration: keysTimeoutMs,
    cooldownDuration: 30_000,
    [customFetch]: () => fetchKeys(pool, url),
  });
  const options = {
    issuer,
    audience,
    algorithms,
    clockTolerance: clockToleranceSeconds,
    requiredClaims: ["exp"],
  };
  return {
    async verify(token) {
      if (token.length > maxTokenLength) throw new OverlockError("UNAUTHENTICATED", "The token is too long.");
      try {
        const { payload } = await jwtVerify(token, keys, options);
        return callerOf(payload);
      } catch (cause) {
        throw translate(cause);
      }
    },
    dispose: () => pool.dispose(),
  };
}

async function fetchKeys(pool: HttpPool, { pathname, search }: URL): Promise<Response> {
  const deadline = Deadline.start(keysTimeoutMs, null);
  try {
    const headers = ["accept", "application/json, application/jwk-set+json"];
    const { status, body } = await pool.send(
      { method: "GET", path: pathname + search, headers, callHeaders: [], body: null },
      deadline,
    );
    return new Response(new Uint8Array(body), { status });
  } finally {
    deadline.dispose();
  }
}

function callerOf(payload: JWTPayload): Caller {
  const claims = Object.assign(Object.create(null) as Record<string, ClaimValue>, payload);
  // The claims are what the issuer wrote, of whatever type; the subject is a text or not known.
  const subject: unknown = payload.sub;
  return Object.freeze({
    kind: "jwt",
    subject: typeof subject === "string" ? subject : null,
    issuer: payload.iss ?? null,
    claims: Object.freeze(claims),
  });
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
  errors.JWKSMultipleMatchingKeys.code,
]);

function translate(cause: unknown): OverlockError {
  if (cause instanceof errors.JOSEError && tokenFaults.has(cause.code)) {
    const message = cause instanceof errors.JWTExpired ? "The token has expired." : "The token is not valid.";
    // Not the error itself: some carry the token's claims, which have no place in a log.
    return new OverlockError("UNAUTHENTICATED", message, {
      cause: new Error(`${cause.code}: ${cause.message}`),
    });
  }
  return new OverlockError("IDENTITY_UNAVAILABLE", "the issuer's keys could not be fetched", { cause });
}
