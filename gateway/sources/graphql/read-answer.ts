import { OverlockError, quoted } from "../../core/errors.ts";
import type { HttpResponse } from "../../outbound/http-pool.ts";
import { statusError } from "../http-status.ts";
import { ResponseJson } from "../response-json.ts";
import { BackendError } from "./backend-error.ts";

/** What a backend answered to a subquery. */
export interface SubqueryAnswer {
  /** The raw values by root field; errors stand in place of what they cost. Null: the answer has no data at all. */
  readonly data: Readonly<Record<string, unknown>> | null;
  /** Where there is no data: what it cost, by root field; `null` stands for all of them. */
  readonly failures: ReadonlyMap<string | null, OverlockError>;
}

/** A response, and its JSON. */
export class SharedResponse {
  readonly response: HttpResponse;
  readonly #json: ResponseJson;

  constructor(response: HttpResponse) {
    this.response = response;
    this.#json = new ResponseJson(response.body);
  }

  /** Where the body is long: resolves when it was parsed. Null: there is nothing to wait for. */
  load(): Promise<void> | null {
    return this.#json.load();
  }

  /** Raises UPSTREAM_INVALID_RESPONSE. */
  get json(): unknown {
    return this.#json.value;
  }
}

/**
 * Reads the response to a subquery. Raises UPSTREAM_DENIED, UPSTREAM_TIMEOUT, UPSTREAM_ERROR or UPSTREAM_REJECTED for a
 * status that says so and UPSTREAM_INVALID_RESPONSE for what is no answer of GraphQL over HTTP, in either media type.
 */
export function readAnswer(shared: SharedResponse): SubqueryAnswer {
  const { status, mediaType, body } = shared.response;
  const isSpecific = mediaType === "application/graphql-response+json";
  const isOk = status >= 200 && status <= 299;
  // Another status under application/json may be a proxy's, unless it says 400 as servers did before there was the
  // other media type. https://graphql.github.io/graphql-over-http/draft/#sec-application-json
  if (!isSpecific && !isOk && status !== 400) throw statusError(status, null);
  const answer = isSpecific || mediaType === "application/json" ? shared.json : undefined;
  if (!isRecord(answer) || (!("data" in answer) && !Array.isArray(answer["errors"]))) {
    if (!isOk) throw statusError(status, null);
    const found = isRecord(answer) ? "neither data nor errors" : quoted(mediaType);
    throw new OverlockError("UPSTREAM_INVALID_RESPONSE", `expected an answer of GraphQL, found ${found}`);
  }
  const errors = Array.isArray(answer["errors"]) ? answer["errors"].map(readError) : [];
  const data = answer["data"] ?? null;
  if (data !== null && !isRecord(data))
    throw new OverlockError("UPSTREAM_INVALID_RESPONSE", "data is neither an object nor null");
  if (data === null) return { data, failures: failuresOf(errors) };
  if (errors.length === 0) return { data, failures: noFailures };
  // Errors take their places in values of this caller's own.
  const own = (new ResponseJson(body).value as { readonly data: Record<string, unknown> }).data;
  for (const error of errors) placeError(own, error);
  return { data: own, failures: noFailures };
}

const noFailures: SubqueryAnswer["failures"] = new Map();

interface AnswerError {
  readonly path: readonly (string | number)[];
  readonly error: OverlockError;
}

/** Where there is no data, the error at a non-null root field took all others along. */
function failuresOf(errors: readonly AnswerError[]): Map<string | null, OverlockError> {
  const failures = new Map<string | null, OverlockError>();
  for (const { path, error } of errors) {
    const root = typeof path[0] === "string" ? path[0] : null;
    if (!failures.has(root)) failures.set(root, error);
  }
  if (failures.size === 0)
    failures.set(null, new OverlockError("UPSTREAM_INVALID_RESPONSE", "neither data nor an error"));
  return failures;
}

/**
 * Puts an error in place of the null that it left: at the end of its path, or on the way, where the null of a field that
 * may not be null climbed to. An error that left none costs its root field; without a path it costs all of them.
 */
function placeError(data: Record<string, unknown>, { path, error }: AnswerError): void {
  let at: unknown = data;
  for (const key of path) {
    if (at instanceof OverlockError) return;
    const holder = holderOf(at, key);
    if (holder === null) break;
    const value = holder[key];
    if (value === null) {
      holder[key] = error;
      return;
    }
    at = value;
  }
  if (at instanceof OverlockError) return;
  const root = path[0];
  const costs = typeof root === "string" && Object.hasOwn(data, root) ? [root] : Object.keys(data);
  for (const name of costs) data[name] = error;
}

/** What has an own member `key`: an object by name, a list by index. */
function holderOf(at: unknown, key: string | number): Record<string | number, unknown> | null {
  const fits = Array.isArray(at) ? typeof key === "number" : isRecord(at) && typeof key === "string";
  return fits && Object.hasOwn(at as object, key) ? (at as Record<string | number, unknown>) : null;
}

function readError(raw: unknown): AnswerError {
  if (!isRecord(raw))
    return { path: [], error: new OverlockError("UPSTREAM_ERROR", "an error without words") };
  const { message, path, extensions } = raw;
  const code = isRecord(extensions) ? extensions["code"] : null;
  const place = Array.isArray(path) && path.every(isPathKey) ? path : [];
  const text = typeof message === "string" ? message : wordless;
  return { path: place, error: new BackendError(codeOf(code), text, place) };
}

const wordless = "an error without words";

function isPathKey(key: unknown): key is string | number {
  return typeof key === "string" || typeof key === "number";
}

/** Codes that servers commonly use: https://www.apollographql.com/docs/apollo-server/data/errors#built-in-error-codes */
function codeOf(code: unknown): OverlockError["code"] {
  switch (code) {
    case "UNAUTHENTICATED":
    case "UNAUTHORIZED":
    case "FORBIDDEN":
      return "UPSTREAM_DENIED";
    case "GRAPHQL_PARSE_FAILED":
    case "GRAPHQL_VALIDATION_FAILED":
    case "BAD_USER_INPUT":
    case "BAD_REQUEST":
      return "UPSTREAM_REJECTED";
    default:
      return "UPSTREAM_ERROR";
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
