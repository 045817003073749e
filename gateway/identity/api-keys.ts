import { hash } from "node:crypto";
import { OverlockError } from "../core/errors.ts";
import type { ApiKeyList } from "./api-key-list.ts";
import type { Authenticator } from "./authenticator.ts";

export interface ApiKeyParts {
  /** In lower case. */
  readonly header: string;
  readonly list: ApiKeyList;
}

/**
 * Knows machines by a key in a header. Only hashes of the keys are here; the one of what came is looked for by its first
 * bytes and compared as a whole in constant time, so that how long a wrong key takes says nothing about a right one.
 */
export function createApiKeyAuthenticator({ header, list }: ApiKeyParts): Authenticator {
  return {
    takesBearerTokens: false,
    authenticate({ headers }) {
      const sent = headers.get(header);
      if (sent === undefined) return null;
      // A header that came twice is one with a comma in it.
      if (!keyPattern.test(sent))
        throw new OverlockError("CREDENTIAL_INVALID", `The header ${header} is not one key.`);
      const caller = list.find(hash("sha256", sent, "buffer"));
      if (caller === null) throw new OverlockError("CREDENTIAL_INVALID", "The key is not valid.");
      return caller;
    },
    async dispose() {},
  };
}

/** What can stand in a header without quotes and be told from two of its kind. */
const keyPattern = /^[!-+\--~]{1,256}$/;
