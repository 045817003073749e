import type { FieldBinding } from "../compose/bindings.ts";
import { Entity } from "../compose/entity.ts";
import { objectOfKey } from "../compose/key-paths.ts";
import type { Need } from "../compose/need.ts";
import type { SupergraphModel } from "../compose/supergraph-model.ts";
import { OverlockError } from "../core/errors.ts";
import type { RequestScope } from "../core/request-scope.ts";
import { readGlobalIdOf } from "../shape/global-id.ts";

type NodeBinding = Extract<FieldBinding, { kind: "node" }>;

/**
 * References to the objects that global ids are of; of a list of ids, in its order. What is no such id raises
 * BAD_USER_INPUT; in a list the error stands in its place.
 */
export function readNodes(
  binding: NodeBinding,
  clientArgs: Readonly<Record<string, unknown>>,
  model: SupergraphModel,
  need: Need,
): unknown {
  const toReference = (id: unknown): Entity => {
    const { entry, key } = readGlobalIdOf(binding.types, binding.interfaceName, id);
    const value = entry.isNumber ? readNumber(key, binding) : key;
    return Entity.reference(model, entry.type.name, objectOfKey([entry.keyPath], [value]), need);
  };
  const given = clientArgs[binding.argument];
  return Array.isArray(given)
    ? given.map((id: unknown) => settle(() => toReference(id)))
    : toReference(given);
}

/** An object of which nothing is read that would say whether it exists. Null where its lookup has no row. */
export async function confirmNode(
  { types }: NodeBinding,
  entity: Entity,
  scope: RequestScope,
): Promise<Entity | null> {
  const lookup = [...types.values()].find(({ type }) => type === entity.type)?.lookup;
  if (lookup === undefined) return entity;
  const row = await entity.loadRow(lookup, scope);
  return row === null || row === undefined ? null : entity;
}

function readNumber(key: string, { interfaceName }: NodeBinding): number {
  const value = Number(key);
  if (Number.isInteger(value) && String(value) === key) return value;
  throw new OverlockError("BAD_USER_INPUT", `Expected the id of a ${interfaceName}.`);
}

function settle(read: () => Entity): unknown {
  try {
    return read();
  } catch (error) {
    return error;
  }
}
