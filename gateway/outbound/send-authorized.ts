import type { Deadline } from "../core/deadline.ts";
import type { AccessTokens } from "./client-credentials.ts";

/** A call that may have to be sent with a token of the gateway's. */
export interface AuthorizedCall<Answer> {
  readonly deadline: Deadline;
  /** Only what changes nothing is sent once more. */
  readonly isSafe: boolean;
  /** The backend did not accept the token. */
  isRefused(answer: Answer): boolean;
  /** Null: the gateway has no tokens for the source. */
  send(authorization: string | null): Promise<Answer>;
}

/**
 * Sends a call with the gateway's own token; a safe one that is refused with it, once more with a fresh one. Raises
 * UPSTREAM_UNAUTHENTICATED where there is no token; nothing is sent then.
 */
export function sendAuthorized<Answer>(
  tokens: AccessTokens | null,
  call: AuthorizedCall<Answer>,
): Promise<Answer> {
  return tokens === null ? call.send(null) : sendWithToken(tokens, call);
}

async function sendWithToken<Answer>(tokens: AccessTokens, call: AuthorizedCall<Answer>): Promise<Answer> {
  const token = await tokens.current(call.deadline);
  const answer = await call.send(`Bearer ${token}`);
  if (!call.isRefused(answer) || !tokens.refuse(token) || !call.isSafe) return answer;
  const fresh = await tokens.current(call.deadline);
  return fresh === token ? answer : call.send(`Bearer ${fresh}`);
}
