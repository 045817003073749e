import { afterAll, describe, expect, it } from "vitest";
import { fieldsOf, openCosts } from "../cost/costed-schema.ts";

// What client fields cost by what they are bound to, worked out by hand.

const shop = `
  extend schema @source(name: "shop", url: "http://localhost:1")
  type Query {
    products(first: Int = 20, sort: Sort): ProductPage
      @rest(GET: "/products{?args.first,args.sort}")
      @listSize(slicingArguments: ["first"], sizedFields: ["items"])
    product(id: ID!): Product
      @lookup @rest(GET: "/products{?ids*}", batch: { of: "$args.id", as: "ids", match: "id" })
    several(ids: [ID!]!): [Product] @rest(GET: "/products{?ids*}", batch: { of: "$args.ids", as: "ids", match: "id" })
    plain: [Product] @rest(GET: "/plain")
    short: [Product] @rest(GET: "/short") @listSize(assumedSize: 3)
    pair(first: Int, last: Int): [Product]
      @rest(GET: "/pair{?args.first,args.last}") @listSize(slicingArguments: ["first", "last"])
    search(text: String @cost(weight: 5), filter: Filter): ProductPage
      @rest(POST: "/search", safe: true) @cost(weight: 4) @listSize(assumedSize: 30, sizedFields: ["items"])
    media: [Media] @rest(GET: "/media") @listSize(assumedSize: 2)
  }
  enum Sort @cost(weight: "0.5") { FEATURED }
  input Filter { kind: String price: Range @cost(weight: 3) }
  input Range { min: Int }
  type ProductPage { items: [Product!]! nextPageToken: String total: Int }
  type Product @key(fields: "id") {
    id: ID!
    name: String
    price: Money
    sort: Sort
    free: Money @cost(weight: 0)
    stamp: Stamp
    tags: [Tag] @listSize(assumedSize: 4)
    heavy: Report
    reviews(first: Int = 5): [Review!]
      @rest(GET: "/reviews{?ids*}", query: { n: "$args.first" }, batch: { of: "$parent.id", as: "ids", match: "id" })
      @listSize(slicingArguments: ["first"])
    advice(of: Int! @require(field: "reviewCount")): String @rest(GET: "/advice{?args.of}")
    reviewCount: Int
  }
  scalar Stamp @cost(weight: 2)
  type Tag { text: String }
  type Money { units: Int @cost(weight: 2) currencyCode: String }
  type Report @cost(weight: 10) { title: String }
  type Review { stars: Int author: Product @from(field: "{ id }") }
  union Media = Film | Photo
  type Film @cost(weight: 3) { text: String @cost(weight: 6) }
  type Photo { text: String }
`;

const client = `
  type Query {
    products(first: Int = 6): ProductList
    unsized: ProductList @from(field: "products")
    featured(n: Int = 6): [Card!] @from(field: "products(first: $args.n).items")
    three: [Card!] @from(field: "products(first: 3).items")
    nulled: [Card!] @from(field: "products(first: null).items")
    voices: [ReviewCard!] @from(field: "products(first: 3).items.reviews(first: 2)") @flatten
    nested: [[ReviewCard!]!] @from(field: "products(first: 3).items.reviews(first: 2)")
    names: [String] @from(field: "products(first: 4).items.name")
    several(ids: [ID!]!): [Card]
    card(id: ID!): Card @from(field: "product(id: $args.id)")
    cheap(id: ID!): Card @from(field: "product(id: $args.id)") @cost(weight: "0")
    dear(id: ID!): Card @from(field: "product(id: $args.id)") @cost(weight: "9")
    dearById(id: ID! @cost(weight: 7)): Card @from(field: "product(id: $args.id)")
    plain: [Card]
    few: [Card] @from(field: "plain") @listSize(assumedSize: 2)
    many: [Card] @from(field: "plain") @listSize(assumedSize: 40)
    sliced: [Card] @from(field: "plain") @slice(limit: 2)
    short: [Card]
    shorter: [Card] @from(field: "short") @listSize(assumedSize: 1)
    longer: [Card] @from(field: "short") @listSize(assumedSize: 8)
    pair(first: Int, last: Int): [Card]
    lastOnes(n: Int): [Card] @from(field: "pair(last: $args.n)")
    noChoice: [Card] @from(field: "pair")
    free(first: Int, last: Int): [Card] @from(field: "pair(first: $args.first, last: $args.last)")
      @listSize(assumedSize: 7, slicingArguments: ["first", "last"], requireOneSlicingArgument: false)
    search(text: String, filter: Filter): ProductList
    fixedSearch: ProductList @from(field: "search(text: \\"new\\")")
    media: [Media]
    texts: [String] @from(field: "media<Film>.text")
    viewer: Viewer!
  }
  input Filter { kind: String price: Range }
  input Range { min: Int }
  type Viewer @view(of: "Query") { plain: [Card] inner: Inner! }
  type Inner @view(of: "Query") { card(id: ID!): Card @from(field: "product(id: $args.id)") }
  type ProductList @view(of: "ProductPage") {
    items: [Card!]!
    wide: [Wide!]! @from(field: "items")
    names: [String] @from(field: "items.name")
    total: Int
  }
  type Card @view(of: "Product") {
    id: ID!
    name: String
    price: Price
    priceText: String @from(field: "price") @formatCurrency(amount: "units", currencyField: "currencyCode")
    free: Price
    sort: String
    stamp: Stamp
    tags: [Tag]
    tagTexts: [String] @from(field: "tags.text")
    heavy: ReportCard
    heavier: HeavyCard @from(field: "heavy")
    title: String @from(field: "heavy.title")
    reviews(first: Int = 2): [ReviewCard!]
    advice: String
  }
  type Wide @view(of: "Product") @cost(weight: "0.5") { id: ID! }
  scalar Stamp
  type Tag { text: String }
  type Price @view(of: "Money") { units: Int }
  type ReportCard @view(of: "Report") { title: String }
  type HeavyCard @view(of: "Report") @cost(weight: 12) { title: String }
  type ReviewCard @view(of: "Review") { stars: Int author: Card }
  union Media = Film | Photo
  type Film { text: String }
  type Photo { text: String }
`;

const schema = openCosts([shop], client);
afterAll(() => schema.dispose());

type Case = readonly [rule: string, query: string, cost: readonly [typeCost: number, fieldCost: number]];

const cases: readonly Case[] = [
  ["a client argument's default is sent upstream", "{ products { items { id } } }", [1 + 1 + 6, 1 + 1]],
  ["what is given is sent upstream", "{ products(first: 2) { items { id } } }", [1 + 1 + 2, 1 + 1]],
  ["where nothing is sent, the source's default holds", "{ unsized { items { id } } }", [1 + 1 + 20, 1 + 1]],
  ["a literal null in a path may be the default, too", "{ nulled { id } }", [1 + 1 + 20, 1 + 1]],
  ["a path costs what its parts cost", "{ featured { id } }", [1 + 1 + 6, 1 + 1]],
  ["arguments are renamed on the way", "{ featured(n: 4) { id } }", [1 + 1 + 4, 1 + 1]],
  ["literals of a path count", "{ three { id } }", [1 + 1 + 3, 1 + 1]],
  // A page, 3 products, 2 reviews of each; reviews is read 3 times.
  ["@flatten multiplies", "{ voices { stars } }", [1 + 1 + 3 + 6, 1 + 1 + 3]],
  ["so does a list of lists", "{ nested { stars } }", [1 + 1 + 3 + 6, 1 + 1 + 3]],
  [
    "what is below counts for each element",
    "{ voices { author { name } } }",
    [1 + 1 + 3 + 6 + 6, 1 + 1 + 3 + 6],
  ],
  ["a leaf at the end of a path costs the objects on its way", "{ names }", [1 + 1 + 4, 1 + 1]],
  ["a page's size reaches paths that begin below it", "{ products(first: 5) { names } }", [1 + 1 + 5, 1 + 1]],
  ["a keyed list is as long as its keys", '{ several(ids: ["a", "b", "c"]) { id } }', [1 + 3, 1]],
  ["no keys, no objects", "{ several(ids: []) { id } }", [1, 1]],
  ["nobody says how long a list is", "{ plain { id } }", [1 + 10, 1]],
  ["the client schema says it where the source does not", "{ few { id } }", [1 + 2, 1]],
  ["or says more than is assumed", "{ many { id } }", [1 + 40, 1]],
  ["@slice lowers nothing", "{ sliced { id } }", [1 + 10, 1]],
  ["the source says how long it is", "{ short { id } }", [1 + 3, 1]],
  ["the client schema can't say less", "{ shorter { id } }", [1 + 3, 1]],
  ["the client schema can say more", "{ longer { id } }", [1 + 8, 1]],
  ["a slicing argument under another name", "{ lastOnes(n: 2) { id } }", [1 + 2, 1]],
  ["a required argument that a client can't give is assumed", "{ noChoice { id } }", [1 + 10, 1]],
  ["the client schema may require less than the source", "{ free { id } }", [1 + 10, 1]],
  ["and then the largest counts", "{ free(first: 2, last: 4) { id } }", [1 + 4, 1]],
  ["a field's weight in the source is the client's", "{ search { total } }", [1 + 1, 4]],
  ["an argument's weight in the source, too", '{ search(text: "a") { total } }', [1 + 1, 9]],
  ["and its input fields'", "{ search(filter: { price: { min: 1 } }) { total } }", [1 + 1, 4 + 1 + 3]],
  ["what a path gives itself is used", "{ fixedSearch { total } }", [1 + 1, 9]],
  ["an assumed size reaches the page's items", '{ search(text: "a") { items { id } } }', [1 + 1 + 30, 9 + 1]],
  ["a client's weight below what is read counts for nothing", '{ cheap(id: "1") { id } }', [1 + 1, 1]],
  ["a client's weight above it counts", '{ dear(id: "1") { id } }', [1 + 1, 9]],
  ["a client's weight of an argument adds", '{ dearById(id: "1") { id } }', [1 + 1, 8]],
  ["a source's weight of 0 is the client's", '{ card(id: "1") { free { units } } }', [1 + 1 + 1, 1 + 0 + 2]],
  [
    "a leaf's weight in the source is the client's",
    '{ card(id: "1") { price { units } } }',
    [1 + 1 + 1, 1 + 1 + 2],
  ],
  [
    "what a shaper reads costs what it would cost by itself",
    '{ card(id: "1") { priceText } }',
    [1 + 1 + 1, 1 + 1 + 2],
  ],
  ["an enum's weight holds where it is shown as a text", '{ card(id: "1") { sort } }', [1 + 1 + 0.5, 1]],
  ["a scalar's weight is that of the source", '{ card(id: "1") { stamp } }', [1 + 1 + 2, 1]],
  ["a list inside an object", '{ card(id: "1") { tags { text } } }', [1 + 1 + 4, 1 + 1]],
  ["the objects behind a list of texts", '{ card(id: "1") { tagTexts } }', [1 + 1 + 4, 1 + 1]],
  ["a type's weight holds for its views", '{ card(id: "1") { heavy { title } } }', [1 + 1 + 10, 1 + 1]],
  ["a view may weigh more", '{ card(id: "1") { heavier { title } } }', [1 + 1 + 12, 1 + 1]],
  ["a view can't weigh less", "{ products(first: 3) { wide { id } } }", [1 + 1 + 3, 1 + 1]],
  ["a heavy object is no cheaper to pass through", '{ card(id: "1") { title } }', [1 + 1 + 10, 1 + 1]],
  ["a call of an object counts once for each", "{ three { reviews { stars } } }", [1 + 1 + 3 + 6, 1 + 1 + 3]],
  [
    "of a union the most expensive type",
    "{ media { ... on Film { text } ... on Photo { text } } }",
    [1 + 6, 1 + 12],
  ],
  ["a path through one type of a union", "{ texts }", [1 + 6, 1 + 12]],
  ["a group is an object, read once", "{ viewer { plain { id } } }", [1 + 1 + 10, 1 + 1]],
  ["groups in groups", '{ viewer { inner { card(id: "1") { id } } } }', [1 + 1 + 1 + 1, 1 + 1 + 1]],
];

describe("a client field costs what its binding reads", () => {
  for (const [rule, query, [typeCost, fieldCost]] of cases)
    it(`${rule}: ${query}`, () => {
      const estimate = schema.estimate(query);
      expect([estimate.typeCost, estimate.fieldCost]).toEqual([typeCost, fieldCost]);
    });

  it("is warned of where it says less than its source", () => {
    const line = client.slice(0, client.indexOf("shorter:")).split("\n").length;
    const found = schema.project.warnings.filter(({ coordinate }) => coordinate.includes("listSize"));
    expect(found).toMatchObject([
      {
        place: { file: "bff-web/schema.graphql", line },
        coordinate: "Query.shorter @listSize(assumedSize:)",
        expected: "at least 3, which Query.short may have",
        found: "1",
        hint: "the larger one counts; send an argument that bounds the list",
      },
    ]);
  });
});

describe("the cost of one object", () => {
  it("is its own, its fields' and that of leaves, whatever its objects cost", () => {
    const rules = schema.project.costs.get("web");
    const fields = fieldsOf("query ($n: Int) { featured(n: $n) { id } names plain { id } }");
    const cost = rules?.objectCost("Query", fields, null);
    // Query, a page for featured; a page and 4 products for names.
    expect(cost?.({ n: 2 })).toEqual({ typeCost: 1 + 1 + 5, fieldCost: 2 + 2 + 1 });
  });

  it("summed over all objects that there may be is the estimate", () => {
    const rules = schema.project.costs.get("web");
    const query = "{ featured(n: 3) { id price { units } } }";
    const root = rules?.objectCost("Query", fieldsOf(query), null)({});
    const card = rules?.objectCost("Card", fieldsOf("{ id price { units } }"), null)({});
    const price = rules?.objectCost("Price", fieldsOf("{ units }"), null)({});
    const sum = (figure: "typeCost" | "fieldCost"): number =>
      (root?.[figure] ?? 0) + 3 * (card?.[figure] ?? 0) + 3 * (price?.[figure] ?? 0);
    const { typeCost, fieldCost } = schema.estimate(query);
    expect([sum("typeCost"), sum("fieldCost")]).toEqual([typeCost, fieldCost]);
  });

  it("goes by what the field that found it says of its lists", () => {
    const rules = sized.project.costs.get("web");
    const total = (query: string, found: string, type: string, variables = {}): readonly number[] => {
      const [node] = fieldsOf(query);
      const root = rules?.objectCost("Query", fieldsOf(query), null)(variables);
      const foundBy = node === undefined ? null : { typeName: "Query", node };
      const object = rules?.objectCost(type, fieldsOf(found), foundBy)(variables);
      return [
        (root?.typeCost ?? 0) + (object?.typeCost ?? 0),
        (root?.fieldCost ?? 0) + (object?.fieldCost ?? 0),
      ];
    };
    // Query, the page, and the products that names are read of.
    expect(total("{ products(first: 2) { names } }", "{ names }", "Page")).toEqual([4, 2]);
    expect(total("{ products(first: 700) { names } }", "{ names }", "Page")).toEqual([702, 2]);
    const query = "query ($n: Int = 3) { products(first: $n) { names } }";
    expect(total(query, "{ names }", "Page", { n: 3 })).toEqual([5, 2]);
    expect(total(query, "{ names }", "Page", {})).toEqual([12, 2]);
    expect(total("{ top { names } }", "{ names }", "Top")).toEqual([6, 2]);
    for (const [asked, variables] of [
      ["{ products(first: 2) { names } }", {}],
      ["{ products(first: 700) { names } }", {}],
      [query, {}],
      ["{ top { names } }", {}],
    ] as const) {
      const { typeCost, fieldCost } = sized.estimate(asked, variables);
      const type = asked.includes("top") ? "Top" : "Page";
      expect(total(asked, "{ names }", type, { n: 3 })).toEqual([typeCost, fieldCost]);
    }
  });
});

const sized = openCosts(
  [
    `extend schema @source(name: "shop", url: "http://localhost:1")
     type Query {
       products(first: Int = 10): Page
         @rest(GET: "/products{?args.first}")
         @listSize(slicingArguments: ["first"], sizedFields: ["items"])
       top: Top @rest(GET: "/top") @listSize(assumedSize: 4, sizedFields: ["rows"])
     }
     type Page { items: [Product!] }
     type Top { rows: [Product!] }
     type Product { name: String }`,
  ],
  `type Query { products(first: Int): Page top: Top }
   type Page { names: [String] @from(field: "items.name") }
   type Top { names: [String] @from(field: "rows.name") }`,
);
afterAll(() => sized.dispose());
