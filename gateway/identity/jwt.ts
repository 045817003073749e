import { createRemoteJWKSet, customFetch, errors, jwtVerify } from "jose";
import type { Caller } from "../core/caller.ts";
import { Deadline } from "../core/deadline.ts";
import { OverlockError } from "../core/errors.ts";
import { HttpPool } from "../outbound/http-pool.ts";
import type { Authenticator } from "./authenticator.ts";
import { bearerTokenOf } from "./bearer-token.ts";
import { callerOfClaims, type ClaimPaths } from "./read-claims.ts";

/** The issuer whose tokens are accepted. */
export interface JwtIssuer extends ClaimPaths {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly jwksUrl: string;
  readonly algorithms: readonly string[];
  readonly clockToleranceSeconds: number;
  readonly requiredClaims: readonly string[];
  /** Null: any. */
  readonly tokenType: string | null;
}

const keysTimeoutMs = 3000;
const maxKeysBytes = 1024 * 1024;

/** Verifies tokens of one issuer against its key set, which is fetched by the first token and refetched for new keys. */
export function createJwtAuthenticator(settings: JwtIssuer): Authenticator {
  const url = new URL(settings.jwksUrl);
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
    issuer: settings.issuer,
    audience: [...settings.audiences],
    algorithms: [...settings.algorithms],
    clockTolerance: settings.clockToleranceSeconds,
    requiredClaims: ["exp", ...settings.requiredClaims],
    ...(settings.tokenType !== null && { typ: settings.tokenType }),
  };

  async function verify(token: string): Promise<Caller> {
    try {
      const { payload } = await jwtVerify(token, keys, options);
      return callerOfClaims("jwt", payload, settings);
    } catch (cause) {
      throw translate(cause);
    }
  }

  return {
    authenticate({ headers }) {
      const token = bearerTokenOf(headers);
      return token === null ? null : verify(token);
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
    const isExpired = cause instanceof errors.JWTExpired;
    const message = isExpired ? "The token has expired." : "The token is not valid.";
    // Not the error itself: some carry the token's claims, which have no place in a log.
    return new OverlockError(isExpired ? "CREDENTIAL_EXPIRED" : "CREDENTIAL_INVALID", message, {
      cause: new Error(`${cause.code}: ${cause.message}`),
    });
  }
  return new OverlockError("IDENTITY_UNAVAILABLE", "the issuer's keys could not be fetched", { cause });
}
