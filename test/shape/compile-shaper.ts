import { buildASTSchema, getNamedType, type GraphQLOutputType, isEnumType, isObjectType } from "graphql";
import { formatProblem, Problems } from "../../gateway/core/problems.ts";
import { readClientSchema } from "../../gateway/language/client-schema.ts";
import { readDirectiveCatalog } from "../../gateway/language/directive-catalog.ts";
import { shapers } from "../../gateway/shape/registry.ts";
import type {
  LeafShaper,
  ListShaper,
  NullShaper,
  Shaper,
  ShapingContext,
  ValueShape,
} from "../../gateway/shape/shaper.ts";

const catalog = readDirectiveCatalog();

/** For whom values are shaped where a test says nothing else. */
export const english: ShapingContext = {
  locale: "en-US",
  timeZone: "UTC",
  deadline: { expiresAtMs: Number.POSITIVE_INFINITY },
};

/**
 * The first shaper of `Query.field` in a client schema, and the problems in words. The value that it shapes is of the
 * field's own type unless `input` says otherwise.
 */
export function compileShaper(
  sdl: string,
  input: Partial<ValueShape> = {},
): { readonly shaper: Shaper | null; readonly problems: string[] } {
  const problems = new Problems();
  const client = readClientSchema("schema.graphql", sdl, catalog, problems);
  const field = client?.types.get("Query")?.fields.get("field");
  const [use] = field?.shapers ?? [];
  if (client === null || use === undefined) throw new Error(problems.errors.map(formatProblem).join("\n"));
  const definition = shapers.get(use.node.name.value);
  const type = typeOfField(client.plainDocument);
  const shape = { ...shapeOf(type), ...input };
  const shaper = definition?.compile(use, { coordinate: "Query.field", type }, shape) ?? null;
  return { shaper, problems: problems.errors.map(formatProblem) };
}

/** The same where it has to fit and shapes each value by itself. */
export function leafShaperOf(sdl: string, input: Partial<ValueShape> = {}): LeafShaper {
  const shaper = shaperOf(sdl, input);
  if (shaper.kind !== "leaf") throw new Error(`expected a shaper of leaves, found one of ${shaper.kind}`);
  return shaper;
}

/** The same where it has to fit and shapes lists. */
export function listShaperOf(sdl: string): ListShaper {
  const shaper = shaperOf(sdl);
  if (shaper.kind !== "list") throw new Error(`expected a shaper of lists, found one of ${shaper.kind}`);
  return shaper;
}

/** The same where it has to fit and replaces null. */
export function nullShaperOf(sdl: string): NullShaper {
  const shaper = shaperOf(sdl);
  if (shaper.kind !== "null") throw new Error(`expected a shaper of null, found one of ${shaper.kind}`);
  return shaper;
}

function shaperOf(sdl: string, input: Partial<ValueShape> = {}): Shaper {
  const { shaper, problems } = compileShaper(sdl, input);
  if (shaper === null) throw new Error(problems.join("\n"));
  return shaper;
}

function shapeOf(type: GraphQLOutputType): ValueShape {
  const named = getNamedType(type);
  const kind = isObjectType(named) ? "object" : isEnumType(named) ? "enum" : "scalar";
  return { typeName: named.name, kind, listDepth: type.toString().split("[").length - 1 };
}

function typeOfField(document: Parameters<typeof buildASTSchema>[0]): GraphQLOutputType {
  const query = buildASTSchema(document).getQueryType();
  const field = isObjectType(query) ? query.getFields()["field"] : undefined;
  if (field === undefined) throw new Error("expected a field called field");
  return field.type;
}
