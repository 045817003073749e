import { allInOrder } from "../core/all-in-order.ts";
import type { RequestScope } from "../core/request-scope.ts";
import { Entity } from "./entity.ts";
import { Need, type NeededField } from "./need.ts";
import {
  elementsOf,
  leafOf,
  membersOf,
  type RequiredPath,
  type RequiredStep,
  type RequiredValue,
} from "./required-value.ts";

/** The value for an object, or for a list where it is one of a list; `undefined`: a part of it is absent. */
export async function readRequired(
  value: RequiredValue,
  object: unknown,
  scope: RequestScope,
): Promise<unknown> {
  switch (value.kind) {
    case "path":
      return readSteps(object, value, scope);
    case "object":
      return membersOf(
        value.fields,
        await allInOrder(value.fields.map((field) => readRequired(field.value, object, scope))),
      );
    case "list":
      if (!Array.isArray(object)) return undefined;
      return elementsOf(
        await allInOrder(object.map((one: unknown) => readRequired(value.element, one, scope))),
      );
    case "alternatives":
      for (const option of value.options) {
        const found = await readRequired(option, object, scope);
        if (found !== undefined) return found;
      }
      return undefined;
  }
}

/** Reads a path of an object, through lists element by element. */
async function readSteps(object: unknown, path: RequiredPath, scope: RequestScope): Promise<unknown> {
  if (object instanceof Error) throw object;
  const { steps, then, needs, toLeaf } = path;
  const [step, ...rest] = steps;
  if (step === undefined) return then === null ? leafOf(object, toLeaf) : readRequired(then, object, scope);
  if (Array.isArray(object))
    return elementsOf(await allInOrder(object.map((one: unknown) => readSteps(one, path, scope))));
  if (!(object instanceof Entity)) return undefined;
  const need = neededBy(steps, needs).need ?? Need.none;
  const value: unknown = await object.read(step.name, step.args, scope, need);
  return readSteps(value, { ...path, steps: rest }, scope);
}

/** What a path reads, and `below` at its end. */
export function neededBy(steps: readonly RequiredStep[], below: readonly NeededField[] | null): NeededField {
  const [step, ...rest] = steps;
  const { name, args } = step ?? { name: "", args: {} };
  if (rest.length > 0) return { name, args, need: Need.of([neededBy(rest, below)]) };
  return { name, args, need: below === null ? null : Need.of(below) };
}
