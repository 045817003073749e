import { expect, test } from "vitest";
import { GraphqlBackend } from "../support/graphql-backend.ts";
import { startProject } from "../support/project-gateway.ts";

test("a lookup by a list says with @is which field it means, under the field's new name", async () => {
  const backend = new GraphqlBackend(
    "type Query { find(codes: [ID!]!): [Part]  all: [Place] } type Part { sku: ID!  weight: Int } type Place { part: Part }",
    {
      Query: {
        find: (_parent, { codes }: { codes: readonly string[] }) =>
          codes.map((sku) => ({ sku, weight: sku.length })).toReversed(),
        all: () => [{ part: { sku: "a" } }, { part: { sku: "bb" } }],
      },
    },
  );
  await backend.http.start();
  const rename = 'rename: [{ from: "Part.sku", to: "id" }]';
  const project = await startProject(
    {
      parts: `extend schema @source(name: "parts", kind: GRAPHQL, url: "http://localhost:1/graphql", ${rename})
        type Query { find(codes: [ID!]! @is(field: "id")): [Part] @lookup }
        type Part @key(fields: "id") { sku: ID!  weight: Int }`,
      places: `extend schema @source(name: "places", kind: GRAPHQL, url: "http://localhost:1/graphql", ${rename})
        type Query { all: [Place] }
        type Place { part: Part }
        type Part @key(fields: "id") { sku: ID! }`,
    },
    "type Query { all: [Place] } type Place { part: Part } type Part { id: ID!  weight: Int }",
    { PARTS_URL: backend.url, PLACES_URL: backend.url },
  );
  try {
    const { data, errors } = await project.query("{ all { part { weight id } } }");
    expect(errors).toEqual([]);
    expect(data).toEqual({
      all: [{ part: { weight: 1, id: "a" } }, { part: { weight: 2, id: "bb" } }],
    });
    expect(backend.subqueries).toEqual([
      { query: "query{_0:all{part{sku}}}", variables: {} },
      { query: "query($_0:[ID!]!){_0:find(codes:$_0){weight sku}}", variables: { _0: ["a", "bb"] } },
    ]);
  } finally {
    await project.stop();
    await backend.http.stop();
  }
});
