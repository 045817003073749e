import type { AbsorbedError } from "../core/request-scope.ts";
import type { ExecutedOperation } from "../execute/executed-operation.ts";

/** What an operation came to, and the text that says so to clients. */
export interface WrittenResult extends Pick<ExecutedOperation, "errors"> {
  readonly outcome: "ok" | "partial" | "error";
  readonly absorbed: readonly AbsorbedError[];
  readonly body: string;
}

/** Writes the result of an operation, with its plan where that was asked for: https://spec.graphql.org/draft/#sec-Response. */
export function writeResult(
  { data, errors }: ExecutedOperation,
  absorbed: readonly AbsorbedError[],
  plan: object | null,
): WrittenResult {
  const outcome = errors.length === 0 ? "ok" : data === null ? "error" : "partial";
  if (errors.length === 0 && absorbed.length === 0 && plan === null)
    return { outcome, errors, absorbed, body: JSON.stringify({ data }) };
  const body = {
    ...(errors.length > 0 && {
      errors: errors.map(({ message, locations, path, code, upstreamCode }) => ({
        message,
        locations,
        path,
        extensions: { code, ...(upstreamCode !== null && { upstreamCode }) },
      })),
    }),
    data,
    ...((absorbed.length > 0 || plan !== null) && {
      extensions: { ...(absorbed.length > 0 && { completeness: absorbed }), ...(plan !== null && { plan }) },
    }),
  };
  return { outcome, errors, absorbed, body: JSON.stringify(body) };
}
