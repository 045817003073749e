import type { BoundStep } from "../compose/bindings.ts";
import { Entity } from "../compose/entity.ts";
import type { RequestScope } from "../core/request-scope.ts";

/**
 * Follows a binding's path from an object. A path through a list keeps the list; a path through null is null. In a list
 * each element waits for itself and fails by itself: it may be a promise, or an error in place of a value.
 */
export function readPath(
  from: unknown,
  steps: readonly BoundStep[],
  clientArgs: Readonly<Record<string, unknown>>,
  scope: RequestScope,
): unknown {
  const [step, ...rest] = steps;
  if (step === undefined || from === null || from === undefined || from instanceof Error) return from ?? null;
  if (from instanceof Promise)
    return from.then((value: unknown) => readPath(value, steps, clientArgs, scope));
  if (Array.isArray(from))
    return from.map((element: unknown) => readElement(element, steps, clientArgs, scope));
  if (!(from instanceof Entity)) return null;
  return readPath(
    from.read(step.field.name, readArguments(step, clientArgs), scope),
    rest,
    clientArgs,
    scope,
  );
}

function readElement(
  element: unknown,
  steps: readonly BoundStep[],
  clientArgs: Readonly<Record<string, unknown>>,
  scope: RequestScope,
): unknown {
  try {
    return readPath(element, steps, clientArgs, scope);
  } catch (error) {
    return error;
  }
}

function readArguments(
  step: BoundStep,
  clientArgs: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const args: Record<string, unknown> = {};
  for (const argument of step.args) {
    const value = argument.value(clientArgs);
    if (value !== undefined) args[argument.name] = value;
  }
  return args;
}
