import { nearestNameHint } from "../../core/problems.ts";
import type { DirectiveUse } from "../../language/directive-reader.ts";
import type { TrimDeclaration } from "../../language/trim-declaration.ts";
import { propertiesAbove, propertiesBelow, type WantedProperties } from "../wanted-properties.ts";
import type { WantedFields } from "./message-decoder.ts";
import { describeShape, type SelectedShape } from "./message-selection.ts";
import {
  describeField,
  fieldNames,
  findProtoField,
  type MessageValue,
  type ProtoField,
  type ProtoMessage,
} from "./proto-model.ts";
import type { RequestSlot } from "./request-slots.ts";
import { wellKnownTypeOf } from "./well-known-types.ts";

/** Where the wanted properties of a call are in its response, in the proto's names. */
export interface ResponseParts {
  readonly response: ProtoMessage;
  /** From the response to the rows or, without a batch, to the value; null where that is no plain path. */
  readonly start: readonly string[] | null;
  /** The rows are the values of a map. */
  readonly isMapOfRows: boolean;
  /** From a row to what it yields. */
  readonly valueAt: readonly string[];
  /** What the batch itself reads of a row. */
  readonly own: WantedProperties;
}

/** The fields of a response that have to be decoded; null where that is all. */
export function wantedFieldsOf(
  { response, start, isMapOfRows, valueAt, own }: ResponseParts,
  wanted: WantedProperties,
): WantedFields | null {
  if (start === null) return null;
  const paths = propertiesAbove([...own, ...propertiesAbove(wanted, valueAt)], start);
  const rowsDepth = isMapOfRows ? start.length - 1 : -1;
  return fieldsBelow(
    response,
    paths.map((path) => path.split(".").filter((name) => name !== "")),
    rowsDepth,
  );
}

/** Text that is equal for equal fields: `{id,price{units}}`. */
export function printWantedFields({ fields }: WantedFields): string {
  const names = [...fields].map(([name, below]) => name + (below === null ? "" : printWantedFields(below)));
  return `{${names.toSorted().join(",")}}`;
}

function fieldsBelow(
  message: ProtoMessage,
  paths: readonly (readonly string[])[],
  rowsDepth: number,
): WantedFields | null {
  if (paths.some((path) => path.length === 0) || wellKnownTypeOf(message) !== null) return null;
  const fields = new Map<string, WantedFields | null>();
  for (const [name = ""] of paths) {
    if (fields.has(name)) continue;
    const type = message.fields.get(name)?.type;
    const below = paths.filter(([first]) => first === name).map((path) => path.slice(1));
    // A name inside a map is a key.
    const isClosed = message.fields.get(name)?.isMap === true && rowsDepth !== 0;
    const isWhole = type?.kind !== "message" || isClosed;
    fields.set(name, isWhole ? null : fieldsBelow(type.message, below, rowsDepth - 1));
  }
  return { fields };
}

/** The FieldMask of a request, and the objects that its paths belong to. */
export interface MaskRule {
  /** From the request's root. */
  readonly path: readonly ProtoField[];
  /** From the rows or, without a batch, from the value to the objects. */
  readonly at: readonly string[];
  readonly object: ProtoMessage;
}

/** Finds the FieldMask that `trim` names; null, with a problem reported, where it can't be used. */
export function resolveMask(
  { as }: TrimDeclaration,
  object: SelectedShape & { readonly at: readonly string[] },
  { request, slots, keyField }: MaskSite,
  use: DirectiveUse,
): MaskRule | null {
  const path = resolveMaskPath(as, request, use);
  if (path === null) return null;
  const taken = slots.find((slot) => path.every((field, index) => (slot.path[index] ?? field) === field));
  if (taken !== undefined || path[0] === keyField) {
    use.refuse(["trim", "as"], "a field that nothing else fills", taken?.text ?? "the keys of the batch");
    return null;
  }
  if (object.kind !== "message" || object.message === null) {
    use.refuse(["trim"], "objects that are messages", describeShape(object));
    return null;
  }
  return { path, at: object.at, object: object.message };
}

function resolveMaskPath(as: string, request: ProtoMessage, use: DirectiveUse): ProtoField[] | null {
  const path: ProtoField[] = [];
  let message: ProtoMessage | null = request;
  for (const name of as.split(".")) {
    if (message === null) {
      use.refuse(["trim", "as"], `no further path: ${path.at(-1)?.name ?? ""} is no single message`, name);
      return null;
    }
    const field: ProtoField | null = findProtoField(message, name);
    if (field === null) {
      const names: string[] = [...message.fields.keys()];
      const expected = `a field of ${message.name} (${fieldNames(message)})`;
      use.refuse(["trim", "as"], expected, name, nearestNameHint(name, names));
      return null;
    }
    path.push(field);
    message = singleMessageOf(field);
  }
  const last = path.at(-1);
  if (last !== undefined && message?.name === maskName) return path;
  use.refuse(["trim", "as"], `a ${maskName}`, last === undefined ? "nothing" : describeField(last));
  return null;
}

function singleMessageOf({ type, isRepeated, isMap }: ProtoField): ProtoMessage | null {
  return type.kind === "message" && !isRepeated && !isMap ? type.message : null;
}

interface MaskSite {
  readonly request: ProtoMessage;
  readonly slots: readonly RequestSlot[];
  readonly keyField: ProtoField | null;
}

const maskName = "google.protobuf.FieldMask";

/** The mask that asks for the wanted properties; null where they are everything, or nothing. */
export function buildMask(
  { path, at, object }: MaskRule,
  { valueAt, own }: ResponseParts,
  wanted: WantedProperties,
): MessageValue | null {
  const type = path.at(-1)?.type;
  const field = type?.kind === "message" ? type.message.fields.get("paths") : undefined;
  const ofObject = propertiesBelow([...own, ...propertiesAbove(wanted, valueAt)], at);
  if (field === undefined || ofObject === null) return null;
  const paths = ofObject.flatMap((one) => maskPaths(object, one.split(".")));
  const sorted = [...new Set(paths)].toSorted();
  const shortest = sorted.filter((one) => !sorted.some((other) => one.startsWith(`${other}.`)));
  return shortest.length === 0 ? null : new Map([[field, shortest]]);
}

/**
 * A path as masks have it: they name the members of a oneof and not the oneof, and no part of a list, of a map or of a
 * message that protobuf JSON has another form for.
 */
function maskPaths(message: ProtoMessage, [name = "", ...rest]: readonly string[]): string[] {
  const oneof = message.oneofs.get(name);
  if (oneof !== undefined) return oneof.members.map((member) => member.name);
  const field = message.fields.get(name);
  if (field === undefined) return [name];
  const below = singleMessageOf(field);
  if (below === null || wellKnownTypeOf(below) !== null || rest.length === 0) return [name];
  return maskPaths(below, rest).map((path) => `${name}.${path}`);
}
