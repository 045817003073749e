import { OverlockError, quoted } from "../../core/errors.ts";
import type { HttpResponse } from "../../outbound/http-pool.ts";
import type { ErrorMapping } from "../error-mapping.ts";
import { statusError } from "../http-status.ts";
import { ResponseJson } from "../response-json.ts";

export interface ResponseRules {
  readonly errors: ErrorMapping;
  /** A 404 says that there is no such thing, which is an answer and no failure. */
  readonly isNullOn404: boolean;
  /** A success may have nothing to say, as after a change. */
  readonly isNullWhenEmpty: boolean;
}

/** A response, and its JSON. */
export class RestAnswer {
  readonly response: HttpResponse;
  readonly #json: ResponseJson;

  constructor(response: HttpResponse) {
    this.response = response;
    this.#json = new ResponseJson(response.body);
  }

  /** Where the body is long JSON: resolves when it was parsed. Null: there is nothing to wait for. */
  load(): Promise<void> | null {
    return isJson(this.response.mediaType) ? this.#json.load() : null;
  }

  /** Raises UPSTREAM_INVALID_RESPONSE. */
  get json(): unknown {
    const { mediaType } = this.response;
    if (isJson(mediaType)) return this.#json.value;
    const message = `expected application/json, found ${quoted(mediaType)}`;
    throw new OverlockError("UPSTREAM_INVALID_RESPONSE", message);
  }
}

/**
 * The decoded JSON of a response; null for 204 and 205, and for 404 where that is an answer. Raises what the status means, with
 * what the source schema lets clients see of it, and UPSTREAM_INVALID_RESPONSE for a body that is no JSON.
 */
export function decodeResponse(answer: RestAnswer, rules: ResponseRules): unknown {
  const { errors } = rules;
  const { status, body } = answer.response;
  const names = statusNames(status);
  if (isSuccess(status)) {
    if (status === 204 || status === 205) return null;
    if (rules.isNullWhenEmpty && body.length === 0) return null;
    const decoded = answer.json;
    const declared = errors.readsBody(names) ? errors.find(names, decoded) : null;
    if (declared === null) return decoded;
    throw new OverlockError("UPSTREAM_REJECTED", `HTTP status ${status} with an error inside`, { declared });
  }
  const declared = errors.find(names, errors.readsBody(names) ? tryDecodeJson(answer) : undefined);
  if (status === 404 && rules.isNullOn404 && declared === null) return null;
  throw statusError(status, declared);
}

/** Whether there is something, as the status of a HEAD request says. */
export function readExistence({ status }: HttpResponse, { errors }: ResponseRules): boolean {
  if (isSuccess(status)) return true;
  const declared = errors.find(statusNames(status), undefined);
  if (status === 404 && declared === null) return false;
  throw statusError(status, declared);
}

function isSuccess(status: number): boolean {
  return status >= 200 && status <= 299;
}

/** What an error rule may call a status. */
function statusNames(status: number): readonly string[] {
  return [String(status), `${Math.floor(status / 100)}xx`];
}

/** `undefined` where the body of a failure can't be read: the status says enough. */
function tryDecodeJson(answer: RestAnswer): unknown {
  try {
    return answer.json;
  } catch (error) {
    if (error instanceof OverlockError) return undefined;
    throw error;
  }
}

function isJson(mediaType: string): boolean {
  // By far the most common one.
  return mediaType === "application/json" || jsonMediaType.test(mediaType);
}

const jsonMediaType = /^application\/(?:[-\w.+]+\+)?json$/;
