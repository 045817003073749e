import { type OperationDefinitionNode, parse } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describePlan } from "../../gateway/prepare/describe-plan.ts";
import { planOperation } from "../../gateway/prepare/plan-operation.ts";
import { printPlan } from "../../gateway/prepare/print-plan.ts";
import { specialize } from "../../gateway/prepare/specialize.ts";
import { composeTexts } from "../compose/compose-texts.ts";
import { openPlanner, type Planner } from "../support/shop-planner.ts";

// Whole texts, as `overlock plan` prints them.

let planner: Planner;
beforeAll(async () => {
  planner = await openPlanner();
});
afterAll(() => planner.dispose());

interface PrintedCase {
  readonly what: string;
  readonly bff: string;
  readonly query: string;
  readonly text: string;
}

const cases: readonly PrintedCase[] = [
  {
    what: "a page: what is batched, looked up, and asked for in a subquery",
    bff: "web",
    query: `query ProductPage($id: ID!, $first: Int = 3) { product(id: $id) { name stock { level } category { name } reviews(first: $first, sort: TOP) { stars author { name reviews(first: 2) { stars } } } parcelClass delivery(country: "DE") { maxDays } recommendations { score } } }`,
    text: `
query ProductPage
└─ #0 product               catalog          shop.catalog.v1.CatalogService/BatchGetProducts (id: $id)  by $args.id, ≤ 200 a call, only category_id id name weight_grams, shared                                  at once
   ├─ #1 stock              inventory        shop.inventory.v1.InventoryService/BatchGetStock           by Product.id, ≤ 200 a call, shared                                                                       after #0
   │  └─ #7 delivery        shipping         POST /deliveries/estimate (country: "DE")                  by Product.{ productId: id, weightGrams: weightGrams, warehouse: stock.warehouse }, ≤ 200 a call, shared  after #1
   ├─ #2 category           catalog          shop.catalog.v1.CatalogService/BatchGetCategories          lookup by Category.id, ≤ 100 a call, shared                                                               after #0
   ├─ #3 reviews            reviews          GET /reviews{?productIds*} (first: $first, sort: TOP)      by Product.id, ≤ 200 a call, shared                                                                       after #0
   │  ├─ #4 author          accounts         GET /users{?ids*}                                          lookup by User.id, ≤ 200 a call, only id name, shared                                                     after #3
   │  └─ #5 author.reviews  reviews          GET /users/{parent.id}/reviews{?args.first} (first: 2)     1 call for each, by id, shared                                                                            after #3
   ├─ #6 parcelClass        shipping         GET /products{?ids*}                                       lookup by Product.id, ≤ 200 a call, shared                                                                after #0
   └─ #8 recommendations    recommendations  query products                                             lookup by Product.id, ≤ 100 a call, only recommendations(first: 4).score id, shared                       after #0

upstream calls
at most, with lists of                  1  10  100  1000
  #0 Query.product                      1   1    1     1
  #1 Product.stock                      1   1    1     1
  #2 Query.category                     1   1    1     1
  #3 Product.reviews                    1   1    1     1
  #4 Query.user                         1   1    1     5
  #5 User.reviews                       1  10  100  1000
  #6 Query.shippedProduct               1   1    1     1
  #7 Product.delivery                   1   1    1     1
  #8 Query.productsWithRecommendations  1   1    1     1
  in total                              9  18  108  1012
`,
  },
  {
    what: "a connection: its page, the page behind that, and what is looked up for its items",
    bff: "web",
    query: `query Voices($id: ID!, $cursor: String) { product(id: $id) { allReviews(first: 5, after: $cursor) { edges { node { stars author { name } } } nodes { product { name } } totalCount pageInfo { endCursor } } } }`,
    text: `
query Voices
└─ #0 product                    catalog   shop.catalog.v1.CatalogService/BatchGetProducts (id: $id)     by $args.id, ≤ 200 a call, only id name, shared                              at once
   └─ #1 allReviews              reviews   GET /products/{parent.id}/reviews (first: 5, after: $cursor)  1 call, by id, shared                                                        after #0
      ├─ #2 edges[].node.author  accounts  GET /users{?ids*}                                             lookup by User.id, ≤ 200 a call, only id name, shared                        after #1
      ├─ #3 nodes[].product      catalog   shop.catalog.v1.CatalogService/BatchGetProducts               lookup by Product.id, ≤ 200 a call, only id name, shared                     after #1
      └─ #4 allReviews           reviews   GET /products/{parent.id}/reviews (first: 5, after: $cursor)  the page behind that of #1, where that is not enough, 1 call, by id, shared  after #1

upstream calls
at most, with lists of   1  10  100  1000
  #0 Query.product       1   1    1     1
  #1 Product.allReviews  1   1    1     1
  #2 Query.user          1   1    1     5
  #3 Query.product       1   1    1     5
  #4 Product.allReviews  1   1    1     1
  in total               5   5    5    13
`,
  },
  {
    what: "a screen: groups, several types, and paths that share a call",
    bff: "mobile",
    query: `{ home { unread featured(first: 3) { title inStock stars } latestVoices { author stars } news { ... on ReplyNews { from } ... on DealNews { product { title inStock } } } } }`,
    text: `
query
├─ #0 home.unread, news                     accounts   GET /users/{claims.sub}/notifications                                   1 call, shared                                         at once
│  ├─ #6 news[]<ReviewReply>.from           accounts   GET /users{?ids*}                                                       lookup by User.id, ≤ 200 a call, only id name, shared  after #0
│  ├─ #7 news[]<PriceDrop>.product          catalog    shop.catalog.v1.CatalogService/BatchGetProducts                         lookup by Product.id, ≤ 200 a call, only name, shared  after #0
│  └─ #8 news[]<PriceDrop>.product.inStock  inventory  shop.inventory.v1.InventoryService/BatchGetStock                        by Product.id, ≤ 200 a call, shared                    after #0
└─ #1 home.featured, latestVoices           catalog    shop.catalog.v1.CatalogService/ListProducts (first: 3, sort: FEATURED)  1 call, only items.id items.name, shared               at once
   ├─ #2 inStock                            inventory  shop.inventory.v1.InventoryService/BatchGetStock                        by Product.id, ≤ 200 a call, shared                    after #1
   ├─ #3 stars                              reviews    GET /ratings{?ids*}                                                     by Product.id, ≤ 200 a call, shared                    after #1
   └─ #4 latestVoices                       reviews    GET /reviews{?productIds*} (first: 1)                                   by Product.id, ≤ 200 a call, shared                    after #1
      └─ #5 author                          accounts   GET /users{?ids*}                                                       lookup by User.id, ≤ 200 a call, only id name, shared  after #4

upstream calls
at most, with lists of    1  10  100  1000
  #0 Query.notifications  1   1    1     1
  #1 Query.products       1   1    1     1
  #2 Product.stock        1   1    1     5
  #3 Product.rating       1   1    1     5
  #4 Product.reviews      1   1    1     5
  #5 Query.user           1   1   50  5000
  #6 Query.user           1   1    1     5
  #7 Query.product        1   1    1     5
  #8 Product.stock        1   1    1     5
  in total                9   9   58  5032
`,
  },
  {
    what: "calls that leave together, and equal calls",
    bff: "web",
    query: `{ a: viewer { profile { name } } b: viewer { profile { email } } p: product(id: "p1") { stock { level } } q: product(id: "p2") { stock { level } } }`,
    text: `
query
├─ #0 a.profile  accounts   GET /users/{claims.sub}                                     1 call, shared                                       at once
├─ #1 b.profile  accounts   GET /users/{claims.sub}                                     1 call, with #0, shared                              at once
├─ #2 p          catalog    shop.catalog.v1.CatalogService/BatchGetProducts (id: "p1")  by $args.id, ≤ 200 a call, only id, shared           at once
│  └─ #3 stock   inventory  shop.inventory.v1.InventoryService/BatchGetStock            by Product.id, ≤ 200 a call, shared                  after #2
└─ #4 q          catalog    shop.catalog.v1.CatalogService/BatchGetProducts (id: "p2")  by $args.id, ≤ 200 a call, only id, with #2, shared  at once
   └─ #5 stock   inventory  shop.inventory.v1.InventoryService/BatchGetStock            by Product.id, ≤ 200 a call, with #3, shared         after #4

upstream calls
at most, with lists of  1  10  100  1000
  #0 Query.me           1   1    1     1
  #2 Query.product      1   1    1     1
  #3 Product.stock      1   1    1     1
  in total              3   3    3     3
`,
  },
  {
    what: "a mutation: one field after the other",
    bff: "web",
    query: `mutation Reserve($n: Int! = 2) { one: reserve(productId: "p1") { quantity product { name } } two: reserve(productId: "p1", quantity: $n) { quantity } }`,
    text: `
mutation Reserve
├─ #0 one         inventory  shop.inventory.v1.InventoryService/Reserve (productId: "p1", quantity: 1)   1 call                                                 at once
│  └─ #1 product  catalog    shop.catalog.v1.CatalogService/BatchGetProducts                             lookup by Product.id, ≤ 200 a call, only name, shared  after #0
└─ #2 two         inventory  shop.inventory.v1.InventoryService/Reserve (productId: "p1", quantity: $n)  1 call                                                 after the field before

upstream calls
at most, with lists of  1  10  100  1000
  #0 Mutation.reserve   1   1    1     1
  #1 Query.product      1   1    1     1
  #2 Mutation.reserve   1   1    1     1
  in total              3   3    3     3
`,
  },
  {
    what: "nothing to fetch",
    bff: "web",
    query: `{ __typename }`,
    text: `
query

upstream calls
at most, with lists of  1  10  100  1000
  in total              0   0    0     0
`,
  },
];

describe("a printed plan", () => {
  it.each(cases)("shows $what", ({ bff, query, text }) => {
    expect(`\n${printPlan(planner.plan(query, { bff }))}`).toBe(text);
  });

  it("is the same text each time, and for each way to write the operation", () => {
    const first = planner.plan('{ product(id: "p1") { stock { level } rating { count } } }');
    const again = planner.plan(
      '{ ...A } fragment A on Query { product(id: "p1") { ... { stock { level } } rating { count } } }',
    );
    expect(printPlan(again)).toBe(printPlan(first));
    expect(structuredClone(again)).toEqual(first);
  });

  it("says what is read object by object, where, and why it is not planned", () => {
    const schemas = {
      shelf: `extend schema @source(name: "shelf", url: "http://localhost:1")
        type Query { shelves: [Shelf] @rest(GET: "/shelves") }
        type Shelf { id: ID! pages: Page @rest(GET: "/shelves/{parent.id}/pages") }
        type Page { id: ID! nextPageToken: String items: [Book] @rest(GET: "/pages/{parent.id}/items") }
        type Book { id: ID! }`,
    };
    const client = `type Query { shelves: [Shelf] } type Shelf { id: ID! pages: Pages }
      type Pages @view(of: "Page") @connection { nodes: [Book] } type Book { id: ID! }`;
    const { composition } = composeTexts(schemas, client);
    const [bound] = composition.clients;
    if (bound === undefined) throw new Error("expected a client schema");
    const document = parse("{ shelves { id pages { nodes { id } } } }");
    const [operation] = document.definitions;
    const variant = specialize(document, operation as OperationDefinitionNode, new Map());
    const plan = planOperation(bound, composition.model, { ...variant, schema: bound.schema, denials: null });
    expect(`\n${printPlan(describePlan(plan, { operationName: null, denials: null }))}`).toBe(`
query
└─ #0 shelves  shelf  GET /shelves      1 call, shared  at once
   └─ pages    shelf  object by object                  after #0

read object by object:
  shelves[].pages  Page.items is not in the page's row

upstream calls
at most, with lists of                1  10  100  1000
  #0 Query.shelves                    1   1    1     1
  in total                            1   1    1     1
  and for so many objects one by one  1  10  100  1000
`);
  });

  it("has the operation's own variables in arguments, whatever they are called", () => {
    const argumentsOf = (query: string) => planner.plan(query).steps[0]?.arguments;
    // A variable that is called like the argument it stands in.
    expect(
      argumentsOf(
        "query ($productIds: ID!) { searchReviews(productIds: [$productIds]) { rows { __typename } } }",
      ),
    ).toEqual({ productIds: "[$productIds]", page: "1" });
    expect(
      argumentsOf(
        'query ($text: ID!) { searchReviews(productIds: [$text], text: "good") { rows { __typename } } }',
      ),
    ).toEqual({ productIds: "[$text]", text: '"good"', page: "1" });
  });

  it("leaves out what @skip and @include take away", () => {
    const query =
      'query ($with: Boolean!) { product(id: "p1") { name stock @include(if: $with) { level } } }';
    const [there, gone] = [true, false].map((value) => planner.plan(query, { conditions: { with: value } }));
    expect(there?.steps.map(({ coordinate }) => coordinate)).toEqual(["Query.product", "Product.stock"]);
    expect(gone?.steps.map(({ coordinate }) => coordinate)).toEqual(["Query.product"]);
  });
});
