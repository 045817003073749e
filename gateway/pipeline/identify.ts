import { anonymousCaller, type Caller } from "../core/caller.ts";
import { OverlockError } from "../core/errors.ts";
import type { BffRuntime } from "./bff-runtime.ts";
import type { GatewayRequest } from "./gateway-request.ts";

/** Who is calling. Without a credential: nobody in particular; a credential that is no good is refused, never ignored. */
export async function identify(bff: BffRuntime, request: GatewayRequest): Promise<Caller> {
  const authorization = request.headers.get("authorization");
  if (authorization === undefined) return anonymousCaller;
  const token = /^Bearer +([-\w.~+/]+=*) *$/i.exec(authorization)?.[1];
  if (token === undefined) {
    throw new OverlockError(
      "UNAUTHENTICATED",
      "The authorization header is not of the form: Bearer <token>.",
    );
  }
  if (bff.tokens === null) throw new OverlockError("UNAUTHENTICATED", "Tokens are not accepted here.");
  return bff.tokens.verify(token);
}
