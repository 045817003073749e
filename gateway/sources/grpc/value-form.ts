import { Kind, type TypeDefinitionNode } from "graphql";
import { OverlockError } from "../../core/errors.ts";
import { defineOwn, readOwn } from "../../language/evaluate-selection.ts";
import { decodeMessage, decodeValue } from "./decode-message.ts";
import type { SelectedShape } from "./message-selection.ts";
import { buildCaseValue } from "./oneof-value.ts";
import type { ProtoField, ProtoMessage } from "./proto-model.ts";
import { parseDuration, parseFieldMask, parseTimestamp, wellKnownTypeOf } from "./well-known-types.ts";

/** What a raw value has to become for the GraphQL type that it is read as. */
export type ValueForm = (raw: unknown) => unknown;

/**
 * The form in which a value is read where its raw value is another one; null where it is the same: messages, maps and
 * Any as a custom scalar are [protobuf JSON](https://protobuf.dev/programming-guides/json/), maps as objects are lists
 * of entries, timestamps, durations, field masks and wrappers as objects are messages again, and an Any as a union is
 * the message in it.
 */
export function compileValueForm(
  shape: SelectedShape,
  definition: TypeDefinitionNode | undefined,
): ValueForm | null {
  const form = formOf(shape, definition?.kind ?? null);
  return form === null ? null : (raw) => eachElement(raw, shape.lists, form);
}

function formOf({ kind, message, field }: SelectedShape, type: Kind | null): ValueForm | null {
  if (type === Kind.SCALAR_TYPE_DEFINITION) {
    if (kind === "message" && message !== null) return (raw) => messageJson(message, raw);
    return kind === "map" && field !== null ? (raw) => mapJson(field, raw) : null;
  }
  if (type === Kind.OBJECT_TYPE_DEFINITION) {
    if (kind === "map" && field !== null) return (raw) => toEntries(field, raw);
    return kind === "scalar" && field?.type.kind === "message" ? partsOf(field.type.message) : null;
  }
  const isAbstract = type === Kind.UNION_TYPE_DEFINITION || type === Kind.INTERFACE_TYPE_DEFINITION;
  if (!isAbstract || message === null || wellKnownTypeOf(message)?.kind !== "any") return null;
  return (raw) => unpackAny(message, raw);
}

/** Null stays null, and an error in the place of a value stays one. */
function eachElement(raw: unknown, lists: number, form: ValueForm): unknown {
  if (raw === null || raw === undefined || raw instanceof Error) return raw;
  if (lists === 0) return form(raw);
  return Array.isArray(raw) ? raw.map((element: unknown) => eachElement(element, lists - 1, form)) : raw;
}

/** Keys are the names of properties in raw values, whatever type the proto gives them. */
function toEntries({ keyType }: ProtoField, raw: unknown): unknown {
  const isNumber = keyType !== "string" && keyType?.endsWith("64") === false;
  return Object.entries(raw as object).map(([name, value]) => ({
    key: keyType === "bool" ? name === "true" : isNumber ? Number(name) : name,
    value: value as unknown,
  }));
}

function partsOf(message: ProtoMessage): ValueForm | null {
  switch (wellKnownTypeOf(message)?.kind) {
    case "timestamp":
      return (raw) => secondsAndNanos(parseTimestamp(String(raw)));
    case "duration":
      return (raw) => secondsAndNanos(parseDuration(String(raw)));
    case "fieldMask":
      return (raw) => ({ paths: parseFieldMask(raw) });
    case "wrapper":
      return (value) => ({ value });
    default:
      return null;
  }
}

function secondsAndNanos(parts: ReturnType<typeof parseTimestamp>): unknown {
  return parts === null ? null : { seconds: String(parts.seconds), nanos: parts.nanos };
}

/** Fields under their JSON names; what is absent is left out. */
function messageJson(message: ProtoMessage, raw: unknown): unknown {
  if (wellKnownTypeOf(message)?.kind === "any") return anyJson(message, raw);
  const result: Record<string, unknown> = {};
  for (const field of message.fields.values()) {
    const value = readOwn(raw, field.name);
    if (value !== null && value !== undefined) defineOwn(result, field.jsonName, fieldJson(field, value));
  }
  return result;
}

function fieldJson(field: ProtoField, raw: unknown): unknown {
  if (raw instanceof Error) throw raw;
  if (field.isMap) return mapJson(field, raw);
  return Array.isArray(raw) && field.isRepeated
    ? raw.map((element: unknown) => singleJson(field, element))
    : singleJson(field, raw);
}

function mapJson(field: ProtoField, raw: unknown): unknown {
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(raw as object)) defineOwn(result, key, singleJson(field, value));
  return result;
}

function singleJson({ type }: ProtoField, raw: unknown): unknown {
  if (raw instanceof Error) throw raw;
  if (type.kind !== "message" || raw === null) return raw;
  const known = wellKnownTypeOf(type.message);
  return known === null || known.kind === "any" ? messageJson(type.message, raw) : raw;
}

/** The message that an Any holds, or null where the loaded protos do not define it. */
function embeddedOf(
  any: ProtoMessage,
  raw: unknown,
): { url: string; bytes: Buffer; message: ProtoMessage | null } {
  const url = textOf(readOwn(raw, "type_url"));
  const bytes = Buffer.from(textOf(readOwn(raw, "value")), "base64");
  return { url, bytes, message: any.findMessage(url.slice(url.lastIndexOf("/") + 1)) };
}

function anyJson(any: ProtoMessage, raw: unknown): unknown {
  const { url, bytes, message } = embeddedOf(any, raw);
  if (url === "") return {};
  if (message === null) return { "@type": url, value: bytes.toString("base64") };
  return readEmbedded(message, () => {
    const known = wellKnownTypeOf(message);
    if (known === null)
      return { "@type": url, ...asObject(messageJson(message, decodeMessage(message, bytes))) };
    const value = decodeValue(message, bytes);
    if (value instanceof Error) throw value;
    return { "@type": url, value: known.kind === "any" ? anyJson(message, value) : value };
  });
}

function unpackAny(any: ProtoMessage, raw: unknown): unknown {
  const { url, bytes, message } = embeddedOf(any, raw);
  if (url === "") return null;
  if (message === null)
    throw new OverlockError(
      "INVALID_VALUE",
      "a google.protobuf.Any of a message that no loaded proto defines",
    );
  return readEmbedded(message, () =>
    buildCaseValue({ member: null, message: message.name }, decodeMessage(message, bytes)),
  );
}

function readEmbedded(message: ProtoMessage, read: () => unknown): unknown {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof OverlockError) throw cause;
    throw new OverlockError("INVALID_VALUE", `a google.protobuf.Any that holds no ${message.name}`, {
      cause,
    });
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function asObject(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}

/** The properties of one entry of a map, as a message of their own. */
export function entryMessage(map: ProtoField): ProtoMessage {
  const base = { isRepeated: false, isMap: false, isPacked: false, isDelimited: false, hasPresence: true };
  const plain = { ...base, keyType: null, isRequired: false, oneof: null, declaredDefault: null };
  const key: ProtoField = {
    ...plain,
    name: "key",
    jsonName: "key",
    number: 1,
    type: { kind: "scalar", name: map.keyType ?? "string" },
  };
  const value: ProtoField = { ...plain, name: "value", jsonName: "value", number: 2, type: map.type };
  const fields = new Map([key, value].map((field) => [field.name, field]));
  const fieldsByNumber = new Map([key, value].map((field) => [field.number, field]));
  return {
    name: `an entry of the map ${map.name}`,
    fields,
    fieldsByNumber,
    oneofs: new Map(),
    findMessage: () => null,
  };
}
