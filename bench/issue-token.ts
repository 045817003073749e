import { randomUUID } from "node:crypto";
import { exportJWK, generateKeyPair, type JSONWebKeySet, SignJWT } from "jose";

/** A token, and the keys by which `bff-callers` knows that it is good. */
export interface IssuedToken {
  /** The value of the `authorization` header. */
  readonly authorization: string;
  readonly keys: JSONWebKeySet;
}

/** An access token as authorization servers issue them, RS256 with some scopes, for one hour, by a key of its own. */
export async function issueToken(): Promise<IssuedToken> {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const kid = randomUUID();
  const token = await new SignJWT({
    azp: "storefront-web",
    scope: "openid profile email offline_access notices:read orders:read orders:write reviews:write",
  })
    .setProtectedHeader({ alg: "RS256", typ: "at+jwt", kid })
    .setIssuer("https://id.bench.example/")
    .setSubject("auth0|5f7c8ec7c33c6c004bbafe82")
    .setAudience(["https://api.bench.example", "https://id.bench.example/userinfo"])
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime("1h")
    .sign(privateKey);
  const key = { ...(await exportJWK(publicKey)), kid, use: "sig", alg: "RS256" };
  return { authorization: `Bearer ${token}`, keys: { keys: [key] } };
}
