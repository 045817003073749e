import { z } from "zod";
import type { ProblemFacts } from "../core/problems.ts";
import { describeIssue } from "./describe-issue.ts";

/** A key that a machine may send, known by its hash only. */
export interface ApiKey {
  /** Hex in lower case. */
  readonly sha256: string;
  readonly consumer: string;
  readonly tier: string | null;
  readonly scopes: readonly string[];
}

const expectedHash = "the SHA-256 of a key, 64 hexadecimal digits";
const expectedKeys = "a list of 1 to 10000 keys, { sha256, consumer }";
const expectedConsumer = "a consumer's name of at most 100 characters";
const expectedTier = "a tier's name of at most 100 characters";
const expectedScopes = "a list of at most 1000 scopes";

/** What a list of keys says of each consumer, and a list of certificates too. */
export const consumerOptions = {
  consumer: z.string(expectedConsumer).min(1, expectedConsumer).max(100, expectedConsumer),
  tier: z.string(expectedTier).min(1, expectedTier).max(100, expectedTier).nullable().default(null),
  scopes: z
    .array(z.string(expectedScopes).regex(/^[^\s]+$/, expectedScopes), expectedScopes)
    .max(1000, expectedScopes)
    .default([]),
};

const keyList = z.strictObject({
  keys: z
    .array(
      z.strictObject(
        {
          sha256: z
            .string(expectedHash)
            .regex(/^[0-9a-f]{64}$/i, expectedHash)
            .transform((text) => text.toLowerCase()),
          ...consumerOptions,
        },
        "a key, { sha256, consumer }",
      ),
      expectedKeys,
    )
    .min(1, expectedKeys)
    .max(10_000, expectedKeys),
});

/**
 * Parses a list of keys, JSON: `[{ "sha256": "…", "consumer": "…" }]`. Null, with everything wrong reported under
 * coordinates that begin with `name`, where it is not one. Nothing that may be a key is repeated.
 */
export function readApiKeys(
  text: string,
  name: string,
  report: (facts: Omit<ProblemFacts, "place">) => void,
): readonly ApiKey[] | null {
  const value = { keys: parseJson(text) };
  if (value.keys === undefined) {
    report({ coordinate: name, expected: `${expectedKeys}, in JSON`, found: "a text that is no JSON" });
    return null;
  }
  const result = keyList.safeParse(value);
  if (!result.success) {
    for (const issue of result.error.issues) {
      for (const facts of describeIssue(issue, keyList, value))
        report({ ...facts, coordinate: facts.coordinate.replace(/^keys/, name) });
    }
    return null;
  }
  const places = new Map<string, number>();
  for (const [place, { sha256 }] of result.data.keys.entries()) {
    const former = places.get(sha256);
    if (former === undefined) places.set(sha256, place);
    else
      report({
        coordinate: `${name}[${place}].sha256`,
        expected: "the hash of a key of its own",
        found: `that of ${name}[${former}]`,
      });
  }
  return places.size === result.data.keys.length ? result.data.keys : null;
}

/** Undefined where it is none: what the parser says would repeat a part of the text. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
