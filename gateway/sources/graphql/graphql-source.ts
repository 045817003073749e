import { compileSelection, type CompiledSelection } from "../../language/evaluate-selection.ts";
import { rootTypeNames } from "../../language/sdl-file.ts";
import { parseSelectionMap } from "../../language/selection-map.ts";
import type { SourceSchema } from "../../language/source-schema.ts";
import { HttpPool } from "../../outbound/http-pool.ts";
import { compileRequestHeaders } from "../request-headers.ts";
import type { Source, SourceEndpoint } from "../source.ts";
import { SubqueryClient } from "./subquery-client.ts";

/** Makes a GraphQL source ready. Connections are opened by its first calls. */
export function openGraphqlSource(schema: SourceSchema, { url, tls, tokens }: SourceEndpoint): Source {
  const { origin, pathname } = new URL(url);
  const pool = new HttpPool(new URL(origin), {
    maxConnections: 256,
    connectTimeoutMs: schema.timeoutMs,
    maxResponseBytes: schema.maxResponseBytes,
    tls,
  });
  const headers = compileRequestHeaders(schema);
  const properties = new Map<string, CompiledSelection>();
  for (const type of schema.types.values()) {
    if (rootTypeNames.has(type.name)) continue;
    for (const field of type.fields.values())
      properties.set(field.coordinate, compileSelection(parseSelectionMap(field.name)));
  }
  const subqueries = new SubqueryClient({ schema, headers, pool, tokens, path: pathname });
  return {
    name: schema.name,
    schema,
    calls: new Map(),
    properties,
    typeReaders: new Map(),
    subqueries,
    async dispose() {
      await Promise.all([pool.dispose(), tokens?.dispose()]);
    },
  };
}
