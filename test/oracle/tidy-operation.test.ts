import { parse, print } from "graphql";
import { expect, test } from "vitest";
import { tidyOperation } from "./tidy-operation.ts";

function tidied(text: string, variables: Record<string, unknown>, operationName: string | null) {
  const tidy = tidyOperation({ seed: 0, document: parse(text), variables, operationName });
  return { ...tidy, document: print(tidy.document) };
}

test("each operation keeps the variables that it uses itself, its fragments' among them", () => {
  const text = /* GraphQL */ `
    query One($a: Int, $b: Int, $c: Int) {
      one(first: $a)
      ...Outer
    }
    query Other($a: Int, $b: Int, $c: Int) {
      other(first: $c)
    }
    fragment Outer on Query {
      ...Inner
    }
    fragment Inner on Query {
      inner(first: $b)
    }
  `;
  const { document, variables } = tidied(text, { a: 1, b: 2, c: 3 }, "One");
  expect(document).toContain("query One($a: Int, $b: Int)");
  expect(document).toContain("query Other($c: Int)");
  expect(variables).toEqual({ a: 1, b: 2 });
});

test("a fragment that only an unused fragment spreads goes with it", () => {
  const text = /* GraphQL */ `
    query One($a: Int) {
      __typename
    }
    fragment Outer on Query {
      ...Inner
    }
    fragment Inner on Query {
      inner(first: $a)
    }
  `;
  expect(tidied(text, { a: 1 }, null)).toMatchObject({
    document: "query One {\n  __typename\n}",
    variables: {},
  });
});
