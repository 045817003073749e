import {
  DirectiveLocation,
  type DocumentNode,
  type FieldDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
} from "graphql";
import { nearestNameHint, type Problems, type SourcePlace } from "../core/problems.ts";
import {
  type BatchDeclaration,
  type CallContext,
  checkInputSelection,
  checkRawSelection,
  type NamedSelection,
  readBatch,
  readSelectionObject,
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
import { pathsOf } from "./selection-map.ts";
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
  const objectNames = new Set(sdl.objectTypes.map((type) => type.name.value));
  readLeafDirectives(sdl.document, reader);
  const types = new Map<string, SourceType>();
  for (const type of sdl.objectTypes)
    types.set(type.name.value, readType(type, reader, source.kind, objectNames));
  return { file, ...source, types, plainDocument: sdl.plainDocument, use };
}

const sourceNamePattern = /^[a-z][a-z0-9-]{0,62}$/;
const headerNamePattern = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
/** Headers that say how one connection is used, or that the gateway's own client sets. */
const reservedHeaders = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "host",
  "content-length",
  "content-type",
  "accept",
  "accept-encoding",
  "expect",
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
    use.refuse(
      ["name"],
      "lower-case letters, digits and dashes, a letter first, at most 63",
      JSON.stringify(name.slice(0, 100)),
    );
  }
  const url = use.text("url") ?? "";
  const kind = kindOfUrl(url);
  if (kind === null) {
    use.refuse(
      ["url"],
      "a URL that begins with http://, https://, grpc:// or grpcs://",
      JSON.stringify(url.slice(0, 100)),
    );
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
  return {
    name,
    kind,
    url,
    timeoutMs: use.integer("timeoutMs", 1, 600_000) ?? 3000,
    maxResponseBytes: use.integer("maxResponseBytes", 1, 1_073_741_824) ?? 8_388_608,
    proto: use.text("proto"),
    service: use.text("service"),
    forwardHeaders: readForwardHeaders(use),
    headers: readHeaders(use),
  };
}

/** The kind of source that a URL's scheme means, or null for an unusable URL. */
export function kindOfUrl(url: string): SourceKind | null {
  if (!URL.canParse(url)) return null;
  const { protocol, hostname, username, search, hash, pathname } = new URL(url);
  if (hostname === "" || username !== "" || search !== "" || hash !== "") return null;
  if (protocol === "http:" || protocol === "https:") return "rest";
  const isGrpc = (protocol === "grpc:" || protocol === "grpcs:") && (pathname === "" || pathname === "/");
  return isGrpc ? "grpc" : null;
}

function readForwardHeaders(use: DirectiveUse): string[] {
  const names = use.value("forwardHeaders");
  const texts = Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
  return texts.filter((name) => isAllowedHeader(use, ["forwardHeaders"], name));
}

function readHeaders(use: DirectiveUse): HeaderDeclaration[] {
  const node = use.nodeAt(["headers"]);
  if (node === null) return [];
  const headers: HeaderDeclaration[] = [];
  for (const element of node.kind === Kind.LIST ? node.values : [node]) {
    if (element.kind !== Kind.OBJECT) continue;
    const member = (name: string) => element.fields.find((field) => field.name.value === name)?.value;
    const nameNode = member("name");
    const valueNode = member("value");
    if (nameNode?.kind !== Kind.STRING || valueNode === undefined) continue;
    const value = use.parseSelection(valueNode, ["headers", "value"]);
    if (!isAllowedHeader(use, ["headers"], nameNode.value) || value === null) continue;
    const isSound = checkInputSelection(use, value, ["headers", "value"], {
      ...noFieldContext,
      roots: ["claims", "headers"],
    });
    if (isSound) headers.push({ name: nameNode.value, value });
  }
  return headers;
}

const noFieldContext: CallContext = {
  fieldType: null,
  arguments: new Map(),
  parentFields: new Map(),
  isRoot: true,
  roots: ["claims", "headers"],
};

function isAllowedHeader(use: DirectiveUse, path: readonly string[], name: string): boolean {
  if (!headerNamePattern.test(name)) {
    use.refuse(path, "a header's name in lower case", JSON.stringify(name.slice(0, 100)));
    return false;
  }
  if (reservedHeaders.has(name) || name.startsWith("grpc-") || name.endsWith("-bin")) {
    use.refuse(
      path,
      "a header that belongs to the application",
      `${name}, which belongs to the connection or the gateway`,
    );
    return false;
  }
  return true;
}

function readType(
  type: ObjectTypeDefinitionNode,
  reader: DirectiveReader,
  kind: SourceKind,
  objectNames: ReadonlySet<string>,
): SourceType {
  const name = type.name.value;
  const isRoot = rootTypeNames.has(name);
  const uses = reader.read(type.directives, DirectiveLocation.OBJECT, name);
  const isCalled = (field: FieldDefinitionNode): boolean =>
    field.directives?.some(
      ({ name: directive }) => directive.value === "rest" || directive.value === "grpc",
    ) ?? false;
  const leafFields = (type.fields ?? []).filter(
    (field) => !isCalled(field) && !objectNames.has(namedTypeOf(field.type)),
  );
  const leafNames = leafFields.map((field) => field.name.value);
  const keys = (uses.get("key") ?? [])
    .map((use) => readKey(use, leafNames, isRoot))
    .filter((key) => key !== null);
  const fields = new Map<string, SourceField>();
  for (const field of type.fields ?? []) {
    const context: CallContext = {
      fieldType: field.type,
      arguments: new Map((field.arguments ?? []).map((argument) => [argument.name.value, argument.type])),
      isRoot,
      parentFields: new Map(leafFields.map((leaf) => [leaf.name.value, leaf.type])),
      roots: isRoot ? ["args", "claims", "headers"] : ["args", "parent", "claims", "headers"],
    };
    fields.set(field.name.value, readField(type, field, reader, kind, context, uses.has("shareable")));
  }
  return { name, place: placeOf(type, reader.file), keys, fields };
}

function readKey(
  use: DirectiveUse,
  leafFields: readonly string[],
  isRoot: boolean,
): readonly string[] | null {
  const text = use.text("fields") ?? "";
  const names = text.split(/[\s,]+/).filter((name) => name !== "");
  if (isRoot) use.refuse([], "@key on a type that is not a root", "it on one");
  if (names.length === 0) use.refuse(["fields"], 'field names, for example "id"', "none");
  const unknown = names.find((name) => !leafFields.includes(name));
  if (unknown !== undefined) {
    const expected = "fields of this type that are scalars and need no call";
    use.refuse(["fields"], expected, unknown, nearestNameHint(unknown, leafFields));
  }
  return names.length === 0 || unknown !== undefined || isRoot ? null : names;
}

function readField(
  type: ObjectTypeDefinitionNode,
  field: FieldDefinitionNode,
  reader: DirectiveReader,
  kind: SourceKind,
  context: CallContext,
  isTypeShareable: boolean,
): SourceField {
  const coordinate = fieldCoordinate(type, field);
  const uses = reader.read(field.directives, DirectiveLocation.FIELD_DEFINITION, coordinate);
  for (const argument of field.arguments ?? []) {
    const at = `${coordinate}(${argument.name.value}:)`;
    reader.read(argument.directives, DirectiveLocation.ARGUMENT_DEFINITION, at);
  }
  const refuse = (expected: string, found: string): void =>
    reader.problems.error({ place: placeOf(field, reader.file), coordinate, expected, found });
  const [rest] = uses.get("rest") ?? [];
  const [grpc] = uses.get("grpc") ?? [];
  const [fromUse] = uses.get("from") ?? [];
  if (rest !== undefined && grpc !== undefined) refuse("one call", "@rest and @grpc");
  else if (kind === "grpc" && rest !== undefined) refuse("@grpc (the source is gRPC)", "@rest");
  else if (kind === "rest" && grpc !== undefined) refuse("@rest (the source is REST)", "@grpc");
  const isCalled = rest !== undefined || grpc !== undefined;
  const isWritten = field.directives?.some((node) => ["rest", "grpc"].includes(node.name.value)) ?? false;
  if (context.isRoot && !isWritten) refuse(`@${kind}: every root field is a call`, "none");
  if (!isWritten && context.arguments.size > 0)
    refuse(`@${kind}, or no arguments`, "arguments on a field that is not a call");
  if (isCalled && fromUse !== undefined) refuse("either a call or @from", "both");
  const from = fromUse?.selection(["field"]) ?? null;
  if (fromUse !== undefined && from !== null) checkRawSelection(fromUse, from, ["field"]);
  const call =
    rest !== undefined && kind === "rest"
      ? readRest(rest, context)
      : grpc !== undefined && kind === "grpc"
        ? readGrpc(grpc, context)
        : null;
  const [lookup] = uses.get("lookup") ?? [];
  if (lookup !== undefined && !context.isRoot)
    lookup.refuse([], "@lookup on a field of Query", `it on ${coordinate}`);
  if (lookup !== undefined && (field.type.kind === Kind.NON_NULL_TYPE || isListTypeNode(field.type))) {
    lookup.refuse([], "a nullable object: a lookup may find nothing", "a list or a non-null type");
  }
  return {
    name: field.name.value,
    coordinate,
    place: placeOf(field, reader.file),
    node: field,
    call,
    from,
    isLookup: lookup !== undefined,
    isShareable: isTypeShareable || uses.has("shareable"),
  };
}

function readRest(use: DirectiveUse, context: CallContext): RestDeclaration | null {
  const select = readRaw(use, ["select"]);
  const batch = readBatch(use, context);
  const query = readSelectionObject(use, ["query"], context);
  const text = use.text("GET") ?? "";
  let template: UrlTemplate;
  try {
    template = parseUrlTemplate(text);
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError)) throw error;
    const start = placeOf(use.nodeAt(["GET"]) ?? use.node, use.file);
    const place = { ...start, column: start.column + 1 + error.offset };
    use.refuseAt(place, ["GET"], error.expected, error.found);
    return null;
  }
  const variables = readTemplateVariables(use, template, batch, context);
  const pairNames = template.variables
    .filter((variable) => variable.isInQuery)
    .map((variable) => variable.pairName);
  for (const { name } of query) {
    if (pairNames.includes(name))
      use.refuse(["query", name], "each query pair once", `${name} in the template and in query`);
  }
  for (const { name, selection } of query) {
    if ("fields" in selection) use.refuse(["query", name], "a FieldSelectionMap", "an object");
  }
  if (batch !== null) checkRestBatch(use, template, batch);
  const used = usedArguments([
    ...variables.values(),
    ...selectionsOf(query),
    ...(batch === null ? [] : [batch.of]),
  ]);
  for (const argument of context.arguments.keys()) {
    if (!used.has(argument))
      use.refuse([], `every argument used: {?args.${argument}} or query`, `${argument} unused`);
  }
  return { kind: "rest", method: "GET", use, select, batch, template, variables, query };
}

function checkRestBatch(use: DirectiveUse, template: UrlTemplate, batch: BatchDeclaration): void {
  const carrier = template.variables.find((variable) => variable.name === batch.as);
  if (carrier === undefined) {
    const bare = template.variables.map((variable) => variable.name).filter((name) => !name.includes("."));
    use.refuse(
      ["batch", "as"],
      `a variable of the template, for example {?${batch.as}*}`,
      JSON.stringify(batch.as),
      nearestNameHint(batch.as, bare),
    );
  }
  if (batch.of.map.kind === "object") {
    use.refuse(["batch", "of"], "one path: a URL carries no composite keys", "an object of paths");
  }
}

function readTemplateVariables(
  use: DirectiveUse,
  template: UrlTemplate,
  batch: BatchDeclaration | null,
  context: CallContext,
): Map<string, PlacedSelection> {
  const selections = new Map<string, PlacedSelection>();
  const start = placeOf(use.nodeAt(["GET"]) ?? use.node, use.file);
  for (const variable of template.variables) {
    if (variable.name === batch?.as) continue;
    const place = { ...start, column: start.column + 1 + variable.offset };
    const [root = ""] = variable.name.split(".");
    if (!(context.roots as readonly string[]).includes(root) || root === variable.name) {
      const names = [...context.roots.map((name) => `${name}.<name>`), ...(batch === null ? [] : [batch.as])];
      const candidates = [
        ...[...context.arguments.keys()].map((name) => `args.${name}`),
        ...(batch === null ? [] : [batch.as]),
      ];
      const hint = nearestNameHint(variable.name, candidates);
      use.refuseAt(place, ["GET"], `a variable ${names.join(", ")}`, `{${variable.name}}`, hint);
      continue;
    }
    const placed: PlacedSelection = {
      map: {
        kind: "path",
        root: root as CallContext["roots"][number],
        segments: variable.name
          .split(".")
          .slice(1)
          .map((name) => ({ name, arguments: [], offset: 0 })),
        then: null,
        offset: 0,
      },
      text: variable.name,
      placeAt: () => place,
    };
    if (checkInputSelection(use, placed, ["GET"], context)) selections.set(variable.name, placed);
  }
  return selections;
}

function readGrpc(use: DirectiveUse, context: CallContext): GrpcDeclaration {
  const select = readRaw(use, ["select"]);
  const batch = readBatch(use, context);
  const request = readSelectionObject(use, ["request"], context);
  const used = usedArguments([...selectionsOf(request), ...(batch === null ? [] : [batch.of])]);
  return {
    kind: "grpc",
    use,
    method: use.text("method") ?? "",
    select,
    batch,
    request,
    defaultArguments: [...context.arguments.keys()].filter((name) => !used.has(name)),
    isDeclaredSafe: use.flag("safe"),
  };
}

function readRaw(use: DirectiveUse, path: readonly string[]): PlacedSelection | null {
  const selection = use.selection(path);
  if (selection !== null) checkRawSelection(use, selection, path);
  return selection;
}

function selectionsOf(named: readonly NamedSelection[]): PlacedSelection[] {
  return named.flatMap(({ selection }) =>
    "fields" in selection ? selectionsOf(selection.fields) : [selection],
  );
}

function usedArguments(selections: readonly PlacedSelection[]): Set<string> {
  const used = new Set<string>();
  for (const { map } of selections) {
    for (const path of pathsOf(map)) if (path.root === "args") used.add(path.segments[0]?.name ?? "");
  }
  return used;
}
