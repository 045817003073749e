import type { CorsRules } from "../config/cors.ts";
import { HttpAnswer } from "../pipeline/gateway-request.ts";

/** What a BFF lets pages of other origins do: https://fetch.spec.whatwg.org/#http-cors-protocol. */
export interface CorsPolicy {
  /** By the whole text of an `Origin` header; never `null`, which any page can make itself be. */
  allows(origin: string): boolean;
  /** The answer to a preflight of an origin that is allowed; the browser compares it with what its page wants. */
  readonly preflight: HttpAnswer;
  /** The answer to a request of `origin`, with what lets its page read it if the origin is allowed. */
  grant(answer: HttpAnswer, origin: string | undefined): HttpAnswer;
}

export function createCorsPolicy(settings: CorsRules): CorsPolicy {
  const { credentials, headers, exposedHeaders, maxAgeSeconds } = settings;
  const origins = new Set(settings.origins);
  const isOpen = origins.has("*");
  const allows = (origin: string): boolean => (isOpen ? originPattern.test(origin) : origins.has(origin));
  const granted = {
    ...(credentials && { "access-control-allow-credentials": "true" }),
    ...(exposedHeaders.length > 0 && { "access-control-expose-headers": exposedHeaders.join(", ") }),
  };
  return {
    allows,
    preflight: new HttpAnswer(
      204,
      {
        "access-control-allow-methods": "GET, POST",
        "access-control-allow-headers": [...new Set(["content-type", ...headers])].join(", "),
        "access-control-max-age": String(maxAgeSeconds),
      },
      "",
    ),
    grant(answer, origin) {
      const isAllowed = origin !== undefined && allows(origin);
      return new HttpAnswer(
        answer.status,
        {
          ...answer.headers,
          ...(isAllowed && { ...granted, "access-control-allow-origin": isOpen ? "*" : origin }),
          vary: addOrigin(answer.headers["vary"]),
        },
        answer.body,
      );
    },
  };
}

/** One origin that has a name: not `null`, not several. */
const originPattern = /^[a-z][-a-z0-9+.]*:\/\/[^\s,/?#@]+$/;

/** Whatever the origin: caches must not give one page's answer to another's. */
function addOrigin(vary: string | undefined): string {
  return vary === undefined ? "origin" : `${vary}, origin`;
}
