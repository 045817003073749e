import type { BoundStep } from "../compose/bindings.ts";
import { Entity } from "../compose/entity.ts";
import { Need } from "../compose/need.ts";
import { readBoundArguments } from "../compose/read-bound-arguments.ts";
import type { RequestScope } from "../core/request-scope.ts";

/** A path through the supergraph, and what is going to be read at its end. */
export interface PathReading {
  readonly steps: readonly BoundStep[];
  readonly clientArgs: Readonly<Record<string, unknown>>;
  readonly need: Need;
}

/**
 * Follows a binding's path from an object. A path through a list keeps the list; a path through null is null. In a list
 * each element waits for itself and fails by itself: it may be a promise, or an error in place of a value.
 */
export function readPath(from: unknown, reading: PathReading, scope: RequestScope): unknown {
  const [step, ...steps] = reading.steps;
  if (step === undefined || from === null || from === undefined || from instanceof Error) return from ?? null;
  if (from instanceof Promise) return from.then((value: unknown) => readPath(value, reading, scope));
  if (Array.isArray(from)) return from.map((element: unknown) => readElement(element, reading, scope));
  if (!(from instanceof Entity)) return null;
  const rest = { ...reading, steps };
  const args = readArguments(step, reading.clientArgs);
  const found = from.read(step.field.name, args, scope, needOfStep(step, rest));
  return readPath(step.onType === null ? found : onlyOfType(found, step.onType), rest, scope);
}

/** What is going to be read of the objects that a step finds. */
function needOfStep({ onType }: BoundStep, rest: PathReading): Need {
  const need = needOfPath(rest);
  return onType === null
    ? need
    : new Need((typeName) => (typeName === onType ? need.fieldsOf(typeName) : []));
}

/** Null in place of every object of another type. */
function onlyOfType(found: unknown, typeName: string): unknown {
  if (found instanceof Promise) return found.then((value: unknown) => onlyOfType(value, typeName));
  if (Array.isArray(found)) return found.map((element: unknown) => onlyOfType(element, typeName));
  return found instanceof Entity && found.type.name !== typeName ? null : found;
}

/** What is going to be read of an object that a path starts from. */
export function needOfPath({ steps, clientArgs, need }: PathReading): Need {
  if (steps.length === 0) return need;
  return new Need(() => {
    const [step, ...rest] = steps as readonly [BoundStep];
    const below = needOfStep(step, { steps: rest, clientArgs, need });
    const args = tryReadArguments(step, clientArgs);
    return args === null ? [] : [{ name: step.field.name, args, need: below }];
  });
}

function readElement(element: unknown, reading: PathReading, scope: RequestScope): unknown {
  try {
    return readPath(element, reading, scope);
  } catch (error) {
    return error;
  }
}

/** Null where a client's value is none that the step takes: the field itself tells when it is read. */
function tryReadArguments(
  step: BoundStep,
  clientArgs: PathReading["clientArgs"],
): Record<string, unknown> | null {
  try {
    return readArguments(step, clientArgs);
  } catch {
    return null;
  }
}

/** The arguments of one step, those that are absent left out. */
export function readArguments(
  step: Pick<BoundStep, "args">,
  clientArgs: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return readBoundArguments(step.args, clientArgs);
}
