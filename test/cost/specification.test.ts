import { afterAll, describe, expect, it } from "vitest";
import { type CostedSchema, openSame } from "./costed-schema.ts";

// Costs by the rules of https://ibm.github.io/graphql-specs/cost-spec.html, worked out by hand.

type Case = readonly [
  rule: string,
  query: string,
  cost: readonly [typeCost: number, fieldCost: number],
  variables?: Readonly<Record<string, unknown>>,
];

const opened: CostedSchema[] = [];
afterAll(() => Promise.all(opened.map((one) => one.dispose())));

function costs(what: string, sdl: string, cases: readonly Case[]): void {
  describe(what, () => {
    const schema = openSame(sdl);
    opened.push(schema);
    for (const [rule, query, [typeCost, fieldCost], variables] of cases)
      it(`${rule}: ${query}`, () => {
        const estimate = schema.estimate(query, variables);
        expect([estimate.typeCost, estimate.fieldCost]).toEqual([typeCost, fieldCost]);
      });
  });
}

costs(
  "the specification's first example",
  `type User { name: String age: Int @cost(weight: "2.0") }
   type Query { users(max: Int): [User] @listSize(slicingArguments: ["max"]) }`,
  [
    // Query and five users; users once, and age of five of them.
    ["example 2: an upper bound of 11", "query Example { users(max: 5) { age } }", [6, 11]],
    ["the three users that there are in the end", "{ users(max: 3) { age } }", [4, 7]],
    ["a name is contained in its user", "{ users(max: 5) { name } }", [6, 1]],
  ],
);

costs(
  "the specification's argument weights",
  `type Query {
     topProducts(filter: Filter @cost(weight: "15.0")): [String] @cost(weight: "5.0") @listSize(assumedSize: 10)
   }
   input Filter { name: String }`,
  [
    ["example 10: 5 without a filter", "{ topProducts }", [1, 5]],
    ["example 10: 20 with a filter", '{ topProducts(filter: { name: "a" }) }', [1, 20]],
    [
      "example 10: 20 with a filter in a variable",
      "query ($f: Filter) { topProducts(filter: $f) }",
      [1, 20],
      { f: {} },
    ],
    ["example 10: 5 where the variable is absent", "query ($f: Filter) { topProducts(filter: $f) }", [1, 5]],
  ],
);

costs(
  "the specification's negative weights",
  `type Query { mostPopularProduct(approx: Approximate @cost(weight: "-3.0")): Product @cost(weight: "5.0") }
   enum Approximate { ROUGHLY }
   type Product { name: String }`,
  [
    ["example 11: 5 for the exact answer", "{ mostPopularProduct { name } }", [2, 5]],
    ["example 11: 2 for an approximate one", "{ mostPopularProduct(approx: ROUGHLY) { name } }", [2, 2]],
  ],
);

costs(
  "the specification's input field weights",
  `input Filter { approx: Approximate @cost(weight: "-12.0") }
   enum Approximate { ROUGHLY }
   type Query {
     topProducts(filter: Filter @cost(weight: "15.0")): [String] @cost(weight: "5.0") @listSize(assumedSize: 10)
   }`,
  [
    ["example 12: 8 with an approximate filter", "{ topProducts(filter: { approx: ROUGHLY }) }", [1, 8]],
    ["example 12: 20 with another one", "{ topProducts(filter: {}) }", [1, 20]],
    ["example 12: 5 without one", "{ topProducts }", [1, 5]],
  ],
);

costs(
  "the specification's lists",
  `type FilmEdge { cursor: ID node: Film }
   type Film { title: String }
   type PageInfo { hasNextPage: Boolean }
   type FilmConnection { edges: [FilmEdge] pageInfo: PageInfo }
   type Query {
     topProducts: [String] @listSize(assumedSize: 10)
     users(max: Int!): [String] @listSize(slicingArguments: ["max"])
     films(first: Int, after: ID, last: Int, before: ID): FilmConnection
       @listSize(slicingArguments: ["first", "last"], sizedFields: ["edges"])
   }`,
  [
    ["example 16: ten texts cost nothing", "{ topProducts }", [1, 0]],
    ["example 17: neither do as many as are asked for", "{ users(max: 3) }", [1, 0]],
    // Query, the connection, 4 edges, 4 films; films, edges, and 4 times node.
    ["example 18: first sizes the edges", "{ films(first: 4) { edges { node { title } } } }", [10, 6]],
    ["example 18: last sizes the edges", "{ films(last: 2) { edges { node { title } } } }", [6, 4]],
    [
      "example 18: what is no sized field is one object",
      "{ films(first: 4) { pageInfo { hasNextPage } } }",
      [3, 2],
    ],
    ["example 18: both at once", "{ films(first: 2) { edges { cursor } pageInfo { hasNextPage } } }", [5, 3]],
  ],
);

const defaults = `
  type Query {
    count: Int
    state: State
    me: User
    must: User!
    node: Node
    any: Any
    find(id: ID, state: State, filter: Filter, filters: [Filter!]): User
    need(id: ID!): User
  }
  type Mutation { add(filter: Filter!): User }
  enum State { ON }
  type User implements Node { id: ID name: String state: State friend: User best: Node tags(n: Int): String }
  type Shop implements Node { id: ID owner: User }
  interface Node { id: ID }
  union Any = User | Shop
  input Filter { name: String inner: Filter state: State list: [Filter!] }
`;

costs("default weights", defaults, [
  ["a root object weighs 1", "{ __typename }", [1, 0]],
  ["a scalar and its field weigh 0", "{ count }", [1, 0]],
  ["an enum and its field weigh 0", "{ state }", [1, 0]],
  ["an object and its field weigh 1", "{ me { id } }", [2, 1]],
  ["a non-null object weighs what a nullable one does", "{ must { id } }", [2, 1]],
  ["each level of objects counts", "{ me { friend { friend { id } } } }", [4, 3]],
  ["an interface and its field weigh 1", "{ node { id } }", [2, 1]],
  ["a union and its field weigh 1", "{ any { __typename } }", [2, 1]],
  ["an argument of a scalar weighs 0", '{ find(id: "1") { id } }', [2, 1]],
  ["an argument of an enum weighs 0", "{ find(state: ON) { id } }", [2, 1]],
  ["an argument of an input type weighs 1", "{ find(filter: {}) { id } }", [2, 2]],
  ["an input field of a scalar weighs 0", '{ find(filter: { name: "a" }) { id } }', [2, 2]],
  ["an input field of an input type weighs 1", "{ find(filter: { inner: {} }) { id } }", [2, 3]],
  ["input objects in input objects add up", "{ find(filter: { inner: { inner: {} } }) { id } }", [2, 4]],
  ["a list argument of input type weighs 1", "{ find(filters: []) { id } }", [2, 2]],
  // The argument 1, the list inside of one element 1 each.
  [
    "input fields count in each element of a list",
    "{ find(filters: [{ inner: {} }, { inner: {} }]) { id } }",
    [2, 4],
  ],
  ["one element stands for a list of one", "{ find(filters: { inner: {} }) { id } }", [2, 3]],
  [
    "a list of input objects in one weighs 1, and what is in it",
    "{ find(filter: { list: [{ inner: {} }, {}] }) { id } }",
    [2, 4],
  ],
  ["null is no use of an argument", "{ find(filter: null) { id } }", [2, 1]],
  ["null is no use of an input field", "{ find(filter: { inner: null }) { id } }", [2, 2]],
  ["a mutation is rooted in one object, too", "mutation { add(filter: {}) { id } }", [2, 2]],
  ["two root fields add up", "{ me { id } must { id } }", [3, 2]],
  ["arguments of fields of objects count as at the root", "{ me { tags(n: 1) } }", [2, 1]],
  [
    "a required argument by a variable",
    "query ($i: ID!) { need(id: $i) { friend { id } } }",
    [3, 2],
    { i: "1" },
  ],
  ["__typename is free on every object", "{ __typename me { __typename } }", [2, 1]],
]);

costs("merged selections", defaults, [
  ["equal fields are one", "{ me { id } me { id } }", [2, 1]],
  [
    "what equal fields select is selected together",
    "{ me { id } me { friend { id } } me { friend { name } } }",
    [3, 2],
  ],
  ["aliases are fields of their own", "{ a: me { id } b: me { id } }", [3, 2]],
  ["fragments are the fields that they have", "{ ...f } fragment f on Query { me { id } }", [2, 1]],
  ["a fragment counts once in one object", "{ ...f ...f } fragment f on Query { me { id } }", [2, 1]],
  [
    "a fragment counts in each field that spreads it",
    "{ a: me { ...f } b: me { ...f } } fragment f on User { friend { id } }",
    [5, 4],
  ],
  [
    "fields of fragments merge with others",
    "{ me { id } ...f } fragment f on Query { me { friend { id } } }",
    [3, 2],
  ],
  [
    "fragments in fragments",
    "{ ...f } fragment f on Query { me { ...g } } fragment g on User { friend { id } }",
    [3, 2],
  ],
  [
    "inline fragments are the fields that they have",
    "{ ... { me { id } } ... on Query { me { id } } }",
    [2, 1],
  ],
  [
    "what is never included costs nothing",
    "{ me @include(if: false) { id } must @skip(if: true) { id } }",
    [1, 0],
  ],
  [
    "what is always included costs as ever",
    "{ me @include(if: true) { id } must @skip(if: false) { id } }",
    [3, 2],
  ],
  [
    "what a variable leaves out costs nothing",
    "query ($a: Boolean!) { me @include(if: $a) { id } }",
    [1, 0],
    { a: false },
  ],
  [
    "what a variable includes costs",
    "query ($a: Boolean!) { me @include(if: $a) { id } }",
    [2, 1],
    { a: true },
  ],
  [
    "what a variable skips costs nothing",
    "query ($a: Boolean!) { me @skip(if: $a) { id } }",
    [1, 0],
    { a: true },
  ],
  ["a variable's default decides", "query ($a: Boolean = false) { me @include(if: $a) { id } }", [1, 0]],
  [
    "a field stays that one of its selections includes",
    "query ($a: Boolean!) { me @include(if: $a) { id } me @skip(if: $a) { friend { id } } }",
    [2, 1],
    { a: true },
  ],
  [
    "and selects what is left",
    "query ($a: Boolean!) { me @include(if: $a) { id } me @skip(if: $a) { friend { id } } }",
    [3, 2],
    { a: false },
  ],
  [
    "both directives have to let it",
    "query ($a: Boolean!, $b: Boolean!) { me @include(if: $a) @skip(if: $b) { id } }",
    [1, 0],
    { a: true, b: true },
  ],
  [
    "conditions of fragments hold for their fields",
    "query ($a: Boolean!) { ...f @include(if: $a) } fragment f on Query { me { id } }",
    [1, 0],
    { a: false },
  ],
  [
    "a fragment left out once may be spread again",
    "query ($a: Boolean!) { ...f @include(if: $a) ...f } fragment f on Query { me { id } }",
    [2, 1],
    { a: false },
  ],
  [
    "conditions inside conditions",
    "query ($a: Boolean!, $b: Boolean!) { ... @include(if: $a) { me { id friend @include(if: $b) { id } } } }",
    [2, 1],
    { a: true, b: false },
  ],
  [
    "a contradiction is never selected",
    "query ($a: Boolean!) { ... @include(if: $a) { me @skip(if: $a) { id } } }",
    [1, 0],
    { a: true },
  ],
  [
    "a directive itself costs nothing",
    "query ($a: Boolean!) { count @include(if: $a) }",
    [1, 0],
    { a: true },
  ],
  ["a field without selections left is an object still", "{ me { friend @skip(if: true) { id } } }", [2, 1]],
]);

costs(
  "weights",
  `type Query @cost(weight: "3") {
     priced: Int @cost(weight: "3")
     half: Int @cost(weight: "0.5")
     free: Report @cost(weight: "0")
     report: Report
     reports(first: Int!): [Report] @listSize(slicingArguments: ["first"])
     state: State
     stamp: Stamp
     stamps: [Stamp] @listSize(assumedSize: 4)
     deal(
       how: State @cost(weight: "-3")
       much: Int @cost(weight: "2")
       terms: Terms @cost(weight: "-1")
       all: [Terms!] @cost(weight: "0")
     ): Report @cost(weight: "5")
     cheap(how: State @cost(weight: "-3")): Int
     needy(a: Int = 1 @cost(weight: "4")): Int
   }
   type Report @cost(weight: "5") { page: Int @cost(weight: "0.25") next: Report }
   enum State @cost(weight: "0.5") { ON }
   scalar Stamp @cost(weight: "2")
   input Terms { cash: Int @cost(weight: "7") rebate: Int @cost(weight: "-9") more: Terms @cost(weight: "0") }`,
  [
    ["a root object has its type's weight", "{ __typename }", [3, 0]],
    ["a weight on a field of a scalar", "{ priced }", [3, 3]],
    ["a weight with a fraction", "{ half }", [3, 0.5]],
    ["a field of weight 0 returns an object that counts", "{ free { __typename } }", [8, 0]],
    ["a weight on a type does not weigh its fields", "{ report { __typename } }", [8, 1]],
    ["weights of types multiply with lists", "{ reports(first: 3) { page } }", [18, 1.75]],
    ["a weight on an enum counts its values", "{ state }", [3.5, 0]],
    ["a weight on a scalar counts its values", "{ stamp }", [5, 0]],
    ["each element of a list of scalars is a value", "{ stamps }", [11, 0]],
    ["a weight on an argument adds to its field", "{ deal(much: 1) { __typename } }", [8, 7]],
    ["a negative weight takes away", "{ deal(how: ON) { __typename } }", [8, 2]],
    ["arguments add up", "{ deal(how: ON, much: 1) { __typename } }", [8, 4]],
    ["a negative weight on an argument of input type", "{ deal(terms: {}) { __typename } }", [8, 4]],
    ["input fields add to their argument", "{ deal(terms: { cash: 1 }) { __typename } }", [8, 11]],
    ["a negative input field", "{ deal(terms: { cash: 1, rebate: 1 }) { __typename } }", [8, 2]],
    ["a field that would cost less than 0 costs 0", "{ deal(terms: { rebate: 1 }) { __typename } }", [8, 0]],
    ["what is less than 0 takes nothing from other fields", "{ cheap(how: ON) priced }", [3, 3]],
    ["input fields inside of input fields", "{ deal(terms: { more: { cash: 1 } }) { __typename } }", [8, 11]],
    ["elements of a list add up", "{ deal(all: [{ cash: 1 }, { cash: 2 }]) { __typename } }", [8, 19]],
    [
      "of elements below 0 one counts",
      "{ deal(all: [{ rebate: 1, cash: 1 }, { rebate: 1, cash: 1 }]) { __typename } }",
      [8, 3],
    ],
    ["a default that the operation does not give is no use", "{ needy }", [3, 0]],
    ["the same value given is one", "{ needy(a: 1) }", [3, 4]],
    ["a variable with a value is a use", "query ($a: Int) { needy(a: $a) }", [3, 4], { a: 2 }],
    ["a variable's default is a use", "query ($a: Int = 2) { needy(a: $a) }", [3, 4]],
    ["an absent variable is none", "query ($a: Int) { needy(a: $a) }", [3, 0]],
    ["a null variable is none", "query ($a: Int) { needy(a: $a) }", [3, 0], { a: null }],
    [
      "a variable in an input object",
      "query ($c: Int) { deal(terms: { cash: $c }) { __typename } }",
      [8, 11],
      { c: 1 },
    ],
    ["and one that is absent there", "query ($c: Int) { deal(terms: { cash: $c }) { __typename } }", [8, 4]],
  ],
);

const lists = `
  type Query {
    top: [User] @listSize(assumedSize: 7)
    none: [User] @listSize(assumedSize: 0)
    unknown: [User]
    texts: [String]
    users(first: Int): [User] @listSize(slicingArguments: ["first"])
    some(first: Int, last: Int): [User]
      @listSize(slicingArguments: ["first", "last"], requireOneSlicingArgument: false, assumedSize: 6)
    page(first: Int = 2): [User] @listSize(slicingArguments: ["first"])
    either(first: Int, last: Int): [User] @listSize(slicingArguments: ["first", "last"])
    loose(first: Int): [User] @listSize(slicingArguments: ["first"], requireOneSlicingArgument: false)
    both(first: Int = 4, last: Int = 9): [User] @listSize(slicingArguments: ["first", "last"], requireOneSlicingArgument: false)
    search(input: Search): [User] @listSize(slicingArguments: ["input.page.size"], requireOneSlicingArgument: false)
    preset(input: Search = { page: { size: 8 } }): [User] @listSize(slicingArguments: ["input.page.size"])
    films(first: Int = 3): Films @listSize(slicingArguments: ["first"], sizedFields: ["edges", "nodes"])
    fixed: Films @listSize(assumedSize: 5, sizedFields: ["nodes"])
    pages: [Films] @listSize(assumedSize: 2, sizedFields: ["nodes"])
    grid: [[User]] @listSize(assumedSize: 2)
  }
  type User { name: String friends(first: Int = 5): [User] @listSize(slicingArguments: ["first"]) others: [User] }
  type Films { edges: [Edge] nodes: [Film] extra: [Film] @listSize(assumedSize: 1) total: Int }
  type Edge { node: Film }
  type Film { title: String }
  input Search { text: String page: Page }
  input Page { size: Int = 4 }
`;

costs("list sizes", lists, [
  ["an assumed size", "{ top { name } }", [8, 1]],
  ["an assumed size of 0", "{ none { name } }", [1, 1]],
  ["nobody says anything: 10", "{ unknown { name } }", [11, 1]],
  ["a list of texts", "{ texts }", [1, 0]],
  ["a slicing argument", "{ users(first: 4) { name } }", [5, 1]],
  ["a slicing argument of 0", "{ users(first: 0) { friends { name } } }", [1, 1]],
  ["a slicing argument in a variable", "query ($n: Int) { users(first: $n) { name } }", [5, 1], { n: 4 }],
  ["a variable's default", "query ($n: Int = 3) { users(first: $n) { name } }", [4, 1]],
  ["an argument's default", "{ page { name } }", [3, 1]],
  [
    "an argument's default where the variable is absent",
    "query ($n: Int) { page(first: $n) { name } }",
    [3, 1],
  ],
  ["an argument in place of its default", "{ page(first: 1) { name } }", [2, 1]],
  ["null takes the default away: what is assumed, or the default", "{ page(first: null) { name } }", [11, 1]],
  ["the largest of several slicing arguments", "{ some(first: 2, last: 5) { name } }", [6, 1]],
  ["the one that is given", "{ some(last: 5) { name } }", [6, 1]],
  ["the assumed size is the backup", "{ some { name } }", [7, 1]],
  ["a slicing argument comes before the assumed size", "{ some(first: 1) { name } }", [2, 1]],
  ["null is none given", "{ some(first: null) { name } }", [7, 1]],
  ["without a backup 10", "{ loose { name } }", [11, 1]],
  ["exactly one of two", "{ either(last: 3) { name } }", [4, 1]],
  ["exactly one of two, the other null", "{ either(first: null, last: 3) { name } }", [4, 1]],
  ["the largest default", "{ both { name } }", [10, 1]],
  ["a default beside what is given", "{ both(last: 2) { name } }", [5, 1]],
  ["a path into an input object", "{ search(input: { page: { size: 6 } }) { name } }", [7, 4 - 1]],
  ["a default on that path", "{ search(input: { page: {} }) { name } }", [5, 3]],
  ["nothing on that path", "{ search(input: {}) { name } }", [11, 2]],
  ["no argument at all", "{ search { name } }", [11, 1]],
  [
    "a variable on that path",
    "query ($n: Int) { search(input: { page: { size: $n } }) { name } }",
    [4, 3],
    { n: 3 },
  ],
  [
    "a variable that is the whole of it",
    "query ($i: Search) { search(input: $i) { name } }",
    [4, 3],
    { i: { page: { size: 3 } } },
  ],
  ["the default of the whole of it", "{ preset { name } }", [9, 1]],
  // 3 users with 5 friends each.
  ["lists in lists multiply", "{ users(first: 3) { friends { name } } }", [1 + 3 + 15, 1 + 3]],
  [
    "three deep",
    "{ users(first: 2) { friends(first: 3) { friends(first: 4) { name } } } }",
    [1 + 2 + 6 + 24, 1 + 2 + 6],
  ],
  ["unknown lists in lists", "{ unknown { others { name } } }", [1 + 10 + 100, 1 + 10]],
  ["sized fields take the size", "{ films(first: 2) { nodes { title } } }", [1 + 1 + 2, 1 + 1]],
  [
    "each of them does",
    "{ films { edges { node { title } } nodes { title } } }",
    [1 + 1 + 3 + 3 + 3, 1 + 1 + 3 + 1],
  ],
  ["others have their own", "{ films(first: 9) { extra { title } total } }", [1 + 1 + 1, 1 + 1]],
  ["sized fields with an assumed size", "{ fixed { nodes { title } } }", [1 + 1 + 5, 1 + 1]],
  [
    "one that is not named is unknown",
    "{ fixed { edges { node { title } } } }",
    [1 + 1 + 10 + 10, 1 + 1 + 10],
  ],
  [
    "aliases of sized fields have one size",
    "{ films(first: 2) { a: nodes { title } b: nodes { title } } }",
    [1 + 1 + 4, 1 + 2],
  ],
  // The list itself is unknown: the size is that of its sized fields.
  ["a list with sized fields", "{ pages { nodes { title } } }", [1 + 10 + 20, 1 + 10]],
  ["of lists in lists the outer one is sized", "{ grid { name } }", [1 + 20, 1]],
  [
    "sizes by variables reach sized fields",
    "query ($n: Int) { films(first: $n) { nodes { title } } }",
    [1 + 1 + 6, 1 + 1],
    { n: 6 },
  ],
  [
    "and lists below them",
    "query ($n: Int!) { users(first: 2) { friends(first: $n) { name } } }",
    [1 + 2 + 8, 1 + 2],
    { n: 4 },
  ],
]);

costs(
  "abstract types",
  `type Query { node: Node nodes(first: Int!): [Node] @listSize(slicingArguments: ["first"]) any: Any }
   interface Node { id: ID size: Int parts: [Part] }
   type Small implements Node { id: ID size: Int @cost(weight: "1") parts: [Part] @listSize(assumedSize: 2) only: Int @cost(weight: "20") }
   type Large implements Node @cost(weight: "4") { id: ID size: Int parts: [Part] @listSize(assumedSize: 3) }
   type Odd { name: Int @cost(weight: "6") }
   union Any = Small | Odd
   type Part { id: ID }`,
  [
    ["the most expensive type", "{ node { id } }", [5, 1]],
    ["the most expensive of a list", "{ nodes(first: 3) { id } }", [13, 1]],
    ["the most expensive field of that name", "{ node { size } }", [5, 2]],
    // Type cost of a Large, field cost of a Small: each figure by itself is a bound.
    ["each figure has its own", "{ nodes(first: 2) { size } }", [9, 3]],
    ["the longest list of that name", "{ node { parts { id } } }", [1 + 4 + 3, 1 + 1]],
    ["fields of one type only", "{ node { ... on Small { only } } }", [5, 21]],
    [
      "different fields of different types do not add up",
      "{ any { ... on Small { only } ... on Odd { name } } }",
      [2, 21],
    ],
    ["fields of the interface and of a type do", "{ node { size ... on Small { only } } }", [5, 22]],
    [
      "a fragment on the interface within a union",
      "{ any { ... on Node { size } ... on Odd { name } } }",
      [2, 7],
    ],
    [
      "a type that a condition leaves out",
      "query ($a: Boolean!) { any { ... on Small @include(if: $a) { only } ... on Odd { name } } }",
      [2, 7],
      { a: false },
    ],
  ],
);

costs("introspection", defaults, [
  [
    "the schema costs 1, whatever is selected",
    "{ __schema { types { fields { args { type { ofType { name } } } } } } }",
    [1, 1],
  ],
  ["a type does, too", '{ __type(name: "User") { fields { name } } }', [1, 1]],
  ["each alias does", "{ a: __schema { description } b: __schema { description } }", [1, 2]],
]);
