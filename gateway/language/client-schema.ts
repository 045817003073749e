import {
  DirectiveLocation,
  type DocumentNode,
  type FieldDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
} from "graphql";
import type { Problems, SourcePlace } from "../core/problems.ts";
import { type AbstractType, readAbstractType, refuseFieldDirectives } from "./abstract-types.ts";
import { type ClientLeafTypes, readClientLeafTypes, readGlobalIdType } from "./client-leaf-types.ts";
import { type CostDeclarations, readCostDirectives } from "./cost-directives.ts";
import type { DirectiveCatalog } from "./directive-catalog.ts";
import { DirectiveReader, type DirectiveUse, type PlacedSelection, placeOf } from "./directive-reader.ts";
import { findGuards, type Guard, guardDirectives } from "./guards.ts";
import { type RateLimit, readRateLimits } from "./rate-limits.ts";
import {
  type AbstractTypeNode,
  fieldCoordinate,
  parseSdlFile,
  rootTypeNames,
  type SdlFile,
} from "./sdl-file.ts";

export interface ClientField {
  readonly name: string;
  /** `Type.field`. */
  readonly coordinate: string;
  readonly place: SourcePlace;
  readonly node: FieldDefinitionNode;
  /** The path from the bound supergraph type; null: the field of the same name, or a group. */
  readonly from: PlacedSelection | null;
  /** The `@from` use, for problems found later. */
  readonly fromUse: DirectiveUse | null;
  /** The field finds objects by their global ids. */
  readonly nodeUse: DirectiveUse | null;
  /** Directives that shape the value, in the order written. */
  readonly shapers: readonly DirectiveUse[];
  /** Arguments that take global ids, with the type that the ids name. */
  readonly globalIds: ReadonlyMap<string, string>;
}

export interface ClientType {
  readonly name: string;
  readonly place: SourcePlace;
  /** The supergraph type: what `@view` names, or the type's own name; null where its `@view` was refused. */
  readonly boundTo: string | null;
  readonly viewUse: DirectiveUse | null;
  /** The type is a Relay connection. */
  readonly connectionUse: DirectiveUse | null;
  readonly fields: ReadonlyMap<string, ClientField>;
}

/** An interface or a union of a client schema; its possible types are views. */
export interface ClientAbstractType extends AbstractType {
  /** The supergraph type: what `@view` names, or the type's own name; null where its `@view` was refused. */
  readonly boundTo: string | null;
  readonly viewUse: DirectiveUse | null;
}

/** A BFF's client schema, checked by itself. */
export interface ClientSchema extends ClientLeafTypes {
  readonly file: string;
  /** Object types. */
  readonly types: ReadonlyMap<string, ClientType>;
  /** Interfaces and unions. */
  readonly abstractTypes: ReadonlyMap<string, ClientAbstractType>;
  /** What guards types and fields, by coordinate. */
  readonly guards: ReadonlyMap<string, readonly Guard[]>;
  /** What uses of it cost. */
  readonly cost: CostDeclarations;
  /** How often fields may be used, by coordinate. */
  readonly rateLimits: ReadonlyMap<string, RateLimit>;
  /** The file without Overlock's directives: exactly what clients may introspect. */
  readonly plainDocument: DocumentNode;
}

/** Reads one client schema. Null, with problems reported, where it can't be used at all. */
export function readClientSchema(
  file: string,
  text: string,
  catalog: DirectiveCatalog,
  problems: Problems,
): ClientSchema | null {
  const sdl = parseSdlFile(file, text, "client", problems);
  if (sdl === null) return null;
  const reader = new DirectiveReader(catalog, "client", file, problems);
  if (!sdl.objectTypes.some((type) => type.name.value === "Query")) {
    const place = { file, line: 1, column: 1 };
    problems.error({ place, coordinate: "Query", expected: "type Query", found: "none" });
    return null;
  }
  for (const node of sdl.document.definitions) {
    if (node.kind === Kind.SCHEMA_EXTENSION) reader.read(node.directives, DirectiveLocation.SCHEMA, "schema");
  }
  const leafTypes = readClientLeafTypes(sdl.document, reader);
  const types = new Map<string, ClientType>();
  for (const type of sdl.objectTypes) {
    const name = type.name.value;
    const uses = reader.read(type.directives, DirectiveLocation.OBJECT, name);
    const [viewUse] = uses.get("view") ?? [];
    const [connectionUse] = uses.get("connection") ?? [];
    const isRoot = rootTypeNames.has(name);
    if (viewUse !== undefined && isRoot)
      viewUse.refuse([], `a type other than ${name}, which shows the supergraph's ${name}`, "@view");
    else if (viewUse?.text("of") === "Mutation") refuseNamespace(viewUse);
    const fields = new Map<string, ClientField>();
    for (const field of type.fields ?? []) {
      fields.set(field.name.value, readField(reader, fieldCoordinate(type, field), field));
    }
    const boundTo = hasView(type) && !isRoot ? (viewUse?.text("of") ?? null) : name;
    types.set(name, {
      name,
      place: placeOf(type, file),
      boundTo,
      viewUse: viewUse ?? null,
      connectionUse: connectionUse ?? null,
      fields,
    });
  }
  const abstractTypes = readAbstractTypes(sdl, reader);
  const guards = findGuards(sdl.document);
  const cost = readCostDirectives(sdl.document, reader);
  const rateLimits = readRateLimits(sdl.document, reader);
  const { plainDocument } = sdl;
  return { file, types, abstractTypes, guards, cost, rateLimits, ...leafTypes, plainDocument };
}

function refuseNamespace(viewUse: DirectiveUse): void {
  const expected = "a type other than Mutation: only its own fields are called one after the other";
  viewUse.refuse(["of"], expected, "Mutation", "let the fields stand in type Mutation");
}

function readAbstractTypes(sdl: SdlFile, reader: DirectiveReader): ReadonlyMap<string, ClientAbstractType> {
  const types = new Map<string, ClientAbstractType>();
  for (const node of sdl.abstractTypes) {
    const type = readAbstractType(node, sdl);
    const location =
      node.kind === Kind.UNION_TYPE_DEFINITION ? DirectiveLocation.UNION : DirectiveLocation.INTERFACE;
    const [viewUse] = reader.read(node.directives, location, type.name).get("view") ?? [];
    refuseFieldDirectives(type, reader);
    const boundTo = hasView(node) ? (viewUse?.text("of") ?? null) : type.name;
    types.set(type.name, { ...type, boundTo, viewUse: viewUse ?? null });
  }
  return types;
}

function hasView({ directives }: ObjectTypeDefinitionNode | AbstractTypeNode): boolean {
  return directives?.some((directive) => directive.name.value === "view") ?? false;
}

function readField(reader: DirectiveReader, coordinate: string, field: FieldDefinitionNode): ClientField {
  const uses = reader.read(field.directives, DirectiveLocation.FIELD_DEFINITION, coordinate);
  const globalIds = new Map<string, string>();
  for (const argument of field.arguments ?? []) {
    const at = `${coordinate}(${argument.name.value}:)`;
    const type = readGlobalIdType(argument, DirectiveLocation.ARGUMENT_DEFINITION, at, reader);
    if (type !== null) globalIds.set(argument.name.value, type);
  }
  const [fromUse] = uses.get("from") ?? [];
  const [nodeUse] = uses.get("node") ?? [];
  const notShapers = new Set(["from", "node", "cost", "listSize", "rateLimit", ...guardDirectives]);
  return {
    name: field.name.value,
    coordinate,
    place: placeOf(field, reader.file),
    node: field,
    from: fromUse?.selection(["field"]) ?? null,
    fromUse: fromUse ?? null,
    nodeUse: nodeUse ?? null,
    shapers: [...uses].flatMap(([name, all]) => (notShapers.has(name) ? [] : all)),
    globalIds,
  };
}
