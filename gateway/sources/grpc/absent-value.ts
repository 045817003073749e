import type { ProtoField, ProtoScalar, ProtoType } from "./proto-model.ts";
import { printNumber } from "./well-known-types.ts";

/** What a single field is that was not sent: its declared default, its zero value, or null where it has presence. */
export function absentValue({ type, declaredDefault, hasPresence, oneof }: ProtoField): unknown {
  if (!hasPresence) return zeroOf(type);
  if (declaredDefault === null || oneof !== null || type.kind === "message") return null;
  return defaultValue(type, declaredDefault);
}

/** Null for messages, which have no zero value, and for NullValue, whose only value means the null of JSON. */
export function zeroOf(type: ProtoType): unknown {
  if (type.kind === "message") return null;
  if (type.kind === "enum")
    return type.enum.name === "google.protobuf.NullValue"
      ? null
      : (type.enum.names.get(type.enum.defaultNumber) ?? 0);
  if (type.name === "bool") return false;
  if (type.name === "string" || type.name === "bytes") return "";
  return type.name.endsWith("64") ? "0" : 0;
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
