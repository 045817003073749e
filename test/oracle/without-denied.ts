import {
  type GraphQLSchema,
  isAbstractType,
  Kind,
  type SelectionNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from "graphql";
import type { Denials } from "../../gateway/policy/access-rules.ts";
import type { RandomOperation } from "./operation.ts";
import { tidyOperation } from "./tidy-operation.ts";

/**
 * The same operation as somebody writes it who knows what is denied: `__typename` stands in the place of a denied field.
 * A field of an interface that is denied of some of its types only is selected of the others.
 */
export function withoutDenied(
  schema: GraphQLSchema,
  operation: RandomOperation,
  denials: Pick<Denials, "deniesField">,
): RandomOperation {
  const info = new TypeInfo(schema);
  const document = visit(
    operation.document,
    visitWithTypeInfo(info, {
      Field: (node): SelectionNode | undefined => {
        const parent = info.getParentType();
        if (parent === null || parent === undefined) return undefined;
        const types = isAbstractType(parent) ? schema.getPossibleTypes(parent) : [parent];
        const allowed = types.filter(({ name }) => !denials.deniesField(name, node.name.value));
        if (allowed.length === types.length) return undefined;
        const { directives = [] } = node;
        // Not under the field's own name, which may stand for something else in another type.
        const typename = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: "__typename" } } as const;
        const selections = allowed.map(({ name }): SelectionNode => {
          const typeCondition = { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: name } } as const;
          const selectionSet = { kind: Kind.SELECTION_SET, selections: [node] } as const;
          return { kind: Kind.INLINE_FRAGMENT, typeCondition, selectionSet };
        });
        if (selections.length === 0) return { ...typename, directives };
        const selectionSet = { kind: Kind.SELECTION_SET, selections: [typename, ...selections] } as const;
        return { kind: Kind.INLINE_FRAGMENT, directives, selectionSet };
      },
    }),
  );
  return tidyOperation({ ...operation, document });
}
