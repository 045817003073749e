import { OverlockError, quoted } from "../../core/errors.ts";
import type { HttpResponse } from "../../outbound/http-pool.ts";
import type { ErrorMapping } from "../error-mapping.ts";
import { statusError } from "../http-status.ts";

export interface ResponseRules {
  readonly errors: ErrorMapping;
  /** A 404 says that there is no such thing, which is an answer and no failure. */
  readonly isNullOn404: boolean;
}

/**
 * The decoded JSON of a response; null for 204, and for 404 where that is an answer. Raises what the status means, with
 * what the source schema lets clients see of it, and UPSTREAM_INVALID_RESPONSE for a body that is no JSON.
 */
export function decodeResponse(response: HttpResponse, { errors, isNullOn404 }: ResponseRules): unknown {
  const { status } = response;
  const names = [String(status), `${Math.floor(status / 100)}xx`];
  if (status >= 200 && status <= 299) {
    if (status === 204) return null;
    const decoded = decodeJson(response);
    const declared = errors.readsBody(names) ? errors.find(names, decoded) : null;
    if (declared === null) return decoded;
    throw new OverlockError("UPSTREAM_REJECTED", `HTTP status ${status} with an error inside`, { declared });
  }
  const declared = errors.find(names, errors.readsBody(names) ? tryDecodeJson(response) : undefined);
  if (status === 404 && isNullOn404 && declared === null) return null;
  throw statusError(status, declared);
}

function decodeJson({ mediaType, body }: HttpResponse): unknown {
  if (!jsonMediaType.test(mediaType)) {
    const message = `expected application/json, found ${quoted(mediaType)}`;
    throw new OverlockError("UPSTREAM_INVALID_RESPONSE", message);
  }
  try {
    return JSON.parse(utf8.decode(body)) as unknown;
  } catch (cause) {
    throw new OverlockError("UPSTREAM_INVALID_RESPONSE", "the body is not JSON in UTF-8", { cause });
  }
}

/** `undefined` where the body of a failure can't be read: the status says enough. */
function tryDecodeJson(response: HttpResponse): unknown {
  try {
    return decodeJson(response);
  } catch (error) {
    if (error instanceof OverlockError) return undefined;
    throw error;
  }
}

const jsonMediaType = /^application\/(?:[-\w.+]+\+)?json$/;
const utf8 = new TextDecoder("utf-8", { fatal: true });
