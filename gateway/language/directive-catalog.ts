import { readFileSync } from "node:fs";
import {
  buildASTSchema,
  DirectiveLocation,
  type GraphQLDirective,
  parse,
  specifiedDirectives,
} from "graphql";

/** Which kind of file a directive may stand in. */
export type SchemaFileKind = "source" | "client";

/** The directives that this version enforces, as `schemas/directives.graphql` of this release defines them. */
export interface DirectiveCatalog {
  readonly directives: ReadonlyMap<string, GraphQLDirective>;
}

const sourceOnly = new Set([
  "source",
  "rest",
  "grpc",
  "key",
  "lookup",
  "is",
  "require",
  "shareable",
  "internal",
  "inaccessible",
  "override",
  "discriminator",
]);
const clientOnly = new Set([
  "view",
  "connection",
  "globalId",
  "node",
  "default",
  "truncate",
  "slice",
  "flatten",
  "case",
  "mask",
  "formatNumber",
  "formatDate",
  "formatCurrency",
]);

/**
 * Directives of the schema language that a later version enforces. They are refused by name, because a policy that is
 * written down but not enforced is worse than none.
 */
export const unenforcedDirectives: ReadonlySet<string> = new Set([
  "cacheControl",
  "cacheTag",
  "tag",
  "semanticNonNull",
  "provides",
  "external",
]);

/** Reads the definitions that the gateway was released with. */
export function readDirectiveCatalog(): DirectiveCatalog {
  const sdl = readFileSync(new URL("../../schemas/directives.graphql", import.meta.url), "utf8");
  const schema = buildASTSchema(parse(sdl), { assumeValidSDL: true });
  const own = schema.getDirectives().filter((directive) => !specifiedDirectives.includes(directive));
  return { directives: new Map(own.map((directive) => [directive.name, directive])) };
}

/** GraphQL's own directives on definitions that keep their meaning. */
export function isStandard(name: string): boolean {
  return !unenforcedDirectives.has(name) && specifiedDirectives.some((directive) => directive.name === name);
}

/** The kind of file that `name` belongs to, or null where it may stand in both. */
export function homeOf(name: string): SchemaFileKind | null {
  if (sourceOnly.has(name)) return "source";
  return clientOnly.has(name) ? "client" : null;
}

/** Where a directive may stand in a file of this kind. */
export function locationsOf(
  { name, locations }: GraphQLDirective,
  kind: SchemaFileKind,
): readonly DirectiveLocation[] {
  return kind === "source" && name === "from" ? [DirectiveLocation.FIELD_DEFINITION] : locations;
}
