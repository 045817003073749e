/** A claim as a credential stated it. */
export type ClaimValue =
  | string
  | number
  | boolean
  | null
  | readonly ClaimValue[]
  | { readonly [name: string]: ClaimValue };

/**
 * Who is calling, whatever the credential was. Every credential is translated into this once, in the identify stage;
 * nothing behind it looks at tokens again.
 */
export interface Caller {
  readonly kind: "anonymous" | "jwt" | "opaqueToken" | "apiKey" | "certificate";
  /** The credential's subject; null for anonymous callers, and where a credential names none. */
  readonly subject: string | null;
  /** The application or machine that calls, whoever it calls for; null where the credential does not say. */
  readonly consumer: string | null;
  /** Which limits hold; null: the standard ones. */
  readonly tier: string | null;
  /** What the credential allows. */
  readonly scopes: ReadonlySet<string>;
  /** Who issued the credential; null for anonymous callers. */
  readonly issuer: string | null;
  /** What `$claims` reads. No prototype, so that a claim's name can't meet an inherited property. */
  readonly claims: Readonly<Record<string, ClaimValue>>;
}

/** The caller of a request without a credential. */
export const anonymousCaller: Caller = Object.freeze({
  kind: "anonymous",
  subject: null,
  consumer: null,
  tier: null,
  scopes: Object.freeze(new Set<string>()),
  issuer: null,
  claims: Object.freeze(Object.create(null) as Record<string, ClaimValue>),
});
