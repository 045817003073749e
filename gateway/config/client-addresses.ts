import { z } from "zod";
import { isAddressRange } from "./address-ranges.ts";

/** From where a BFF may be called: addresses, and ranges such as `10.0.0.0/8` and `2001:db8::/32`. */
export interface BffClientAddresses {
  /** Only these. Default all. */
  readonly allow?: readonly string[];
  /** Never these, although they are allowed. Default none. */
  readonly deny?: readonly string[];
}

/** The same with nothing left open. */
export interface ClientAddressSettings {
  /** Null: all. */
  readonly allow: readonly string[] | null;
  readonly deny: readonly string[];
}

const maxRanges = 10_000;
const examples = "addresses and ranges such as 10.0.0.0/8 or 2001:db8::/32";
// An empty list that allows could be meant as nobody or as everybody.
const allow = rangesOption(1, `a list of 1 to ${maxRanges} ${examples}`);
const deny = rangesOption(0, `a list of at most ${maxRanges} ${examples}`);

function rangesOption(min: number, expected: string) {
  return z
    .array(z.string(expected).refine(isAddressRange, expected), expected)
    .min(min, expected)
    .max(maxRanges, expected);
}

/** Parses {@link BffClientAddresses} into {@link ClientAddressSettings}. */
export const clientAddressesOption = z.strictObject(
  { allow: allow.nullable().default(null), deny: deny.default([]) },
  "an object, { allow: […], deny: […] }",
);
