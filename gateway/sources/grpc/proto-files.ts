import { existsSync } from "node:fs";
import path from "node:path";
import { loadSync, type MessageTypeDefinition, type PackageDefinition } from "@grpc/proto-loader";
import { nearestNameHint } from "../../core/problems.ts";
import type { GrpcMethod } from "../../outbound/grpc-channel.ts";

/** The type of one value: protobuf's own name of a scalar, an enum's names, or a message. */
export type ProtoType =
  | { readonly kind: "scalar"; readonly name: ProtoScalar }
  | { readonly kind: "enum"; readonly name: string; readonly values: ReadonlySet<string> }
  | { readonly kind: "message"; readonly message: ProtoMessage };

/** https://protobuf.dev/programming-guides/proto3/#scalar */
export type ProtoScalar =
  | "double"
  | "float"
  | "int32"
  | "int64"
  | "uint32"
  | "uint64"
  | "sint32"
  | "sint64"
  | "fixed32"
  | "fixed64"
  | "sfixed32"
  | "sfixed64"
  | "bool"
  | "string"
  | "bytes";

export interface ProtoField {
  /** As in the .proto file: the name of its property in decoded messages. */
  readonly name: string;
  readonly isRepeated: boolean;
  readonly isMap: boolean;
  /** Of each element where it is repeated, of each value where it is a map. */
  readonly type: ProtoType;
}

export interface ProtoMessage {
  /** Full name. */
  readonly name: string;
  readonly fields: ReadonlyMap<string, ProtoField>;
}

export interface ProtoMethod extends GrpcMethod {
  readonly name: string;
  readonly isStreaming: boolean;
  /** `idempotency_level = NO_SIDE_EFFECTS`. */
  readonly isSafe: boolean;
  readonly request: ProtoMessage;
  readonly response: ProtoMessage;
}

export type ProtoService = ReadonlyMap<string, ProtoMethod>;

/** A proto that can't be used. `argument` of `@source` is to blame. */
export class ProtoError extends Error {
  readonly argument: "proto" | "service";
  readonly expected: string;
  readonly found: string;
  readonly hint: string | null;

  constructor(argument: "proto" | "service", expected: string, found: string, hint: string | null = null) {
    super(`expected ${expected}, found ${found}`);
    this.name = "ProtoError";
    this.argument = argument;
    this.expected = expected;
    this.found = found;
    this.hint = hint;
  }
}

/**
 * Loads a service from a .proto file below `folder`. Decoded messages have the file's own field names, 64-bit integers
 * and enums as text, bytes in base64, and every scalar present (zero values are values). Raises {@link ProtoError}.
 */
export function loadProtoService(folder: string, file: string, serviceName: string): ProtoService {
  const definitions = loadDefinitions(folder, file);
  const service = definitions[serviceName];
  if (service === undefined || "format" in service) {
    const services = Object.keys(definitions).filter((name) => !("format" in (definitions[name] ?? {})));
    const hint = nearestNameHint(serviceName, services);
    throw new ProtoError(
      "service",
      `a service of ${file}: ${services.join(", ") || "it has none"}`,
      serviceName,
      hint,
    );
  }
  const messages = new MessageCatalog(definitions);
  const methods = new Map<string, ProtoMethod>();
  for (const method of Object.values(service)) {
    const options = method.options as { readonly idempotency_level?: string } | undefined;
    const name = method.path.slice(method.path.lastIndexOf("/") + 1);
    methods.set(name, {
      name,
      path: method.path,
      serialize: (message) => method.requestSerialize(message),
      deserialize: (bytes) => method.responseDeserialize(bytes),
      isStreaming: method.requestStream || method.responseStream,
      isSafe: options?.idempotency_level === "NO_SIDE_EFFECTS",
      request: messages.of(method.requestType as DescribedType, serviceName),
      response: messages.of(method.responseType as DescribedType, serviceName),
    });
  }
  return methods;
}

/** The field that a GraphQL or mapping name means: the proto's own name, or its lowerCamelCase form. */
export function findProtoField(message: ProtoMessage, name: string): ProtoField | null {
  const exact = message.fields.get(name);
  if (exact !== undefined) return exact;
  for (const field of message.fields.values()) if (lowerCamelCase(field.name) === name) return field;
  return null;
}

/** protobuf JSON's names: every letter or digit after an underscore in upper case. */
function lowerCamelCase(name: string): string {
  return name.replaceAll(/_+([A-Za-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function loadDefinitions(folder: string, file: string): PackageDefinition {
  if (path.isAbsolute(file) || file.split(/[\\/]/).includes("..")) {
    throw new ProtoError("proto", "a path below protos/", file);
  }
  if (!existsSync(path.join(folder, file)))
    throw new ProtoError("proto", "a file below protos/", `${file}, which is not there`);
  const missingImports: string[] = [];
  try {
    return withoutWarnings(() => loadSync(file, { ...decoding, includeDirs: [folder] }), missingImports);
  } catch (error) {
    const [missing] = missingImports;
    const found =
      missing === undefined
        ? describeParseError(error, folder, file)
        : `an import of ${missing}, which is not there`;
    throw new ProtoError("proto", "a valid .proto file whose imports are below protos/", found);
  }
}

/** Not all of the parser's errors name the file; then it is this one or one of its imports. */
function describeParseError(error: unknown, folder: string, file: string): string {
  const message = error instanceof Error ? error.message : String(error);
  return message
    .replaceAll(`${folder}${path.sep}`, "")
    .replace(/\(line (\d+)\)$/, `(line $1 of ${file} or of one of its imports)`);
}

const decoding = { keepCase: true, longs: String, enums: String, bytes: String, defaults: true };

/**
 * proto-loader tells which import it can't find in a process warning only (its error names a file that nobody wrote):
 * the name goes to `missingImports`, and the warning nowhere.
 */
function withoutWarnings<Result>(load: () => Result, missingImports: string[]): Result {
  const emitWarning: unknown = Reflect.get(process, "emitWarning");
  process.emitWarning = (warning: string | Error) => {
    const [, name] = / ?(.+) not found in any of the include paths/.exec(String(warning)) ?? [];
    if (name !== undefined) missingImports.push(name);
  };
  try {
    return load();
  } finally {
    Reflect.set(process, "emitWarning", emitWarning);
  }
}

interface FieldDescriptor {
  readonly name: string;
  readonly label: string;
  readonly type: string;
  readonly typeName: string;
}

interface EnumDescriptor {
  readonly name: string;
  readonly value: readonly { readonly name: string }[];
}

interface MessageDescriptor {
  readonly name: string;
  readonly field: readonly FieldDescriptor[];
  readonly nestedType: readonly MessageDescriptor[];
  readonly enumType: readonly EnumDescriptor[];
  readonly options: { readonly mapEntry?: boolean } | null;
}

type DescribedType = MessageTypeDefinition<object, object> & { readonly type: MessageDescriptor };

/** Messages by full name, built on first use, so that recursive ones refer to themselves. */
class MessageCatalog {
  readonly #messageDescriptors = new Map<string, MessageDescriptor>();
  readonly #enumDescriptors = new Map<string, EnumDescriptor>();
  readonly #namesByText = new Map<string, string[]>();
  readonly #messages = new Map<string, ProtoMessage>();

  constructor(definitions: PackageDefinition) {
    for (const [name, definition] of Object.entries(definitions)) {
      if (!("format" in definition)) continue;
      if (definition.format === "Protocol Buffer 3 DescriptorProto")
        this.#add(name, definition.type as MessageDescriptor);
      else this.#enumDescriptors.set(name, definition.type as EnumDescriptor);
    }
  }

  /**
   * The message that a method of `service` names. The loader makes descriptors anew at each place that mentions a type,
   * without its package: among those with equal text the nearest to the service is meant.
   */
  of({ type }: DescribedType, service: string): ProtoMessage {
    const names = this.#namesByText.get(JSON.stringify(type)) ?? [];
    const [nearest] = names.toSorted(
      (left, right) => scopesShared(right, service) - scopesShared(left, service),
    );
    if (nearest === undefined) throw unknownType(type.name);
    return this.#build(nearest, type);
  }

  #add(name: string, descriptor: MessageDescriptor): void {
    this.#messageDescriptors.set(name, descriptor);
    const text = JSON.stringify(descriptor);
    this.#namesByText.set(text, [...(this.#namesByText.get(text) ?? []), name]);
    for (const nested of descriptor.nestedType) this.#add(`${name}.${nested.name}`, nested);
    for (const nested of descriptor.enumType) this.#enumDescriptors.set(`${name}.${nested.name}`, nested);
  }

  #build(name: string, descriptor: MessageDescriptor): ProtoMessage {
    const known = this.#messages.get(name);
    if (known !== undefined) return known;
    const fields = new Map<string, ProtoField>();
    const message = { name, fields };
    this.#messages.set(name, message);
    for (const field of descriptor.field) fields.set(field.name, this.#buildField(field, name));
    return message;
  }

  #buildField(field: FieldDescriptor, scope: string): ProtoField {
    const isRepeated = field.label === "LABEL_REPEATED";
    const entry = field.type === "TYPE_MESSAGE" ? this.#messageEntry(field, scope) : null;
    if (entry !== null) return { name: field.name, isRepeated: false, isMap: true, type: entry };
    return { name: field.name, isRepeated, isMap: false, type: this.#buildType(field, scope) };
  }

  /** A map is sent as a repeated message of key and value: the type of the value; null for other messages. */
  #messageEntry(field: FieldDescriptor, scope: string): ProtoType | null {
    const name = resolveName(field.typeName, scope, this.#messageDescriptors);
    const descriptor = this.#messageDescriptors.get(name);
    const value = descriptor?.field.find((one) => one.name === "value");
    if (descriptor?.options?.mapEntry !== true || value === undefined) return null;
    return this.#buildType(value, name);
  }

  #buildType(field: FieldDescriptor, scope: string): ProtoType {
    if (field.type === "TYPE_ENUM") {
      const name = resolveName(field.typeName, scope, this.#enumDescriptors);
      const values = this.#enumDescriptors.get(name)?.value ?? [];
      return { kind: "enum", name, values: new Set(values.map((value) => value.name)) };
    }
    if (field.type === "TYPE_MESSAGE" || field.type === "TYPE_GROUP") {
      const name = resolveName(field.typeName, scope, this.#messageDescriptors);
      const descriptor = this.#messageDescriptors.get(name);
      if (descriptor === undefined) throw unknownType(name);
      return { kind: "message", message: this.#build(name, descriptor) };
    }
    return { kind: "scalar", name: field.type.slice("TYPE_".length).toLowerCase() as ProtoScalar };
  }
}

/** Names are relative to the innermost scope that has them, as in .proto files. */
function resolveName(typeName: string, scope: string, known: ReadonlyMap<string, unknown>): string {
  if (typeName.startsWith(".")) return typeName.slice(1);
  const parts = scope.split(".");
  for (let length = parts.length; length >= 0; length--) {
    const name = [...parts.slice(0, length), typeName].join(".");
    if (known.has(name)) return name;
  }
  throw unknownType(typeName);
}

function scopesShared(left: string, right: string): number {
  const parts = right.split(".");
  const index = left.split(".").findIndex((part, at) => part !== parts[at]);
  return index === -1 ? parts.length : index;
}

function unknownType(name: string): ProtoError {
  return new ProtoError("proto", "messages that the file or its imports define", name);
}
