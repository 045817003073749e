import { OverlockError } from "../core/errors.ts";
import type { HttpExchange } from "./http-exchange.ts";

/**
 * Refuses a token in the URL with CREDENTIAL_INVALID: it would stand in the logs of all that the request passes, and
 * whoever sends one there and another in a header is to be trusted with neither
 * (https://www.rfc-editor.org/rfc/rfc6750#section-2).
 */
export function checkTokenPlace({ search }: Pick<HttpExchange, "search">): void {
  if (search !== "" && tokenParameter.test(search))
    throw new OverlockError("CREDENTIAL_INVALID", "A token is accepted in a header only.");
}

/** Its name in either case, with any of its characters percent-encoded. */
const tokenParameter = new RegExp(`[?&]${Array.from("access_token", eitherWay).join("")}(?:=|&|$)`, "i");

function eitherWay(character: string): string {
  const codes = [character, character.toUpperCase()].map((one) => `%${one.charCodeAt(0).toString(16)}`);
  return `(?:${character}|${codes.join("|")})`;
}
