import type { Caller } from "../core/caller.ts";

/** A consumer that the config names. */
export interface Consumer {
  readonly consumer: string;
  readonly tier: string | null;
  readonly scopes: readonly string[];
}

/** The caller that a consumer of the config is: a machine, which calls for nobody and has no claims. */
export function callerOfConsumer(
  kind: "apiKey" | "certificate",
  subject: string | null,
  { consumer, tier, scopes }: Consumer,
): Caller {
  return Object.freeze({
    kind,
    subject,
    consumer,
    tier,
    scopes: Object.freeze(new Set(scopes)),
    issuer: null,
    claims: Object.freeze(Object.create(null) as Caller["claims"]),
  });
}
