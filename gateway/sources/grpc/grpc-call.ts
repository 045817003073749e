import type { Deadline } from "../../core/deadline.ts";
import { nearestNameHint } from "../../core/problems.ts";
import type { NamedSelection } from "../../language/call-declaration.ts";
import type { DirectiveUse, PlacedSelection } from "../../language/directive-reader.ts";
import { compileSelection, rawRoots } from "../../language/evaluate-selection.ts";
import type { PathSelection, SelectionMap } from "../../language/selection-map.ts";
import type { GrpcDeclaration } from "../../language/grpc-declaration.ts";
import type { SourceField, SourceSchema } from "../../language/source-schema.ts";
import { type GrpcChannel, type GrpcRequest, GrpcStatusError } from "../../outbound/grpc-channel.ts";
import { runUpstreamCall } from "../../outbound/upstream-call.ts";
import {
  type BatchRule,
  type CallInput,
  compileBatch,
  compileInput,
  type DeclaredCall,
} from "../declared-call.ts";
import { buildRequestHeaders, type RequestHeaders } from "../request-headers.ts";
import { argumentMisfit, typesOf } from "./argument-types.ts";
import {
  MessageSelectionError,
  messageShape,
  resolveInMessage,
  type SelectedShape,
} from "./message-selection.ts";
import { findProtoField, type ProtoField, type ProtoMessage, type ProtoMethod } from "./proto-files.ts";
import { isProtoElement, toProtoValue } from "./request-value.ts";
import { grpcStatusError, notFoundStatus } from "./status-codes.ts";

/** One request field: where its value goes in the message. */
interface RequestSlot {
  /** The proto's fields from the message's root. */
  readonly path: readonly ProtoField[];
  readonly input: CallInput;
  /** Who fills it, for messages. */
  readonly text: string;
}

export interface GrpcCallParts {
  readonly source: SourceSchema;
  readonly field: SourceField;
  readonly declaration: GrpcDeclaration;
  readonly method: ProtoMethod;
  readonly headers: RequestHeaders;
  readonly channel: GrpcChannel;
}

/** Compiles one `@grpc` field into the call that fetches it; `value` is the shape of the field's value. */
export function compileGrpcCall(
  parts: GrpcCallParts,
): { readonly call: DeclaredCall; readonly value: SelectedShape } | null {
  const { source, field, declaration, method, headers, channel } = parts;
  const response = resolveResponse(parts);
  const slots = resolveRequest(parts);
  const keyField = declaration.batch === null ? null : resolveKeyField(declaration, method.request, slots);
  if (response === null) return null;
  const select = response.select === null ? null : compileSelection(response.select);
  const owner = {
    source: source.name,
    coordinate: field.coordinate,
    timeoutMs: source.timeoutMs,
    isMutation: field.isMutation,
  };

  const buildMessage = (values: readonly unknown[], keys: readonly unknown[] | null): object => {
    const message: Record<string, unknown> = {};
    for (const [index, { path }] of slots.entries()) setAt(message, path, values[index]);
    if (keyField !== null && keys !== null) message[keyField.name] = toProtoValue(keyField, keys);
    return message;
  };

  /** Null for NOT_FOUND where one thing was asked for. */
  const sendMessage = async (
    request: GrpcRequest,
    isBatched: boolean,
    deadline: Deadline,
  ): Promise<object | null> => {
    try {
      return await channel.send(method, request, deadline);
    } catch (error) {
      if (!(error instanceof GrpcStatusError)) throw error;
      if (error.status === notFoundStatus && !isBatched) return null;
      throw grpcStatusError(error);
    }
  };

  const call: DeclaredCall = {
    source: source.name,
    coordinate: field.coordinate,
    isSafe: !field.isMutation && (method.isSafe || declaration.isDeclaredSafe),
    inputs: [...slots.map((slot) => slot.input), ...headers.inputs],
    batch: compileKeys(declaration, response.batch, keyField),
    async send({ values, keys }, scope, read) {
      const metadata = buildRequestHeaders(headers, values.slice(slots.length), scope);
      const message = buildMessage(values, keys);
      return runUpstreamCall(scope, owner, async (deadline) => {
        const answer = await sendMessage({ message, metadata }, keys !== null, deadline);
        return read(select === null || answer === null ? answer : select(rawRoots(answer)));
      });
    },
  };
  return { call, value: response.value };
}

/** A key that the request can't carry names nothing, so that no other key suffers from it. */
function compileKeys(
  { batch }: GrpcDeclaration,
  translated: Parameters<typeof compileBatch>[1],
  keyField: ProtoField | null,
): BatchRule | null {
  if (batch === null || keyField === null) return null;
  const rule = compileBatch(batch, translated);
  return { ...rule, textOfKey: (key) => (isProtoElement(keyField, key) ? rule.textOfKey(key) : null) };
}

/** Puts the maps that read the response into the proto's names; null, with problems reported, where one can't be. */
function resolveResponse({ declaration, method }: GrpcCallParts) {
  const { use, batch } = declaration;
  const select = resolveMap(use, declaration.select, ["select"], messageShape(method.response));
  // Where the rows can't be found, what is in them is not known either.
  if (select === null) return null;
  if (batch === null) return { select: select.map, batch: noMaps, value: select.shape };
  const rows = resolveMap(use, batch.select, ["batch", "select"], select.shape);
  if (rows === null) return null;
  const row = { ...rows.shape, lists: rows.shape.lists - (batch.match === null ? 0 : 1) };
  if (row.lists !== 0) {
    const expected = batch.match === null ? "a map of rows" : "one list of rows";
    use.refuse(batch.select === null ? ["batch"] : ["batch", "select"], expected, describe(rows.shape));
    return null;
  }
  const match = resolveMap(use, batch.match, ["batch", "match"], row);
  const value = resolveMap(use, batch.value, ["batch", "value"], row);
  if (match === null || value === null) return null;
  const isKey = match.shape.kind === "object" || (match.shape.kind === "scalar" && match.shape.lists === 0);
  if (batch.match !== null && !isKey) {
    use.refuse(["batch", "match"], "a path to one scalar", describe(match.shape));
    return null;
  }
  const isList = batch.isGrouped || batch.isKeyList;
  return {
    select: select.map,
    batch: { select: rows.map, match: match.map, value: value.map },
    value: { ...value.shape, lists: value.shape.lists + (isList ? 1 : 0) },
  };
}

const noMaps = { select: null, match: null, value: null };

function describe({ message, kind, lists }: SelectedShape): string {
  const what = message === null ? `a ${kind === "object" ? "built object" : kind}` : message.name;
  if (lists === 0) return what;
  return `${"a list of ".repeat(lists)}${what}`;
}

/** The map in the proto's names and what it finds, of which an absent map is all. Null, with a problem, where wrong. */
function resolveMap(
  use: DirectiveUse,
  selection: PlacedSelection | null,
  path: readonly string[],
  start: SelectedShape,
): { readonly map: SelectionMap | null; readonly shape: SelectedShape } | null {
  if (selection === null) return { map: null, shape: start };
  try {
    return resolveInMessage(selection.map, start);
  } catch (error) {
    if (!(error instanceof MessageSelectionError)) throw error;
    const { expected, found, hint } = error;
    use.refuseAt({ place: selection.placeAt(error.offset), path, expected, found, hint });
    return null;
  }
}

/** Every request field once: those that `request` names, then an argument's own. */
function resolveRequest(parts: GrpcCallParts): RequestSlot[] {
  const { source, field, declaration, method } = parts;
  const slots = resolveMembers(declaration, declaration.request, method.request, []);
  const types = typesOf(source.plainDocument);
  for (const name of declaration.defaultArguments) {
    const found = findProtoField(method.request, name);
    const argument = field.node.arguments?.find((one) => one.name.value === name);
    if (found === null || argument === undefined) {
      const names = [...method.request.fields.keys()];
      const expected = `a field of ${method.request.name} for every argument (${names.join(", ") || "it has none"})`;
      declaration.use.refuse([], expected, `argument ${name}`, nearestNameHint(name, names));
      continue;
    }
    const earlier = slots.find(({ path }) => path[0] === found);
    if (earlier !== undefined) {
      const expected = `one value for the request field ${found.name}`;
      declaration.use.refuse([], expected, `argument ${name} besides ${earlier.text}`);
      continue;
    }
    const misfit = argumentMisfit(argument.type, found, types);
    if (misfit !== null) declaration.use.refuse([], ...misfit);
    slots.push({
      path: [found],
      input: compileInput(argumentSelection(name), true),
      text: `argument ${name}`,
    });
  }
  return slots;
}

function resolveMembers(
  declaration: GrpcDeclaration,
  members: readonly NamedSelection[],
  message: ProtoMessage,
  path: readonly ProtoField[],
): RequestSlot[] {
  const slots: RequestSlot[] = [];
  for (const { name, selection, place } of members) {
    const refuse = (expected: string, found: string, hint: string | null = null): void =>
      declaration.use.refuseAt({ place, path: ["request"], expected, found, hint });
    const field = findProtoField(message, name);
    if (field === null) {
      const names = [...message.fields.keys()];
      const expected = `a field of ${message.name} (${names.join(", ") || "it has none"})`;
      refuse(expected, name, nearestNameHint(name, names));
    } else if (slots.some((slot) => slot.path[path.length] === field)) {
      refuse(`one value for the request field ${field.name}`, `${name} again`);
    } else if (!("fields" in selection)) {
      slots.push({ path: [...path, field], input: compileInput(selection, true), text: `request.${name}` });
    } else if (field.type.kind === "message" && !field.isRepeated && !field.isMap) {
      const below = [...path, field];
      slots.push(...resolveMembers(declaration, selection.fields, field.type.message, below));
    } else refuse("a FieldSelectionMap: this field is no single message", `an object for ${name}`);
  }
  return slots;
}

function argumentSelection(name: string): PlacedSelection {
  const segments = [{ name, arguments: [], offset: 0 }];
  const map: PathSelection = { kind: "path", root: "args", segments, then: null, offset: 0 };
  return { map, text: `$args.${name}`, placeAt: () => ({ file: "", line: 0, column: 0 }) };
}

function resolveKeyField(
  { use, batch }: GrpcDeclaration,
  request: ProtoMessage,
  slots: readonly RequestSlot[],
): ProtoField | null {
  const name = batch?.as ?? "";
  const field = findProtoField(request, name);
  if (batch === null || field?.isRepeated !== true) {
    const names = [...request.fields.values()].filter((one) => one.isRepeated).map((one) => one.name);
    const expected = `a repeated field of ${request.name} (${names.join(", ") || "it has none"})`;
    use.refuse(["batch", "as"], expected, name, nearestNameHint(name, names));
    return null;
  }
  const taken = slots.find(({ path }) => path[0] === field);
  if (taken !== undefined) use.refuse(["batch", "as"], "a field that carries the keys only", taken.text);
  const { type } = field;
  const key = batch.of.map;
  if (type.kind !== "message") {
    if (key.kind === "object")
      use.refuse(["batch", "of"], `one path: ${field.name} holds no messages`, "an object of paths");
  } else if (key.kind !== "object") {
    use.refuse(["batch", "of"], `an object of paths for ${type.message.name}`, "one path");
  } else {
    const names = [...type.message.fields.keys()];
    const unknown = key.fields.find((one) => findProtoField(type.message, one.name) === null);
    if (unknown !== undefined) {
      const expected = `fields of ${type.message.name} (${names.join(", ")})`;
      use.refuse(["batch", "of"], expected, unknown.name, nearestNameHint(unknown.name, names));
    }
  }
  return field;
}

/** Puts a value where it belongs; an absent one is left out, and with it the messages that would hold only it. */
function setAt(message: Record<string, unknown>, path: readonly ProtoField[], value: unknown): void {
  if (value === undefined) return;
  let target = message;
  for (const [index, field] of path.entries()) {
    if (index === path.length - 1) target[field.name] = toProtoValue(field, value);
    else target = (target[field.name] ??= {}) as Record<string, unknown>;
  }
}
