import {
  DirectiveLocation,
  type DocumentNode,
  type FieldDefinitionNode,
  isTypeDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  type TypeDefinitionNode,
} from "graphql";
import type { Problems, SourcePlace } from "../core/problems.ts";
import { readAbstractTypes, type SourceAbstractType } from "./abstract-types.ts";
import type { BackendNames } from "./backend-names.ts";
import { isBackendSchema, readBackendSchema } from "./backend-schema.ts";
import { readArguments, type SourceArgument } from "./argument-directives.ts";
import { type CallContext, checkRawSelection } from "./call-declaration.ts";
import { type CostDeclarations, readCostDirectives } from "./cost-directives.ts";
import type { DirectiveCatalog } from "./directive-catalog.ts";
import {
  DirectiveReader,
  type DirectiveUse,
  type PlacedSelection,
  placeOf,
  readLeafDirectives,
} from "./directive-reader.ts";
import {
  checkSdl,
  fieldCoordinate,
  isListTypeNode,
  namedTypeOf,
  parseSdlText,
  rootTypeNames,
} from "./sdl-file.ts";
import { type GrpcDeclaration, readGrpc } from "./grpc-declaration.ts";
import { checkChangesNothing, checkMutation, refuseSharedMutation } from "./check-mutation.ts";
import {
  checkInternal,
  findInaccessible,
  type FieldVisibility,
  readVisibility,
  type TypeVisibility,
} from "./field-visibility.ts";
import { checkListLookup, refuseInSubquery } from "./check-subquery-field.ts";
import { findGuards, type Guard } from "./guards.ts";
import { readKey } from "./key-fields.ts";
import { type RateLimit, readRateLimits } from "./rate-limits.ts";
import { type RestDeclaration, readRest } from "./rest-declaration.ts";
import {
  type HeaderDeclaration,
  readSourceSettings,
  readSourceUse,
  type SourceKind,
} from "./source-settings.ts";

export type CallDeclaration = RestDeclaration | GrpcDeclaration;

export interface SourceField extends FieldVisibility {
  readonly name: string;
  /** `Type.field`. */
  readonly coordinate: string;
  readonly place: SourcePlace;
  readonly node: FieldDefinitionNode;
  readonly arguments: ReadonlyMap<string, SourceArgument>;
  /** How the field is fetched; null: it is read from the object's raw value, or a GraphQL source's root field. */
  readonly call: CallDeclaration | null;
  /** Where in the raw value the field is; null: under its own name. */
  readonly from: PlacedSelection | null;
  readonly isLookup: boolean;
  /** A field of `Mutation`: each use of it is one call, made in its turn and shared with nothing. */
  readonly isMutation: boolean;
  readonly isShareable: boolean;
}

export interface SourceType {
  readonly name: string;
  readonly place: SourcePlace;
  /** Each key as the paths of its fields, `id` or `organization.id`. Empty: objects are known only where they were fetched. */
  readonly keys: readonly (readonly string[])[];
  readonly fields: ReadonlyMap<string, SourceField>;
}

/** One file of `schemas/`, checked by itself. */
export interface SourceSchema {
  readonly file: string;
  readonly name: string;
  readonly kind: SourceKind;
  readonly url: string;
  readonly timeoutMs: number;
  readonly maxResponseBytes: number;
  /** Equal safe calls that are under way at the same time are sent once, unless their field says otherwise. */
  readonly sharesInFlight: boolean;
  /** gRPC only. */
  readonly proto: string | null;
  /** gRPC only: the full name. */
  readonly service: string | null;
  /** gRPC only: of requests; null: none. */
  readonly compression: "gzip" | "deflate" | null;
  readonly forwardHeaders: readonly string[];
  readonly headers: readonly HeaderDeclaration[];
  /** GraphQL only: the most root fields, and the most keys of one lookup, of one request. */
  readonly maxBatchSize: number;
  /** GraphQL only. */
  readonly backendNames: BackendNames | null;
  /** Object types. */
  readonly types: ReadonlyMap<string, SourceType>;
  /** Interfaces and unions. */
  readonly abstractTypes: ReadonlyMap<string, SourceAbstractType>;
  /** What the file says is `@inaccessible`, by coordinate: `Type`, `Type.member`, `Type.field(argument:)`. */
  readonly inaccessible: ReadonlyMap<string, SourcePlace>;
  /** What guards types and fields, by coordinate. */
  readonly guards: ReadonlyMap<string, readonly Guard[]>;
  /** What uses of it cost. */
  readonly cost: CostDeclarations;
  /** How often fields may be used, by coordinate. */
  readonly rateLimits: ReadonlyMap<string, RateLimit>;
  /** The file without Overlock's directives. */
  readonly plainDocument: DocumentNode;
  /** The `@source` use, for problems found later. */
  readonly use: DirectiveUse;
}

/** Reads one source schema. Null, with problems reported, where it can't be used at all. */
export function readSourceSchema(
  file: string,
  text: string,
  catalog: DirectiveCatalog,
  problems: Problems,
): SourceSchema | null {
  const written = parseSdlText(file, text, problems);
  if (written === null) return null;
  const reader = new DirectiveReader(catalog, "source", file, problems);
  // What is left out and renamed is so before anything else is looked at.
  const isBackend = isBackendSchema(written);
  const backendUse = isBackend ? readSourceUse(written, reader) : null;
  const backend = backendUse === null ? null : readBackendSchema(written, backendUse, catalog);
  if (isBackend && backend === null) return null;
  const sdl = checkSdl(backend?.document ?? written, file, "source", problems);
  if (sdl === null) return null;
  const use = backendUse ?? readSourceUse(sdl.document, reader);
  if (use === null) return null;
  const source = readSourceSettings(use);
  if (source === null) return null;
  const definitions = new Map(sdl.document.definitions.filter(isTypeDefinitionNode).map(withName));
  readLeafDirectives(sdl.document, reader);
  const abstractTypes = readAbstractTypes(sdl, reader, source.kind);
  const types = new Map<string, SourceType>();
  const sourceHeaders = new Set([...source.forwardHeaders, ...source.headers.map((header) => header.name)]);
  for (const type of sdl.objectTypes) {
    const parts = { type, reader, kind: source.kind, definitions, sourceHeaders };
    types.set(type.name.value, readType(parts));
  }
  checkInternal(types, sdl.objectTypes, abstractTypes);
  const backendNames = backend?.names ?? null;
  const inaccessible = findInaccessible(sdl.document, file);
  const guards = findGuards(sdl.document);
  const cost = readCostDirectives(sdl.document, reader);
  const rateLimits = readRateLimits(sdl.document, reader);
  const { plainDocument } = sdl;
  return {
    file,
    ...source,
    backendNames,
    types,
    abstractTypes,
    inaccessible,
    guards,
    cost,
    rateLimits,
    plainDocument,
    use,
  };
}

function withName(node: TypeDefinitionNode): [name: string, node: TypeDefinitionNode] {
  return [node.name.value, node];
}

interface TypeParts {
  readonly type: ObjectTypeDefinitionNode;
  readonly reader: DirectiveReader;
  readonly kind: SourceKind;
  /** The file's own types by name. */
  readonly definitions: ReadonlyMap<string, TypeDefinitionNode>;
  /** Headers that the source forwards or sets on every call. */
  readonly sourceHeaders: ReadonlySet<string>;
}

function readType(parts: TypeParts): SourceType {
  const { type, reader, definitions, sourceHeaders } = parts;
  const name = type.name.value;
  const isRoot = rootTypeNames.has(name);
  const uses = reader.read(type.directives, DirectiveLocation.OBJECT, name);
  if (name === "Mutation") refuseSharedMutation(uses);
  if (isRoot) uses.get("inaccessible")?.[0]?.refuse([], "it on single fields of a root", `it on ${name}`);
  const leafFields = (type.fields ?? []).filter(
    (field) =>
      !isWrittenAsCall(field) &&
      !requiresArguments(field) &&
      !isComposite(namedTypeOf(field.type), definitions),
  );
  const keys = (uses.get("key") ?? [])
    .map((use) =>
      readKey(use, {
        type,
        isRoot,
        definitions,
        isCall: (field) => isWrittenAsCall(field) || requiresArguments(field),
      }),
    )
    .filter((key) => key !== null);
  const fields = new Map<string, SourceField>();
  for (const field of type.fields ?? []) {
    const context: CallContext = {
      fieldType: field.type,
      arguments: new Map((field.arguments ?? []).map((argument) => [argument.name.value, argument.type])),
      parentFields: new Map(leafFields.map((leaf) => [leaf.name.value, leaf.type])),
      types: definitions,
      sourceHeaders,
      isRoot,
      roots: isRoot ? ["args", "claims", "headers"] : ["args", "parent", "claims", "headers"],
    };
    fields.set(field.name.value, readField({ ...parts, field, context, typeUses: uses }));
  }
  return { name, place: placeOf(type, reader.file), keys, fields };
}

function isWrittenAsCall(field: FieldDefinitionNode): boolean {
  return field.directives?.some(({ name }) => name.value === "rest" || name.value === "grpc") ?? false;
}

function requiresArguments(field: FieldDefinitionNode): boolean {
  return (field.arguments ?? []).some(
    ({ type, defaultValue }) => type.kind === Kind.NON_NULL_TYPE && defaultValue === undefined,
  );
}

function isObject(name: string, definitions: TypeParts["definitions"]): boolean {
  return definitions.get(name)?.kind === Kind.OBJECT_TYPE_DEFINITION;
}

/** Of objects, whether they are of one type or of several. */
function isComposite(name: string, definitions: TypeParts["definitions"]): boolean {
  const kind = definitions.get(name)?.kind;
  return (
    isObject(name, definitions) ||
    kind === Kind.INTERFACE_TYPE_DEFINITION ||
    kind === Kind.UNION_TYPE_DEFINITION
  );
}

interface FieldParts extends TypeParts {
  readonly field: FieldDefinitionNode;
  readonly context: CallContext;
  readonly typeUses: TypeVisibility;
}

function readField(parts: FieldParts): SourceField {
  const { type, field, reader, kind, context } = parts;
  const coordinate = fieldCoordinate(type, field);
  const place = placeOf(field, reader.file);
  const uses = reader.read(field.directives, DirectiveLocation.FIELD_DEFINITION, coordinate);
  const sourceArguments = readArguments(reader, {
    field,
    coordinate,
    isObjectCall: !context.isRoot && isWrittenAsCall(field),
    definitions: parts.definitions,
  });
  const refuse = (expected: string, found: string): void =>
    reader.problems.error({ place, coordinate, expected, found });
  const [rest] = uses.get("rest") ?? [];
  const [grpc] = uses.get("grpc") ?? [];
  const [fromUse] = uses.get("from") ?? [];
  if (kind === "graphql") refuseInSubquery(uses);
  else if (rest !== undefined && grpc !== undefined) refuse("one call", "@rest and @grpc");
  else if (kind === "grpc" && rest !== undefined) refuse("@grpc (the source is gRPC)", "@rest");
  else if (kind === "rest" && grpc !== undefined) refuse("@rest (the source is REST)", "@grpc");
  if (kind !== "graphql" && !isWrittenAsCall(field)) {
    if (context.isRoot) refuse(`@${kind}: every root field is a call`, "none");
    else if (context.arguments.size > 0)
      refuse(`@${kind}, or no arguments`, "arguments on a field that is not a call");
  } else if (kind !== "graphql" && fromUse !== undefined) refuse("either a call or @from", "both");
  const from = fromUse?.selection(["field"]) ?? null;
  if (fromUse !== undefined && from !== null) checkRawSelection(fromUse, from, ["field"]);
  const [lookup] = uses.get("lookup") ?? [];
  if (lookup !== undefined) checkLookup(lookup, parts);
  const isMutation = type.name.value === "Mutation";
  if (isMutation) checkMutation(uses);
  checkNoRoot(field, refuse);
  const call = kind === "graphql" ? null : readCall(kind, rest, grpc, context);
  if (call?.kind === "rest" && !isMutation) checkChangesNothing(call);
  return {
    name: field.name.value,
    coordinate,
    place,
    node: field,
    arguments: sourceArguments,
    call,
    from,
    isLookup: lookup !== undefined,
    isMutation,
    isShareable: parts.typeUses.has("shareable") || uses.has("shareable"),
    ...readVisibility(uses, parts.typeUses),
  };
}

/** An object of a source can't hold a root: what is there would not be the gateway's. */
function checkNoRoot({ type }: FieldDefinitionNode, refuse: (expected: string, found: string) => void): void {
  const name = namedTypeOf(type);
  if (rootTypeNames.has(name)) refuse("a type that is not a root", name);
}

function checkLookup(use: DirectiveUse, { type, field, kind, definitions }: FieldParts): void {
  if (type.name.value !== "Query")
    use.refuse([], "@lookup on a field of Query", `it on ${fieldCoordinate(type, field)}`);
  else if (kind === "graphql" && isListTypeNode(field.type))
    checkListLookup(use, field, (name) => isObject(name, definitions));
  else if (field.type.kind !== Kind.NAMED_TYPE) {
    use.refuse([], "a nullable object: a lookup may find nothing", "a list or a non-null type");
  } else if (!isObject(field.type.name.value, definitions)) {
    const { value: name } = field.type.name;
    const hint = isComposite(name, definitions) ? `give each type of ${name} a lookup of its own` : null;
    use.refuse(
      [],
      "a field that returns an object",
      hint === null ? name : `${name}, of several types`,
      hint,
    );
  }
}

function readCall(
  kind: "rest" | "grpc",
  rest: DirectiveUse | undefined,
  grpc: DirectiveUse | undefined,
  context: CallContext,
): CallDeclaration | null {
  if (kind === "rest") return rest === undefined ? null : readRest(rest, context);
  return grpc === undefined ? null : readGrpc(grpc, context);
}
