import type { TlsSettings } from "../config/source-tls.ts";
import type { AccessTokens } from "../outbound/client-credentials.ts";
import type { CompiledSelection } from "../language/evaluate-selection.ts";
import type { SourceSchema } from "../language/source-schema.ts";
import type { DeclaredCall } from "./declared-call.ts";
import type { Subqueries } from "./graphql/subquery-client.ts";
import type { TypeReader } from "./type-reader.ts";

/** Where a source is, and how it is called. */
export interface SourceEndpoint {
  readonly url: string;
  /** How TLS connections are made; null: as everybody's. */
  readonly tls: TlsSettings | null;
  /** With which every call is sent, the source's to dispose; null: calls are nobody's in particular. */
  readonly tokens: AccessTokens | null;
}

/** A source made ready to be called. It owns its connections. */
export interface Source {
  readonly name: string;
  readonly schema: SourceSchema;
  /** Calls by the coordinate of the field that declares them. */
  readonly calls: ReadonlyMap<string, DeclaredCall>;
  /** How fields that are not calls are read from a raw value, by coordinate. */
  readonly properties: ReadonlyMap<string, CompiledSelection>;
  /**
   * Which type a raw object is of, for fields of interfaces and unions, by coordinate. None of a GraphQL source's: there
   * the answer to a subquery says it.
   */
  readonly typeReaders: ReadonlyMap<string, TypeReader>;
  /** What runs the root fields of a GraphQL source; null for other kinds. */
  readonly subqueries: Subqueries | null;
  dispose(): Promise<void>;
}
