import { toOverlockError } from "../../core/errors.ts";
import type { DirectiveUse, PlacedSelection } from "../../language/directive-reader.ts";
import type { ErrorRule } from "../../language/error-rules.ts";
import { compileSelection, rawRoots, type SelectionRoots } from "../../language/evaluate-selection.ts";
import { plainNamesOf, type SelectionMap } from "../../language/selection-map.ts";
import type { GrpcDeclaration } from "../../language/grpc-declaration.ts";
import type { SourceField, SourceSchema } from "../../language/source-schema.ts";
import type { AccessTokens } from "../../outbound/client-credentials.ts";
import {
  type GrpcChannel,
  type GrpcMethod,
  type SerializedRequest,
  serializeRequest,
} from "../../outbound/grpc-channel.ts";
import { GrpcStatusError } from "../../outbound/grpc-failure.ts";
import type { InFlightReads } from "../../outbound/in-flight-reads.ts";
import { sendAuthorized } from "../../outbound/send-authorized.ts";
import { exchangeUpstream } from "../../outbound/upstream-call.ts";
import { type BatchRule, compileBatch, type DeclaredCall } from "../declared-call.ts";
import { compileErrorRules } from "../error-mapping.ts";
import { sharesInFlight } from "../in-flight-sharing.ts";
import {
  buildRequestHeaders,
  findCallerReads,
  metadataKey,
  type RequestHeaders,
} from "../request-headers.ts";
import { propertiesOf, rememberTrimmed } from "../wanted-properties.ts";
import { compileTrimmedDecoder } from "./decode-message.ts";
import { type ErrorDetails, retryDelayMsOf } from "./error-details.ts";
import {
  buildMask,
  type MaskRule,
  printWantedFields,
  resolveMask,
  type ResponseParts,
  wantedFieldsOf,
} from "./grpc-trim.ts";
import {
  describeShape,
  entryShape,
  MessageSelectionError,
  messageShape,
  resolveInMessage,
  type SelectedShape,
} from "./message-selection.ts";
import { type PropertyResolver, withForm } from "./property-resolver.ts";
import type { ProtoField, ProtoMessage, ProtoMethod } from "./proto-model.ts";
import { checkRequestRule } from "./request-rule.ts";
import {
  buildRequest,
  type RequestMask,
  type RequestRule,
  resolveKeyField,
  resolveRequest,
} from "./request-slots.ts";
import { isProtoElement } from "./request-value.ts";
import { grpcStatusError, notFoundStatus } from "./status-codes.ts";
import type { ValueForm } from "./value-form.ts";

export interface GrpcCallParts {
  readonly source: SourceSchema;
  readonly field: SourceField;
  readonly declaration: GrpcDeclaration;
  readonly method: ProtoMethod;
  readonly headers: RequestHeaders;
  readonly channel: GrpcChannel;
  readonly tokens: AccessTokens | null;
  readonly reads: InFlightReads;
  readonly details: ErrorDetails;
  /** Knows the form that a value needs for its type. */
  readonly properties: PropertyResolver;
}

/** Compiles one `@grpc` field into the call that fetches it; `value` is the shape of the field's value. */
export function compileGrpcCall(
  parts: GrpcCallParts,
): { readonly call: DeclaredCall; readonly value: SelectedShape } | null {
  const { source, field, declaration, method, headers, channel, tokens } = parts;
  const response = resolveResponse(parts);
  const slots = resolveRequest(parts);
  const keyField = declaration.batch === null ? null : resolveKeyField(declaration, method.request, slots);
  const rule = { request: method.request, slots, keyField };
  checkRequestRule(rule, declaration.use);
  if (response === null) return null;
  const mask = resolveTrim(parts, rule, response);
  const form = parts.properties.formOf(field, response.element);
  const selected = response.select === null ? null : compileSelection(response.select);
  const select =
    declaration.batch !== null || form === null ? selected : withForm(selected ?? wholeValue, form);
  const isSafe = !field.isMutation && (method.isSafe || declaration.isDeclaredSafe);
  const owner = {
    source: source.name,
    coordinate: field.coordinate,
    timeoutMs: source.timeoutMs,
    isMutation: field.isMutation,
    isSafe,
    reads: parts.reads,
  };
  const isShared = sharesInFlight(declaration, source, isSafe);

  const readMessage = compileMessageReader(parts);
  const batch = withRowForm(compileKeys(declaration, response.batch, keyField), form);
  const inputs = slots.map((slot) => slot.input);
  const callerReads = findCallerReads(batch === null ? inputs : [...inputs, batch.key], headers);
  const makeCall = (decoded: Decoding, asked: RequestMask | null): DeclaredCall => ({
    source: source.name,
    coordinate: field.coordinate,
    template: method.path.slice(1),
    asksFor: asked?.names ?? null,
    isSafe,
    isShared,
    callerReads,
    reads: parts.reads,
    isMutation: field.isMutation,
    inputs: [...inputs, ...headers.inputs],
    batch,
    send({ values, keys }, scope, read) {
      try {
        const metadata = buildRequestHeaders(headers, values.slice(slots.length), scope);
        const bytes = serializeRequest(method, buildRequest(rule, values, keys, asked));
        const request = { bytes, metadata };
        return exchangeUpstream(scope, owner, {
          key: isShared ? `${keyOfGrpcRequest(method, request)}\n${decoded.text}` : null,
          send: (deadline) =>
            sendAuthorized<object>(tokens, {
              deadline,
              isSafe,
              isRefused: (answer) =>
                answer instanceof GrpcStatusError && answer.status === unauthenticatedStatus,
              send: (authorization) =>
                channel.sendBytes(decoded.method, authorize(request, authorization), deadline),
            }),
          read(raw) {
            const answer = readMessage(raw, keys !== null);
            return read(select === null || answer === null ? answer : select(rawRoots(answer)));
          },
        });
      } catch (error) {
        return Promise.reject(toOverlockError(error));
      }
    },
    trimmed: null,
  });
  const whole = { method, text: "" };
  const answerParts = response.parts;
  if (answerParts === null) return { call: makeCall(whole, null), value: response.value };
  const call: DeclaredCall = {
    ...makeCall(whole, null),
    trimmed: rememberTrimmed((wanted) => {
      const fields = wantedFieldsOf(answerParts, wanted);
      const value = mask === null ? null : buildMask(mask, answerParts, wanted);
      if (fields === null && value === null) return call;
      const decoded =
        fields === null
          ? whole
          : {
              method: { ...method, deserialize: compileTrimmedDecoder(method.response, fields) },
              text: printWantedFields(fields),
            };
      return makeCall(
        decoded,
        mask === null || value === null ? null : { path: mask.path, value, names: wanted },
      );
    }),
  };
  return { call, value: response.value };
}

/** With the gateway's own token, which is no part of what a request is the same by. */
function authorize(request: SerializedRequest, authorization: string | null): SerializedRequest {
  return authorization === null ? request : { ...request, metadata: { ...request.metadata, authorization } };
}

/** https://grpc.io/docs/guides/status-codes/ */
const unauthenticatedStatus = 16;

/** Null for NOT_FOUND where one thing was asked for: reading nothing is an answer, changing nothing is a failure. */
function compileMessageReader({
  declaration,
  details,
  field,
}: GrpcCallParts): (answer: object, isBatched: boolean) => object | null {
  const errors = compileErrorRules(resolveErrorRules(declaration, details));
  return (answer, isBatched) => {
    if (!(answer instanceof GrpcStatusError)) return answer;
    const body = details.read(answer);
    const declared = errors.find([String(body["status"])], body);
    const isMissing = answer.status === notFoundStatus && !isBatched && !field.isMutation;
    if (isMissing && declared === null) return null;
    throw grpcStatusError(answer, { declared, retryDelayMs: retryDelayMsOf(body) });
  };
}

/** Text that is equal for equal requests: of all that is sent but what is about one call only. */
function keyOfGrpcRequest({ path }: ProtoMethod, { bytes, metadata }: SerializedRequest): string {
  return `${path}\n${metadataKey(metadata)}\n${bytes.toString("latin1")}`;
}

/** The method, of which only a part of the answer may be decoded; `text` is equal for equal parts. */
interface Decoding {
  readonly method: GrpcMethod;
  readonly text: string;
}

function resolveTrim(
  { declaration: { use, trim } }: GrpcCallParts,
  rule: RequestRule,
  { objects }: { readonly objects: SelectedShape },
): MaskRule | null {
  if (trim === null) return null;
  const found = resolveMap(use, trim.select, ["trim", "select"], objects);
  if (found === null) return null;
  const at = found.map === null ? [] : (plainNamesOf(found.map) ?? []);
  return resolveMask(trim, { ...found.shape, at }, rule, use);
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

function withRowForm(rule: BatchRule | null, form: ValueForm | null): BatchRule | null {
  if (rule === null || form === null) return rule;
  return { ...rule, rows: { ...rule.rows, value: withForm(rule.rows.value ?? wholeValue, form) } };
}

function wholeValue({ value }: SelectionRoots): unknown {
  return value;
}

/**
 * Puts the maps that read the response into the proto's names; null, with problems reported, where one can't be.
 * `element` is what one row yields, or the call that has no rows; `value` is the field's value.
 */
function resolveResponse({ declaration, method }: GrpcCallParts) {
  const { use, batch } = declaration;
  const select = resolveMap(use, declaration.select, ["select"], messageShape(method.response));
  // Where the rows can't be found, what is in them is not known either.
  if (select === null) return null;
  if (batch === null)
    return {
      select: select.map,
      batch: noMaps,
      element: select.shape,
      value: select.shape,
      objects: select.shape,
      parts: partsOf(method.response, [select], { row: null, value: null, isMapOfRows: false }),
    };
  const rows = resolveMap(use, batch.select, ["batch", "select"], select.shape);
  if (rows === null) return null;
  const row = rowShape(rows.shape, batch.match === null);
  if (row === null) {
    const expected = batch.match === null ? "a map of rows" : "one list of rows";
    use.refuse(batch.select === null ? ["batch"] : ["batch", "select"], expected, describeShape(rows.shape));
    return null;
  }
  const match = resolveMap(use, batch.match, ["batch", "match"], row);
  const value = resolveMap(use, batch.value, ["batch", "value"], row);
  if (match === null || value === null) return null;
  const { kind, lists } = match.shape;
  const isKey = kind === "object" || kind === "json" || (kind === "scalar" && lists === 0);
  if (batch.match !== null && !isKey) {
    use.refuse(["batch", "match"], "a path to one scalar", describeShape(match.shape));
    return null;
  }
  const isList = batch.isGrouped || batch.isKeyList;
  return {
    select: select.map,
    batch: { select: rows.map, match: match.map, value: value.map },
    element: value.shape,
    objects: row,
    parts: partsOf(method.response, [select, rows], {
      row: match.map,
      value: value.map,
      isMapOfRows: batch.match === null,
    }),
    value: { ...value.shape, lists: value.shape.lists + (isList ? 1 : 0) },
  };
}

/** Null where what is wanted of a row can't be told from what is wanted of its value. */
function partsOf(
  response: ProtoMessage,
  steps: readonly { readonly map: SelectionMap | null }[],
  read: {
    readonly row: SelectionMap | null;
    readonly value: SelectionMap | null;
    readonly isMapOfRows: boolean;
  },
): ResponseParts | null {
  const valueAt = read.value === null ? [] : plainNamesOf(read.value);
  if (valueAt === null) return null;
  const names = steps.map(({ map }) => (map === null ? [] : plainNamesOf(map)));
  const start = names.some((one) => one === null) ? null : names.flatMap((one) => one ?? []);
  const own = read.row === null ? [] : propertiesOf(read.row);
  return { response, start, isMapOfRows: read.isMapOfRows, valueAt, own };
}

const noMaps = { select: null, match: null, value: null };

/** One row of a list, or of a map where its keys are the rows'; null where there is no such thing. */
function rowShape(rows: SelectedShape, isKeyed: boolean): SelectedShape | null {
  if (rows.kind === "json") return rows;
  if (isKeyed)
    return rows.kind === "map" && rows.field !== null && rows.lists === 0 ? entryShape(rows.field, 0) : null;
  return rows.lists === 1 ? { ...rows, lists: 0 } : null;
}

/** The rules with the names that error bodies have; those with a problem are left out. */
function resolveErrorRules({ use, errors }: GrpcDeclaration, { body }: ErrorDetails): ErrorRule[] {
  return errors.flatMap((rule) => {
    const resolved: Record<string, PlacedSelection | null> = {};
    for (const name of ["when", "codeFrom", "messageFrom"] as const) {
      const selection = rule[name];
      const found = resolveMap(use, selection, ["errors", name], messageShape(body));
      if (found === null) return [];
      if (selection !== null && name !== "when" && (found.shape.kind !== "scalar" || found.shape.lists > 0)) {
        use.refuseAt({
          place: selection.placeAt(0),
          path: ["errors", name],
          expected: "a path to one text or number",
          found: describeShape(found.shape),
        });
        return [];
      }
      resolved[name] = selection === null || found.map === null ? null : { ...selection, map: found.map };
    }
    return [{ ...rule, ...resolved }];
  });
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
