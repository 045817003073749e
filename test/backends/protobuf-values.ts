// The well-known types as proto-loader encodes and decodes them: it knows no short forms of them.

/** A `google.protobuf.Timestamp` of RFC 3339 with whole seconds. */
export function toTimestamp(rfc3339: string): object {
  return { seconds: String(Date.parse(rfc3339) / 1000), nanos: 0 };
}

/** A `google.protobuf.Duration` of whole seconds. */
export function toDuration(seconds: number): object {
  return { seconds: String(seconds), nanos: 0 };
}

/** A `google.protobuf.Struct` of a JSON object. */
export function toStruct(json: Readonly<Record<string, unknown>>): object {
  return { fields: Object.fromEntries(Object.entries(json).map(([name, value]) => [name, toValue(value)])) };
}

function toValue(json: unknown): object {
  if (typeof json === "string") return { stringValue: json };
  if (typeof json === "number") return { numberValue: json };
  if (typeof json === "boolean") return { boolValue: json };
  if (Array.isArray(json)) return { listValue: { values: json.map(toValue) } };
  if (typeof json === "object" && json !== null) return { structValue: toStruct({ ...json }) };
  return { nullValue: "NULL_VALUE" };
}
