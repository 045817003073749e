import type { Problems } from "../core/problems.ts";
import type { ClientField, ClientSchema, ClientType } from "../language/client-schema.ts";
import { isListTypeNode, namedTypeOf } from "../language/sdl-file.ts";
import type { FieldBinding } from "./bindings.ts";
import type { ModelCompositeType } from "./supergraph-model.ts";

/** A field without a place in the supergraph whose type shows Query. */
export interface GroupSite {
  readonly client: ClientSchema;
  readonly type: ClientType;
  readonly field: ClientField;
  /** What `type` shows. */
  readonly model: ModelCompositeType;
  readonly problems: Problems;
}

/**
 * Binds a group: it fetches nothing and is never null. It stands under Query, in another group, or in the payload of a
 * mutation, where it is read after that mutation. Null, with a problem reported, where it can't stand.
 */
export function bindGroup(site: GroupSite): FieldBinding | null {
  const { field, problems } = site;
  const [shaper] = field.shapers;
  const [argument] = field.node.arguments ?? [];
  const refuse = (expected: string, found: string): null => {
    problems.error({ place: field.place, coordinate: field.coordinate, expected, found });
    return null;
  };
  const misplaced = site.model.name === "Query" ? null : findMisplacement(site);
  if (misplaced !== null)
    return refuse("a group under Query, in another group, or in the payload of a mutation", misplaced);
  if (isListTypeNode(field.node.type)) return refuse("a group, which is one object", "a list");
  if (argument !== undefined) return refuse("a group, which has no arguments", argument.name.value);
  if (shaper === undefined) return { kind: "group" };
  shaper.refuse([], "no shaper on a group, which has no value", `@${shaper.node.name.value}`);
  return null;
}

/**
 * A payload is one object without a key of its own that only fields of Mutation return: anywhere else a group would be
 * read once for each object.
 */
function findMisplacement({ client, type, model }: GroupSite): string | null {
  if (type.name === "Mutation") return "one under Mutation itself";
  const isOneOf = (name: string): boolean =>
    name === type.name || client.abstractTypes.get(name)?.possibleTypes.includes(type.name) === true;
  const origins = [...client.types.values()].flatMap((other) =>
    [...other.fields.values()].filter((field) => isOneOf(namedTypeOf(field.node.type))),
  );
  const payload = (coordinate: string): boolean => coordinate.startsWith("Mutation.");
  if (!("keys" in model) || model.keys.length > 0 || !origins.some(({ coordinate }) => payload(coordinate)))
    return `one under ${type.name}, which shows ${model.name}`;
  const other = origins.find(({ coordinate }) => !payload(coordinate));
  if (other !== undefined) return `one under ${type.name}, which ${other.coordinate} returns too`;
  const list = origins.find(({ node }) => isListTypeNode(node.type));
  return list === undefined ? null : `one under ${type.name}, of which ${list.coordinate} returns a list`;
}
