import { buildSchema, parse, print, validate } from "graphql";
import { describe, expect, test } from "vitest";
import { withoutDenied } from "./without-denied.ts";

const schema = buildSchema(/* GraphQL */ `
  type Query {
    item(id: ID!): Item
    book(id: ID!): Book
    count(of: String): Int
  }
  interface Item {
    title(length: Int): String
  }
  type Book implements Item {
    title(length: Int): String
    pages: Int
  }
  type Film implements Item {
    title(length: Int): String
  }
`);

function without(text: string, ...denied: string[]): string {
  const operation = { seed: 0, document: parse(text), variables: { id: "b1", n: 5 }, operationName: null };
  const { document } = withoutDenied(schema, operation, {
    deniesField: (typeName, fieldName) => denied.includes(`${typeName}.${fieldName}`),
  });
  expect(validate(schema, document)).toEqual([]);
  return print(document).replaceAll(/\s+/g, " ");
}

describe("an operation without what is denied", () => {
  test("has __typename in the place of a field, and no variable that only that field used", () => {
    const text =
      "query ($id: ID!, $n: Int) { book(id: $id) { x: title(length: $n) @skip(if: false) pages } }";
    expect(without(text, "Book.title")).toBe(
      "query ($id: ID!) { book(id: $id) { __typename @skip(if: false) pages } }",
    );
  });

  test("has nothing of what a denied field selects", () => {
    const text = "query ($id: ID!) { book(id: $id) { ...B } count } fragment B on Book { pages }";
    expect(without(text, "Query.book")).toBe("{ __typename count }");
  });

  test("has a field of an interface for the types of which it is not denied", () => {
    const text = "query ($id: ID!, $n: Int) { item(id: $id) { t: title(length: $n) } }";
    expect(without(text, "Book.title")).toBe(
      "query ($id: ID!, $n: Int) { item(id: $id) { ... { __typename ... on Film { t: title(length: $n) } } } }",
    );
    expect(without(text, "Book.title", "Film.title")).toBe(
      "query ($id: ID!) { item(id: $id) { __typename } }",
    );
  });

  test("asks for the same as before where nothing is denied", () => {
    const text = "query ($id: ID!) { book(id: $id) { pages } }";
    expect(without(text)).toBe(text);
  });
});
