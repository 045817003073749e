import protobuf from "protobufjs";
import { OverlockError } from "../../core/errors.ts";
import { defineOwn } from "../../language/evaluate-selection.ts";
import { buildCaseValue } from "./oneof-value.ts";
import type { ProtoField, ProtoMessage, ProtoScalar, ProtoType } from "./proto-model.ts";
import { wireTypeOf } from "./wire-types.ts";
import {
  printDuration,
  printFieldMask,
  printNumber,
  printTimestamp,
  type WellKnownType,
  wellKnownTypeOf,
} from "./well-known-types.ts";

/** As in protobuf's own parsers. */
const maxDepth = 100;

/**
 * Decodes a message into its raw value: an object with every field under the proto's own name and every oneof under
 * its own. Values are those of [protobuf JSON](https://protobuf.dev/programming-guides/json/): 64-bit integers, bytes
 * in base64, timestamps and durations are text, wrappers are bare, enums are names (a number that has none stays one).
 * An absent field with presence is null, or the `default` that the file declares; one without presence has its zero
 * value. Any stays `{ type_url, value }`, because its message is read only where somebody asks for it. A value that
 * protobuf JSON has no form for is an INVALID_VALUE error in its place. Throws where the bytes are no such message.
 */
export function decodeMessage(message: ProtoMessage, bytes: Buffer): Record<string, unknown> {
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
    result[field.name] = absentValue(field);
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

function absentValue(field: ProtoField): unknown {
  const { type, declaredDefault } = field;
  if (field.isRepeated) return [];
  if (field.isMap) return {};
  if (!field.hasPresence) return zeroOf(type);
  if (declaredDefault === null || field.oneof !== null || type.kind === "message") return null;
  return defaultValue(type, declaredDefault);
}

/** The parser leaves `inf`, `nan` and names of enums as text, and wide integers as text too. */
function defaultValue(type: Exclude<ProtoType, { kind: "message" }>, declared: unknown): unknown {
  const text = String(declared);
  if (type.kind === "enum") return text;
  switch (type.name) {
    case "double":
    case "float":
      return printNumber(Number(text.replace("inf", "Infinity").replace("nan", "NaN")), type.name);
    case "bool":
      return text === "true";
    case "string":
      return text;
    case "bytes":
      return Buffer.from(text, "latin1").toString("base64");
    default:
      return type.name.endsWith("64") ? wideDefault(type.name, declared) : Number(text);
  }
}

/** The parser reads it as a number, which the ends of the range do not fit. */
function wideDefault(name: ProtoScalar, declared: unknown): string {
  const value = typeof declared === "number" ? BigInt(declared) : BigInt(String(declared));
  const max = name === "uint64" || name === "fixed64" ? 2n ** 64n - 1n : 2n ** 63n - 1n;
  return String(value > max ? max : value);
}

function zeroOf(type: ProtoType): unknown {
  if (type.kind === "message") return null;
  if (type.kind === "enum")
    return type.enum.name === "google.protobuf.NullValue"
      ? null
      : (type.enum.names.get(type.enum.defaultNumber) ?? 0);
  if (type.name === "bool") return false;
  if (type.name === "string" || type.name === "bytes") return "";
  return type.name.endsWith("64") ? "0" : 0;
}

/** As {@link decodeMessage}, in the form that a well-known type has in protobuf JSON. */
export function decodeValue(message: ProtoMessage, bytes: Buffer, depth = 0): unknown {
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
      return printTimestamp(secondsAndNanos(fields)) ?? noForm(name);
    case "duration":
      return printDuration(secondsAndNanos(fields)) ?? noForm(name);
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

function secondsAndNanos(fields: Readonly<Record<string, unknown>>) {
  return { seconds: BigInt(String(fields["seconds"])), nanos: Number(fields["nanos"]) };
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
