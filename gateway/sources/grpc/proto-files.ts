import { existsSync } from "node:fs";
import path from "node:path";
import { loadSync, type MessageTypeDefinition, type PackageDefinition } from "@grpc/proto-loader";
import { nearestNameHint } from "../../core/problems.ts";
import type { GrpcMethod } from "../../outbound/grpc-channel.ts";

export interface ProtoField {
  /** As in the .proto file: the name of its property in decoded messages. */
  readonly name: string;
  readonly isRepeated: boolean;
  readonly isMap: boolean;
  /** The message type; null for scalars and enums. */
  readonly message: ProtoMessage | null;
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
 * and enums as text, and every scalar present (zero values are values). Raises {@link ProtoError}.
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
      request: messages.of(method.requestType as DescribedType),
      response: messages.of(method.responseType as DescribedType),
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
  try {
    return withoutWarnings(() =>
      loadSync(file, { includeDirs: [folder], keepCase: true, longs: String, enums: String, defaults: true }),
    );
  } catch (error) {
    const found =
      error instanceof Error ? error.message.replaceAll(`${folder}${path.sep}`, "") : String(error);
    throw new ProtoError("proto", "a valid .proto file whose imports are below protos/", found);
  }
}

/** proto-loader prints a process warning for each import that it can't find, besides raising the error we report. */
function withoutWarnings<Result>(load: () => Result): Result {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return load();
  } finally {
    process.emitWarning = emitWarning;
  }
}

interface FieldDescriptor {
  readonly name: string;
  readonly label: string;
  readonly type: string;
  readonly typeName: string;
}

interface MessageDescriptor {
  readonly name: string;
  readonly field: readonly FieldDescriptor[];
  readonly nestedType: readonly MessageDescriptor[];
  readonly options: { readonly mapEntry?: boolean } | null;
}

type DescribedType = MessageTypeDefinition<object, object> & { readonly type: MessageDescriptor };

/** Messages by full name, built on first use, so that recursive ones refer to themselves. */
class MessageCatalog {
  readonly #descriptors = new Map<string, MessageDescriptor>();
  readonly #messages = new Map<string, ProtoMessage>();

  constructor(definitions: PackageDefinition) {
    for (const [name, definition] of Object.entries(definitions)) {
      if (!("format" in definition) || definition.format !== "Protocol Buffer 3 DescriptorProto") continue;
      this.#add(name, definition.type as MessageDescriptor);
    }
  }

  of(type: DescribedType): ProtoMessage {
    for (const [name, descriptor] of this.#descriptors)
      if (descriptor === type.type) return this.#build(name, descriptor);
    // The loader makes descriptors anew at each place that mentions a type; equal text is the same type.
    const text = JSON.stringify(type.type);
    for (const [name, descriptor] of this.#descriptors) {
      if (JSON.stringify(descriptor) === text) return this.#build(name, descriptor);
    }
    throw new ProtoError("proto", "messages that the file or its imports define", type.type.name);
  }

  #add(name: string, descriptor: MessageDescriptor): void {
    this.#descriptors.set(name, descriptor);
    for (const nested of descriptor.nestedType) this.#add(`${name}.${nested.name}`, nested);
  }

  #build(name: string, descriptor: MessageDescriptor): ProtoMessage {
    const known = this.#messages.get(name);
    if (known !== undefined) return known;
    const fields = new Map<string, ProtoField>();
    const message = { name, fields };
    this.#messages.set(name, message);
    for (const field of descriptor.field) {
      const isMessage = field.type === "TYPE_MESSAGE" || field.type === "TYPE_GROUP";
      const target = isMessage ? this.#resolve(field.typeName, name) : null;
      const isMap = target?.descriptor.options?.mapEntry === true;
      const built = target === null ? null : this.#build(target.name, target.descriptor);
      fields.set(field.name, {
        name: field.name,
        isRepeated: field.label === "LABEL_REPEATED" && !isMap,
        isMap,
        message: isMap ? (built?.fields.get("value")?.message ?? null) : built,
      });
    }
    return message;
  }

  /** Names are relative to the innermost scope that has them, as in .proto files. */
  #resolve(typeName: string, scope: string): { name: string; descriptor: MessageDescriptor } {
    if (typeName.startsWith(".")) return this.#resolve(typeName.slice(1), "");
    const parts = scope === "" ? [] : scope.split(".");
    for (let length = parts.length; length >= 0; length--) {
      const name = [...parts.slice(0, length), typeName].join(".");
      const descriptor = this.#descriptors.get(name);
      if (descriptor !== undefined) return { name, descriptor };
    }
    throw new ProtoError("proto", "messages that the file or its imports define", typeName);
  }
}
