import {
  type ConstValueNode,
  DirectiveLocation,
  type DocumentNode,
  type FieldDefinitionNode,
  isTypeDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  type StringValueNode,
  type TypeDefinitionNode,
} from "graphql";
import { quoted, shortened } from "../core/errors.ts";
import { nearestNameHint, type Problems, type SourcePlace } from "../core/problems.ts";
import {
  type BatchDeclaration,
  type CallContext,
  checkInputSelection,
  checkRawSelection,
  type NamedSelection,
  readBatch,
  readRawSelection,
  readSelectionObject,
  unusedInputs,
} from "./call-declaration.ts";
import type { DirectiveCatalog } from "./directive-catalog.ts";
import {
  DirectiveReader,
  type DirectiveUse,
  type PlacedSelection,
  placeOf,
  readLeafDirectives,
} from "./directive-reader.ts";
import { fieldCoordinate, isListTypeNode, namedTypeOf, parseSdlFile, rootTypeNames } from "./sdl-file.ts";
import type { SelectionRoot } from "./selection-map.ts";
import { parseUrlTemplate, TemplateSyntaxError, type UrlTemplate } from "./url-template.ts";

export type SourceKind = "rest" | "grpc";

/** A header or metadata entry that every call of a source carries. */
export interface HeaderDeclaration {
  /** Lower case. */
  readonly name: string;
  readonly value: PlacedSelection;
}

interface CallDeclarationBase {
  readonly use: DirectiveUse;
  readonly select: PlacedSelection | null;
  readonly batch: BatchDeclaration | null;
}

export interface RestDeclaration extends CallDeclarationBase {
  readonly kind: "rest";
  readonly method: "GET";
  readonly template: UrlTemplate;
  /** The selection that each template variable stands for; the batch's `as` is not among them. */
  readonly variables: ReadonlyMap<string, PlacedSelection>;
  readonly query: readonly NamedSelection[];
}

export interface GrpcDeclaration extends CallDeclarationBase {
  readonly kind: "grpc";
  readonly method: string;
  readonly request: readonly NamedSelection[];
  /** Arguments that nothing names: they fill request fields of their own name. */
  readonly defaultArguments: readonly string[];
  readonly isDeclaredSafe: boolean;
}

export type CallDeclaration = RestDeclaration | GrpcDeclaration;

export interface SourceField {
  readonly name: string;
  /** `Type.field`. */
  readonly coordinate: string;
  readonly place: SourcePlace;
  readonly node: FieldDefinitionNode;
  /** How the field is fetched; null: it is read from the object's raw value. */
  readonly call: CallDeclaration | null;
  /** Where in the raw value the field is; null: under its own name. */
  readonly from: PlacedSelection | null;
  readonly isLookup: boolean;
  readonly isShareable: boolean;
}

export interface SourceType {
  readonly name: string;
  readonly place: SourcePlace;
  /** Each key as its field names. Empty: objects of this type are known only where they were fetched. */
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
  /** gRPC only. */
  readonly proto: string | null;
  /** gRPC only: the full name. */
  readonly service: string | null;
  readonly forwardHeaders: readonly string[];
  readonly headers: readonly HeaderDeclaration[];
  readonly types: ReadonlyMap<string, SourceType>;
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
  const sdl = parseSdlFile(file, text, "source", problems);
  if (sdl === null) return null;
  const reader = new DirectiveReader(catalog, "source", file, problems);
  const use = readSourceUse(sdl.document, reader);
  if (use === null) return null;
  const source = readSourceSettings(use);
  if (source === null) return null;
  const definitions = new Map(sdl.document.definitions.filter(isTypeDefinitionNode).map(withName));
  readLeafDirectives(sdl.document, reader);
  const types = new Map<string, SourceType>();
  for (const type of sdl.objectTypes) {
    types.set(type.name.value, readType({ type, reader, kind: source.kind, definitions }));
  }
  return { file, ...source, types, plainDocument: sdl.plainDocument, use };
}

function withName(node: TypeDefinitionNode): [name: string, node: TypeDefinitionNode] {
  return [node.name.value, node];
}

const sourceNamePattern = /^[a-z][a-z0-9-]{0,62}$/;
/** What HTTP and gRPC metadata both take. */
const headerNamePattern = /^[0-9a-z_.-]+$/;
/**
 * Headers that say how one connection is used, that the gateway's own client sets, or that would turn the answer into
 * a part of it or into no answer at all.
 */
const reservedHeaders = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "host",
  "content-length",
  "content-type",
  "content-encoding",
  "accept",
  "accept-encoding",
  "expect",
  "range",
  "if-range",
  "if-match",
  "if-none-match",
  "if-modified-since",
  "if-unmodified-since",
  "x-request-id",
  "x-request-timeout-ms",
]);

function readSourceUse(document: DocumentNode, reader: DirectiveReader): DirectiveUse | null {
  const uses: DirectiveUse[] = [];
  let isWritten = false;
  for (const node of document.definitions) {
    if (node.kind !== Kind.SCHEMA_EXTENSION) continue;
    isWritten ||= node.directives?.some((directive) => directive.name.value === "source") ?? false;
    uses.push(...(reader.read(node.directives, DirectiveLocation.SCHEMA, "schema").get("source") ?? []));
  }
  const [use, second] = uses;
  if (second !== undefined) second.refuse([], "@source once in a file", "it again");
  if (!isWritten) {
    reader.problems.error({
      place: { file: reader.file, line: 1, column: 1 },
      coordinate: "schema",
      expected: 'extend schema @source(name: "…", url: "…")',
      found: "no @source in this file",
    });
  }
  return use ?? null;
}

function readSourceSettings(use: DirectiveUse) {
  const name = use.text("name") ?? "";
  if (!sourceNamePattern.test(name)) {
    use.refuse(["name"], "lower-case letters, digits and dashes, a letter first, at most 63", quoted(name));
  }
  const url = use.text("url") ?? "";
  const kind = kindOfUrl(url);
  if (kind === null) {
    const expected =
      "a URL that begins with http://, https://, grpc:// or grpcs://, without credentials, query and fragment";
    use.refuse(["url"], expected, quoted(url.replace(/\/\/[^/]*@/, "//…@")));
    return null;
  }
  if (kind === "grpc") {
    for (const argument of ["proto", "service"]) {
      if (use.text(argument) === null) use.refuse([argument], `${argument} (the source is gRPC)`, "nothing");
    }
  } else {
    for (const argument of ["proto", "service"]) {
      if (use.text(argument) !== null) use.refuse([argument], `no ${argument} (the source is REST)`, "one");
    }
  }
  const forwardHeaders = readForwardHeaders(use);
  return {
    name,
    kind,
    url,
    timeoutMs: use.integer("timeoutMs", 1, 600_000) ?? 3000,
    maxResponseBytes: use.integer("maxResponseBytes", 1, 1_073_741_824) ?? 8_388_608,
    proto: use.text("proto"),
    service: use.text("service"),
    forwardHeaders,
    headers: readHeaders(use, forwardHeaders),
  };
}

/** The kind of source that a URL's scheme means, or null for an unusable URL. */
export function kindOfUrl(url: string): SourceKind | null {
  if (!URL.canParse(url)) return null;
  const { protocol, hostname, username, password, search, hash, pathname } = new URL(url);
  if (hostname === "" || `${username}${password}${search}${hash}` !== "") return null;
  if (protocol === "http:" || protocol === "https:") return "rest";
  const isGrpc = (protocol === "grpc:" || protocol === "grpcs:") && (pathname === "" || pathname === "/");
  return isGrpc ? "grpc" : null;
}

function readForwardHeaders(use: DirectiveUse): string[] {
  const names = new Set<string>();
  for (const node of elementsOf(use.nodeAt(["forwardHeaders"]))) {
    if (node.kind !== Kind.STRING) continue;
    if (checkHeaderName(use, node, "forwardHeaders", names)) names.add(node.value);
  }
  return [...names];
}

function readHeaders(use: DirectiveUse, forwarded: readonly string[]): HeaderDeclaration[] {
  const names = new Set(forwarded);
  const headers: HeaderDeclaration[] = [];
  for (const element of elementsOf(use.nodeAt(["headers"]))) {
    if (element.kind !== Kind.OBJECT) continue;
    const member = (name: string) => element.fields.find((field) => field.name.value === name)?.value;
    const nameNode = member("name");
    const valueNode = member("value");
    if (nameNode?.kind !== Kind.STRING || valueNode === undefined) continue;
    const value = use.parseSelection(valueNode, ["headers", "value"]);
    if (!checkHeaderName(use, nameNode, "headers", names) || value === null) continue;
    names.add(nameNode.value);
    if (checkInputSelection(use, value, ["headers", "value"], noFieldContext))
      headers.push({ name: nameNode.value, value });
  }
  return headers;
}

/** One element stands for a list of one. */
function elementsOf(node: ConstValueNode | null): readonly ConstValueNode[] {
  if (node === null) return [];
  return node.kind === Kind.LIST ? node.values : [node];
}

const noFieldContext: CallContext = {
  fieldType: null,
  arguments: new Map(),
  parentFields: new Map(),
  types: new Map(),
  isRoot: true,
  roots: ["claims", "headers"],
};

function checkHeaderName(
  use: DirectiveUse,
  node: StringValueNode,
  argument: string,
  earlier: ReadonlySet<string>,
): boolean {
  const name = node.value;
  const refuse = (expected: string, found: string): false => {
    use.refuseAt({ place: placeOf(node, use.file), path: [argument], expected, found });
    return false;
  };
  if (!headerNamePattern.test(name)) return refuse("a header's name in lower case", quoted(name));
  if (reservedHeaders.has(name) || name.startsWith("grpc-") || name.endsWith("-bin")) {
    const found = `${name}, which belongs to the connection or the gateway`;
    return refuse("a header that belongs to the application", found);
  }
  if (earlier.has(name)) return refuse("each header once, forwarded or set", `${name} again`);
  return true;
}

interface TypeParts {
  readonly type: ObjectTypeDefinitionNode;
  readonly reader: DirectiveReader;
  readonly kind: SourceKind;
  /** The file's own types by name. */
  readonly definitions: ReadonlyMap<string, TypeDefinitionNode>;
}

function readType(parts: TypeParts): SourceType {
  const { type, reader, definitions } = parts;
  const name = type.name.value;
  const isRoot = rootTypeNames.has(name);
  const uses = reader.read(type.directives, DirectiveLocation.OBJECT, name);
  const leafFields = (type.fields ?? []).filter(
    (field) => !isWrittenAsCall(field) && !isObject(namedTypeOf(field.type), definitions),
  );
  const keyFields = leafFields.filter((field) => !isListTypeNode(field.type));
  const keyNames = keyFields.map((field) => field.name.value);
  const keys = (uses.get("key") ?? [])
    .map((use) => readKey(use, keyNames, isRoot))
    .filter((key) => key !== null);
  const fields = new Map<string, SourceField>();
  for (const field of type.fields ?? []) {
    const context: CallContext = {
      fieldType: field.type,
      arguments: new Map((field.arguments ?? []).map((argument) => [argument.name.value, argument.type])),
      parentFields: new Map(leafFields.map((leaf) => [leaf.name.value, leaf.type])),
      types: definitions,
      isRoot,
      roots: isRoot ? ["args", "claims", "headers"] : ["args", "parent", "claims", "headers"],
    };
    const isTypeShareable = uses.has("shareable");
    fields.set(field.name.value, readField({ ...parts, field, context, isTypeShareable }));
  }
  return { name, place: placeOf(type, reader.file), keys, fields };
}

function isWrittenAsCall(field: FieldDefinitionNode): boolean {
  return field.directives?.some(({ name }) => name.value === "rest" || name.value === "grpc") ?? false;
}

function isObject(name: string, definitions: TypeParts["definitions"]): boolean {
  return definitions.get(name)?.kind === Kind.OBJECT_TYPE_DEFINITION;
}

function readKey(use: DirectiveUse, keyFields: readonly string[], isRoot: boolean): readonly string[] | null {
  const text = use.text("fields") ?? "";
  const names = text.split(/[\s,]+/).filter((name) => name !== "");
  const unknown = names.find((name) => !keyFields.includes(name));
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (isRoot) use.refuse([], "@key on a type that is not a root", "it on one");
  else if (names.length === 0) use.refuse(["fields"], 'field names, for example "id"', "none");
  else if (unknown !== undefined) {
    const expected = `fields of this type that are single scalars and need no call (${keyFields.join(", ")})`;
    use.refuse(["fields"], expected, unknown, nearestNameHint(unknown, keyFields));
  } else if (repeated !== undefined) use.refuse(["fields"], "each field once", `${repeated} again`);
  else return names;
  return null;
}

interface FieldParts extends TypeParts {
  readonly field: FieldDefinitionNode;
  readonly context: CallContext;
  readonly isTypeShareable: boolean;
}

function readField(parts: FieldParts): SourceField {
  const { type, field, reader, kind, context } = parts;
  const coordinate = fieldCoordinate(type, field);
  const place = placeOf(field, reader.file);
  const uses = reader.read(field.directives, DirectiveLocation.FIELD_DEFINITION, coordinate);
  for (const argument of field.arguments ?? []) {
    const at = `${coordinate}(${argument.name.value}:)`;
    reader.read(argument.directives, DirectiveLocation.ARGUMENT_DEFINITION, at);
  }
  const refuse = (expected: string, found: string): void =>
    reader.problems.error({ place, coordinate, expected, found });
  const [rest] = uses.get("rest") ?? [];
  const [grpc] = uses.get("grpc") ?? [];
  const [fromUse] = uses.get("from") ?? [];
  if (rest !== undefined && grpc !== undefined) refuse("one call", "@rest and @grpc");
  else if (kind === "grpc" && rest !== undefined) refuse("@grpc (the source is gRPC)", "@rest");
  else if (kind === "rest" && grpc !== undefined) refuse("@rest (the source is REST)", "@grpc");
  if (!isWrittenAsCall(field)) {
    if (context.isRoot) refuse(`@${kind}: every root field is a call`, "none");
    else if (context.arguments.size > 0)
      refuse(`@${kind}, or no arguments`, "arguments on a field that is not a call");
  } else if (fromUse !== undefined) refuse("either a call or @from", "both");
  const from = fromUse?.selection(["field"]) ?? null;
  if (fromUse !== undefined && from !== null) checkRawSelection(fromUse, from, ["field"]);
  const [lookup] = uses.get("lookup") ?? [];
  if (lookup !== undefined) checkLookup(lookup, parts);
  return {
    name: field.name.value,
    coordinate,
    place,
    node: field,
    call: readCall(kind, rest, grpc, context),
    from,
    isLookup: lookup !== undefined,
    isShareable: parts.isTypeShareable || uses.has("shareable"),
  };
}

function checkLookup(use: DirectiveUse, { type, field, context, definitions }: FieldParts): void {
  if (!context.isRoot) use.refuse([], "@lookup on a field of Query", `it on ${fieldCoordinate(type, field)}`);
  else if (field.type.kind !== Kind.NAMED_TYPE) {
    use.refuse([], "a nullable object: a lookup may find nothing", "a list or a non-null type");
  } else if (!isObject(field.type.name.value, definitions)) {
    use.refuse([], "a field that returns an object", field.type.name.value);
  }
}

function readCall(
  kind: SourceKind,
  rest: DirectiveUse | undefined,
  grpc: DirectiveUse | undefined,
  context: CallContext,
): CallDeclaration | null {
  if (kind === "rest") return rest === undefined ? null : readRest(rest, context);
  return grpc === undefined ? null : readGrpc(grpc, context);
}

function readRest(use: DirectiveUse, context: CallContext): RestDeclaration | null {
  const select = readRawSelection(use, ["select"]);
  const batch = readBatch(use, context);
  const query = readSelectionObject(use, ["query"], context);
  const template = readTemplate(use);
  if (template === null) return null;
  const variables = readTemplateVariables(use, template, context);
  for (const { name, selection, place } of query) {
    const path = ["query", name];
    if (template.pairNames.has(name)) {
      const found = `${name} in the template and in query`;
      use.refuseAt({ place, path, expected: "each query pair once", found });
    }
    if ("fields" in selection)
      use.refuseAt({ place, path, expected: "a FieldSelectionMap", found: "an object" });
  }
  if (batch !== null) checkRestBatch(use, template, batch);
  const selections = [...variables.values(), ...selectionsOf(query), ...(batch === null ? [] : [batch.of])];
  for (const unused of use.isSound ? unusedInputs(selections, context) : []) {
    use.refuse([], `every argument used: {?args.${unused}} or query`, `${unused} unused`);
  }
  return { kind: "rest", method: "GET", use, select, batch, template, variables, query };
}

function readTemplate(use: DirectiveUse): UrlTemplate | null {
  const node = use.nodeAt(["GET"]);
  if (node?.kind !== Kind.STRING) return null;
  try {
    return parseUrlTemplate(node.value);
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError)) throw error;
    const { expected, found } = error;
    use.refuseAt({ place: use.placeIn(node, error.offset), path: ["GET"], expected, found });
    return null;
  }
}

function checkRestBatch(use: DirectiveUse, template: UrlTemplate, batch: BatchDeclaration): void {
  const names = template.variables.map((variable) => variable.name).filter((name) => !name.includes("."));
  if (!names.includes(batch.as)) {
    const expected = `a variable of the template, for example {?${batch.as}*}`;
    use.refuse(["batch", "as"], expected, quoted(batch.as), nearestNameHint(batch.as, names));
  }
  if (batch.of.map.kind === "object") {
    use.refuse(["batch", "of"], "one path: a URL carries no composite keys", "an object of paths");
  }
}

function readTemplateVariables(
  use: DirectiveUse,
  template: UrlTemplate,
  context: CallContext,
): Map<string, PlacedSelection> {
  const selections = new Map<string, PlacedSelection>();
  const node = use.nodeAt(["GET"]);
  const batch = use.value("batch") as { readonly as: string } | null;
  const hasKeys = template.variables.some((variable) => variable.name === batch?.as);
  for (const variable of template.variables) {
    const [first = "", ...names] = variable.name.split(".");
    // Where no variable carries the keys, that is the problem with one that has no root.
    if (variable.name === batch?.as || (batch !== null && !hasKeys && names.length === 0)) continue;
    const place =
      node?.kind === Kind.STRING ? use.placeIn(node, variable.offset) : placeOf(use.node, use.file);
    const root = context.roots.find((name) => name === first);
    if (root === undefined || names.length === 0) {
      const allowed = context.roots.map((name) => `${name}.<name>`);
      if (batch !== null) allowed.push(batch.as);
      const found = `{${shortened(variable.name)}}`;
      const hint = variableHint(variable.name, allowed, context);
      use.refuseAt({ place, path: ["GET"], expected: `a variable ${allowed.join(", ")}`, found, hint });
      continue;
    }
    const selection = variableSelection(variable.name, root, names, place);
    if (checkInputSelection(use, selection, ["GET"], context)) selections.set(variable.name, selection);
  }
  return selections;
}

function variableHint(name: string, allowed: readonly string[], context: CallContext): string | null {
  const candidates = [
    ...[...context.arguments.keys()].map((argument) => `args.${argument}`),
    ...(context.isRoot ? [] : [...context.parentFields.keys()].map((field) => `parent.${field}`)),
    ...allowed,
  ];
  const rooted = candidates.find((candidate) => candidate.endsWith(`.${name}`));
  return rooted === undefined ? nearestNameHint(name, candidates) : `did you mean "${rooted}"?`;
}

/** `args.filter.kind` is the map `$args.filter.kind`. */
function variableSelection(
  text: string,
  root: SelectionRoot,
  names: readonly string[],
  place: SourcePlace,
): PlacedSelection {
  const segments = names.map((name) => ({ name, arguments: [], offset: 0 }));
  return {
    map: { kind: "path", root, segments, then: null, offset: 0 },
    text: `$${text}`,
    placeAt: () => place,
  };
}

function readGrpc(use: DirectiveUse, context: CallContext): GrpcDeclaration {
  const select = readRawSelection(use, ["select"]);
  const batch = readBatch(use, context);
  const request = readSelectionObject(use, ["request"], context);
  const selections = [...selectionsOf(request), ...(batch === null ? [] : [batch.of])];
  const unused = use.isSound ? unusedInputs(selections, context) : [];
  for (const name of unused) {
    if (!name.includes(".")) continue;
    use.refuse([], "every field of an argument used, or the argument whole", `${name} unused`);
  }
  return {
    kind: "grpc",
    use,
    method: use.text("method") ?? "",
    select,
    batch,
    request,
    defaultArguments: unused.filter((name) => !name.includes(".")),
    isDeclaredSafe: use.flag("safe"),
  };
}

function selectionsOf(named: readonly NamedSelection[]): PlacedSelection[] {
  return named.flatMap(({ selection }) =>
    "fields" in selection ? selectionsOf(selection.fields) : [selection],
  );
}
