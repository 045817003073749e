import { OverlockError } from "../core/errors.ts";
import type { RequestHeaders } from "../core/request-scope.ts";

/**
 * The token of `authorization: Bearer <token>` (https://www.rfc-editor.org/rfc/rfc6750#section-2.1); null without the
 * header. Raises CREDENTIAL_INVALID for a header of another form, or a token that is too long.
 */
export function bearerTokenOf(headers: RequestHeaders): string | null {
  const authorization = headers.get("authorization");
  if (authorization === undefined) return null;
  const token = /^Bearer +([-\w.~+/]+=*) *$/i.exec(authorization)?.[1];
  if (token === undefined)
    throw new OverlockError(
      "CREDENTIAL_INVALID",
      "The authorization header is not of the form: Bearer <token>.",
    );
  if (token.length > maxTokenLength) throw new OverlockError("CREDENTIAL_INVALID", "The token is too long.");
  return token;
}

const maxTokenLength = 8192;
