import {
  FilterObjectFields,
  FilterTypes,
  RenameObjectFields,
  RenameRootTypes,
  RenameTypes,
  wrapSchema,
} from "@graphql-tools/wrap";
import {
  buildASTSchema,
  buildSchema,
  type GraphQLSchema,
  isScalarType,
  lexicographicSortSchema,
  printSchema,
} from "graphql";
import { describe, expect, test } from "vitest";
import { Problems } from "../../gateway/core/problems.ts";
import { readDirectiveCatalog } from "../../gateway/language/directive-catalog.ts";
import { readSourceSchema, type SourceSchema } from "../../gateway/language/source-schema.ts";

const backendSdl = `
schema { query: Root }
type Root { prods(filter: ProdFilter, only: [Kind!]): [Prod!]!  node(id: ID!): Node  any: [Any]  debug: String }
interface Node { id: ID! }
type Prod implements Node { id: ID!  recs(first: Int = 3): [Rec!]  at: DateTime  secret: Secret }
type Rec implements Node { id: ID!  prod: Prod! }
union Any = Prod | Rec
enum Kind { NEW OLD }
input ProdFilter { kind: Kind = NEW  after: DateTime }
scalar DateTime
type Secret { code: String }
`;

function readSource(settings: string, sdl = backendSdl): SourceSchema {
  const problems = new Problems();
  const text = `extend schema @source(name: "a", url: "http://x/graphql", kind: GRAPHQL ${settings})\n${sdl}`;
  const schema = readSourceSchema("schemas/a.graphql", text, readDirectiveCatalog(), problems);
  problems.throwIfAny();
  if (schema === null) throw new Error("expected a schema");
  return schema;
}

function printed(schema: GraphQLSchema): string {
  return printSchema(lexicographicSortSchema(schema));
}

describe("names of a GraphQL backend", () => {
  test("are left out and changed as the transforms of @graphql-tools/wrap do", () => {
    const ours = readSource(`
      prefix: "Shop"
      exclude: ["Root.debug", "Secret"]
      rename: [
        { from: "Prod", to: "Product" }, { from: "Prod.recs", to: "recommendations" }, { from: "Root.prods", to: "products" }
      ]`);
    const renamedFields: Readonly<Record<string, string>> = {
      "Prod.recs": "recommendations",
      "Root.prods": "products",
    };
    const wrapped = wrapSchema({
      schema: buildSchema(backendSdl),
      transforms: [
        new FilterTypes((type) => type.name !== "Secret"),
        new FilterObjectFields((typeName, fieldName) => `${typeName}.${fieldName}` !== "Root.debug"),
        new RenameObjectFields(
          (typeName, fieldName) => renamedFields[`${typeName}.${fieldName}`] ?? fieldName,
        ),
        new RenameRootTypes(() => "Query"),
        new RenameTypes((name) => (name === "Prod" ? "Product" : name === "Query" ? name : `Shop${name}`), {
          renameBuiltins: false,
          renameScalars: false,
        }),
      ],
    });
    expect(printed(buildASTSchema(ours.plainDocument))).toBe(printed(wrapped));
    const scalars = Object.values(wrapped.getTypeMap()).filter(isScalarType);
    expect(scalars.map(({ name }) => name)).toContain("DateTime");
  });

  test("are found back from those of the supergraph", () => {
    const { backendNames } = readSource('prefix: "Shop" rename: [{ from: "Prod.recs", to: "more" }]');
    expect(backendNames?.typeOf("ShopProd")).toBe("Prod");
    expect(backendNames?.typeOf("Query")).toBe("Root");
    expect(backendNames?.typeOf("ID")).toBe("ID");
    expect(backendNames?.fieldOf("ShopProd", "more")).toBe("recs");
    expect(backendNames?.fieldOf("ShopProd", "id")).toBe("id");
    expect(backendNames?.supergraphTypeOf("Rec")).toBe("ShopRec");
    expect(backendNames?.supergraphTypeOf("Unknown")).toBe("Unknown");
  });

  test("may begin with underscores where they are left out or renamed", () => {
    const schema = readSource(
      'exclude: ["Query._service", "_Service"] rename: [{ from: "_Any", to: "Any" }, { from: "Query._find", to: "find" }]',
      "type Query { _service: _Service  _find: _Any } type _Service { sdl: String } type _Any { id: ID }",
    );
    expect([...schema.types.keys()]).toEqual(["Query", "Any"]);
    expect([...(schema.types.get("Query")?.fields.keys() ?? [])]).toEqual(["find"]);
  });

  test("of directives that the file defines mean nothing, wherever they are used", () => {
    const schema = readSource(
      "",
      `directive @audited(by: Who) repeatable on OBJECT | FIELD_DEFINITION | ARGUMENT_DEFINITION | ENUM_VALUE
       enum Who { A @audited(by: A) }
       type Query @audited { a(b: Int @audited): Who @audited(by: A) @audited @deprecated(reason: "old") }`,
    );
    expect(printSchema(buildASTSchema(schema.plainDocument))).toBe(
      'enum Who {\n  A\n}\n\ntype Query {\n  a(b: Int): Who @deprecated(reason: "old")\n}',
    );
  });
});
