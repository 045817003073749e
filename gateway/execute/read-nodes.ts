import type { FieldBinding } from "../compose/bindings.ts";
import { Entity } from "../compose/entity.ts";
import { objectOfKey } from "../compose/key-paths.ts";
import type { Need } from "../compose/need.ts";
import type { SupergraphModel } from "../compose/supergraph-model.ts";
import { OverlockError, toOverlockError } from "../core/errors.ts";
import type { RequestScope } from "../core/request-scope.ts";
import { readGlobalIdOf } from "../shape/global-id.ts";

type NodeBinding = Extract<FieldBinding, { kind: "node" }>;

/** What a global id says: an object of this supergraph type, by the value of its key. */
export interface NodeReference {
  readonly typeName: string;
  readonly keyPath: string;
  readonly key: string | number;
}

/** What the ids say that a field is given; of a list of ids, in its order. In place of what is no such id: BAD_USER_INPUT. */
export function readNodeIds(
  binding: NodeBinding,
  clientArgs: Readonly<Record<string, unknown>>,
): NodeReference | Error | readonly (NodeReference | Error)[] {
  const given = clientArgs[binding.argument];
  return Array.isArray(given)
    ? given.map((id: unknown) => tryReadId(binding, id))
    : tryReadId(binding, given);
}

/** References to the objects that global ids are of, as {@link readNodeIds} has them. Raises what is wrong with a single id. */
export function readNodes(
  binding: NodeBinding,
  clientArgs: Readonly<Record<string, unknown>>,
  model: SupergraphModel,
  need: Need,
): unknown {
  const toEntity = (node: NodeReference | Error): unknown => {
    if (node instanceof Error) return node;
    return Entity.reference(model, node.typeName, objectOfKey([node.keyPath], [node.key]), need);
  };
  const nodes = readNodeIds(binding, clientArgs);
  if (nodes instanceof Error) throw nodes;
  return "typeName" in nodes ? toEntity(nodes) : nodes.map(toEntity);
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

function tryReadId(binding: NodeBinding, id: unknown): NodeReference | Error {
  try {
    const { entry, key } = readGlobalIdOf(binding.types, binding.interfaceName, id);
    const { type, keyPath, isNumber } = entry;
    return { typeName: type.name, keyPath, key: isNumber ? readNumber(key, binding) : key };
  } catch (error) {
    return toOverlockError(error);
  }
}

function readNumber(key: string, { interfaceName }: NodeBinding): number {
  const value = Number(key);
  if (Number.isInteger(value) && String(value) === key) return value;
  throw new OverlockError("BAD_USER_INPUT", `Expected the id of a ${interfaceName}.`);
}
