import { expect, it } from "vitest";
import type { ErrorCode } from "../../gateway/core/error-codes.ts";
import { createChallenges } from "../../gateway/pipeline/challenges.ts";

type Kinds = readonly ("jwt" | "introspection" | "apiKey" | "certificate")[];

function challengeOf(kinds: Kinds | null, code: ErrorCode, isBearer: boolean): string | null {
  return createChallenges(kinds?.map((kind) => ({ kind })) ?? null).challenge(code, isBearer);
}

it.each<[kinds: Kinds | null, challenge: string]>([
  [null, 'Bearer realm="graphql"'],
  [[], 'Bearer realm="graphql"'],
  [["jwt", "introspection", "jwt"], 'Bearer realm="graphql"'],
  [["apiKey"], 'ApiKey realm="graphql"'],
  [["apiKey", "apiKey"], 'ApiKey realm="graphql"'],
  [["certificate"], 'Certificate realm="graphql"'],
  [["apiKey", "jwt", "apiKey"], 'ApiKey realm="graphql", Bearer realm="graphql"'],
  [
    ["introspection", "certificate", "apiKey"],
    'Bearer realm="graphql", Certificate realm="graphql", ApiKey realm="graphql"',
  ],
])("who sends nothing where %j is taken is told of each scheme once: %s", (kinds, challenge) => {
  expect(challengeOf(kinds, "UNAUTHENTICATED", false)).toBe(challenge);
});

it("what is wrong is said of tokens only, and only where one was sent or nothing else is taken", () => {
  const fault = ', error="invalid_token", error_description="The credential is not valid."';
  const mixed: Kinds = ["apiKey", "jwt"];
  const key = 'ApiKey realm="graphql"';
  const bearer = 'Bearer realm="graphql"';
  expect(challengeOf(["jwt"], "CREDENTIAL_INVALID", true)).toBe(bearer + fault);
  // A token in the URL.
  expect(challengeOf(["jwt"], "CREDENTIAL_INVALID", false)).toBe(bearer + fault);
  expect(challengeOf(mixed, "CREDENTIAL_INVALID", true)).toBe(`${key}, ${bearer}${fault}`);
  expect(challengeOf(mixed, "CREDENTIAL_INVALID", false)).toBe(`${key}, ${bearer}`);
  expect(challengeOf(["apiKey"], "CREDENTIAL_INVALID", true)).toBe(key);
  expect(challengeOf(mixed, "CREDENTIAL_EXPIRED", true)).toBe(
    `${key}, ${bearer}, error="invalid_token", error_description="The credential has expired."`,
  );
});

it("who may not read something is told so as a matter of scopes where a token was sent, and of nothing otherwise", () => {
  const fault = ', error="insufficient_scope", error_description="The caller may not read this."';
  expect(challengeOf(["jwt"], "UNAUTHORIZED_FIELD_OR_TYPE", true)).toBe(`Bearer realm="graphql"${fault}`);
  expect(challengeOf(["apiKey", "jwt"], "UNAUTHORIZED_FIELD_OR_TYPE", false)).toBeNull();
  expect(challengeOf(["apiKey"], "UNAUTHORIZED_FIELD_OR_TYPE", false)).toBeNull();
});

it("other refusals are no challenge", () => {
  for (const code of ["BAD_REQUEST", "IDENTITY_UNAVAILABLE", "NOT_FOUND", "ADDRESS_REFUSED"] as const)
    expect([challengeOf(null, code, true), challengeOf(["apiKey"], code, false)]).toEqual([null, null]);
});
