import { errorCodes } from "../core/error-codes.ts";
import { RequestRefusal } from "../core/request-refusal.ts";
import type { AbsorbedError } from "../core/request-scope.ts";
import type { ExecutedOperation } from "./execute.ts";
import { HttpAnswer } from "./gateway-request.ts";

/** The media types of GraphQL over HTTP, https://graphql.github.io/graphql-over-http/draft/#sec-Media-Types. */
export type ResponseMediaType = "application/graphql-response+json" | "application/json";

/**
 * The media type that a client accepts most, or null where it accepts none of ours. Without a wish, or with `*` in it,
 * plain JSON, which every client reads.
 */
export function negotiateMediaType(accept: string | undefined): ResponseMediaType | null {
  if (accept === undefined || accept.trim() === "") return "application/json";
  let best: ResponseMediaType | null = null;
  let bestQuality = 0;
  for (const range of accept.split(",")) {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    const offered = offeredTypes.get(type);
    const quality = qualityOf(parameters);
    if (offered === undefined || !acceptsUtf8(parameters) || quality <= bestQuality) continue;
    best = offered;
    bestQuality = quality;
  }
  return best;
}

/** The answer to an operation that was run. */
export function respond(
  mediaType: ResponseMediaType,
  { data, errors }: ExecutedOperation,
  absorbed: readonly AbsorbedError[],
): HttpAnswer {
  const body = {
    ...(errors.length > 0 && {
      errors: errors.map(({ message, locations, path, code }) => ({
        message,
        locations,
        path,
        extensions: { code },
      })),
    }),
    data,
    ...(absorbed.length > 0 && { extensions: { completeness: absorbed } }),
  };
  return new HttpAnswer(200, headersFor(mediaType), JSON.stringify(body));
}

/** The answer to a request that is not run. */
export function respondRefusal(mediaType: ResponseMediaType | null, refusal: RequestRefusal): HttpAnswer {
  const { code, reasons, headers } = refusal;
  const errors = reasons.map(({ message, locations }) => ({
    message,
    ...(locations.length > 0 && { locations }),
    extensions: { code },
  }));
  const answerHeaders = { ...headersFor(mediaType ?? "application/json"), ...headers };
  if (code === "UNAUTHENTICATED") answerHeaders["www-authenticate"] = 'Bearer error="invalid_token"';
  if (errorCodes[code].status === 503) answerHeaders["retry-after"] = "1";
  return new HttpAnswer(statusFor(mediaType, refusal), answerHeaders, JSON.stringify({ errors }));
}

const offeredTypes: ReadonlyMap<string, ResponseMediaType> = new Map<string, ResponseMediaType>([
  ["application/json", "application/json"],
  ["application/graphql-response+json", "application/graphql-response+json"],
  ["application/*", "application/json"],
  ["*/*", "application/json"],
]);

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
    "x-content-type-options": "nosniff",
  };
}

function qualityOf(parameters: readonly string[]): number {
  const text = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
  const quality = text === undefined ? 1 : Number(text);
  return Number.isFinite(quality) ? quality : 0;
}

function acceptsUtf8(parameters: readonly string[]): boolean {
  const charset = parameters
    .find((parameter) => parameter.startsWith("charset="))
    ?.slice(8)
    .replaceAll('"', "");
  return charset === undefined || charset === "utf-8" || charset === "utf8";
}
