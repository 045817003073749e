import { nearestNameHint } from "../../core/problems.ts";
import type { NamedSelection } from "../../language/call-declaration.ts";
import type { PlacedSelection } from "../../language/directive-reader.ts";
import { compileSelection, rawRoots } from "../../language/evaluate-selection.ts";
import type { PathSelection, SelectionMap } from "../../language/selection-map.ts";
import type { GrpcDeclaration, SourceField, SourceSchema } from "../../language/source-schema.ts";
import { type GrpcChannel, GrpcStatusError } from "../../outbound/grpc-channel.ts";
import { runUpstreamCall } from "../../outbound/upstream-call.ts";
import { type CallInput, compileBatch, compileInput, type DeclaredCall } from "../declared-call.ts";
import { buildRequestHeaders, type RequestHeaders } from "../request-headers.ts";
import { resolveInMessage, type SelectedShape, UnknownProtoFieldError } from "./message-selection.ts";
import { findProtoField, type ProtoMessage, type ProtoMethod } from "./proto-files.ts";
import { grpcStatusError, notFoundStatus } from "./status-codes.ts";

/** One request field: where its value goes in the message. */
interface RequestSlot {
  /** The proto's own field names from the message's root. */
  readonly path: readonly string[];
  readonly input: CallInput;
}

/** Compiles one `@grpc` field into the call that fetches it; `row` is the shape of one value of the field. */
export function compileGrpcCall(parts: {
  readonly source: SourceSchema;
  readonly field: SourceField;
  readonly declaration: GrpcDeclaration;
  readonly method: ProtoMethod;
  readonly headers: RequestHeaders;
  readonly channel: GrpcChannel;
}): { readonly call: DeclaredCall; readonly row: SelectedShape } | null {
  const { source, field, declaration, method, headers, channel } = parts;
  const response = resolveResponse(declaration, method);
  const slots = [
    ...resolveRequest(declaration, declaration.request, method.request, []),
    ...defaultSlots(declaration, method.request),
  ];
  const keyField = declaration.batch === null ? null : resolveKeyField(declaration, method.request);
  if (response === null) return null;
  const select = response.select === null ? null : compileSelection(response.select);
  const owner = { source: source.name, coordinate: field.coordinate, timeoutMs: source.timeoutMs };

  const buildMessage = (values: readonly unknown[], keys: readonly unknown[] | null): object => {
    const message: Record<string, unknown> = {};
    for (const [index, { path }] of slots.entries())
      if (values[index] !== undefined) setAt(message, path, values[index]);
    if (keyField !== null && keys !== null) message[keyField] = keys;
    return message;
  };

  const call: DeclaredCall = {
    source: source.name,
    coordinate: field.coordinate,
    isSafe: method.isSafe || declaration.isDeclaredSafe,
    inputs: [...slots.map((slot) => slot.input), ...headers.inputs],
    batch: declaration.batch === null ? null : compileBatch(declaration.batch, response.batch),
    async send(values, keys, scope) {
      const metadata = buildRequestHeaders(headers, values.slice(slots.length), scope);
      const message = buildMessage(values, keys);
      const answer = await runUpstreamCall(scope, owner, async (deadline) => {
        try {
          return await channel.send(method, message, metadata, deadline);
        } catch (error) {
          if (!(error instanceof GrpcStatusError)) throw error;
          if (error.status === notFoundStatus && keys === null) return null;
          throw grpcStatusError(error);
        }
      });
      return select === null || answer === null ? answer : select(rawRoots(answer));
    },
  };
  return { call, row: response.row };
}

/** Puts the maps that read the response into the proto's names; null, with problems reported, where one can't be. */
function resolveResponse(declaration: GrpcDeclaration, method: ProtoMethod) {
  const { batch } = declaration;
  const whole: SelectedShape = { message: method.response, kind: "message" };
  const select = resolveMap(declaration, declaration.select, ["select"], whole);
  const rows = resolveMap(declaration, batch?.select ?? null, ["batch", "select"], select.shape);
  const match = resolveMap(declaration, batch?.match ?? null, ["batch", "match"], rows.shape);
  const value = resolveMap(declaration, batch?.value ?? null, ["batch", "value"], rows.shape);
  if (!select.isSound || !rows.isSound || !match.isSound || !value.isSound) return null;
  return {
    select: select.map,
    batch: { select: rows.map, match: match.map, value: value.map },
    row: value.shape,
  };
}

function resolveMap(
  declaration: GrpcDeclaration,
  selection: PlacedSelection | null,
  path: readonly string[],
  shape: SelectedShape,
): { readonly map: SelectionMap | null; readonly shape: SelectedShape; readonly isSound: boolean } {
  if (selection === null) return { map: null, shape, isSound: true };
  try {
    if (shape.message === null) throw new UnknownProtoFieldError(null, selection.text, 0);
    return { ...resolveInMessage(selection.map, shape.message), isSound: true };
  } catch (error) {
    if (!(error instanceof UnknownProtoFieldError)) throw error;
    declaration.use.refuseAt(selection.placeAt(error.offset), path, error.expected, error.found, error.hint);
    return { map: null, shape, isSound: false };
  }
}

function resolveRequest(
  declaration: GrpcDeclaration,
  members: readonly NamedSelection[],
  message: ProtoMessage,
  path: readonly string[],
): RequestSlot[] {
  const slots: RequestSlot[] = [];
  for (const { name, selection, place } of members) {
    const field = findProtoField(message, name);
    if (field === null) {
      const names = [...message.fields.keys()];
      const expected = `a field of ${message.name} (${names.join(", ") || "it has none"})`;
      declaration.use.refuseAt(place, ["request"], expected, name, nearestNameHint(name, names));
    } else if ("fields" in selection) {
      if (field.message === null) {
        declaration.use.refuseAt(
          place,
          ["request"],
          "a FieldSelectionMap: this field is a scalar",
          `an object for ${name}`,
        );
      } else
        slots.push(...resolveRequest(declaration, selection.fields, field.message, [...path, field.name]));
    } else slots.push({ path: [...path, field.name], input: compileInput(selection, true) });
  }
  return slots;
}

function defaultSlots(declaration: GrpcDeclaration, request: ProtoMessage): RequestSlot[] {
  const slots: RequestSlot[] = [];
  for (const name of declaration.defaultArguments) {
    const field = findProtoField(request, name);
    if (field === null) {
      const names = [...request.fields.keys()];
      const expected = `a field of ${request.name} for every argument (${names.join(", ") || "it has none"})`;
      declaration.use.refuse([], expected, `argument ${name}`, nearestNameHint(name, names));
      continue;
    }
    slots.push({ path: [field.name], input: compileInput(argumentSelection(name), true) });
  }
  return slots;
}

function argumentSelection(name: string): PlacedSelection {
  const map: PathSelection = {
    kind: "path",
    root: "args",
    segments: [{ name, arguments: [], offset: 0 }],
    then: null,
    offset: 0,
  };
  return { map, text: `$args.${name}`, placeAt: () => ({ file: "", line: 0, column: 0 }) };
}

function resolveKeyField(declaration: GrpcDeclaration, request: ProtoMessage): string | null {
  const name = declaration.batch?.as ?? "";
  const field = findProtoField(request, name);
  if (field?.isRepeated === true) return field.name;
  const names = [...request.fields.values()]
    .filter((candidate) => candidate.isRepeated)
    .map((candidate) => candidate.name);
  const expected = `a repeated field of ${request.name} (${names.join(", ") || "it has none"})`;
  declaration.use.refuse(["batch", "as"], expected, name, nearestNameHint(name, names));
  return null;
}

function setAt(message: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let target = message;
  for (const [index, name] of path.entries()) {
    if (index === path.length - 1) target[name] = value;
    else target = (target[name] ??= {}) as Record<string, unknown>;
  }
}
