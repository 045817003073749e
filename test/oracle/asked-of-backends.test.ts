import { describe, expect, test } from "vitest";
import { askedOf } from "./asked-of-backends.ts";

describe("what requests ask for", () => {
  test("is paths, query pairs and names, whichever share a request", () => {
    const get = (url: string) => ({ source: "accounts", method: "GET /users", url, message: null });
    const asked = askedOf([get("/users?ids=u1&ids=u2&fields=id,name"), get("/users?ids=u3&fields=name")]);
    expect([...asked]).toEqual([
      "accounts GET /users",
      "accounts GET /users ids=u1",
      "accounts GET /users ids=u2",
      "accounts GET /users fields=id",
      "accounts GET /users fields=name",
      "accounts GET /users ids=u3",
    ]);
  });

  test("is the values of messages, and the names of a read mask one by one", () => {
    const message = { ids: ["p1", "p2"], readMask: "id,name", nested: { first: 2 } };
    expect([...askedOf([{ source: "catalog", method: "Get", url: null, message }])]).toEqual([
      "catalog Get",
      "catalog Get ids=p1",
      "catalog Get ids=p2",
      "catalog Get readMask=id",
      "catalog Get readMask=name",
      "catalog Get nested.first=2",
    ]);
  });

  test("is everything where nobody says what of it is to be sent", () => {
    const asked = askedOf([
      { source: "accounts", method: "GET /users", url: "/users?ids=u1", message: null },
    ]);
    expect([...asked]).toEqual([
      "accounts GET /users",
      "accounts GET /users ids=u1",
      "accounts GET /users everything",
    ]);
  });

  test("is the fields of a GraphQL document without their aliases, and the values of its variables", () => {
    const query =
      "query ($v0: [ID!]!) { a: products(ids: $v0) { id ... on Product { b: score(first: 2) } } }";
    const message = { query, variables: { v0: ["p1", "p2"] } };
    expect([...askedOf([{ source: "other", method: "POST /graphql", url: "/graphql", message }])]).toEqual([
      "other POST /graphql",
      "other POST /graphql products",
      "other POST /graphql products.id",
      "other POST /graphql products.score",
      "other POST /graphql variable=p1",
      "other POST /graphql variable=p2",
      "other POST /graphql everything",
    ]);
  });
});
