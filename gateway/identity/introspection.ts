import { hash } from "node:crypto";
import { BoundedCache } from "../core/bounded-cache.ts";
import type { Caller } from "../core/caller.ts";
import { Deadline } from "../core/deadline.ts";
import { OverlockError } from "../core/errors.ts";
import { basicAuthorization } from "../outbound/basic-authorization.ts";
import { HttpPool } from "../outbound/http-pool.ts";
import type { Authenticator, ClientCertificate } from "./authenticator.ts";
import { bearerTokenOf } from "./bearer-token.ts";
import { boundCertificate, isBoundTo } from "./bound-certificate.ts";
import { callerOfClaims, type ClaimPaths } from "./read-claims.ts";

/** The server that is asked about tokens, and what of its answers is accepted. */
export interface IntrospectionParts extends ClaimPaths {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Of which an answer's `aud` has to name one; none: it is not looked at. */
  readonly audiences: readonly string[];
  readonly maxAgeSeconds: number;
  readonly timeoutMs: number;
}

/** What tests set. */
export interface IntrospectionLimits {
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** The most answers that are kept. */
  readonly maxAnswers: number;
}

/** For clocks that differ, as for signed tokens. */
const clockToleranceSeconds = 5;
/** A token that is not active may become so, or be of a server that is a moment behind. */
const maxInactiveAgeSeconds = 10;
const maxAnswerBytes = 64 * 1024;
const maxConnections = 16;
/** Tokens that are asked about at one time, those that wait for a connection among them. */
const maxQuestions = 1000;
const maxAnswers = 10_000;
const maxAnswersBytes = 16 * 1024 * 1024;

/**
 * Asks an authorization server about every bearer token that comes to it (https://www.rfc-editor.org/rfc/rfc7662). Answers
 * are kept by the token's hash for `maxAgeSeconds`, never beyond the token's `exp`; a token is asked about once at a time,
 * whoever waits. A server that can't be asked is IDENTITY_UNAVAILABLE, whatever the token.
 */
export function createIntrospectionAuthenticator(
  parts: IntrospectionParts,
  limits: IntrospectionLimits = { clock: () => Date.now(), maxAnswers },
): Authenticator {
  const url = new URL(parts.url);
  const pool = new HttpPool(new URL(url.origin), {
    maxConnections,
    connectTimeoutMs: parts.timeoutMs,
    maxResponseBytes: maxAnswerBytes,
    tls: null,
  });
  const introspector = new Introspector({ ...parts, ...limits }, (token) => askServer(pool, parts, token));
  return {
    takesBearerTokens: true,
    authenticate({ headers, certificate }) {
      const token = bearerTokenOf(headers);
      return token === null ? null : introspector.callerOf(token, certificate);
    },
    dispose: () => pool.dispose(),
  };
}

/** What the server's answer means for whoever sends the token: who calls, or why it is refused. */
type Verdict = { readonly keptUntilMs: number } & (
  | {
      readonly caller: Caller;
      /** The certificate, by its SHA-256 in base64url, without which the token is nobody's; null: it is its bearer's. */
      readonly certificate: string | null;
    }
  | {
      readonly caller: null;
      readonly code: keyof typeof refusals;
      /** For the log. */
      readonly fault: string;
    }
);

/** What the sender learns. */
const refusals = {
  CREDENTIAL_INVALID: "The token is not valid.",
  CREDENTIAL_EXPIRED: "The token has expired.",
} as const;

class Introspector {
  readonly #parts: IntrospectionParts & IntrospectionLimits;
  readonly #ask: (token: string) => Promise<Uint8Array>;
  readonly #verdicts: BoundedCache<Verdict>;
  readonly #questions = new Map<string, Promise<Verdict>>();

  constructor(parts: IntrospectionParts & IntrospectionLimits, ask: (token: string) => Promise<Uint8Array>) {
    this.#parts = parts;
    this.#ask = ask;
    this.#verdicts = new BoundedCache({ maxEntries: parts.maxAnswers, maxSize: maxAnswersBytes });
  }

  callerOf(token: string, certificate: ClientCertificate | null): Caller | Promise<Caller> {
    const key = hash("sha256", token, "base64");
    const kept = this.#verdicts.get(key);
    if (kept !== undefined && this.#parts.clock() < kept.keptUntilMs) return callerOf(kept, certificate);
    const question = this.#questions.get(key) ?? this.#startQuestion(key, token);
    return question.then((verdict) => callerOf(verdict, certificate));
  }

  #startQuestion(key: string, token: string): Promise<Verdict> {
    if (this.#questions.size >= maxQuestions) throw unavailable("too many tokens are being asked about");
    const question = this.#judge(key, token).finally(() => this.#questions.delete(key));
    this.#questions.set(key, question);
    return question;
  }

  async #judge(key: string, token: string): Promise<Verdict> {
    const nowMs = this.#parts.clock();
    const body = await this.#ask(token);
    const verdict = judge(readAnswer(body), this.#parts, nowMs);
    this.#verdicts.set(key, verdict, body.length);
    return verdict;
  }
}

function callerOf(verdict: Verdict, certificate: ClientCertificate | null): Caller {
  if (verdict.caller === null) throw refused(verdict.code, verdict.fault);
  if (isBoundTo(verdict.certificate, certificate)) return verdict.caller;
  throw refused("CREDENTIAL_INVALID", "it is bound to another client certificate");
}

function refused(code: keyof typeof refusals, fault: string): OverlockError {
  return new OverlockError(code, refusals[code], { cause: new Error(fault) });
}

/** https://www.rfc-editor.org/rfc/rfc7662#section-2.1 */
async function askServer(pool: HttpPool, parts: IntrospectionParts, token: string): Promise<Uint8Array> {
  const { pathname, search } = new URL(parts.url);
  const deadline = Deadline.start(parts.timeoutMs, null);
  try {
    const { status, body } = await pool.send(
      {
        method: "POST",
        path: pathname + search,
        headers: Object.entries({
          accept: "application/json",
          "content-type": "application/x-www-form-urlencoded",
          authorization: basicAuthorization(parts.clientId, parts.clientSecret),
        }).flat(),
        callHeaders: [],
        body: new URLSearchParams({ token, token_type_hint: "access_token" }).toString(),
      },
      deadline,
    );
    if (status === 200) return body.bytes;
    throw unavailable(`the introspection server answered ${status}`);
  } catch (cause) {
    throw cause instanceof OverlockError && cause.code === "IDENTITY_UNAVAILABLE"
      ? cause
      : unavailable("the introspection server could not be asked", cause);
  } finally {
    deadline.dispose();
  }
}

/** https://www.rfc-editor.org/rfc/rfc7662#section-2.2 */
interface Answer {
  readonly active: boolean;
  readonly exp: number | null;
  readonly nbf: number | null;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** An answer that is not what it should be says nothing about the token: its server is what is wrong. */
function readAnswer(body: Uint8Array): Answer {
  const claims = parseObject(body);
  const active = claims?.["active"];
  if (claims === null || typeof active !== "boolean")
    throw unavailable("the introspection server's answer is not an object with active: true or false");
  return { active, exp: timeOf(claims, "exp"), nbf: timeOf(claims, "nbf"), claims };
}

function parseObject(body: Uint8Array): Readonly<Record<string, unknown>> | null {
  try {
    const value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)) as unknown;
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
}

function timeOf(claims: Readonly<Record<string, unknown>>, name: "exp" | "nbf"): number | null {
  const value = claims[name];
  if (value === undefined) return null;
  if (typeof value === "number") return value;
  throw unavailable(`the introspection server's answer has an ${name} that is no number`);
}

function judge({ active, exp, nbf, claims }: Answer, parts: IntrospectionParts, nowMs: number): Verdict {
  const nowSeconds = nowMs / 1000;
  const refuse = (code: keyof typeof refusals, fault: string): Verdict => {
    const keptSeconds = Math.min(parts.maxAgeSeconds, maxInactiveAgeSeconds);
    return { caller: null, code, fault, keptUntilMs: nowMs + keptSeconds * 1000 };
  };
  if (!active) return refuse("CREDENTIAL_INVALID", "its server calls it not active");
  if (exp !== null && exp + clockToleranceSeconds <= nowSeconds)
    return refuse("CREDENTIAL_EXPIRED", "its exp is over");
  if (nbf !== null && nbf - clockToleranceSeconds > nowSeconds)
    return refuse("CREDENTIAL_INVALID", "its nbf is to come");
  if (!isFor(parts.audiences, claims["aud"])) return refuse("CREDENTIAL_INVALID", "its aud is none of ours");
  const certificate = boundCertificate(claims["cnf"]);
  if (certificate === undefined) return refuse("CREDENTIAL_INVALID", "its cnf can't be checked");
  return {
    caller: callerOfClaims("opaqueToken", claims, parts),
    certificate,
    keptUntilMs: Math.min(nowMs + parts.maxAgeSeconds * 1000, exp === null ? Infinity : exp * 1000),
  };
}

function isFor(audiences: readonly string[], named: unknown): boolean {
  if (audiences.length === 0) return true;
  const all: readonly unknown[] = Array.isArray(named) ? named : [named];
  return all.some((audience) => typeof audience === "string" && audiences.includes(audience));
}

function unavailable(message: string, cause?: unknown): OverlockError {
  return new OverlockError("IDENTITY_UNAVAILABLE", message, { cause });
}
