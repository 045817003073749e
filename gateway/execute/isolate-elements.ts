/**
 * Makes every element of a list a promise of its own. The executor completes a list element by element; where one throws
 * at once, it drops the promises of those before, whose rejections then nobody handles and Node ends the process
 * (`completeListValue` of `@graphql-tools/executor` has no guard, unlike `executeFields`). An element that is a promise
 * can't throw at once. Errors in place of elements become rejections.
 */
export function isolateElements(value: unknown): unknown {
  if (value instanceof Promise) return value.then(isolateElements);
  return Array.isArray(value) ? value.map(isolateElement) : value;
}

/** The same for a list of leaves, which stays as it is where nothing in it is waited for: then nothing can be dropped. */
export function isolateWaitingElements(value: unknown): unknown {
  if (value instanceof Promise) return value.then(isolateWaitingElements);
  return Array.isArray(value) && isWaiting(value) ? isolateElements(value) : value;
}

function isolateElement(element: unknown): Promise<unknown> {
  const isolated =
    element instanceof Error ? Promise.reject(element) : Promise.resolve(element).then(isolateElements);
  // Whoever completes the list gets the rejection; this keeps it handled where the list is given up before.
  isolated.catch(() => {});
  return isolated;
}

function isWaiting(list: readonly unknown[]): boolean {
  return list.some((element) => element instanceof Promise || (Array.isArray(element) && isWaiting(element)));
}
