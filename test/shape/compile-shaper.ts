import { buildASTSchema, type GraphQLOutputType, isObjectType } from "graphql";
import { formatProblem, Problems } from "../../gateway/core/problems.ts";
import { readClientSchema } from "../../gateway/language/client-schema.ts";
import { readDirectiveCatalog } from "../../gateway/language/directive-catalog.ts";
import { shapers } from "../../gateway/shape/registry.ts";
import type { Shaper } from "../../gateway/shape/shaper.ts";

const catalog = readDirectiveCatalog();

/** The first shaper of `Query.field` in a client schema, and the problems in words. */
export function compileShaper(sdl: string): { readonly shaper: Shaper | null; readonly problems: string[] } {
  const problems = new Problems();
  const client = readClientSchema("schema.graphql", sdl, catalog, problems);
  const field = client?.types.get("Query")?.fields.get("field");
  const [use] = field?.shapers ?? [];
  if (client === null || use === undefined) throw new Error(problems.errors.map(formatProblem).join("\n"));
  const definition = shapers.get(use.node.name.value);
  const type = typeOfField(client.plainDocument);
  const shaper = definition?.compile(use, { coordinate: "Query.field", type }) ?? null;
  return { shaper, problems: problems.errors.map(formatProblem) };
}

/** The same where it has to fit. */
export function shaperOf(sdl: string): Shaper {
  const { shaper, problems } = compileShaper(sdl);
  if (shaper === null) throw new Error(problems.join("\n"));
  return shaper;
}

function typeOfField(document: Parameters<typeof buildASTSchema>[0]): GraphQLOutputType {
  const query = buildASTSchema(document).getQueryType();
  const field = isObjectType(query) ? query.getFields()["field"] : undefined;
  if (field === undefined) throw new Error("expected a field called field");
  return field.type;
}
