import { nearestNameHint, type Problems } from "../../core/problems.ts";
import type { GrpcDeclaration } from "../../language/grpc-declaration.ts";
import type { SourceSchema } from "../../language/source-schema.ts";
import { GrpcChannel } from "../../outbound/grpc-channel.ts";
import { InFlightReads } from "../../outbound/in-flight-reads.ts";
import type { DeclaredCall } from "../declared-call.ts";
import { compileRequestHeaders } from "../request-headers.ts";
import type { Source, SourceEndpoint } from "../source.ts";
import { ErrorDetails } from "./error-details.ts";
import { compileGrpcCall } from "./grpc-call.ts";
import { loadProtoService, ProtoError } from "./proto-files.ts";
import type { ProtoMethod, ProtoService } from "./proto-model.ts";
import { PropertyResolver } from "./property-resolver.ts";

/**
 * Makes a gRPC source ready: loads its service and checks every method, request field and response field that the
 * schema names against the proto. Null, with problems reported, where the proto can't be used. The connection is
 * opened by the first call.
 */
export function openGrpcSource(
  schema: SourceSchema,
  { url, tls, tokens }: SourceEndpoint,
  protosFolder: string,
  problems: Problems,
): Source | null {
  const service = loadService(schema, protosFolder);
  if (service === null) return null;
  const { address, isSecure } = readGrpcUrl(url);
  const channel = new GrpcChannel(address, {
    isSecure,
    tls,
    compression: schema.compression,
    maxResponseBytes: schema.maxResponseBytes,
  });
  const headers = compileRequestHeaders(schema);
  const reads = new InFlightReads();
  const details = new ErrorDetails();
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
        tokens,
        reads,
        properties,
        details,
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
    typeReaders: properties.typeReaders,
    subqueries: null,
    async dispose() {
      channel.dispose();
      await tokens?.dispose();
    },
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
