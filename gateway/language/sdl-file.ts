import {
  type ASTNode,
  type DefinitionNode,
  type DocumentNode,
  type FieldDefinitionNode,
  GraphQLError,
  Kind,
  type ObjectTypeDefinitionNode,
  parse,
  Source,
  type TypeNode,
  visit,
} from "graphql";
import { validateSDL } from "graphql/validation/validate.js";
import type { Problems } from "../core/problems.ts";
import { isStandard, type SchemaFileKind } from "./directive-catalog.ts";
import { placeOf } from "./directive-reader.ts";

/** One parsed schema file. */
export interface SdlFile {
  readonly file: string;
  /** As written, extensions of types turned into definitions. */
  readonly document: DocumentNode;
  /** The same without Overlock's directives and without `schema`: plain GraphQL. */
  readonly plainDocument: DocumentNode;
  readonly objectTypes: readonly ObjectTypeDefinitionNode[];
}

/**
 * Parses a schema file and checks it as plain GraphQL. Returns null, with problems reported, where it can't be read;
 * constructs that this version does not enforce are reported too.
 */
export function parseSdlFile(
  file: string,
  text: string,
  kind: SchemaFileKind,
  problems: Problems,
): SdlFile | null {
  let parsed: DocumentNode;
  try {
    parsed = parse(new Source(text, file), { maxTokens: maxFileTokens });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    const [location] = error.locations ?? [];
    const place = { file, line: location?.line ?? 0, column: location?.column ?? 0 };
    problems.error({
      place,
      coordinate: "SDL",
      expected: "the GraphQL schema language",
      found: error.message,
    });
    return null;
  }
  const document = { ...parsed, definitions: mergeExtensions(parsed.definitions) };
  const isSupported = refuseUnsupported(document, file, kind, problems);
  const plainDocument = toPlainSdl(document);
  const errors = validateSDL(plainDocument);
  for (const error of errors) {
    const [node] = error.nodes ?? [];
    const place = node === undefined ? { file, line: 0, column: 0 } : placeOf(node, file);
    problems.error({
      place,
      coordinate: coordinateOf(node),
      expected: "a valid GraphQL schema",
      found: error.message,
    });
  }
  if (!isSupported || errors.length > 0) return null;
  const objectTypes = document.definitions.filter((node) => node.kind === Kind.OBJECT_TYPE_DEFINITION);
  return { file, document, plainDocument, objectTypes };
}

/** The name inside lists and non-nulls. */
export function namedTypeOf(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedTypeOf(type.type);
}

export function isListTypeNode(type: TypeNode): boolean {
  return type.kind === Kind.NON_NULL_TYPE ? isListTypeNode(type.type) : type.kind === Kind.LIST_TYPE;
}

export const rootTypeNames: ReadonlySet<string> = new Set(["Query", "Mutation", "Subscription"]);

const maxFileTokens = 500_000;

/** `extend type X` adds to X where the file defines it and defines it otherwise, as everywhere in the schema language. */
function mergeExtensions(definitions: readonly DefinitionNode[]): DefinitionNode[] {
  const merged: DefinitionNode[] = [];
  const positions = new Map<string, number>();
  for (const node of definitions) {
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION && node.kind !== Kind.OBJECT_TYPE_EXTENSION) {
      merged.push(node);
      continue;
    }
    const at = positions.get(node.name.value);
    const earlier = at === undefined ? undefined : merged[at];
    if (at === undefined || earlier?.kind !== Kind.OBJECT_TYPE_DEFINITION) {
      positions.set(node.name.value, merged.length);
      merged.push({ ...node, kind: Kind.OBJECT_TYPE_DEFINITION });
    } else if (node.kind === Kind.OBJECT_TYPE_EXTENSION) {
      merged[at] = {
        ...earlier,
        fields: [...(earlier.fields ?? []), ...(node.fields ?? [])],
        directives: [...(earlier.directives ?? []), ...(node.directives ?? [])],
      };
    } else merged.push(node);
  }
  return merged;
}

const unsupportedKinds = new Map<Kind, string>([
  [Kind.INTERFACE_TYPE_DEFINITION, "an interface"],
  [Kind.INTERFACE_TYPE_EXTENSION, "an interface"],
  [Kind.UNION_TYPE_DEFINITION, "a union"],
  [Kind.UNION_TYPE_EXTENSION, "a union"],
  [Kind.SCALAR_TYPE_EXTENSION, "an extension of a scalar"],
  [Kind.ENUM_TYPE_EXTENSION, "an extension of an enum"],
  [Kind.INPUT_OBJECT_TYPE_EXTENSION, "an extension of an input type"],
  [Kind.DIRECTIVE_DEFINITION, "a definition of a directive"],
  [Kind.OPERATION_DEFINITION, "an operation"],
  [Kind.FRAGMENT_DEFINITION, "a fragment"],
]);

function refuseUnsupported(
  document: DocumentNode,
  file: string,
  kind: SchemaFileKind,
  problems: Problems,
): boolean {
  let isSupported = true;
  const refuse = (node: ASTNode, coordinate: string, expected: string, found: string): void => {
    isSupported = false;
    problems.error({ place: placeOf(node, file), coordinate, expected, found });
  };
  for (const node of document.definitions) {
    const coordinate = coordinateOf(node);
    const construct = unsupportedKinds.get(node.kind);
    if (construct !== undefined) {
      refuse(node, coordinate, "types, enums, inputs and scalars (what this version enforces)", construct);
    }
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION) continue;
    if (node.name.value === "Mutation" || node.name.value === "Subscription") {
      refuse(node, coordinate, "Query only (what this version enforces)", `type ${node.name.value}`);
    }
    if (node.name.value.startsWith("_") && !node.name.value.startsWith("__")) {
      refuse(
        node.name,
        coordinate,
        "names without a leading underscore, which are the gateway's own",
        node.name.value,
      );
    }
    for (const field of node.fields ?? []) {
      if (!field.name.value.startsWith("_") || field.name.value.startsWith("__")) continue;
      const expected = "names without a leading underscore, which are the gateway's own";
      refuse(field.name, `${coordinate}.${field.name.value}`, expected, field.name.value);
    }
    if ((node.interfaces ?? []).length > 0) {
      refuse(node, coordinate, "a type without interfaces (what this version enforces)", "implements");
    }
  }
  const schemaNode = document.definitions.find((node) => node.kind === Kind.SCHEMA_DEFINITION);
  if (schemaNode !== undefined) {
    const expected =
      kind === "source" ? "extend schema @source(…)" : "no schema definition: the root type is Query";
    refuse(schemaNode, "schema", expected, "schema { … }");
  }
  return isSupported;
}

function toPlainSdl(document: DocumentNode): DocumentNode {
  const definitions = document.definitions.filter(
    (node) => node.kind !== Kind.SCHEMA_EXTENSION && node.kind !== Kind.SCHEMA_DEFINITION,
  );
  return visit(
    { ...document, definitions },
    { Directive: (node) => (isStandard(node.name.value) ? undefined : null) },
  );
}

function coordinateOf(node: ASTNode | undefined): string {
  if (node === undefined) return "SDL";
  if ("name" in node && node.name !== undefined && "value" in node.name) return node.name.value;
  return node.kind === Kind.NAME ? node.value : "SDL";
}

/** `Type.field`. */
export function fieldCoordinate(type: ObjectTypeDefinitionNode, field: FieldDefinitionNode): string {
  return `${type.name.value}.${field.name.value}`;
}
