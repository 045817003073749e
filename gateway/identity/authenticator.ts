import type { Caller } from "../core/caller.ts";
import type { RequestHeaders } from "../core/request-scope.ts";

/** The certificate that a client has shown, which the TLS port has verified. */
export interface ClientCertificate {
  /** As RFC 4514 writes it, the most specific part first: `CN=orders-job,O=Shop`. */
  readonly subject: string;
  /** `DNS:orders.example`, `URI:spiffe://shop/orders`, `EMAIL:…`, `IP:…`. */
  readonly alternativeNames: readonly string[];
  /** SHA-256 of the certificate, hex in upper case without colons. */
  readonly fingerprint: string;
}

/** What of a request can be a credential. */
export interface CredentialRequest {
  readonly headers: RequestHeaders;
  /** Null: the client has shown none, or none that was verified. */
  readonly certificate: ClientCertificate | null;
}

/** One way to tell who is calling. */
export interface Authenticator {
  /** It looks at bearer tokens, of which it may leave some to others. */
  readonly takesBearerTokens: boolean;
  /**
   * Null where the request carries no credential of this kind, and the next may look. Raises CREDENTIAL_INVALID for
   * one that is no good, CREDENTIAL_EXPIRED for one that is good no longer, IDENTITY_UNAVAILABLE where it can't be checked at the moment.
   */
  authenticate(request: CredentialRequest): Caller | Promise<Caller> | null;
  /** Closes what it has opened. */
  dispose(): Promise<void>;
}
