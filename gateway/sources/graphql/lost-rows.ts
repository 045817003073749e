import { BackendError } from "./backend-error.ts";
import { type SubqueryRequest, subqueryRequest } from "./subquery-request.ts";

/*
 * Where a field that a backend promised to be non-null fails, GraphQL has its null climb to the next object that may be
 * null, and all that was asked of that object is lost. What a client sees is not the backend's nullability but the client
 * schema's, so a row that was lost like this is asked for once more without the field that failed.
 */

/** A row that was lost, and what it is asked for now. */
export interface LostRow {
  /** Of the request that was made first. */
  readonly text: string;
  readonly request: SubqueryRequest;
  /** What was left out of it. */
  readonly failures: readonly BackendError[];
}

/** The row to be asked for again without what failed; none where nothing was lost or nothing is left to ask for. */
export function withoutFailure({ text, request, failures }: LostRow, value: unknown): LostRow[] {
  const { selection, key } = request;
  if (!(value instanceof BackendError) || value.fieldPath.length === 0 || selection === null) return [];
  const reduced = selection.without(value.fieldPath);
  const isSmaller = reduced.text !== selection.text;
  const left = [...reduced.types.values()].flatMap((fields) => [...fields.keys()]);
  if (!isSmaller || left.every((field) => key?.fields.includes(field) ?? false)) return [];
  const again = subqueryRequest({ ...request, selection: reduced });
  return [{ text, request: again, failures: [...failures, value] }];
}

/** The value with an error where it happened: in each object at the end of its path. What it was made of stays as it is. */
export function withFailure(value: unknown, failure: BackendError): unknown {
  return placed(value, failure.fieldPath, failure);
}

function placed(value: unknown, path: readonly string[], failure: BackendError): unknown {
  if (Array.isArray(value)) return value.map((element: unknown) => placed(element, path, failure));
  const [key, ...rest] = path;
  if (typeof value !== "object" || value === null || value instanceof Error || key === undefined)
    return value;
  const row = value as Readonly<Record<string, unknown>>;
  if (rest.length === 0) return { ...row, [key]: failure };
  return Object.hasOwn(row, key) ? { ...row, [key]: placed(row[key], rest, failure) } : row;
}
