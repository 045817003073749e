import {
  type ConstDirectiveNode,
  type FieldDefinitionNode,
  Kind,
  type ObjectTypeDefinitionNode,
  type ObjectTypeExtensionNode,
  parse,
  print,
  visit,
} from "graphql";

/** A schema file in which every field of an object type needs a scope of its own, called by its coordinate. */
export function plantGuards(
  sdl: string,
  prefix: string,
): { readonly text: string; readonly scopes: string[] } {
  const scopes: string[] = [];
  const guard = (scope: string): ConstDirectiveNode => ({
    kind: Kind.DIRECTIVE,
    name: { kind: Kind.NAME, value: "requiresScopes" },
    arguments: [
      {
        kind: Kind.ARGUMENT,
        name: { kind: Kind.NAME, value: "scopes" },
        value: {
          kind: Kind.LIST,
          values: [{ kind: Kind.LIST, values: [{ kind: Kind.STRING, value: scope }] }],
        },
      },
    ],
  });
  const withGuards = <Node extends ObjectTypeDefinitionNode | ObjectTypeExtensionNode>(node: Node): Node => {
    const fields = (node.fields ?? []).map((field): FieldDefinitionNode => {
      const directives = field.directives ?? [];
      if (directives.some(({ name }) => name.value === "requiresScopes")) return field;
      const scope = `${prefix}${node.name.value}.${field.name.value}`;
      scopes.push(scope);
      return { ...field, directives: [guard(scope), ...directives] };
    });
    return { ...node, fields };
  };
  const document = visit(parse(sdl, { noLocation: true }), {
    ObjectTypeDefinition: (node) => withGuards(node),
    ObjectTypeExtension: (node) => withGuards(node),
  });
  return { text: print(document), scopes };
}
