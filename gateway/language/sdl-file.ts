import {
  type ASTNode,
  type DocumentNode,
  type FieldDefinitionNode,
  GraphQLError,
  type InterfaceTypeDefinitionNode,
  isTypeDefinitionNode,
  Kind,
  Lexer,
  type NameNode,
  type ObjectTypeDefinitionNode,
  parse,
  Source,
  TokenKind,
  type TypeNode,
  type UnionTypeDefinitionNode,
  visit,
} from "graphql";
import { validateSDL } from "graphql/validation/validate.js";
import type { Problems } from "../core/problems.ts";
import { isStandard, type SchemaFileKind } from "./directive-catalog.ts";
import { placeOf } from "./directive-reader.ts";
import { mergeExtensions } from "./merge-extensions.ts";

/** One parsed schema file. */
export interface SdlFile {
  readonly file: string;
  /** As written, extensions of types turned into definitions. */
  readonly document: DocumentNode;
  /** The same without Overlock's directives and without `schema`: plain GraphQL. */
  readonly plainDocument: DocumentNode;
  readonly objectTypes: readonly ObjectTypeDefinitionNode[];
  readonly abstractTypes: readonly AbstractTypeNode[];
}

/** A type whose values are objects of several types. */
export type AbstractTypeNode = InterfaceTypeDefinitionNode | UnionTypeDefinitionNode;

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
  const document = parseSdlText(file, text, problems);
  return document === null ? null : checkSdl(document, file, kind, problems);
}

/** Parses a schema file and turns its extensions of types into definitions. Null, with a problem, where it is none. */
export function parseSdlText(file: string, text: string, problems: Problems): DocumentNode | null {
  const parsed = parseText(file, text, problems);
  return parsed === null ? null : { ...parsed, definitions: mergeExtensions(parsed.definitions) };
}

/** Checks a parsed schema file as {@link parseSdlFile} does. */
export function checkSdl(
  document: DocumentNode,
  file: string,
  kind: SchemaFileKind,
  problems: Problems,
): SdlFile | null {
  const isSupported = refuseUnsupported(document, file, kind, problems);
  const plainDocument = toPlainSdl(document);
  const errors = validateSDL(plainDocument);
  for (const error of errors) {
    // Where it is about several nodes, the last one is too much.
    const node = error.nodes?.at(-1);
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
  const abstractTypes = document.definitions.filter(
    (node) => node.kind === Kind.INTERFACE_TYPE_DEFINITION || node.kind === Kind.UNION_TYPE_DEFINITION,
  );
  return { file, document, plainDocument, objectTypes, abstractTypes };
}

/** The name inside lists and non-nulls. */
export function namedTypeOf(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedTypeOf(type.type);
}

export function isListTypeNode(type: TypeNode): boolean {
  return type.kind === Kind.NON_NULL_TYPE ? isListTypeNode(type.type) : type.kind === Kind.LIST_TYPE;
}

/** How many lists are around the named type. */
export function listsAround(type: TypeNode): number {
  if (type.kind === Kind.NAMED_TYPE) return 0;
  return listsAround(type.type) + (type.kind === Kind.LIST_TYPE ? 1 : 0);
}

export const rootTypeNames: ReadonlySet<string> = new Set(["Query", "Mutation", "Subscription"]);

const maxFileTokens = 500_000;
/** GraphQL's parser, and much that reads what it made, calls itself for each bracket that is open. */
const maxNesting = 100;

function parseText(file: string, text: string, problems: Problems): DocumentNode | null {
  const source = new Source(text, file);
  const report = ({ line, column, ...facts }: TextFlaw): null => {
    problems.error({ place: { file, line, column }, coordinate: "SDL", ...facts });
    return null;
  };
  try {
    const flaw = findFlaw(source);
    return flaw === null ? parse(source) : report(flaw);
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    const { line = 0, column = 0 } = error.locations?.[0] ?? {};
    return report({ line, column, expected: graphqlText, found: error.message });
  }
}

interface TextFlaw {
  readonly line: number;
  readonly column: number;
  readonly expected: string;
  readonly found: string;
}

const graphqlText = "the GraphQL schema language";

/** A text that is none, or too long or too deep for a parser. Raises GraphQLError where its words are not GraphQL's. */
function findFlaw(source: Source): TextFlaw | null {
  const lexer = new Lexer(source);
  let nesting = 0;
  let count = 0;
  for (let token = lexer.advance(); token.kind !== TokenKind.EOF; token = lexer.advance()) {
    const { line, column, kind } = token;
    if (++count > maxFileTokens) {
      const expected = `at most ${maxFileTokens} names, values and punctuators`;
      return { line, column, expected, found: "one more" };
    }
    if (closingKinds.has(kind)) nesting--;
    if (openingKinds.has(kind) && ++nesting > maxNesting)
      return { line, column, expected: `at most ${maxNesting} open brackets`, found: "one more" };
  }
  return count > 0 ? null : { line: 1, column: 1, expected: graphqlText, found: "an empty file" };
}

const openingKinds: ReadonlySet<TokenKind> = new Set([
  TokenKind.BRACKET_L,
  TokenKind.BRACE_L,
  TokenKind.PAREN_L,
]);
const closingKinds: ReadonlySet<TokenKind> = new Set([
  TokenKind.BRACKET_R,
  TokenKind.BRACE_R,
  TokenKind.PAREN_R,
]);

const unsupportedKinds = new Map<Kind, string>([
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
  const refuseInternalName = (name: NameNode, coordinate: string): void => {
    const expected = "names without a leading underscore, which are the gateway's own";
    if (name.value.startsWith("_")) refuse(name, coordinate, expected, name.value);
  };
  for (const node of document.definitions) {
    const coordinate = coordinateOf(node);
    const construct = unsupportedKinds.get(node.kind);
    if (construct !== undefined) {
      refuse(node, coordinate, "types, enums, inputs and scalars (what this version enforces)", construct);
    }
    if (isTypeDefinitionNode(node)) refuseInternalName(node.name, coordinate);
    if (node.kind !== Kind.OBJECT_TYPE_DEFINITION && node.kind !== Kind.INTERFACE_TYPE_DEFINITION) continue;
    if (node.name.value === "Subscription")
      refuse(node, coordinate, "Query and Mutation (what this version enforces)", "type Subscription");
    for (const field of node.fields ?? []) refuseInternalName(field.name, fieldCoordinate(node, field));
  }
  for (const node of document.definitions) {
    if (node.kind !== Kind.SCHEMA_DEFINITION && node.kind !== Kind.SCHEMA_EXTENSION) continue;
    const [operationType] = node.operationTypes ?? [];
    const expected = "no schema definition: the root types are Query and Mutation";
    if (operationType !== undefined) {
      refuse(
        operationType,
        "schema",
        expected,
        `${operationType.operation}: ${operationType.type.name.value}`,
      );
    } else if (node.kind === Kind.SCHEMA_DEFINITION) {
      refuse(node, "schema", kind === "source" ? "extend schema @source(…)" : expected, "schema { … }");
    }
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
export function fieldCoordinate(
  type: ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode,
  field: FieldDefinitionNode,
): string {
  return `${type.name.value}.${field.name.value}`;
}
