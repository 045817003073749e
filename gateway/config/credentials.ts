import { z } from "zod";
import { type EnvironmentReference, referenceOption } from "./environment-reference.ts";

/** A text in a config: as it is, or `env("NAME")`. */
export type ConfigText = string | EnvironmentReference;

/** Where in a token or an introspection answer things stand: the path of a claim, `realm_access.roles`. */
export interface ClaimPaths {
  /** Texts with spaces, or lists of texts; all that are there count. Default `scope`, `scp`. */
  readonly scopeClaims?: readonly string[];
  /** The first that is there names the consumer. Default `client_id`, `azp`. */
  readonly consumerClaims?: readonly string[];
  /** The first that is there names the tier. Default none. */
  readonly tierClaims?: readonly string[];
}

/** Signed tokens of one issuer, in `authorization: Bearer`. */
export interface JwtCredential extends ClaimPaths {
  readonly kind: "jwt";
  /** The `iss` of its tokens. */
  readonly issuer: ConfigText;
  /** The `aud` values of which a token has to name one. */
  readonly audiences: readonly ConfigText[];
  /** Where its key set is. */
  readonly jwksUrl: ConfigText;
  /** Those that are accepted, asymmetric ones only. Default all of them. */
  readonly algorithms?: readonly string[];
  /** 0 to 300. Default 5. */
  readonly clockToleranceSeconds?: number;
  /** Claims that have to be there, besides `iss`, `aud` and `exp`. */
  readonly requiredClaims?: readonly string[];
  /** The `typ` that its tokens have: `at+jwt`. Default any. */
  readonly tokenType?: string;
}

/** One way in which callers show who they are. */
export type BffCredential = JwtCredential;

/** Asymmetric ones only: no key of an issuer can be mistaken for a secret. */
export const jwtAlgorithms = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
] as const;

const text = (expected: string) =>
  z.union([z.string(expected).min(1, expected), referenceOption(expected)], expected);
const integer = (min: number, max: number) => {
  const expected = `a whole number from ${min} to ${max}`;
  return z.int(expected).min(min, expected).max(max, expected);
};
const names = (expected: string) => z.array(z.string(expected).min(1, expected), expected);

const expectedClaims = "a list of claims or paths of claims such as realm_access.roles";
const claims = (standard: readonly string[]) =>
  names(expectedClaims)
    .max(20, expectedClaims)
    .default([...standard]);
const claimPaths = {
  scopeClaims: claims(["scope", "scp"]),
  consumerClaims: claims(["client_id", "azp"]),
  tierClaims: claims([]),
};
const expectedAudiences = "a list of 1 to 20 audiences";
const audiences = z.array(text(expectedAudiences), expectedAudiences).max(20, expectedAudiences);

const jwt = z.strictObject({
  kind: z.literal("jwt"),
  issuer: text("the issuer's identifier"),
  audiences: audiences.min(1, expectedAudiences),
  jwksUrl: text("a URL"),
  algorithms: z
    .array(z.enum(jwtAlgorithms, `one of ${jwtAlgorithms.join(", ")}`))
    .min(1, "at least one algorithm")
    .default([...jwtAlgorithms]),
  clockToleranceSeconds: integer(0, 300).default(5),
  requiredClaims: names("a list of claims").max(20, "at most 20 claims").default([]),
  tokenType: z.string("the typ of tokens").min(1, "the typ of tokens").nullable().default(null),
  ...claimPaths,
});

const expectedKind = 'a credential with the kind "jwt"';

/** Parses one credential of a config. What its references stand for is checked with the environment at hand. */
export const credentialOption = z.discriminatedUnion("kind", [jwt], expectedKind);

/** A credential as it was written, validated, with nothing left open but what the environment says. */
export type CredentialSettings = z.output<typeof credentialOption>;
