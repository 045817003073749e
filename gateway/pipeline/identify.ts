import { anonymousCaller, type Caller } from "../core/caller.ts";
import type { Deadline } from "../core/deadline.ts";
import { OverlockError } from "../core/errors.ts";
import type { TokenVerifier } from "../identity/jwt.ts";
import type { GatewayRequest } from "./gateway-request.ts";

/**
 * Who is calling. Without a credential: nobody in particular, and without a promise; a credential that is no good is
 * refused, never ignored.
 */
export function identify(
  tokens: TokenVerifier | null,
  request: GatewayRequest,
  deadline: Deadline,
): Caller | Promise<Caller> {
  const authorization = request.headers.get("authorization");
  if (authorization === undefined) return anonymousCaller;
  const token = /^Bearer +([-\w.~+/]+=*) *$/i.exec(authorization)?.[1];
  if (token === undefined) {
    throw new OverlockError(
      "UNAUTHENTICATED",
      "The authorization header is not of the form: Bearer <token>.",
    );
  }
  if (tokens === null) throw new OverlockError("UNAUTHENTICATED", "Tokens are not accepted here.");
  return withinDeadline(tokens.verify(token), deadline);
}

/** The issuer's keys may have to be fetched for it, which the request does not wait for beyond its own time. */
function withinDeadline<Value>(work: Promise<Value>, { signal }: Deadline): Promise<Value> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
