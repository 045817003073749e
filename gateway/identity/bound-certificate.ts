import type { ClientCertificate } from "./authenticator.ts";

/**
 * The certificate that a token's `cnf` binds it to, by its SHA-256 in base64url
 * (https://www.rfc-editor.org/rfc/rfc8705#section-3); null where it is bound to nothing, undefined where it is bound to
 * something of which nothing here can tell whether the sender has it.
 */
export function boundCertificate(confirmation: unknown): string | null | undefined {
  if (confirmation === undefined) return null;
  if (typeof confirmation !== "object" || confirmation === null) return undefined;
  const methods = Object.entries(confirmation);
  const [[method, value] = []] = methods;
  return methods.length === 1 && method === "x5t#S256" && typeof value === "string" ? value : undefined;
}

/** Whether it is the certificate that a token is bound to; null: the token is its bearer's. */
export function isBoundTo(bound: string | null, certificate: ClientCertificate | null): boolean {
  if (bound === null) return true;
  return certificate !== null && Buffer.from(certificate.fingerprint, "hex").toString("base64url") === bound;
}
