import { loadersOf } from "../batching/request-loaders.ts";
import { canonicalJson } from "../core/canonical-json.ts";
import { OverlockError } from "../core/errors.ts";
import type { RequestScope } from "../core/request-scope.ts";
import type { BatchDeclaration } from "../language/call-declaration.ts";
import type { PlacedSelection } from "../language/directive-reader.ts";
import {
  type CompiledSelection,
  compileSelection,
  parentFieldsOf,
  type SelectionRoots,
} from "../language/evaluate-selection.ts";
import { pathsOf, type SelectionMap } from "../language/selection-map.ts";
import { compileKeyReader, type KeyReader, type RowRule, rowsByKey } from "./keyed-rows.ts";

/** One value that a call is made from. */
export interface CallInput {
  readonly evaluate: CompiledSelection;
  /** The `$parent` fields it reads. */
  readonly parentFields: readonly string[];
  /** What an absent value means: the value is left out, there is no call, or there is no call and an error says why. */
  readonly onAbsent: "omit" | "skip" | "refuse";
  /** As written, for messages. */
  readonly text: string;
  readonly isClaim: boolean;
}

/** What fetches one field: inputs, how keys are batched, and the request itself. */
export interface DeclaredCall {
  readonly source: string;
  readonly coordinate: string;
  /** Equal safe calls of one request are made once. */
  readonly isSafe: boolean;
  readonly inputs: readonly CallInput[];
  readonly batch: BatchRule | null;
  /**
   * Sends the request: `values` in the order of `inputs`, `keys` where it is batched. Resolves to the decoded response
   * with `select` applied; null or undefined where the backend has nothing.
   */
  send(values: readonly unknown[], keys: readonly unknown[] | null, scope: RequestScope): Promise<unknown>;
}

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
 * depends on is absent there is no call: the result is null, or UNAUTHENTICATED or HEADER_REQUIRED is raised.
 */
export async function runDeclaredCall(
  call: DeclaredCall,
  origin: CallOrigin,
  scope: RequestScope,
): Promise<unknown> {
  const roots = await readRoots(call, origin, scope);
  const values: unknown[] = [];
  for (const input of call.inputs) {
    const value = readInput(call, input, roots);
    if (value === skip) return null;
    values.push(value);
  }
  const { batch } = call;
  if (batch !== null) return loadKeys(call, batch, roots, values, scope);
  if (!call.isSafe) return call.send(values, null, scope);
  const text = canonicalJson(values);
  return loadersOf(scope).load(
    {
      owner: call,
      group: text,
      maxSize: 1,
      textOf: () => text,
      fetch: async () => new Map([[text, await call.send(values, null, scope)]]),
      missing: null,
    },
    text,
  );
}

/** Compiles a checked input of a call. `isOptional`: its arguments may be left out. */
export function compileInput(selection: PlacedSelection, isOptional: boolean): CallInput {
  const paths = pathsOf(selection.map);
  const roots = new Set(paths.map((path) => path.root));
  const refuses = roots.has("claims") || roots.has("headers");
  const omits = isOptional && !roots.has("parent");
  return {
    evaluate: compileSelection(selection.map),
    parentFields: parentFieldsOf(paths),
    onAbsent: refuses ? "refuse" : omits ? "omit" : "skip",
    text: selection.text,
    isClaim: roots.has("claims"),
  };
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

function readInput(call: DeclaredCall, input: CallInput, roots: SelectionRoots): unknown {
  const value = input.evaluate(roots);
  if (value !== undefined && value !== null) return isEmptyList(value) ? skip : value;
  switch (input.onAbsent) {
    case "omit":
      return undefined;
    case "skip":
      return skip;
    case "refuse":
      if (!input.isClaim)
        throw new OverlockError("HEADER_REQUIRED", `${call.coordinate} needs ${input.text}.`);
      throw new OverlockError("UNAUTHENTICATED", `${call.coordinate} needs a token with ${input.text}.`);
  }
}

/** An empty list of keys or filters would ask for everything. */
function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function loadKeys(
  call: DeclaredCall,
  batch: BatchRule,
  roots: SelectionRoots,
  values: readonly unknown[],
  scope: RequestScope,
): Promise<unknown> | unknown {
  const key = batch.key.evaluate(roots);
  if (batch.isKeyList && isEmptyList(key)) return [];
  const found = readInput(call, batch.key, roots);
  if (found === skip) return null;
  const keyed = {
    owner: call,
    group: values.length === 0 ? "" : canonicalJson(values),
    maxSize: batch.maxSize,
    textOf: (one: unknown) => batch.textOfKey(one) ?? "",
    fetch: async (keys: readonly unknown[]) => {
      const response = await call.send(values, keys, scope);
      return rowsByKey(response, batch.rows, call.coordinate);
    },
    missing: batch.isGrouped ? emptyRows : null,
  };
  const load = (one: unknown): Promise<unknown> | null =>
    batch.textOfKey(one) === null ? null : loadersOf(scope).load(keyed, one);
  if (!batch.isKeyList) return load(found);
  return Promise.all((Array.isArray(found) ? found : [found]).map(load));
}

const emptyRows: readonly unknown[] = Object.freeze([]);
