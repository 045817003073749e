import { errorCodes } from "../core/error-codes.ts";
import type { RequestRefusal } from "../core/request-refusal.ts";
import type { ResponseMediaType } from "./accept-header.ts";
import { HttpAnswer } from "./gateway-request.ts";

/** The answer to an operation that was run; `headers` are more than every answer has. */
export function respond(
  mediaType: ResponseMediaType,
  body: HttpAnswer["body"],
  headers: HttpAnswer["headers"] | null = null,
): HttpAnswer {
  const all = headersFor(mediaType);
  return new HttpAnswer(200, headers === null ? all : { ...all, ...headers }, body);
}

/**
 * The answer to a request that is not run. `challenge` is the header `www-authenticate`; null: it has none. `more` are headers
 * that it has where the refusal says nothing else of them.
 */
export function respondRefusal(
  mediaType: ResponseMediaType | null,
  refusal: RequestRefusal,
  challenge: string | null,
  more: HttpAnswer["headers"] | null = null,
): HttpAnswer {
  const { code, reasons, headers } = refusal;
  const errors = reasons.map(({ message, locations, extensions }) => ({
    message: withoutTail(message),
    ...(locations.length > 0 && { locations }),
    extensions: { code, ...extensions },
  }));
  const answerHeaders = { ...headersFor(mediaType ?? "application/json"), ...more, ...headers };
  if (challenge !== null) answerHeaders["www-authenticate"] = challenge;
  if (errorCodes[code].status === 503) answerHeaders["retry-after"] ??= "1";
  return new HttpAnswer(statusFor(mediaType, refusal), answerHeaders, JSON.stringify({ errors }));
}

/** graphql-js quotes names and values of the request in full, however long they are. */
function withoutTail(message: string): string {
  if (message.length <= maxMessageLength) return message;
  return `${message.slice(0, maxMessageLength - 1).toWellFormed()}…`;
}

const maxMessageLength = 500;

/** Codes of a well-formed request whose document or variables are wrong: 200 for clients that read plain JSON only. */
const documentCodes = new Set<string>([
  "GRAPHQL_PARSE_FAILED",
  "GRAPHQL_VALIDATION_FAILED",
  "OPERATION_RESOLUTION_FAILURE",
  "BAD_USER_INPUT",
]);

function statusFor(mediaType: ResponseMediaType | null, { code }: RequestRefusal): number {
  return mediaType === "application/json" && documentCodes.has(code) ? 200 : errorCodes[code].status;
}

function headersFor(mediaType: ResponseMediaType): Record<string, string> {
  return {
    "content-type": `${mediaType}; charset=utf-8`,
    "cache-control": "no-store",
  };
}
