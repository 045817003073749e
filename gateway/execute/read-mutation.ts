import { loadersOf } from "../batching/request-loaders.ts";
import type { RequestScope } from "../core/request-scope.ts";
import { needOfPath, type PathReading, readPath } from "./read-path.ts";

/**
 * Follows the path of a field of `Mutation`, whose first step is the call that changes something. When it has been
 * answered, well or not, every row that the request has read is forgotten: what follows on the path, what is selected
 * of the answer and the mutations after it ask again.
 */
export async function readMutation(
  from: unknown,
  reading: PathReading,
  scope: RequestScope,
): Promise<unknown> {
  const [first, ...rest] = reading.steps;
  if (first === undefined) return from ?? null;
  const after = { ...reading, steps: rest };
  let answer: unknown;
  try {
    answer = await readPath(from, { ...reading, steps: [first], need: needOfPath(after) }, scope);
  } finally {
    loadersOf(scope).clear();
  }
  return readPath(answer, after, scope);
}
