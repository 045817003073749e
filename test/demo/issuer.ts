import { OAuth2Server } from "oauth2-mock-server";

/** A token issuer of the demo's own, with a real key set on loopback. */
export interface DemoIssuer {
  /** The gateway's JWT_ settings for it. */
  readonly environment: Readonly<Record<"JWT_ISSUER" | "JWT_JWKS_URL" | "JWT_AUDIENCE", string>>;
  /** A token for a user, valid for `lifetimeSeconds`, with the scope `orders:write`. */
  issueToken(userId: string, lifetimeSeconds: number): Promise<string>;
  /** Such a token with claims changed, or (undefined) left out, and signed all the same. */
  issueBadToken(claims: Readonly<Record<string, unknown>>): Promise<string>;
  stop(): Promise<void>;
}

const audience = "overlock-demo";

/** Starts an issuer on a free port. */
export async function startDemoIssuer(): Promise<DemoIssuer> {
  const server = new OAuth2Server();
  await server.issuer.keys.generate("RS256");
  await server.start(0, "127.0.0.1");
  const issuerUrl = server.issuer.url ?? "";
  const sign = (lifetimeSeconds: number, claims: Readonly<Record<string, unknown>>): Promise<string> =>
    server.issuer.buildToken({
      expiresIn: lifetimeSeconds,
      scopesOrTransform: (_header, payload) => {
        Object.assign(payload, { aud: audience }, claims);
      },
    });
  return {
    environment: { JWT_ISSUER: issuerUrl, JWT_JWKS_URL: `${issuerUrl}/jwks`, JWT_AUDIENCE: audience },
    issueToken: (userId, lifetimeSeconds) => sign(lifetimeSeconds, { sub: userId, scope: "orders:write" }),
    issueBadToken: (claims) => sign(60, { sub: "u1", ...claims }),
    stop: () => server.stop(),
  };
}
