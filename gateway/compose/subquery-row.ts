import { OverlockError } from "../core/errors.ts";
import type { RowSelection } from "../sources/graphql/row-selection.ts";
import { subqueryRequest, type SubqueryRequest } from "../sources/graphql/subquery-request.ts";
import { compileKeyReader } from "../sources/keyed-rows.ts";
import type { EntityLookup } from "./entity-lookup.ts";
import type { FieldSupplier } from "./supergraph-model.ts";
import type { SubqueryCall } from "./subquery-call.ts";

/** A row of a GraphQL source, which has what the subquery asked for and nothing else. */
export class SubqueryRow {
  /** A raw object, null, or the promise of one. */
  readonly value: unknown;
  readonly selection: RowSelection;

  constructor(value: unknown, selection: RowSelection) {
    this.value = value;
    this.selection = selection;
  }
}

/** The raw value of a field. Raises UPSTREAM_INVALID_RESPONSE where the answer does not have what it was asked for. */
export function readSubqueryRow(row: unknown, responseKey: string, supplier: FieldSupplier): unknown {
  if (row === null || row === undefined) return null;
  if (typeof row === "object" && Object.hasOwn(row, responseKey))
    return (row as Record<string, unknown>)[responseKey];
  throw nothingFor(supplier);
}

/** What stands for a field that an answer should have and does not. */
export function nothingFor({ field }: FieldSupplier): OverlockError {
  return new OverlockError("UPSTREAM_INVALID_RESPONSE", `the answer has nothing for ${field.coordinate}`);
}

export interface SubqueryLookup {
  readonly lookup: EntityLookup;
  readonly call: SubqueryCall;
  readonly typeName: string;
  readonly selection: RowSelection;
}

/** Compiles what asks for an object by the values of its key; there is nothing to ask for where they name nothing. */
export function compileSubqueryLookup({
  lookup,
  call,
  typeName,
  selection,
}: SubqueryLookup): (values: readonly unknown[]) => SubqueryRequest | null {
  const { key, keyList } = lookup;
  const { rootType, fieldName } = call;
  const textOf = compileKeyReader(true);
  const readers = key.map((path) => [path, compileKeyPath(selection, typeName, path)] as const);
  const textOfRow = (row: Readonly<Record<string, unknown>>): string | null => {
    const found: Record<string, unknown> = {};
    for (const [path, read] of readers) found[path] = read(row);
    return textOf(found);
  };
  return (values) => {
    const text = textOf(Object.fromEntries(key.map((path, index) => [path, values[index]])));
    if (text === null) return null;
    const args = lookup.argumentsFor(values);
    if (keyList === null) return subqueryRequest({ rootType, fieldName, args, selection, key: null });
    const { argument } = keyList;
    const { [argument]: value, ...others } = args;
    return subqueryRequest({
      rootType,
      fieldName,
      args: others,
      selection,
      key: { argument, fields: key, value, text, textOfRow },
    });
  };
}

/** Reads the value at a path of a key in a row; `undefined` where there is none. It raises the error that stands in its place. */
function compileKeyPath(
  selection: RowSelection | null,
  typeName: string,
  path: string,
): (row: unknown) => unknown {
  const [name = "", ...rest] = path.split(".");
  const field = selection?.fieldOf(typeName, name, {});
  if (field === undefined) return () => undefined;
  const { responseKey } = field;
  const [below = ""] = field.selection?.types.keys() ?? [];
  const readBelow = rest.length === 0 ? null : compileKeyPath(field.selection, below, rest.join("."));
  return (row) => {
    if (typeof row !== "object" || row === null) return undefined;
    const value = (row as Record<string, unknown>)[responseKey];
    if (value instanceof OverlockError) throw value;
    return readBelow === null ? value : readBelow(value);
  };
}
