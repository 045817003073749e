import { fileURLToPath } from "node:url";
import type { RequestScope } from "../../gateway/core/request-scope.ts";
import { Problems } from "../../gateway/core/problems.ts";
import { readDirectiveCatalog } from "../../gateway/language/directive-catalog.ts";
import { readSourceSchema } from "../../gateway/language/source-schema.ts";
import { runDeclaredCall } from "../../gateway/sources/declared-call.ts";
import { openGrpcSource } from "../../gateway/sources/grpc/grpc-source.ts";
import { openRestSource } from "../../gateway/sources/rest/rest-source.ts";
import type { Source } from "../../gateway/sources/source.ts";

const shopProtos = fileURLToPath(new URL("../../protos", import.meta.url));

/** Opens the source that a schema describes, at another URL. Throws the problems that there are. */
export function openSource(sdl: string, url: string, protos = shopProtos): Source {
  const problems = new Problems();
  const source = tryOpenSource(sdl, problems, { url, protos });
  problems.throwIfAny();
  if (source === null) throw new Error("expected a source");
  return source;
}

/** Opens the source that a schema describes; whatever is wrong is reported. */
export function tryOpenSource(
  sdl: string,
  problems: Problems,
  { url, protos = shopProtos }: { readonly url: string; readonly protos?: string },
): Source | null {
  const schema = readSourceSchema("a.graphql", sdl, readDirectiveCatalog(), problems);
  if (schema === null) return null;
  const endpoint = { url, tls: null, tokens: null };
  return schema.kind === "rest"
    ? openRestSource(schema, endpoint)
    : openGrpcSource(schema, endpoint, protos, problems);
}

/** What a field of a source is asked for with. */
export interface FieldInputs {
  readonly args?: Readonly<Record<string, unknown>>;
  readonly parent?: Readonly<Record<string, unknown>>;
}

/** The raw value of a field that is a call. */
export function callField(
  source: Source,
  coordinate: string,
  scope: RequestScope,
  { args = {}, parent = {} }: FieldInputs = {},
): Promise<unknown> {
  const call = source.calls.get(coordinate);
  if (call === undefined) throw new Error(`expected ${coordinate} to be a call`);
  return runDeclaredCall(call, { args, readParent: () => Promise.resolve(parent) }, scope);
}
