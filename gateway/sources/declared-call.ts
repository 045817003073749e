import { allInOrder } from "../core/all-in-order.ts";
import { type KeyedCall, loadersOf } from "../batching/request-loaders.ts";
import { canonicalJson } from "../core/canonical-json.ts";
import { OverlockError } from "../core/errors.ts";
import type { RequestScope } from "../core/request-scope.ts";
import type { BatchDeclaration } from "../language/call-declaration.ts";
import type { PlacedSelection } from "../language/directive-reader.ts";
import {
  type CompiledSelection,
  compileSelection,
  namesReadOf,
  type SelectionRoots,
} from "../language/evaluate-selection.ts";
import {
  type ListSelection,
  type PathSelection,
  pathsOf,
  type SelectionMap,
} from "../language/selection-map.ts";
import type { CallerReads, ReadEpoch } from "./caller-reads.ts";
import { compileKeyReader, type KeyReader, type RowRule, rowsByKey } from "./keyed-rows.ts";
import type { WantedProperties } from "./wanted-properties.ts";

/** One value that a call is made from. */
export interface CallInput {
  readonly evaluate: CompiledSelection;
  /** The `$parent` fields it reads. */
  readonly parentFields: readonly string[];
  /** The arguments it reads. */
  readonly argumentNames: readonly string[];
  /** The claims it reads, of a nested one the outermost name; an empty name stands for all of them. */
  readonly claimNames: readonly string[];
  /** The headers it reads, in lower case. */
  readonly headerNames: readonly string[];
  /** What an absent value means: the value is left out, or there is no call. */
  readonly isOptional: boolean;
  /** An argument that is null is sent as null, and not left out. */
  readonly keepsNull: boolean;
  /** An empty list is a value like another; without it there is no call. */
  readonly keepsEmptyList: boolean;
  /** What has to be there, wherever in the value it stands. */
  readonly needs: readonly Need[];
  /** The lists that arguments bring; an empty one would ask for everything. */
  readonly lists: readonly CompiledSelection[];
}

/** A value that must not be absent: without it there is no call, and for claims and headers an error says why. */
interface Need {
  readonly evaluate: CompiledSelection;
  readonly kind: "claim" | "header" | "parent";
  /** `sub`, `x-tenant`, for the message. */
  readonly name: string;
}

/** What fetches one field: inputs, how keys are batched, and the request itself. */
export interface DeclaredCall {
  readonly source: string;
  readonly coordinate: string;
  /** What it sends, for people: `GET /ratings{?ids*}`, `shop.inventory.v1.InventoryService/BatchGetStock`. */
  readonly template: string;
  /** What it asks the backend to send, and nothing else; null: everything. */
  readonly asksFor: readonly string[] | null;
  /** Equal safe calls of one request are made once. */
  readonly isSafe: boolean;
  /** Equal calls that are under way, of whichever request, are sent once. */
  readonly isShared: boolean;
  /** What it reads of whoever asks. */
  readonly callerReads: CallerReads;
  /** Of its source: the epoch is another one where something may have been changed there. */
  readonly reads: ReadEpoch;
  /** A field of `Mutation`: without a call nothing is done, and the client has to know. */
  readonly isMutation: boolean;
  readonly inputs: readonly CallInput[];
  readonly batch: BatchRule | null;
  /** Sends the request and resolves to what `read` makes of the response. */
  send<Answer>(request: CallRequest, scope: RequestScope, read: ResponseReader<Answer>): Promise<Answer>;
  /**
   * The same call for somebody who reads only these properties: other ones may be absent from its value. What the call
   * itself reads, keys for example, is added. A call of its own, whose rows are shared with no other; the same one for
   * equal properties. Null where nothing would be saved.
   */
  readonly trimmed: ((wanted: WantedProperties) => DeclaredCall) | null;
}

/** `values` in the order of the call's `inputs`, `keys` where it is batched. */
export interface CallRequest {
  readonly values: readonly unknown[];
  readonly keys: readonly unknown[] | null;
}

/**
 * Reads the decoded response with `select` applied; null or undefined where the backend has nothing. What it raises is
 * recorded as a failure of the call.
 */
export type ResponseReader<Answer> = (response: unknown) => Answer;

export interface BatchRule {
  readonly key: CallInput;
  /** The key's text for comparison, or null where the key is unusable. */
  readonly textOfKey: KeyReader;
  readonly rows: RowRule;
  readonly maxSize: number;
  /** `of` is a list: the field has one row for each of its elements. */
  readonly isKeyList: boolean;
  /** The field is a list of all rows that match its one key. */
  readonly isGrouped: boolean;
}

/** Where a call's inputs come from: the field's arguments and its parent object. */
export interface CallOrigin {
  readonly args: Readonly<Record<string, unknown>>;
  /** Reads scalar fields of the parent, whichever source supplies them; `undefined` where absent. */
  readParent(fields: readonly string[]): Promise<Readonly<Record<string, unknown>>>;
}

/**
 * Makes a declared call, or joins it to others, and resolves to the field's raw value. Where a value that the call
 * depends on is absent there is no call: the result is null, of a mutation BAD_USER_INPUT, or UNAUTHENTICATED or
 * HEADER_REQUIRED is raised.
 */
export async function runDeclaredCall(
  call: DeclaredCall,
  origin: CallOrigin,
  scope: RequestScope,
): Promise<unknown> {
  const roots = await readRoots(call, origin, scope);
  const values = readValues(call, roots);
  if (values === null) return noCall(call);
  const { batch } = call;
  if (batch !== null) return loadKeys(call, batch, { roots, values, scope });
  if (!call.isSafe) return call.send({ values, keys: null }, scope, asItIs);
  return loadersOf(scope).load(singleCall(call, values, scope), null);
}

/** A safe call without keys, of which equal ones of a request are made once. */
export function singleCall(
  call: DeclaredCall,
  values: readonly unknown[],
  scope: RequestScope,
): KeyedCall<null> {
  return {
    owner: call,
    group: textOfValues(values, call.coordinate),
    maxSize: 1,
    textOf: () => "",
    fetch: () => call.send({ values, keys: null }, scope, asOnlyRow),
    missing: null,
  };
}

/** A batched call, whose keys are asked for together. */
export function keyedCall(
  call: DeclaredCall,
  batch: BatchRule,
  values: readonly unknown[],
  scope: RequestScope,
): KeyedCall<unknown> {
  return {
    owner: call,
    group: textOfValues(values, call.coordinate),
    maxSize: batch.maxSize,
    textOf: (key) => batch.textOfKey(key) ?? "",
    fetch: (keys) =>
      call.send({ values, keys }, scope, (response) => rowsByKey(response, batch.rows, call.coordinate)),
    missing: batch.isGrouped ? emptyRows : null,
  };
}

/**
 * The values of a call's inputs, in their order; null where one that the call depends on is absent, so that there is no
 * call. Raises UNAUTHENTICATED or HEADER_REQUIRED.
 */
export function readValues({ inputs }: DeclaredCall, roots: SelectionRoots): readonly unknown[] | null {
  const values: unknown[] = [];
  for (const input of inputs) {
    const value = readInput(input, roots);
    if (value === skip) return null;
    values.push(value);
  }
  return values;
}

/** The key of a batched call; `undefined` where it is absent. Raises like {@link readValues}. */
export function readKey({ key }: BatchRule, roots: SelectionRoots): unknown {
  const value = readInput(key, roots);
  return value === skip ? undefined : value;
}

/** What a call that can't be made yields: nothing was read, and what should have changed something was not done. */
export function noCall({ isMutation }: Pick<DeclaredCall, "isMutation">): null {
  if (!isMutation) return null;
  throw new OverlockError("BAD_USER_INPUT", "Expected arguments that can be sent; nothing was done.");
}

/** Text that is equal for equal values; what is absent differs from null. Raises INVALID_VALUE for bottomless values. */
function textOfValues(values: readonly unknown[], coordinate: string): string {
  let text = "";
  try {
    for (const value of values) text += value === undefined ? "," : `${canonicalJson(value)},`;
    return text;
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new OverlockError("INVALID_VALUE", `a value for ${coordinate} is nested too deeply`, { cause });
  }
}

function asOnlyRow(response: unknown): Map<string, unknown> {
  return new Map([["", response]]);
}

function asItIs(response: unknown): unknown {
  return response;
}

/** Compiles a checked input of a call. `isOptional`: its arguments may be left out. */
export function compileInput(selection: PlacedSelection, isOptional: boolean): CallInput {
  const { map } = selection;
  return {
    evaluate: compileSelection(map),
    parentFields: namesReadOf("parent", pathsOf(map)),
    argumentNames: namesReadOf("args", pathsOf(map)),
    claimNames: namesReadOf("claims", pathsOf(map)),
    headerNames: namesReadOf("headers", pathsOf(map)).map((name) => name.toLowerCase()),
    isOptional,
    keepsNull: false,
    keepsEmptyList: false,
    needs: needsOf(map),
    lists: pathsOf(map)
      .filter((path) => path.root === "args")
      .map((path) => compileSelection({ ...path, then: null })),
  };
}

/**
 * Compiles a value of a JSON body, where null and an empty list can be told from nothing. A call that changes nothing is
 * not made for an empty list all the same: as a filter it would ask for everything.
 */
export function compileBodyInput(selection: PlacedSelection, isSafe: boolean): CallInput {
  const input = isSafe ? compileInput(selection, true) : compileChangeInput(selection);
  return { ...input, keepsNull: true };
}

/** Compiles an optional value of a request that changes something: an empty list is what it says. */
export function compileChangeInput(selection: PlacedSelection): CallInput {
  return { ...compileInput(selection, true), keepsEmptyList: true, lists: [] };
}

/** Compiles a batch; `translated` are its maps that read the response, in the names of the raw value. */
export function compileBatch(
  batch: BatchDeclaration,
  translated: {
    readonly select: SelectionMap | null;
    readonly match: SelectionMap | null;
    readonly value: SelectionMap | null;
  },
): BatchRule {
  const compile = (map: SelectionMap | null): CompiledSelection | null =>
    map === null ? null : compileSelection(map);
  return {
    key: compileInput(batch.of, false),
    textOfKey: compileKeyReader(batch.of.map.kind === "object"),
    rows: {
      select: compile(translated.select),
      match: compile(translated.match),
      value: compile(translated.value),
      textOfKey: compileKeyReader(batch.of.map.kind === "object"),
      isGrouped: batch.isGrouped,
    },
    maxSize: batch.maxSize,
    isKeyList: batch.isKeyList,
    isGrouped: batch.isGrouped,
  };
}

/**
 * The values of inputs that read the caller's claims and headers only. Null where one is absent and there is no call;
 * raises UNAUTHENTICATED or HEADER_REQUIRED like a declared call.
 */
export function readInputs(inputs: readonly CallInput[], scope: RequestScope): readonly unknown[] | null {
  const { claims } = scope.caller;
  const roots = { value: undefined, args: {}, parent: {}, claims, headers: scope.headers };
  const values = inputs.map((input) => readInput(input, roots));
  return values.includes(skip) ? null : values;
}

const skip = Symbol("no call");

async function readRoots(
  call: DeclaredCall,
  origin: CallOrigin,
  scope: RequestScope,
): Promise<SelectionRoots> {
  const inputs = call.batch === null ? call.inputs : [...call.inputs, call.batch.key];
  const parentFields = [...new Set(inputs.flatMap((input) => input.parentFields))];
  const parent = parentFields.length === 0 ? {} : await origin.readParent(parentFields);
  return { value: undefined, args: origin.args, parent, claims: scope.caller.claims, headers: scope.headers };
}

/**
 * What of the parent, the claims and the headers has to be there. Each alternative stands in for the others, and inside
 * a list these roots mean the same for every element, so that each need can be looked at by itself.
 */
function needsOf(map: SelectionMap | ListSelection): Need[] {
  switch (map.kind) {
    case "path": {
      const below = map.then === null ? [] : needsOf(map.then);
      return [...needOfAny([map]), ...below];
    }
    case "object":
      return map.fields.flatMap((field) => needsOf(field.value));
    case "list":
      return needsOf(map.element);
    case "alternatives": {
      const paths = map.options.filter((option) => option.kind === "path");
      const below = map.options.flatMap((option) => {
        if (option.kind !== "path") return needsOf(option);
        return option.then === null ? [] : needsOf(option.then);
      });
      return [...needOfAny(paths), ...below];
    }
  }
}

/** The need for the first of these paths that is there; none where all of them are optional. */
function needOfAny(paths: readonly PathSelection[]): Need[] {
  const needed = needKinds
    .map(({ root, kind }) => ({ kind, path: paths.find((path) => path.root === root) }))
    .find(({ path }) => path !== undefined);
  if (needed?.path === undefined) return [];
  const options = paths
    .filter((path) => path.root !== "value" && path.root !== "item")
    .map((path) => ({ ...path, then: null }));
  const evaluate = compileSelection({ kind: "alternatives", options, offset: 0 });
  const name = needed.path.segments.map((segment) => segment.name).join(".");
  return [{ evaluate, kind: needed.kind, name }];
}

const needKinds = [
  { root: "claims", kind: "claim" },
  { root: "headers", kind: "header" },
  { root: "parent", kind: "parent" },
] as const;

function readInput(input: CallInput, roots: SelectionRoots): unknown {
  for (const { evaluate, kind, name } of input.needs) {
    if (!isBlank(evaluate(roots))) continue;
    if (kind === "claim")
      throw new OverlockError("UNAUTHENTICATED", `A token with the claim ${name} is required.`);
    if (kind === "header") throw new OverlockError("HEADER_REQUIRED", `The header ${name} is required.`);
    return skip;
  }
  if (input.lists.some((evaluate) => isEmptyList(evaluate(roots)))) return skip;
  const value = input.evaluate(roots);
  if (value === null && input.keepsNull) return null;
  if (value !== undefined && value !== null)
    return !input.keepsEmptyList && isEmptyList(value) ? skip : value;
  return input.isOptional ? undefined : skip;
}

/** Nothing that could be sent: backends read an empty text as no text at all, as protobuf does. */
export function isBlank(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isBlank);
  return value === undefined || value === null || value === "";
}

/** A list without an element that could be sent. */
function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.every((element) => element === null || element === undefined);
}

interface KeyOrigin {
  readonly roots: SelectionRoots;
  readonly values: readonly unknown[];
  readonly scope: RequestScope;
}

async function loadKeys(call: DeclaredCall, batch: BatchRule, origin: KeyOrigin): Promise<unknown> {
  const { roots, values, scope } = origin;
  const keyed = keyedCall(call, batch, values, scope);
  const load = async (key: unknown): Promise<unknown> =>
    batch.textOfKey(key) === null ? null : loadersOf(scope).load(keyed, key);
  if (!batch.isKeyList) {
    const key = readInput(batch.key, roots);
    return key === skip ? null : load(key);
  }
  const keys = batch.key.evaluate(roots);
  return Array.isArray(keys) ? allInOrder(keys.map(load)) : null;
}

const emptyRows: readonly unknown[] = Object.freeze([]);
