import { OverlockError } from "../../core/errors.ts";
import { readOwn } from "../../language/evaluate-selection.ts";
import { encodeMessage } from "./encode-message.ts";
import {
  findProtoField,
  type MessageValue,
  type ProtoEnum,
  type ProtoField,
  type ProtoMessage,
  protoJsonName,
} from "./proto-model.ts";
import { toScalar } from "./scalar-value.ts";
import {
  parseDuration,
  parseFieldMask,
  parseTimestamp,
  type SecondsAndNanos,
  type WellKnownType,
  wellKnownTypeOf,
} from "./well-known-types.ts";

/**
 * What is sent for a field of a request, from a value in the forms of
 * [protobuf JSON](https://protobuf.dev/programming-guides/json/): members under the proto's own names or their JSON
 * names, absent and null ones left out, numbers also as text. Raises INVALID_VALUE for everything that would become
 * something else on the way, and BAD_USER_INPUT for two members of one oneof.
 */
export function toProtoValue(field: ProtoField, value: unknown): unknown {
  if (field.isMap) return toEntries(field, value);
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

/** That a message holds what its type demands: its required fields, and at most one member of each oneof. */
export function checkMembers(message: ProtoMessage, value: MessageValue): void {
  for (const oneof of message.oneofs.values()) {
    const [first, second] = oneof.members.filter((member) => value.has(member));
    if (first === undefined || second === undefined) continue;
    const names = `${protoJsonName(first.name)} and ${protoJsonName(second.name)}`;
    throw new OverlockError("BAD_USER_INPUT", `Expected one of ${names}, found both.`);
  }
  for (const field of message.fields.values()) {
    if (field.isRequired && !value.has(field))
      throw new OverlockError(
        "INVALID_VALUE",
        `${message.name} requires ${field.name}, and nothing fills it`,
      );
  }
}

function toSingleValue(field: ProtoField, value: unknown): unknown {
  const { type } = field;
  switch (type.kind) {
    case "message": {
      const known = wellKnownTypeOf(type.message);
      return known === null
        ? toMessageValue(field, type.message, value)
        : toWellKnownValue(field, { known, message: type.message }, value);
    }
    case "enum": {
      const number = toEnumNumber(type.enum, value);
      if (number === undefined) throw misfit(field, type.enum.name, value);
      return number;
    }
    case "scalar": {
      const scalar = toScalar(type.name, value);
      if (scalar === undefined) throw misfit(field, type.name, value);
      return scalar;
    }
  }
}

/** Names, and as in protobuf JSON numbers, which an open enum takes even without a name. */
function toEnumNumber({ numbers, names, isOpen }: ProtoEnum, value: unknown): number | undefined {
  if (typeof value === "string") return numbers.get(value);
  const isNumber = typeof value === "number" && Number.isInteger(value) && Math.abs(value) < 2 ** 31;
  return isNumber && (isOpen || names.has(value)) ? value : undefined;
}

function toMessageValue(field: ProtoField, message: ProtoMessage, value: unknown): MessageValue {
  if (!isObject(value)) throw misfit(field, "an object", value);
  const result: MessageValue = new Map();
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined) continue;
    const target = findProtoField(message, name);
    if (target === null) throw misfit(field, "an object of its fields", value);
    // The only type that has a value for null.
    if (member === null && !isJsonValue(target)) continue;
    if (result.has(target)) throw misfit(field, `${target.name} once`, value);
    result.set(target, toProtoValue(target, member));
  }
  checkMembers(message, result);
  return result;
}

function isJsonValue({ type, isRepeated, isMap }: ProtoField): boolean {
  if (isRepeated || isMap || type.kind !== "message") return false;
  return wellKnownTypeOf(type.message)?.kind === "value";
}

/** An object of members, or a list of objects of `key` and `value`, which is what GraphQL can write down. */
function toEntries(field: ProtoField, value: unknown): [unknown, unknown][] {
  const entries: readonly (readonly [unknown, unknown])[] = Array.isArray(value)
    ? value.map((entry: unknown) => [readOwn(entry, "key"), readOwn(entry, "value")] as const)
    : Object.entries(isObject(value) ? value : refuseMap(field, value));
  const result: [unknown, unknown][] = [];
  const keys = new Set<unknown>();
  for (const [name, member] of entries) {
    const key = toKey(field, name);
    if (key === undefined) throw misfit(field, `keys that are each a ${field.keyType ?? "text"}`, name);
    if (keys.has(key)) throw misfit(field, "each key once", value);
    keys.add(key);
    if (member === undefined || (member === null && !isJsonValue({ ...field, isMap: false }))) continue;
    result.push([key, toSingleValue(field, member)]);
  }
  return result;
}

function refuseMap(field: ProtoField, value: unknown): never {
  throw misfit(field, "an object, or a list of entries with key and value", value);
}

/** The keys of an object are always text. */
function toKey({ keyType }: ProtoField, name: unknown): unknown {
  if (keyType === null) return undefined;
  if (keyType === "bool" && typeof name === "string")
    return name === "true" ? true : name === "false" ? false : undefined;
  return toScalar(keyType, name);
}

interface KnownMessage {
  readonly known: WellKnownType;
  readonly message: ProtoMessage;
}

function toWellKnownValue(field: ProtoField, { known, message }: KnownMessage, value: unknown): MessageValue {
  switch (known.kind) {
    case "timestamp": {
      const time = typeof value === "string" ? parseTimestamp(value) : null;
      if (time !== null) return timeMessage(message, time);
      return partsOf(field, message, value, "a time of RFC 3339 in the years 1 to 9999");
    }
    case "duration": {
      const time = typeof value === "string" ? parseDuration(value) : null;
      if (time !== null) return timeMessage(message, time);
      return partsOf(field, message, value, "a duration such as 1.5s");
    }
    case "wrapper":
      return messageOf(message, { value: toSingleValue(memberOf(message, "value"), value) });
    case "fieldMask": {
      const paths = parseFieldMask(value);
      if (paths === null) throw misfit(field, "a field mask", value);
      return messageOf(message, { paths });
    }
    case "struct":
      return toStruct(field, message, value, 0);
    case "value":
      return toJsonValue(field, message, value, 0);
    case "listValue":
      return toListValue(field, message, value, 0);
    case "any":
      return toAny(field, message, value);
  }
}

/** `{ seconds, nanos }`, which is how the source schema may describe the message instead. */
function partsOf(field: ProtoField, message: ProtoMessage, value: unknown, expected: string): MessageValue {
  if (!isObject(value)) throw misfit(field, expected, value);
  return toMessageValue(field, message, value);
}

function timeMessage(message: ProtoMessage, { seconds, nanos }: SecondsAndNanos): MessageValue {
  return messageOf(message, { seconds, nanos });
}

function messageOf(message: ProtoMessage, values: Readonly<Record<string, unknown>>): MessageValue {
  return new Map(Object.entries(values).map(([name, value]) => [memberOf(message, name), value]));
}

function memberOf(message: ProtoMessage, name: string): ProtoField {
  const field = message.fields.get(name);
  if (field === undefined)
    throw new OverlockError("INVALID_VALUE", `${message.name} has no ${name} in the source's own copy of it`);
  return field;
}

/** As deep as protobuf's own parsers go. */
const maxJsonDepth = 100;

function toStruct(field: ProtoField, message: ProtoMessage, value: unknown, depth: number): MessageValue {
  if (!isObject(value)) throw misfit(field, "an object", value);
  const fields = memberOf(message, "fields");
  const entries = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([name, member]): [unknown, unknown] => [
      name.toWellFormed(),
      toJsonValue(field, messageIn(fields), member, depth + 1),
    ]);
  return messageOf(message, { fields: entries });
}

function toListValue(field: ProtoField, message: ProtoMessage, value: unknown, depth: number): MessageValue {
  if (!Array.isArray(value)) throw misfit(field, "a list", value);
  const element = messageIn(memberOf(message, "values"));
  return messageOf(message, {
    values: value.map((one: unknown) => toJsonValue(field, element, one ?? null, depth + 1)),
  });
}

function toJsonValue(field: ProtoField, message: ProtoMessage, value: unknown, depth: number): MessageValue {
  if (depth > maxJsonDepth) throw misfit(field, `a value of at most ${maxJsonDepth} levels`, value);
  const below = (name: string): ProtoMessage => messageIn(memberOf(message, name));
  if (value === null) return messageOf(message, { null_value: 0 });
  if (Array.isArray(value))
    return messageOf(message, { list_value: toListValue(field, below("list_value"), value, depth + 1) });
  switch (typeof value) {
    case "number":
      // https://protobuf.dev/reference/protobuf/google.protobuf/#value
      if (!Number.isFinite(value)) throw misfit(field, "a number that JSON has", value);
      return messageOf(message, { number_value: value });
    case "string":
      return messageOf(message, { string_value: value.toWellFormed() });
    case "boolean":
      return messageOf(message, { bool_value: value });
    case "object":
      return messageOf(message, { struct_value: toStruct(field, below("struct_value"), value, depth + 1) });
    default:
      throw misfit(field, "a value that JSON has", value);
  }
}

function messageIn({ name, type }: ProtoField): ProtoMessage {
  if (type.kind === "message") return type.message;
  throw new OverlockError("INVALID_VALUE", `${name} is no message in the source's own copy of it`);
}

/** The message that `@type` names beside its fields, or with `value` as its form in JSON; or its bytes as they are. */
function toAny(field: ProtoField, message: ProtoMessage, value: unknown): MessageValue {
  if (!isObject(value)) throw misfit(field, 'an object with "@type"', value);
  const { "@type": url, ...members } = value;
  if (url === undefined) return toMessageValue(field, message, value);
  const embedded = typeof url === "string" ? message.findMessage(url.slice(url.lastIndexOf("/") + 1)) : null;
  if (typeof url !== "string" || embedded === null)
    throw misfit(field, 'an "@type" that the loaded protos define', value);
  const known = wellKnownTypeOf(embedded);
  if (known !== null && Object.keys(members).some((name) => name !== "value"))
    throw misfit(field, `"value" beside an "@type" of ${embedded.name}`, value);
  const content =
    known === null
      ? toMessageValue(field, embedded, members)
      : toWellKnownValue(field, { known, message: embedded }, members["value"]);
  const typeUrl = url.includes("/") ? url : `type.googleapis.com/${url}`;
  return messageOf(message, { type_url: typeUrl, value: encodeMessage(content) });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function misfit(field: ProtoField, expected: string, value: unknown): OverlockError {
  const found = Array.isArray(value) ? "a list" : value === null ? "null" : `this ${typeof value}`;
  return new OverlockError("INVALID_VALUE", `request field ${field.name} takes ${expected}, not ${found}`);
}
