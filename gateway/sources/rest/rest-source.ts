import { type CompiledSelection, compileSelection } from "../../language/evaluate-selection.ts";
import { parseSelectionMap } from "../../language/selection-map.ts";
import type { SourceSchema } from "../../language/source-schema.ts";
import { HttpPool } from "../../outbound/http-pool.ts";
import { InFlightReads } from "../../outbound/in-flight-reads.ts";
import type { DeclaredCall } from "../declared-call.ts";
import { compileRequestHeaders } from "../request-headers.ts";
import type { Source, SourceEndpoint } from "../source.ts";
import { compileTypeReaders } from "../type-reader.ts";
import { compileRestCall } from "./rest-call.ts";

/** Makes a REST source ready. Connections are opened by its first calls. */
export function openRestSource(schema: SourceSchema, { url, tls, tokens }: SourceEndpoint): Source {
  const pool = new HttpPool(new URL(url), {
    maxConnections: 256,
    connectTimeoutMs: schema.timeoutMs,
    maxResponseBytes: schema.maxResponseBytes,
    tls,
  });
  const reads = new InFlightReads();
  const headers = compileRequestHeaders(schema);
  const calls = new Map<string, DeclaredCall>();
  const properties = new Map<string, CompiledSelection>();
  for (const type of schema.types.values()) {
    for (const field of type.fields.values()) {
      if (field.call?.kind === "rest") {
        const parts = { source: schema, field, declaration: field.call, headers, pool, tokens, reads };
        calls.set(field.coordinate, compileRestCall(parts));
      } else
        properties.set(field.coordinate, compileSelection(field.from?.map ?? parseSelectionMap(field.name)));
    }
  }
  return {
    name: schema.name,
    schema,
    calls,
    properties,
    typeReaders: compileTypeReaders(schema),
    subqueries: null,
    async dispose() {
      await Promise.all([pool.dispose(), tokens?.dispose()]);
    },
  };
}
