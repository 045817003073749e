import type { BudgetSettings } from "../config/demand-control.ts";
import { canonicalJson } from "../core/canonical-json.ts";
import type { Caller } from "../core/caller.ts";
import { claimAt } from "../identity/read-claims.ts";

/** What is known of who calls. */
export interface Consumer {
  readonly caller: Caller;
  /** In its one way to write it; null: it can't be told. */
  readonly address: string | null;
}

/**
 * Whose budget it is, as a text that no other consumer has: names are told apart by who has issued them. Where what `by`
 * names is not known, it is the first of consumer, subject and address that is; those of whom nothing is known at all
 * are one. Of a client with an IPv6 address, which has all addresses of its network, the first 64 bits count.
 */
export function consumerKey({ caller, address }: Consumer, by: BudgetSettings["by"]): string {
  return (
    (by === null ? null : keyBy(by, caller, address)) ??
    keyBy("consumer", caller, address) ??
    keyBy("subject", caller, address) ??
    keyBy("address", caller, address) ??
    "unknown"
  );
}

function keyBy(by: string, caller: Caller, address: string | null): string | null {
  switch (by) {
    case "consumer":
      return caller.consumer === null ? null : keyOf(by, caller, caller.consumer);
    case "subject":
      return caller.subject === null ? null : keyOf(by, caller, caller.subject);
    case "address":
      return address === null ? null : `address ${networkOf(address)}`;
    default: {
      const value = claimAt(caller.claims, by.slice("$claims.".length)) ?? null;
      return value === null || value === "" ? null : keyOf(by, caller, canonicalJson(value));
    }
  }
}

/** Names mean something with their issuer; where there is none, with the kind of credential. */
function keyOf(by: string, { issuer, kind }: Caller, name: string): string {
  return JSON.stringify([by, issuer, issuer === null ? kind : null, name]);
}

/** Who has an IPv6 address mostly has its whole network: https://www.rfc-editor.org/rfc/rfc7934#section-6. */
function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const [head = "", tail = null] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== null) {
    const last = tail === "" ? [] : tail.split(":");
    groups.push(...Array<string>(8 - groups.length - last.length).fill("0"), ...last);
  }
  return `${groups.slice(0, 4).join(":")}::/64`;
}
