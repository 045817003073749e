import { fileURLToPath } from "node:url";
import { type Composition, compose } from "../../gateway/compose/compose.ts";
import { buildSupergraphModel, type SupergraphModel } from "../../gateway/compose/supergraph-model.ts";
import { formatProblem, Problems, StartupError } from "../../gateway/core/problems.ts";
import { type ClientSchema, readClientSchema } from "../../gateway/language/client-schema.ts";
import { readDirectiveCatalog } from "../../gateway/language/directive-catalog.ts";
import { readSourceSchema } from "../../gateway/language/source-schema.ts";
import { openGraphqlSource } from "../../gateway/sources/graphql/graphql-source.ts";
import { openGrpcSource } from "../../gateway/sources/grpc/grpc-source.ts";
import { openRestSource } from "../../gateway/sources/rest/rest-source.ts";
import type { Source } from "../../gateway/sources/source.ts";

/** Schema files by their names: `books` stands for `schemas/books.graphql`. */
export type SchemaTexts = Readonly<Record<string, string>>;

export interface ComposeOptions {
  /** The URL of each source by name; the file's own where there is none. */
  readonly urls?: Readonly<Record<string, string>>;
  readonly protosFolder?: string;
}

export const testProtos = fileURLToPath(new URL("protos", import.meta.url));

const catalog = readDirectiveCatalog();

/** Opens sources. Raises StartupError. */
export function openTexts(schemas: SchemaTexts, options: ComposeOptions = {}): Source[] {
  const problems = new Problems();
  const { urls = {}, protosFolder = testProtos } = options;
  const sources = Object.entries(schemas).map(([name, text]) => {
    const schema = readSourceSchema(`schemas/${name}.graphql`, text, catalog, problems);
    if (schema === null) return null;
    const url = urls[schema.name] ?? schema.url;
    const endpoint = { url, tls: null, tokens: null };
    if (schema.kind === "graphql") return openGraphqlSource(schema, endpoint);
    return schema.kind === "rest"
      ? openRestSource(schema, endpoint)
      : openGrpcSource(schema, endpoint, protosFolder, problems);
  });
  problems.throwIfAny();
  return sources.filter((source) => source !== null);
}

/** Composes source schemas and one client schema, if there is one. Raises StartupError. */
export function composeTexts(
  schemas: SchemaTexts,
  client: string | null = null,
  options: ComposeOptions = {},
): { readonly composition: Composition; readonly sources: readonly Source[]; readonly warnings: string[] } {
  const sources = openTexts(schemas, options);
  const problems = new Problems();
  const clients = client === null ? [] : [readClient(client, problems)];
  const composition = compose(sources, clients, problems);
  return { composition, sources, warnings: problems.warnings.map(formatProblem) };
}

/** Who supplies what. Raises StartupError. */
export function modelOf(schemas: SchemaTexts): { model: SupergraphModel; sources: readonly Source[] } {
  const problems = new Problems();
  const sources = openTexts(schemas);
  const model = buildSupergraphModel(sources, problems);
  problems.throwIfAny();
  if (model === null) throw new Error("expected a model or a problem");
  return { model, sources };
}

/** What is wrong with source schemas and a client schema, in words. */
export function problemsOf(schemas: SchemaTexts, client: string | null = null): string[] {
  try {
    composeTexts(schemas, client);
    return [];
  } catch (error) {
    if (error instanceof StartupError) return error.problems.map(formatProblem);
    throw error;
  }
}

function readClient(text: string, problems: Problems): ClientSchema {
  const client = readClientSchema("bff/schema.graphql", text, catalog, problems);
  if (client !== null) return client;
  problems.throwIfAny();
  throw new Error("expected a client schema or a problem");
}
