import {
  type ConstValueNode,
  DirectiveLocation,
  type DocumentNode,
  Kind,
  type StringValueNode,
} from "graphql";
import { quoted } from "../core/errors.ts";
import { type CallContext, checkInputSelection } from "./call-declaration.ts";
import {
  type DirectiveReader,
  type DirectiveUse,
  type PlacedSelection,
  placeOf,
} from "./directive-reader.ts";

export type SourceKind = "rest" | "grpc" | "graphql";

/** What a source's calls are sent with; GraphQL travels over HTTP. */
export type SourceProtocol = "http" | "grpc";

/** A header or metadata entry of every call of a source, or of one call. */
export interface HeaderDeclaration {
  /** Lower case. */
  readonly name: string;
  readonly value: PlacedSelection;
}

const sourceNamePattern = /^[a-z][a-z0-9-]{0,62}$/;
/** What HTTP and gRPC metadata both take. */
const headerNamePattern = /^[0-9a-z_.-]+$/;
/**
 * Headers that say how one connection is used, that the gateway's own client sets, that would turn the answer into a
 * part of it or into no answer at all, or the call into another, and all that a browser keeps for all of a host.
 */
const reservedHeaders = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authorization",
  "proxy-authenticate",
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
  "cookie",
  "set-cookie",
  "x-http-method",
  "x-http-method-override",
  "x-method-override",
  "x-request-id",
  "x-request-timeout-ms",
  "traceparent",
  "tracestate",
]);

/** The one `@source` of a file; null, with a problem reported, where there is none. */
export function readSourceUse(document: DocumentNode, reader: DirectiveReader): DirectiveUse | null {
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

/** What `@source` says. Null, with problems reported, where its URL is none. */
export function readSourceSettings(use: DirectiveUse) {
  const name = use.text("name") ?? "";
  if (!sourceNamePattern.test(name)) {
    use.refuse(["name"], "lower-case letters, digits and dashes, a letter first, at most 63", quoted(name));
  }
  const url = use.text("url") ?? "";
  const protocol = protocolOfUrl(url);
  if (protocol === null) {
    const expected =
      "a URL that begins with http://, https://, grpc:// or grpcs://, without credentials, query and fragment";
    use.refuse(["url"], expected, quoted(url.replace(/\/\/[^/]*@/, "//…@")));
    return null;
  }
  const kind = readKind(use, protocol);
  if (kind === null) return null;
  refuseForeignSettings(use, kind);
  const forwardHeaders = readForwardHeaders(use);
  return {
    name,
    kind,
    url,
    timeoutMs: use.integer("timeoutMs", 1, 600_000) ?? 3000,
    maxResponseBytes: use.integer("maxResponseBytes", 1, 1_073_741_824) ?? 8_388_608,
    proto: use.text("proto"),
    service: use.text("service"),
    maxBatchSize: use.integer("maxBatchSize", 1, 1000) ?? 100,
    sharesInFlight: use.flag("shareInFlight"),
    compression: compressions.get(use.text("compression") ?? "") ?? null,
    forwardHeaders,
    headers: readHeaders(use, new Set(forwardHeaders), noFieldContext),
  };
}

const compressions: ReadonlyMap<string, "gzip" | "deflate"> = new Map([
  ["GZIP", "gzip"],
  ["DEFLATE", "deflate"],
]);

/** What a URL's scheme says that is spoken there, or null for an unusable URL. */
export function protocolOfUrl(url: string): SourceProtocol | null {
  if (!URL.canParse(url)) return null;
  const { protocol, hostname, username, password, search, hash, pathname } = new URL(url);
  if (hostname === "" || `${username}${password}${search}${hash}` !== "") return null;
  if (protocol === "http:" || protocol === "https:") return "http";
  const isGrpc = (protocol === "grpc:" || protocol === "grpcs:") && (pathname === "" || pathname === "/");
  return isGrpc ? "grpc" : null;
}

/** The protocol under a kind of source. */
export function protocolOf(kind: SourceKind): SourceProtocol {
  return kind === "grpc" ? "grpc" : "http";
}

const kindNames: ReadonlyMap<string, SourceKind> = new Map([
  ["REST", "rest"],
  ["GRPC", "grpc"],
  ["GRAPHQL", "graphql"],
]);

function readKind(use: DirectiveUse, protocol: SourceProtocol): SourceKind | null {
  const written = use.text("kind");
  if (written === null) return protocol === "http" ? "rest" : "grpc";
  const kind = kindNames.get(written);
  if (kind !== undefined && protocolOf(kind) === protocol) return kind;
  const expected = protocol === "http" ? "REST or GRAPHQL, because of the URL" : "GRPC, because of the URL";
  use.refuse(["kind"], expected, written);
  return null;
}

/** What a message calls each kind, and the settings that belong to one kind only. */
const kindTexts: Readonly<Record<SourceKind, string>> = { rest: "REST", grpc: "gRPC", graphql: "GraphQL" };
const grpcSettings = ["proto", "service"];
const graphqlSettings = ["rename", "prefix", "exclude", "maxBatchSize"];

function refuseForeignSettings(use: DirectiveUse, kind: SourceKind): void {
  for (const argument of grpcSettings) {
    const isThere = use.text(argument) !== null;
    if (kind === "grpc" && !isThere) use.refuse([argument], `${argument} (the source is gRPC)`, "nothing");
    else if (kind !== "grpc" && isThere)
      use.refuse([argument], `no ${argument} (the source is ${kindTexts[kind]})`, "one");
  }
  if (kind !== "grpc" && use.text("compression") !== null)
    use.refuse(["compression"], `no compression (the source is ${kindTexts[kind]})`, "one");
  if (kind === "graphql") return;
  for (const argument of graphqlSettings) {
    if (use.nodeAt([argument]) === null) continue;
    const hint = kind === "rest" ? "kind: GRAPHQL makes it a GraphQL source" : null;
    use.refuse([argument], `no ${argument} (the source is ${kindTexts[kind]})`, "one", hint);
  }
}

function readForwardHeaders(use: DirectiveUse): string[] {
  const names = new Set<string>();
  for (const node of elementsOf(use.nodeAt(["forwardHeaders"]))) {
    if (node.kind !== Kind.STRING) continue;
    if (checkHeaderName(use, node, "forwardHeaders", names)) names.add(node.value);
  }
  return [...names];
}

/** Reads the argument `headers`; `earlier` are the names that are forwarded or set already. */
export function readHeaders(
  use: DirectiveUse,
  earlier: ReadonlySet<string>,
  context: CallContext,
): HeaderDeclaration[] {
  const names = new Set(earlier);
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
    if (checkInputSelection(use, value, ["headers", "value"], context))
      headers.push({ name: nameNode.value, value });
  }
  return headers;
}

/** One element stands for a list of one. */
export function elementsOf(node: ConstValueNode | null): readonly ConstValueNode[] {
  if (node === null) return [];
  return node.kind === Kind.LIST ? node.values : [node];
}

const noFieldContext: CallContext = {
  fieldType: null,
  arguments: new Map(),
  parentFields: new Map(),
  types: new Map(),
  sourceHeaders: new Set(),
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
  if (
    reservedHeaders.has(name) ||
    name.startsWith("grpc-") ||
    name.startsWith("proxy-") ||
    name.endsWith("-bin")
  ) {
    const found = `${name}, which belongs to the connection or the gateway`;
    return refuse("a header that belongs to the application", found);
  }
  if (earlier.has(name)) return refuse("each header once, forwarded or set", `${name} again`);
  return true;
}
