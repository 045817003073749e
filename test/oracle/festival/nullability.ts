import { Kind, parse, print, type TypeNode, visit } from "graphql";
import { hashOf } from "./world.ts";

/**
 * A client schema in which more is promised: at every level of every field's type a `!` where there was none, in one of
 * `share` places, by chance that follows from `salt`. Interfaces and inputs stay as they are, and so do types whose shape
 * the gateway prescribes, and the root types, lest nothing be left of most answers.
 */
export function withPromises(
  sdl: string,
  { share, salt }: { readonly share: number; readonly salt: string },
): string {
  const document = visit(parse(sdl, { noLocation: true }), {
    ObjectTypeDefinition: (node) => {
      const isPrescribed = /Connection$|Edge$|^PageInfo$|^Query$|^Mutation$/.test(node.name.value);
      if (isPrescribed) return false;
      const fields = (node.fields ?? []).map((field) => {
        const subject = `${salt} ${node.name.value}.${field.name.value}`;
        return { ...field, type: promised(field.type, subject) };
      });
      return { ...node, fields };
    },
  });
  return print(document);

  function promised(type: TypeNode, subject: string): TypeNode {
    if (type.kind === Kind.NON_NULL_TYPE) {
      const inner = promised(type.type, `${subject}!`);
      return inner.kind === Kind.NON_NULL_TYPE ? inner : { kind: Kind.NON_NULL_TYPE, type: inner };
    }
    const inner = type.kind === Kind.LIST_TYPE ? { ...type, type: promised(type.type, `${subject}[`) } : type;
    const isPromised = (hashOf(subject) % 1000) / 1000 < share;
    return isPromised ? { kind: Kind.NON_NULL_TYPE, type: inner } : inner;
  }
}
