import { RunTurns } from "../core/run-turns.ts";
import type { Execution } from "./execution.ts";

/**
 * Makes every element of a list a promise of its own, and what is made of it with `show` a matter of its own: it is begun
 * when its turn comes. Counts the elements; raises what that raises.
 *
 * The executor completes a list element by element; where one throws at once, it drops the promises of those before, whose
 * rejections then nobody handles and Node ends the process (`completeListValue` of `@graphql-tools/executor` has no guard,
 * unlike `executeFields`). An element that is a promise can't throw at once. Errors in place of elements become rejections.
 *
 * `onArrival` is told of elements that were waited for, before it is their turn.
 */
export function isolateElements(
  value: unknown,
  execution: Execution,
  show: Show = asItIs,
  onArrival?: (element: unknown) => void,
): unknown {
  if (value instanceof Promise)
    return value.then((found: unknown) => isolateElements(found, execution, show, onArrival));
  if (!Array.isArray(value)) return value;
  const elements = value as readonly unknown[];
  execution.countElements(elements.length);
  const isolated = elements.map(() => Promise.withResolvers<unknown>());
  // Whoever completes the list gets a rejection; this keeps it handled where the list is given up before.
  for (const { promise } of isolated) promise.catch(() => {});
  const begin = (element: unknown, index: number): void => {
    const { resolve, reject } = isolated[index] as PromiseWithResolvers<unknown>;
    try {
      const shown = Array.isArray(element)
        ? isolateElements(element, execution, show, onArrival)
        : show(element);
      if (shown instanceof Error) reject(shown);
      else resolve(shown);
    } catch (error) {
      reject(error);
    }
  };
  execution.inTurn(elements.length, (index) => {
    const element = elements[index];
    if (element instanceof Promise)
      RunTurns.inTurn(execution.scope, element, onArrival).then(
        (found) => begin(found, index),
        (error: unknown) => begin(error, index),
      );
    else begin(element, index);
  });
  return isolated.map(({ promise }) => promise);
}

/** The same for a list of leaves, which stays as it is where nothing in it is waited for: then nothing can be dropped. */
export function isolateWaitingElements(value: unknown, execution: Execution): unknown {
  if (value instanceof Promise)
    return value.then((found: unknown) => isolateWaitingElements(found, execution));
  if (!Array.isArray(value)) return value;
  if (isWaiting(value)) return isolateElements(value, execution);
  execution.countElements(value.length);
  return value;
}

/** What an element is shown as; it may raise, and an error is raised. */
type Show = (element: unknown) => unknown;

function asItIs(element: unknown): unknown {
  return element;
}

function isWaiting(list: readonly unknown[]): boolean {
  return list.some((element) => element instanceof Promise || (Array.isArray(element) && isWaiting(element)));
}
