import {
  buildASTSchema,
  type DocumentNode,
  type GraphQLSchema,
  type InputValueDefinitionNode,
  isInputType,
  Kind,
  typeFromAST,
  validateSchema,
} from "graphql";
import type { Problems } from "../core/problems.ts";
import { placeOf } from "../language/directive-reader.ts";
import { namedTypeOf } from "../language/sdl-file.ts";
import { findMisfits } from "./literal-fit.ts";

/**
 * Builds the schema of one file that was parsed and checked node by node, and checks it as a whole: that arguments take
 * input types and fields give output types, that defaults fit, and what else GraphQL asks of a schema. Only a source may
 * do without `Query`. Null, with problems reported, where there is no schema to build.
 */
export function buildPlainSchema(
  file: string,
  document: DocumentNode,
  problems: Problems,
): GraphQLSchema | null {
  const kinds = new Map<string, Kind>();
  for (const node of document.definitions)
    if ("name" in node && node.name?.kind === Kind.NAME) kinds.set(node.name.value, node.kind);
  const inputs = inputsOf(document);
  const fields = fieldsOf(document);
  let isBuildable = true;
  for (const { node, coordinate } of inputs) {
    const name = namedTypeOf(node.type);
    const found = outputKinds.get(kinds.get(name) ?? Kind.DOCUMENT);
    if (found === undefined) continue;
    isBuildable = false;
    const expected = "a scalar, an enum or an input type";
    problems.error({ place: placeOf(node.type, file), coordinate, expected, found: `${found} ${name}` });
  }
  for (const { node, coordinate } of fields) {
    const name = namedTypeOf(node.type);
    if (kinds.get(name) !== Kind.INPUT_OBJECT_TYPE_DEFINITION) continue;
    isBuildable = false;
    const expected = "a scalar, an enum, an object type, an interface or a union";
    problems.error({
      place: placeOf(node.type, file),
      coordinate,
      expected,
      found: `the input type ${name}`,
    });
  }
  if (!isBuildable) return null;
  const schema = buildASTSchema(document);
  for (const error of validateSchema(schema)) {
    const [node] = error.nodes ?? [];
    // A schema without Query is the one complaint that has no node; the client's reader has its own words for it.
    if (node === undefined) continue;
    const coordinate =
      [...inputs, ...fields].find((placed) => placed.node === node)?.coordinate ??
      ("name" in node && node.name?.kind === Kind.NAME ? node.name.value : "SDL");
    const expected = "a valid GraphQL schema";
    problems.error({ place: placeOf(node, file), coordinate, expected, found: error.message });
  }
  for (const { node, coordinate } of inputs) checkDefault({ node, coordinate, file, schema, problems });
  return schema;
}

/** Types that no argument takes. */
const outputKinds = new Map<Kind, string>([
  [Kind.OBJECT_TYPE_DEFINITION, "the object type"],
  [Kind.INTERFACE_TYPE_DEFINITION, "the interface"],
  [Kind.UNION_TYPE_DEFINITION, "the union"],
]);

interface PlacedInput {
  readonly node: InputValueDefinitionNode;
  readonly coordinate: string;
}

function fieldsOf(document: DocumentNode) {
  return document.definitions.flatMap((type) =>
    type.kind === Kind.OBJECT_TYPE_DEFINITION || type.kind === Kind.INTERFACE_TYPE_DEFINITION
      ? (type.fields ?? []).map((node) => ({ node, coordinate: `${type.name.value}.${node.name.value}` }))
      : [],
  );
}

/** Arguments of fields, and fields of input types. */
function inputsOf(document: DocumentNode): PlacedInput[] {
  const inputs: PlacedInput[] = fieldsOf(document).flatMap(({ node: field, coordinate }) =>
    (field.arguments ?? []).map((node) => ({ node, coordinate: `${coordinate}(${node.name.value}:)` })),
  );
  for (const type of document.definitions) {
    if (type.kind !== Kind.INPUT_OBJECT_TYPE_DEFINITION) continue;
    for (const node of type.fields ?? [])
      inputs.push({ node, coordinate: `${type.name.value}.${node.name.value}` });
  }
  return inputs;
}

/** graphql-js drops a default that does not fit without a word. */
function checkDefault({
  node,
  coordinate,
  file,
  schema,
  problems,
}: PlacedInput & {
  readonly file: string;
  readonly schema: GraphQLSchema;
  readonly problems: Problems;
}): void {
  const { defaultValue } = node;
  const type = typeFromAST(schema, node.type);
  if (defaultValue === undefined || !isInputType(type)) return;
  for (const misfit of findMisfits(defaultValue, type)) {
    problems.error({ place: placeOf(misfit.node, file), coordinate, ...misfit.facts });
  }
}
