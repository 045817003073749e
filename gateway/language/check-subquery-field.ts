import type { FieldDefinitionNode } from "graphql";
import type { DirectiveUse } from "./directive-reader.ts";
import { isListTypeNode, listsAround, namedTypeOf } from "./sdl-file.ts";

/** A GraphQL backend is asked for its fields by their names; nothing says how one of them is fetched. */
export function refuseInSubquery(uses: ReadonlyMap<string, readonly DirectiveUse[]>): void {
  for (const name of ["rest", "grpc"]) {
    for (const use of uses.get(name) ?? [])
      use.refuse([], "no call on a field: the source is GraphQL, and its schema says it all", `@${name}`);
  }
  for (const use of uses.get("from") ?? []) {
    const hint = "rename it in @source where it shall be called differently";
    use.refuse([], "no @from: a GraphQL backend is asked for the field by its name", "@from", hint);
  }
}

/** A GraphQL backend may find several objects at once: one argument then is the list of their keys. */
export function checkListLookup(
  use: DirectiveUse,
  field: FieldDefinitionNode,
  isObject: (typeName: string) => boolean,
): void {
  const lists = (field.arguments ?? []).filter((argument) => isListTypeNode(argument.type));
  const name = namedTypeOf(field.type);
  if (listsAround(field.type) > 1) use.refuse([], "one object, or a list of them", "a list of lists");
  else if (!isObject(name)) use.refuse([], "a field that returns objects", name);
  else if (lists.length !== 1) {
    const found = lists.map((argument) => argument.name.value).join(", ") || "none";
    use.refuse([], "one argument that is the list of keys, because the field is a list", found);
  }
}
