import { print } from "graphql";
import { nearestNameHint, type Problems } from "../../core/problems.ts";
import { type CompiledSelection, compileSelection } from "../../language/evaluate-selection.ts";
import { listsAround, namedTypeOf } from "../../language/sdl-file.ts";
import { parseSelectionMap, type SelectionMap } from "../../language/selection-map.ts";
import type { GrpcDeclaration } from "../../language/grpc-declaration.ts";
import type { SourceField, SourceSchema, SourceType } from "../../language/source-schema.ts";
import { GrpcChannel } from "../../outbound/grpc-channel.ts";
import type { DeclaredCall } from "../declared-call.ts";
import { compileRequestHeaders } from "../request-headers.ts";
import type { Source } from "../source.ts";
import { compileGrpcCall } from "./grpc-call.ts";
import {
  MessageSelectionError,
  messageShape,
  resolveInMessage,
  type SelectedShape,
} from "./message-selection.ts";
import {
  loadProtoService,
  ProtoError,
  type ProtoMessage,
  type ProtoMethod,
  type ProtoService,
} from "./proto-files.ts";

/**
 * Makes a gRPC source ready: loads its service and checks every method, request field and response field that the
 * schema names against the proto. Null, with problems reported, where the proto can't be used. The connection is
 * opened by the first call.
 */
export function openGrpcSource(
  schema: SourceSchema,
  url: string,
  protosFolder: string,
  problems: Problems,
): Source | null {
  const service = loadService(schema, protosFolder);
  if (service === null) return null;
  const { address, isSecure } = readGrpcUrl(url);
  const channel = new GrpcChannel(address, {
    isSecure,
    maxResponseBytes: schema.maxResponseBytes,
  });
  const headers = compileRequestHeaders(schema);
  const calls = new Map<string, DeclaredCall>();
  const properties = new PropertyResolver(schema, problems);
  for (const type of schema.types.values()) {
    for (const field of type.fields.values()) {
      if (field.call?.kind !== "grpc") continue;
      const method = findMethod(field.call, service, schema);
      if (method === null) continue;
      const compiled = compileGrpcCall({
        source: schema,
        field,
        declaration: field.call,
        method,
        headers,
        channel,
      });
      if (compiled === null) continue;
      calls.set(field.coordinate, compiled.call);
      properties.resolveField(field, compiled.value);
    }
  }
  return {
    name: schema.name,
    schema,
    calls,
    properties: properties.compile(),
    dispose: () => Promise.resolve(channel.dispose()),
  };
}

/** `host:port` of a checked URL; without a port 80 is meant, 443 for `grpcs://`. */
export function readGrpcUrl(url: string): { readonly address: string; readonly isSecure: boolean } {
  const { protocol, host, hostname, port } = new URL(url);
  const isSecure = protocol === "grpcs:";
  return { address: port === "" ? `${hostname}:${isSecure ? 443 : 80}` : host, isSecure };
}

function loadService(schema: SourceSchema, protosFolder: string): ProtoService | null {
  if (schema.proto === null || schema.service === null) return null;
  try {
    return loadProtoService(protosFolder, schema.proto, schema.service);
  } catch (error) {
    if (!(error instanceof ProtoError)) throw error;
    schema.use.refuse([error.argument], error.expected, error.found, error.hint);
    return null;
  }
}

function findMethod(
  declaration: GrpcDeclaration,
  service: ProtoService,
  schema: SourceSchema,
): ProtoMethod | null {
  const method = service.get(declaration.method);
  if (method === undefined) {
    const names = [...service.keys()];
    const expected = `a method of ${schema.service ?? ""} (${names.join(", ")})`;
    declaration.use.refuse(
      ["method"],
      expected,
      declaration.method,
      nearestNameHint(declaration.method, names),
    );
    return null;
  }
  if (method.isStreaming) {
    declaration.use.refuse(
      ["method"],
      "a unary method (what this version enforces)",
      `${method.name}, which streams`,
    );
    return null;
  }
  return method;
}

/** Finds, for each field that is read from a message, the proto field that it means. */
class PropertyResolver {
  readonly #schema: SourceSchema;
  readonly #problems: Problems;
  readonly #maps = new Map<string, SelectionMap>();
  readonly #visited = new Set<string>();

  constructor(schema: SourceSchema, problems: Problems) {
    this.#schema = schema;
    this.#problems = problems;
  }

  /** Goes through everything that can be read below a field whose value has the given shape. */
  resolveField(field: SourceField, shape: SelectedShape): void {
    const typeName = namedTypeOf(field.node.type);
    const type = this.#schema.types.get(typeName);
    const { message, kind, lists } = shape;
    if (lists !== listsAround(field.node.type)) {
      const expected = `${describeLists(lists)}, as in the message`;
      this.#report(field, expected, `the type ${print(field.node.type)}`);
    } else if (type === undefined && message !== null) {
      const expected = "an object type, because the value is a message";
      this.#report(field, expected, `${typeName} for ${message.name}`);
    } else if (type !== undefined && kind === "scalar") {
      const expected = "a scalar or enum, because the value is no message";
      this.#report(field, expected, `the object type ${typeName}`);
    } else if (type !== undefined && message !== null) this.#resolveType(type, message);
  }

  /** Fields that no message was met for (references) are read under their own names. */
  compile(): Map<string, CompiledSelection> {
    const compiled = new Map<string, CompiledSelection>();
    for (const type of this.#schema.types.values()) {
      for (const field of type.fields.values()) {
        if (field.call !== null) continue;
        const map = this.#maps.get(field.coordinate) ?? field.from?.map ?? parseSelectionMap(field.name);
        compiled.set(field.coordinate, compileSelection(map));
      }
    }
    return compiled;
  }

  #resolveType(type: SourceType, message: ProtoMessage): void {
    const visit = `${type.name} ${message.name}`;
    if (this.#visited.has(visit)) return;
    this.#visited.add(visit);
    for (const field of type.fields.values()) {
      if (field.call !== null) continue;
      try {
        const { map, shape } = resolveInMessage(
          field.from?.map ?? parseSelectionMap(field.name),
          messageShape(message),
        );
        this.#keep(field, map, message);
        this.resolveField(field, shape);
      } catch (error) {
        if (!(error instanceof MessageSelectionError)) throw error;
        const place = field.from?.placeAt(error.offset) ?? field.place;
        const { expected, found, hint } = error;
        this.#problems.error({ place, coordinate: field.coordinate, expected, found, hint });
      }
    }
  }

  #keep(field: SourceField, map: SelectionMap, message: ProtoMessage): void {
    const known = this.#maps.get(field.coordinate);
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(map)) {
      this.#report(
        field,
        "one name in every message that the type is read from",
        `another name in ${message.name}`,
      );
    } else this.#maps.set(field.coordinate, map);
  }

  #report(field: SourceField, expected: string, found: string): void {
    this.#problems.error({ place: field.place, coordinate: field.coordinate, expected, found });
  }
}

function describeLists(lists: number): string {
  if (lists === 0) return "one value";
  return lists === 1 ? "a list" : `${lists} lists, one in the other`;
}
