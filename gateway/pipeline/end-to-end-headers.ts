import type { Caller } from "../core/caller.ts";
import type { RequestHeaders } from "../core/request-scope.ts";
import type { GatewayRequest } from "./gateway-request.ts";

/**
 * The client's headers as sources and policies may read them: without those that its `Connection` header names, which
 * are about this one connection (https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1), and without those that came
 * more than once though they are no lists, of which nobody knows which one counts. A token is there only where the caller
 * was told by it: beside a key or a certificate that decided, nobody has looked at it.
 */
export class EndToEndHeaders implements RequestHeaders {
  readonly #request: Pick<GatewayRequest, "headers" | "isRepeated">;

  readonly #isOfTokens: boolean;

  constructor(request: Pick<GatewayRequest, "headers" | "isRepeated">, { kind }: Pick<Caller, "kind">) {
    this.#request = request;
    this.#isOfTokens = kind === "jwt" || kind === "opaqueToken";
  }

  get(name: string): string | undefined {
    if (name === "authorization" && !this.#isOfTokens) return undefined;
    const { headers } = this.#request;
    const value = headers.get(name);
    if (value === undefined || isOfConnection(name, headers.get("connection"))) return undefined;
    return !listHeaders.has(name) && this.#request.isRepeated(name) ? undefined : value;
  }
}

function isOfConnection(name: string, connection: string | undefined): boolean {
  // What nearly all clients send.
  if (connection === undefined || connection === "keep-alive" || connection === "close") return false;
  return connection.split(",").some((option) => option.trim().toLowerCase() === name);
}

/** Several of them mean what one with all of their values means: https://www.rfc-editor.org/rfc/rfc9110#section-5.3. */
const listHeaders: ReadonlySet<string> = new Set([
  "accept-charset",
  "accept-language",
  "baggage",
  "cache-control",
  "forwarded",
  "pragma",
  "prefer",
  "tracestate",
  "via",
  "x-forwarded-for",
]);
