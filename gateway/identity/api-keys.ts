import { hash, timingSafeEqual } from "node:crypto";
import type { ApiKey } from "../config/api-keys.ts";
import type { Caller } from "../core/caller.ts";
import { OverlockError } from "../core/errors.ts";
import type { Authenticator } from "./authenticator.ts";
import { callerOfConsumer } from "./consumer-caller.ts";

export interface ApiKeyParts {
  /** In lower case. */
  readonly header: string;
  readonly keys: readonly ApiKey[];
}

/**
 * Knows machines by a key in a header. Only hashes of the keys are here; the one of what came is looked for by its first
 * bytes and compared as a whole in constant time, so that how long a wrong key takes says nothing about a right one.
 */
export function createApiKeyAuthenticator({ header, keys }: ApiKeyParts): Authenticator {
  const known = new Map<number, KnownKey[]>();
  for (const { sha256, ...consumer } of keys) {
    const digest = Buffer.from(sha256, "hex");
    const key = { digest, caller: callerOfConsumer("apiKey", null, consumer) };
    const place = digest.readUInt32BE();
    known.set(place, [...(known.get(place) ?? []), key]);
  }
  return {
    takesBearerTokens: false,
    authenticate({ headers }) {
      const sent = headers.get(header);
      if (sent === undefined) return null;
      // A header that came twice is one with a comma in it.
      if (!keyPattern.test(sent))
        throw new OverlockError("CREDENTIAL_INVALID", `The header ${header} is not one key.`);
      const digest = hash("sha256", sent, "buffer");
      const found = known
        .get(digest.readUInt32BE())
        ?.find((candidate) => timingSafeEqual(candidate.digest, digest));
      if (found === undefined) throw new OverlockError("CREDENTIAL_INVALID", "The key is not valid.");
      return found.caller;
    },
    async dispose() {},
  };
}

interface KnownKey {
  readonly digest: Uint8Array;
  readonly caller: Caller;
}

/** What can stand in a header without quotes and be told from two of its kind. */
const keyPattern = /^[!-+\--~]{1,256}$/;
