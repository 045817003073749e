import protobuf from "protobufjs";
import { OverlockError } from "../../../gateway/core/errors.ts";
import { defineOwn } from "../../../gateway/language/evaluate-selection.ts";
import { absentValue, zeroOf } from "../../../gateway/sources/grpc/absent-value.ts";
import { buildCaseValue } from "../../../gateway/sources/grpc/oneof-value.ts";
import type {
  ProtoField,
  ProtoMessage,
  ProtoScalar,
  ProtoType,
} from "../../../gateway/sources/grpc/proto-model.ts";
import { wireTypeOf } from "../../../gateway/sources/grpc/wire-types.ts";
import {
  printDuration,
  printFieldMask,
  printNumber,
  printTimestamp,
  type WellKnownType,
  wellKnownTypeOf,
} from "../../../gateway/sources/grpc/well-known-types.ts";

const maxDepth = 100;

/**
 * Decodes a message as the gateway does, without generated code and on protobufjs's reader: each field is looked up
 * while it is read, and what was not sent is filled in afterwards.
 */
export function decodeByReflection(message: ProtoMessage, bytes: Buffer): Record<string, unknown> {
  return decodeFields(message, bytes, 0);
}

function decodeFields(message: ProtoMessage, bytes: Buffer, depth: number): Record<string, unknown> {
  if (depth > maxDepth) throw new RangeError(`${message.name} is nested deeper than ${maxDepth} messages`);
  const result: Record<string, unknown> = {};
  // A message that comes in parts is the sum of its parts, so single messages are decoded at the end.
  const parts = new Map<ProtoField, Buffer[]>();
  const seen = new Set<ProtoField>();
  const reader = protobuf.Reader.create(bytes);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    const wireType = tag & 7;
    const field = message.fieldsByNumber.get(tag >>> 3);
    if (field === undefined || !isWireType(field, wireType)) {
      reader.skipType(wireType, 0, tag >>> 3);
      continue;
    }
    seen.add(field);
    if (field.isMap) addEntry(result, field, delimited(reader, field, wireType), depth);
    else if (field.isRepeated) addElements(result, field, { reader, wireType, depth });
    else if (field.type.kind === "message") {
      clearSiblings(field, result, parts);
      const earlier = parts.get(field) ?? [];
      parts.set(field, [...earlier, delimited(reader, field, wireType)]);
    } else {
      const value = readSingle(field.type, reader);
      if (value === unknownValue) continue;
      clearSiblings(field, result, parts);
      result[field.name] = value;
    }
  }
  for (const [field, chunks] of parts) {
    const [only, ...others] = chunks;
    const whole = only !== undefined && others.length === 0 ? only : Buffer.concat(chunks);
    if (field.type.kind === "message") result[field.name] = decodeValue(field.type.message, whole, depth + 1);
  }
  return complete(message, result, seen);
}

/** What was not sent, and the oneofs. */
function complete(
  message: ProtoMessage,
  result: Record<string, unknown>,
  seen: ReadonlySet<ProtoField>,
): Record<string, unknown> {
  for (const field of message.fields.values()) {
    if (Object.hasOwn(result, field.name)) continue;
    if (field.isRequired && !seen.has(field))
      throw new TypeError(`${message.name} lacks its required field ${field.name}`);
    result[field.name] = field.isRepeated ? [] : field.isMap ? {} : absentValue(field);
  }
  for (const oneof of message.oneofs.values()) {
    const member = oneof.members.find(({ name }) => result[name] !== null);
    result[oneof.name] = member === undefined ? null : caseValue(member, result[member.name]);
  }
  return result;
}

function caseValue({ name, type }: ProtoField, value: unknown): object {
  const isObject = type.kind === "message" && wellKnownTypeOf(type.message) === null;
  return buildCaseValue({ member: name, message: isObject ? type.message.name : null }, value);
}

/** The last member on the wire is the one that is set. */
function clearSiblings(
  field: ProtoField,
  result: Record<string, unknown>,
  parts: Map<ProtoField, Buffer[]>,
): void {
  for (const sibling of field.oneof?.members ?? []) {
    if (sibling === field) continue;
    parts.delete(sibling);
    result[sibling.name] = null;
  }
}

/** A known field in another encoding is as good as unknown; numbers may come one by one or in one block. */
function isWireType(field: ProtoField, wireType: number): boolean {
  const own = wireTypeOf(field.type);
  if (field.isMap) return wireType === 2;
  if (field.type.kind === "message") return wireType === 2 || wireType === 3;
  return wireType === own || (field.isRepeated && wireType === 2);
}

/** The bytes of a message, which either have their length before them or stand between two tags. */
function delimited(reader: protobuf.Reader, field: ProtoField, wireType: number): Buffer {
  const { buf } = reader;
  if (wireType === 2) {
    const length = reader.uint32();
    const start = reader.pos;
    reader.skip(length);
    return Buffer.from(buf.buffer, buf.byteOffset + start, length);
  }
  const start = reader.pos;
  for (;;) {
    const end = reader.pos;
    const tag = reader.uint32();
    if ((tag & 7) === 4) {
      if (tag >>> 3 !== field.number) throw new TypeError("a group ends that did not begin");
      return Buffer.from(buf.buffer, buf.byteOffset + start, end - start);
    }
    reader.skipType(tag & 7, 0, tag >>> 3);
  }
}

interface ElementsAt {
  readonly reader: protobuf.Reader;
  readonly wireType: number;
  readonly depth: number;
}

function addElements(
  result: Record<string, unknown>,
  field: ProtoField,
  { reader, wireType, depth }: ElementsAt,
): void {
  const { type } = field;
  const elements = (result[field.name] ??= []) as unknown[];
  if (type.kind === "message") {
    elements.push(decodeValue(type.message, delimited(reader, field, wireType), depth + 1));
  } else if (wireType === 2 && wireTypeOf(type) !== 2) {
    const end = reader.uint32() + reader.pos;
    if (end > reader.len) throw new RangeError("a block of numbers is longer than its message");
    while (reader.pos < end) addElement(elements, readSingle(type, reader));
    if (reader.pos > end) throw new RangeError("a number is longer than its block");
  } else addElement(elements, readSingle(type, reader));
}

function addElement(elements: unknown[], value: unknown): void {
  if (value !== unknownValue) elements.push(value);
}

/** A map is sent as a repeated message of key and value. */
function addEntry(result: Record<string, unknown>, field: ProtoField, bytes: Buffer, depth: number): void {
  const { type, keyType } = field;
  const entries = (result[field.name] ??= {}) as Record<string, unknown>;
  if (keyType === null) return;
  const reader = protobuf.Reader.create(bytes);
  let key: unknown = zeroOf({ kind: "scalar", name: keyType });
  let value: unknown;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === 8 + wireTypeOf({ kind: "scalar", name: keyType })) key = readScalar(keyType, reader);
    else if (tag !== 16 + wireTypeOf(type)) reader.skipType(tag & 7, 0, tag >>> 3);
    else if (type.kind === "message") {
      value = decodeValue(type.message, delimited(reader, field, 2), depth + 1);
    } else value = readSingle(type, reader);
  }
  if (value === unknownValue) return;
  defineOwn(entries, String(key), value === undefined ? emptyValue(type, depth) : value);
}

/** What an entry without a value means. */
function emptyValue(type: ProtoType, depth: number): unknown {
  return type.kind === "message" ? decodeValue(type.message, Buffer.alloc(0), depth + 1) : zeroOf(type);
}

/** A number that a closed enum has no value for: protobuf treats its field as unknown. */
const unknownValue = Symbol("unknown");

function readSingle(type: Exclude<ProtoType, { kind: "message" }>, reader: protobuf.Reader): unknown {
  if (type.kind === "scalar") return readScalar(type.name, reader);
  const number = reader.int32();
  // Its only value means the null of JSON.
  if (type.enum.name === "google.protobuf.NullValue") return null;
  return type.enum.names.get(number) ?? (type.enum.isOpen ? number : unknownValue);
}

function readScalar(name: ProtoScalar, reader: protobuf.Reader): unknown {
  switch (name) {
    case "double":
    case "float":
      return printNumber(reader[name](), name);
    case "int64":
    case "uint64":
    case "sint64":
    case "fixed64":
    case "sfixed64":
      return integerText(reader[name](), name !== "uint64" && name !== "fixed64");
    case "bool":
      // Of 64 bits: those beyond are dropped.
      return integerText(reader.uint64(), false) !== "0";
    case "bytes":
      return Buffer.from(reader.bytes()).toString("base64");
    default:
      return reader[name]();
  }
}

/** The reader has halves of 32 bits. */
function integerText({ low, high }: { low: number; high: number }, isSigned: boolean): string {
  if (high === 0) return String(low >>> 0);
  const bits = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  return String(isSigned ? BigInt.asIntN(64, bits) : bits);
}

/** The form that a well-known type has in protobuf JSON. */
function decodeValue(message: ProtoMessage, bytes: Buffer, depth = 0): unknown {
  const fields = decodeFields(message, bytes, depth);
  const known = wellKnownTypeOf(message);
  return known === null ? fields : toJsonForm(known, message, fields);
}

/** The fields of a message whose form in protobuf JSON is another one. Numbers in them are text already. */
function toJsonForm(
  known: WellKnownType,
  { name }: ProtoMessage,
  fields: Readonly<Record<string, unknown>>,
): unknown {
  switch (known.kind) {
    case "timestamp":
      return printTimestamp(Number(fields["seconds"]), Number(fields["nanos"])) ?? noForm(name);
    case "duration":
      return printDuration(Number(fields["seconds"]), Number(fields["nanos"])) ?? noForm(name);
    case "fieldMask":
      return printFieldMask(fields["paths"] as string[]) ?? noForm(name);
    case "wrapper":
      return fields["value"];
    case "struct":
      return fields["fields"];
    case "listValue":
      return fields["values"];
    case "value":
      return valueOf(fields);
    case "any":
      return fields;
  }
}

/** https://protobuf.dev/reference/protobuf/google.protobuf/#value: one of its members is set, or none for null. */
function valueOf(fields: Readonly<Record<string, unknown>>): unknown {
  const members = ["number_value", "string_value", "bool_value", "struct_value", "list_value"];
  for (const member of members) if (fields[member] !== null) return fields[member];
  return null;
}

function noForm(name: string): OverlockError {
  return new OverlockError("INVALID_VALUE", `a ${name} that is out of its range`);
}
