import protobuf from "protobufjs";
import {
  type ProtoEnum,
  type ProtoField,
  protoJsonName,
  type ProtoMessage,
  type ProtoOneof,
  type ProtoScalar,
  type ProtoType,
} from "./proto-model.ts";

/** A name that no loaded file defines. */
export class UnknownTypeError extends Error {
  readonly typeName: string;

  constructor(typeName: string) {
    super(`no message or enum is called ${typeName}`);
    this.name = "UnknownTypeError";
    this.typeName = typeName;
  }
}

/**
 * Messages and enums of loaded files by full name, built on first use, so that recursive ones refer to themselves.
 * Extensions and custom options are left out.
 */
export class ProtoCatalog {
  readonly #types = new Map<string, protobuf.Type>();
  readonly #enumTypes = new Map<string, protobuf.Enum>();
  readonly #messages = new Map<string, ProtoMessage>();
  readonly #enums = new Map<string, ProtoEnum>();

  constructor(root: protobuf.Root) {
    this.#collect(root);
  }

  /** The message that a name means in a scope. Raises {@link UnknownTypeError}. */
  message(name: string, scope: string): ProtoMessage {
    const fullName = resolveName(name, scope, this.#types);
    const type = this.#types.get(fullName ?? "");
    if (fullName === null || type === undefined) throw new UnknownTypeError(name);
    return this.#messages.get(fullName) ?? this.#buildMessage(fullName, type);
  }

  #collect(namespace: protobuf.NamespaceBase): void {
    for (const object of namespace.nestedArray) {
      const name = object.fullName.slice(1);
      if (object instanceof protobuf.Type) this.#types.set(name, object);
      if (object instanceof protobuf.Enum) this.#enumTypes.set(name, object);
      if (object instanceof protobuf.Namespace) this.#collect(object);
    }
  }

  #buildMessage(name: string, type: protobuf.Type): ProtoMessage {
    const fields = new Map<string, ProtoField>();
    const fieldsByNumber = new Map<number, ProtoField>();
    const oneofs = new Map<string, ProtoOneof>();
    const findMessage = (other: string): ProtoMessage | null =>
      this.#types.has(other) ? this.message(`.${other}`, "") : null;
    const message: ProtoMessage = { name, fields, fieldsByNumber, oneofs, findMessage };
    this.#messages.set(name, message);
    const members = new Map<protobuf.OneOf, ProtoField[]>();
    for (const declared of type.fieldsArray) {
      // An extension, which the parser adds to the type that it extends.
      if (declared.declaringField !== null) continue;
      const { partOf } = declared;
      // proto3's `optional` is a oneof of its own that nobody wrote.
      const oneOf = declared.getOption("proto3_optional") === true ? null : partOf;
      const siblings = oneOf === null ? null : (members.get(oneOf) ?? []);
      const oneof = oneOf === null || siblings === null ? null : { name: oneOf.name, members: siblings };
      const field = this.#buildField(
        declared,
        name,
        oneof === null ? null : (oneofs.get(oneof.name) ?? oneof),
      );
      if (oneOf !== null && siblings !== null && field.oneof !== null) {
        siblings.push(field);
        members.set(oneOf, siblings);
        oneofs.set(oneOf.name, field.oneof);
      }
      fields.set(field.name, field);
      fieldsByNumber.set(field.number, field);
    }
    return message;
  }

  #buildField(field: protobuf.Field, scope: string, oneof: ProtoOneof | null): ProtoField {
    const isMap = field instanceof protobuf.MapField;
    const type = this.#buildType(field.type, scope);
    // protoc calls the field of a group by the group's name in lower case; the parser lowers its first letter only.
    const isGroup = field.resolvedType !== null && Reflect.get(field.resolvedType, "group") === true;
    const name = isGroup ? field.type.toLowerCase() : ownName(field, scope);
    return {
      name,
      jsonName: (isGroup ? undefined : field.jsonName) ?? protoJsonName(name),
      number: field.id,
      isRepeated: field.repeated,
      isMap,
      keyType: isMap ? (field.keyType as ProtoScalar) : null,
      type,
      isPacked: field.repeated && field.packed && isPackable(type),
      isDelimited: field.delimited,
      hasPresence: field.partOf !== null || field.hasPresence,
      isRequired: field.required && !field.repeated && !isMap,
      oneof,
      declaredDefault: field.getOption("default") ?? null,
    };
  }

  #buildType(name: string, scope: string): ProtoType {
    if (Object.hasOwn(protobuf.types.basic, name)) return { kind: "scalar", name: name as ProtoScalar };
    const known = new Map<string, unknown>([...this.#types, ...this.#enumTypes]);
    const fullName = resolveName(name, scope, known);
    if (fullName === null) throw new UnknownTypeError(name);
    const enumType = this.#enumTypes.get(fullName);
    if (enumType === undefined) return { kind: "message", message: this.message(`.${fullName}`, "") };
    return { kind: "enum", enum: this.#enums.get(fullName) ?? this.#buildEnum(fullName, enumType) };
  }

  #buildEnum(name: string, type: protobuf.Enum): ProtoEnum {
    const numbers = new Map(Object.entries(type.values));
    const names = new Map<number, string>();
    for (const [valueName, number] of numbers) if (!names.has(number)) names.set(number, valueName);
    const [defaultNumber = 0] = numbers.values();
    const built = { name, numbers, names, isOpen: !isClosed(type), defaultNumber };
    this.#enums.set(name, built);
    return built;
  }
}

/** The copies of google.protobuf that the parser brings have camel case where the files do not. */
function ownName({ name }: protobuf.Field, scope: string): string {
  if (!scope.startsWith("google.protobuf.")) return name;
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Resolved features are no part of the parser's types. https://protobuf.dev/editions/features/#enum_type */
function isClosed(type: protobuf.Enum): boolean {
  const features: unknown = Reflect.get(type, "_features");
  if (typeof features !== "object" || features === null) return false;
  return Reflect.get(features, "enum_type") === "CLOSED";
}

function isPackable(type: ProtoType): boolean {
  return type.kind === "enum" || (type.kind === "scalar" && type.name !== "string" && type.name !== "bytes");
}

/** Names are relative to the innermost scope that has them, as in .proto files; null where none has. */
function resolveName(typeName: string, scope: string, known: ReadonlyMap<string, unknown>): string | null {
  if (typeName.startsWith(".")) return known.has(typeName.slice(1)) ? typeName.slice(1) : null;
  const parts = scope.split(".");
  for (let length = parts.length; length >= 0; length--) {
    const name = [...parts.slice(0, length), typeName].join(".");
    if (known.has(name)) return name;
  }
  return null;
}
