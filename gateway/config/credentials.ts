import { z } from "zod";
import { consumerOptions } from "./api-keys.ts";
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
  /** Where its key set is; without it and `jwksFile`: where the issuer's OpenID configuration says. */
  readonly jwksUrl?: ConfigText;
  /** A key set in a file, relative to the config file. */
  readonly jwksFile?: ConfigText;
  /** Those that are accepted, asymmetric ones only. Default all of them. */
  readonly algorithms?: readonly string[];
  /** 0 to 300. Default 5. */
  readonly clockToleranceSeconds?: number;
  /** Claims that have to be there, besides `iss`, `aud` and `exp`. */
  readonly requiredClaims?: readonly string[];
  /** The `typ` that its tokens have: `at+jwt`. Default any. */
  readonly tokenType?: string;
}

/** Opaque tokens in `authorization: Bearer`, which an authorization server is asked about (RFC 7662). */
export interface IntrospectionCredential extends ClaimPaths {
  readonly kind: "introspection";
  /** Where it is asked. */
  readonly url: ConfigText;
  readonly clientId: ConfigText;
  readonly clientSecret: EnvironmentReference;
  /** The `aud` values of which an answer has to name one. Default: it is not looked at. */
  readonly audiences?: readonly ConfigText[];
  /** For how long an answer may be reused, 0 to 3600; never beyond the token's `exp`. Default 60. */
  readonly maxAgeSeconds?: number;
  /** 1 to 60000. Default 3000. */
  readonly timeoutMs?: number;
}

/** Keys of machines, in a header. Only their SHA-256 is known here. Either `file` or `keys` says which. */
export interface ApiKeyCredential {
  readonly kind: "apiKey";
  /** In lower case. Default `x-api-key`. */
  readonly header?: string;
  /** A file, relative to the config file, of JSON: `[{ "sha256": "…", "consumer": "…", "tier": "…", "scopes": ["…"] }]`. */
  readonly file?: ConfigText;
  /** The same as text. */
  readonly keys?: EnvironmentReference;
}

/** Client certificates that the TLS port has verified. */
export interface CertificateCredential {
  readonly kind: "certificate";
  /** 1 to 1000; of those whose name a certificate has, the first is who calls. */
  readonly consumers: readonly CertificateConsumer[];
}

/** Whose certificate it is, by one of its names. */
export interface CertificateConsumer {
  /** `CN=orders-job,O=Shop`, `DNS:orders.example`, `URI:spiffe://shop/orders`, `EMAIL:ops@shop.example`, `IP:10.0.0.7`, or `SHA256:` and the fingerprint. */
  readonly name: string;
  readonly consumer: string;
  /** Default none. */
  readonly tier?: string;
  /** Default none. */
  readonly scopes?: readonly string[];
}

/** One way in which callers show who they are. */
export type BffCredential =
  | JwtCredential
  | IntrospectionCredential
  | ApiKeyCredential
  | CertificateCredential;

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
  "Ed25519",
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
  jwksUrl: text("a URL").nullable().default(null),
  jwksFile: text("a file's path, relative to the config file").nullable().default(null),
  algorithms: z
    .array(z.enum(jwtAlgorithms, `one of ${jwtAlgorithms.join(", ")}`))
    .min(1, "at least one algorithm")
    .default([...jwtAlgorithms]),
  clockToleranceSeconds: integer(0, 300).default(5),
  requiredClaims: names("a list of claims").max(20, "at most 20 claims").default([]),
  tokenType: z.string("the typ of tokens").min(1, "the typ of tokens").nullable().default(null),
  ...claimPaths,
});

const expectedSecret = 'env("NAME") without a default: secrets come from the environment';

const introspection = z.strictObject({
  kind: z.literal("introspection"),
  url: text("a URL"),
  clientId: text("the gateway's client id"),
  clientSecret: referenceOption(expectedSecret).refine((secret) => secret.default === null, expectedSecret),
  audiences: audiences.default([]),
  maxAgeSeconds: integer(0, 3600).default(60),
  timeoutMs: integer(1, 60_000).default(3000),
  ...claimPaths,
});

/** Those of which Node keeps the first only, or which it joins in a way of their own: a second one would go unnoticed. */
const headersWithMeaning: ReadonlySet<string> = new Set(
  (
    "age authorization content-length content-type cookie etag expires from host if-modified-since " +
    "if-unmodified-since last-modified location max-forwards proxy-authorization referer retry-after server " +
    "set-cookie user-agent"
  ).split(" "),
);
const expectedHeader = "a header's name in lower case, one that HTTP has no other use for";
const apiKey = z.strictObject({
  kind: z.literal("apiKey"),
  header: z
    .string(expectedHeader)
    .regex(/^[a-z][a-z0-9-]{0,63}$/, expectedHeader)
    .refine((name) => !headersWithMeaning.has(name), expectedHeader)
    .default("x-api-key"),
  file: text("a file's path, relative to the config file").nullable().default(null),
  keys: referenceOption('env("NAME"), of a list of keys').nullable().default(null),
});

const expectedConsumers = "a list of 1 to 1000 consumers, { name, consumer }";
const expectedName =
  "a subject such as CN=orders-job,O=Shop, or DNS:, URI:, EMAIL:, IP: or SHA256: and a name";
const certificateName =
  /^(?:(?:DNS|URI|EMAIL|IP):.+|SHA256:(?:[0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}|[A-Za-z0-9.]+=.+)$/;
const certificate = z.strictObject({
  kind: z.literal("certificate"),
  consumers: z
    .array(
      z.strictObject(
        { name: z.string(expectedName).regex(certificateName, expectedName), ...consumerOptions },
        "a consumer, { name, consumer }",
      ),
      expectedConsumers,
    )
    .min(1, expectedConsumers)
    .max(1000, expectedConsumers),
});

const expectedKind = 'a credential with the kind "jwt", "introspection", "apiKey" or "certificate"';

/** Parses one credential of a config. What its references stand for is checked with the environment at hand. */
export const credentialOption = z.discriminatedUnion(
  "kind",
  [jwt, introspection, apiKey, certificate],
  expectedKind,
);

/** A credential as it was written, validated, with nothing left open but what the environment says. */
export type CredentialSettings = z.output<typeof credentialOption>;
