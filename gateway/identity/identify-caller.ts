import { anonymousCaller, type Caller } from "../core/caller.ts";
import { OverlockError } from "../core/errors.ts";
import type { Authenticator, CredentialRequest } from "./authenticator.ts";
import { bearerTokenOf } from "./bearer-token.ts";

/** Tells who sends a request. */
export interface CallerIdentifier {
  /**
   * The first credential of the order that is there decides: a bearer token that one of those who take such tokens leaves
   * to others is for those alone. Raises CREDENTIAL_INVALID where it is no good or nobody accepts what is sent,
   * CREDENTIAL_EXPIRED where it is good no longer, UNAUTHENTICATED where nothing is sent although something has to be,
   * IDENTITY_UNAVAILABLE where it can't be checked at the moment.
   */
  identify(request: CredentialRequest): Caller | Promise<Caller>;
  dispose(): Promise<void>;
}

/** Asks the authenticators in their order. */
export function createCallerIdentifier(
  authenticators: readonly Authenticator[],
  { anonymous }: { readonly anonymous: boolean },
): CallerIdentifier {
  return {
    identify(request) {
      let isBearer = false;
      for (const authenticator of authenticators) {
        if (isBearer && !authenticator.takesBearerTokens) continue;
        const caller = authenticator.authenticate(request);
        if (caller !== null) return caller;
        isBearer ||= authenticator.takesBearerTokens && request.headers.get("authorization") !== undefined;
      }
      // A credential that nobody accepts is refused, never ignored.
      if (bearerTokenOf(request.headers) !== null)
        throw new OverlockError("CREDENTIAL_INVALID", "The token is not valid.");
      if (!anonymous) throw new OverlockError("UNAUTHENTICATED", "A credential is required.");
      return anonymousCaller;
    },
    async dispose() {
      await Promise.all(authenticators.map((authenticator) => authenticator.dispose()));
    },
  };
}
