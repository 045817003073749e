import {
  createHmac,
  generateKeyPairSync,
  constants,
  type JsonWebKey,
  type KeyObject,
  sign as signBytes,
} from "node:crypto";

/** A pair of keys of an issuer, or of whoever would like to be one. */
export interface TokenKey {
  readonly kid: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export function rsaKey(kid: string): TokenKey {
  return { kid, ...generateKeyPairSync("rsa", { modulusLength: 2048 }) };
}

export function ecKey(kid: string): TokenKey {
  return { kid, ...generateKeyPairSync("ec", { namedCurve: "P-256" }) };
}

export function edKey(kid: string): TokenKey {
  return { kid, ...generateKeyPairSync("ed25519") };
}

export function publicJwk({ kid, publicKey }: TokenKey, more: object = {}): JsonWebKey {
  return { ...publicKey.export({ format: "jwk" }), kid, ...more };
}

/** JSON text as it is, or a value that becomes JSON. */
export type Part = string | Readonly<Record<string, unknown>>;

function textOf(part: Part): string {
  return typeof part === "string" ? part : JSON.stringify(part);
}

/** `header.claims`, whatever they are: what a signature is made of. */
export function unsigned(header: Part, claims: Part): string {
  return [header, claims].map((part) => Buffer.from(textOf(part)).toString("base64url")).join(".");
}

/** The compact form, signed as `algorithm` says, whatever the header says. */
export function sign(header: Part, claims: Part, key: TokenKey, algorithm: SignatureAlgorithm): string {
  const text = unsigned(header, claims);
  return `${text}.${signatureOf(text, key, algorithm).toString("base64url")}`;
}

export type SignatureAlgorithm = "RS256" | "RS512" | "PS256" | "ES256" | "EdDSA";

export function signatureOf(text: string, { privateKey }: TokenKey, algorithm: SignatureAlgorithm): Buffer {
  const bytes = Buffer.from(text);
  switch (algorithm) {
    case "RS256":
      return signBytes("sha256", bytes, privateKey);
    case "RS512":
      return signBytes("sha512", bytes, privateKey);
    case "PS256":
      return signBytes("sha256", bytes, {
        key: privateKey,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: 32,
      });
    case "ES256":
      return signBytes("sha256", bytes, { key: privateKey, dsaEncoding: "ieee-p1363" });
    case "EdDSA":
      return signBytes(null, bytes, privateKey);
  }
}

/** The compact form, with a hash that is keyed by `secret`. */
export function signWithSecret(
  header: Part,
  claims: Part,
  secret: string | Buffer,
  hash: "sha256" | "sha384" | "sha512",
): string {
  const text = unsigned(header, claims);
  return `${text}.${createHmac(hash, secret).update(text).digest("base64url")}`;
}
