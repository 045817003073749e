import { parseRfc3339 } from "../../shape/rfc3339.ts";
import type { ProtoMessage, ProtoScalar } from "./proto-model.ts";

/** A message of google.protobuf that protobuf JSON writes as something else than an object of its fields. */
export type WellKnownType =
  | { readonly kind: "timestamp" | "duration" | "fieldMask" | "struct" | "value" | "listValue" | "any" }
  | { readonly kind: "wrapper"; readonly scalar: ProtoScalar };

const wellKnownTypes: ReadonlyMap<string, WellKnownType> = new Map<string, WellKnownType>([
  ["google.protobuf.Timestamp", { kind: "timestamp" }],
  ["google.protobuf.Duration", { kind: "duration" }],
  ["google.protobuf.FieldMask", { kind: "fieldMask" }],
  ["google.protobuf.Struct", { kind: "struct" }],
  ["google.protobuf.Value", { kind: "value" }],
  ["google.protobuf.ListValue", { kind: "listValue" }],
  ["google.protobuf.Any", { kind: "any" }],
  ["google.protobuf.DoubleValue", { kind: "wrapper", scalar: "double" }],
  ["google.protobuf.FloatValue", { kind: "wrapper", scalar: "float" }],
  ["google.protobuf.Int64Value", { kind: "wrapper", scalar: "int64" }],
  ["google.protobuf.UInt64Value", { kind: "wrapper", scalar: "uint64" }],
  ["google.protobuf.Int32Value", { kind: "wrapper", scalar: "int32" }],
  ["google.protobuf.UInt32Value", { kind: "wrapper", scalar: "uint32" }],
  ["google.protobuf.BoolValue", { kind: "wrapper", scalar: "bool" }],
  ["google.protobuf.StringValue", { kind: "wrapper", scalar: "string" }],
  ["google.protobuf.BytesValue", { kind: "wrapper", scalar: "bytes" }],
]);

/** https://protobuf.dev/programming-guides/json/#json-wkt; null for every other message. */
export function wellKnownTypeOf(message: ProtoMessage): WellKnownType | null {
  return wellKnownTypes.get(message.name) ?? null;
}

/** Seconds and the billionths of a second on top. */
export interface SecondsAndNanos {
  readonly seconds: bigint;
  readonly nanos: number;
}

const minTimestamp = -62_135_596_800;
const maxTimestamp = 253_402_300_799;
const maxDuration = 315_576_000_000;
const billion = 1_000_000_000;

/** RFC 3339 with 0, 3, 6 or 9 digits of a second, in UTC; null beyond the years 1 to 9999. */
export function printTimestamp(seconds: number, nanos: number): string | null {
  if (seconds < minTimestamp || seconds > maxTimestamp || nanos < 0 || nanos >= billion) return null;
  const date = new Date(seconds * 1000).toISOString().slice(0, 19);
  return `${date}${printFraction(nanos)}Z`;
}

/** Null for a text that is no time of RFC 3339, and for one beyond the years 1 to 9999 in UTC. */
export function parseTimestamp(text: string): SecondsAndNanos | null {
  const match = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.(\d{1,9}))?(?:[Zz]|[+-]\d\d:\d\d)$/.exec(text);
  const time = match === null ? null : parseRfc3339(text);
  if (match === null || time === null) return null;
  const seconds = BigInt(Math.floor(time.epochMs / 1000));
  if (seconds < minTimestamp || seconds > maxTimestamp) return null;
  return { seconds, nanos: Number((match[1] ?? "").padEnd(9, "0")) };
}

/** `1.5s`; null beyond ±10,000 years, and where seconds and nanos differ in their sign. */
export function printDuration(seconds: number, nanos: number): string | null {
  if (seconds < -maxDuration || seconds > maxDuration || Math.abs(nanos) >= billion) return null;
  if ((seconds > 0 && nanos < 0) || (seconds < 0 && nanos > 0)) return null;
  const sign = seconds < 0 || nanos < 0 ? "-" : "";
  return `${sign}${Math.abs(seconds)}${printFraction(Math.abs(nanos))}s`;
}

/** Null for everything but a number of seconds with at most nine decimals and an `s`, within ±10,000 years. */
export function parseDuration(text: string): SecondsAndNanos | null {
  const match = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/.exec(text);
  if (match === null) return null;
  const [, sign = "", whole = "0", fraction = ""] = match;
  const seconds = BigInt(whole);
  const nanos = Number(fraction.padEnd(9, "0"));
  if (seconds > maxDuration || (Number(seconds) === maxDuration && nanos > 0)) return null;
  // No negative zero.
  return sign === "-" ? { seconds: -seconds, nanos: 0 - nanos } : { seconds, nanos };
}

function printFraction(nanos: number): string {
  if (nanos === 0) return "";
  const digits = String(nanos).padStart(9, "0");
  if (digits.endsWith("000000")) return `.${digits.slice(0, 3)}`;
  return digits.endsWith("000") ? `.${digits.slice(0, 6)}` : `.${digits}`;
}

/** `user.displayName,photo`; null where a path would read back as another one. */
export function printFieldMask(paths: readonly string[]): string | null {
  const texts = paths.map((path) => {
    const text = path.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    return snakeCase(text) === path && !path.includes(",") ? text : null;
  });
  return texts.includes(null) ? null : texts.join(",");
}

/** The paths that a text or a list of texts means; null for anything else. Names may be the proto's own ones. */
export function parseFieldMask(value: unknown): string[] | null {
  const texts: readonly unknown[] = typeof value === "string" ? splitMask(value) : asList(value);
  const paths = texts.map((text) =>
    typeof text === "string" && /^[A-Za-z][\w]*(?:\.[A-Za-z][\w]*)*$/.test(text) ? snakeCase(text) : null,
  );
  const sound = paths.filter((path) => path !== null);
  if (sound.length < paths.length || (typeof value !== "string" && !Array.isArray(value))) return null;
  return sound;
}

function splitMask(text: string): string[] {
  return text === "" ? [] : text.split(",");
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function snakeCase(path: string): string {
  return path.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/**
 * A number as protobuf JSON writes it: those that JSON has none for as text, and a float with the fewest digits that
 * read back as the same float.
 */
export function printNumber(value: number, scalar: "double" | "float"): number | string {
  if (!Number.isFinite(value)) return String(value);
  if (scalar === "double" || (Number.isInteger(value) && Math.abs(value) <= 2 ** 24)) return value;
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return Number(value.toPrecision(9));
}
