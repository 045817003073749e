import { describe, expect, test } from "vitest";
import { problemsOf } from "./compose-texts.ts";

function source(name: string, body: string): string {
  return `extend schema @source(name: "${name}", url: "http://localhost:1")\n${body}`;
}

function problemsAmong(...bodies: readonly string[]): string[] {
  const names = ["a", "b", "c"].slice(0, bodies.length);
  return problemsOf(
    Object.fromEntries(names.map((name, index) => [name, source(name, bodies[index] ?? "")])),
  );
}

const users = `type User @key(fields: "id") { id: ID! name: String }`;
const lookup = 'type Query { user(id: ID!): User @lookup @rest(GET: "/users/{args.id}") }';
const reviews =
  'type Review { author: User @from(field: "{ id: authorId }") } type User @key(fields: "id") { id: ID! }';
const list = 'type Query { reviews: [Review] @rest(GET: "/reviews") }';

describe("a property can be reached", () => {
  test.each([
    { what: "by a lookup", bodies: [`${users} ${lookup}`, `${reviews} ${list}`] },
    {
      what: "without a lookup, where objects come from its own source only",
      bodies: [
        `${users} type Query { me: User @rest(GET: "/me") }`,
        'type User @key(fields: "id") { id: ID! }',
      ],
    },
    {
      what: "without a lookup, where another source only adds calls",
      bodies: [
        `${users} type Query { me: User @rest(GET: "/me") }`,
        'type User @key(fields: "id") { id: ID! score: Int @rest(GET: "/scores/{parent.id}") }',
      ],
    },
    {
      what: "without a lookup, where the mapping builds it",
      bodies: [users, `${reviews.replace("{ id: authorId }", "{ id: authorId, name: authorName }")} ${list}`],
    },
    {
      what: "over the key that another lookup brings",
      bodies: [
        'type Query { user(id: ID!): User @lookup @rest(GET: "/{args.id}") byMail(email: ID!): User @lookup @rest(GET: "/mail/{args.email}") } type User @key(fields: "id") @key(fields: "email") { id: ID! email: ID! }',
        'type Query { userByEmail(email: ID!): User @lookup @rest(GET: "/{args.email}") } type User @key(fields: "email") { email: ID! name: String }',
        `${reviews} ${list}`,
      ],
    },
    {
      what: "in every row, where the source that sends it has it too",
      bodies: [
        'type Money @shareable { amount: Int } type Query { price: Money @rest(GET: "/price") }',
        'type Money @shareable { amount: Int } type Query { cost: Money @rest(GET: "/cost") }',
      ],
    },
  ])("$what", ({ bodies }) => {
    expect(problemsAmong(...bodies)).toEqual([]);
  });
});

describe("a property that can't be reached is refused, once for each type and source", () => {
  test.each([
    {
      what: "without a lookup",
      bodies: [users.replace("name: String", "name: String born: Int"), `${reviews} ${list}`],
      problem: `schemas/a.graphql:2:1  User
  expected  a @lookup in schemas/a.graphql that finds User by id
  found     no way to name, born of what comes from Review.author in schemas/b.graphql
  hint      add to Query in schemas/a.graphql a field that returns User, with @lookup and that key as its arguments`,
    },
    {
      what: "where rows of another source lack it",
      bodies: [
        users,
        'type User @key(fields: "id") { id: ID! } type Query { staff: [User] @rest(GET: "/staff") boss: User @rest(GET: "/boss") }',
      ],
      problem: `schemas/a.graphql:2:1  User
  expected  a @lookup in schemas/a.graphql that finds User by id
  found     no way to name of what comes from Query.staff in schemas/b.graphql, Query.boss in schemas/b.graphql
  hint      add to Query in schemas/a.graphql a field that returns User, with @lookup and that key as its arguments`,
    },
    {
      what: "with a lookup by another key than the one that is known",
      bodies: [
        'type Query { user(email: ID!): User @lookup @rest(GET: "/{args.email}") } type User @key(fields: "email") @key(fields: "id") { id: ID! email: ID! name: String }',
        `${reviews} ${list}`,
      ],
      problem: `schemas/a.graphql:2:75  User
  expected  a @lookup in schemas/a.graphql that finds User by id
  found     no way to email, name of what comes from Review.author in schemas/b.graphql
  hint      add to Query in schemas/a.graphql a field that returns User, with @lookup and that key as its arguments`,
    },
    {
      what: "in a row of a type without a key",
      bodies: [
        'type Money @shareable { amount: Int } type Query { price: Money @rest(GET: "/price") }',
        'type Money { amount: Int @shareable code: String } type Query { cost: Money @rest(GET: "/cost") }',
      ],
      problem: `schemas/b.graphql:2:1  Money
  expected  all of Money in schemas/a.graphql too, which sends it as Query.price, or a @key and a @lookup
  found     no code`,
    },
    {
      what: "in a built object of a type without a key",
      bodies: [
        'type Money { amount: Int code: String } type Product { price: Money @from(field: "{ amount: price }") } type Query { p: Product @rest(GET: "/p") }',
      ],
      problem: `schemas/a.graphql:2:83  Product.price @from(field:)
  expected  all of Money built here, because it has no key to ask for the rest by
  found     no code`,
    },
  ])("$what", ({ bodies, problem }) => {
    expect(problemsAmong(...bodies)).toEqual([problem]);
  });

  test("with lookups that each wait for the key that another brings", () => {
    const problems = problemsAmong(
      'type Query { byPhone(phone: ID!): User @lookup @rest(GET: "/{args.phone}") } type User @key(fields: "phone") @key(fields: "email") { phone: ID! email: ID! }',
      'type Query { byEmail(email: ID!): User @lookup @rest(GET: "/{args.email}") } type User @key(fields: "email") @key(fields: "phone") { phone: ID! email: ID! }',
      'type Query { byId(id: ID!): User @lookup @rest(GET: "/{args.id}") } type User @key(fields: "id") { id: ID! name: String }',
    );
    expect(problems.map((problem) => problem.split("\n")[2])).toEqual([
      "  found     no way to phone, email of what comes from Query.byId in schemas/c.graphql",
      "  found     no way to id, name of what comes from Query.byPhone in schemas/a.graphql, Query.byEmail in schemas/b.graphql",
    ]);
  });
});
