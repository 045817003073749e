import type { OauthSettings } from "../config/source-oauth.ts";
import { Deadline } from "../core/deadline.ts";
import { OverlockError, toOverlockError } from "../core/errors.ts";
import { HttpPool, type HttpResponse } from "./http-pool.ts";

/** The tokens by which the gateway itself calls one source. */
export interface AccessTokens {
  /**
   * The one to send now: without a promise where it is at hand. Raises UPSTREAM_UNAUTHENTICATED where there is none to be
   * had, or what `deadline` ends with.
   */
  current(deadline: Deadline): string | Promise<string>;
  /** The backend did not accept this one. False where asking for another so soon would only be a flood. */
  refuse(token: string): boolean;
  dispose(): Promise<void>;
}

/** What has become of a token: `refused` by the backend, `failed` to be had. */
export type TokenResult = "ok" | "failed" | "refused";

export interface ClientCredentialsOptions {
  readonly onResult: (result: TokenResult, error: OverlockError | null) => void;
  /** In milliseconds; only ever grows. */
  readonly clock?: () => number;
  /** 0 to 1. */
  readonly random?: () => number;
}

interface Token {
  readonly text: string;
  readonly refreshAtMs: number;
  readonly expiresAtMs: number;
}

/**
 * Gets tokens by the client-credentials grant (https://www.rfc-editor.org/rfc/rfc6749#section-4.4) and keeps the latest. It
 * is renewed when between 70 and 85 % of its time are over, while the calls go on with it, so that nobody waits and
 * several gateways do not ask at one moment. One request for a token is under way at a time, whoever waits; after one that
 * failed there is none for a second.
 */
export class ClientCredentials implements AccessTokens {
  readonly #pool: HttpPool;
  readonly #path: string;
  readonly #headers: readonly string[];
  readonly #body: string;
  readonly #onResult: ClientCredentialsOptions["onResult"];
  readonly #clock: () => number;
  readonly #random: () => number;
  #token: Token | null = null;
  #fetching: Promise<Token> | null = null;
  #failure: { readonly error: OverlockError; readonly untilMs: number } | null = null;
  #refusedAtMs = Number.NEGATIVE_INFINITY;

  constructor(settings: OauthSettings, options: ClientCredentialsOptions) {
    const { origin, pathname, search } = new URL(settings.tokenUrl);
    this.#pool = new HttpPool(new URL(origin), {
      maxConnections: 1,
      connectTimeoutMs: fetchTimeoutMs,
      maxResponseBytes: 65_536,
      tls: null,
    });
    this.#path = pathname + search;
    this.#headers = Object.entries({
      authorization: `Basic ${basicCredentials(settings)}`,
      "content-type": "application/x-www-form-urlencoded",
      accept: "application/json",
    }).flat();
    const { scope, audience } = settings;
    this.#body = new URLSearchParams({
      grant_type: "client_credentials",
      ...(scope !== null && { scope }),
      ...(audience !== null && { audience }),
    }).toString();
    this.#onResult = options.onResult;
    this.#clock = options.clock ?? (() => performance.now());
    this.#random = options.random ?? Math.random;
  }

  current(deadline: Deadline): string | Promise<string> {
    const token = this.#token;
    const nowMs = this.#clock();
    if (token === null || nowMs >= token.expiresAtMs) return this.#wait(deadline);
    // Who fetches it is told of a failure; the calls of now need not be.
    if (nowMs >= token.refreshAtMs && !this.#isCoolingDown(nowMs)) void this.#fetch().catch(() => null);
    return token.text;
  }

  refuse(token: string): boolean {
    if (this.#token?.text !== token) return true;
    const nowMs = this.#clock();
    if (nowMs - this.#refusedAtMs < minRefusalIntervalMs) return false;
    this.#refusedAtMs = nowMs;
    this.#token = null;
    this.#onResult("refused", null);
    return true;
  }

  async dispose(): Promise<void> {
    await this.#pool.dispose();
  }

  #isCoolingDown(nowMs: number): boolean {
    return this.#failure !== null && nowMs < this.#failure.untilMs;
  }

  async #wait(deadline: Deadline): Promise<string> {
    try {
      if (this.#failure !== null && this.#isCoolingDown(this.#clock())) throw this.#failure.error;
      return (await endedBy(deadline, this.#fetch())).text;
    } catch (thrown) {
      const { code, message } = toOverlockError(thrown);
      // Each call has an error of its own.
      throw code === "UPSTREAM_UNAUTHENTICATED"
        ? new OverlockError(code, message, { cause: thrown })
        : thrown;
    }
  }

  #fetch(): Promise<Token> {
    this.#fetching ??= this.#fetchOnce().finally(() => (this.#fetching = null));
    return this.#fetching;
  }

  async #fetchOnce(): Promise<Token> {
    const deadline = Deadline.start(fetchTimeoutMs, null);
    const sentAtMs = this.#clock();
    try {
      const request = { method: "POST", path: this.#path, headers: this.#headers, body: this.#body } as const;
      const response = await this.#pool.send({ ...request, callHeaders: [] }, deadline);
      const { text, lifetimeMs } = readToken(response);
      const token = {
        text,
        refreshAtMs: sentAtMs + lifetimeMs * (0.7 + 0.15 * this.#random()),
        expiresAtMs: sentAtMs + lifetimeMs - Math.min(10_000, lifetimeMs * 0.1),
      };
      this.#token = token;
      this.#failure = null;
      this.#onResult("ok", null);
      return token;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      const error = new OverlockError("UPSTREAM_UNAUTHENTICATED", `no token could be had: ${why}`, { cause });
      this.#failure = { error, untilMs: this.#clock() + coolDownMs };
      this.#onResult("failed", error);
      throw error;
    } finally {
      deadline.dispose();
    }
  }
}

const fetchTimeoutMs = 5000;
const coolDownMs = 1000;
/** A backend that refuses every token must not make the gateway ask for one with every call. */
const minRefusalIntervalMs = 10_000;
/** Where the answer does not say how long a token lasts. */
const defaultLifetimeSeconds = 300;
const maxLifetimeSeconds = 86_400;

/** Both parts encoded like a form: https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1. */
function basicCredentials({ clientId, clientSecret }: OauthSettings): string {
  const encode = (text: string): string => new URLSearchParams({ "": text }).toString().slice(1);
  return Buffer.from(`${encode(clientId)}:${encode(clientSecret)}`).toString("base64");
}

/** https://www.rfc-editor.org/rfc/rfc6749#section-5.1. What is wrong is told without anything of the answer but its `error`. */
function readToken({ status, body }: HttpResponse): { readonly text: string; readonly lifetimeMs: number } {
  const answer = parseObject(body.bytes);
  if (status !== 200) {
    const { error } = answer;
    const why = typeof error === "string" && /^[\w.-]{1,60}$/.test(error) ? `, ${error}` : "";
    throw new Error(`the token endpoint answered ${status}${why}`);
  }
  const { access_token: text, token_type: type, expires_in: lifetime = defaultLifetimeSeconds } = answer;
  if (typeof text !== "string" || !/^[-\w.~+/]{1,8000}=*$/.test(text) || text.length > maxTokenLength)
    throw new Error("the token endpoint's answer has no bearer token as access_token");
  if (typeof type !== "string" || type.toLowerCase() !== "bearer")
    throw new Error("the token endpoint's answer has another token_type than Bearer");
  const seconds = typeof lifetime === "string" && /^\d{1,12}$/.test(lifetime) ? Number(lifetime) : lifetime;
  if (typeof seconds !== "number" || !(seconds > 0))
    throw new Error("the token endpoint's answer has an expires_in that is no time to come");
  return { text, lifetimeMs: Math.min(seconds, maxLifetimeSeconds) * 1000 };
}

/** With `Bearer ` before it, what a header takes. */
const maxTokenLength = 8000;

function parseObject(body: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(body).toString("utf8"));
    if (typeof parsed === "object" && parsed !== null) return parsed as Record<string, unknown>;
  } catch {
    // Not kept: it would quote the answer.
  }
  return {};
}

/** The promise's value, or the deadline's reason where that comes first. */
function endedBy<Value>(deadline: Deadline, promise: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const reason = deadline.expiredBy;
    if (reason !== null) return reject(reason);
    const unwatch = deadline.onExpire(reject);
    promise.then(resolve, reject).finally(unwatch);
  });
}
