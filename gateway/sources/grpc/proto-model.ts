import type { GrpcMethod } from "../../outbound/grpc-channel.ts";

/** The type of one value: protobuf's own name of a scalar, an enum, or a message. */
export type ProtoType =
  | { readonly kind: "scalar"; readonly name: ProtoScalar }
  | { readonly kind: "enum"; readonly enum: ProtoEnum }
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

export interface ProtoEnum {
  /** Full name. */
  readonly name: string;
  /** Aliases included. */
  readonly numbers: ReadonlyMap<string, number>;
  /** The first name of each number, which is what answers are read as. */
  readonly names: ReadonlyMap<number, string>;
  /** Open enums hold numbers that they have no name for; a closed one does not. */
  readonly isOpen: boolean;
  /** What a value is that was never set: the first one. */
  readonly defaultNumber: number;
}

export interface ProtoField {
  /** As in the .proto file: the name of its property in decoded messages. */
  readonly name: string;
  /** `json_name`, or what protobuf JSON makes of the name: `page_token` → `pageToken`. */
  readonly jsonName: string;
  readonly number: number;
  readonly isRepeated: boolean;
  readonly isMap: boolean;
  /** Of a map's keys; null for other fields. */
  readonly keyType: ProtoScalar | null;
  /** Of each element where it is repeated, of each value where it is a map. */
  readonly type: ProtoType;
  /** Numbers of a repeated field are sent in one block. */
  readonly isPacked: boolean;
  /** A group of proto2, or `message_encoding = DELIMITED`. */
  readonly isDelimited: boolean;
  /** Set and absent are told apart; without it absent is the zero value. */
  readonly hasPresence: boolean;
  /** `required` of proto2. */
  readonly isRequired: boolean;
  readonly oneof: ProtoOneof | null;
  /** `default` of proto2 and editions as the file has it, for a field with presence; null where it has none. */
  readonly declaredDefault: unknown;
}

export interface ProtoOneof {
  /** As in the .proto file. No field of its message is called so. */
  readonly name: string;
  readonly members: readonly ProtoField[];
}

export interface ProtoMessage {
  /** Full name. */
  readonly name: string;
  readonly fields: ReadonlyMap<string, ProtoField>;
  readonly fieldsByNumber: ReadonlyMap<number, ProtoField>;
  readonly oneofs: ReadonlyMap<string, ProtoOneof>;
  /** Any message of the loaded files by full name; null where they define none. */
  findMessage(name: string): ProtoMessage | null;
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

/**
 * A message to be sent: the value of each field that is set. 64-bit integers are bigints, enums numbers, bytes
 * buffers, messages values of this type again, repeated fields arrays, and maps arrays of key and value.
 */
export type MessageValue = Map<ProtoField, unknown>;

/** The field that a GraphQL or mapping name means: the proto's own name, or its name in protobuf JSON. */
export function findProtoField(message: ProtoMessage, name: string): ProtoField | null {
  const exact = message.fields.get(name);
  if (exact !== undefined) return exact;
  for (const field of message.fields.values()) if (field.jsonName === name) return field;
  return null;
}

/** The oneof that a mapping name means, in the same way. */
export function findProtoOneof(message: ProtoMessage, name: string): ProtoOneof | null {
  const exact = message.oneofs.get(name);
  if (exact !== undefined) return exact;
  for (const oneof of message.oneofs.values()) if (protoJsonName(oneof.name) === name) return oneof;
  return null;
}

/** [protobuf JSON's names](https://protobuf.dev/programming-guides/json/): a letter after an underscore in upper case. */
export function protoJsonName(name: string): string {
  return name.replaceAll(/_+(.?)/g, (_, letter: string) => letter.toUpperCase());
}

/** The names of a message's fields, for messages. */
export function fieldNames(message: ProtoMessage): string {
  return [...message.fields.keys()].join(", ") || "it has none";
}

/** A type as messages write it: `repeated shop.v1.Color (RED, BLUE)`, `a map of int64`. */
export function describeField(field: ProtoField): string {
  const name = describeType(field.type);
  if (field.isMap) return `a map of ${name}`;
  return field.isRepeated ? `repeated ${name}` : name;
}

function describeType(type: ProtoType): string {
  if (type.kind === "message") return type.message.name;
  if (type.kind === "scalar") return type.name;
  return `${type.enum.name} (${[...type.enum.numbers.keys()].join(", ")})`;
}
