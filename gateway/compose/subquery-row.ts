import { OverlockError } from "../core/errors.ts";
import type { RequestScope } from "../core/request-scope.ts";
import type { RowSelection } from "../sources/graphql/row-selection.ts";
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

/** Asks for an object by the values of its key; null where they name nothing. */
export async function runSubqueryLookup(
  { lookup, call, typeName, selection }: SubqueryLookup,
  values: readonly unknown[],
  scope: RequestScope,
): Promise<unknown> {
  const { key, keyList } = lookup;
  const textOf = compileKeyReader(true);
  const text = textOf(Object.fromEntries(key.map((path, index) => [path, values[index]])));
  if (text === null) return null;
  const { rootType, fieldName } = call;
  const request = { rootType, fieldName, selection };
  const args = lookup.argumentsFor(values);
  if (keyList === null) return call.subqueries.run({ ...request, args, key: null }, scope);
  const { [keyList.argument]: element, ...others } = args;
  return call.subqueries.run(
    {
      ...request,
      args: others,
      key: {
        argument: keyList.argument,
        fields: key,
        value: element,
        text,
        textOfRow(row) {
          const found: Record<string, unknown> = {};
          for (const path of key) found[path] = readKeyPath(row, selection, typeName, path);
          return textOf(found);
        },
      },
    },
    scope,
  );
}

/** The value at a path of a key in a row; `undefined` where there is none. Raises the error that stands in its place. */
function readKeyPath(row: unknown, selection: RowSelection | null, typeName: string, path: string): unknown {
  const [name = "", ...rest] = path.split(".");
  const field = selection?.fieldOf(typeName, name, {});
  if (field === undefined || typeof row !== "object" || row === null) return undefined;
  const value = (row as Record<string, unknown>)[field.responseKey];
  if (value instanceof OverlockError) throw value;
  if (rest.length === 0) return value;
  const [below = ""] = field.selection?.types.keys() ?? [];
  return readKeyPath(value, field.selection, below, rest.join("."));
}
