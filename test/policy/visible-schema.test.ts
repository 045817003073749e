import { buildSchema, isInterfaceType, isObjectType } from "graphql";
import { describe, expect, it } from "vitest";
import type { Denials } from "../../gateway/policy/access-rules.ts";
import { buildVisibleSchema } from "../../gateway/policy/visible-schema.ts";

const query = "type Query { node(id: ID!): Node  user: User }";
const node = "interface Node { gid: ID! }";
const user = "type User implements Node { gid: ID!  name: String }";
const vault = "type Vault implements Node { gid: ID!  gold: Int }";

function visible(...definitions: readonly string[]) {
  const schema = buildSchema(definitions.join("\n"));
  const denials: Pick<Denials, "deniesField" | "deniesObject"> = {
    deniesField: (typeName) => typeName === "Vault",
    deniesObject: (typeName) => typeName === "Vault",
  };
  const types = Object.values(buildVisibleSchema(schema, denials).getTypeMap());
  return types
    .flatMap((type) =>
      (isObjectType(type) || isInterfaceType(type)) && !type.name.startsWith("__")
        ? Object.keys(type.getFields()).map((field) => `${type.name}.${field}`)
        : [],
    )
    .toSorted();
}

describe("the schema as a caller may see it", () => {
  it.each([
    ["first", [query, node, user, vault]],
    ["last", [vault, user, node, query]],
    ["between", [query, user, node, vault]],
  ])("keeps an interface that others implement beside a denied type, where it stands %s", (_place, parts) => {
    expect(visible(...parts)).toEqual(["Node.gid", "Query.node", "Query.user", "User.gid", "User.name"]);
  });

  it("loses an interface that nothing else implements", () => {
    expect(visible(query, node, "type User { name: String }", vault)).toEqual(["Query.user", "User.name"]);
  });
});
