import type { ProtoScalar } from "./proto-model.ts";

/**
 * A scalar as it is sent, 64-bit integers as bigints and bytes as a buffer; `undefined` where the value is not one of
 * the type. Numbers may stand in text where all of it is the number; bytes are base64, of either alphabet.
 */
export function toScalar(type: ProtoScalar, value: unknown): unknown {
  switch (type) {
    case "bool":
      return typeof value === "boolean" ? value : undefined;
    case "string":
      if (typeof value === "number" || typeof value === "bigint") return String(value);
      return asText(value)?.toWellFormed();
    case "bytes":
      return toBytes(asText(value));
    case "double":
      return toDouble(value);
    case "float":
      return toFloat(toDouble(value));
    default:
      return toInteger(type, value);
  }
}

function toBytes(text: string | undefined): Buffer | undefined {
  return text !== undefined && base64Pattern.test(text) ? Buffer.from(text, "base64") : undefined;
}

/** Numbers that JSON has none for are text in protobuf JSON: `NaN`, `Infinity`, `-Infinity`. */
function toDouble(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  const text = asText(value);
  if (text === undefined || !numberPattern.test(text)) return undefined;
  const number = Number(text);
  return Number.isFinite(number) || /^-?Infinity$/.test(text) || text === "NaN" ? number : undefined;
}

/** A finite number must not become an infinite one. */
function toFloat(value: number | undefined): number | undefined {
  if (value === undefined || !Number.isFinite(value)) return value;
  return Number.isFinite(Math.fround(value)) ? value : undefined;
}

function toInteger(type: IntegerScalar, value: unknown): bigint | number | undefined {
  const isWhole =
    (typeof value === "number" && Number.isSafeInteger(value)) ||
    (typeof value === "string" && integerPattern.test(value)) ||
    typeof value === "bigint";
  if (!isWhole) return undefined;
  const { min, max } = integerRanges[type];
  const integer = BigInt(value);
  if (integer < min || integer > max) return undefined;
  return type.endsWith("64") ? integer : Number(integer);
}

function asText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

type IntegerScalar = Exclude<ProtoScalar, "bool" | "string" | "bytes" | "double" | "float">;

const signed32 = { min: -(2n ** 31n), max: 2n ** 31n - 1n };
const signed64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };
const unsigned32 = { min: 0n, max: 2n ** 32n - 1n };
const unsigned64 = { min: 0n, max: 2n ** 64n - 1n };
const integerRanges: Readonly<Record<IntegerScalar, { readonly min: bigint; readonly max: bigint }>> = {
  int32: signed32,
  sint32: signed32,
  sfixed32: signed32,
  int64: signed64,
  sint64: signed64,
  sfixed64: signed64,
  uint32: unsigned32,
  fixed32: unsigned32,
  uint64: unsigned64,
  fixed64: unsigned64,
};
/** At most 20 digits, which hold every 64-bit integer. */
const integerPattern = /^(?:0|-?[1-9]\d{0,19})$/;
/** A number of JSON, or one of those that JSON has none for. */
const numberPattern = /^(?:-?(?:0|[1-9]\d{0,400})(?:\.\d{1,400})?(?:[eE][+-]?\d{1,4})?|-?Infinity|NaN)$/;
/** Standard or url-safe, padded or not. */
const base64Pattern =
  /^(?:(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?|(?:[\w-]{4})*(?:[\w-]{2}(?:==)?|[\w-]{3}=?)?)$/;
