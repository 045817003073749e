import { timingSafeEqual } from "node:crypto";
import type { ApiKey } from "../config/api-keys.ts";
import type { Caller } from "../core/caller.ts";
import { callerOfConsumer } from "./consumer-caller.ts";

/** The keys that are good at the moment, by their hashes. */
export class ApiKeyList {
  #known: ReadonlyMap<number, readonly KnownKey[]>;

  constructor(keys: readonly ApiKey[]) {
    this.#known = index(keys);
  }

  /** From the next request on these are good, and no others. */
  replace(keys: readonly ApiKey[]): void {
    this.#known = index(keys);
  }

  /** Whose key has this SHA-256; null: nobody's. How long that takes says nothing about the keys. */
  find(digest: Buffer): Caller | null {
    const found = this.#known
      .get(digest.readUInt32BE())
      ?.find((candidate) => timingSafeEqual(candidate.digest, digest));
    return found?.caller ?? null;
  }
}

interface KnownKey {
  readonly digest: Uint8Array;
  readonly caller: Caller;
}

/** By their first bytes. */
function index(keys: readonly ApiKey[]): ReadonlyMap<number, readonly KnownKey[]> {
  const known = new Map<number, KnownKey[]>();
  for (const { sha256, ...consumer } of keys) {
    const digest = Buffer.from(sha256, "hex");
    const key = { digest, caller: callerOfConsumer("apiKey", null, consumer) };
    const place = digest.readUInt32BE();
    const others = known.get(place);
    if (others === undefined) known.set(place, [key]);
    else others.push(key);
  }
  return known;
}
