import path from "node:path";
import type { ShapedClientSchema } from "../../gateway/compose/bind-value.ts";
import type { BoundClientSchema } from "../../gateway/compose/bindings.ts";
import { compose } from "../../gateway/compose/compose.ts";
import type { SupergraphModel } from "../../gateway/compose/supergraph-model.ts";
import type { BffShaper } from "../../gateway/config/define-shaper.ts";
import type { ProjectFile } from "../../gateway/config/load-project.ts";
import { type Problem, Problems } from "../../gateway/core/problems.ts";
import { readClientSchema } from "../../gateway/language/client-schema.ts";
import { readDirectiveCatalog } from "../../gateway/language/directive-catalog.ts";
import { readSourceSchema, type SourceSchema } from "../../gateway/language/source-schema.ts";
import type { AccessRules } from "../../gateway/policy/access-rules.ts";
import { compileAccess } from "../../gateway/policy/compile-access.ts";
import { type CostRules, compileCostRules } from "../../gateway/policy/cost-rules.ts";
import { readOwnShapers } from "../../gateway/shape/own-shapers.ts";
import { openGraphqlSource } from "../../gateway/sources/graphql/graphql-source.ts";
import { openGrpcSource } from "../../gateway/sources/grpc/grpc-source.ts";
import { openRestSource } from "../../gateway/sources/rest/rest-source.ts";
import type { Source } from "../../gateway/sources/source.ts";

export interface ProjectParts {
  readonly sources: readonly ProjectFile[];
  /** By the name of the BFF. */
  readonly clients: ReadonlyMap<string, ProjectFile & { readonly shapers: readonly BffShaper[] }>;
  readonly protosFolder: string;
  /** Of each source by its name. */
  readonly urls: Readonly<Record<string, string>>;
}

/** Composed sources, on which any number of executors can run. */
export interface OpenProject {
  readonly model: SupergraphModel;
  readonly clients: ReadonlyMap<string, BoundClientSchema>;
  /** What reading each client schema needs. */
  readonly access: ReadonlyMap<string, AccessRules>;
  /** What reading each client schema costs, with lists of 10 where nobody says how long they are. */
  readonly costs: ReadonlyMap<string, CostRules>;
  readonly warnings: readonly Problem[];
  dispose(): Promise<void>;
}

/** Opens the sources and binds all client schemas. Raises StartupError. */
export function openProject({ sources, clients, protosFolder, urls }: ProjectParts): OpenProject {
  const problems = new Problems();
  const catalog = readDirectiveCatalog();
  const opened = sources.flatMap(({ file, text }) => {
    const schema = readSourceSchema(file, text, catalog, problems);
    if (schema === null) return [];
    const source = openSource(schema, urls[schema.name] ?? schema.url, protosFolder, problems);
    return source === null ? [] : [source];
  });
  problems.throwIfAny();
  const shaped = [...clients].flatMap(([name, { file, text, shapers }]) => {
    const own = readOwnShapers(shapers, file, catalog, problems);
    const client = own === null ? null : readClientSchema(file, text, own.catalog, problems);
    if (own === null || client === null) return [];
    return [{ name, schema: { ...client, ownShapers: own.definitions } satisfies ShapedClientSchema }];
  });
  problems.throwIfAny();
  const composition = compose(
    opened,
    shaped.map(({ schema }) => schema),
    problems,
  );
  const bound = shaped.map(({ name }, index): [string, BoundClientSchema] => {
    const client = composition.clients[index];
    if (client === undefined) throw new Error(`Expected the client schema of ${name} to be bound.`);
    return [name, client];
  });
  const access = shaped.flatMap(({ name, schema: client }, index): [string, AccessRules][] => {
    const schema = composition.clients[index];
    return schema === undefined ? [] : [[name, compileAccess({ client, bound: schema }, composition.model)]];
  });
  const costs = shaped.flatMap(({ name, schema: client }, index): [string, CostRules][] => {
    const schema = composition.clients[index];
    if (schema === undefined) return [];
    return [[name, compileCostRules({ client, bound: schema }, composition.model, 10, problems)]];
  });
  return {
    model: composition.model,
    clients: new Map(bound),
    access: new Map(access),
    costs: new Map(costs),
    warnings: problems.warnings,
    async dispose() {
      await Promise.all(opened.map((source) => source.dispose()));
    },
  };
}

function openSource(
  schema: SourceSchema,
  url: string,
  protosFolder: string,
  problems: Problems,
): Source | null {
  const endpoint = { url, tls: null, tokens: null };
  switch (schema.kind) {
    case "rest":
      return openRestSource(schema, endpoint);
    case "grpc":
      return openGrpcSource(schema, endpoint, path.resolve(protosFolder), problems);
    case "graphql":
      return openGraphqlSource(schema, endpoint);
  }
}
