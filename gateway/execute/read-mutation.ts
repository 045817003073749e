import { loadersOf } from "../batching/request-loaders.ts";
import type { BoundStep } from "../compose/bindings.ts";
import type { RequestScope } from "../core/request-scope.ts";
import { readPath } from "./read-path.ts";

/**
 * Follows the path of a field of `Mutation`, whose first step is the call that changes something. When it has been
 * answered, well or not, every row that the request has read is forgotten: what follows on the path, what is selected
 * of the answer and the mutations after it ask again.
 */
export async function readMutation(
  from: unknown,
  steps: readonly BoundStep[],
  clientArgs: Readonly<Record<string, unknown>>,
  scope: RequestScope,
): Promise<unknown> {
  let answer: unknown;
  try {
    answer = await readPath(from, steps.slice(0, 1), clientArgs, scope);
  } finally {
    loadersOf(scope).clear();
  }
  return readPath(answer, steps.slice(1), clientArgs, scope);
}
