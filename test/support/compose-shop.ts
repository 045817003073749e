import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { BoundClientSchema } from "../../gateway/compose/bindings.ts";
import { compose } from "../../gateway/compose/compose.ts";
import type { SupergraphModel } from "../../gateway/compose/supergraph-model.ts";
import { Problems } from "../../gateway/core/problems.ts";
import { readClientSchema } from "../../gateway/language/client-schema.ts";
import { readDirectiveCatalog } from "../../gateway/language/directive-catalog.ts";
import { readSourceSchema } from "../../gateway/language/source-schema.ts";
import { openGraphqlSource } from "../../gateway/sources/graphql/graphql-source.ts";
import { openGrpcSource } from "../../gateway/sources/grpc/grpc-source.ts";
import { openRestSource } from "../../gateway/sources/rest/rest-source.ts";
import type { Source } from "../../gateway/sources/source.ts";
import { shopRoot } from "./test-gateway.ts";

/** A client schema on the shop's sources, none of which is called. */
export interface ComposedShop {
  readonly bound: BoundClientSchema;
  readonly model: SupergraphModel;
}

/** Composes the shop's source schemas, or those of them that are named, with a client schema. Raises StartupError. */
export function composeShop(clientSchema: string, names: readonly string[] | null = null): ComposedShop {
  const problems = new Problems();
  const catalog = readDirectiveCatalog();
  const files = readdirSync(path.join(shopRoot, "schemas")).filter((name) => name !== "directives.graphql");
  const sources = files
    .filter((file) => names === null || names.includes(path.basename(file, ".graphql")))
    .map((file): Source | null => {
      const text = readFileSync(path.join(shopRoot, "schemas", file), "utf8");
      const schema = readSourceSchema(`schemas/${file}`, text, catalog, problems);
      if (schema === null) return null;
      const endpoint = { url: schema.url, tls: null, tokens: null };
      if (schema.kind === "rest") return openRestSource(schema, endpoint);
      if (schema.kind === "graphql") return openGraphqlSource(schema, endpoint);
      return openGrpcSource(schema, endpoint, path.join(shopRoot, "protos"), problems);
    })
    .filter((source) => source !== null);
  const client = readClientSchema("bff/schema.graphql", clientSchema, catalog, problems);
  const { clients, model } = compose(sources, client === null ? [] : [client], problems);
  const [bound] = clients;
  if (bound === undefined) throw new Error("expected a client schema");
  return { bound, model };
}

/** The client schema of one of the shop's own BFFs that has no shapers of its own. */
export function readShopClient(name: "web"): string {
  return readFileSync(path.join(shopRoot, `bff-${name}`, "schema.graphql"), "utf8");
}
