import type { MessageValue, ProtoField, ProtoScalar, ProtoType } from "./proto-model.ts";
import { wireTypeOf } from "./wire-types.ts";
import { WireWriter } from "./wire-writer.ts";

/** The bytes of a message that `toMessageValue` made, in the order in which its fields were set. */
export function encodeMessage(message: MessageValue): Buffer {
  const writer = new WireWriter();
  writeFields(writer, message);
  return writer.finish();
}

function writeFields(writer: WireWriter, message: MessageValue): void {
  for (const [field, value] of message) {
    if (field.isMap) for (const entry of value as [unknown, unknown][]) writeEntry(writer, field, entry);
    else if (field.isRepeated) writeElements(writer, field, value as unknown[]);
    else if (field.hasPresence || !isZero(value)) writeField(writer, field, value);
  }
}

/** Without presence a zero value is what an absent one means. A negative zero is another number. */
function isZero(value: unknown): boolean {
  if (Buffer.isBuffer(value)) return value.length === 0;
  return Object.is(value, 0) || value === 0n || value === "" || value === false;
}

function writeElements(writer: WireWriter, field: ProtoField, values: readonly unknown[]): void {
  if (values.length === 0) return;
  if (!field.isPacked) {
    for (const value of values) writeField(writer, field, value);
    return;
  }
  writer.uint32(field.number * 8 + 2);
  const start = writer.enter();
  for (const value of values) writeSingle(writer, field.type, value);
  writer.leave(start);
}

function writeEntry(writer: WireWriter, field: ProtoField, [key, value]: [unknown, unknown]): void {
  const keyType: ProtoType = { kind: "scalar", name: field.keyType ?? "string" };
  writer.uint32(field.number * 8 + 2);
  const start = writer.enter();
  writer.uint32(8 + wireTypeOf(keyType));
  writeSingle(writer, keyType, key);
  writer.uint32(16 + wireTypeOf(field.type));
  writeSingle(writer, field.type, value);
  writer.leave(start);
}

function writeField(writer: WireWriter, field: ProtoField, value: unknown): void {
  // Field numbers reach 29 bits: shifting would lose the sign.
  const key = field.number * 8;
  if (field.isDelimited) {
    writer.uint32(key + 3);
    writeFields(writer, value as MessageValue);
    writer.uint32(key + 4);
    return;
  }
  writer.uint32(key + wireTypeOf(field.type));
  writeSingle(writer, field.type, value);
}

function writeSingle(writer: WireWriter, type: ProtoType, value: unknown): void {
  switch (type.kind) {
    case "message": {
      const start = writer.enter();
      writeFields(writer, value as MessageValue);
      writer.leave(start);
      return;
    }
    case "enum":
      writer.int32(value as number);
      return;
    case "scalar":
      writeScalar(writer, type.name, value);
  }
}

function writeScalar(writer: WireWriter, name: ProtoScalar, value: unknown): void {
  switch (name) {
    case "bool":
      writer.bool(value as boolean);
      return;
    case "string":
      writer.string(value as string);
      return;
    case "bytes":
      writer.bytes(value as Buffer);
      return;
    case "int64":
    case "uint64":
    case "sint64":
    case "fixed64":
    case "sfixed64":
      writer[name](value as bigint);
      return;
    default:
      writer[name](value as number);
  }
}
