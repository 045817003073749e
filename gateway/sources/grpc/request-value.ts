import { OverlockError } from "../../core/errors.ts";
import { defineOwn } from "../../language/evaluate-selection.ts";
import { findProtoField, type ProtoField, type ProtoScalar } from "./proto-files.ts";

/**
 * A value as the serializer takes it for a field of a request: members under the proto's own names, absent and null
 * ones left out. The serializer itself makes something of everything (`"x"` becomes 0, `"false"` becomes true, a name
 * that no enum has becomes its first), and so does what it sends ask for something else. Raises INVALID_VALUE instead.
 */
export function toProtoValue(field: ProtoField, value: unknown): unknown {
  if (field.isMap) return mapMembers(field, value, () => field);
  if (!field.isRepeated) return toSingleValue(field, value);
  if (!Array.isArray(value)) throw misfit(field, "a list", value);
  return value.map((element: unknown) => toSingleValue(field, element));
}

/** Whether a key can be one element of a repeated field; a key that can't be names nothing. */
export function isProtoElement(field: ProtoField, key: unknown): boolean {
  try {
    toSingleValue(field, key);
    return true;
  } catch (error) {
    if (error instanceof OverlockError && error.code === "INVALID_VALUE") return false;
    throw error;
  }
}

function toSingleValue(field: ProtoField, value: unknown): unknown {
  const { type } = field;
  switch (type.kind) {
    case "message":
      return mapMembers(field, value, (name) => findProtoField(type.message, name));
    case "enum":
      if (typeof value === "string" && type.values.has(value)) return value;
      throw misfit(field, type.name, value);
    case "scalar": {
      const scalar = toScalar(type.name, value);
      if (scalar === undefined) throw misfit(field, type.name, value);
      return scalar;
    }
  }
}

/** `fieldOf`: the field that a member's name means. The members of a map have any name, and all the map's type. */
function mapMembers(
  field: ProtoField,
  value: unknown,
  fieldOf: (name: string) => ProtoField | null,
): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw misfit(field, "an object", value);
  const result: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined || member === null) continue;
    const target = fieldOf(name);
    if (target === null) throw misfit(field, "an object of its fields", value);
    if (field.isMap) defineOwn(result, name, toSingleValue(field, member));
    else defineOwn(result, target.name, toProtoValue(target, member));
  }
  return result;
}

/** `undefined` where the value is not one of the type. Numbers may stand in text where all of it is the number. */
function toScalar(type: ProtoScalar, value: unknown): unknown {
  switch (type) {
    case "bool":
      return typeof value === "boolean" ? value : undefined;
    case "string":
      if (typeof value === "number" || typeof value === "bigint") return String(value);
      return asText(value)?.toWellFormed();
    case "bytes":
      return base64Pattern.test(asText(value) ?? "-") ? value : undefined;
    case "double":
    case "float":
      return typeof value === "number" ? value : undefined;
    default:
      return toInteger(type, value);
  }
}

function toInteger(type: IntegerScalar, value: unknown): string | number | undefined {
  const isWhole =
    (typeof value === "number" && Number.isSafeInteger(value)) ||
    (typeof value === "string" && integerPattern.test(value)) ||
    typeof value === "bigint";
  if (!isWhole) return undefined;
  const { min, max } = integerRanges[type];
  const integer = BigInt(value);
  if (integer < min || integer > max) return undefined;
  return type.endsWith("64") ? integer.toString() : Number(integer);
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
const base64Pattern = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function misfit(field: ProtoField, expected: string, value: unknown): OverlockError {
  const found = Array.isArray(value) ? "a list" : value === null ? "null" : `this ${typeof value}`;
  return new OverlockError("INVALID_VALUE", `request field ${field.name} takes ${expected}, not ${found}`);
}
